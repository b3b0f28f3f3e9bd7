"""Statistics: mean, variance, standard deviation and norm, as functions on the rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import implements, operand
from ..shapes import negative_axes, shape_of, size_of
from .arguments import as_dtype, check_default, deliver


def count(shape: Any, axes: tuple[int, ...]) -> int:
    return size_of(tuple(shape[k] for k in axes))


@implements(np.mean)
def mean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
    check_default("np.mean", where=(where, True))
    a = as_dtype(operand(a), dtype)
    axes = negative_axes(axis, len(shape_of(a)))
    return deliver(np.sum(a, axis=axes, keepdims=keepdims) / count(shape_of(a), axes), out, "np.mean")


@implements(np.var)
def var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True, **kwargs: Any
) -> Any:
    check_default("np.var", where=(where, True), **{k: (v, None) for k, v in kwargs.items()})
    a = as_dtype(operand(a), dtype)
    axes = negative_axes(axis, len(shape_of(a)))
    deviation = a - np.mean(a, axis=axes, keepdims=True)
    freedom = max(count(shape_of(a), axes) - ddof, 0)
    return deliver(np.sum(deviation * deviation, axis=axes, keepdims=keepdims) / freedom, out, "np.var")


def root(v: Any) -> Any:
    """sqrt with derivative 0 at 0: the minimal-norm subgradient of a norm there."""
    zero = v == 0
    return np.where(zero, 0, np.sqrt(np.where(zero, 1, v)))


@implements(np.std)
def std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True, **kwargs: Any
) -> Any:
    return deliver(root(np.var(a, axis, dtype, None, ddof, keepdims, where=where, **kwargs)), out, "np.std")


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    check_default("np.linalg.norm", ord=(ord, None))
    x = operand(x)
    axes = negative_axes(axis, len(shape_of(x)))
    if axis is None and not keepdims:
        flat = np.ravel(x)
        return root(np.dot(flat, flat))
    return root(np.sum(x * x, axis=axes, keepdims=keepdims))
