"""The code of a matrix product of our own: loops over blocks and tiles around a micro-kernel.

    for columns of b, a block at a time            a block of b fits the second cache
        for a part of the sum                      copied so that it is read in order ("packed")
            for rows of a, a tile at a time        a tile of a fits the first cache
                for panels of the block            a tile of the result fits the registers
                    micro-kernel

After Goto and van de Geijn (2008) and BLIS (Van Zee and van de Geijn, 2015). Here every size and
stride is known when the code is made: an operand that can be read in place is, tiles are as equal
as the sizes allow, and edges are tiles of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from ..code import I1, I32, I64, POINTER, Code, ir_type
from .blocking import Plan, Product, vector_of
from .dots import emit_dots
from .microkernel import Tile, lane_mask, load_lanes, micro_kernel


def emit_matmul(code: Code, p: Product, a: Any, b: Any, c: Any, scratch: Any) -> None:
    """A call of the product's function, made once a module."""
    name = "product." + ".".join(str(x) for x in p)
    function = code.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * 4)
        function = ir.Function(code.module, kind, name)
        function.linkage = "internal"
        function.args[2].add_attribute("noalias")
        function.attributes.add("noinline")
        Blocks(function, p).emit()
    code.builder.call(function, [a, b, c, scratch])


class Blocks:
    """The loops around the micro-kernel."""

    def __init__(self, function: ir.Function, p: Product) -> None:
        self.p, self.plan = p, Plan(p)
        self.code = Code(ir.IRBuilder(function.append_basic_block("entry")))
        self.a, self.b, self.c, self.scratch = function.args

    def emit(self) -> None:
        if self.p.is_dots:
            self.dots()
        else:
            self.pieces(self.p.m, self.plan.block * self.plan.panel, self.sum_parts)
        self.code.builder.ret_void()

    def dots(self) -> None:
        p, code, a = self.p, self.code, self.a
        if p.step_a != 1:
            with code.loop(p.k) as q:
                code.write(
                    code.load(self.at(a, (q, p.step_a)), p.dtype, 1),
                    self.at(self.scratch, (q, 1)), 1, p.dtype,
                )  # fmt: skip
            a = self.scratch
        emit_dots(code, p, a, self.b, self.c, vector_of(p.k, p.dtype))

    def pieces(
        self, size: int, piece: int, body: Callable[[Any, int], None], first: int = 0
    ) -> None:
        """``body(start, length)`` for equal pieces of a range, and for what is left of it."""
        whole = size // piece * piece
        if whole:
            with self.code.loop(first + whole, start=first, step=piece) as start:
                body(start, piece)
        if whole < size:
            body(ir.Constant(I64, first + whole), size - whole)

    def at(self, pointer: Any, *steps: tuple[Any, int]) -> Any:
        """The entry at ``sum(i * stride)``."""
        place: Any = ir.Constant(I64, 0)
        for i, stride in steps:
            place = self.code.builder.add(place, self.code.times(i, stride))
        return self.code.at(pointer, place, self.p.dtype)

    def sum_parts(self, column: Any, columns: int) -> None:
        """The whole sum for a block of columns, a part of it at a time."""
        p = self.p

        def part(start: Any, depth: int) -> None:
            a = self.at(self.a, (start, p.step_a))
            b = self.at(self.b, (start, p.row_b), (column, p.step_b))
            c = self.at(self.c, (column, 1))
            later = self.code.builder.icmp_signed(">", start, ir.Constant(I64, 0))
            adds = ir.Constant(I1, 1) if p.adds else later
            self.rank_update(a, b, c, columns, depth, adds)

        self.pieces(p.k, self.plan.depth, part)

    def rank_update(self, a: Any, b: Any, c: Any, columns: int, depth: int, adds: Any) -> None:
        """One block of b with all rows of a."""
        plan = self.plan
        if plan.packs_b:
            self.pieces(columns, plan.panel, lambda j, count: self.pack_b(b, j, count, depth))
            b = self.scratch

        def tile_row(i: Any, rows: int) -> None:
            tile_a = self.packed_a(a, i, rows, depth) if plan.packs_a else None
            self.pieces(columns, plan.panel, lambda j, count: tile(i, rows, j, count, tile_a))

        def tile(i: Any, rows: int, j: Any, count: int, tile_a: Any) -> None:
            self.tile(a, b, c, (i, rows), (j, count), depth, adds, tile_a)

        if plan.packs_b or plan.packs_a:
            self.tile_rows(tile_row)
        else:  # few rows: a panel of b is read once, from far, and used for all of them
            self.pieces(
                columns,
                plan.panel,
                lambda j, count: self.tile_rows(lambda i, rows: tile(i, rows, j, count, None)),
            )

    def tile_rows(self, body: Callable[[Any, int], None]) -> None:
        """``body(i, rows)`` for tiles of two heights, which differ by one row."""
        plan, n = self.plan, self.p.n
        tall = n - plan.tiles * (plan.rows - 1)
        self.pieces(tall * plan.rows, plan.rows, body)
        if tall < plan.tiles:
            self.pieces(n - tall * plan.rows, plan.rows - 1, body, first=tall * plan.rows)

    def tile(
        self,
        a: Any,
        b: Any,
        c: Any,
        row: tuple[Any, int],
        column: tuple[Any, int],
        depth: int,
        adds: Any,
        tile_a: Any,
    ) -> None:
        p, plan, code = self.p, self.plan, self.code
        (i, rows), (j, columns) = row, column
        vectors = -(-columns // plan.width)
        kernel = micro_kernel(
            code.module,
            Tile(
                p.dtype, plan.width, rows, vectors, columns,
                a_row=p.row_a if tile_a is None else 1,
                a_step=p.step_a if tile_a is None else plan.tile_a,
                b_row=vectors * plan.width if plan.packs_b else p.row_b,
                b_whole=plan.packs_b,
                c_row=p.row_c or p.m,
                k=depth if depth == p.k else None,
                adds=p.adds or depth < p.k,
                ahead=p.ahead,
            ),
        )  # fmt: skip
        at_a = self.at(a, (i, p.row_a)) if tile_a is None else tile_a
        at_b = self.at(b, (j, depth if plan.packs_b else 1))
        at_c = self.at(c, (i, p.row_c or p.m), (j, 1))
        code.builder.call(kernel, [at_a, at_b, at_c, ir.Constant(I64, depth), adds])

    # -- packing ---------------------------------------------------------------------------------
    def pack_b(self, b: Any, j: Any, columns: int, depth: int) -> None:
        """A panel, row after row, filled up to whole vectors."""
        p, width = self.p, self.plan.width
        source = self.at(b, (j, p.step_b))
        there = self.at(self.scratch, (j, depth))
        row = -(-columns // width) * width
        self.pack(source, p.step_b, p.row_b, columns, depth, there, row)

    def packed_a(self, a: Any, i: Any, rows: int, depth: int) -> Any:
        """A tile of a, column after column."""
        p, plan = self.p, self.plan
        there = self.at(self.scratch, (ir.Constant(I64, plan.space_b), 1))
        source = self.at(a, (i, p.row_a))
        self.pack(source, p.row_a, p.step_a, rows, depth, there, plan.tile_a)
        return there

    def pack(
        self, source: Any, across: int, along: int, count: int, depth: int, there: Any, row: int
    ) -> None:
        """``there[q * row + j] = source[q * along + j * across]``, 0 for j from `count` on."""
        width = self.plan.width
        for j in range(0, count, width):
            start = self.at(source, (ir.Constant(I64, j), across))
            target = self.at(there, (ir.Constant(I64, j), 1))
            present = min(width, count - j)
            if along == 1 and across != 1:
                self.pack_transposed(start, across, present, depth, target, row)
            else:
                self.pack_rows(start, across, along, present, depth, target, row)

    def pack_rows(
        self, source: Any, across: int, along: int, present: int, depth: int, there: Any, row: int
    ) -> None:
        code, dtype, width = self.code, self.p.dtype, self.plan.width
        with code.loop(depth) as q:
            place = self.at(source, (q, along))
            if across == 1:
                x = load_lanes(code, place, dtype, width, lane_mask(present, width))
            else:
                x = ir.Constant(ir.VectorType(ir_type(dtype), width), [0.0] * width)
                for lane in range(present):
                    one = code.load(self.at(place, (ir.Constant(I64, lane), across)), dtype, 1).ir
                    x = code.builder.insert_element(x, one, ir.Constant(I32, lane))
            code.builder.store(x, self.at(there, (q, row)), align=dtype.itemsize)

    def pack_transposed(
        self, source: Any, across: int, present: int, depth: int, there: Any, row: int
    ) -> None:
        """Squares of `width` by `width` entries, transposed in registers."""
        code, dtype, width = self.code, self.p.dtype, self.plan.width
        zero = ir.Constant(ir.VectorType(ir_type(dtype), width), [0.0] * width)

        def square(q: Any, length: int) -> None:
            mask = lane_mask(length, width)
            lines = [
                load_lanes(
                    code, self.at(source, (ir.Constant(I64, j), across), (q, 1)), dtype, width, mask
                )
                if j < present
                else zero
                for j in range(width)
            ]
            for r, x in enumerate(transposed(code.builder, lines)[:length]):
                target = self.at(there, (q, row), (ir.Constant(I64, r), row))
                code.builder.store(x, target, align=dtype.itemsize)

        self.pieces(depth, width, square)


def transposed(builder: ir.IRBuilder, lines: list[Any]) -> list[Any]:
    """Entry j of vector i becomes entry i of vector j: blocks of 1, 2, 4, ... change places."""
    width = len(lines)
    lines = list(lines)
    d = 1
    while d < width:
        low = [j if j & d == 0 else width + j - d for j in range(width)]
        high = [j + d if j & d == 0 else width + j for j in range(width)]
        for i in range(width):
            if i & d == 0:
                pair = lines[i], lines[i + d]
                for k, places in ((i, low), (i + d, high)):
                    mask = ir.Constant(ir.VectorType(I32, width), places)
                    lines[k] = builder.shuffle_vector(*pair, mask)
        d *= 2
    return lines
