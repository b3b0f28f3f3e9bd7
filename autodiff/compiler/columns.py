"""Sums down the columns of a matrix, with the sums in registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir

from .code import I64, Word
from .reductions import COMBINE, Reduction, neutral
from .schedule import Access

if TYPE_CHECKING:
    from .loops import Nest


class Columns:
    """Sums down the columns of a matrix: a few vectors of columns at a time, all the way down, with
    the sums in registers. Row by row, every sum would be read and written at every row."""

    def __init__(self, nest: Nest) -> None:
        self.nest, self.code = nest, nest.code
        self.rows, self.size = nest.sizes

    def emit(self) -> None:
        width = self.nest.width()
        together = 4 if len(self.nest.order) <= 12 else 2
        start = 0
        for wide, count in ((width, together), (width, 1), (1, 1)):
            step = wide * count
            stop = start + (self.size - start) // step * step
            if stop > start:
                with self.code.loop(stop, start=start, step=step) as j:
                    self.strip(j, wide, count)
            start = stop

    def strip(self, j: Any, width: int, count: int) -> None:
        nest, code, b = self.nest, self.code, self.code.builder
        places = [b.add(j, ir.Constant(I64, u * width)) if u else j for u in range(count)]
        sums = {
            id(r.value): [code.cell(neutral(r), width) for _ in places] for r in nest.reductions
        }
        with code.loop(self.rows) as i:
            ready: dict[Access, Word] = {}
            starts: dict[Access, Any] = {}
            for a, strides in nest.paths.items():
                place = starts[a] = nest.position(a.offset, strides, [i])
                if not strides[-1]:
                    pointer = code.at(nest.pointers[id(a.buffer)], place, a.buffer.dtype)
                    ready[a] = code.load(pointer, a.buffer.dtype, 1)
            for u, place in enumerate(places):
                values = nest.compute(place, width, ready, starts)
                self.store(values, i, place, width)
                for r in nest.reductions:
                    term = nest.word(r.operand, r.operand.shape, values, width)
                    cell = sums[id(r.value)][u]
                    sofar = code.get(cell, width, r.value.dtype)
                    code.put(cell, code.map(COMBINE[r.function], [sofar, term]))
        for r in nest.reductions:
            self.finish(r, sums[id(r.value)], places, width)

    def store(self, values: dict[Any, Word], i: Any, place: Any, width: int) -> None:
        nest, code = self.nest, self.code
        for (v, a), strides in zip(nest.stores, nest.store_paths, strict=True):
            row = nest.position(a.offset, strides, [i])
            at = code.builder.add(row, code.times(place, strides[-1]))
            pointer = code.at(nest.pointers[id(a.buffer)], at, a.buffer.dtype)
            code.write(nest.word(v, v.shape, values, width), pointer, strides[-1], a.buffer.dtype)

    def finish(self, r: Reduction, cells: list[Any], places: list[Any], width: int) -> None:
        nest, code, dtype = self.nest, self.code, r.value.dtype
        for cell, place in zip(cells, places, strict=True):
            word, step = code.get(cell, width, dtype), r.strides[-1]
            pointer = code.at(nest.pointers[id(r.value)], code.times(place, step), dtype)
            if r in nest.inner:
                function = COMBINE[r.function]
                one = code.across(function, word)
                word, step = code.map(function, [code.load(pointer, dtype, 1), one]), 1
            code.write(word, pointer, step, dtype)
