"""Statistics: mean, variance, average and covariance, as functions on the rows.

Each follows NumPy's own steps, so that the value has NumPy's bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.errors import ShapeError
from ..base.shapes import Shape, ndim_of, negative_axes, shape_of, size_of
from ..primitives.elementwise import root
from ..primitives.require import require
from .arguments import NO_VALUE, accumulator, as_dtype, deliver, dtype_of, given
from .reductions import reduce_by

HALF, SINGLE, DOUBLE = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)


def count(shape: Shape, axes: tuple[int, ...], keepdims: bool = False, where: Any = True) -> Any:
    """How many entries a reduction adds: a number, or with a mask an array of them."""
    if where is True or where is NO_VALUE:
        return size_of(shape if len(axes) == len(shape) else tuple(shape[k] for k in axes))
    return np.sum(np.broadcast_to(where, shape), axis=axes, dtype=np.intp, keepdims=keepdims)


def divided(total: Any, n: Any) -> Any:
    """`total / n` in the dtype of `total`. NumPy divides by an intp, and so in double precision at
    least; where n is small that is known to round to the same bits as a division in `total`'s."""
    dtype = dtype_of(total)
    if not isinstance(n, int):
        return as_dtype(total / (np.float64(n) if isinstance(n, float) else n), dtype)
    if dtype.char in "dgDG" or (dtype == SINGLE and n < 2**24):
        return total / n
    return as_dtype(total / np.intp(n), dtype)


@implements(np.mean)
def mean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    a = operand(a)
    axes, keepdims = negative_axes(axis, ndim_of(a)), given(keepdims)
    own = dtype_of(a)
    half = dtype is None and own == HALF
    if dtype is None and own.kind in "biu":
        dtype = DOUBLE
    dtype = SINGLE if half else accumulator("np.mean", a, dtype, out)
    total = reduce_by(np.add, "np.mean", a, axis, dtype, None, keepdims, where=where)
    if out is not None:  # NumPy adds up in `out`, and divides there
        target = out[0] if isinstance(out, tuple) else out
        total, half = as_dtype(total, target.dtype), False
    y = divided(total, count(shape_of(a), axes, keepdims, where))
    return deliver(as_dtype(y, HALF) if half else y, out, "np.mean")


def degrees_of_freedom(function: str, ddof: Any, correction: Any) -> Any:
    if correction is NO_VALUE:
        return ddof
    if ddof != 0:
        raise ShapeError(f"{function}: give ddof or correction, not both")
    return correction


def squared(deviation: Any) -> Any:
    """|z|^2, for real numbers the square."""
    if dtype_of(deviation).kind == "c":
        return np.square(np.real(deviation)) + np.square(np.imag(deviation))
    return np.square(deviation)


@implements(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    ddof = degrees_of_freedom("np.var", ddof, correction)
    a = operand(a)
    axes, keepdims = negative_axes(axis, ndim_of(a)), given(keepdims)
    if dtype is None and dtype_of(a).kind in "biu":
        dtype = DOUBLE
    shape = shape_of(a)
    if mean is NO_VALUE or mean is None:
        total = reduce_by(np.add, "np.var", a, axes, dtype, None, True, where=where)
        mean = divided(total, count(shape, axes, True, where))
    squares = squared(a - operand(mean))
    dtype = accumulator("np.var", squares, dtype, out)
    total = reduce_by(np.add, "np.var", squares, axes, dtype, None, keepdims, where=where)
    n = count(shape, axes, keepdims, where)
    freedom = max(n - ddof, 0) if isinstance(n, int) else np.maximum(n - ddof, 0)
    return deliver(divided(total, freedom), out, "np.var")


@implements(np.std)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    ddof = degrees_of_freedom("np.std", ddof, correction)
    accumulator("np.std", np.real(operand(a)), dtype, out)
    variance = np.var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean)
    y = root(variance)
    y = as_dtype(y, dtype_of(variance)) if dtype_of(variance).kind in "iu" else y
    return deliver(y, out, "np.std")


# -- weights ---------------------------------------------------------------------------------------
def aligned_weights(function: str, weights: Any, shape: Shape, axis: Any) -> Any:
    """Weights that broadcast against an array of `shape`: of that shape, or given along `axis`."""
    weights = operand(weights)
    if shape_of(weights) == shape:
        return weights
    if axis is None:
        raise TypeError(f"{function}: axis must be given where weights differ in shape from a")
    axes = [k % len(shape) for k in (axis if isinstance(axis, tuple) else (axis,))]
    if shape_of(weights) != tuple(shape[k] for k in axes):
        raise ShapeError(
            f"{function}: weights of shape {shape_of(weights)} do not fit axis {axis} of {shape}"
        )
    weights = np.transpose(weights, np.argsort(axes))
    return np.reshape(weights, tuple(n if k in axes else 1 for k, n in enumerate(shape)))


