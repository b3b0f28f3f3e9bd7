"""Shaping: the same numbers in another shape, order or dtype. Every function is one or two rows."""

from __future__ import annotations

import operator
from copy import copy as copy_handle
from typing import Any

import numpy as np

from ..arrays.dispatch import FUNCTIONS, implements, operand
from ..arrays.views import example, in_one_piece, is_array
from ..base.errors import ShapeError, location, refuse
from ..base.shapes import (
    Shape,
    broadcast,
    memory_order,
    ndim_of,
    negative_axes,
    negative_axis,
    shape_of,
    size_of,
)
from ..primitives import shaping as rows, windows
from ..primitives.elementwise import positive
from ..rules.primitive import Traced, is_compiled, payload
from .arguments import as_dtype, refuse_argument


# -- reshaping -------------------------------------------------------------------------------------
def target_shape(shape: Any, size: int) -> Shape:
    """A reshape's target with its -1 worked out."""
    try:
        sizes: Shape = (operator.index(shape),)
    except TypeError:
        sizes = tuple(map(operator.index, shape))
    if sizes.count(-1) > 1:
        raise ShapeError("reshape: can only specify one unknown dimension")
    known = size_of(tuple(n for n in sizes if n != -1))
    if -1 in sizes:
        if known == 0 or size % known:
            raise ShapeError(f"cannot reshape array of size {size} into shape {sizes}{location()}")
        return tuple(size // known if n == -1 else n for n in sizes)
    if known != size:
        raise ShapeError(f"cannot reshape array of size {size} into shape {sizes}{location()}")
    return sizes


def reading_order(a: Any, order: str, function: str) -> str:
    """The order, "C" or "F", that NumPy's orders "A" and "K" come to for the memory of `a`."""
    if order in ("C", "F"):
        return order
    if order not in ("A", "K"):
        raise ValueError(f"{function}: order={order!r} is not one of 'C', 'F', 'A' or 'K'")
    if ndim_of(a) < 2:
        return "C"
    if is_compiled(a):
        refuse_argument(function, "order", order, 'use "C" or "F": jit cannot see the layout')
    flags = example(a).flags
    array = payload(a)
    hidden = np.ndim(array) - ndim_of(a)  # axes of examples
    first = not hidden or memory_order(array)[:hidden] == tuple(range(hidden))
    if flags.c_contiguous or (order == "A" and first and not flags.f_contiguous):
        return "C"
    if flags.f_contiguous:
        return "F"
    # Between entries of one example lie those of others, or gaps of its own.
    return refuse_argument(function, "order", order, 'use "C" or "F"')


@implements(np.reshape)
def reshape(a: Any, /, shape: Any = None, order: str = "C", *, copy: Any = None) -> Any:
    a = operand(a)
    if shape is None:
        raise TypeError("reshape() missing required argument 'shape'")
    if copy is False:
        refuse_argument("np.reshape", "copy", copy, "leave it out")
    shape = target_shape(shape, size_of(shape_of(a)))
    if reading_order(a, order, "np.reshape") == "F":
        y = transpose(reshape(transpose(a), shape[::-1]))
    else:
        y = a if shape == shape_of(a) else rows.reshape(a, shape=shape)
    return copied(y) if copy else y


def copied(a: Any, order: str = "K") -> Any:
    """A new handle on the same value. The copy of a leaf is a result, which can be assigned
    into."""
    if not isinstance(a, Traced):
        return np.array(a)
    return in_one_piece(positive(a) if a.node.leaf else copy_handle(a), order)


def has_repeats(array: Any) -> bool:
    """Does an axis stay in one place of the memory, as np.broadcast_to leaves it?"""
    sides = zip(array.shape, array.strides, strict=True)
    return array.size > 0 and any(n > 1 and not step for n, step in sides)


@implements(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    a = operand(a)
    if order == "K" and ndim_of(a) > 1 and not is_compiled(a):
        if has_repeats(example(a)):
            refuse_argument("np.ravel", "order", order, 'say "C" or "F": entries share memory')
        a, order = transpose(a, memory_order(example(a))), "C"
    return in_one_piece(reshape(a, -1, reading_order(a, order, "np.ravel")), "C")


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    a = operand(a)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = ndim_of(a) + len(axes)
    places = negative_axes(axes, ndim)
    rest = iter(shape_of(a))
    return reshape(a, tuple(1 if k in places else next(rest) for k in range(-ndim, 0)))


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    shape = a.shape
    if axis is None:
        return reshape(a, tuple(n for n in shape if n != 1))
    axes = negative_axes(axis, a.ndim)
    if any(shape[k] != 1 for k in axes):
        raise ShapeError(f"squeeze: an axis in {axis} of shape {shape} has a size other than one")
    return reshape(
        a, tuple(n for k, n in zip(range(-a.ndim, 0), shape, strict=True) if k not in axes)
    )


def _at_least(function: Any, grown: Any) -> None:
    """A function that adds axes to what has too few."""

    @implements(function)
    def at_least(*arys: Any) -> Any:
        results = []
        for a in map(operand, arys):
            shape = grown(shape_of(a))
            results.append(reshape(a, shape) if isinstance(a, Traced) else function(a))
        return results[0] if len(results) == 1 else tuple(results)


_THREE_AXES = (
    lambda shape: (1, 1, 1),
    lambda shape: (1, *shape, 1),
    lambda shape: (*shape, 1),
    lambda shape: shape,
)
_at_least(np.atleast_1d, lambda shape: shape or (1,))
_at_least(np.atleast_2d, lambda shape: (1,) * (2 - len(shape)) + shape)
_at_least(np.atleast_3d, lambda shape: _THREE_AXES[min(len(shape), 3)](shape))


# -- reordering axes -------------------------------------------------------------------------------
@implements(np.transpose)
def transpose(a: Any, axes: Any = None) -> Any:
    a = operand(a)
    ndim = ndim_of(a)
    order = range(ndim - 1, -1, -1) if axes is None else axes if np.iterable(axes) else (axes,)
    order = tuple(negative_axis(k, ndim, "axes") for k in order)
    if sorted(order) != list(range(-ndim, 0)):
        raise ShapeError(f"transpose: axes {axes} are not a permutation of {ndim} axes")
    return a if order == tuple(range(-ndim, 0)) else rows.transpose(a, axes=order)


@implements(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ShapeError(
            f"matrix_transpose: an array of shape {x.shape} is not a stack of matrices"
        )
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(-a.ndim, 0))
    i, j = negative_axis(axis1, a.ndim, "axis1"), negative_axis(axis2, a.ndim, "axis2")
    axes[i], axes[j] = axes[j], axes[i]
    return transpose(a, axes)


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    ndim = ndim_of(a)
    sources = [negative_axis(k, ndim, "source") for k in np.atleast_1d(source)]
    targets = [negative_axis(k, ndim, "destination") for k in np.atleast_1d(destination)]
    if len(sources) != len(targets):
        raise ShapeError("moveaxis: source and destination must have the same number of elements")
    for axes, name in ((sources, "source"), (targets, "destination")):
        if len(set(axes)) != len(axes):
            raise ShapeError(f"moveaxis: repeated axis in {name}")
    axes = [k for k in range(-ndim, 0) if k not in sources]
    for target, k in sorted(zip(targets, sources, strict=True)):
        axes.insert(target + ndim, k)
    return transpose(a, axes)


@implements(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis = negative_axis(axis, a.ndim) + a.ndim
    start = start + a.ndim if start < 0 else start
    if not 0 <= start <= a.ndim:
        raise ShapeError(f"rollaxis: start={start} is out of bounds for {a.ndim} axes")
    return moveaxis(a, axis, start - 1 if axis < start else start)


# -- broadcasting ----------------------------------------------------------------------------------
@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    array = operand(array)
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(map(operator.index, shape))
    if broadcast(shape_of(array), shape) != shape:
        raise ShapeError(f"broadcast_to: {shape_of(array)} does not broadcast to {shape}")
    return copied(array) if shape_of(array) == shape else rows.broadcast_to(array, shape=shape)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    arrays = tuple(map(operand, args))
    shape = broadcast(*map(shape_of, arrays))
    return tuple(broadcast_to(a, shape) for a in arrays)


# -- reordering entries ----------------------------------------------------------------------------
@implements(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    axes = negative_axes(axis, m.ndim)
    if axes:
        return rows.flip(m, axis=axes)
    return m[()] if is_array(m) else m


@implements(np.flipud)
def flipud(m: Any) -> Any:
    return flip(m, 0)


@implements(np.fliplr)
def fliplr(m: Any) -> Any:
    if m.ndim < 2:
        raise ShapeError("fliplr: the input must have at least two axes")
    return flip(m, 1)


@implements(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    first, second = (negative_axis(axis, m.ndim, "axes") for axis in axes)
    if first == second:
        raise ShapeError("rot90: the two axes must be different")
    if k % 4 == 0:
        return m[...]
    if k % 4 == 2:
        return flip(m, (first, second))
    if k % 4 == 1:
        return swapaxes(flip(m, second), first, second)
    return flip(swapaxes(m, first, second), second)


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), a.shape)
    shifts, axes = np.broadcast_arrays(np.atleast_1d(shift), np.atleast_1d(axis))
    if shifts.ndim > 1:
        raise ShapeError("roll: 'shift' and 'axis' should be scalars or 1D sequences")
    places = tuple(negative_axis(k, a.ndim) for k in axes)
    return rows.roll(a, shift=tuple(int(k) for k in shifts), axis=places)


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Windows along each axis in turn; their own axes come last, in the order given."""
    if writeable:
        refuse_argument(
            "np.lib.stride_tricks.sliding_window_view", "writeable", True, "leave it out"
        )
    sizes = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    axes = range(x.ndim) if axis is None else axis if np.iterable(axis) else (axis,)
    places = [negative_axis(k, x.ndim) + x.ndim for k in axes]
    if len(places) != len(sizes):
        raise ValueError(
            f"sliding_window_view: window_shape {sizes} must name as many axes as axis {places}"
        )
    for place, size in zip(places, sizes, strict=True):
        if size < 0:
            raise ValueError("sliding_window_view: window_shape cannot contain negative values")
        if size > x.shape[place]:
            raise ValueError(
                "sliding_window_view: window shape cannot be larger than input array shape"
            )
        x = windows.windows(x, size=int(size), axis=place - x.ndim)
    return x


# -- copies and dtypes -----------------------------------------------------------------------------
@implements(np.copy)
def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return copied(operand(a), order)


def astype(
    x: Any,
    dtype: Any,
    order: str = "K",
    casting: str = "unsafe",
    subok: bool = True,
    copy: bool = True,
) -> Any:
    """``x.astype(dtype)``: a copy, unless told otherwise."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "biufc":
        raise refuse(f"astype: dtype={dtype} of a tracked value", "use a numeric dtype")
    if not np.can_cast(x.dtype, dtype, casting):
        raise TypeError(f"astype: cannot cast from {x.dtype} to {dtype} by the rule {casting!r}")
    y = as_dtype(x, dtype)
    return in_one_piece(copied(y) if copy and y is x else y, order) if copy or order != "K" else y


FUNCTIONS["astype"] = astype


@implements(np.astype)
def numpy_astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    if device not in (None, "cpu"):
        refuse_argument("np.astype", "device", device, "leave it out")
    return astype(x, dtype, copy=copy)
