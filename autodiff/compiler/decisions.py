"""Python's own `if`, `while` and `assert` on traced values: a compiled program holds one path.

The first call follows the path of its arguments, and notes each decision as a condition of the
program. A call whose decisions are others goes to the program of its own path:

    decisions of this call      True, True, False
    path of the program tried   True, False           the first 1 of them hold
    known of this call          True, True            the beginning of its path

From then on the beginning grows with each program that is tried. Where no program has it, the
function is traced again, along that beginning, and from there as the arguments lead. So where a
comparison is a tie, compiled code decides, whose roundings are its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays.tensor import Tensor
from ..base.errors import REFUSALS, NotDifferentiableError
from ..engine.graph import TraceLevel, TraceNode
from ..primitives.implicit import Implicit
from ..primitives.require import OtherPathError, required
from ..programs.sketch import UNSURE
from ..programs.tracing import Graph
from ..rules.kinds import pick
from ..rules.primitive import TABLE
from .whiles import Whiles, truth

MOST_DECISIONS = 1000  # of one path: a program has all rounds of its loops in it
MOST_PATHS = 32  # that are compiled of a function for one set of types

Path = tuple[bool, ...]


class PlainError(NotDifferentiableError):
    """The function is not compiled for arguments of these types, but called as it is."""


class OtherPath(NamedTuple):
    """What a program answers whose path is not that of the call: how that begins."""

    beginning: Path


class Decisions:
    """Notes the decisions of one trace. The first of them are `given`."""

    def __init__(self, level: TraceLevel, given: Path, whiles: Whiles) -> None:
        self.level, self.given, self.whiles = level, given, whiles
        self.path: list[bool] = []
        self.known: dict[TraceNode, bool] = {}
        self.held: list[Any] = []  # what has to be true on this path

    def __call__(self, node: TraceNode) -> bool | None:
        if not self.of_arguments(node):
            return None  # it shapes the program, as a constant from outside does
        number = len(self.path)
        if number == MOST_DECISIONS:
            raise plain(f"it decides by values more than {MOST_DECISIONS} times")
        if self.level.evaluate is not None:
            self.level.evaluate.looked_at()
        found = bool(node.value)
        x = Tensor(node.value, node)
        going = self.whiles.begin(x, self.held)
        if going is not None:
            return going
        if number < len(self.given):
            found = self.given[number]
        held = truth(x) if found else np.logical_not(truth(x))
        self.path.append(found)
        self.held.append(held)
        error = OtherPathError("the values lead along another path than that of this program")
        error.number = number
        check = TraceNode(self.level, required, [held.node], {"error": error}, np.True_)
        if self.level.observe is not None:
            self.level.observe(check)
        self.level.checks.append(check)
        return found

    def of_arguments(self, node: TraceNode) -> bool:
        """Is a value made of an argument, among others?"""
        known, outside, pending = self.known, self.level.outside, [node]
        while pending:
            x = pending[-1]
            inputs = [y for y in x.inputs if isinstance(y, TraceNode)]
            unknown = [y for y in inputs if y not in known]
            if not unknown:
                known[x] = any(known[y] for y in inputs) if x.primitive else x not in outside
                pending.pop()
            pending += unknown
        return known[node]


def plain(reason: str) -> PlainError:
    error = PlainError(reason)
    if REFUSALS.pending is not None:
        REFUSALS.pending.append(error)
    return error


def check_path(graph: Graph, path: Sequence[bool], draws: Sequence[Any]) -> None:
    """Whether a program may be run on values that belong to another path."""
    if path and draws:  # which would have to be drawn again along another path
        raise plain(f"it draws random numbers ({draws[0].method}) and decides by values")
    if path and any(map(may_not_end, after_decision(graph.operations))):
        raise plain("it decides by values, and what follows might not end on another path")


def after_decision(operations: Sequence[TraceNode]) -> list[TraceNode]:
    """The operations that run on values of another path too."""
    decides = [isinstance(n.params.get("error"), OtherPathError) for n in operations]
    return list(operations[decides.index(True) :]) if True in decides else []


def may_not_end(node: TraceNode) -> bool:
    """Is it a loop whose rounds depend on values, a solver, a rule of the user's, or a function of
    SciPy's, some of which do not come back from infinity?"""
    row = node.primitive
    assert row is not None
    if isinstance(row, Implicit) or row.name.startswith(UNSURE):
        return True
    if row is not pick and TABLE.get(row.name) is not row and not isinstance(row.value, np.ufunc):
        return True
    if not row.outlined:
        return False
    loop = node.params["loop"]
    if loop.guarded:
        return False
    inside = (x for x in vars(loop).values() if hasattr(x, "graph"))
    return (
        row.name == "while_loop"
        or getattr(loop, "counted", False)
        or any(may_not_end(n) for program in inside for n in program.graph.operations)
    )
