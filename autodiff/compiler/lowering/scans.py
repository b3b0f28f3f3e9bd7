"""The rows that run along an axis, sums and products so far, as `scan` instructions."""

from __future__ import annotations

from math import prod

from ..ir.program import Value
from .rows import LOWER, Lowering, Rule


def _running(function: str) -> Rule:
    def rule(low: Lowering, a: Value, *, axis: int) -> Value | None:
        if a.dtype.kind != "f" or not a.ndim:  # NumPy adds whole numbers in another type
            return None
        k = axis % a.ndim
        sizes = (prod(a.shape[:k]), a.shape[k], prod(a.shape[k + 1 :]))
        given = low.reshape(a, sizes)
        y = low.builder.make("scan", (given,), {"function": function}, sizes, a.dtype)
        return low.reshape(y, a.shape)

    return rule


LOWER["cumsum"], LOWER["cumprod"] = _running("cumsum"), _running("cumprod")
