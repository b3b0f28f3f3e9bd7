"""Symmetric products X^T D X, such as the Hessian of a sum of row-wise terms, at half of the work.

A product is symmetric where one operand is the other with its rows scaled: made from it by
products, quotients and choices with values that are constant along a row, and by sums of these.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ...ir.program import Value, is_number, number
from ...ir.views import contiguous, layout
from ..code import I64, Code
from .blas import matrix
from .blocking import Product, scratch_bytes
from .matmul import emit_matmul

PANELS, WIDEST = 3, 128  # into how many panels columns are cut, and the widest of them
SMALLEST = 48  # below this the halves cost more than they save


def is_symmetric(v: Value) -> bool:
    """Is this product (s, n, k) by (s, k, n) known to be X^T D X, for one buffer X of k rows?"""
    a, b = v.inputs
    stack, n, m = v.shape
    if stack != 1 or n != m or n < SMALLEST:
        return False
    (x, at, (_, *steps)), (y, start, (_, *others)) = layout(a), layout(b)
    rows = (b.shape[1], n)
    if at or start or x.shape != rows or y.shape != rows:
        return False
    if tuple(steps) != contiguous(rows)[::-1] or tuple(others) != contiguous(rows):
        return False
    return is_scaled(x, y) or is_scaled(y, x)


def is_scaled(v: Value, x: Value) -> bool:
    """Is every row of `v` that row of `x` times a number?"""
    pending, seen = [v], set()
    while pending:
        v = pending.pop()
        if v is x or id(v) in seen or is_number(v, 0.0):
            continue
        seen.add(id(v))
        if v.op != "map" or v.shape != x.shape:
            return False
        if v.function in ("add", "subtract", "negative"):
            pending += v.inputs
        elif v.function == "where" and is_same_along_rows(v.inputs[0], x):
            pending += v.inputs[1:]
        elif v.function == "multiply" and any(is_same_along_rows(w, x) for w in v.inputs):
            first, second = v.inputs
            pending.append(second if is_same_along_rows(first, x) else first)
        elif v.function == "divide" and is_same_along_rows(v.inputs[1], x):
            pending.append(v.inputs[0])
        else:
            return False
    return True


def is_same_along_rows(v: Value, x: Value) -> bool:
    if number(v) is not None:
        return True
    return v.ndim == x.ndim and layout(v)[2][-1] == 0


def panels(v: Value) -> list[tuple[int, Product]]:
    """Each panel's first column, and the product that computes it down to the diagonal."""
    a, b = v.inputs
    n, k = v.shape[1], a.shape[2]
    width = min(-(-n // (8 * PANELS)) * 8, WIDEST)
    strides = (*matrix(a)[3], *matrix(b)[3])
    return [
        (start, Product(v.dtype, stop, k, stop - start, *strides, row_c=n))
        for start in range(0, n, width)
        for stop in [min(start + width, n)]
    ]


def symmetric_scratch(v: Value) -> int:
    return max(scratch_bytes(p) for _, p in panels(v))


def emit_symmetric(code: Code, v: Value, address: Any, scratch: Any) -> None:
    """The columns down to the diagonal, panel by panel; then what is below it, mirrored."""
    left, right = (address(matrix(x)[0]) for x in v.inputs)
    out = address(v)
    for start, p in panels(v):
        first = ir.Constant(I64, start)
        columns, target = (code.at(x, first, v.dtype) for x in (right, out))
        emit_matmul(code, p, left, columns, target, scratch)
    mirror(code, v, out, v.shape[1])


def mirror(code: Code, v: Value, out: Any, n: int) -> None:
    """Entry (i, j) below the diagonal is entry (j, i)."""
    b = code.builder
    with code.loop(n) as i, code.loop(n) as j, b.if_then(b.icmp_signed("<", j, i)):
        above = code.at(out, b.add(code.times(j, n), i), v.dtype)
        below = code.at(out, b.add(code.times(i, n), j), v.dtype)
        code.write(code.load(above, v.dtype, 1), below, 1, v.dtype)
