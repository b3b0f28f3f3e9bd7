"""A compiled program that checks data: its last result says whether all its checks hold.

If one does not, or the program raises what a check may have to come before, then it runs once more,
row by row as it was traced: the first row that must raises what the plain call would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.shapes import PYTHON_SCALARS
from ..programs.tracing import Graph


class Checked:
    """What runs a compiled program: it returns the results but for the last, or raises."""

    def __init__(self, run: Callable[..., Any], graph: Graph) -> None:
        self.run, self.graph = run, graph
        self.count = len(graph.outputs)
        for node in graph.nodes:
            if node.value.__class__ not in PYTHON_SCALARS:  # which say how they are computed with
                node.value = None  # of the call that was traced

    def __call__(self, *leaves: Any) -> Any:
        failure = None
        try:
            found = self.run(*leaves)
        except Exception as error:  # noqa: BLE001 - it is raised below
            failure = error
        else:
            if found is NotImplemented:
                return found
            held = found[-1] if self.count else found
            found = found[0] if self.count == 1 else found[:-1] if self.count else ()
            if held:
                return found
        with np.errstate(all="ignore"):
            self.graph.run(dict(zip(self.graph.inputs, leaves, strict=True)))
        if failure is not None:
            raise failure
        return found  # what did not hold does, in the roundings of plain code