@implements(np.average)
def average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False
) -> Any:
    a = operand(a)
    shape, keepdims = shape_of(a), given(keepdims)
    axes = negative_axes(axis, len(shape))
    if weights is None:
        y = np.mean(a, axes, keepdims=keepdims)
        total = dtype_of(y).type(size_of(shape) / size_of(shape_of(y)))
    else:
        weights = aligned_weights("np.average", weights, shape, axis)
        least = DOUBLE if dtype_of(a).kind in "biu" else dtype_of(a)
        dtype = np.result_type(dtype_of(a), dtype_of(weights), least)
        axes_of_weights = negative_axes(axis, ndim_of(weights))
        total = reduce_by(np.add, "np.average", weights, axes_of_weights, dtype, None, keepdims)
        require(total != 0, ZeroDivisionError("np.average: the weights sum to zero"))
        products = as_dtype(a, dtype) * as_dtype(weights, dtype)
        y = np.sum(products, axes, keepdims=keepdims) / total
    if not returned:
        return y
    return y, total if shape_of(total) == shape_of(y) else np.broadcast_to(total, shape_of(y))


def _variables(m: Any, transposed: bool, dtype: Any) -> Any:
    """Variables in rows, observations in columns: a vector is one variable."""
    if ndim_of(m) > 2:
        raise ShapeError(f"np.cov: an array of shape {m.shape} has more than 2 dimensions")
    rows = as_dtype(m if ndim_of(m) == 2 else np.reshape(m, (1, -1)), dtype)
    return np.transpose(rows) if transposed else rows


@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    m = operand(m)
    if dtype is None:
        dtype = np.result_type(dtype_of(m), DOUBLE, *(() if y is None else (dtype_of(operand(y)),)))
    dtype = np.dtype(dtype)
    x = _variables(m, not rowvar and ndim_of(m) != 1, dtype)
    if x.shape[0] == 0:
        return np.zeros((0, 0))
    if y is not None:
        other = operand(y)
        column = not rowvar and ndim_of(other) == 2 and other.shape[0] != 1
        x = np.concatenate((x, _variables(other, column, dtype)), axis=0)
    if ddof is None:
        ddof = 0 if bias else 1
    elif ddof != int(ddof):
        raise ShapeError(f"np.cov: ddof={ddof} must be an integer")
    weights, reliability = _observation_weights(x.shape[1], fweights, aweights)
    centre, total = np.average(x, axis=1, weights=weights, returned=True)
    total = total[0]
    if weights is None:
        freedom = x.shape[1] - ddof
    elif ddof == 0:
        freedom = total
    elif reliability is None:
        freedom = total - ddof
    else:
        freedom = total - ddof * np.sum(weights * reliability) / total
    freedom = max(freedom, 0) if isinstance(freedom, int) else np.maximum(freedom, 0)
    x = as_dtype(x - centre[:, None], x.dtype)
    other = np.transpose(x if weights is None else x * weights)
    if dtype_of(x).kind == "c":
        other = np.conjugate(other)
    products = np.dot(x, other)
    return np.squeeze(as_dtype(products * np.true_divide(1, freedom), products.dtype))


def _observation_weights(n: int, fweights: Any, aweights: Any) -> tuple[Any, Any]:
    """The weight of each observation (their product), and the part of it that is not a count."""
    given_weights = {"fweights": fweights, "aweights": aweights}
    found = {k: as_dtype(operand(w), DOUBLE) for k, w in given_weights.items() if w is not None}
    for name, w in found.items():
        if shape_of(w) != (n,):
            raise ShapeError(f"np.cov: {name} of shape {shape_of(w)} for {n} observations")
        require(np.logical_not(w < 0), ShapeError(f"np.cov: {name} cannot be negative"))
    if fweights is not None:
        w = found["fweights"]
        require(w == np.round(w), TypeError("np.cov: fweights must be integers"))
    both = list(found.values())
    product = both[0] * both[1] if len(both) == 2 else both[0] if both else None
    return product, found.get("aweights")


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = np.cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    place = np.arange(c.shape[0])
    deviation = np.sqrt(np.real(c[place, place]))
    c = c / deviation[:, None] / deviation[None, :]
    if dtype_of(c).kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)
