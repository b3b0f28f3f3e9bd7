"""A reduction inside loops: its operand, its neutral number, and where its result stands."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from ..ir.program import Value
from ..ir.views import contiguous
from ..scheduling.schedule import over
from .code import Code, memory_type

NEUTRAL = {"sum": 0.0, "prod": 1.0, "max": -np.inf, "min": np.inf}
COMBINE = {"sum": "add", "prod": "multiply", "max": "maximum", "min": "minimum"}


class Reduction:
    """A reduction inside a nest: its operand, and where its result stands, seen from the loops."""

    def __init__(self, v: Value) -> None:
        operand = v.inputs[0]
        kept = contiguous(v.shape)
        axes = v.params["axes"]
        rest = iter(kept)
        strides = tuple(0 if k in axes else next(rest) for k in range(operand.ndim))
        self.value, self.operand = v, operand
        self.strides = over(operand.shape, strides, operand.shape)
        self.reduced = [
            k in axes for k, n in enumerate(operand.shape) if n != 1
        ]  # per axis of the domain
        self.function = v.function


def neutral(r: Reduction) -> Any:
    dtype = r.value.dtype
    x = NEUTRAL[r.function]
    if dtype.kind in "iu" and not np.isfinite(x):
        x = np.iinfo(dtype).min if x < 0 else np.iinfo(dtype).max
    return ir.Constant(memory_type(dtype), x if dtype.kind == "f" else int(x))


def fill(code: Code, r: Reduction, pointer: Any, size: int) -> None:
    """So many results as if there were no terms."""
    value = neutral(r)
    with code.loop(size) as i:
        code.store(value, code.at(pointer, i, r.value.dtype))
