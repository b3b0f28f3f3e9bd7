"""Reverse mode: record each operation's pullback on a tape, then walk the tape back once.

    y_bar = 1                           the seed: dy/dy
    x_bar += pullback(y_bar)            every operation, in the opposite order

The tape is the graph itself: a node knows its inputs, never what uses it, so what the program drops
is freed at once, and a sweep that is not asked to keep the graph frees it as it goes.
Source: Speelpenning (1980); Griewank and Walther, Evaluating Derivatives (2008), chapter 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from .errors import AutodiffError
from .graph import Node, split
from .kinds import pick
from .primitive import ZERO, Primitive, new_level, plus
from .shapes import shape_of
from .tensor import Tensor


class TapeNode(Node):
    """One recorded operation: `inputs` holds the nodes of its tracked arguments only, in the order
    in which `pullback` returns their cotangents."""

    __slots__ = ("pullback",)

    def __init__(
        self,
        level: int,
        primitive: Primitive | None = None,
        inputs: Sequence[Any] = (),
        params: dict[str, Any] | None = None,
        pullback: Any = None,
    ) -> None:
        super().__init__(level, primitive, inputs, params or {})
        self.pullback = pullback

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        values, tracked = split(self.level, args)
        if primitive.flat:
            return primitive(*values, **params)
        if primitive.kind == "special" and primitive.backward is None:
            y, pullback = transposed_jvp(primitive, values, tracked, params)
        else:
            y, pullback = primitive.vjp(values, tracked, params)
        node = TapeNode(self.level, primitive, [args[i].node for i in tracked], params, pullback)
        if primitive.multiple:
            whole = Tensor(y, node)
            return tuple(pick(whole, index=k) for k in range(len(y)))
        return Tensor(y, node)

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        return Tensor(value, TapeNode(self.level))


def sweep(seeds: Sequence[tuple[TapeNode, Any]], leaves: Sequence[TapeNode], keep: bool) -> list[Any]:
    """One reverse sweep: the cotangents of `leaves` (`ZERO` where nothing arrives).

    `seeds` pairs output nodes with their cotangents. Nodes wait in a heap, youngest first: when a
    node is popped, everything that uses it has been swept, so its cotangent is complete.
    """
    cotangents: dict[int, Any] = {}
    nodes: dict[int, TapeNode] = {}
    waiting: list[int] = []

    def accumulate(node: TapeNode, cotangent: Any) -> None:
        order = -node.order
        if order in cotangents:
            cotangents[order] = add(cotangents[order], cotangent)
        elif cotangent is not ZERO:
            cotangents[order] = cotangent
            nodes[order] = node
            heappush(waiting, order)

    for node, cotangent in seeds:
        accumulate(node, cotangent)
    wanted = {leaf.order for leaf in leaves}
    found: dict[int, Any] = {}
    while waiting:
        order = heappop(waiting)
        node, cotangent = nodes.pop(order), cotangents.pop(order)
        if -order in wanted:
            found[-order] = cotangent
        if node.pullback is None:
            check_not_freed(node)
            continue
        for parent, contribution in zip(node.inputs, node.pullback(cotangent), strict=True):
            accumulate(parent, contribution)
        if not keep:
            node.pullback, node.inputs = None, FREED
    return [found.get(leaf.order, ZERO) for leaf in leaves]


FREED = ("freed",)


def check_not_freed(node: TapeNode) -> None:
    if node.inputs is FREED:
        raise AutodiffError(
            "this graph was freed by an earlier reverse sweep; "
            "call backward(keep_graph=True) the first time, or compute the value again"
        )


def add(a: Any, b: Any) -> Any:
    """The sum of two cotangents of one node; of a tuple's, part by part."""
    if isinstance(a, tuple):
        return tuple(map(plus, a, b))
    return plus(a, b)


def transposed_jvp(
    primitive: Any, primals: Sequence[Any], wanted: Sequence[int], params: dict[str, Any]
) -> tuple[Any, Any]:
    """The VJP of a row that is given only forwards: its JVP is linear in the tangents, so its
    transpose is one reverse sweep over the JVP itself."""
    level = new_level()
    leaves = [TapeNode(level) for _ in wanted]
    tangents: list[Any] = [ZERO] * len(primals)
    for leaf, i in zip(leaves, wanted, strict=True):
        tangents[i] = Tensor(np.zeros_like(primals[i]), leaf)
    y, y_dot = primitive.jvp(primals, tangents, params)

    def pullback(y_bar: Any) -> list[Any]:
        pairs = zip(y_dot, y_bar, strict=True) if primitive.multiple else [(y_dot, y_bar)]
        seeds = [(t.node, g) for t, g in pairs if is_at(t, level) and g is not ZERO]
        return sweep(seeds, leaves, keep=True)

    return y, pullback


def transposed_vjp(
    primitive: Any, primals: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]
) -> tuple[Any, Any]:
    """The JVP of a row that is given only backwards: the transpose of its pullback."""
    wanted = [i for i, t in enumerate(tangents) if t is not ZERO]
    y, pullback = primitive.vjp(primals, wanted, params)
    level = new_level()
    outputs = y if primitive.multiple else (y,)
    leaves = [TapeNode(level) for _ in outputs]
    probe = [Tensor(np.zeros_like(v), leaf) for v, leaf in zip(outputs, leaves, strict=True)]
    bars = pullback(tuple(probe) if primitive.multiple else probe[0])
    seeds = [
        (bar.node, tangents[i]) for i, bar in zip(wanted, bars, strict=True) if is_at(bar, level)
    ]
    y_dot = sweep(seeds, leaves, keep=False)
    return y, tuple(y_dot) if primitive.multiple else y_dot[0]


def is_at(x: Any, level: int) -> bool:
    return isinstance(x, Tensor) and x.node.level == level


def same_shape(a: Any, b: Any) -> bool:
    return shape_of(a) == shape_of(b)
