"""Functions of arrays that are known piece by piece, piece by piece.

A function of a `place` is a `place` of functions of the parts, and so on until something needs the
whole array:

    place(a at 0:9) + place(b at 1:10)  =  place(a[:1] + 0 at 0:1,  a[1:] + b[:-1] at 1:9,
                                                 0 + b[-1:] at 9:10)

So the transpose of a stencil is one loop over its interior that reads neighbours, with the edges
apart; and a Hessian of terms that touch few entries each is a few diagonals until it is written.
Zeros are added as numbers, for -0.0 + 0.0 is 0.0; where the rest would be anything but 0.0, the
whole array is computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from .maps import Maps, Rule, common_shape
from .piece_reads import Parts
from .piece_values import FEW_PIECES, MOST_PIECES, SPARSE, Piece, Pieces, are_many, holder, refined
from .program import Builder, Value, is_number, number
from .regions import IncomparableError, Region, layout_of, region_of, whole, without
from .views import contiguous, layout

MOST_AGAIN = 12  # cheap maps that it is better to compute again than to write and read
SMALLEST, SMALLEST_IN_NUMPY = 64, 1024  # entries of which it repays to look for a pattern


class PiecewiseMaps(Maps):
    """Maps that are a `place` of maps where that is less work."""

    def __init__(
        self, builder: Builder, rules: Mapping[str, Rule], reciprocals: bool = True
    ) -> None:
        super().__init__(builder, rules, reciprocals)
        self.piecewise = Piecewise(self, MOST_AGAIN if reciprocals else 0)

    def _make(self, name: str, operands: Sequence[Value], dtype: Any) -> Value:
        if name == "where":
            c, a, b = operands
            few = self.piecewise.chosen(c, a, b, common_shape(operands))
            if few is not None:
                return few
        return super()._make(name, operands, dtype)

    def _instruction(self, name: str, operands: Sequence[Value], dtype: Any, shape: Any) -> Value:
        y = self.piecewise.of_map(name, operands, dtype, shape)
        return super()._instruction(name, operands, dtype, shape) if y is None else y


class Piecewise:
    """Makes a map a `place` of maps where that is less work."""

    def __init__(self, maps: Maps, most_again: int) -> None:
        self.maps, self.builder, self.most_again = maps, maps.builder, most_again
        self.pieces = Pieces(maps.builder)
        self.parts = Parts(maps, self.pieces, most_again)

    def of_map(self, name: str, operands: Sequence[Value], dtype: Any, shape: Any) -> Value | None:
        """A map as a `place` of maps, where that is less work."""
        if not any(layout(x)[0].op == "place" for x in operands):
            return None
        given = [self.pieces.of(x) if x.shape == shape else None for x in operands]
        if not any(p is not None for p in given):
            return None
        for k, x in enumerate(operands):
            if given[k] is None and x.shape == shape and number(x) is None:
                given[k] = self.pieces.of_constant(x)
        try:
            cells = self.cells(name, operands, given, dtype, shape)
        except IncomparableError:
            return None
        if cells is None:
            return None
        return self.place(cells, shape, dtype, any(map(is_pattern, operands)))

    def cells(
        self, name: str, operands: Sequence[Value], given: Any, dtype: Any, shape: Any
    ) -> list[Piece] | None:
        """The pieces of a map."""
        regions = self.regions(name, operands, given, dtype, shape)
        if regions is None:
            return None
        sparse = sum(r.size for r in regions) * SPARSE <= prod(shape)
        if not sparse:
            self.parts.settle(given)
        cells = []
        for r in regions:
            pairs = zip(operands, given, strict=True)
            values = [self.in_region(x, p, r, sparse, shape) for x, p in pairs]
            cells.append(Piece(r, self.parts.again(name, values, dtype, r.counts)))
        return cells

    def in_region(
        self, x: Value, pieces: list[Piece] | None, r: Region, sparse: bool, shape: Any
    ) -> Value:
        """The entries of an operand in a region that lies in one of its pieces or in none."""
        if pieces is None:
            return self.parts.part(self.maps.broadcast(x, shape), r, sparse)
        found = holder(pieces, r)
        if found is None:
            return self.builder.spread(self.pieces.zero(x), r.counts)
        return self.parts.part(*found, sparse)

    def regions(
        self, name: str, operands: Sequence[Value], given: Any, dtype: Any, shape: Any
    ) -> list[Region] | None:
        """Where the pieces of a map are; `None` if it is better computed as a whole."""
        found = refined([p for p in given if p is not None])
        size, total = sum(r.size for r in found), prod(shape)
        numbers = [
            x if p is None else self.pieces.zero(x) for x, p in zip(operands, given, strict=True)
        ]
        if all(number(x) is not None for x in numbers) and size < total:
            y = self.parts.again(
                name, [self.builder.constant(number(x)) for x in numbers], dtype, ()
            )
            signless = all(map(is_pattern, (x for x in operands if number(x) is None)))
            if is_number(y, 0.0) or (signless and is_number(y, -0.0)):
                return found if len(found) <= self.most(size, total) else None
        pieced = [p for p in given if p is not None]
        if not self.most_again or (len(pieced) == 1 and are_many(pieced[0], total)):
            return None
        gaps = [whole(shape)] if size < total else []
        for r in found:
            gaps = without(gaps, r)
        found += gaps
        fits = len(pieced) > 1 and len(found) <= sum(map(len, pieced))
        fits = fits or max(r.size for r in found) * SPARSE >= total * 3
        at_hand = all(
            p is not None or layout(x)[0].op != "map" or self.parts.is_cheap(layout(x)[0])
            for x, p in zip(operands, given, strict=True)
        )
        return found if fits and at_hand and len(found) <= MOST_PIECES else None

    def most(self, size: int, total: int) -> int:
        return MOST_PIECES if self.most_again or size * SPARSE <= total else FEW_PIECES

    def chosen(self, c: Value, a: Value, b: Value, shape: Any) -> Value | None:
        """where(c, a, 0.0) for a known c that is true in few places."""
        small = c.size < (SMALLEST if self.most_again else SMALLEST_IN_NUMPY)
        if small or c.op != "constant" or c.shape != shape or not is_number(b, 0.0):
            return None
        pieces = self.pieces.of_constant(c)
        if pieces is None:
            return None
        a = self.maps.broadcast(a, shape)
        chosen = [Piece(p.region, self.parts.part(a, p.region, True)) for p in pieces]
        return self.place(chosen, shape, a.dtype, pattern=True)

    def place(
        self, pieces: Sequence[Piece], shape: Any, dtype: Any, pattern: bool = False
    ) -> Value:
        """The array that has these pieces, and is zero elsewhere; with `pattern` by nature."""
        pieces = [q for p in pieces for q in self.opened(p) if not is_number(q.value, 0.0)]
        if not pieces:
            return self.builder.spread(self.builder.constant(dtype.type(0)), tuple(shape))
        places = tuple(layout_of(p.region, contiguous(shape)) for p in pieces)
        full = covered(pieces) == prod(shape)
        params = {"places": places, "covered": full, **self.mark(pattern)}
        values = [p.value for p in pieces]
        return self.builder.make("place", values, params, tuple(shape), dtype)

    def opened(self, p: Piece) -> list[Piece]:
        """A piece that few pieces of its own cover, as these."""
        inner = self.pieces.of(p.value)
        if inner is None or len(inner) > FEW_PIECES or covered(inner) < p.region.size:
            return [p]
        return [Piece(p.region.of(q.region), q.value) for q in inner]

    @staticmethod
    def mark(pattern: bool) -> dict[str, Any]:
        return {"pattern": True} if pattern else {}

    def flat(self, shape: Any, parts: Sequence[Any], last: bool) -> list[Any]:
        """Parts of a new array, (value, offset, strides) each; pieces of parts instead of parts.
        `last`: it is a result of the program."""
        apart = sum(x.size for x, *_ in parts) <= prod(shape)
        found: list[Any] = []
        for x, offset, strides in parts:
            region, pieces = region_of(shape, offset, strides, x.shape), self.pieces.of(x, last)
            copy = last or x.size == prod(shape)
            if (
                region is None
                or pieces is None
                or (are_many(pieces, x.size) and not copy)
                or not (apart or covered(pieces) == x.size)  # its zeros may overwrite
            ):
                found.append((x, offset, strides))
                continue
            axes = [k for k, n in enumerate(x.shape) if n > 1]
            for p in pieces:
                inner = Region(
                    tuple(p.region.start[k] for k in axes),
                    tuple(tuple(step[k] for k in axes) for step in p.region.steps),
                    p.region.counts,
                )
                found.append((p.value, *layout_of(region.of(inner), contiguous(shape))))
        return found if len(found) <= max(len(parts), MOST_PIECES) else list(parts)


def covered(pieces: Sequence[Piece]) -> int:
    return sum(p.region.size for p in pieces)


def is_pattern(v: Value) -> bool:
    """Are its zeros those that a known choice left, whose sign means nothing?"""
    return bool(layout(v)[0].params.get("pattern"))
