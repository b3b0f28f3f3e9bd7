"""Repeating, inserting and leaving out entries, and functions applied slice by slice."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..arrays.views import in_one_piece, order_of
from ..base.shapes import ndim_of, negative_axis, shape_of, size_of
from .arguments import SAME_SHAPE, as_dtype, concrete
from .indexing import along, getitem
from .shaping import copied


# -- repeating -------------------------------------------------------------------------------------
@implements(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """Each axis is broadcast along a new one in front of it, and the two are merged."""
    a = operand(A)
    counts = tuple(reps) if np.iterable(reps) else (reps,)
    ndim = max(ndim_of(a), len(counts))
    counts = (1,) * (ndim - len(counts)) + tuple(map(operator.index, counts))
    shape = (1,) * (ndim - ndim_of(a)) + shape_of(a)
    if all(count == 1 for count in counts):
        return copied(np.reshape(a, shape))
    apart = np.reshape(a, [n for size in shape for n in (1, size)])
    spread = np.broadcast_to(apart, [n for pair in zip(counts, shape, strict=True) for n in pair])
    return np.reshape(spread, [c * n for c, n in zip(counts, shape, strict=True)])


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    a = operand(a)
    if axis is None:
        a, axis = np.ravel(a), -1
    a = np.reshape(a, (1,)) if ndim_of(a) == 0 else a
    k = negative_axis(axis, ndim_of(a))
    counts = concrete(operand(repeats), "np.repeat: repeats")
    places = np.repeat(np.arange(shape_of(a)[k]), counts)
    return in_one_piece(getitem(a, along(k, places)), "C")


@implements(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    a = np.ravel(a)
    shape = (new_shape,) if isinstance(new_shape, (int, np.integer)) else tuple(new_shape)
    if any(n < 0 for n in shape):
        raise ValueError("all elements of `new_shape` must be non-negative")
    if a.size == 0 or size_of(shape) == 0:
        return np.zeros_like(a, shape=shape)
    return np.reshape(a[np.arange(size_of(shape)) % a.size], shape)


# -- inserting and leaving out ---------------------------------------------------------------------
@implements(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    a = operand(arr)
    if axis is None:
        a, axis = np.ravel(a), -1
    k = negative_axis(axis, ndim_of(a))
    obj = concrete(obj, "np.delete: obj")
    kept = np.delete(np.arange(shape_of(a)[k]), obj)
    y = getitem(a, along(k, kept))
    return in_one_piece(y, order_of(a)) if isinstance(obj, slice) or np.size(obj) == 1 else y


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    a = operand(arr)
    if axis is None:
        a, axis = np.ravel(a), -1
    k = negative_axis(axis, ndim_of(a))
    values = as_dtype(operand(values), a.dtype)
    size = shape_of(a)[k]
    indices = _places(concrete(obj, "np.insert: obj"), size)
    ndim = ndim_of(a)
    if indices.size == 1:
        values = np.reshape(values, (1,) * (ndim - ndim_of(values)) + shape_of(values))
        if indices.ndim == 0:
            values = np.moveaxis(values, 0, k)
        np.insert(np.arange(size), indices, 0)  # out of bounds, even where nothing is inserted
        indices = np.repeat(indices, shape_of(values)[k])
    else:
        indices = np.reshape(indices, (-1,))
    room = list(shape_of(a))
    room[k] = len(indices)
    # Where each entry of the result comes from: the old entries, then the new ones.
    where = np.insert(np.arange(size), indices, size + np.arange(len(indices)))
    both = np.concatenate((a, np.broadcast_to(values, room)), axis=k)
    return in_one_piece(getitem(both, along(k, where)), order_of(a))


def _places(obj: Any, size: int) -> Any:
    """The places before which something is inserted, as an array of integers."""
    if isinstance(obj, slice):
        return np.arange(*obj.indices(size))
    indices = np.asarray(obj)
    if indices.ndim > 1:
        raise ValueError("index array argument obj to insert must be one dimensional or scalar")
    if indices.dtype == bool:
        return np.flatnonzero(indices)
    return indices.astype(np.intp) if indices.size == 0 else indices


@implements(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    a = operand(filt)
    trim = trim.lower()
    if trim not in ("fb", "bf", "f", "b"):
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    axes = range(ndim_of(a)) if axis is None else axis if np.iterable(axis) else (axis,)
    places = np.nonzero(concrete(a, "np.trim_zeros", SAME_SHAPE))
    for k in (negative_axis(axis, ndim_of(a)) for axis in axes):
        found = places[k]
        first = found.min() if found.size and "f" in trim else 0
        stop = found.max() + 1 if found.size and "b" in trim else None
        if not found.size:
            first, stop = 0, 0
        a = getitem(a, along(k, slice(first, stop)))
    return a


# -- slice by slice --------------------------------------------------------------------------------
@implements(np.apply_along_axis)
def apply_along_axis(
    func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any
) -> Any:
    """`func1d` on every one-dimensional slice; the axes of its result take the place of `axis`."""
    place = negative_axis(axis, arr.ndim) + arr.ndim
    slices = np.moveaxis(arr, place, -1)
    lead = slices.shape[:-1]
    if size_of(lead) == 0:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    results = [operand(func1d(slices[k], *args, **kwargs)) for k in np.ndindex(*lead)]
    y = np.stack(results)
    shape = shape_of(results[0])
    y = np.reshape(y, lead + shape)
    return np.moveaxis(
        y, range(len(lead), len(lead) + len(shape)), range(place, place + len(shape))
    )


@implements(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    y = operand(a)
    ndim = ndim_of(y)
    for axis in np.atleast_1d(axes):
        k = int(axis) + ndim if axis < 0 else int(axis)
        result = func(y, k)
        if ndim_of(result) != ndim:
            result = np.expand_dims(result, k)
        if ndim_of(result) != ndim:
            raise ValueError(
                "function is not returning an array of the correct shape: np.apply_over_axes"
            )
        y = result
    return y
