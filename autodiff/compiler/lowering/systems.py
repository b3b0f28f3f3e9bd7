"""Linear systems: matrices are factored once, whatever is asked of them afterwards.

| instruction   | what it is                                                                     |
|---------------|--------------------------------------------------------------------------------|
| factors       | P L U of each matrix of a stack, with what LAPACK notes beside it              |
| solution      | A^-1 B by these factors, or A^-T B; also the inverse                           |
| determinant   | signs of the determinants, and the logarithms of their sizes                   |
| cholesky      | a triangle L with A = L L^T                                                    |
| substitution  | L^-1 B, where L is known to be such a triangle; or L^-T B                      |

So a Gaussian log-likelihood, its gradient and the transposed systems of reverse mode factor one
matrix once. Right-hand sides and solutions are columns of B, which lie in memory one behind the
other: as LAPACK reads them, and as rows of a matrix that is then seen transposed.
"""

from __future__ import annotations

from math import prod
from operator import itemgetter
from typing import Any

import numpy as np

from ...base.openblas import has_lapack
from ..ir.program import Value
from ..ir.views import contiguous, layout
from .rows import Lowering, lowers

INTEGER = 8  # bytes that are set aside for one, whatever LAPACK's own integers are


def has_code(low: Lowering, *operands: Value) -> bool:
    """Is LAPACK at hand, for these types, and is there anything to do?"""
    if not low.for_llvm or any(v.dtype.kind == "c" or v.dtype.itemsize < 4 for v in operands):
        return False
    if not all(v.size for v in operands):
        return False
    return has_lapack()


# -- how the factors of a matrix stand in a buffer -------------------------------------------------
def integers(dtype: np.dtype[Any]) -> int:
    """Entries that one integer takes."""
    return INTEGER // dtype.itemsize


def entries_of_matrix(n: int, dtype: np.dtype[Any]) -> int:
    each = integers(dtype)
    return -(-n * n // each) * each


def entries_of_factors(n: int, dtype: np.dtype[Any]) -> int:
    return entries_of_matrix(n, dtype) + (n + 1) * integers(dtype)


# -- rules -----------------------------------------------------------------------------------------
def matrices(low: Lowering, a: Value, dtype: Any) -> tuple[Value, bool]:
    """`a` as a stack (s, n, n) in memory order; or its transposes, if these are in that order."""
    a = low.maps.cast(a, dtype)
    n = a.shape[-1]
    a = low.reshape(a, (prod(a.shape[:-2]), n, n))
    turned = swapped(low, a)
    if layout(a)[2] != contiguous(a.shape) and layout(turned)[2] == contiguous(a.shape):
        return turned, True
    return in_memory_order(low, a), False


def solved(low: Lowering, a: Value, columns: Value, dtype: Any, name: str = "solve") -> Value:
    """A^-1 B for a stack (s, n, n); columns of B and of the result stand as rows (s, m, n)."""
    a, transposed = matrices(low, a, dtype)
    columns = in_memory_order(low, low.maps.cast(columns, dtype))
    params: dict[str, Any] = {"function": name, "transposed": transposed}
    triangle = layout(a)[0]
    make = low.builder.make
    if triangle.op == "cholesky" and triangle.shape == a.shape:
        params["upper"] = triangle.params["upper"]
        return make("substitution", (triangle, columns), params, columns.shape, dtype)
    return make("solution", (factors(low, a), a, columns), params, columns.shape, dtype)


def in_memory_order(low: Lowering, v: Value) -> Value:
    return v if layout(v)[2] == contiguous(v.shape) else low.copy(v)


def swapped(low: Lowering, v: Value) -> Value:
    """Each matrix of a stack transposed."""
    return low.rearrange(v, lambda p: np.swapaxes(p, -1, -2))


def factors(low: Lowering, a: Value) -> Value:
    stack, n, _ = a.shape
    shape = (stack, entries_of_factors(n, a.dtype))
    return low.builder.make("factors", (a,), {}, shape, a.dtype)


@lowers("solve")
def _solve(low: Lowering, a: Value, b: Value) -> Value | None:
    if not has_code(low, a, b):
        return None
    dtype = floating(a, b)
    vector = b.ndim == 1
    if vector:
        b = low.reshape(b, (*b.shape, 1))
    n, m = b.shape[-2:]
    outer = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    columns = swapped(low, low.maps.broadcast(b, (*outer, n, m)))
    if prod(a.shape[:-2]) == 1:  # one matrix: all columns at once
        x = solved(low, a, low.reshape(columns, (1, prod(outer) * m, n)), dtype)
    else:
        a = low.maps.broadcast(a, (*outer, n, n))
        x = solved(low, a, low.reshape(columns, (prod(outer), m, n)), dtype)
    x = swapped(low, low.reshape(x, (*outer, m, n)))
    return low.reshape(x, x.shape[:-1]) if vector else x


@lowers("inv")
def _inv(low: Lowering, a: Value) -> Value | None:
    if not has_code(low, a):
        return None
    dtype, n = floating(a), a.shape[-1]
    stack = prod(a.shape[:-2])
    unit = low.maps.broadcast(low.builder.constant(np.eye(n, dtype=dtype)), (stack, n, n))
    return swapped(low, low.reshape(solved(low, a, unit, dtype, "inv"), a.shape))


def signs_and_logarithms(low: Lowering, a: Value) -> list[Value]:
    dtype, outer = floating(a), a.shape[:-2]
    a, _ = matrices(low, a, dtype)
    shape = (2, a.shape[0])
    both = low.builder.make("determinant", (factors(low, a), a), {}, shape, dtype)
    parts = (low.rearrange(both, itemgetter(k)) for k in range(2))
    return [low.reshape(part, outer) for part in parts]


@lowers("slogdet")
def _slogdet(low: Lowering, a: Value) -> list[Value] | None:
    return signs_and_logarithms(low, a) if has_code(low, a) else None


@lowers("det")
def _det(low: Lowering, a: Value) -> Value | None:
    if not has_code(low, a):
        return None
    sign, logarithm = signs_and_logarithms(low, a)
    return low.maps.apply("multiply", sign, low.maps.apply("exp", logarithm))


@lowers("cholesky")
def _cholesky(low: Lowering, a: Value, *, upper: bool) -> Value | None:
    if not has_code(low, a):
        return None
    dtype, shape = floating(a), a.shape
    a = low.reshape(low.maps.cast(a, dtype), (prod(shape[:-2]), *shape[-2:]))
    a = in_memory_order(low, a)
    y = low.builder.make("cholesky", (a,), {"upper": bool(upper)}, a.shape, dtype)
    return low.reshape(y, shape)


def floating(*operands: Value) -> np.dtype[Any]:
    """The type in which NumPy computes: its own promotion, and doubles for integers."""
    dtype = np.result_type(*(v.dtype for v in operands))
    return dtype if dtype.kind == "f" else np.dtype(float)
