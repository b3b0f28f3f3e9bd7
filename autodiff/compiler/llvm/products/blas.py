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

from ....base.openblas import cblas, has_narrow_kernel, loaded_openblas, openblas_function
from ...ir.program import Value
from ...ir.views import layout
from ..code import I32, I64, Code, external, ir_type, kind_of
from .blocking import Product
from .matmul import emit_matmul

ROW_MAJOR, AS_IT_IS, TRANSPOSED = 101, 111, 112
SKINNY = 64  # the least size up to which our own product beats a BLAS that fits the CPU
LARGE = 2**27  # multiplications: a few milliseconds


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
    return path is not None and cblas("dgemm") is not None and not has_narrow_kernel(path)


@cache
def thread_count() -> Callable[[], int] | None:
    """OpenBLAS's own count of the threads that it may use; it may be changed at any time."""
    path = loaded_openblas()
    return openblas_function(ctypes.CDLL(str(path)), "get_num_threads") if path else None


def prefers_own(n: int, k: int, m: int) -> bool:
    """Is our own code the fastest? benchmarks/matmul.py says."""
    if min(n, k, m) <= SKINNY or not blas_is_fast():
        return True
    threads = thread_count()
    return n * k * m <= LARGE and threads is not None and threads() == 1


def own(v: Value) -> Product | None:
    """The product as our own code sees it, where that is what multiplies; else `None`."""
    a, b = v.inputs
    _, n, m = v.shape
    k = a.shape[2]
    if not prefers_own(n, k, m) and fits(a) and fits(b):
        return None
    p = Product(v.dtype, n, k, m, *matrix(a)[3], *matrix(b)[3])
    return p if m > 1 else p.transposed()


def emit_product(
    code: Code, v: Value, address: Callable[[Value], Any], p: Product | None, scratch: Any
) -> None:
    """By our own code, if `p` is what `own` said, and by BLAS if there is none."""
    a, b = v.inputs
    stack, n, m = v.shape
    with code.loop(stack) as s:
        places = []
        for x in (a, b):
            buffer, offset, step, *_ = matrix(x)
            place = code.builder.add(ir.Constant(I64, offset), code.times(s, step))
            places.append(code.at(address(buffer), place, x.dtype))
        out = code.at(address(v), code.times(s, n * m), v.dtype)
        if p is None:
            matrix_matrix(code, v, places, out)
        else:
            left, right = places if m > 1 else places[::-1]
            emit_matmul(code, p, left, right, out, scratch)


def integer(x: int, bits: int) -> Any:
    return ir.Constant(ir.IntType(bits), x)


def call(code: Code, name: str, arguments: list[Any]) -> None:
    found = cblas(name)
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
