"""Reverse mode: record each operation's pullback on a tape, then walk the tape back once.

    y_bar = 1                           the seed: dy/dy
    x_bar += pullback(y_bar)            every operation, in the opposite order

The tape is the graph itself: a node knows its inputs, never what uses it, so what the program drops
is freed at once, and a sweep that is not asked to keep the graph frees it as it goes.
Source: Speelpenning (1980); Griewank and Walther, Evaluating Derivatives (2008), chapter 3.2.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from contextvars import ContextVar
from heapq import heappop, heappush
from typing import Any

import numpy as np

from .derived import Derived, example_of, is_at
from .errors import AutodiffError
from .fitting import aval_of, conform_tangent, full
from .graph import Node, next_order
from .kinds import pick
from .primitive import ZERO, Primitive, Structural, new_level
from .selection import select_back, value_of
from .shapes import explained, shape_of
from .tensor import Tensor

# A sweep allocates and frees many arrays of one size. glibc gives freed memory at the top of the
# heap back to the system beyond twice the largest block it has seen freed, and then every array is
# paged in anew: up to half of the time of a gradient over 10^6 doubles. One large block, freed
# untouched, teaches it to keep up to 64 MB (mallopt(3), M_MMAP_THRESHOLD): benchmarks/eager.py.
np.empty(2**25 - 2**16, np.uint8)


class TapeNode(Node):
    """One recorded operation: `inputs` holds the nodes of its tracked arguments only, in the order
    in which `pullback` returns their cotangents."""

    __slots__ = ("pullback",)
    keeps = False  # does it also keep values and operands, for a picture?
    derives = True  # may it record an operation that is itself derived?

    def __init__(
        self,
        level: int,
        primitive: Primitive | None = None,
        inputs: Sequence[Any] = (),
        params: dict[str, Any] | None = None,
        pullback: Any = None,
    ) -> None:
        self.level = level
        self.order = next_order()
        self.primitive = primitive
        self.inputs = inputs
        self.params = {} if params is None else params
        self.pullback = pullback

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        level = self.level
        values: list[Any] = []
        tracked: list[int] = []
        parents: list[Any] = []
        nested = False  # is another transform watching an argument?
        for a in args:
            if a.__class__ is Tensor:
                node = a.node
                if node.level == level:
                    a = a.value
                    tracked.append(len(values))
                    parents.append(node)
                if a.__class__ is Tensor:
                    nested = True
                    a = Tensor(a.value, a.node)  # a program may yet re-point its own handle
            values.append(a)
        try:
            y = primitive(*values, **params) if nested else primitive.value(*values, **params)
        except ValueError as error:
            raise explained(primitive.name, values, error) from None
        if primitive.flat:
            return y
        if primitive.forward_only:
            pullback = transposed_jvp(primitive, y, values, tracked, params)
        else:
            pullback = primitive.vjp(y, values, tracked, params)
        if primitive.selects_back and any(parent.pullback for parent in parents):
            pullback = select_back(pullback, shape_of(y), primitive, values[0], params)
        node = self.__class__(level, primitive, parents, params, pullback)
        if self.keeps:
            node.keep(y, args)
        if primitive.multiple:
            whole = Tensor(y, node)
            return tuple(pick(whole, index=k) for k in range(len(y)))
        return Tensor(y, node)

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
                y = Tensor(y, TapeNode(level, derived, nodes, None, pullback))
            results.append(y)
        return results

    def keep(self, y: Any, args: Sequence[Any]) -> None:
        """Remember what a picture shows; the plain tape remembers nothing."""

    def arrive(
        self, cotangent: Any, found: dict[int, Any]
    ) -> tuple[Sequence[TapeNode], Sequence[Any]]:
        """A node without a pullback is a leaf: its cotangent is what the sweep is for. What stands
        for a part of the program that must be run again sends the sweep there: checkpoint.py."""
        check_not_freed(self)
        found[self.order] = value_of(cotangent)
        return (), ()

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        node = self.__class__(self.level)
        if self.keeps:
            node.keep(value, ())
        return Tensor(value, node)


# What transforms make their leaves of, and with them every node: `raise_on_nonfinite` asks for
# nodes that look at what they are given.
TAPE: ContextVar[type[TapeNode]] = ContextVar("TAPE", default=TapeNode)


def sweep(
    nodes: Sequence[Any], bars: Sequence[Any], leaves: Sequence[TapeNode], keep: bool
) -> list[Any]:
    """One reverse sweep: the cotangents of `leaves` (`ZERO` where nothing arrives).

    It starts from the cotangents `bars` of the output `nodes`, which are `None` for constants.
    Nodes wait in a heap, youngest first: when a node is popped, everything that uses it has been
    swept, so its cotangent is complete. What arrives alone and is the youngest is next: a chain.
    """
    pending: dict[int, list[Any]] = {}  # -order -> [node, cotangent so far]
    waiting: list[int] = []
    found: dict[int, Any] = {}
    while True:
        if len(nodes) == 1 and (not waiting or -nodes[0].order < waiting[0]):
            (node,), (cotangent,) = nodes, bars
            if cotangent is ZERO or node is None:
                nodes = bars = ()
                continue
        else:
            for k, node in enumerate(nodes):  # a strict zip would take a tenth of the sweep
                cotangent = bars[k]
                if cotangent is ZERO or node is None:
                    continue
                key = -node.order
                if key in pending:
                    # Popped first: NumPy adds into the memory of an array that nothing else holds.
                    pending[key].append(add(pending[key], cotangent))
                else:
                    pending[key] = [node, cotangent]
                    heappush(waiting, key)
            if not waiting:
                return [found.get(leaf.order, ZERO) for leaf in leaves]
            bars = ()
            node, cotangent = pending.pop(heappop(waiting))
        pullback = node.pullback
        if pullback is None:
            nodes, bars = node.arrive(cotangent, found)
            continue
        nodes, bars = node.inputs, pullback(cotangent)
        if not keep:
            node.pullback, node.inputs = None, FREED


FREED = ("freed",)


def check_not_freed(node: TapeNode) -> None:
    if node.inputs is FREED:
        raise AutodiffError(
            "this graph was freed by an earlier reverse sweep; "
            "call backward(keep_graph=True) the first time, or compute the value again"
        )


def add(entry: list[Any], cotangent: Any) -> Any:
    """The sum of a node's cotangent so far, taken out of its entry, and a new one."""
    if cotangent.__class__ is tuple:  # of a row with several outputs: part by part
        return tuple(map(operator.add, entry.pop(), cotangent))
    return entry.pop() + cotangent


