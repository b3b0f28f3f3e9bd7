"""The sorting rows: the same numbers in another order. The derivative is that permutation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.errors import ShapeError
from ..base.shapes import ndim_of, shape_of, size_of
from ..rules.conforming import stacked
from ..rules.kinds import choice, flat
from ..rules.primitive import Primitive
from .indexing import take_along_axis
from .require import require


def _inverse(permutation: Any, axis: int) -> Any:
    """The permutation that undoes one, in one pass where it is a plain array."""
    if not isinstance(permutation, np.ndarray):
        return np.argsort(permutation, axis=axis)
    places = np.arange(permutation.shape[axis]).reshape(-1, *(1,) * (-axis - 1))
    inverse = np.empty_like(permutation)
    np.put_along_axis(inverse, permutation, places, axis)
    return inverse


def _sorted_row(name: str, value: Callable[..., Any], permutation: Callable[..., Any]) -> Any:
    return choice(
        name,
        value,
        permutation,
        lambda s, a_dot, *, axis, **_: take_along_axis(a_dot, s, axis=axis),
        lambda y_bar, s, a, *, axis, **_: take_along_axis(y_bar, _inverse(s, axis), axis=axis),
        selects="",  # a permutation leaves nothing out
        batch="trailing",
        kinks="ties",
    )


def _partitioned(a: Any, y: Any, *, axis: int, **_: Any) -> Any:
    """The permutation that turned `a` into `y`, found from both: argpartition may order the entries
    within a part differently from partition."""
    place = np.argsort(np.argsort(y, axis=axis, kind="stable"), axis=axis)
    return np.take_along_axis(np.argsort(a, axis=axis, kind="stable"), place, axis)


sort = _sorted_row(
    "sort",
    lambda a, *, axis, kind=None: np.sort(a, axis=axis, kind=kind),
    lambda a, y, *, axis, **_: np.argsort(a, axis=axis, kind="stable"),
)
partition = _sorted_row(
    "partition", lambda a, *, kth, axis: np.partition(a, kth, axis=axis), _partitioned
)


# -- flat ------------------------------------------------------------------------------------------
def places_among(ordered: Any, values: Any, after_equals: bool) -> Any:
    """`searchsorted` where each example has a sorted array of its own: every search is halved at
    once. As in NumPy, a nan is larger than every number."""
    size, n = shape_of(ordered)
    flat = np.reshape(values, (size, size_of(shape_of(values)[1:])))
    low, high = np.zeros(flat.shape, np.intp), np.full(flat.shape, n)
    for _ in range(n.bit_length()):
        middle = (low + high) // 2
        at = np.take_along_axis(ordered, np.minimum(middle, n - 1), -1)
        goes_on = np.logical_not(_less(flat, at)) if after_equals else _less(at, flat)
        searching = low < high
        low = np.where(searching & goes_on, middle + 1, low)
        high = np.where(searching & ~goes_on, middle, high)
    return np.reshape(low, shape_of(values))


def _less(a: Any, b: Any) -> Any:
    return (a < b) | ((a == a) & (b != b))


def _batch_searchsorted(
    row: Primitive, size: int, args: Any, flags: Any, *, side: str, sorter: Any = None
) -> Any:
    if not flags[0]:
        return row(*args, side=side, sorter=sorter)
    ordered, values = args[0], stacked(args[1], flags[1], size)
    ordered = ordered if sorter is None else ordered[:, sorter]
    return places_among(ordered, values, side == "right")


def _batch_digitize(row: Primitive, size: int, args: Any, flags: Any, *, right: bool) -> Any:
    """Bins may rise in one example and fall in another."""
    if not flags[1]:
        return row(*args, right=right)
    values, bins = stacked(args[0], flags[0], size), args[1]
    n = shape_of(bins)[-1]
    rising = np.ones((size, 1), bool)
    if n > 1:  # NumPy goes by the first step between edges that differ; beside a nan it goes down
        low, high = bins[:, :-1], bins[:, 1:]
        first = np.argmax(low != high, axis=-1, keepdims=True)
        rising = np.take_along_axis(low <= high, first, axis=-1)
        turns = np.where(rising, low > high, low < high)
        message = "np.digitize: bins must be monotonically increasing or decreasing"
        require(np.logical_not(turns), ShapeError(message))
    places = places_among(np.where(rising, bins, np.flip(bins, -1)), values, not right)
    return np.where(np.reshape(rising, (size, *(1,) * (ndim_of(places) - 1))), places, n - places)


def _batch_lexsort(row: Primitive, size: int, args: Any, flags: Any, *, axis: int) -> Any:
    return row(*map(stacked, args, flags, (size,) * len(args)), axis=axis)


flat("argsort", np.argsort, batch="trailing")
flat(
    "lexsort",
    lambda *keys, axis: np.lexsort(keys, axis),
    numpy=np.lexsort,
    batch=_batch_lexsort,
)
flat("argpartition", np.argpartition, batch="trailing")
flat("searchsorted", np.searchsorted, batch=_batch_searchsorted)
flat("digitize", np.digitize, batch=_batch_digitize)
