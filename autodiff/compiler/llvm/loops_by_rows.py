"""Several rows of a matrix at once, column by column.

    for rows i, i + 1, i + 2, i + 3:
        for columns j, in vectors:             a row that is the same for all of them: loaded once
            compute at (i, j) ... (i + 3, j)
            sums down the columns              added to each other, then to the result
            sums along the rows                a register each, added up after the last column

Memory is read in its own order, and sums down columns are read and written once for several rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from ..ir.maps import CHEAP
from .code import I64, Word
from .operands import Operands, Words
from .reductions import COMBINE, Reduction, neutral

MOST_TOGETHER = 8
INSTRUCTIONS = 80  # about as many as the loop over columns may have
EXPANDED = 12  # instructions of an elementary function


class Rows:
    """Emits a nest whose two innermost loops are the rows and columns of a matrix."""

    def __init__(self, operands: Operands) -> None:
        self.operands, self.nest, self.code = operands, operands.nest, operands.code
        self.rows, self.columns = self.nest.sizes[-2:]
        self.width = self.nest.width()

    def together(self) -> int:
        """How many rows: so many that the loop stays small."""
        cost = 1 + sum(1 if v.function in CHEAP else EXPANDED for v in self.nest.order)
        count = MOST_TOGETHER
        while count > 1 and count * cost > INSTRUCTIONS:
            count //= 2
        return count

    def emit(self, outer: Sequence[Any] = ()) -> None:
        sizes = self.nest.sizes[:-2]
        if len(outer) < len(sizes):
            with self.code.loop(sizes[len(outer)]) as i:
                self.emit([*outer, i])
            return
        count = self.together()
        whole = self.rows // count * count
        if whole:
            with self.code.loop(whole, step=count) as i:
                self.block(outer, i, count)
        if whole < self.rows:
            self.block(outer, ir.Constant(I64, whole), self.rows - whole)

    def pieces(self) -> list[tuple[int, int, int]]:
        """Columns from, to, and the width of the vectors: what is left over is one vector if it
        is as long as one can be."""
        whole = self.columns // self.width * self.width
        rest = self.columns - whole
        found = [(0, whole, self.width)]
        if rest:
            found.append((whole, self.columns, rest if rest & (rest - 1) == 0 else 1))
        return found

    def block(self, outer: Sequence[Any], first: Any, count: int) -> None:
        nest, code, operands, b = self.nest, self.code, self.operands, self.code.builder
        lines = [[*outer, b.add(first, ir.Constant(I64, u)) if u else first] for u in range(count)]
        begun = [operands.begin(line) for line in lines]
        sums = {id(r.value): Sums(r, self, count) for r in nest.inner}
        for start, stop, width in self.pieces():
            for s in sums.values():
                s.begin(width)
            with code.loop(stop, start=start, step=width) as j:
                shared = {
                    a: operands.loaded(a, begun[0][0], j, width)
                    for a, strides in nest.paths.items()
                    if strides[-1] and not strides[-2]
                }
                values: list[Words] = []
                for starts, ready in begun:
                    values.append(dict(shared))
                    operands.load(values[-1], starts, ready, j, width)
                    operands.compute(values[-1], width)
                for line, words in zip(lines, values, strict=True):
                    self.store(words, line, j, width)
                for r in nest.reductions:
                    terms = [operands.word(r.operand, r.operand.shape, v, width) for v in values]
                    if r in nest.inner:
                        sums[id(r.value)].add(terms)
                    else:
                        self.add_to_result(r, terms, lines, j, width)
        for s in sums.values():
            s.finish(lines)

    def store(self, values: Words, line: list[Any], j: Any, width: int) -> None:
        nest, operands = self.nest, self.operands
        for (v, a), strides in zip(nest.stores, nest.store_paths, strict=True):
            pointer = operands.pointer(
                a.buffer, operands.position(nest.offset(a), strides, [*line, j])
            )
            word = operands.word(v, v.shape, values, width)
            self.code.write(word, pointer, strides[-1], a.buffer.dtype)

    def add_to_result(
        self, r: Reduction, terms: list[Word], lines: list[list[Any]], j: Any, width: int
    ) -> None:
        """Terms of a reduction that keeps the columns."""
        operands, code, dtype = self.operands, self.code, r.value.dtype
        if r.reduced[-2]:
            terms, lines = [combined(self, r, terms)], lines[:1]
        for term, line in zip(terms, lines, strict=True):
            pointer = operands.pointer(r.value, operands.position(0, r.strides, [*line, j]))
            if any(r.reduced):
                before = code.read(pointer, r.strides[-1], dtype, width)
                term = code.map(COMBINE[r.function], [before, term])
            code.write(term, pointer, r.strides[-1], dtype)


def combined(rows: Rows, r: Reduction, words: list[Word]) -> Word:
    """Words of several rows as one: in pairs, so that few wait for each other."""
    while len(words) > 1:
        words = [
            rows.code.map(COMBINE[r.function], words[k : k + 2]) if k + 1 < len(words) else words[k]
            for k in range(0, len(words), 2)
        ]
    return words[0]


class Sums:
    """A reduction along the rows, or over the whole matrix: partial sums in registers."""

    def __init__(self, r: Reduction, rows: Rows, count: int) -> None:
        self.r, self.rows, self.code = r, rows, rows.code
        self.count = 1 if r.reduced[-2] else count
        self.cells: list[tuple[int, list[Any]]] = []  # by width

    def begin(self, width: int) -> None:
        start = neutral(self.r)
        self.cells.append((width, [self.code.cell(start, width) for _ in range(self.count)]))

    def add(self, terms: list[Word]) -> None:
        width, cells = self.cells[-1]
        if self.r.reduced[-2]:
            terms = [combined(self.rows, self.r, terms)]
        for cell, term in zip(cells, terms, strict=True):
            sofar = self.code.get(cell, width, self.r.value.dtype)
            self.code.put(cell, self.code.map(COMBINE[self.r.function], [sofar, term]))

    def finish(self, lines: list[list[Any]]) -> None:
        """Each sum to its place, with what other rows have left there."""
        operands, code, r, dtype = self.rows.operands, self.code, self.r, self.r.value.dtype
        function = COMBINE[r.function]
        for k in range(self.count):
            parts = [
                code.across(function, code.get(cells[k], width, dtype))
                for width, cells in self.cells
            ]
            pointer = operands.pointer(r.value, operands.position(0, r.strides, lines[k]))
            if not operands.nest.in_registers(r):
                parts.append(code.load(pointer, dtype, 1))
            code.write(combined(self.rows, r, parts), pointer, 0, dtype)
