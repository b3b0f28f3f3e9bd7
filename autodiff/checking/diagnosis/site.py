"""One application of a row, as the search for a cause sees it: its numbers and its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...engine.graph import GraphNode
from ...rules.primitive import Node, Primitive

# Rows that hand their first operand on.
PASSING = ("reshape", "broadcast_to", "index", "cast", "transpose", "negative", "keep", "clip")
TOO_FAR = 6  # rows between the two ends of a pattern


class Site:
    """`names` and `values` of the operands, the result `y`, and, where they are known, the nodes
    that made the operands (`sources`), the node of the result, and the nodes that use a node."""

    def __init__(
        self,
        primitive: Primitive,
        names: Sequence[str],
        values: Sequence[Any],
        y: Any,
        params: dict[str, Any],
        sources: Sequence[Any],
        node: Any = None,
        users: Callable[[Any], Sequence[Any]] = lambda node: (),
    ) -> None:
        self.primitive = primitive
        self.names = names
        self.values = values
        self.y = y
        self.params = params
        self.sources = sources
        self.node = node
        self.users = users

    def made_by(
        self, names: Sequence[str], of: GraphNode | None = None, at: int = 0
    ) -> GraphNode | None:
        """The node of one of these rows that made an operand (the first, or number `at`) of this
        site, or `of` another node; rows between that only pass a value on do not count."""
        sources = self.sources if of is None else of.inputs
        if len(sources) <= at:
            return None
        if at:  # in a sum, either term
            return next((n for n in reach([sources[at]]) if row_name(n) in names), None)
        node = sources[0]
        for _ in range(TOO_FAR):
            if row_name(node) in names:
                return node
            if row_name(node) not in PASSING or not node.inputs:
                return None
            node = node.inputs[0]
        return None

    def used_by(self, *chain: Sequence[str]) -> bool:
        """Whether the result goes into a row of the first group, that into one of the next, ..."""
        front = [self.node]
        for names in chain:
            front = [n for node in front for n in self.following(node) if row_name(n) in names]
        return bool(front)

    def following(self, node: Any) -> list[Any]:
        found, front = [], [node]
        for _ in range(TOO_FAR):
            front = [user for n in front for user in self.users(n)]
            found += front
            front = [n for n in front if row_name(n) in PASSING]
        return found


def reach(front: list[Any]) -> list[Any]:
    """The nodes from which `front` is made in a few steps."""
    found: list[Any] = []
    for _ in range(3):
        found += front
        front = [
            x
            for n in front
            if isinstance(n, GraphNode)
            for x in n.inputs
            if isinstance(x, GraphNode)
        ]
    return found


def row_name(x: Any) -> str:
    """The name of the row at a site, or of a node; nothing for an input or a constant."""
    primitive = x.primitive if isinstance(x, (Node, Site)) else None
    return primitive.name.removeprefix("scipy.special.") if primitive is not None else ""


def arises(y: Any, given: Sequence[Any], constants: Sequence[Any] = ()) -> str:
    """What appears in `y` and did not come in: "nan", "inf", or nothing. An inf that is a constant
    of the program is intended."""
    if all_finite(y) or any(not all_finite(x) for x in given):
        return ""
    if has(np.isnan, y):
        return "" if any(has(np.isnan, x) for x in constants) else "nan"
    return "" if any(not all_finite(x) for x in constants) else "inf"


def all_finite(x: Any) -> bool:
    return not has(lambda part: ~np.isfinite(part), x)


def has(test: Callable[[Any], Any], x: Any) -> bool:
    """Whether a test of floats holds anywhere in an array, or in a tuple of arrays."""
    if isinstance(x, tuple):
        return any(has(test, part) for part in x)
    x = np.asarray(x)
    return x.dtype.kind in "fc" and bool(np.any(test(x)))
