"""A vector times the rows of a matrix: sums along rows in memory order, several at once."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ..code import I64, Code, Word
from ..lanes import Lanes
from .blocking import Product
from .microkernel import lane_mask, load_lanes

TOGETHER = 4  # rows summed at once
CHAINS = 2  # partial sums of each, so that no addition waits for the one before


def emit_dots(code: Code, p: Product, a: Any, b: Any, c: Any, width: int) -> None:
    """``c[j] = sum over q of a[q] * b[q + j * step_b]``, where a lies in memory order."""
    whole = p.m // TOGETHER * TOGETHER
    if whole:
        with code.loop(whole, step=TOGETHER) as j:
            Rows(code, p, a, b, c, width).emit(j, TOGETHER)
    if whole < p.m:
        Rows(code, p, a, b, c, width).emit(ir.Constant(I64, whole), p.m - whole)


class Rows:
    """The code for a few rows."""

    def __init__(self, code: Code, p: Product, a: Any, b: Any, c: Any, width: int) -> None:
        self.code, self.p, self.width = code, p, width
        self.a, self.b, self.c = a, b, c
        self.lanes = Lanes(code.builder, p.dtype.name, width)

    def emit(self, j: Any, count: int) -> None:
        code, p, width = self.code, self.p, self.width
        start = code.at(self.b, code.times(j, p.step_b), p.dtype)
        rows = [code.at(start, ir.Constant(I64, r * p.step_b), p.dtype) for r in range(count)]
        zero = ir.Constant(self.lanes.format.type, 0.0)
        sums = [[code.cell(zero, width) for _ in range(CHAINS)] for _ in rows]
        step = CHAINS * width
        whole = p.k // step * step
        if whole:
            with code.loop(whole, step=step) as q:
                for chain in range(CHAINS):
                    place = code.builder.add(q, ir.Constant(I64, chain * width))
                    self.add(place, rows, [s[chain] for s in sums], width)
        for chain, q in enumerate(range(whole, p.k, width)):
            self.add(ir.Constant(I64, q), rows, [s[chain] for s in sums], p.k - q)
        for r, cells in enumerate(sums):
            first, second = (code.get(cell, width, p.dtype) for cell in cells)
            total = code.across("add", code.map("add", [first, second]))
            place = code.builder.add(j, ir.Constant(I64, r))
            code.write(total, code.at(self.c, place, p.dtype), 1, p.dtype)

    def add(self, q: Any, rows: list[Any], cells: list[Any], count: int) -> None:
        """The next vector of products to the sum of each row."""
        code, p = self.code, self.p
        mask = lane_mask(count, self.width)
        x = load_lanes(code, code.at(self.a, q, p.dtype), p.dtype, self.width, mask)
        for row, cell in zip(rows, cells, strict=True):
            y = load_lanes(code, code.at(row, q, p.dtype), p.dtype, self.width, mask)
            sofar = code.get(cell, self.width, p.dtype).ir
            code.put(cell, Word(self.lanes.fma(x, y, sofar), p.dtype, self.width))
