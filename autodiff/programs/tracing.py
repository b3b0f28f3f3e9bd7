"""A program as a graph: `trace` runs a function once and writes down every operation it made.

Tracing looks at concrete values, so Python's control flow just works: the graph holds the branch
that was taken and every round of every loop.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from ..arrays.dispatch import is_foreign, known_number
from ..arrays.tensor import Tensor
from ..base.above import above
from ..base.errors import ShapeError, counted
from ..base.shapes import shape_of
from ..base.trees import Structure, describe, flatten, flatten_like, paths, unflatten
from ..engine.arguments import called, name_of, result_leaf
from ..engine.graph import TraceLevel, TraceNode, ancestors
from ..rules.kinds import pick
from ..rules.primitive import Traced, new_level, payload
from .names import Names, free, leaf_names, unique
from .text import TEXT, Style, Text, operation

RESULTS = "yzw"  # what an unnamed result may be called


class Graph:
    """A traced program: `inputs`, then operations, each a node with `name`, `primitive`, `inputs`
    (nodes or constants), `params`, `value` and `line`.

    `nodes` lists them in order, and leaves out what neither a result nor a check of `require`
    needs. Calling the graph runs the program again, on arguments of the same structure and shapes;
    it calls the primitives, so it differentiates, batches and traces like any other function.
    ``str(graph)`` prints it.
    """

    def __init__(
        self,
        name: str,
        inputs: Sequence[TraceNode],
        outputs: Sequence[Any],
        structure: Structure,
        checks: Sequence[TraceNode] = (),
    ) -> None:
        self.name = name
        self.inputs = list(inputs)
        made = ancestors(y for y in (*outputs, *checks) if isinstance(y, TraceNode))
        self.operations = [n for n in made if isinstance(n, TraceNode) and n.primitive is not None]
        self.nodes = self.inputs + self.operations
        known = set(self.nodes)
        for node in self.operations:
            node.inputs = [constant_or_node(x, known) for x in node.inputs]
        self.outputs = [constant_or_node(y, known) for y in outputs]
        self.out_structure = structure
        self.in_structure: Structure
        self.held: list[Any] = []  # per leaf of the arguments: its node, or what it was
        self.paths: list[str] = []  # and what a person calls it, where that is known
        self.constants: dict[int, str] = {}  # names of the constants, by identity
        self.layers: dict[TraceNode, str] = {}  # Dense_1: the module that made a node

    def __call__(self, *args: Any) -> Any:
        given = flatten_like(args, self.in_structure, f"the arguments of {self.name}")
        values: dict[TraceNode, Any] = {}
        names = paths(self.in_structure, "arguments")
        for leaf, held, name in zip(given, self.held, names, strict=True):
            if isinstance(held, TraceNode):
                check_shape(leaf, held, self.name)
                values[held] = leaf
            elif not same(leaf, held):
                raise ShapeError(
                    f"{self.name} was traced with {name} = {held!r:.40}, which is part of the "
                    f"program; it is {leaf!r:.40} now: trace again"
                )
        self.run(values)
        results = [values[y] if isinstance(y, TraceNode) else y for y in self.outputs]
        return unflatten(self.out_structure, results)

    def run(self, values: dict[TraceNode, Any]) -> None:
        """Add the value of every operation to `values`, which holds those of the inputs."""
        for node in self.operations:
            operands = [values[x] if isinstance(x, TraceNode) else x for x in node.inputs]
            values[node] = node.primitive(*operands, **node.params)  # type: ignore[misc]

    def save(self, path: Any) -> None:
        """Write a program to one file, from which :func:`autodiff.load` reads it.

        The file appears under its name when it is complete. The user's functions in the program (a
        `custom_rule`, a solver) are written as names; a value that cannot be written raises
        `AutodiffError`, and leaves no file.

        >>> import numpy as np, tempfile, autodiff as ad
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     ad.trace(lambda x: np.sum(np.exp(x) * x), np.zeros(2)).save(f"{folder}/f.npz")
        ...     f = ad.load(f"{folder}/f.npz")
        >>> f(np.array([0.0, 1.0])), ad.grad(f)(np.array([0.0, 1.0]))
        (np.float64(2.718281828459045), array([1.        , 5.43656366]))
        """
        above("save")(self, path)

    def export(self, path: Any) -> None:
        """Write a program as a Python module that runs without autodiff: `path` ends in ``.py``.

        Each operation is one line, in the order in which it was traced, with the same bits. The
        module needs NumPy, and SciPy where a row's value is SciPy's; its docstring says which. Its
        function has the name of the file and the arguments of the traced one, and checks their
        structure, types and shapes: TypeError or ValueError names the argument. Arrays of more than
        1000 entries are stored beside it, in ``.npz``. A custom rule, a solver and a container of a
        class of yours raise `AutodiffError`, and leave no file.

        >>> import numpy as np, pathlib, tempfile, autodiff as ad
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "slope.py")
        ...     ad.trace(ad.grad(lambda x: x * np.sin(x)), 0.5).export(path)
        ...     lines = path.read_text().splitlines()
        >>> print(*lines[12:18], sep=chr(10))
            check(x, "x", "float")
            v1 = np.sin(x)  # float64
            v2 = np.cos(x)  # float64
            v3 = x * v2     # float64
            y = v1 + v3     # float64
            return y
        """
        above("export")(self, path)

    def operand(self, x: Any, style: Style = TEXT) -> Text:
        """An input of a node as the program shows it."""
        if isinstance(x, TraceNode):
            if x.primitive is not None and x.primitive.multiple:
                return self.expression(x, style)
            return style.name(x.name or "?")
        name = self.constants.get(id(x))
        return style.name(name) if name else style.constant(x)

    def expression(self, node: TraceNode, style: Style = TEXT) -> Text:
        """One node as text, such as ``f1 + f2``."""
        if node.primitive is None:
            return Text("input")
        return operation(node, lambda x: self.operand(x, style), style)

    def shown(self) -> list[TraceNode]:
        """The operations with a line of their own: a row with several results is shown by them."""
        return [n for n in self.operations if n.primitive is not None and not n.primitive.multiple]

    def parts(self, node: TraceNode) -> list[TraceNode]:
        """The results of a row with several, as far as the program needs them."""
        return [n for n in self.operations if n.primitive is pick and n.inputs[0] is node]

    def __str__(self) -> str:
        arguments = ", ".join(f"{node.name}: {type_of(node.value)}" for node in self.inputs)
        lines = [(f"{n.name} = {self.expression(n).loose}", type_of(n.value)) for n in self.shown()]
        width = min(max((len(line) for line, _ in lines), default=0), 60)
        results = [self.operand(y).loose for y in self.outputs]
        return "\n".join(
            [
                f"def {self.name}({arguments}):",
                *(f"    {line:{width}}  # {kind}" for line, kind in lines),
                f"    return {describe(self.out_structure, iter(results).__next__)}",
            ]
        )

    def __repr__(self) -> str:
        return (
            f"<Graph of {self.name}: {counted(len(self.inputs), 'input')}, "
            f"{counted(len(self.operations), 'operation')}, "
            f"{counted(len(self.outputs), 'output')}>"
        )


def trace(f: Callable[..., Any], *args: Any) -> Graph:
    """The operations that ``f(*args)`` makes, as a :class:`Graph`.

    Numbers and arrays in the arguments, in nests of any depth, become inputs of the graph; anything
    else (a string, None, a function) is part of the program. Nodes have the names of the user's own
    variables; what has no name is called v1, v2, ..., and an unnamed result y. An `f` that is not a
    function raises `NotDifferentiableError`.

    >>> import numpy as np, autodiff as ad
    >>> graph = ad.trace(lambda x: np.exp(x) ** 2, 0.5)
    >>> print(graph)
    def <lambda>(x: float64):
        v1 = exp(x)  # float64
        y = v1^2     # float64
        return y
    >>> float(ad.grad(graph)(0.0))
    2.0
    """
    return traced(f, args, abstract=False)


def traced(
    f: Callable[..., Any],
    args: Sequence[Any],
    abstract: bool,
    begin: Callable[[TraceLevel], Sequence[TraceNode]] = lambda level: (),
    checks: bool = True,
    wanted: Sequence[bool] | None = None,
    kwargs: dict[str, Any] | None = None,
) -> Graph:
    """`trace`; with `abstract`, a program that looks at a value (``if x > 0``) is refused, because
    its graph would stand for that value only. `begin` is told of the trace, and returns where the
    inputs will be that come up on the way: random numbers. Without `checks` the graph leaves out
    what only `require` needs, which has no derivative. Leaves that are not `wanted` are part of the
    program, whatever they are, as are `kwargs`."""
    names = Names()
    level = TraceLevel(new_level(), names.observe, abstract)
    late = begin(level)
    leaves, structure = flatten(tuple(args))
    chosen = [True] * len(leaves) if wanted is None else wanted
    held = [
        TraceNode(level, None, (), {}, known_number(x)) if w and is_numeric(x) else x
        for x, w in zip(leaves, chosen, strict=True)
    ]
    inside = [Tensor(x.value, x) if isinstance(x, TraceNode) else x for x in held]
    try:
        result = run(f, unflatten(structure, inside), names, kwargs or {})
    finally:
        names.finish()
        level.observe = level.decide = None
    results, out_structure = flatten(result)
    outputs = [node_of(result_leaf(y, name_of(f)), level.level) for y in results]
    level.over = abstract
    inputs = [x for x in (*held, *late) if isinstance(x, TraceNode)]
    graph = Graph(name_of(f), inputs, outputs, out_structure, level.checks if checks else ())
    graph.in_structure, graph.held, graph.constants = structure, held, names.constants
    graph.layers = names.layers
    arguments = leaf_names(f, [flatten(a)[1] for a in args])
    graph.paths = arguments
    named = [n for n, x in zip(arguments, held, strict=True) if isinstance(x, TraceNode)]
    label(graph, [*named, *(None for _ in late)], names.found)
    return graph


def run(f: Callable[..., Any], args: Sequence[Any], names: Names, kwargs: dict[str, Any]) -> Any:
    """``f(*args, **kwargs)``; this frame is where the search for the user's code ends."""
    names.start(sys._getframe())
    return called(f, args, kwargs)


