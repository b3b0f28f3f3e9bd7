"""LAPACK and triangular BLAS, out of the OpenBLAS that NumPy has loaded, called by pointer.

LAPACK reads columns: a matrix that lies in memory row by row is its own transpose there. So
P L U = A^T is what is computed, and A x = b is its transposed system. The factors of a matrix are
followed by the rows that were swapped and by whether a pivot was zero, in the same buffer:

    entries    n * n of L and U, rounded up to a whole integer | n integers | an integer
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir

from ....base.openblas import cblas, lapack
from ...ir.program import Value
from ...ir.views import layout
from ...lowering.systems import entries_of_matrix, integers
from ..code import I8, I32, I64, POINTER, Code, external, ir_type, kind_of
from .blas import AS_IT_IS, ROW_MAJOR, TRANSPOSED

SINGULAR, INDEFINITE, NO_INVERSE = 2, 4, 8  # bits of a function's error
UPPER, LOWER, LEFT, RIGHT, NON_UNIT = 121, 122, 141, 142, 131  # CBLAS's numbers

Address = Callable[[Value], Any]


def emit_system(code: Code, v: Value, address: Address, error: Any) -> None:
    """One of these instructions, matrix by matrix."""
    emit = {
        "factors": emit_factors,
        "solution": emit_solution,
        "determinant": emit_determinant,
        "cholesky": emit_cholesky,
        "substitution": emit_substitution,
    }[v.op]
    with code.loop(v.shape[0] if v.op != "determinant" else v.shape[1]) as s:
        emit(code, v, s, address, error)


# -- instructions ----------------------------------------------------------------------------------
def emit_factors(code: Code, v: Value, s: Any, address: Address, error: Any) -> None:
    (a,) = v.inputs
    n = a.shape[1]
    out = matrix(code, v, s, v.shape[1], address)
    copy(code, out, matrix(code, a, s, n * n, address), n * n * v.dtype.itemsize)
    size = number(code, "getrf", v, n)
    rows, info = noted(code, v.dtype, n, out)
    call(code, v, "getrf", [size, size, out, size, rows, info])


def emit_solution(code: Code, v: Value, s: Any, address: Address, error: Any) -> None:
    factors, a, columns = v.inputs
    n, m = a.shape[1], v.shape[1]
    lu = matrix(code, factors, s, factors.shape[1], address)
    out = matrix(code, v, s, n * m, address)
    copy(code, out, matrix(code, columns, s, n * m, address), n * m * v.dtype.itemsize)
    rows, info = noted(code, v.dtype, n, lu)
    what = NO_INVERSE if v.function == "inv" else SINGULAR
    note(code, error, info, bits_of("getrf", v), what)
    size, count = number(code, "getrs", v, n), number(code, "getrs", v, m)
    flag = letter(code, "N" if v.params["transposed"] else "T")
    result = scratch(code)
    given = [flag, size, count, lu, size, rows, out, size, result, ir.Constant(I64, 1)]
    call(code, v, "getrs", given)


def emit_determinant(code: Code, v: Value, s: Any, address: Address, error: Any) -> None:
    """The sign turns with every two rows that were swapped and with every pivot below zero."""
    factors, a = v.inputs
    n, b, dtype = a.shape[1], code.builder, v.dtype
    lu = matrix(code, factors, s, factors.shape[1], address)
    rows, _ = noted(code, dtype, n, lu)
    kind = ir.IntType(bits_of("getrf", v))
    one, zero = (code.constant(x, dtype, 1) for x in (1.0, 0.0))
    sign, total = code.cell(one.ir, 1), code.cell(zero.ir, 1)
    with code.loop(n) as k:
        pivot = code.load(code.at(lu, code.times(k, n + 1), dtype), dtype, 1)
        below = code.map("less", [pivot, zero]).ir
        row = b.load(b.gep(rows, [k], source_etype=kind), typ=kind)
        stays = b.add(b.trunc(k, kind) if kind != I64 else k, ir.Constant(kind, 1))
        turns = b.xor(below, b.icmp_signed("!=", row, stays))
        sofar = code.get(sign, 1, dtype)
        turned = b.select(turns, code.map("negative", [sofar]).ir, sofar.ir)
        vanishes = code.map("equal", [pivot, zero]).ir
        b.store(b.select(vanishes, zero.ir, turned), sign)
        size = code.map("log", [code.map("absolute", [pivot])])
        code.put(total, code.map("add", [code.get(total, 1, dtype), size]))
    for j, cell in enumerate((sign, total)):
        place = b.add(s, ir.Constant(I64, j * v.shape[1]))
        code.write(code.get(cell, 1, dtype), code.at(address(v), place, dtype), 1, dtype)


def emit_cholesky(code: Code, v: Value, s: Any, address: Address, error: Any) -> None:
    """In place; then zeros in the other triangle."""
    (a,) = v.inputs
    n, b = a.shape[1], code.builder
    out = matrix(code, v, s, n * n, address)
    copy(code, out, matrix(code, a, s, n * n, address), n * n * v.dtype.itemsize)
    size, info = number(code, "potrf", v, n), scratch(code)
    b.store(ir.Constant(I64, 0), info)
    flag = letter(code, "L" if v.params["upper"] else "U")  # of the transpose
    call(code, v, "potrf", [flag, size, out, size, info, ir.Constant(I64, 1)])
    note(code, error, info, bits_of("potrf", v), INDEFINITE)
    zero = code.constant(0.0, v.dtype, 1)
    with code.loop(n) as i, code.loop(n) as j:
        other = b.icmp_signed("<" if v.params["upper"] else ">", j, i)
        with b.if_then(other):
            place = b.add(code.times(i, n), j)
            code.write(zero, code.at(out, place, v.dtype), 1, v.dtype)


def emit_substitution(code: Code, v: Value, s: Any, address: Address, error: Any) -> None:
    """X^T op(L)^T = B^T, where the rows of X^T are the columns of X."""
    triangle, columns = v.inputs
    n, m = triangle.shape[1], v.shape[1]
    out = matrix(code, v, s, n * m, address)
    copy(code, out, matrix(code, columns, s, n * m, address), n * m * v.dtype.itemsize)
    part = UPPER if v.params["upper"] else LOWER
    flag = AS_IT_IS if v.params["transposed"] else TRANSPOSED
    found = cblas(f"{prefix(v)}trsm")
    assert found is not None
    place, bits = found
    sizes = [ir.Constant(ir.IntType(bits), x) for x in (m, n)]
    flags = [ir.Constant(I32, x) for x in (ROW_MAJOR, RIGHT, part, flag, NON_UNIT)]
    one = ir.Constant(ir_type(v.dtype), 1.0)
    factor = matrix(code, triangle, s, n * n, address)
    given = [*flags, *sizes, one, factor, sizes[1], out, sizes[1]]
    name = f"blas.{prefix(v)}trsm"
    code.builder.call(external(code.module, name, place, ir.VoidType(), given), given)


# -- calls -----------------------------------------------------------------------------------------
def prefix(v: Value) -> str:
    return "s" if kind_of(v.dtype) == "f4" else "d"


def bits_of(name: str, v: Value) -> int:
    found = lapack(prefix(v) + name)
    assert found is not None
    return found[1]


def call(code: Code, v: Value, name: str, given: list[Any]) -> None:
    """Every argument is a pointer; behind them stands how long each text is."""
    found = lapack(prefix(v) + name)
    assert found is not None
    function = f"lapack.{prefix(v)}{name}"
    code.builder.call(external(code.module, function, found[0], ir.VoidType(), given), given)


def matrix(code: Code, v: Value, s: Any, size: int, address: Address) -> Any:
    """Where the matrix of number `s` begins, in a stack that lies in memory order."""
    base, offset, strides = layout(v)
    step = strides[0] if v.shape[0] > 1 else size
    place = code.builder.add(ir.Constant(I64, offset), code.times(s, step))
    return code.at(address(base), place, v.dtype)


def noted(code: Code, dtype: np.dtype[Any], n: int, factors: Any) -> tuple[Any, Any]:
    """Where the swapped rows stand, and where it stands whether a pivot was zero."""
    start = entries_of_matrix(n, dtype)
    places = (start, start + n * integers(dtype))
    rows, info = (code.at(factors, ir.Constant(I64, k), dtype) for k in places)
    return rows, info


def note(code: Code, error: Any, info: Any, bits: int, what: int) -> None:
    """`what`, if LAPACK found something."""
    b = code.builder
    found = b.load(info, typ=ir.IntType(bits))
    bad = b.icmp_signed(">", found, ir.Constant(found.type, 0))
    before = b.load(error, typ=I32)
    b.store(b.select(bad, b.or_(before, ir.Constant(I32, what)), before), error)


def copy(code: Code, target: Any, source: Any, size: int) -> None:
    move = code.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
    volatile = ir.Constant(ir.IntType(1), 0)
    code.builder.call(move, [target, source, ir.Constant(I64, size), volatile])


def scratch(code: Code) -> Any:
    with code.builder.goto_entry_block():
        return code.builder.alloca(I64)


def number(code: Code, name: str, v: Value, x: int) -> Any:
    """A pointer to this number."""
    return known(code, f"number.{bits_of(name, v)}.{x}", ir.IntType(bits_of(name, v)), x)


def letter(code: Code, x: str) -> Any:
    return known(code, f"letter.{x}", I8, ord(x))


def known(code: Code, name: str, kind: ir.Type, x: int) -> Any:
    made = code.module.globals.get(name)
    if made is None:
        made = ir.GlobalVariable(code.module, kind, name)
        made.global_constant, made.linkage = True, "internal"
        made.initializer = ir.Constant(kind, x)
    return made
