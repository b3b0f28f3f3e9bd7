"""Sums over segments, over repeated places and over bins: add.reduceat, add.at and histograms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.shapes import shape_of, size_of
from ..rules.conforming import Aval, align, stacked
from ..rules.kinds import linear
from ..rules.primitive import Primitive
from .indexing import batch_key, index, scatter_add


# -- add.reduceat ----------------------------------------------------------------------------------
def segments(indices: Sequence[int], size: int) -> tuple[Any, Any]:
    """Which entries `reduceat` adds, and to which output: entry `position[k]` to `owner[k]`.

    Output i covers ``indices[i]:indices[i + 1]``, the last one the rest; where that range is empty,
    the single entry ``indices[i]``.
    """
    ends = [*indices[1:], size]
    ranges = [
        np.arange(i, end) if i < end else np.array([i])
        for i, end in zip(indices, ends, strict=True)
    ]
    owner = np.repeat(np.arange(len(ranges)), [len(r) for r in ranges])
    return np.concatenate(ranges), owner


def _add_reduceat_transpose(
    y_bar: Any, a: Aval, *, indices: Any, axis: int, dtype: Any = None
) -> Any:
    position, owner = segments(indices, a.shape[axis])
    each = np.moveaxis(y_bar, axis, 0)[owner]
    shape = (a.shape[axis], *each.shape[1:])
    return np.moveaxis(scatter_add(each, key=(position,), shape=shape), 0, axis)


def _add_reduceat_pairs(a: Aval, *, indices: Any, axis: int, dtype: Any = None) -> tuple[Any, Any]:
    """Which entries of the result are made of which of the operand."""
    position, owner = segments(indices, a.shape[axis])
    shape = (*a.shape[:axis], len(indices), *a.shape[len(a.shape) + axis + 1 :])
    sides = zip((shape, a.shape), (owner, position), strict=True)
    to, of = (
        np.take(np.arange(size_of(shape)).reshape(shape), k, axis).ravel() for shape, k in sides
    )
    return to, of


add_reduceat = linear(
    "add_reduceat",
    lambda a, *, indices, axis, dtype=None: np.add.reduceat(a, indices, axis, dtype),
    _add_reduceat_transpose,
    batch="trailing",
    entries=_add_reduceat_pairs,
)


def _add_at(a: Any, updates: Any, *, key: Any) -> Any:
    out = np.array(a, copy=True)
    np.add.at(out, key, updates)
    return out


def _batch_add_at(row: Primitive, size: int, args: Any, flags: Any, *, key: Any) -> Any:
    a, updates = stacked(args[0], flags[0], size), stacked(args[1], flags[1], size)
    whole, position = batch_key(key)
    updates = align(updates, np.empty(shape_of(a)[1:], bool)[key].ndim)
    return row(a, np.moveaxis(updates, 0, position), key=whole)


# Not `a + scatter_add(updates)`: NumPy adds one update after the other, and rounds each time.
add_at = linear(
    "add_at",
    _add_at,
    lambda y_bar, a, updates, *, key: [y_bar, index(y_bar, key=key)],
    batch=_batch_add_at,
    selects="back",
    entries="added",
)


# -- a weighted histogram --------------------------------------------------------------------------
def _bin_of(data: Any, edges: Any) -> tuple[Any, Any]:
    """The bin of each sample, and whether it has one; the last bin holds its right edge."""
    places = np.searchsorted(edges, data, side="right") - 1
    places = np.where(data == edges[-1], len(edges) - 2, places)
    inside = (data >= edges[0]) & (data <= edges[-1])
    return np.where(inside, places, 0), inside


def _weigh_transpose(y_bar: Any, w: Aval, *, data: Any, bins: Any, limits: Any) -> Any:
    places, inside = _bin_of(data, np.histogram_bin_edges(data, bins, limits))
    return np.where(inside, y_bar[places], 0)


def _batch_weigh(
    row: Any, size: int, args: Any, flags: Any, *, data: Any, bins: Any, limits: Any
) -> Any:
    edges = np.histogram_bin_edges(data, bins, limits)
    places, inside = _bin_of(data, edges)
    return args[0] @ (inside[:, None] & (places[:, None] == np.arange(len(edges) - 1))).astype(
        float
    )


# The data are parameters: in them the histogram is flat.
weigh = linear(
    "histogram",
    lambda w, *, data, bins, limits: np.histogram(data, bins, limits, weights=w)[0],
    _weigh_transpose,
    batch=_batch_weigh,
    selects="back",
    entries="added",
)
