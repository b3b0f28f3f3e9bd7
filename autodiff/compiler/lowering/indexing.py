"""The rows that index: slices are views and places, arrays of indices gather and scatter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.gathering import filled
from ...primitives.indexing import HOLE, is_basic
from ..ir.program import Value
from ..ir.views import contiguous, rearranged, region
from .rows import Lowering, lowers


@lowers("index")
def _index(low: Lowering, a: Value, key: Any) -> Value | None:
    if is_basic(key):
        found = rearranged(low.builder, a, lambda p: p[(*key, ...) if Ellipsis not in key else key])
        return found if found is not None else None
    found = _gather(low, a, key=key)
    return take(low, a, np.arange(a.size).reshape(a.shape)[key]) if found is None else found


def take(low: Lowering, a: Value, positions: Any) -> Value:
    """The entries of `a` at known positions."""
    flat = low.reshape(a, (a.size,))
    index = low.builder.constant(positions.astype(np.int64))
    return low.builder.make("gather", (flat, index), {"sizes": (a.size,)}, positions.shape, a.dtype)


@lowers("scatter_add")
def _scatter_add(low: Lowering, updates: Value, key: Any, shape: Any) -> Value | None:
    if is_basic(key):
        found = region(shape, lambda p: p[(*key, ...) if Ellipsis not in key else key])
        if found is not None:
            offset, strides, part = found
            updates = low.maps.broadcast(updates, part)
            return low.place(shape, [(updates, offset, strides)], updates.dtype)
    else:
        whole = _scatter(low, updates, key=key, shape=shape)
        if whole is not None:
            return whole
    size = int(np.prod(shape))
    positions = np.arange(size).reshape(shape)[key]
    updates = low.maps.broadcast(updates, positions.shape)
    index = low.builder.constant(positions.astype(np.int64))
    return low.reshape(low.scatter(updates, [index], 1, (size,)), shape)


@lowers("gather")
def _gather(low: Lowering, a: Value, *indices: Value, key: Any) -> Value | None:
    """Indices of neighbouring axes, each an array; the other axes are taken whole."""
    found = _index_arrays(low, indices, key)
    if found is None:
        return None
    start, arrays = found
    stop = start + len(arrays)
    block = np.broadcast_shapes(*(i.shape for i in arrays))
    given = [low.maps.broadcast(i, block) for i in arrays]
    a = low.rearrange(a, lambda p: np.moveaxis(p, range(start, stop), range(stop - start)))
    rest = a.shape[len(arrays) :]
    if start and len(arrays) < a.ndim:
        a = low.copy(a)
    params = {"sizes": a.shape[: len(arrays)]}
    y = low.builder.make("gather", (a, *given), params, (*block, *rest), a.dtype)
    places = range(start, start + len(block))
    return low.rearrange(y, lambda p: np.moveaxis(p, range(len(block)), places))


@lowers("scatter")
def _scatter(low: Lowering, updates: Value, *indices: Value, key: Any, shape: Any) -> Value | None:
    found = _index_arrays(low, indices, key)
    if found is None:
        return None
    start, arrays = found
    stop = start + len(arrays)
    block = np.broadcast_shapes(*(i.shape for i in arrays))
    given = [low.maps.broadcast(i, block) for i in arrays]
    updates = low.maps.broadcast(updates, (*shape[:start], *block, *shape[stop:]))
    places = range(start, start + len(block))
    updates = low.rearrange(updates, lambda p: np.moveaxis(p, places, range(len(block))))
    first = (*shape[start:stop], *shape[:start], *shape[stop:])
    y = low.scatter(updates, given, len(arrays), first)
    return low.rearrange(y, lambda p: np.moveaxis(p, range(stop - start), range(start, stop)))


def _index_arrays(
    low: Lowering, indices: Sequence[Value], key: Any
) -> tuple[int, list[Value]] | None:
    """A key of arrays of integers for neighbouring axes, and the first of them; `None` if the key
    has anything else in it but whole axes."""
    while key and is_whole(key[-1]):
        key = key[:-1]
    start = 0
    while start < len(key) and is_whole(key[start]):
        start += 1
    key = key[start:]
    parts = []
    for k in filled(key, indices):
        v = k if isinstance(k, Value) else None
        if v is None and (k is HOLE or isinstance(k, (slice, type(None), type(Ellipsis)))):
            return None
        if v is None:
            v = low.builder.constant(np.asarray(k))
        if v.dtype.kind not in "iu":
            return None
        parts.append(low.maps.cast(v, np.dtype(np.int64)))
    return (start, parts) if parts else None


def is_whole(k: Any) -> bool:
    return isinstance(k, slice) and k == slice(None)


@lowers("set_at")
def _set_at(low: Lowering, a: Value, updates: Value, key: Any) -> Value | None:
    if not is_basic(key):
        return None
    found = region(a.shape, lambda p: p[(*key, ...) if Ellipsis not in key else key])
    if found is None:
        return None
    offset, strides, part = found
    updates = low.maps.broadcast(low.maps.cast(updates, a.dtype), part)
    whole = (a, 0, contiguous(a.shape))
    return low.place(a.shape, [whole, (updates, offset, strides)], a.dtype)
