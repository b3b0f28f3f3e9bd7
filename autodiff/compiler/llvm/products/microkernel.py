"""The innermost loop of a matrix product: one tile of the result, held in registers.

    for p in range(k):                         b[p, :]  as `vectors` registers
        for i in range(rows):                  a[i, p]  in every lane of one register
            c[i, :] += a[i, p] * b[p, :]       `rows` x `vectors` registers, written at the end

Sizes and strides are constants of the code; only the length of the sum may be given at run time.
The last vector may have fewer columns than lanes: it is loaded and stored under a mask.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir

from ..code import I1, I32, I64, POINTER, Code, ir_type
from ..lanes import Lanes

LARGEST_UNROLLED = 128  # multiplications of vectors in a tile whose loop is written out


class Tile(NamedTuple):
    """Everything that decides the code of a micro-kernel; strides are in entries."""

    dtype: np.dtype[Any]
    width: int  # lanes of a vector
    rows: int
    vectors: int
    columns: int  # of the result: at most vectors * width
    a_row: int  # from a[i, p] to a[i + 1, p]
    a_step: int  # from a[i, p] to a[i, p + 1]
    b_row: int  # from b[p, j] to b[p + 1, j]
    b_whole: bool  # may whole vectors of b be read, past the last column?
    c_row: int
    k: int | None  # the length of the sum, where it is always the same
    ahead: int  # rows of b from the one that is read to the one that is fetched into the cache
    adds: bool  # is the last argument looked at: add to c rather than write it?

    @property
    def name(self) -> str:
        return "tile." + ".".join(str(x) for x in self)


def micro_kernel(module: ir.Module, tile: Tile) -> ir.Function:
    """``void tile(a, b, c, k, adds)``, made once a module."""
    if tile.name in module.globals:
        return module.globals[tile.name]
    kind = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, POINTER, I64, I1])
    function = ir.Function(module, kind, tile.name)
    function.linkage = "internal"
    function.args[2].add_attribute("noalias")
    Emission(function, tile).emit()
    return function


class Emission:
    """The code of one micro-kernel."""

    def __init__(self, function: ir.Function, tile: Tile) -> None:
        self.function, self.tile = function, tile
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.code = Code(self.builder)
        self.lanes = Lanes(self.builder, tile.dtype.name, tile.width)

    def emit(self) -> None:
        tile = self.tile
        a, b, _, k, _ = self.function.args
        zero = self.lanes.const(0.0)
        sums = [[zero] * tile.vectors for _ in range(tile.rows)]
        if tile.k is not None and tile.k * tile.rows * tile.vectors <= LARGEST_UNROLLED:
            for p in range(tile.k):
                self.add_outer_product(
                    sums, self.at(a, p * tile.a_step), self.at(b, p * tile.b_row)
                )
        else:
            self.function.attributes.add("noinline")
            self.sum_over(sums, a, b, k if tile.k is None else ir.Constant(I64, tile.k))
        if not tile.adds:
            self.write(sums)
        else:
            self.write_or_add(sums)
        self.builder.ret_void()

    def at(self, pointer: Any, place: int) -> Any:
        return self.code.at(pointer, ir.Constant(I64, place), self.tile.dtype)

    def sum_over(self, sums: list[list[Any]], a: Any, b: Any, k: Any) -> None:
        """The loop over p. Both pointers walk, so that a row is at a fixed distance from them."""
        tile, builder = self.tile, self.builder
        before = builder.block
        body = builder.append_basic_block("sum")
        builder.branch(body)
        builder.position_at_end(body)
        starts = [k, a, b, *(x for row in sums for x in row)]
        phis = [builder.phi(x.type) for x in starts]
        left, at_a, at_b, *flat = phis
        held = [flat[i * tile.vectors : (i + 1) * tile.vectors] for i in range(tile.rows)]
        self.add_outer_product(held, at_a, at_b)
        left_after = builder.sub(left, ir.Constant(I64, 1))
        ends = [left_after, self.at(at_a, tile.a_step), self.at(at_b, tile.b_row)]
        ends += [x for row in held for x in row]
        for phi, start, end in zip(phis, starts, ends, strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(end, body)
        after = builder.append_basic_block("write")
        builder.cbranch(builder.icmp_signed(">", left_after, ir.Constant(I64, 0)), body, after)
        builder.position_at_end(after)
        sums[:] = held

    def add_outer_product(self, sums: list[list[Any]], a: Any, b: Any) -> None:
        tile = self.tile
        row = [self.load(b, j, tile.b_whole) for j in range(tile.vectors)]
        if tile.ahead:
            for j in range(tile.vectors):
                self.fetch(self.at(b, tile.ahead * tile.b_row + j * tile.width))
        for i in range(tile.rows):
            x = self.code.load(self.at(a, i * tile.a_row), tile.dtype, 1)
            x = self.code.splat(x, tile.width).ir
            sums[i] = [self.lanes.fma(x, y, s) for y, s in zip(row, sums[i], strict=True)]

    def fetch(self, place: Any) -> None:
        """Asks for a line of memory that will be read soon; past the end of memory, in vain."""
        kinds = [POINTER, I32, I32, I32]
        function = declared(self.code.module, "llvm.prefetch.p0", ir.VoidType(), kinds)
        read, first_cache, data = (ir.Constant(I32, k) for k in (0, 3, 1))
        self.builder.call(function, [place, read, first_cache, data])

    # -- vectors in memory -----------------------------------------------------------------------
    def mask(self, j: int) -> Any:
        """The lanes of vector `j` that are columns; `None` if all are."""
        return lane_mask(self.tile.columns - j * self.tile.width, self.tile.width)

    def load(self, pointer: Any, j: int, whole: bool = False) -> Any:
        place = self.at(pointer, j * self.tile.width)
        mask = None if whole else self.mask(j)
        return load_lanes(self.code, place, self.tile.dtype, self.tile.width, mask)

    def write(self, sums: list[list[Any]], adds: bool = False) -> None:
        tile = self.tile
        for i, row in enumerate(sums):
            start = self.at(self.function.args[2], i * tile.c_row)
            for j, x in enumerate(row):
                y = self.lanes.add(self.load(start, j), x) if adds else x
                store_lanes(self.code, y, self.at(start, j * tile.width), tile.dtype, self.mask(j))

    def write_or_add(self, sums: list[list[Any]]) -> None:
        builder = self.builder
        with builder.if_else(self.function.args[4]) as (then, otherwise):
            with then:
                self.write(sums, adds=True)
            with otherwise:
                self.write(sums)


def lane_mask(count: int, width: int) -> Any:
    """The first `count` lanes; `None` if those are all."""
    if count >= width:
        return None
    return ir.Constant(ir.VectorType(I1, width), [int(lane < count) for lane in range(width)])


def load_lanes(code: Code, pointer: Any, dtype: np.dtype[Any], width: int, mask: Any) -> Any:
    """A vector; zero in the lanes outside of the mask, which are not read."""
    if mask is None:
        return code.load(pointer, dtype, width).ir
    kind = ir.VectorType(ir_type(dtype), width)
    name = f"llvm.masked.load.{type_suffix(dtype, width)}.p0"
    function = declared(code.module, name, kind, [POINTER, I32, mask.type, kind])
    zero = ir.Constant(kind, [0.0] * width)
    return code.builder.call(function, [pointer, ir.Constant(I32, dtype.itemsize), mask, zero])


def store_lanes(code: Code, x: Any, pointer: Any, dtype: np.dtype[Any], mask: Any) -> None:
    if mask is None:
        code.builder.store(x, pointer, align=dtype.itemsize)
        return
    name = f"llvm.masked.store.{type_suffix(dtype, x.type.count)}.p0"
    function = declared(code.module, name, ir.VoidType(), [x.type, POINTER, I32, mask.type])
    code.builder.call(function, [x, pointer, ir.Constant(I32, dtype.itemsize), mask])


def type_suffix(dtype: np.dtype[Any], width: int) -> str:
    return f"v{width}f{8 * dtype.itemsize}"


def declared(module: ir.Module, name: str, result: Any, operands: list[Any]) -> ir.Function:
    if name in module.globals:
        return module.globals[name]
    return ir.Function(module, ir.FunctionType(result, operands), name)
