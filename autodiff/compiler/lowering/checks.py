"""Truth values of whole arrays, and the conditions that a program checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.shapes import reduced
from ...primitives.require import OtherPathError
from ..ir.maps import BOOL, INTEGER
from ..ir.program import Value, number
from .rows import LOWER, Lowering, Rule, lowers


def _question(name: str, function: str) -> Rule:
    """Whether all entries are true, or any: natively the smallest, or the largest, truth value."""

    def rule(low: Lowering, a: Value, mask: Value, *, axis: Any, keepdims: bool) -> Value:
        zero, shape = low.builder.constant(0, True), reduced(a.shape, axis, keepdims)
        if not a.size:
            return low.builder.constant(np.full(shape, name == "all"))
        y = a if a.dtype == BOOL else low.maps.apply("not_equal", a, zero)
        if not number(mask):
            y = low.maps.where(mask, y, low.builder.constant(np.bool_(name == "all")))
        if not low.for_llvm:
            y = low.reduce(name, y, axis)
        elif axis:
            y = low.reduce(function, low.maps.cast(y, INTEGER), axis)
            y = low.maps.apply("not_equal", y, zero)
        return low.reshape(y, shape)

    return rule


LOWER["all"], LOWER["any"] = _question("all", "min"), _question("any", "max")


@lowers("require")
def _require(low: Lowering, held: Value, *values: Value, error: Exception) -> Value:
    (low.decisions if isinstance(error, OtherPathError) else low.checks).append(held)
    return held
