"""One graph for the tape, the trace, the picture and the compiler: nodes that name their inputs.

A node is one application of one primitive. Its `order` only grows, so sorting nodes by it is a
topological order, and no node ever points forward. So a graph has no reference cycles, and Python
frees it as soon as nothing holds its outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count
from operator import attrgetter
from typing import Any

from numpy.linalg import LinAlgError

from ..arrays.refusals import NO_BRANCH, TRUTH, refuse_to_look
from ..arrays.tensor import Tensor
from ..base.errors import REFUSALS, refuse
from ..rules.kinds import pick
from ..rules.primitive import Node, Primitive

next_order = count(1).__next__
ORDER = attrgetter("order")


class GraphNode(Node):
    """One application of one primitive at one level.

    `inputs` has, in a trace, one entry for each argument: the node that made it, or the constant
    itself. A tape has nodes alone.
    """

    __slots__ = ("inputs", "level", "order", "params", "primitive")
    level: int

    def __init__(
        self, level: int, primitive: Primitive | None, inputs: Sequence[Any], params: dict[str, Any]
    ) -> None:
        self.level = level
        self.order = next_order()
        self.primitive = primitive
        self.inputs = inputs
        self.params = params


def is_at(x: Any, level: int) -> bool:
    """Is the transform of that level the innermost one that watches `x`?"""
    return isinstance(x, Tensor) and x.node.level == level


def split(level: int, args: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """`args` with `level` peeled off, and the positions where it was."""
    values, tracked = list(args), []
    for i, a in enumerate(args):
        if is_at(a, level):
            values[i] = a.value
            tracked.append(i)
    return values, tracked


def ancestors(roots: Iterable[GraphNode]) -> list[GraphNode]:
    """The nodes that `roots` are made of, themselves included, inputs before what uses them."""
    stack = list(roots)
    seen = set(stack)
    while stack:
        for node in stack.pop().inputs:
            if isinstance(node, GraphNode) and node not in seen:
                seen.add(node)
                stack.append(node)
    return sorted(seen, key=ORDER)


class TraceNode(GraphNode):
    """A node that also keeps its value, its name, its source line and what its trace allows.

    Neither an input nor a constant has a primitive; a constant is not an input of its graph.
    """

    __slots__ = ("level_info", "line", "name", "value")
    in_program = True

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

    @property
    def abstract(self) -> bool:  # type: ignore[override]  # known by the whole trace
        return self.level_info.abstract

    @property
    def decides(self) -> bool:  # type: ignore[override]
        return self.level_info.decide is not None

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        if self.level_info.over:
            raise refuse(
                "a value that jit traced was used after its program was compiled, where it would "
                "always be the value of the first call",
                "return it from the function instead of storing it",
            )
        values, tracked = split(self.level, args)
        evaluate = self.level_info.evaluate
        try:
            if evaluate is None:
                y = primitive(*values, **params)
            else:
                y = evaluate(primitive, values, tracked, params)
        except Exception as error:
            by_data = primitive.checks or isinstance(error, (LinAlgError, ArithmeticError))
            if by_data and self.abstract and REFUSALS.pending is not None:
                REFUSALS.pending.append(error)
            raise
        inputs = list(args)
        for i in tracked:
            inputs[i] = args[i].node
        node = TraceNode(self.level_info, primitive, inputs, params, y)
        if self.level_info.observe is not None:
            self.level_info.observe(node)
        if primitive.checks:
            self.level_info.checks.append(node)
        if primitive.multiple:
            whole = Tensor(y, node)
            return tuple(pick(whole, index=k) for k in range(len(y)))
        return Tensor(y, node)

    def constant(self, value: Any) -> Any:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        return Tensor(value, TraceNode(self.level_info, None, (), {}, value))

    def check_concrete(self, what: str, cure: str = NO_BRANCH) -> bool | None:
        """Refuse what looks at a value, where the program is traced for every value at once; but
        for a truth value where it notes decisions."""
        if what is TRUTH and (decide := self.level_info.decide) is not None:
            decided = decide(self)
            if decided is not None:
                return decided
        if self.level_info.abstract:
            self.level_info.asked.append(self)
            raise refuse_to_look(
                what,
                "depends on a value that is not known while jit traces the program",
                f"{cure}, name the argument that it comes from in static_argnums if it is fixed, "
                "or leave this function, such as a `while` over such values, out of jit",
                self.level,
            )
        return None

    def looked_at(self, what: str) -> None:
        """It will be taken apart entry by entry, printed or checked: where it is made of what lies
        outside of the program alone, its numbers can be had instead, as constants."""
        outside = self.level_info.outside
        if self.level_info.evaluate is not None:
            self.level_info.evaluate.looked_at()
        if self.level_info.whole or (
            outside and outside.issuperset(n for n in ancestors([self]) if n.primitive is None)
        ):
            self.check_concrete(what)


class TraceLevel:
    """One trace: its level; what observes every new node (names, source lines); the nodes whose
    values were asked for; those that check data; which inputs are not arguments; whether it is
    `abstract`, made for all values at once, so that the program must not look at one; whether its
    arrays must stay `whole`, for taken apart entry by entry they would not be worth it; what
    evaluates its operations, if not the rows themselves; what notes and answers the decisions on
    its values; and whether it is over, so that its values belong to one call among many."""

    __slots__ = (
        *("abstract", "asked", "checks", "decide", "evaluate", "level", "observe", "outside"),
        *("over", "whole"),
    )

    def __init__(
        self, level: int, observe: Callable[[TraceNode], None] | None = None, abstract: bool = False
    ) -> None:
        self.level = level
        self.observe = observe
        self.abstract = abstract
        self.whole = self.over = False
        self.evaluate: Any = None
        self.decide: Callable[[TraceNode], bool | None] | None = None
        self.asked: list[TraceNode] = []
        self.checks: list[TraceNode] = []
        self.outside: set[GraphNode] = set()
