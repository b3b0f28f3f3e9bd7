"""What layers compute, as plain functions: linear maps, normalisation, dropout, one-hot codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.extend import is_compiled, refuse
from autodiff.special import one_hot

from ..requirements import fraction, generator

__all__ = ["dropout", "linear", "one_hot"]


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x @ weight + bias for `x` (..., inputs), `weight` (inputs, outputs), `bias` (outputs,).

    >>> import numpy as np
    >>> linear(np.ones((5, 3)), np.ones((3, 2)), np.zeros(2)).shape
    (5, 2)
    """
    y = np.matmul(x, weight)
    return y if bias is None else y + bias


def dropout(x: Any, rate: float, rng: np.random.Generator) -> Any:
    """A random entry in `rate` set to zero, the rest divided by 1 - rate. Shape and dtype of `x`.

    What is dropped contributes exactly zero, and so does its derivative, even where it is inf.
    Under `vmap` every example drops the same entries.

    >>> import numpy as np
    >>> dropout(np.ones(6), 0.5, np.random.default_rng(0))
    array([2., 0., 0., 0., 2., 2.])
    """
    rate, rng = fraction(rate, "dropout: rate"), generator(rng, "dropout")
    uniform = rng.random(np.shape(x))
    if is_compiled(x) and not is_compiled(uniform):
        raise refuse(
            "dropout draws random numbers, which jit(f, pure=True) would draw only once",
            "leave pure=True out, let nn.fit compile the training, or use model.eval()",
        )
    kept = uniform >= rate
    return np.where(kept, x * (1 / (1 - rate)), 0)
