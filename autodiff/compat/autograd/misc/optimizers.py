"""Gradient descent with momentum, RMSprop and Adam, for nests of arrays.

Each takes ``gradient(x, i)``, a start, and ``callback(x, i, g)``, which is called before each step.
Sources: Tieleman and Hinton, lecture 6.5 (2012); Kingma and Ba, Adam (2014).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .flatten import flatten

__all__ = ["adam", "rmsprop", "sgd"]


def of_nests(descend: Callable[..., Any]) -> Callable[..., Any]:
    """An optimizer of nests from one of vectors: ``descend(x, **options)`` is a generator that
    yields `x` and is sent its gradient."""

    @functools.wraps(descend)
    def optimize(
        grad: Any,
        x0: Any,
        callback: Any = None,
        num_iters: int | None = None,
        *options: Any,
        **named: Any,
    ) -> Any:
        x, unflatten = flatten(x0)
        steps = descend(x * 1.0, *options, **named)
        x = next(steps)
        for i in range(DEFAULT_STEPS[descend.__name__] if num_iters is None else num_iters):
            g = grad(unflatten(x), i)
            if callback:
                callback(unflatten(x), i, g)
            x = steps.send(flatten(g)[0])
        return unflatten(x)

    return optimize


DEFAULT_STEPS = {"sgd": 200, "rmsprop": 100, "adam": 100}


@of_nests
def sgd(x: Any, step_size: float = 0.1, mass: float = 0.9) -> Any:
    """Gradient descent whose direction is a running mean of the gradients."""
    mean = np.zeros_like(x)
    while True:
        g = yield x
        mean = mass * mean + (1 - mass) * g
        x = x - step_size * mean


@of_nests
def rmsprop(x: Any, step_size: float = 0.1, gamma: float = 0.9, eps: float = 1e-8) -> Any:
    """Steps divided by the root of a running mean of the squared gradients, which begins at 1."""
    squares = np.ones_like(x)
    while True:
        g = yield x
        squares = gamma * squares + (1 - gamma) * g**2
        x = x - step_size * g / (np.sqrt(squares) + eps)


@of_nests
def adam(
    x: Any, step_size: float = 0.001, b1: float = 0.9, b2: float = 0.999, eps: float = 1e-8
) -> Any:
    """Running means of gradients and of their squares, both without the bias of their start."""
    mean, squares, n = np.zeros_like(x), np.zeros_like(x), 0
    while True:
        g = yield x
        n += 1
        mean = b1 * mean + (1 - b1) * g
        squares = b2 * squares + (1 - b2) * g**2
        x = x - step_size * (mean / (1 - b1**n)) / (np.sqrt(squares / (1 - b2**n)) + eps)
