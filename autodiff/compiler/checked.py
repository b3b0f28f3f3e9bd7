"""A compiled program that checks data, or holds one path among several.

After its results come whether all its checks hold, and how many decisions were those of its path.
If a check does not hold, or the program raises what a check may have to come before, then it runs
once more, row by row as it was traced: the first row that must raises what the plain call would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.shapes import PYTHON_SCALARS
from ..primitives.require import OtherPathError
from ..programs.tracing import Graph
from .decisions import OtherPath, Path


class Checked:
    """What runs a compiled program: it returns the results alone, or raises, or answers
    NotImplemented where the path is another."""

    def __init__(self, run: Callable[..., Any], graph: Graph, path: Path, checks: bool) -> None:
        self.run, self.graph, self.path, self.checks = run, graph, path, checks
        self.count = len(graph.outputs)
        for node in graph.nodes:
            if node.value.__class__ not in PYTHON_SCALARS:  # which say how they are computed with
                node.value = None  # of the call that was traced

    def __call__(self, *leaves: Any) -> Any:
        found = self.attempt(*leaves)
        return NotImplemented if found.__class__ is OtherPath else found

    def attempt(self, *leaves: Any) -> Any:
        """The results; or an `OtherPath`, how that of the call begins."""
        failure, agreed = None, len(self.path)
        try:
            found = self.run(*leaves)
        except Exception as error:  # noqa: BLE001 - it is raised below
            failure = error
        else:
            if found is NotImplemented:
                return found
            if self.count + self.checks + bool(self.path) == 1:
                found = (found,)
            held = not self.checks or found[self.count]
            agreed = int(found[-1]) if self.path else 0
            found = found[0] if self.count == 1 else found[: self.count]
            if held:
                return found if agreed == len(self.path) else self.other(agreed)
        try:
            with np.errstate(all="ignore"):
                self.graph.run(dict(zip(self.graph.inputs, leaves, strict=True)))
        except OtherPathError as error:
            return self.other(error.number)
        if failure is not None:
            raise failure
        # What did not hold does, in the roundings of plain code.
        return found if agreed == len(self.path) else self.other(agreed)

    def other(self, agreed: int) -> OtherPath:
        return OtherPath((*self.path[:agreed], not self.path[agreed]))