def label(graph: Graph, arguments: Sequence[str | None], found: dict[TraceNode, str]) -> None:
    """Give every node its name: the user's, else y for the result, else v1, v2, ..."""
    wanted = {n: found.get(n) for n in graph.shown()}
    results = [y for y in graph.outputs if isinstance(y, TraceNode)]
    for y in results:
        keep_for(y, wanted, arguments)
    taken = [name for name in (*arguments, *found.values()) if name]
    many = len(graph.outputs) > 1
    letter = free(RESULTS, [name.rstrip("0123456789") for name in taken] if many else taken)
    for k, y in enumerate(results):
        if y in wanted and wanted[y] is None:
            wanted[y] = f"{letter}{k + 1}" if many else letter
    names = unique([*arguments, *wanted.values()], ())
    for node, name in zip([*graph.inputs, *wanted], names, strict=True):
        node.name = name
    for node in graph.operations:
        if node not in wanted:
            node.name = f"({', '.join(str(part.name) for part in graph.parts(node))})"


def keep_for(
    y: TraceNode, wanted: dict[TraceNode, str | None], arguments: Sequence[str | None]
) -> None:
    """A result has the name of its variable to itself: what the variable held before, y = y + 1, is
    y_1, y_2, ..., in the order of the program. (An argument of that name keeps it.)"""
    name = wanted.get(y)
    if name is None or name in arguments:
        return
    before = [n for n in wanted if wanted[n] == name and n is not y]
    taken = {*arguments, *wanted.values()}
    k = 1
    for node in before:
        while f"{name}_{k}" in taken:
            k += 1
        wanted[node] = f"{name}_{k}"
        k += 1


