"""Activations in one row each: added for speed, as compositions take five rows or ten.

Where there are two pieces, the first one holds for a >= 0; neither is evaluated where it could
overflow.
Source: Clevert, Unterthiner and Hochreiter, Exponential Linear Units (2016); Hendrycks and Gimpel,
Gaussian Error Linear Units (2016).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..base.selecting import where
from ..rules.kinds import elementwise, flat
from .stable import sigmoid, sigmoid_slope

RATE, CUBIC = 2 * math.sqrt(2 / math.pi), 0.044715


def _slope(a: Any, *, slope: float) -> Any:
    dtype = getattr(a, "dtype", float)
    return np.where(np.greater_equal(a, 0), 1, np.asarray(slope, dtype))[()]


def _elu(a: Any, *, alpha: float, scale: float) -> Any:
    below = np.expm1(np.minimum(a, 0)) * (scale * alpha)
    return where(np.greater_equal(a, 0), a * scale, below)[()]


def _exp_below(a: Any, *, factor: float, above: float) -> Any:
    below = np.exp(np.minimum(a, 0)) * factor
    return where(np.greater_equal(a, 0), above, below)[()]


# a, and slope * a below 0.
leaky_relu = elementwise(
    "leaky_relu",
    lambda a, *, slope: where(np.greater_equal(a, 0), a, a * slope)[()],
    lambda a, *, slope: leaky_relu_slope(a, slope=slope),
    kinks=(0.0,),
)
leaky_relu_slope = flat("leaky_relu_slope", _slope, batch="trailing")
# scale * a, and scale * alpha * (exp(a) - 1) below 0.
elu = elementwise(
    "elu",
    _elu,
    lambda a, *, alpha, scale: exp_below(a, factor=scale * alpha, above=scale),
    kinks=(0.0,),
)
# A constant, which is gone from the derivative, and factor * exp(a) below 0.
exp_below = elementwise(
    "exp_below",
    _exp_below,
    lambda a, *, factor, above: exp_below(a, factor=factor, above=0.0),
    kinks=(0.0,),
)


def _bounded(a: Any) -> Any:
    """Beyond -40 and 40 the logistic function of the cubic is 0 and 1, and a^3 may be infinite."""
    return np.clip(a, -40, 40)


def _gelu_tanh(a: Any) -> Any:
    u = _bounded(a)
    return a * sigmoid(RATE * u * (1 + CUBIC * (u * u)))


def _gelu_tanh_slope(a: Any) -> Any:
    u = _bounded(a)
    squares = CUBIC * (u * u)
    v = RATE * u * (1 + squares)
    return sigmoid(v) + a * (RATE * (1 + 3 * squares) * sigmoid_slope(v))


# a (1 + tanh(v / 2)) / 2 = a sigmoid(v), which does not cancel, for v / RATE = a + CUBIC a^3.
gelu_tanh = elementwise("gelu_tanh", _gelu_tanh, lambda a: _gelu_tanh_slope(a))
