"""Sets pushed through a traced program, from its inputs to its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine.graph import TraceNode
from ..rules.conforming import Aval, aval_of
from ..rules.kinds import pick
from ..rules.primitive import Traced, nodes_of
from .by_kind import UNKNOWN, Call, pushed
from .loops import LOOPS
from .sets import Sets

WHAT = "a sparse derivative, whose pattern"


def through(
    graph: Any, sets: dict[Any, Sets | None], fixed: dict[Any, Any], at: bool = False
) -> list[Any]:
    """The sets of the results. `sets` and `fixed` have what is known of the inputs: their sets, and
    the values that are the same in every call."""
    values = dict(fixed)
    of: dict[Any, Any] = dict(sets)
    last = last_uses(graph)
    for k, node in enumerate(graph.operations):
        operands = [of.get(x) if isinstance(x, TraceNode) else None for x in node.inputs]
        known = [known_value(x, values) for x in node.inputs]
        if node.primitive is pick:
            of[node] = operands[0] and operands[0][node.params["index"]]
            whole = values.get(node.inputs[0], UNKNOWN)
            values[node] = whole if whole is UNKNOWN else whole[node.params["index"]]
        else:
            if all(x is not UNKNOWN for x in known):
                values[node] = settled(node, known)
            elif any(s is not None for s in operands):
                of[node] = one(node, operands, known, at)
        for x in last.get(k, ()):
            of.pop(x, None)
    return [of.get(y) if isinstance(y, TraceNode) else None for y in graph.outputs]


def one(node: TraceNode, operands: Sequence[Any], known: Sequence[Any], at: bool) -> Any:
    row, params = node.primitive, node.params
    assert row is not None
    values = [x.value if isinstance(x, TraceNode) else x for x in node.inputs]
    likes = [Aval((), None) if x is None else aval_of(x) for x in values]
    if row.name in LOOPS:
        return LOOPS[row.name](params["loop"], operands, known, likes, through)
    shown = None
    if at:
        shown = values
    return pushed(Call(row, params, operands, known, shown, likes, node.value))


def last_uses(graph: Any) -> dict[int, list[Any]]:
    """After which operation the sets of a node are needed no more."""
    last: dict[Any, int] = {}
    for k, node in enumerate(graph.operations):
        for x in node.inputs:
            if isinstance(x, TraceNode):
                last[x] = k
    kept = {y for y in graph.outputs if isinstance(y, TraceNode)}
    found: dict[int, list[Any]] = {}
    for x, k in last.items():
        if x not in kept:
            found.setdefault(k, []).append(x)
    return found


def known_value(x: Any, values: dict[Any, Any]) -> Any:
    """The value of an operand, if it is the same in every call."""
    if isinstance(x, TraceNode):
        return values.get(x, UNKNOWN)
    return constant(x)


def constant(x: Any) -> Any:
    """A constant of the program; what another transform watches may be another one in each call."""
    if not isinstance(x, Traced):
        return x
    for node in nodes_of(x):
        node.looked_at(WHAT)
    return UNKNOWN


def settled(node: TraceNode, known: Sequence[Any]) -> Any:
    """The value of what is made of known values alone."""
    assert node.primitive is not None
    if node.level_info.evaluate is None and node.value is not None:
        return node.value
    return node.primitive(*known, **node.params)
