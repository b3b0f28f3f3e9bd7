"""The entries of a value in a region: computed for them alone, or read from the whole array.

A stencil's transpose reads its cotangent at several shifts. Little arithmetic is done at each of
them again; much is done once, for the whole array, which is then read several times. Where a region
is but a few entries of an array, only they are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .maps import Maps
from .piece_values import SPARSE, Piece, Pieces, are_many, holder
from .program import Value, number
from .regions import IncomparableError, Region, layout_of, region_of
from .views import layout

READ = 3  # maps that a read is worth: at another shift it crosses lines of the cache
FEW = 16  # maps that are little arithmetic beside a costly one
SUMS = 4  # times the work that a map is worth, a sum so far is, which nothing else needs


class Parts:
    """Parts of values; equal ones are made once."""

    def __init__(self, maps: Maps, pieces: Pieces, most_again: int) -> None:
        self.maps, self.pieces, self.builder = maps, pieces, maps.builder
        self.most_again = most_again  # as many maps are computed again rather than stored and read
        self.restricted: dict[Any, Value] = {}
        self.stored: set[int] = set()  # maps that are written as a whole
        self.made: set[int] = set()  # maps of entries of one region, which nothing else reads

    def part(self, v: Value, r: Region, sparse: bool) -> Value:
        """The entries of `v` in a region. Maps are computed for these entries alone, if they are
        few or the maps are cheap; else they are read from the whole array."""
        wanted = [(v, r)]
        while wanted:
            x, region = wanted[-1]
            key = (id(x), region, sparse)
            if key in self.restricted:
                wanted.pop()
                continue
            if not sparse and layout(x)[0] is not x:  # read like this, it is written as a whole
                self.restricted[key] = self.pieces.shown(x, region)
                continue
            base, inner = self.source(x, region)
            if inner is None or not self.is_computed_again(base, inner, sparse):
                self.restricted[key] = base if inner is None else self.pieces.shown(base, inner)
            else:
                operands = [self.maps.broadcast(y, base.shape) for y in base.inputs]
                keys = [(id(y), inner, sparse) for y in operands]
                missing = [
                    (y, inner)
                    for y, k in zip(operands, keys, strict=True)
                    if k not in self.restricted
                ]
                if missing:
                    wanted += missing
                    continue
                values = [self.restricted[k] for k in keys]
                self.restricted[key] = self.again(base.function, values, base.dtype, inner.counts)
        return self.restricted[id(v), r, sparse]

    def source(self, v: Value, r: Region) -> tuple[Value, Region | None]:
        """The map and its region that these entries come from; or the entries themselves."""
        while True:
            base, offset, strides = layout(v)
            if base.op not in ("map", "place"):
                return self.pieces.shown(v, r), None
            region = region_of(base.shape, *layout_of(r, strides, offset), r.counts)
            if region is None:
                return self.pieces.shown(v, r), None
            if base.op == "map":
                return base, region
            pieces = self.pieces.of(base)
            if pieces is not None and are_many(pieces, base.size):
                pieces = None
            try:
                found = None if pieces is None else holder(pieces, region)
            except IncomparableError:
                pieces = None
            if pieces is None:
                return self.pieces.shown(v, r), None
            if found is None:
                return self.builder.spread(self.pieces.zero(base), r.counts), None
            v, r = found

    def again(self, name: str, values: Sequence[Value], dtype: Any, shape: Any) -> Value:
        """The same function of other operands."""
        before = self.builder.count
        values = [x if number(x) is None else self.builder.constant(number(x)) for x in values]
        if name == "cast":
            y = self.maps.cast(values[0], dtype)
        elif name == "where":
            y = self.maps.where(*values)
        else:
            y = self.maps.apply(name, *values)
        if y.number > before:
            self.made.add(id(y))
        return self.maps.broadcast(y, shape)

    def is_computed_again(self, v: Value, r: Region, sparse: bool) -> bool:
        if r.size == v.size:
            return False
        return (sparse and r.size * SPARSE <= v.size) or self.is_cheap(v)

    def is_cheap(self, v: Value) -> bool:
        """Is it cheaper to compute `v` at each place that reads it than to write and read it?"""
        if id(v) in self.stored:
            return False
        most = self.most_again * (SUMS if id(v) in self.made else 1)
        seen: set[int] = set()
        wanted, work = [v], 0
        while wanted and work <= most:
            x = wanted.pop()
            if number(x) is not None or id(x) in seen:
                continue
            seen.add(id(x))
            if layout(x)[0] is x and x.op == "map" and id(x) not in self.stored:
                if x.function not in self.maps.cheap:
                    return False
                work += 1
                wanted += x.inputs
            else:
                work += READ
        return work <= most

    def settle(self, pieces: Sequence[list[Piece] | None]) -> None:
        """Decide which of the values that are read piece by piece are written as a whole: where
        little is done to one costly value, that one, of which others may be made as well."""
        values = {layout(p.value)[0] for ps in pieces for p in ps or ()}
        for v in sorted(values, key=lambda v: v.number):
            if v.op == "map" and not self.is_cheap(v):
                self.stored.add(id(self.costly(v)))
                if not self.is_cheap(v):
                    self.stored.add(id(v))

    def costly(self, v: Value) -> Value:
        """The only costly value that `v` is made of by few cheap maps; `v` itself, if it is several
        or far away."""
        start = v
        for _ in range(FEW):
            if v.function not in self.maps.cheap:
                return v
            dear = [x for x in v.inputs if x.op == "map" and not self.is_cheap(x)]
            if len(dear) != 1 or id(dear[0]) in self.stored:
                return v
            v = dear[0]
        return start
