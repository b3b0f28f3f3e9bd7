"""The rows that multiply arrays, as contractions."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ...primitives.contraction import Letters, pair_by_pair, path_of
from ..ir.program import Value
from .contraction import contract
from .rows import Lowering, lowers

SUMMED, ROWS, COLUMNS = -1, -2, -3  # letters that no stack has


@lowers("matmul")
def _matmul(low: Lowering, a: Value, b: Value) -> Value:
    la, lb, out = _stacks(a.ndim - 2 if a.ndim > 1 else 0, b.ndim - 2 if b.ndim > 1 else 0)
    rows = [ROWS] if a.ndim > 1 else []
    columns = [COLUMNS] if b.ndim > 1 else []
    return contract(
        low, a, [*la, *rows, SUMMED], b, [*lb, SUMMED, *columns], [*out, *rows, *columns]
    )


def _stacks(a: int, b: int) -> tuple[Letters, Letters, Letters]:
    """Letters of stack axes that broadcast: the last ones match."""
    n = max(a, b)
    out = list(range(n))
    return out[n - a :], out[n - b :], out


@lowers("vecdot")
def _vecdot(low: Lowering, a: Value, b: Value) -> Value:
    la, lb, out = _stacks(a.ndim - 1, b.ndim - 1)
    return contract(low, a, [*la, SUMMED], b, [*lb, SUMMED], out)


@lowers("matvec")
def _matvec(low: Lowering, a: Value, b: Value) -> Value:
    la, lb, out = _stacks(a.ndim - 2, b.ndim - 1)
    return contract(low, a, [*la, ROWS, SUMMED], b, [*lb, SUMMED], [*out, ROWS])


@lowers("vecmat")
def _vecmat(low: Lowering, a: Value, b: Value) -> Value:
    la, lb, out = _stacks(a.ndim - 1, b.ndim - 2)
    return contract(low, a, [*la, SUMMED], b, [*lb, SUMMED, COLUMNS], [*out, COLUMNS])


@lowers("inner")
def _inner(low: Lowering, a: Value, b: Value) -> Value:
    if not a.ndim or not b.ndim:
        return low.maps.apply("multiply", a, b)
    la = list(range(a.ndim - 1))
    lb = list(range(a.ndim, a.ndim + b.ndim - 1))
    return contract(low, a, [*la, SUMMED], b, [*lb, SUMMED], [*la, *lb])


@lowers("dot")
def _dot(low: Lowering, a: Value, b: Value) -> Value:
    if not a.ndim or not b.ndim:
        return low.maps.apply("multiply", a, b)
    la = list(range(a.ndim - 1))
    lb = list(range(a.ndim, a.ndim + b.ndim - 1))
    place = max(len(lb) - 1, 0)  # the summed axis of b is its last but one
    return contract(low, a, [*la, SUMMED], b, [*lb[:place], SUMMED, *lb[place:]], [*la, *lb])


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
