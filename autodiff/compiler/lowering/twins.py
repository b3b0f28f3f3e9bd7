"""Loops that do the same and more: the longer one gives the results of both.

A gradient needs the value of a loop, and once more its rounds, with the carries kept; a JVP needs
the value beside the tangents. A loop that was derived from another one tells what of it is the same
(`extends`), so that the rounds are made once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...engine.graph import TraceNode
from ...programs.tracing import Graph

Twin = tuple[TraceNode, list[int]]  # another loop, and which of its results are this one's


def each(graph: Graph, values: dict[TraceNode, Any], lowered: Callable[[TraceNode], Any]) -> None:
    """Enter what every operation is lowered to; a loop that has a longer twin is part of that."""
    longer = twins(graph)

    def enter(node: TraceNode) -> None:
        if node in longer:
            twin, places = longer[node]
            enter(twin)
            values[node] = [values[twin][k] for k in places]
        elif node not in values:
            values[node] = lowered(node)

    for node in graph.operations:
        enter(node)


def twins(graph: Graph) -> dict[TraceNode, Twin]:
    """For loops, another one that gives their results too, and could stand in their place."""
    known: dict[Any, TraceNode] = {}
    found: dict[TraceNode, Twin] = {}
    for node in graph.operations:
        if node.primitive is None or not node.primitive.outlined:
            continue
        loop = node.params["loop"]
        known.setdefault((id(loop.key), *map(id, node.inputs)), node)
        extends = loop.extends
        if extends is None:
            continue
        key, operands, results = extends
        first = known.get((id(key), *(id(node.inputs[k]) for k in operands)))
        if first is not None and all(is_before(x, first) for x in node.inputs):
            found.setdefault(first, (node, results))
    return found


def is_before(x: Any, node: TraceNode) -> bool:
    return not isinstance(x, TraceNode) or x.order < node.order
