"""What layers compute, as plain functions: linear maps, normalisation, dropout, one-hot codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..requirements import fraction, generator


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight + bias for `x` (..., inputs), `weight` (inputs, outputs), `bias` (outputs,)."""
    y = np.matmul(x, weight)
    return y if bias is None else y + bias


def dropout(x: Any, rate: float, rng: np.random.Generator) -> Any:
    """A random entry in `rate` set to zero, the rest divided by 1 - rate. Shape and dtype of `x`.

    What is dropped contributes exactly zero, and so does its derivative, even where it is inf.

    >>> import numpy as np
    >>> dropout(np.ones(6), 0.5, np.random.default_rng(0))
    array([2., 0., 0., 0., 2., 2.])
    """
    rate, rng = fraction(rate, "dropout: rate"), generator(rng, "dropout")
    kept = rng.random(np.shape(x)) >= rate
    return np.where(kept, x * (1 / (1 - rate)), 0)
