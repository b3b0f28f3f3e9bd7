"""Arrays made from a tracked one: zeros_like and kin, sequences between ends, grids, triangles.

`zeros_like(x)` is a constant at the level of `x`, so that a program may assign into it.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..arrays.views import example, laid_out
from ..base.shapes import Shape, ndim_of, negative_axis, shape_of
from ..primitives import elementwise, indexing, shaping
from ..rules.primitive import Traced
from .arguments import as_dtype, lifted, refuse_argument
from .indexing import common_dtype, strong_dtype
from .shaping import copied, transpose


# -- like another array ----------------------------------------------------------------------------
def _like(function: Any, value: Any) -> None:
    """zeros_like and kin."""
    name = f"np.{function.__name__}"

    @implements(function)
    def like(
        a: Any,
        /,
        dtype: Any = None,
        order: str = "K",
        subok: bool = True,
        shape: Any = None,
        *,
        device: Any = None,
    ) -> Any:
        check_device(name, device)
        return constant(a, value, dtype, order, shape)


def constant(a: Any, fill: Any, dtype: Any, order: str, shape: Any) -> Any:
    a = operand(a)
    dtype = a.dtype if dtype is None else np.dtype(dtype)
    fill = as_dtype(operand(fill), dtype)
    y = np.empty_like(example(a), dtype, order, False, shape)
    if isinstance(fill, Traced):
        return lifted(laid_out(copied(np.broadcast_to(fill, y.shape)), y), a)
    y[...] = fill
    return lifted(y, a)


def check_device(function: str, device: Any) -> None:
    if device not in (None, "cpu"):
        refuse_argument(function, "device", device, "leave it out")


_like(np.zeros_like, 0)
_like(np.ones_like, 1)
_like(np.empty_like, 0)


@implements(np.full_like)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    check_device("np.full_like", device)
    if isinstance(a, Traced):
        return constant(a, fill_value, dtype, order, shape)
    y = np.empty_like(a, dtype, order, False, shape)
    return laid_out(copied(np.broadcast_to(as_dtype(fill_value, y.dtype), y.shape)), y)


# -- sequences between two ends --------------------------------------------------------------------
@implements(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """The operations of NumPy's own linspace, one by one, for the same bits."""
    check_device("np.linspace", device)
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    start, stop = operand(start), operand(stop)
    working = inexact(common_dtype([start, stop]))
    delta = as_dtype(stop, working) - as_dtype(start, working)
    y = np.arange(0, num, dtype=working).reshape(-1, *(1,) * ndim_of(delta))
    div = num - 1 if endpoint else num
    step: Any = np.nan
    if div > 0:
        step = delta / div
        # Where a step underflows to zero, NumPy divides before it multiplies.
        vanishes = step == 0
        if isinstance(vanishes, Traced) or np.any(vanishes):
            y = np.where(vanishes, y / div * delta, y * step)
        else:
            y = y * step
    else:
        y = y * delta
    y = as_dtype(y + as_dtype(start, strong_dtype(start)), working)
    if endpoint and num > 1:
        last = as_dtype(np.broadcast_to(stop, shape_of(y)[1:]), y.dtype)
        y = indexing.set_at(y, last, key=(-1, ...))
    y = np.moveaxis(y, 0, axis) if axis != 0 else y
    if dtype is not None and np.issubdtype(dtype, np.integer):
        y = np.floor(y)
    y = as_dtype(y, working if dtype is None else dtype)
    return (y, step) if retstep else y


def inexact(dtype: Any) -> Any:
    """A floating dtype that holds `dtype`: integers become doubles."""
    return dtype if dtype.kind in "fc" else np.dtype(np.float64)


@implements(np.logspace)
def logspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    start, stop, base = operand(start), operand(stop), operand(base)
    if ndim_of(base):
        ndim = max(map(ndim_of, (start, stop, base)))
        start, stop, base = (
            np.reshape(x, (1,) * (ndim - ndim_of(x)) + shape_of(x)) for x in (start, stop, base)
        )
        base = np.expand_dims(base, axis)
    y = np.linspace(start, stop, num=num, endpoint=endpoint, axis=axis)
    return as_dtype(np.power(base, y), dtype)


@implements(np.geomspace)
def geomspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """The operations of NumPy's own geomspace, one by one, for the same bits."""
    start, stop = operand(start), operand(stop)
    for end in (start, stop):
        zero = end == 0
        if not isinstance(zero, Traced) and np.any(zero):
            raise ValueError("Geometric sequence cannot include zero")
    working = np.result_type(strong_dtype(start), strong_dtype(stop), 1.0, np.dtype(dtype))
    start, stop = as_dtype(start, working), as_dtype(stop, working)
    sign = np.sign(start)
    first, last = start / sign, stop / sign
    y = np.logspace(np.log10(first), np.log10(last), num=num, endpoint=endpoint, dtype=working)
    shape = shape_of(y)[1:]
    if num > 0:
        y = indexing.set_at(y, np.broadcast_to(first, shape), key=(0,))
    if num > 1 and endpoint:
        y = indexing.set_at(y, np.broadcast_to(last, shape), key=(-1,))
    y = y * sign
    y = np.moveaxis(y, 0, axis) if axis != 0 else y
    return as_dtype(y, working if dtype is None else dtype)


# -- grids -----------------------------------------------------------------------------------------
@implements(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError("np.meshgrid: valid values for `indexing` are 'xy' and 'ij'")
    n = len(xi)
    grid = []
    for k, x in enumerate(map(operand, xi)):
        place = 1 - k if indexing == "xy" and n > 1 and k < 2 else k
        grid.append(np.reshape(x, (1,) * place + (-1,) + (1,) * (n - place - 1)))
    return tuple(map(copied, grid)) if sparse else tuple(np.broadcast_arrays(*grid))


@implements(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Powers of `x` by running products, as NumPy computes them."""
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    count = len(x) if N is None else N
    ones = np.ones((len(x), min(count, 1)), np.promote_types(x.dtype, int))
    powers = np.broadcast_to(x[:, None], (len(x), max(count - 1, 0)))
    y = np.concatenate((ones, np.cumprod(as_dtype(powers, ones.dtype), axis=1)), axis=1)
    return y if increasing else y[:, ::-1]


# -- triangles and diagonals -----------------------------------------------------------------------
@implements(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    mask = np.tri(*_at_least_2d(m), k=k, dtype=bool)
    return elementwise.where(mask, m, np.zeros((), m.dtype))


@implements(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    mask = np.tri(*_at_least_2d(m), k=k - 1, dtype=bool)
    return elementwise.where(mask, np.zeros((), m.dtype), m)


def _at_least_2d(m: Any) -> Shape:
    """The last two sizes; a vector is read as a stack of equal rows, as NumPy does."""
    return (m.shape * 2)[-2:] if m.ndim == 1 else m.shape[-2:]


@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if a.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    first, second = negative_axis(axis1, a.ndim, "axis1"), negative_axis(axis2, a.ndim, "axis2")
    if first == second:
        raise ValueError("axis1 and axis2 cannot be the same")
    rest = tuple(k for k in range(-a.ndim, 0) if k not in (first, second))
    a = transpose(a, (*rest, first, second))
    return shaping.diagonal(a, offset=operator.index(offset))


@implements(np.trace)
def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype, out=out)


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = len(v) + abs(k)
    places = shaping.diagonal_entries((n, n), k)
    return np.reshape(indexing.set_at(np.zeros(n * n, v.dtype), v, key=(places,)), (n, n))


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    return diag(np.ravel(v), k)
