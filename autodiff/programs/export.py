"""A traced program as a module of its own, operation by operation: what `Graph.export` writes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..base.shapes import PYTHON_SCALARS
from ..engine.graph import TraceNode
from .engine_source import EngineSource
from .entry import Argument, Fixed
from .standalone import Line, Standalone, refusing
from .text import shape_of
from .tracing import Graph, type_of


def export(graph: Graph, path: Any) -> None:
    """What ``graph.export(path)`` does, see there."""
    arguments = arguments_of(graph)
    inputs = iter(graph.inputs)
    own = [[next(inputs) for x in a.held if not isinstance(x, Fixed)] for a in arguments]
    pairs = zip(arguments, own, strict=True)
    named = [n for a, nodes in pairs if not a.is_leaf for n in nodes] + graph.operations
    file = Standalone(path, arguments, (), [node.name or "v" for node in named])
    names = dict(zip(named, file.taken, strict=True))
    for argument, nodes in zip(arguments, own, strict=True):
        if argument.is_leaf:
            names[nodes[0]] = argument.name
        with refusing(f"the argument {argument.name}"):
            file.lines += map(Line, argument.lines([names[n] for n in nodes], file.source))
    writer = Writer(file.source, names, graph.constants)
    file.lines += writer.lines(graph)
    with refusing("the result"):
        file.returns(graph.out_structure, [writer.result(y) for y in graph.outputs])
        about = "for one set of shapes and types, operation by operation, as autodiff traced it."
        file.write(file.text(f"{graph.name} {about}"))


def arguments_of(graph: Graph) -> list[Argument]:
    """The arguments of a graph, under the names that its inputs have them by."""
    names = graph.paths or [getattr(x, "name", "") or "" for x in graph.held]
    held, found = list(graph.held), []
    for k, structure in enumerate(graph.in_structure.parts):
        own, held = held[: structure.size], held[structure.size :]
        roots, names = names[: structure.size], names[structure.size :]
        name = next(filter(None, (re.match(r"\w+", root) for root in roots)), None)
        leaves = [x.value if isinstance(x, TraceNode) else Fixed(x) for x in own]
        found.append(Argument(name[0] if name else f"x{k + 1}", structure, leaves))
    return found


class Writer:
    """Writes operations, each as one statement."""

    def __init__(
        self, source: EngineSource, names: dict[TraceNode, str], constants: dict[int, str]
    ) -> None:
        self.source, self.names, self.constants = source, names, constants

    def operand(self, x: Any) -> str:
        if isinstance(x, TraceNode):
            return self.names[x]
        return self.source.value(x, self.constants.get(id(x), "c"))

    def result(self, y: Any) -> str:
        """A result; a constant is copied, for whoever gets it may write to it."""
        text = self.operand(y)
        return f"{text}.copy()" if isinstance(y, np.ndarray) and text.isidentifier() else text

    def lines(self, graph: Graph) -> list[Line]:
        found = []
        unpacked: set[TraceNode] = set()
        used = {id(x) for n in graph.operations for x in n.inputs} | set(map(id, graph.outputs))
        for node in graph.operations:
            if node in unpacked:
                continue
            row = node.primitive
            assert row is not None
            with refusing(f"{row.name} ({node.line or 'in a traced program'})"):
                operands = [self.operand(x) for x in node.inputs]
                python = all(value_of(x).__class__ in PYTHON_SCALARS for x in node.inputs)
                shapes = [shape_of(value_of(x)) for x in node.inputs]
                text = self.source.call(row, operands, node.params, shapes, python)
            if row.checks and id(node) not in used:
                found.append(Line(text))
                continue
            target = self.names[node]
            if row.multiple:
                parts = graph.parts(node)
                count = len(node.value) if isinstance(node.value, tuple) else 0
                if count > 1 and len({p.params["index"] for p in parts}) == len(parts):
                    names = ["_"] * count
                    for part in parts:
                        names[part.params["index"]] = self.names[part]
                    target = ", ".join(names)
                    unpacked.update(parts)
                found.append(Line(f"{target} = {text}"))
                continue
            found.append(Line(f"{target} = {text}", described(node.value)))
        return found


def value_of(x: Any) -> Any:
    return x.value if isinstance(x, TraceNode) else x


def described(value: Any) -> str:
    return "" if value is None or isinstance(value, tuple) else type_of(value)
