"""Which arrays are known piece by piece: slices put back, sums of them, joined arrays, diagonals.

A `place` says where its parts stand and that the rest is zero; a view of it shows some of that. A
known array that is zero almost everywhere has its other entries as pieces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...base.shapes import Shape
from .program import Builder, Value
from .regions import (
    IncomparableError,
    Index,
    Region,
    clipped,
    expressed,
    layout_of,
    located,
    overlap,
    region_of,
    regions_of,
    rest,
    whole,
    without,
)
from .views import contiguous, layout, memory_order, view

MOST_PIECES = 32
FEW_PIECES = 4  # of NumPy, where each is a call; of a sum that is read through
SPARSE = 4  # pieces are few entries if they are at most one in four


class Piece(NamedTuple):
    """Where it stands, and its entries: an array whose axes are those of the region."""

    region: Region
    value: Value


class Pieces:
    """The pieces of values."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.known: dict[int, list[Piece] | None] = {}

    def of(self, v: Value, last: bool = False) -> list[Piece] | None:
        """The pieces of a `place` or of a view of one; entries outside them are 0. `last`: nothing
        but a copy is made of them."""
        base, offset, strides = layout(v)
        if base.op != "place":
            return None
        if id(base) not in self.known:
            try:
                self.known[id(base)] = self.placed(base)
            except IncomparableError:
                self.known[id(base)] = None
        found = self.known[id(base)]
        if found is None or v is base:
            return found
        order = memory_order(v)
        if order is not None:
            return turned(reshaped(found, base.shape, tuple(v.shape[k] for k in order)), order)
        window = region_of(base.shape, offset, strides, v.shape)
        if window is None or (not last and are_many(found, base.size)):
            return None  # a sum of slices, sliced again, is better written once
        try:
            return [q for p in found if (q := self.seen(p, window, v.shape)) is not None]
        except IncomparableError:
            return None

    def seen(self, p: Piece, window: Region, shape: Shape) -> Piece | None:
        """What a view of this shape shows of a piece."""
        inside, own = whole(shape), whole(p.value.shape)
        inner = expressed(p.region, window)
        if inner is not None:
            box = clipped(inner, window.counts)
            if box is None:
                return None
            return Piece(inside.of(inner.part(box)), self.shown(p.value, own.part(box)))
        box = overlap(window, p.region)
        if box is None:
            return None
        shown = located(window.part(box), p.region)
        assert shown is not None
        return Piece(inside.part(box), self.shown(p.value, shown))

    def placed(self, base: Value) -> list[Piece] | None:
        """The parts of a `place`, without what later parts overwrite."""
        found: list[Piece] = []
        for x, (offset, strides) in zip(base.inputs, base.params["places"], strict=True):
            region = region_of(base.shape, offset, strides, x.shape)
            if region is None:
                return None
            if sum(y.size for y in base.inputs) > base.size:
                found = [q for p in found for q in self.uncovered(p, region)]
            found.append(Piece(region, self.shown(x, whole(x.shape))))
            if len(found) > MOST_PIECES:
                return None
        return found

    def uncovered(self, p: Piece, region: Region) -> list[Piece]:
        """What of a piece a region leaves."""
        box = overlap(p.region, region)
        if box is None:
            return [p]
        own = whole(p.value.shape)
        return [
            Piece(p.region.part(slab), self.shown(p.value, own.part(slab)))
            for slab in rest(p.region.counts, box)
        ]

    def of_constant(self, v: Value) -> list[Piece] | None:
        """A known array that is 0 almost everywhere."""
        if v.op != "constant" or not v.ndim:
            return None
        if id(v) not in self.known:
            self.known[id(v)] = self.lines(v)
        return self.known[id(v)]

    def lines(self, v: Value) -> list[Piece] | None:
        array = v.params["value"]
        mask = (array != 0) | (np.signbit(array) if array.dtype.kind == "f" else False)
        if np.count_nonzero(mask) * SPARSE > v.size:
            return None
        regions = regions_of(mask)
        if regions is None or len(regions) > MOST_PIECES:
            return None
        return [Piece(r, self.shown(v, r)) for r in regions]

    def shown(self, v: Value, r: Region) -> Value:
        """The entries of `v` in a region, as a view; of a known array, the numbers themselves."""
        base, offset, strides = layout(v)
        offset, steps = layout_of(r, strides, offset)
        if base.op == "constant":
            if not base.ndim:
                return self.builder.spread(base, r.counts)
            array = np.ascontiguousarray(base.params["value"])
            flat = array.reshape(-1)[offset:]
            seen = as_strided(flat, r.counts, [s * array.itemsize for s in steps])
            return self.builder.constant(seen.copy())
        return view(self.builder, base, offset, steps, r.counts, v.weak)

    def zero(self, v: Value) -> Value:
        return self.builder.constant(v.dtype.type(0))


def reshaped(pieces: Sequence[Piece], before: Shape, after: Shape) -> list[Piece] | None:
    """Where pieces of an array stand in another shape of it; `None` if one is then no region."""
    found = []
    for p in pieces:
        region = region_of(after, *layout_of(p.region, contiguous(before)), p.region.counts)
        if region is None:
            return None
        found.append(Piece(region, p.value))
    return found


def turned(pieces: Sequence[Piece] | None, order: Sequence[int]) -> list[Piece] | None:
    """Pieces of an array whose axes were in this order, in the usual one."""
    if pieces is None:
        return None

    def usual(index: Index) -> Index:
        return tuple(index[order.index(k)] for k in range(len(order)))

    return [
        Piece(Region(usual(r.start), tuple(map(usual, r.steps)), r.counts), value)
        for r, value in pieces
    ]


def are_many(pieces: Sequence[Piece], size: int) -> bool:
    """Are there many pieces, and do they fill most of an array of this size?"""
    return len(pieces) > FEW_PIECES and sum(p.region.size for p in pieces) * SPARSE > size


def holder(pieces: Sequence[Piece], r: Region) -> tuple[Value, Region] | None:
    """The piece that a region lies in, and where it does; `None` if it lies in none.

    It never lies in a piece in part: raises `IncomparableError`, also where that is not known."""
    for p in pieces:
        inner = located(r, p.region)
        if inner is not None:
            return p.value, inner
    if any(overlap(r, p.region) is not None for p in pieces):
        raise IncomparableError
    return None


def refined(given: Sequence[list[Piece]]) -> list[Region]:
    """Regions such that each lies in one piece of every operand or in none."""
    regions = [p.region for p in given[0]]
    for pieces in given[1:]:
        shared: list[Region] = []
        alone = [p.region for p in pieces]
        for r in regions:
            left = [r]
            for p in pieces:
                boxes = [(q, overlap(q, p.region)) for q in left]
                shared += [q.part(box) for q, box in boxes if box is not None]
                left = without(left, p.region)
            shared += left
            alone = without(alone, r)
        regions = shared + alone
    return regions
