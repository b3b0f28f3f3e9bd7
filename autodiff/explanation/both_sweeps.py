"""Both modes over one traced program: which sweeps there are, and whether they agree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ..base.shapes import Shape
from ..engine.graph import TraceNode
from ..programs.names import free, unique
from ..programs.tracing import Graph
from ..rules.primitive import payload
from .steps import Agreement, ForwardSweep, ReverseSweep, Step, active_nodes
from .symbolic_rules import Derivative

SWEEPS = 4  # up to this many inputs, or outputs, get a sweep of their own


class BothModes:
    """A program, the forward and the reverse sweeps over it, and their numbers compared."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.active = active_nodes(graph)
        self.inputs = [n for n in graph.inputs if n in self.active]
        results = dict.fromkeys(y for y in graph.outputs if isinstance(y, TraceNode))
        self.outputs = [y for y in results if y in self.active]

    @cached_property
    def forward_sweeps(self) -> list[ForwardSweep]:
        """One sweep per input where these are a few numbers, else one along a stated direction."""
        if len(self.inputs) <= SWEEPS and all(shape(x) == () for x in self.inputs):
            return [self._forward([x], str(x.name), f"seed: {own(x)} = 1") for x in self.inputs]
        under = self.fresh("tsr")
        names = [str(x.name) for x in self.inputs]
        if len(names) > SWEEPS:
            names[SWEEPS - 1 :] = [f"{len(names) - SWEEPS + 1} more inputs"]
        moving = ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
        first = Derivative(self.inputs[0].name, under)
        seed = f"seed: every entry of {moving} moves at rate 1: {first} is all ones"
        return [self._forward(self.inputs, under, seed + (", and so on" if len(names) > 1 else ""))]

    def _forward(self, directions: Sequence[TraceNode], under: str, seed: str) -> ForwardSweep:
        return ForwardSweep(self.graph, self.active, directions, under, seed)

    @cached_property
    def reverse_sweeps(self) -> list[ReverseSweep]:
        """One sweep per output where these are few, else one for the sum of all of them."""
        if len(self.outputs) > SWEEPS:
            over = self.fresh("sur")
            seed = f"seed: {over} is the sum of all entries of {len(self.outputs)} results"
            return [self._reverse(self.outputs, over, seed)]
        return [self._reverse([y], str(y.name), seed_of(y)) for y in self.outputs]

    def _reverse(self, outputs: Sequence[TraceNode], over: str, seed: str) -> ReverseSweep:
        return ReverseSweep(self.graph, self.active, outputs, over, seed)

    def fresh(self, letters: str) -> str:
        """The first of `letters` that is no variable of the program; else one with a number."""
        taken = [str(n.name) for n in self.graph.nodes]
        return unique([free(letters, taken)], taken)[0]

    @property
    def forward(self) -> list[Step]:
        return [step for sweep in self.forward_sweeps for step in sweep.steps]

    @property
    def reverse(self) -> list[Step]:
        return [step for sweep in self.reverse_sweeps for step in sweep.steps]

    @cached_property
    def agreements(self) -> list[Agreement]:
        """For each input and output, or direction and sum: the number by either mode."""
        return [Agreement(f, r) for r in self.reverse_sweeps for f in self.forward_sweeps]


def own(x: TraceNode) -> str:
    return Derivative(x.name, x.name)


def seed_of(y: TraceNode) -> str:
    if not shape(y):
        return f"seed: {own(y)} = 1"
    return f"seed: ones of shape {shape(y)}, so what is differentiated is sum({y.name})"


def shape(node: TraceNode) -> Shape:
    return np.shape(payload(node.value))
