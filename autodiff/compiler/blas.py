"""Matrix products: by our own code, or by the BLAS that NumPy has loaded, called by pointer.

BLAS multiplies large matrices, unless its kernel is narrower than this CPU's vectors: a matrix
whose rows or columns lie in memory order goes as it is, its transpose as a flag.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir

from ..openblas import has_narrow_kernel, loaded_openblas
from . import matmul
from .code import I32, I64, Code, external, ir_type, kind_of, vector_bytes
from .matmul import Product, emit_matmul
from .program import Value
from .views import layout

ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112
SKINNY = 64  # the least size up to which our own product beats a BLAS that fits the CPU
SMALL = 4096  # multiplications below which a call costs more than it saves


@cache
def routine(name: str) -> tuple[int, int] | None:
    """The address of a CBLAS function, and how many bits its integers have."""
    path = loaded_openblas()
    if path is None:
        return None
    library = ctypes.CDLL(str(path))
    for spelled, bits in (
        (f"scipy_cblas_{name}64_", 64),
        (f"cblas_{name}64_", 64),
        (f"scipy_cblas_{name}", 32),
        (f"cblas_{name}", 32),
    ):
        function = getattr(library, spelled, None)
        if function is not None:
            address = ctypes.cast(function, ctypes.c_void_p).value
            return (address, bits) if address else None
    return None


def matrix(v: Value) -> tuple[Value, int, int, tuple[int, int], int | None, bool]:
    """Buffer, offset and step of a stack of matrices, strides of one, and how BLAS reads it: the
    leading dimension, and whether as a transpose; `None` if it cannot."""
    buffer, offset, (stack, row, column) = layout(v)
    _, n, m = v.shape
    if column == 1 or m == 1:
        return buffer, offset, stack, (row, column), max(row, m), False
    if row == 1 or n == 1:
        return buffer, offset, stack, (row, column), max(column, n), True
    return buffer, offset, stack, (row, column), None, False


def fits(v: Value) -> bool:
    """Can BLAS read this operand where it is?"""
    _, _, _, (row, column), leading, transposed = matrix(v)
    if leading is None:
        return False
    _, n, m = v.shape
    step, across = (column, m) if transposed else (row, n)
    return step > 0 or across == 1  # a matrix that repeats one row has no leading dimension


@cache
def blas_is_fast() -> bool:
    """Is there a BLAS that uses the vectors of this CPU?"""
    path = loaded_openblas()
    return path is not None and routine("dgemm") is not None and not has_narrow_kernel(path)


def prefers_own(n: int, k: int, m: int) -> bool:
    """Is our own code the fastest? benchmarks/matmul.py says."""
    if n * m * k <= SMALL:
        return False
    if min(n, m) == 1:
        return routine("dgemm") is None
    return min(n, k, m) <= SKINNY or not blas_is_fast()


def own(v: Value) -> Product | None:
    """The product as our own code sees it, where that is what multiplies; else `None`."""
    a, b = v.inputs
    _, n, m = v.shape
    k = a.shape[2]
    if not prefers_own(n, k, m):
        return None
    p = Product(v.dtype, n, k, m, *matrix(a)[3], *matrix(b)[3])
    return p if m > 1 else p.transposed()


def scratch_bytes(v: Value) -> int:
    """The room that a product needs beside its operands and its result."""
    p = own(v)
    return 0 if p is None else matmul.scratch_bytes(p)


def emit_product(code: Code, v: Value, address: Callable[[Value], Any], scratch: Any) -> None:
    a, b = v.inputs
    stack, n, m = v.shape
    k = a.shape[2]
    p = own(v)
    with code.loop(stack) as s:
        places = []
        for x in (a, b):
            buffer, offset, step, *_ = matrix(x)
            place = code.builder.add(ir.Constant(I64, offset), code.times(s, step))
            places.append(code.at(address(buffer), place, x.dtype))
        out = code.at(address(v), code.times(s, n * m), v.dtype)
        if p is not None:
            left, right = places if m > 1 else places[::-1]
            emit_matmul(code, p, left, right, out, scratch)
        elif n * m * k <= SMALL or routine("dgemm") is None:
            small_product(code, v, places, out)
        elif m == 1 or n == 1:
            matrix_vector(code, v, places, out)
        else:
            matrix_matrix(code, v, places, out)


def integer(x: int, bits: int) -> Any:
    return ir.Constant(ir.IntType(bits), x)


def call(code: Code, name: str, arguments: list[Any]) -> None:
    found = routine(name)
    assert found is not None
    address, bits = found
    given = [integer(x, bits) if isinstance(x, int) else x for x in arguments]
    code.builder.call(external(code.module, f"blas.{name}", address, ir.VoidType(), given), given)


def matrix_matrix(code: Code, v: Value, places: list[Any], out: Any) -> None:
    a, b = v.inputs
    _, n, m = v.shape
    flags, leads = [], []
    for x in (a, b):
        *_, leading, transposed = matrix(x)
        flags.append(ir.Constant(I32, TRANSPOSED if transposed else AS_IT_IS))
        leads.append(leading)
    letter = "s" if kind_of(v.dtype) == "f4" else "d"
    one, zero = (ir.Constant(ir_type(v.dtype), float(x)) for x in (1, 0))
    sizes = [n, m, a.shape[2]]
    arguments = [ir.Constant(I32, ROW_MAJOR), *flags, *sizes, one, places[0], leads[0]]
    call(code, f"{letter}gemm", [*arguments, places[1], leads[1], zero, out, m])


def matrix_vector(code: Code, v: Value, places: list[Any], out: Any) -> None:
    """One operand is a vector: rows (m == 1), or columns of the transpose (n == 1)."""
    m, k = v.shape[2], v.inputs[0].shape[2]
    letter = "s" if kind_of(v.dtype) == "f4" else "d"
    one, zero = (ir.Constant(ir_type(v.dtype), float(x)) for x in (1, 0))
    big, vector = (0, 1) if m == 1 else (1, 0)
    *_, leading, transposed = matrix(v.inputs[big])
    flip = transposed if big == 0 else not transposed
    rows, columns = v.inputs[big].shape[1:]
    if transposed:
        rows, columns = columns, rows
    flag = ir.Constant(I32, TRANSPOSED if flip else AS_IT_IS)
    step = matrix(v.inputs[vector])[3][0 if big == 0 else 1]
    arguments = [ir.Constant(I32, ROW_MAJOR), flag, rows, columns, one, places[big], leading]
    call(code, f"{letter}gemv", [*arguments, places[vector], step if k > 1 else 1, zero, out, 1])


def small_product(code: Code, v: Value, places: list[Any], out: Any) -> None:
    """Rows of the result in vectors: each a sum of rows of b."""
    a, b = v.inputs
    _, n, m = v.shape
    k = a.shape[2]
    (row_a, step_a), (row_b, step_b) = matrix(a)[3], matrix(b)[3]
    width = min(vector_bytes() // v.dtype.itemsize, 1 << (m.bit_length() - 1))

    def block(i: Any, j: Any, width: int) -> None:
        total = code.cell(ir.Constant(ir_type(v.dtype), 0.0), width)
        with code.loop(k) as p:
            place = code.builder.add(code.times(i, row_a), code.times(p, step_a))
            x = code.splat(code.load(code.at(places[0], place, v.dtype), v.dtype, 1), width)
            place = code.builder.add(code.times(p, row_b), code.times(j, step_b))
            y = code.read(code.at(places[1], place, v.dtype), step_b, v.dtype, width)
            sofar = code.get(total, width, v.dtype)
            code.put(total, code.map("add", [sofar, code.map("multiply", [x, y])]))
        place = code.builder.add(code.times(i, m), j)
        code.write(code.get(total, width, v.dtype), code.at(out, place, v.dtype), 1, v.dtype)

    with code.loop(n) as i:
        whole = m // width * width
        if whole:
            with code.loop(whole, step=width) as j:
                block(i, j, width)
        if whole < m:
            with code.loop(m, start=whole) as j:
                block(i, j, 1)
