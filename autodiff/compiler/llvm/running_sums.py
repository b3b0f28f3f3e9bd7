"""Running sums and products, entry by entry in the order in which NumPy takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from ..ir.program import Value
from ..ir.views import contiguous, layout
from .code import I64, Code
from .gathers import entries

COMBINE = {"cumsum": "add", "cumprod": "multiply"}


def emit_scan(code: Code, v: Value, address: Callable[[Value], Any]) -> None:
    """Along the middle axis, for a vector of columns at a time: the sum so far is in a register."""
    (x,) = v.inputs
    outer, n, inner = v.shape
    base, offset, (step_i, step_j, step_k) = layout(x)
    source, out, b = address(base), address(v), code.builder

    def given(i: Any, j: Any, k: Any, width: int) -> Any:
        place: Any = ir.Constant(I64, offset)
        for index, step in ((i, step_i), (j, step_j), (k, step_k)):
            place = b.add(place, code.times(index, step))
        return code.load(code.at(source, place, v.dtype), v.dtype, width)

    def target(i: Any, j: Any, k: Any) -> Any:
        row = b.add(code.times(i, n), j)
        return code.at(out, b.add(code.times(row, inner), k), v.dtype)

    zero = ir.Constant(I64, 0)
    in_order = step_k == contiguous(v.shape)[2] and inner > 1
    with code.loop(outer) as i:
        for k, width in entries(code, inner, v.dtype, in_order):
            total = code.cell(code.constant(0.0, v.dtype, 1).ir, width)
            code.put(total, given(i, zero, k, width))
            code.write(code.get(total, width, v.dtype), target(i, zero, k), 1, v.dtype)
            if n == 1:
                continue
            with code.loop(n, start=1) as j:
                sofar = code.get(total, width, v.dtype)
                term = given(i, j, k, width)
                code.put(total, code.map(COMBINE[v.function], [sofar, term]))
                code.write(code.get(total, width, v.dtype), target(i, j, k), 1, v.dtype)
