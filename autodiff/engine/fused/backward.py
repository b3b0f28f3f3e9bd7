"""Reverse mode in fewer steps: a derived operation is recorded as one node for each of its results.

Where a forward sweep runs on top of a tape, an operation and its tangent reach the tape as one
operation, and the pullback of each of its results is one operation again, `Backward`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from ...arrays.tensor import Tensor
from ...rules.primitive import Structural, new_level
from ..graph import is_at
from ..reverse_mode import TapeNode, sweep
from .operation import Derived, example_of


class FusedTapeNode(TapeNode):
    """A tape node that records a derived operation as a whole."""

    __slots__ = ()
    derives = True

    def derive(self, derived: Derived, operands: Sequence[Any]) -> list[Any]:
        """The results of an operation that is itself derived, each on the tape."""
        level = self.level
        nested = False
        values: list[Any] = []
        tracked: tuple[int, ...] = ()
        parents: list[Any] = []
        for a in operands:
            if a.__class__ is Tensor:
                node = a.node
                if node.level == level:
                    tracked += (len(values),)
                    parents.append(node)
                    a = a.value
                nested = nested or a.__class__ is Tensor
            values.append(a)
        plan = derived.plan(list(map(example_of, values)) if nested else values)
        found = derived(*values) if nested else derived.results(plan, values)
        edges = plan.edges.get(tracked)
        if edges is None:
            edges = plan.edges[tracked] = edges_of(derived, tracked, values, len(found))
        results: list[Any] = []
        for y, (backward, places) in zip(found, edges, strict=True):
            if places and y.__class__ is not Structural:
                nodes = parents if len(places) == len(parents) else [parents[k] for k in places]
                pullback = DerivedPullback(backward, values)
                y = Tensor(y, FusedTapeNode(level, derived, nodes, None, pullback))
            results.append(y)
        return results


class DerivedPullback:
    """The pullback of one result of a derived operation, and what it remembers."""

    __slots__ = ("backward", "values")

    def __init__(self, backward: Derived, values: Sequence[Any]) -> None:
        self.backward = backward
        self.values = values

    def __call__(self, y_bar: Any) -> Any:
        if y_bar.__class__ is Structural:
            return self.backward.define(y_bar, *self.values)
        return self.backward(y_bar, *self.values)


def edges_of(derived: Derived, tracked: Sequence[int], operands: Any, results: int) -> Any:
    """For each result its pullback to the tracked operands that it depends on, and which of them
    these are."""
    edges = []
    for k, reached in enumerate(derived.reaches(operands, results)):
        wanted = tuple([i for i in tracked if i in reached])
        backward = derived.child((k, wanted), Backward, derived, k, wanted) if wanted else None
        edges.append((backward, [place for place, i in enumerate(tracked) if i in reached]))
    return edges


class Backward(Derived):
    """The cotangents of the wanted operands, from the cotangent of one result and all operands."""

    def __init__(self, derived: Derived, index: int, wanted: Sequence[int]) -> None:
        super().__init__(f"backward {derived.name}")
        self.derived, self.index, self.wanted = derived, index, tuple(wanted)

    def define(self, *operands: Any) -> tuple[Any, ...]:
        y_bar, *primals = operands
        level = new_level()
        leaves = [Stepping(level) for _ in self.wanted]
        for k, leaf in zip(self.wanted, leaves, strict=True):
            primals[k] = Tensor(primals[k], leaf)
        y = self.derived.define(*primals)[self.index]
        return tuple(sweep([y.node if is_at(y, level) else None], [y_bar], leaves, keep=False))


class Stepping(TapeNode):
    """A plain tape, whose cotangents continue in another sweep, and keep their strong zeros."""

    __slots__ = ()

    def arrive(self, cotangent: Any, found: dict[int, Any]) -> Any:
        found[self.order] = cotangent
        return (), ()


# What transforms make their leaves of, and with them every node: `raise_on_nonfinite` asks for
# nodes that look at what they are given.
TAPE: ContextVar[type[TapeNode]] = ContextVar("TAPE", default=FusedTapeNode)
