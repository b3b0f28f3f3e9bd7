"""Rows that are formulas of other rows, taken apart: ``explain(..., detail="open")``.

Each entry states a row's value by plain steps; derivatives of the steps come from the table, so
nothing is differentiated here. Where the row guards against overflow, so do the steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.trees import unflatten
from ..engine.graph import TraceNode
from ..programs.tracing import Graph, label, traced
from ..rules.primitive import Traced, payload


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def softplus(a: Any) -> Any:
    return np.log(1 + np.exp(a))


def logaddexp(a: Any, b: Any) -> Any:
    return np.log(np.exp(a) + np.exp(b))


def largest(a: Any, axis: Any) -> Any:
    """The largest entry, as a constant: it moves nothing, since it is taken off and added again."""
    value = np.asarray(payload(a))
    top = np.max(value, axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, 0).astype(value.dtype)


def logsumexp(a: Any, *, axis: Any, keepdims: bool) -> Any:
    top = largest(a, axis)
    total = np.sum(np.exp(a - top), axis=axis, keepdims=keepdims)
    return np.log(total) + np.reshape(top, np.shape(total))


def softmax(a: Any, *, axis: Any) -> Any:
    e = np.exp(a - largest(a, axis))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(a: Any, *, axis: Any) -> Any:
    shifted = a - largest(a, axis)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def log_loss(a: Any, named: Any) -> Any:
    return logsumexp(a, axis=-1, keepdims=False) - np.sum(np.where(named, a, 0), axis=-1)


PARTS: dict[str, Callable[..., Any]] = {
    f.__name__: f for f in (log_loss, log_softmax, logaddexp, logsumexp, sigmoid, softmax, softplus)
}


def opened(graph: Graph) -> Graph:
    """The same program, where each row of `PARTS` is its steps. Values keep the names that the user
    gave them."""
    made: dict[TraceNode, TraceNode] = {}

    def again(*leaves: Any) -> Any:
        values: dict[TraceNode, Any] = dict(zip(graph.inputs, leaves, strict=True))
        for node in graph.operations:
            row = node.primitive
            assert row is not None
            operands = [values[x] if isinstance(x, TraceNode) else x for x in node.inputs]
            values[node] = y = PARTS.get(row.name, row)(*operands, **node.params)
            if isinstance(y, Traced) and isinstance(y.node, TraceNode):
                y.node.line = node.line
                made.setdefault(y.node, node)
        results = [values[y] if isinstance(y, TraceNode) else y for y in graph.outputs]
        return unflatten(graph.out_structure, results)

    found = traced(again, [n.value for n in graph.inputs], abstract=False, checks=False)
    inputs = dict(zip(graph.inputs, found.inputs, strict=True))
    found.held = [inputs[x] if isinstance(x, TraceNode) else x for x in graph.held]
    found.name, found.paths, found.in_structure = graph.name, graph.paths, graph.in_structure
    found.constants = graph.constants
    found.layers = {new: graph.layers[old] for new, old in made.items() if old in graph.layers}
    given = {new: str(old.name) for new, old in made.items() if not is_counted(old.name)}
    label(found, [n.name for n in graph.inputs], given)
    return found


def is_counted(name: str | None) -> bool:
    """Whether nobody gave this name: v1, v2, ..."""
    return not name or re.fullmatch(r"v\d+", name) is not None
