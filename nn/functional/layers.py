"""What layers compute, as plain functions: linear maps, normalisation, dropout, one-hot codes."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff.errors import refuse
from autodiff.selection import is_compiled

from ..requirements import fraction, generator, whole


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
            "dropout draws random numbers, which a compiled program would draw only once",
            "let nn.fit compile the training of a model with dropout, or use model.eval()",
        )
    kept = uniform >= rate
    return np.where(kept, x * (1 / (1 - rate)), 0)


def is_class(labels: Any, classes: int) -> Any:
    """Booleans of shape (..., classes): which class each label of an integer array (...) names."""
    classes = whole(classes, "one_hot: classes")
    if not isinstance(labels, ad.Tensor):
        labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"class labels must be integers, not {labels.dtype}; write labels.astype(int)"
        )
    if not isinstance(labels, ad.Tensor) and labels.size:
        low, high = labels.min(), labels.max()
        if low < 0 or high >= classes:
            wrong = low if low < 0 else high
            raise ValueError(f"label {wrong} is not among the classes 0 .. {classes - 1}")
    return np.equal(labels[..., None], np.arange(classes))


def one_hot(labels: Any, classes: int, dtype: Any = np.float64) -> Any:
    """Rows of the unit matrix: integer labels (...) as an array (..., classes) of 0 and 1.

    >>> import numpy as np
    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.], [1., 0., 0.]])
    """
    return is_class(labels, classes).astype(dtype)