def transposed_jvp(
    primitive: Any, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: dict[str, Any]
) -> Any:
    """The pullback of a row that is given only forwards: its JVP is linear in the tangents, so the
    transpose is one reverse sweep over the JVP itself."""
    level = new_level()
    leaves = [TapeNode(level) for _ in wanted]
    tangents: list[Any] = [ZERO] * len(primals)
    for leaf, i in zip(leaves, wanted, strict=True):
        tangents[i] = Tensor(np.zeros_like(primals[i]), leaf)
    y_dot = primitive.jvp(y, primals, tangents, params)
    parts = y_dot if primitive.multiple else [y_dot]
    nodes = [t.node if is_at(t, level) else None for t in parts]

    def pullback(y_bar: Any) -> list[Any]:
        return sweep(nodes, y_bar if primitive.multiple else [y_bar], leaves, keep=True)

    return pullback


def transposed_vjp(
    primitive: Any, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]
) -> Any:
    """The tangent of a row that is given only backwards: the transpose of its pullback."""
    wanted = [i for i, t in enumerate(tangents) if t is not ZERO]
    pullback = primitive.vjp(y, primals, wanted, params)
    level = new_level()
    outputs = y if primitive.multiple else (y,)
    leaves = [TapeNode(level) for _ in outputs]
    probe = [Tensor(np.zeros_like(v), leaf) for v, leaf in zip(outputs, leaves, strict=True)]
    bars = pullback(tuple(probe) if primitive.multiple else probe[0])
    nodes = [bar.node if is_at(bar, level) else None for bar in bars]
    found = sweep(nodes, [tangents[i] for i in wanted], leaves, keep=False)
    y_dot = tuple(
        t if t is ZERO else conform_tangent(full(t, aval_of(v)), v)
        for t, v in zip(found, outputs, strict=True)
    )
    return y_dot if primitive.multiple else y_dot[0]


# -- operations that are themselves derived: derived.py --------------------------------------------
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


class Stepping(TapeNode):
    """A tape on which operations are pulled back one by one."""

    __slots__ = ()
    derives = False

    def arrive(self, cotangent: Any, found: dict[int, Any]) -> Any:
        """The cotangent goes on in another sweep, with what it knows of strong zeros."""
        found[self.order] = cotangent
        return (), ()


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
    """The cotangents of the wanted operands, of the cotangent of one result and all operands."""

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
