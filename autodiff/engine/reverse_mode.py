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
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..base.errors import AutodiffError
from ..base.shapes import explained, shape_of
from ..rules.conforming import aval_of, conform_tangent, full
from ..rules.kinds import pick
from ..rules.primitive import ZERO, Primitive, new_level
from .graph import GraphNode, is_at, next_order
from .strong_zeros import select_back, value_of

FREED = ("freed",)  # the inputs of a node that was swept and is not to be swept again


class TapeNode(GraphNode):
    """One recorded operation. Of its arguments a tape keeps the tracked ones alone: `inputs` are
    their nodes, in the order in which `pullback` returns their cotangents."""

    __slots__ = ("pullback",)
    keeps = False  # does it also keep values and operands, for a picture?

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
        for a in args:  # graph.split, in one loop with the rest: this runs for each operation
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

    def keep(self, y: Any, args: Sequence[Any]) -> None:
        """Remember what a picture shows; the plain tape remembers nothing."""

    def arrive(self, cotangent: Any, found: dict[int, Any]) -> Any:
        """A leaf has no pullback, and keeps its cotangent in `found`. Returns the nodes to go on to
        and their cotangents: none here; checkpoint.py goes on to a part that is run again."""
        if self.inputs is FREED:
            raise AutodiffError(
                "this graph was freed by an earlier reverse sweep; "
                "call backward(keep_graph=True) the first time, or compute the value again"
            )
        found[self.order] = value_of(cotangent)
        return (), ()

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        node = self.__class__(self.level)
        node.keep(value, ())
        return Tensor(value, node)


def sweep(nodes: Any, bars: Any, leaves: Sequence[TapeNode], keep: bool) -> list[Any]:
    """The cotangents of `leaves` (`ZERO` where nothing arrives), from the cotangents `bars` of the
    output `nodes`; the node of a constant is `None`.

    The sweep is the three lines marked 1, 2, 3. A node is taken when it is the youngest that waits:
    all that use it have been swept then, so its cotangent is complete. In a chain it need not wait.
    """
    sums: dict[int, list[Any]] = {}  # by -order: the node, the sum of its cotangents so far
    heap: list[int] = []  # the keys of `sums`: the smallest is the youngest node's
    found: dict[int, Any] = {}
    if None in nodes:
        bars = [ZERO if node is None else bar for node, bar in zip(nodes, bars, strict=True)]
    while True:
        if len(nodes) == 1 and (not heap or -nodes[0].order < heap[0]) and bars[0] is not ZERO:
            (node,), (cotangent,) = nodes, bars
        else:
            collect(nodes, bars, sums, heap)  # 3. add to the cotangents of its inputs
            if not heap:
                return [found.get(leaf.order, ZERO) for leaf in leaves]
            bars = ()
            node, cotangent = sums.pop(heappop(heap))  # 1. take the youngest node
        pullback = node.pullback
        if pullback is None:
            nodes, bars = node.arrive(cotangent, found)
            continue
        nodes, bars = node.inputs, pullback(cotangent)  # 2. pull its cotangent back
        if not keep:
            node.pullback, node.inputs = None, FREED


def collect(nodes: Sequence[Any], bars: Sequence[Any], sums: Any, heap: list[int]) -> None:
    """Add what a pullback gave to the cotangents so far of the nodes that it is for."""
    for k, node in enumerate(nodes):  # a strict zip would take a tenth of the sweep
        cotangent = bars[k]
        if cotangent is ZERO:
            continue
        key = -node.order
        if key in sums:
            # `add` takes the old sum out of its entry: NumPy then adds into that array's memory.
            sums[key].append(add(sums[key], cotangent))
        else:
            sums[key] = [node, cotangent]
            heappush(heap, key)


def add(entry: list[Any], cotangent: Any) -> Any:
    """The sum of a node's cotangent so far, taken out of its entry, and a new one."""
    if cotangent.__class__ is tuple:  # of a row with several outputs: part by part
        return tuple(map(operator.add, entry.pop(), cotangent))
    return entry.pop() + cotangent


def transposed_jvp(primitive: Any, y: Any, primals: Any, wanted: Any, params: Any) -> Any:
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


def transposed_vjp(primitive: Any, y: Any, primals: Any, tangents: Any, params: Any) -> Any:
    """The tangent of a row that is given only backwards: the transpose of its pullback. That maps
    y_bar to x_bars, so its own pullback takes x_dots, as cotangents of x_bars, to y_dot."""
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
