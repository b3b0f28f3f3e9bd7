"""Functions made explicit: a traced program whose closures are arguments.

A row may depend on its arguments only, so what a user's function closes over has to become an
argument. Tracing it once finds those values: they are the constants of its program that another
transform is watching.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..base.trees import Structure, flatten, unflatten
from ..engine.arguments import called, result_leaf
from ..engine.graph import TraceLevel, TraceNode
from ..rules.conforming import aval_of
from ..rules.primitive import Primitive, Traced, is_compiled, new_level
from .sketch import LARGE, Sketch
from .tracing import Graph, node_of


class Record:
    """A program that is being written down: its level, its inputs, and what it closes over."""

    def __init__(self, numbers: Sequence[Any], evaluate: Any) -> None:
        abstract = evaluate is not None or any(map(is_compiled, numbers))
        observe = None if evaluate is None else OBSERVE.get()
        self.info = TraceLevel(new_level(), observe, abstract)
        self.info.evaluate = self.evaluate = evaluate
        self.inputs = [TraceNode(self.info, None, (), {}, x) for x in numbers]
        self.closed: list[Any] = []
        self.known: dict[int, TraceNode] = {}

    def hoisted(self, x: Any) -> Any:
        if not isinstance(x, Traced):
            return x
        node = self.known.get(id(x))
        if node is None:
            value = x if self.evaluate is None else example(x)
            node = self.known[id(x)] = TraceNode(self.info, None, (), {}, value)
            self.closed.append(x)
        return node

    def lifted(self, x: Any) -> Tensor:
        node = self.hoisted(x)
        return Tensor(node.value, node)

    def graph(self, name: str, results: Sequence[Any], structure: Structure) -> Graph:
        """What led to the results, when all has run."""
        info, hoisted = self.info, self.hoisted
        leaves = [result_leaf(y, name, info.level) for y in results]
        outputs = [node_of(y, info.level) for y in leaves]
        graph = Graph(name, [*self.inputs, *self.known.values()], outputs, structure, info.checks)
        for node in graph.operations:
            node.inputs = list(map(hoisted, node.inputs))
        graph.outputs = list(map(hoisted, graph.outputs))
        graph.inputs = [*self.inputs, *self.known.values()]
        graph.nodes = graph.inputs + graph.operations
        info.over = self.evaluate is not None
        return graph


class Program:
    """`f` as it ran on numbers, a function of these and of the tracked values it closes over, which
    are listed in `closed`."""

    def __init__(
        self,
        f: Callable[..., Any],
        numbers: Sequence[Any],
        name: str,
        evaluate: Any = None,
        lift: Callable[..., Any] | None = None,
    ) -> None:
        record = Record(numbers, evaluate)
        if lift is not None:  # before it runs
            f = lift(f, record.lifted)
        result = called(f, list(map(Tensor, numbers, record.inputs)), {})
        leaves, structure = flatten(result)
        self.graph = record.graph(name, leaves, structure)
        self.closed: list[Any] = record.closed

    @classmethod
    def of(cls, graph: Graph, closed: Sequence[Any] = ()) -> Program:
        """The program of a graph, whose last inputs stand for what is closed over."""
        self = cls.__new__(cls)
        self.graph, self.closed = graph, list(closed)
        return self

    def forget(self) -> list[Any]:
        """The values that `f` closes over, of which the program keeps none, nor any other value."""
        for node in self.graph.nodes:
            node.value = None
        return self.forget_closed()

    def forget_closed(self) -> list[Any]:
        """The values that `f` closes over, which from now on are arguments only."""
        closed, self.closed = self.closed, []
        return closed

    @property
    def examples(self) -> list[Any]:
        """What the arguments were when it was traced, or zeros like them."""
        return [node.value for node in self.graph.inputs]

    def examples_of_results(self) -> list[Any]:
        return [y.value if isinstance(y, TraceNode) else y for y in self.graph.outputs]

    def __call__(self, *numbers: Any) -> Any:
        """The results, in their nest."""
        return unflatten(self.graph.out_structure, self.results(numbers))

    def results(self, numbers: Sequence[Any]) -> list[Any]:
        """The results, as leaves."""
        values = dict(zip(self.graph.inputs, numbers, strict=True))
        self.graph.run(values)
        return [values[y] if isinstance(y, TraceNode) else y for y in self.graph.outputs]


# Whose program for all values is traced now, if any: random numbers cannot be drawn there.
WITHIN: ContextVar[str] = ContextVar("WITHIN", default="")
# What is told of each operation of such programs.
OBSERVE: ContextVar[Callable[[TraceNode], None] | None] = ContextVar("OBSERVE", default=None)


# -- a program for all values ----------------------------------------------------------------------
def for_all_values(
    f: Callable[..., Any],
    examples: Sequence[Any],
    name: str,
    lift: Callable[..., Any] | None = None,
) -> Program:
    """`f` as a program that holds for all numbers of these types and shapes. It is written down
    from sizes and types, or from the examples where an operation has to see numbers. What it
    computes of values that it closes over alone is computed outside, but for those that
    ``lift(f, lifted)`` puts other handles for."""
    sketch, before = Sketch(), WITHIN.set(name)
    try:
        try:
            program = written(f, examples, name, sketch, lift)
            if not sketch.failed:  # and the function caught that
                return program
        except Exception:
            if not sketch.used:
                raise
        return written(f, examples, name, None, lift)
    finally:
        WITHIN.reset(before)


def written(
    f: Callable[..., Any], examples: Sequence[Any], name: str, sketch: Sketch | None, lift: Any
) -> Program:
    program = Program(f, examples, name, Evaluation(sketch), lift)
    for node in program.graph.nodes:  # of large arrays only what they are like is kept
        x = node.value
        if sketch is not None and isinstance(x, np.ndarray) and x.size >= LARGE:
            node.value = np.zeros(x.shape, x.dtype)
    return program


class Evaluation:
    """Evaluates a program for all values on examples, and what it closes over by examples too, so
    that the transforms which watch that see nothing of it."""

    def __init__(self, sketch: Sketch | None) -> None:
        self.sketch = sketch

    def __call__(
        self, row: Primitive, values: Sequence[Any], tracked: Sequence[int], params: dict[str, Any]
    ) -> Any:
        values = [example(x) if isinstance(x, Traced) else x for x in values]
        with np.errstate(all="ignore"):
            if self.sketch is not None:
                return self.sketch(row, values, tracked, params)
            return row(*values, **params)

    def looked_at(self) -> None:
        if self.sketch is not None:
            self.sketch.looked_at()


def example(x: Any) -> Any:
    """The plain number or array behind `x`; where examples are hidden, the first of them."""
    aval, hidden = aval_of(x), 0
    while isinstance(x, Traced):
        hidden += x.node.batch_axis
        x = x.value
    if hidden:
        return x[(0,) * hidden] if x.size else np.zeros(aval.shape, aval.dtype)
    return x
