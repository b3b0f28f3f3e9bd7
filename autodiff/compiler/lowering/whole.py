"""A traced graph as one program, with what it checks among its results."""

from __future__ import annotations

from functools import partial, reduce

import numpy as np

from ...programs.tracing import Graph
from ..ir.program import Program, Value, number
from . import checks, indexing, loops, products, scans, systems  # noqa: F401 - their rules
from .rows import LOWER, Lowering


def program_of(graph: Graph, reciprocals: bool = True) -> Program:
    """A traced graph as a program; with `reciprocals`, few divisors are inverted once. If it checks
    data, one more result says whether all checks hold; if it decides by values, the last one says
    how many decisions are those of its path before the first that is not."""
    low = Lowering(reciprocals)
    inputs = []
    for k, node in enumerate(graph.inputs):
        v = low.input(k, node.value)
        inputs.append(v)
        low.values[node] = v
    low.run(graph)
    results = [*(low.value(y) for y in graph.outputs), *held(low), *agreed(low)]
    return Program(graph.name, inputs, low.own_results(results))


def held(low: Lowering) -> list[Value]:
    """Whether all checks hold: one value, or none if there is nothing to check."""
    always = low.builder.constant(np.True_)
    found = [
        LOWER["all"](low, v, always, axis=tuple(range(-v.ndim, 0)), keepdims=False)
        for v in dict.fromkeys(low.checks)
        if not number(v)
    ]
    return [reduce(partial(low.maps.apply, "logical_and"), found)] if found else []


def agreed(low: Lowering) -> list[Value]:
    """How many decisions hold before the first that does not: one value, or none."""
    n = len(low.decisions)
    if not n:
        return []
    places = [(v, k, ()) for k, v in enumerate(low.decisions)]
    all_held = low.place((n,), places, np.dtype(bool))
    numbers, after = low.builder.constant(np.arange(n)), low.builder.constant(np.int64(n))
    return [low.reduce("min", low.maps.where(all_held, after, numbers), [-1])]
