"""Both modes over one traced program: which sweeps there are, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..base.shapes import Shape
from ..engine.graph import TraceNode
from ..programs.names import free, unique
from ..programs.numbers import summary
from ..programs.tracing import Graph
from ..rules.primitive import payload
from .agreement import Agreement
from .steps import ForwardSweep, ReverseSweep, Step, active_nodes
from .symbolic_rules import Derivative

ENTRIES = 8  # of a result, or of all inputs, that get a sweep each
WIDE = 16  # columns of a Jacobian that is shown
SWEEPS = 4  # up to this many inputs, or outputs, get a sweep of their own


class BothModes:
    """A program, the forward and the reverse sweeps over it, and their numbers compared."""

    def __init__(self, graph: Graph, fold: bool = True) -> None:
        self.graph = graph
        self.fold = fold  # whether tables may leave out rounds of a loop
        self.held: list[tuple[str, Any]] = []  # arguments that are constant
        self.direction: dict[TraceNode, Any] | None = None  # the tangents of a single forward sweep
        self.seed: dict[TraceNode, Any] | None = None  # the cotangents of a single reverse sweep
        self.active = active_nodes(graph)
        self.inputs = [n for n in graph.inputs if n in self.active]
        results = dict.fromkeys(y for y in graph.outputs if isinstance(y, TraceNode))
        self.outputs = [y for y in results if y in self.active]

    @cached_property
    def forward_sweeps(self) -> list[ForwardSweep]:
        """One sweep per input where these are a few numbers, or per entry where there is a
        Jacobian, else one along a stated direction."""
        if self.direction is not None:
            under = self.fresh("tsr")
            moves = ", ".join(f"{x.name} along {summary(v)}" for x, v in self.direction.items())
            seed = f"seed: {moves}"
            return [self._forward(list(self.direction), under, seed, self.direction)]
        if self.columns:
            return [
                self._forward([x], label, f"seed: {label} moves at rate 1", {x: one})
                if shape(x)
                else self._forward([x], label, f"seed: {own(x)} = 1")
                for label, x, one in self.columns
            ]
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

    def _forward(
        self,
        directions: Sequence[TraceNode],
        under: str,
        seed: str,
        seeds: dict[TraceNode, Any] | None = None,
    ) -> ForwardSweep:
        return ForwardSweep(self.graph, self.active, directions, under, seed, seeds)

    # -- the Jacobian ------------------------------------------------------------------------------
    @cached_property
    def rows(self) -> list[tuple[str, TraceNode, Any]]:
        """Name, node and unit vector of every entry of the result, where it is a small array."""
        if self.seed is not None or len(self.outputs) != 1 or len(self.graph.outputs) != 1:
            return []
        (y,) = self.outputs
        return list(entries([y])) if len(shape(y)) == 1 and 1 < size(y) <= ENTRIES else []

    @cached_property
    def columns(self) -> list[tuple[str, TraceNode, Any]]:
        """The same of the inputs, where these have few entries altogether."""
        few = sum(map(size, self.inputs)) <= ENTRIES and all(is_real(x) for x in self.inputs)
        vectors = bool(self.rows) and is_real(self.outputs[0])
        return list(entries(self.inputs)) if vectors and few and self.direction is None else []

    @cached_property
    def jacobian(self) -> Any:
        """The Jacobian as the forward sweeps fill it, column by column, or else as the reverse
        sweeps do, row by row; `None` where there is neither."""
        if not self.rows or not is_real(self.outputs[0]):
            return None
        (y,) = self.outputs
        if self.columns:
            return np.stack([of(y, s) for s in self.forward_sweeps], axis=1)
        if sum(map(size, self.inputs)) > WIDE or not all(map(is_real, self.inputs)):
            return None
        rows = [[of(x, s) for x in self.inputs] for s in self.reverse_sweeps]
        return np.stack([np.concatenate(row) for row in rows])

    @cached_property
    def reverse_sweeps(self) -> list[ReverseSweep]:
        """One sweep per output where these are few, or per entry of a small one, else one for the
        sum of all of them."""
        if self.seed is not None:
            over = self.fresh("sur")
            parts = " + ".join(f"sum({summary(v)} * {y.name})" for y, v in self.seed.items())
            return [self._reverse(list(self.seed), over, f"seed: {over} = {parts}", self.seed)]
        if self.rows and is_real(self.outputs[0]):
            return [
                self._reverse([y], label, f"seed: {label} alone", {y: one})
                for label, y, one in self.rows
            ]
        if len(self.outputs) > SWEEPS:
            over = self.fresh("sur")
            seed = f"seed: {over} is the sum of all entries of {len(self.outputs)} results"
            return [self._reverse(self.outputs, over, seed)]
        return [self._reverse([y], str(y.name), seed_of(y)) for y in self.outputs]

    def _reverse(
        self,
        outputs: Sequence[TraceNode],
        over: str,
        seed: str,
        seeds: dict[TraceNode, Any] | None = None,
    ) -> ReverseSweep:
        return ReverseSweep(self.graph, self.active, outputs, over, seed, seeds)

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


def entries(nodes: Sequence[TraceNode]) -> Iterator[tuple[str, TraceNode, Any]]:
    """Every entry of some values: its name, its node, and the unit vector along it."""
    for node in nodes:
        value = np.asarray(payload(node.value))
        for index in np.ndindex(value.shape):
            one = np.zeros_like(value)
            one[index] = 1
            at = ", ".join(map(str, index))
            yield (f"{node.name}[{at}]" if index else str(node.name)), node, one[()]


def of(node: TraceNode, sweep: ForwardSweep | ReverseSweep) -> Any:
    """What a sweep found for every entry of a value; 0 where it did not come by."""
    found = sweep.numbers.get(node, 0.0)
    return np.ravel(np.broadcast_to(payload(found), shape(node)))


def size(node: TraceNode) -> int:
    return int(np.size(payload(node.value)))


def is_real(node: TraceNode) -> bool:
    return np.asarray(payload(node.value)).dtype.kind == "f"


def own(x: TraceNode) -> str:
    return Derivative(x.name, x.name)


def seed_of(y: TraceNode) -> str:
    if not shape(y):
        return f"seed: {own(y)} = 1"
    return f"seed: ones of shape {shape(y)}, so what is differentiated is sum({y.name})"


def shape(node: TraceNode) -> Shape:
    return np.shape(payload(node.value))
