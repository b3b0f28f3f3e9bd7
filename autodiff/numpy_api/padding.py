"""np.pad in every mode: axis after axis, a piece is put before and a piece behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..arrays.views import in_one_piece, order_of
from ..base.shapes import ndim_of, shape_of, size_of
from ..rules.primitive import Traced
from .arguments import as_dtype, refuse_argument
from .indexing import along, getitem

Pair = tuple[Any, Any]
STATISTICS = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}
OPTIONS = {
    "constant": {"constant_values"},
    "linear_ramp": {"end_values"},
    **{mode: {"stat_length"} for mode in STATISTICS},
    "reflect": {"reflect_type"},
    "symmetric": {"reflect_type"},
    "edge": set(),
    "wrap": set(),
    "empty": set(),
}


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    a = operand(array)
    ndim = ndim_of(a)
    widths = integer_pairs(pad_width, ndim)
    if callable(mode):
        refuse_argument("np.pad", "mode", mode, "use a named mode, or np.concatenate")
    if mode not in OPTIONS:
        raise ValueError(f"mode '{mode}' is not supported")
    if unknown := set(options) - OPTIONS[mode]:
        raise ValueError(f"unsupported keyword arguments for mode '{mode}': {unknown}")
    if mode == "empty":
        refuse_argument("np.pad", "mode", mode, 'its padding is undefined: use mode="constant"')
    if mode != "constant" and size_of(shape_of(a)) == 0:
        for k, width in enumerate(widths):
            if shape_of(a)[k] == 0 and any(width):
                raise ValueError(f"can't extend empty axis {k} using modes other than 'constant'")
    pieces = pieces_of(mode, ndim, **options)
    for k, width in enumerate(widths):
        if any(width):
            a = pieces(a, k, width)
    return in_one_piece(a, order_of(array))


def pieces_of(mode: str, ndim: int, **options: Any) -> Callable[[Any, int, Pair], Any]:
    """The function that pads one axis: ``(a, axis, (before, after)) -> padded``."""
    if mode in STATISTICS:
        lengths = stat_lengths(options.get("stat_length"), ndim)
        statistic = STATISTICS[mode]
        return lambda a, k, width: with_statistic(a, k, width, statistic, lengths[k])
    if mode == "constant":
        values = value_pairs(options.get("constant_values", 0), ndim)
        return lambda a, k, width: with_constants(a, k, width, values[k])
    if mode == "linear_ramp":
        ends = value_pairs(options.get("end_values", 0), ndim)
        return lambda a, k, width: with_ramps(a, k, width, ends[k])
    if options.get("reflect_type", "even") == "odd":
        return lambda a, k, width: with_odd_reflection(a, k, width, mode == "symmetric")
    return lambda a, k, width: by_places(a, k, width, mode)


# -- arguments -------------------------------------------------------------------------------------
def integer_pairs(pad_width: Any, ndim: int) -> list[Pair]:
    """A pair (before, after) for every axis."""
    if isinstance(pad_width, dict):
        pairs = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = (width, width) if isinstance(width, int) else tuple(width)
        pad_width = pairs
    widths = np.asarray(pad_width)
    if widths.dtype.kind != "i":
        raise TypeError("`pad_width` must be of integral type.")
    if widths.size and widths.min() < 0:
        raise ValueError("index can't contain negative values")
    return [tuple(pair) for pair in np.broadcast_to(widths, (ndim, 2)).tolist()]


def value_pairs(values: Any, ndim: int) -> Any:
    """Fill values, tracked or not, in shape (ndim, 2). Plain ones stay Python numbers, and so weak,
    as in NumPy."""
    pairs = np.broadcast_to(operand(values), (ndim, 2))
    return pairs.tolist() if isinstance(pairs, np.ndarray) and np.size(values) > 2 else pairs


def stat_lengths(lengths: Any, ndim: int) -> list[Pair]:
    if lengths is None:
        return [(None, None)] * ndim
    return integer_pairs(lengths, ndim)


# -- one axis --------------------------------------------------------------------------------------
def joined(before: Any, a: Any, after: Any, k: int) -> Any:
    return np.concatenate([as_dtype(piece, a.dtype) for piece in (before, a, after)], axis=k)


def slab(a: Any, k: int, start: Any, stop: Any, step: int = 1) -> Any:
    return getitem(a, along(k - ndim_of(a), slice(start, stop, step)))


def spread(piece: Any, a: Any, k: int, width: int) -> Any:
    """A piece of thickness one, or a number, repeated `width` times along an axis."""
    shape = list(shape_of(a))
    shape[k] = width
    return np.broadcast_to(piece, shape)


def with_constants(a: Any, k: int, width: Pair, values: Any) -> Any:
    pair = [assigned(values[side], a.dtype) for side in (0, 1)]
    before, after = (spread(operand(x), a, k, n) for x, n in zip(pair, width, strict=True))
    return joined(before, a, after, k)


def assigned(x: Any, dtype: Any) -> Any:
    """`x` as NumPy assigns it to an array of this dtype, or refuses to."""
    if isinstance(x, Traced):
        return as_dtype(x, dtype)
    entry = np.empty((), dtype)
    entry[...] = x
    return entry


def with_ramps(a: Any, k: int, width: Pair, ends: Any) -> Any:
    edges = slab(a, k, 0, 1), slab(a, k, shape_of(a)[k] - 1, None)
    before, after = (
        np.linspace(
            ends[side], np.squeeze(edges[side], k), width[side], False, dtype=a.dtype, axis=k
        )
        for side in (0, 1)
    )
    return joined(before, a, np.flip(after, k), k)


def with_statistic(a: Any, k: int, width: Pair, statistic: Any, lengths: Pair) -> Any:
    size = shape_of(a)[k]
    before, after = (size if n is None else min(n, size) for n in lengths)
    if 0 in (before, after) and statistic in (np.max, np.min):
        raise ValueError("stat_length of 0 yields no value for padding")
    chunks = slab(a, k, 0, before), slab(a, k, size - after, None)
    pieces = []
    for side in (0, 1):
        value = statistic(chunks[side], axis=k, keepdims=True)
        value = np.rint(value) if a.dtype.kind in "iu" else value
        pieces.append(spread(value, a, k, width[side]))
    return joined(pieces[0], a, pieces[1], k)


def by_places(a: Any, k: int, width: Pair, mode: str) -> Any:
    """The modes that repeat entries: NumPy pads their places, which are then taken."""
    places = np.pad(np.arange(shape_of(a)[k]), width, mode=mode)
    return getitem(a, along(k - ndim_of(a), places))


def with_odd_reflection(a: Any, k: int, width: Pair, include_edge: bool) -> Any:
    """Each round reflects at most what there is about either end, ``2 * edge - entry``; a round
    starts from whole periods of the array that was given."""
    period = shape_of(a)[k]
    if period == 1:
        return by_places(a, k, width, "edge")
    before, after = width
    while before > 0 or after > 0:
        size = shape_of(a)[k]
        if include_edge:
            reach, skip = size // period * period, 0
        else:
            reach, skip = (size - 1) // (period - 1) * (period - 1), 1
        left, right = min(reach, before), min(reach, after)
        first, last = slab(a, k, 0, 1), slab(a, k, size - 1, None)
        head = 2 * first - np.flip(slab(a, k, skip, skip + left), k)
        # NumPy pads the left first, but the right side never reaches what the left has gained.
        tail = 2 * last - np.flip(slab(a, k, size - skip - right, size - skip), k)
        a = joined(head, a, tail, k)
        before, after = before - left, after - right
    return a
