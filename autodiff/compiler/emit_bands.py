"""The code of steps that run together, a band of rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from .bands import Bands, Member, banded_operands, product_of_band
from .code import I8, I64, POINTER, Code
from .matmul import emit_matmul
from .program import Value
from .reductions import Reduction, fill

Address = Callable[[Value], Any]


def emit_bands(code: Code, bands: Bands, address: Address, scratch: dict[int, Value]) -> None:
    """Sums over all rows begin with no terms; then the bands, the last of them perhaps shorter."""
    for m in bands.members:
        for v in m.begun:
            if v.op == "reduce":
                fill(code, Reduction(v), address(v), v.size)
            else:
                zero(code, v, address(v))
    start = 0
    for length in bands.lengths:
        stop = start + (bands.rows - start) // length * length
        with code.loop(stop, start=start, step=length) as row:
            for k, m in enumerate(bands.members):
                emit_member(code, bands, k, m, row, length, address, scratch)
        start = stop


def emit_member(
    code: Code,
    bands: Bands,
    k: int,
    m: Member,
    row: Any,
    length: int,
    address: Address,
    scratch: dict[int, Value],
) -> None:
    """One step for the rows from `row` on."""

    def at(v: Value, offset: int = 0) -> Any:
        step = code.times(row, bands.advance(m, v))
        return code.at(address(v), code.builder.add(step, ir.Constant(I64, offset)), v.dtype)

    if m.step.kind == "loops":
        nest = bands.nests[k, length]
        nest.passed.call(code, nest.function, at)
        return
    (v,) = m.step.values
    left, right = (at(a.buffer, a.offset) for a in banded_operands(v))
    if v.shape[2] == 1:  # the product of the transposes
        left, right = right, left
    room = scratch.get(id(v))
    space = ir.Constant(POINTER, None) if room is None else address(room)
    emit_matmul(code, product_of_band(v, bands.rows, length), left, right, at(v), space)


def zero(code: Code, v: Value, pointer: Any) -> None:
    clear = code.module.declare_intrinsic("llvm.memset", [POINTER, I64])
    size = ir.Constant(I64, v.size * v.dtype.itemsize)
    code.builder.call(clear, [pointer, ir.Constant(I8, 0), size, ir.Constant(ir.IntType(1), 0)])
