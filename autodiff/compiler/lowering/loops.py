"""Loops and branches: one instruction, whose programs are lowered as programs of their own.

nested      operands -> results, each result a `part`
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...programs.closed import Program as Closed
from ..ir.maps import is_contiguous
from ..ir.program import Program, Value
from .rows import Lowering, lowers


@lowers("scan")
def _scan(low: Lowering, *operands: Value, loop: Any) -> list[Value] | None:
    return nested(low, "scan", loop, [loop.program], operands)


@lowers("while_loop")
def _while(low: Lowering, *operands: Value, loop: Any) -> list[Value] | None:
    return nested(low, "while_loop", loop, [loop.test, loop.body], operands)


@lowers("cond")
def _cond(low: Lowering, *operands: Value, loop: Any) -> list[Value] | None:
    return nested(low, "cond", loop, [loop.yes, loop.no], operands)


def nested(
    low: Lowering, name: str, loop: Any, closed: list[Closed], operands: Any
) -> list[Value] | None:
    """The instruction's parts; `None` where NumPy has to run it, because a program checks data."""
    programs = low.programs.get(id(loop))
    if programs is None:
        programs = tuple(lowered(low, program) for program in closed)
        low.programs[id(loop)] = programs
    if None in programs:
        return None
    inputs = [v if is_contiguous(v) else low.copy(v) for v in typed(low, loop, operands)]
    params = {"function": name, "programs": programs, "loop": loop}
    whole = low.builder.make("nested", inputs, params, (), np.dtype(object))
    if "parts" not in whole.params:
        outlines = [
            np.asarray(y) for y in loop.outline([np.empty(v.shape, v.dtype) for v in inputs])
        ]
        whole.params["parts"] = [
            low.builder.make("part", (whole,), {"index": k}, y.shape, y.dtype)
            for k, y in enumerate(outlines)
        ]
    return list(whole.params["parts"])


def typed(low: Lowering, loop: Any, operands: Any) -> list[Value]:
    """The operands in the dtypes that the programs were traced for."""
    kinds = [np.asarray(x).dtype for x in loop.examples_of_operands()]
    return [low.maps.cast(v, kind) for v, kind in zip(operands, kinds, strict=True)]


def lowered(low: Lowering, closed: Closed) -> Program | None:
    graph = closed.graph
    inside = Lowering(low.for_llvm)
    inside.programs = low.programs
    inputs = []
    for k, node in enumerate(graph.inputs):
        inputs.append(inside.input(k, node.value))
        inside.values[node] = inputs[-1]
    inside.run(graph)
    if inside.checks:
        return None
    results = [inside.value(y) for y in graph.outputs]
    kinds = [np.asarray(y).dtype for y in closed.examples_of_results()]
    results = [inside.maps.cast(v, kind) for v, kind in zip(results, kinds, strict=True)]
    program = Program(graph.name, inputs, inside.own_results(results))
    program.verify()
    return program
