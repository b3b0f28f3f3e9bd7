"""Both sweeps through the program of a round, for the rounds of derived loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...arrays.tensor import Tensor
from ...engine.forward_mode import tangent_of
from ...engine.fused.backward import TAPE
from ...engine.fused.forward import DUAL
from ...engine.graph import TraceNode, is_at
from ...engine.reverse_mode import sweep
from ...programs.closed import Program
from ...rules.conforming import aval_of, conform_cotangent, conform_tangent, full
from ...rules.primitive import ZERO, new_level


def pushed(program: Program, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Results of a program, and their tangents."""
    level, dual = new_level(), DUAL.get()
    inside = [
        x if t is ZERO else Tensor(x, dual(level, t))
        for x, t in zip(primals, tangents, strict=True)
    ]
    pairs = [tangent_of(y, level) for y in program.results(inside)]
    return [y for y, _ in pairs], [filled(t, y) for y, t in pairs]


def filled(tangent: Any, y: Any) -> Any:
    """A tangent in the shape and dtype of its value, zeros included."""
    return conform_tangent(full(tangent, aval_of(y)), y)


def pulled(
    program: Program, primals: Sequence[Any], wanted: Sequence[int], bars: Sequence[Any]
) -> list[Any]:
    """The cotangents of the wanted inputs of a program, from those of its results."""
    level, node = new_level(), TAPE.get()
    leaves = {k: node(level) for k in wanted}
    inside = [Tensor(x, leaves[k]) if k in leaves else x for k, x in enumerate(primals)]
    results = program.results(inside)
    nodes = [y.node if is_at(y, level) else None for y in results]
    found = sweep(nodes, bars, list(leaves.values()), keep=False)
    avals = [aval_of(primals[k]) for k in wanted]
    return [conform_cotangent(full(bar, a), a) for bar, a in zip(found, avals, strict=True)]


def is_inexact(x: Any) -> bool:
    """Is it a number with a derivative: not an integer, not a truth value?"""
    return zeros_like(x).dtype.kind in "fc"


def zeros_like(x: Any) -> Any:
    """Zeros in the shape and dtype of a value; of a Python number, of NumPy's dtype for it."""
    shape, dtype = aval_of(x)
    return np.zeros(shape, np.dtype(x.__class__) if dtype is None else dtype)[()]


def reached(program: Program, active: Sequence[int]) -> list[bool]:
    """Which results depend on these inputs, other than by rows without a derivative."""
    graph = program.graph
    found = {graph.inputs[k] for k in active}
    for node in graph.operations:
        assert node.primitive is not None
        if not node.primitive.flat and not found.isdisjoint(
            x for x in node.inputs if isinstance(x, TraceNode)
        ):
            found.add(node)
    return [isinstance(y, TraceNode) and y in found for y in graph.outputs]
