"""Numbers of Python's from outside, as inputs: where Python computes with them as NumPy does not.

``1 / n`` raises for 0, ``n * n`` has any number of digits, ``r ** 0.5`` of a negative number is
complex. A program computes in 64 bits, with inf and nan. So an operation on such numbers alone asks
for their values, and they are constants of the version; sums and products of floats are the same.
"""

from __future__ import annotations

from typing import Any

from ...base.shapes import PYTHON_SCALARS
from ...engine.graph import TraceNode

SAME = frozenset(("add", "subtract", "multiply", "negative", "positive", "absolute"))


def ask_python(node: TraceNode) -> None:
    """Ask for the numbers of an operation on Python's numbers alone, but for sums and products of
    floats and what is true or false of any."""
    if node.value.__class__ is bool or not node.level_info.outside:
        return
    kinds = {value_of(x).__class__ for x in node.inputs}
    if not kinds <= {*PYTHON_SCALARS} or (float in kinds and row_of(node) in SAME):
        return
    node.looked_at(f"{row_of(node)} of a number from outside")


def value_of(x: Any) -> Any:
    return x.value if isinstance(x, TraceNode) else x


def row_of(node: TraceNode) -> str:
    return node.primitive.name if node.primitive else ""
