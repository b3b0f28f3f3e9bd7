"""One graph for the tape, the trace, the picture and the compiler: nodes that name their inputs.

A node is one application of one primitive. Its `order` only grows, so sorting nodes by it is a
topological order, and no node ever points forward: a graph has no reference cycles, and it is
freed the moment its last output is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from operator import attrgetter
from typing import Any

from .conversions import NO_BRANCH, refuse_to_look
from .errors import refuse
from .kinds import pick
from .primitive import Primitive, Traced
from .tensor import Tensor

next_order = count(1).__next__
ORDER = attrgetter("order")


class Node:
    """One application of one primitive at one level.

    `inputs` has one entry per argument: the node that made it, or the constant itself.
    """

    __slots__ = ("inputs", "level", "order", "params", "primitive")
    batch_axis = False  # does a value that it watches hide an axis of examples?

    def __init__(
        self, level: int, primitive: Primitive | None, inputs: Sequence[Any], params: dict[str, Any]
    ) -> None:
        self.level = level
        self.order = next_order()
        self.primitive = primitive
        self.inputs = inputs
        self.params = params


def split(level: int, args: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """`args` with `level` peeled off, and the positions where it was."""
    values, tracked = list(args), []
    for i, a in enumerate(args):
        if isinstance(a, Traced) and a.node.level == level:
            values[i] = a.value
            tracked.append(i)
    return values, tracked


def ancestors(roots: Iterable[Node]) -> list[Node]:
    """The nodes that `roots` are made of, themselves included, inputs before what uses them."""
    stack = list(roots)
    seen = set(stack)
    while stack:
        for node in stack.pop().inputs:
            if isinstance(node, Node) and node not in seen:
                seen.add(node)
                stack.append(node)
    return sorted(seen, key=ORDER)


class TraceNode(Node):
    """A node that also keeps its value, its name, its source line and what its trace allows.

    An input has no primitive; neither has a constant, which is no input of its graph either.
    """

    __slots__ = ("level_info", "line", "name", "value")

    def __init__(
        self,
        level_info: TraceLevel,
        primitive: Primitive | None,
        inputs: Sequence[Any],
        params: dict[str, Any],
        value: Any,
        name: str | None = None,
    ) -> None:
        super().__init__(level_info.level, primitive, inputs, params)
        self.level_info = level_info
        self.value = value
        self.name = name
        self.line = ""

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if self.level_info.over:
            raise refuse(
                "a value that jit traced, kept after the program was compiled: it is that of the "
                "first call for ever",
                "return it from the function instead of storing it on the way",
            )
        values, tracked = split(self.level, args)
        y = primitive(*values, **params)
        inputs = list(args)
        for i in tracked:
            inputs[i] = args[i].node
        node = TraceNode(self.level_info, primitive, inputs, params, y)
        if self.level_info.observe is not None:
            self.level_info.observe(node)
        if primitive.multiple:
            whole = Tensor(y, node)
            return tuple(pick(whole, index=k) for k in range(len(y)))
        return Tensor(y, node)

    def constant(self, value: Any) -> Any:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        return Tensor(value, TraceNode(self.level_info, None, (), {}, value))

    def check_concrete(self, what: str, cure: str = NO_BRANCH) -> None:
        """Refuse what looks at a value, where the program is traced for every value at once."""
        if self.level_info.abstract:
            raise refuse_to_look(
                what,
                "depends on a value that is not known while jit traces the program",
                f"{cure}, name the argument that it comes from in static_argnums if it is fixed, "
                "or leave this function out of jit",
            )


class TraceLevel:
    """One trace: its level, what is told of every node as it is made (names, source lines), and
    whether it is over and its values are those of one call among many."""

    __slots__ = ("abstract", "level", "observe", "over")

    def __init__(
        self, level: int, observe: Callable[[TraceNode], None] | None = None, abstract: bool = False
    ) -> None:
        self.level = level
        self.observe = observe
        self.abstract = abstract
        self.over = False
