"""The rows that multiply arrays, as contractions."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ...primitives.contraction import lettered, pair_by_pair, path_of
from ..ir.program import Value
from .contraction import contract
from .rows import Lowering, lowers


def _lowered(name: str) -> None:
    @lowers(name)
    def product(low: Lowering, a: Value, b: Value) -> Value:
        if not a.ndim or not b.ndim:
            return low.maps.apply("multiply", a, b)
        (la, lb), out = lettered(name, (a.ndim, b.ndim))
        return contract(low, a, la, b, lb, out)


for _name in ("matmul", "vecdot", "matvec", "vecmat", "inner", "dot"):
    _lowered(_name)


@lowers("einsum")
def _einsum(low: Lowering, *operands: Value, subscripts: str, optimize: Any) -> Value | None:
    if all(v.dtype == bool for v in operands):
        return None  # NumPy's sum of truth values says whether one holds, and is not their number
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    if len(terms) == 1:
        operands, terms = (*operands, low.builder.constant(operands[0].dtype.type(1))), [*terms, ""]
    probes = [np.broadcast_to(np.float64(0), v.shape) for v in operands]
    path = path_of(subscripts, probes)
    found: Value = pair_by_pair(operands, terms, output, path, partial(contract, low))
    return found
