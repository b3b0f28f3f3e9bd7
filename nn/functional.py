"""Activations as plain functions of NumPy, composed of rows, with no derivative of their own."""

from __future__ import annotations

from typing import Any

import numpy as np


def relu(x: Any) -> Any:
    """max(x, 0), with derivative 0 at 0. Any shape; the dtype of `x`.

    >>> import autodiff as ad
    >>> float(ad.grad(relu)(0.0))
    0.0
    """
    return np.where(x > 0, x, 0)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x >= 0, else slope * x; derivative 1 at 0. Any shape; the dtype of `x`."""
    return np.where(x >= 0, x, slope * x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x >= 0, else alpha * (exp(x) - 1); derivative 1 at 0. Any shape; the dtype of `x`.

    Source: Clevert, Unterthiner and Hochreiter, Exponential Linear Units (2016).
    """
    return np.where(x >= 0, x, alpha * np.expm1(np.minimum(x, 0)))
