"""Factoring: loop-invariant factors are taken out of a sum, where the sum can then run earlier.

    sum_i w_i (x_i - m) / s   =   (sum_i w_i (x_i - m)) / s

A factor that is itself made of sums, as s of the x_i, must wait for them; the rest need not. So a
chain of sums that would each go over the array after the one before share one pass. The terms are
rounded as often as before, or less; decision 021 says what may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import numpy as np

from ..ir.piece_maps import PiecewiseMaps
from ..ir.program import BOOL, Value
from ..ir.views import layout, view

WORTHWHILE = 4096  # entries: a pass over fewer costs next to nothing
MOST_FACTORS = 16


class Product(NamedTuple):
    """A product over the terms of a sum: what varies, and what is the same along `axes`."""

    varying: list[Value]
    same: list[Value]  # the first factors that were multiplied come first
    axes: tuple[int, ...]


def reduced_over(maps: PiecewiseMaps, function: str, v: Value, axes: Sequence[int]) -> Value:
    """`v`, summed or reduced by another function over some axes."""
    axes = tuple(sorted(k % v.ndim for k in axes))
    if not axes:
        return v
    shape = tuple(n for k, n in enumerate(v.shape) if k not in axes)
    if function == "sum" and v.is_map("negative"):  # rounding is the same on both sides of 0
        return maps.apply("negative", reduced_over(maps, function, v.inputs[0], axes))
    pieces = maps.piecewise.pieces.of(v) if function == "sum" and len(axes) == v.ndim else None
    if pieces is not None and v.dtype.kind == "f":
        return sum_of_pieces(maps, v, [p.value for p in pieces])
    if not v.size:
        return maps.builder.constant(np.full(shape, neutral(function, v.dtype), v.dtype))
    earlier = factored(maps, v, axes) if function == "sum" else None
    if earlier is not None:
        return earlier
    return maps.builder.make("reduce", (v,), {"function": function, "axes": axes}, shape, v.dtype)


def sum_of_pieces(maps: PiecewiseMaps, v: Value, pieces: Sequence[Value]) -> Value:
    terms = [reduced_over(maps, "sum", x, range(x.ndim)) for x in pieces]
    if sum(x.size for x in pieces) < v.size or not terms:
        terms.append(maps.builder.constant(v.dtype.type(0)))
    return reduce(partial(maps.apply, "add"), terms)


def neutral(function: str, dtype: np.dtype[Any]) -> Any:
    """What a reduction of nothing is. That of max and min meets the initial value afterwards."""
    if function in ("sum", "prod"):
        return function == "prod"
    if dtype.kind in "fc":
        return -np.inf if function == "max" else np.inf
    if dtype == BOOL:
        return function == "min"
    limits = np.iinfo(dtype)
    return limits.min if function == "max" else limits.max


def factored(maps: PiecewiseMaps, v: Value, axes: tuple[int, ...]) -> Value | None:
    """The sum of `v` over `axes` by sums of what is ready earlier; `None` if there are none."""
    if v.op != "map" or v.dtype.kind != "f" or v.size < WORTHWHILE:
        return None
    total: Value | None = None
    products = [(sign, without_late(term, v, axes)) for sign, term in terms(v)]
    shared = {p.axes for _, p in products if p is not None}
    if len(shared) != 1 or any(p is None for _, p in products):
        return None
    (inner,) = shared
    for sign, p in products:
        assert p is not None
        y = summed(maps, p, v)
        if total is None:
            total = y if sign > 0 else maps.apply("negative", y)
        else:
            total = maps.apply("add" if sign > 0 else "subtract", total, y)
    assert total is not None
    rest = [k for k in axes if k not in inner]
    return reduced_over(maps, "sum", total, [k - sum(j < k for j in inner) for k in rest])


def terms(v: Value) -> list[tuple[int, Value]]:
    """`v` as a sum, with signs."""
    found: list[tuple[int, Value]] = []
    pending = [(1, v)]
    while pending:
        sign, x = pending.pop()
        whole = x.op == "map" and x.shape == v.shape
        if whole and x.function in ("add", "subtract"):
            first, second = x.inputs
            pending += [(-sign if x.function == "subtract" else sign, second), (sign, first)]
        elif whole and x.function == "negative":
            pending.append((-sign, x.inputs[0]))
        else:
            found.append((sign, x))
        if len(found) > MOST_FACTORS:
            return [(1, v)]
    return found


def without_late(term: Value, v: Value, axes: tuple[int, ...]) -> Product | None:
    """A term of `v` whose latest factors are the same along some of the axes."""
    found = factors(term)
    latest = max((x.depth for x in found), default=0)
    late = [x for x in found if x.depth == latest]
    inner = tuple(k for k in axes if all(is_same_along(x, v, k) for x in late))
    same = [x for x in found if all(is_same_along(x, v, k) for k in inner)]
    varying = [x for x in found if x not in same]
    if not inner or not varying or not latest:
        return None
    return Product(varying, same, inner)


def factors(v: Value) -> list[Value]:
    """`v` as a product, the first factors that are multiplied first."""
    found: list[tuple[int, Value]] = []
    pending = [(0, v)]
    while pending:
        height, x = pending.pop()
        if x.is_map("multiply") and len(found) + len(pending) < MOST_FACTORS:
            pending += [(height + 1, y) for y in reversed(x.inputs)]
        else:
            found.append((height, x))
    return [x for _, x in sorted(found, key=lambda pair: -pair[0])]


def is_same_along(x: Value, v: Value, axis: int) -> bool:
    """Is `x`, an operand of `v`, the same all along this axis of `v`?"""
    k = axis - (v.ndim - x.ndim)
    return k < 0 or x.shape[k] == 1 or layout(x)[2][k] == 0


def summed(maps: PiecewiseMaps, p: Product, v: Value) -> Value:
    """The sum of a product over its axes."""
    first, *others = sorted(p.varying, key=lambda x: x.number)  # so that equal sums are one
    inside = reduce(partial(maps.apply, "multiply"), others, first)
    y = reduced_over(maps, "sum", maps.broadcast(inside, v.shape), p.axes)
    for x in p.same:
        y = maps.apply("multiply", y, at_one(maps, x, v, p.axes))
    return y


def at_one(maps: PiecewiseMaps, x: Value, v: Value, axes: Sequence[int]) -> Value:
    """`x`, which is the same along these axes of `v`, without them."""
    x = maps.broadcast(x, v.shape)
    base, offset, strides = layout(x)
    kept = [k for k in range(v.ndim) if k not in axes]
    shape = tuple(v.shape[k] for k in kept)
    return view(maps.builder, base, offset, [strides[k] for k in kept], shape, x.weak)
