"""HIPS autograd."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import autograd
import autograd.numpy as anp
import models
from autograd.scipy.special import expit, logsumexp
from contestant import NUMPY_NAMES, Contestant, functions


class Autograd(Contestant):
    name = "HIPS autograd"
    version = version("autograd")
    ops = functions(
        anp,
        NUMPY_NAMES,
        softplus=lambda z: anp.logaddexp(0, z),
        sigmoid=expit,
        elu=lambda z: anp.where(z > 0, z, models.SLOPE * (anp.exp(anp.minimum(z, 0)) - 1)),
        logsumexp=logsumexp,
    )

    def value(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return f

    def value_and_grad(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Any:
        return autograd.value_and_grad(f, argnums)

    def hessian(self, f: Callable[..., Any]) -> Callable[..., Any]:
        return autograd.hessian(f)

    def jacobians(self, f: Callable[..., Any], argnums: tuple[int, ...]) -> Callable[..., Any]:
        """Examples do not meet, so the gradient of the sum of one component is that row of all."""

        def row(k: int) -> Callable[..., Any]:
            return autograd.grad(lambda *args: anp.sum(f(*args)[:, k]), argnums)

        rows = [row(k) for k in range(2)]
        return lambda *args: [
            anp.stack(parts, 1) for parts in zip(*(r(*args) for r in rows), strict=True)
        ]

    def step(self, f: Callable[..., Any], count: int, rate: float) -> Callable[..., Any]:
        gradient = autograd.grad(f, tuple(range(count)))

        def update(*args: Any) -> Any:
            slopes = gradient(*args)
            return [p - rate * g for p, g in zip(args, slopes, strict=False)]

        return update


def make(name: str) -> Contestant:
    return Autograd()