def is_numeric(x: Any) -> bool:
    """Whether an argument is an input of the graph, rather than part of the program, as the member
    of an enumeration is, an integer beyond 64 bits, and a number of the user's class that has
    attributes, though they are numbers too."""
    if x.__class__ is int:
        return -(2**63) <= x < 2**63
    if isinstance(x, (Traced, float, int, complex)) and not isinstance(x, (bool, Enum)):
        return isinstance(x, Traced) or not getattr(x, "__dict__", None)
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    return kind in ("i", "u", "f", "c", "b") and not is_foreign(x)


def node_of(y: Any, level: int) -> Any:
    """The node behind a result, or the result itself if the program did not compute it."""
    return y.node if isinstance(y, Traced) and y.node.level == level else y


def constant_or_node(x: Any, known: set[TraceNode]) -> Any:
    """What `zeros_like` gave is a node without a primitive: in a graph its value stands for it."""
    return x.value if isinstance(x, TraceNode) and x not in known else x


def check_shape(leaf: Any, held: TraceNode, name: str) -> None:
    before, now = shape_of(held.value), shape_of(leaf)
    if before != now:
        raise ShapeError(
            f"{name} was traced with {held.name} of shape {before}, which is now {now}: trace again"
        )


def same(a: Any, b: Any) -> bool:
    try:
        return a is b or bool(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b)
    except (TypeError, ValueError):
        return False


def type_of(x: Any) -> str:
    """``float64``, or ``float64[3, 2]``."""
    x = payload(x)
    dtype = x.dtype if hasattr(x, "dtype") else np.dtype(type(x))
    shape = np.shape(x)
    return f"{dtype}{list(shape)}" if shape else str(dtype)
