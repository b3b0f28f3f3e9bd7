"""A traced program with its numbers: every value, tangent and adjoint, and who uses what.

The directions of both sweeps are generic, with no two entries alike, so that a derivative that is
exactly zero is zero by the program, not by a sum that happens to cancel.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ...engine.arguments import finished
from ...engine.graph import TraceNode
from ...explanation.steps import active_nodes, pull_numbers, push_numbers
from ...programs.tracing import Graph
from ...rules.kinds import pick
from ...rules.primitive import ZERO, payload

GOLDEN = 0.6180339887498949  # whose multiples, modulo 1, are never alike


class Program:
    """What the searches read. A node stands for a value; `operands` are the nodes and constants
    that it was made of, where a row with several results is not a node."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.active = active_nodes(graph)
        self.inputs = [n for n in graph.inputs if n in self.active]
        self.outputs = [y for y in graph.outputs if isinstance(y, TraceNode)]
        self.operations = graph.shown()
        ends = list(dict.fromkeys(y for y in self.outputs if y in self.active))
        self.tangents = push_numbers(graph, self.inputs, lambda n: generic(n.value))
        self.adjoints = pull_numbers(graph, self.active, ends, lambda n: generic(n.value))

    def adjoint(self, node: TraceNode) -> Any:
        return finished(self.adjoints.get(node, ZERO), node.value)

    @cached_property
    def consumers(self) -> dict[TraceNode, list[TraceNode]]:
        """For each value, the values made of it."""
        found: dict[TraceNode, list[TraceNode]] = {n: [] for n in self.graph.nodes}
        for node in self.operations:
            for x in dict.fromkeys(z for z in self.operands(node) if isinstance(z, TraceNode)):
                found[x].append(node)
        return found

    def operands(self, node: TraceNode) -> list[Any]:
        return list(self.row_node(node).inputs)

    def is_active(self, x: Any) -> bool:
        return isinstance(x, TraceNode) and x in self.active

    def row_node(self, node: TraceNode) -> TraceNode:
        """The application of the row that made a value."""
        return node.inputs[0] if node.primitive is pick else node

    def expression(self, node: TraceNode) -> str:
        return "" if node.primitive is None else self.graph.expression(self.row_node(node)).loose

    def name(self, x: Any) -> str:
        """A value as the program shows it: a name, or a constant."""
        return self.graph.operand(x).loose


def value_of(x: Any) -> Any:
    """The numbers of a node or a constant."""
    return payload(x.value if isinstance(x, TraceNode) else x)


def generic(x: Any) -> Any:
    """A direction in the shape of `x`: 1 for a number, entries between 1/2 and 3/2 for an array."""
    x = payload(x)
    if np.ndim(x) == 0:
        return np.ones_like(x)[()]
    steps = 0.5 + np.arange(1, np.size(x) + 1) * GOLDEN % 1
    return steps.reshape(np.shape(x)).astype(x.dtype)
