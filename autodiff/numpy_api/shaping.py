"""Shaping: the same numbers in another shape. Every function here is one or two rows."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..dispatch import FUNCTIONS, implements, operand
from ..errors import ShapeError
from ..primitives import shaping as rows
from ..shapes import Shape, broadcast, negative_axes, negative_axis, shape_of, size_of
from .arguments import as_dtype, check_default, lifted


def target_shape(shape: Any, size: int) -> Shape:
    """A reshape's target with its -1 worked out."""
    try:
        sizes = (operator.index(shape),)
    except TypeError:
        sizes = tuple(map(operator.index, shape))
    if sizes.count(-1) > 1:
        raise ShapeError("reshape: can only specify one unknown dimension")
    known = size_of(tuple(n for n in sizes if n != -1))
    if -1 in sizes:
        if known == 0 or size % known:
            raise ShapeError(f"cannot reshape array of size {size} into shape {sizes}")
        return tuple(size // known if n == -1 else n for n in sizes)
    if known != size:
        raise ShapeError(f"cannot reshape array of size {size} into shape {sizes}")
    return sizes


@implements(np.reshape)
def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: Any = None) -> Any:
    a = operand(a)
    shape = target_shape(shape, size_of(shape_of(a)))
    if order == "F":
        return transpose(reshape(transpose(a), shape[::-1]))
    check_default("np.reshape", order=("C" if order == "A" else order, "C"))
    return a if shape == shape_of(a) else rows.reshape(a, shape=shape)


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    return reshape(a, -1, order)


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    a = operand(a)
    ndim = a.ndim
    if axes is None:
        axes = range(ndim - 1, -1, -1)
    axes = tuple(negative_axis(k, ndim) for k in axes)
    if sorted(axes) != list(range(-ndim, 0)):
        raise ShapeError(f"transpose: axes {axes} are not a permutation of {ndim} axes")
    return a if axes == tuple(range(-ndim, 0)) else rows.transpose(a, axes=axes)


@implements(np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(-a.ndim, 0))
    i, j = negative_axis(axis1, a.ndim, "axis1"), negative_axis(axis2, a.ndim, "axis2")
    axes[i], axes[j] = axes[j], axes[i]
    return transpose(a, axes)


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    sources = [negative_axis(k, a.ndim, "source") for k in np.atleast_1d(source)]
    targets = [negative_axis(k, a.ndim, "destination") for k in np.atleast_1d(destination)]
    if len(sources) != len(targets):
        raise ShapeError("moveaxis: source and destination must have the same number of elements")
    axes = [k for k in range(-a.ndim, 0) if k not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        axes.insert(target + a.ndim, source)
    return transpose(a, axes)


@implements(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis = negative_axis(axis, a.ndim) + a.ndim
    start = start + a.ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    array = operand(array)
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if broadcast(shape_of(array), shape) != shape:
        raise ShapeError(f"broadcast_to: {shape_of(array)} does not broadcast to {shape}")
    return array if shape_of(array) == shape else rows.broadcast_to(array, shape=shape)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    args = tuple(map(operand, args))
    shape = broadcast(*map(shape_of, args))
    return tuple(broadcast_to(a, shape) for a in args)


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = a.ndim + len(axes)
    places = negative_axes(axes, ndim)
    rest = iter(a.shape)
    return reshape(a, tuple(1 if k in places else next(rest) for k in range(-ndim, 0)))


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    if axis is None:
        return reshape(a, tuple(n for n in a.shape if n != 1))
    axes = negative_axes(axis, a.ndim)
    if any(a.shape[k] != 1 for k in axes):
        raise ShapeError(f"squeeze: an axis in {axis} of shape {a.shape} has a size other than one")
    return reshape(a, tuple(n for k, n in zip(range(-a.ndim, 0), a.shape, strict=True) if k not in axes))


@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    axes = negative_axes(axis, m.ndim)
    return rows.flip(m, axis=axes) if axes else m


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), a.shape)
    shifts, axes = np.broadcast_arrays(np.atleast_1d(shift), np.atleast_1d(axis))
    places = tuple(negative_axis(k, a.ndim) for k in axes)
    return rows.roll(a, shift=tuple(int(k) for k in shifts), axis=places)


@implements(np.zeros_like)
def zeros_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None) -> Any:
    return _full(a, 0, dtype, shape)


@implements(np.empty_like)
def empty_like(prototype: Any, /, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None) -> Any:
    return _full(prototype, 0, dtype, shape)


@implements(np.ones_like)
def ones_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None) -> Any:
    return _full(a, 1, dtype, shape)


@implements(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None, *, device: Any = None) -> Any:
    return _full(a, fill_value, dtype, shape)


def _full(a: Any, fill: Any, dtype: Any, shape: Any) -> Any:
    """A constant at the level of `a`, so that a program may assign tracked values into it."""
    a = operand(a)
    shape = a.shape if shape is None else (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    dtype = a.dtype if dtype is None else np.dtype(dtype)
    return lifted(broadcast_to(as_dtype(operand(fill), dtype), shape), a)


@implements(np.copy)
def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return type(a)(a.value, a.node)


@implements(np.shape)
def shape(a: Any) -> Shape:
    return a.shape


@implements(np.ndim)
def ndim(a: Any) -> int:
    return a.ndim


@implements(np.size)
def size(a: Any, axis: Any = None) -> int:
    return a.size if axis is None else a.shape[axis]


FUNCTIONS["astype"] = as_dtype
