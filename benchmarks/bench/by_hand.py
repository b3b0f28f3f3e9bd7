"""NumPy as one would write the derivatives by hand: the floor for code that is not compiled."""

from __future__ import annotations

from typing import Any

import models
import numpy as np
from contestant import CannotError, Contestant
from workloads import RATE


class ByHand(Contestant):
    """Only the workloads that it has a method for."""

    name = "NumPy by hand"
    version = np.__version__
    ops = None

    def exp_sin_chain(self, x: Any) -> Any:
        e = np.exp(x)
        s = e + e * e
        return np.exp(s) + np.sin(s), e * (1 + 2 * e) * (np.exp(s) + np.cos(s))

    def long_chain(self, x: Any) -> Any:
        slope = 1.0
        for _ in range(models.LINKS):
            slope *= 1.0001 + np.cos(x)
            x = x * 1.0001 + np.sin(x)
        return x, slope

    def smooth_sum(self, x: Any) -> Any:
        t, e = np.tanh(x), np.exp(-(x**2))
        te = t * e
        return np.sum(te + np.sin(x)), (1 - t * t) * e - 2 * x * te + np.cos(x)

    def batch_norm(self, x: Any, gamma: Any, beta: Any, weight: Any) -> Any:
        n = len(x)
        centred = x - np.mean(x, 0)
        scale = 1 / np.sqrt(np.mean(centred * centred, 0) + np.float32(1e-5))
        normal = centred * scale
        of_beta = np.sum(weight, 0)
        of_gamma = np.sum(normal * weight, 0)
        of_x = (weight - (of_beta + normal * of_gamma) / n) * (gamma * scale)
        return of_gamma @ gamma + of_beta @ beta, (of_x, of_gamma, of_beta)

    def logistic(self, w: Any, x: Any, y: Any) -> Any:
        z = x @ w
        p = 1 / (1 + np.exp(-z))
        return np.sum(np.logaddexp(0, z) - y * z), (p - y) @ x

    def logistic_hessian(self, w: Any, x: Any, y: Any) -> Any:
        p = 1 / (1 + np.exp(-(x @ w)))
        return (x.T * (p * (1 - p))) @ x

    def rosenbrock_100(self, x: Any) -> Any:
        a, b = x[:-1], x[1:]
        away = b - a * a
        slope = np.zeros_like(x)
        slope[:-1] = -400 * a * away - 2 * (1 - a)
        slope[1:] += 200 * away
        return np.sum(100 * away * away + (1 - a) ** 2), slope

    rosenbrock_10000 = rosenbrock_100

    def rosenbrock_hessian(self, x: Any) -> Any:
        a, b = x[:-1], x[1:]
        n = len(x)
        h = np.zeros((n, n))
        i = np.arange(n - 1)
        h[i, i] = 1200 * a * a - 400 * b + 2
        h[i + 1, i + 1] += 200
        h[i, i + 1] = h[i + 1, i] = -400 * a
        return h

    def mnist_32(self, *args: Any) -> Any:
        w1, b1, w2, b2, w3, b3, x, labels = args
        h1, d1 = elu(x @ w1 + b1)
        h2, d2 = elu(h1 @ w2 + b2)
        z = h2 @ w3 + b3
        p = np.exp(z - np.max(z, 1, keepdims=True))
        g3 = (p / np.sum(p, 1, keepdims=True) - labels) / np.float32(len(x))
        g2 = g3 @ w3.T * d2
        g1 = g2 @ w2.T * d1
        slopes = (x.T @ g1, g1.sum(0), h1.T @ g2, g2.sum(0), h2.T @ g3, g3.sum(0))
        return [p - RATE * g for p, g in zip(args, slopes, strict=False)]

    mnist_512 = mnist_32

    def value(self, f: Any) -> Any:
        raise CannotError("not written by hand")

    def value_and_grad(self, f: Any, argnums: Any) -> Any:
        raise CannotError("not written by hand")

    jacobians = value_and_grad


def elu(z: Any) -> tuple[Any, Any]:
    """The value, and the slope."""
    low = np.float32(models.SLOPE) * np.expm1(np.minimum(z, 0))
    return np.where(z > 0, z, low), np.where(z > 0, np.float32(1), low + np.float32(models.SLOPE))


def make(name: str) -> Contestant:
    return ByHand()
