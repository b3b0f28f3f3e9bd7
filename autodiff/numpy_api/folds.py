"""The ufunc methods that fold an axis: `reduce`, `accumulate` and `reduceat` of binary ufuncs.

The everyday ones are rows. The others are what NumPy does as well, one step after the other:

    subtract.reduce([a, b, c]) = (a - b) - c
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..arrays.dispatch import UFUNCS, name_of, operand
from ..base.errors import ShapeError, refuse
from ..base.shapes import ndim_of, negative_axis, reduced
from ..primitives import accumulating, scans
from ..rules.primitive import TABLE
from .arguments import NO_VALUE, as_dtype, concrete, deliver
from .reductions import ROWS, folded_axes, reduce_by
from .ufuncs import ufunc_method

ACCUMULATIONS = {
    np.add: scans.cumsum,
    np.multiply: scans.cumprod,
    np.maximum: scans.cummax,
    np.minimum: scans.cummin,
    np.fmax: scans.nancummax,
    np.fmin: scans.nancummin,
}


# Their vectorised loops read the running result before it is written: arctan2.reduce([a, b, c]) is
# arctan2(a, c) on machines with AVX-512 (NumPy 2.4). No derivative could fit such a value.
UNRELIABLE = (np.arctan2, np.power)


def check_binary(ufunc: np.ufunc, method: str) -> str:
    name = f"{name_of(ufunc)}.{method}"
    if ufunc in UNRELIABLE:
        raise refuse(f"{name}, whose value differs from machine to machine", "write it as a loop")
    if (ufunc.nin, ufunc.nout) != (2, 1):
        raise ShapeError(f"{name}: only functions of two arguments with one result can be folded")
    return name


def is_flat(ufunc: np.ufunc) -> bool:
    return getattr(UFUNCS[ufunc], "flat", False)


@ufunc_method("reduce")
def reduce(
    ufunc: np.ufunc,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    name = check_binary(ufunc, "reduce")
    a = operand(array)
    if ufunc in ROWS:
        return reduce_by(ufunc, name, a, axis, dtype, out, keepdims, initial, where)
    axes = folded_axes(axis, ndim_of(a))
    start = () if initial is NO_VALUE or initial is None else (operand(initial),)
    if is_flat(ufunc):
        row = TABLE["flat_method"]
        params = {"axis": axes, "keepdims": keepdims, "dtype": dtype}
        y = row(a, operand(where), *start, ufunc=ufunc, method="reduce", **params)
        return deliver(y, out, name)
    a = as_dtype(a, dtype)
    if not axes:
        return deliver(a, out, name)
    if len(axes) > 1:
        raise ShapeError(f"{name}: the order matters, so at most one axis may be given")
    if where is not True and not start:
        raise ShapeError(f"{name}: there is no identity, so where= needs initial=")
    *_, y = fold(ufunc, a, axes[0], where, *(as_dtype(value, a.dtype) for value in start))
    return deliver(np.reshape(y, reduced(a.shape, axes, keepdims)), out, name)


def fold(ufunc: np.ufunc, a: Any, axis: int, where: Any, *initial: Any) -> Iterator[Any]:
    """The running results along `axis`, beginning with `initial` or with the first slice."""
    if a.dtype == np.float16 and ufunc in (np.subtract, np.divide):
        # NumPy rounds to half precision after every step, or once, depending on the memory order.
        raise refuse(f"{name_of(ufunc)} folded in half precision", "give dtype=np.float32")
    slices = np.moveaxis(a, axis, 0)
    masks = None if where is True else np.moveaxis(np.broadcast_to(where, a.shape), axis, 0)
    if not initial and not len(slices):
        raise ShapeError(f"{name_of(ufunc)}.reduce of an empty axis has no identity")
    y = np.broadcast_to(initial[0], slices.shape[1:]) if initial else slices[0]
    yield y
    for k in range(0 if initial else 1, len(slices)):
        following = UFUNCS[ufunc](y, slices[k])
        y = following if masks is None else np.where(masks[k], following, y)
        yield y


@ufunc_method("accumulate")
def accumulate(
    ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None, out: Any = None
) -> Any:
    name = check_binary(ufunc, "accumulate")
    a = operand(array)
    axis = negative_axis(axis, ndim_of(a))
    if is_flat(ufunc):
        row = TABLE["flat_method"]
        y = row(a, True, ufunc=ufunc, method="accumulate", axis=axis, dtype=dtype)
        return deliver(y, out, name)
    a = as_dtype(a, dtype)
    if ufunc in ACCUMULATIONS:
        return deliver(as_dtype(ACCUMULATIONS[ufunc](a, axis=axis), dtype), out, name)
    if a.shape[axis]:
        a = np.moveaxis(np.stack(list(fold(ufunc, a, axis, True))), 0, axis)
    return deliver(a, out, name)


@ufunc_method("reduceat")
def reduceat(
    ufunc: np.ufunc,
    array: Any,
    indices: Any,
    axis: int = 0,
    dtype: Any = None,
    out: Any = None,
) -> Any:
    name = check_binary(ufunc, "reduceat")
    a = operand(array)
    axis = negative_axis(axis, ndim_of(a))
    starts = tuple(int(i) for i in np.asarray(concrete(indices, f"{name}: indices")))
    size = a.shape[axis]
    if not all(0 <= i < size for i in starts):
        raise IndexError(f"{name}: indices {starts} must be in 0..{size - 1}")
    if is_flat(ufunc):
        row = TABLE["flat_method"]
        params = {"indices": starts, "axis": axis, "dtype": dtype}
        return deliver(row(a, True, ufunc=ufunc, method="reduceat", **params), out, name)
    if ufunc is np.add:
        return deliver(
            accumulating.add_reduceat(a, indices=starts, axis=axis, dtype=dtype), out, name
        )
    slices = np.moveaxis(as_dtype(a, dtype), axis, 0)
    parts = []
    for i, end in zip(starts, (*starts[1:], size), strict=True):
        part = slices[i]
        if end > i + 1:
            part = ufunc.reduce(slices[i:end], axis=0)
        parts.append(part)
    return deliver(np.moveaxis(np.stack(parts), 0, axis), out, name)
