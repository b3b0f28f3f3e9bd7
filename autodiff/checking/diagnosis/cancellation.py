"""Catastrophic cancellation: a difference of rounded numbers so near that few digits are left.

    y = a - b      rounding errors eps |a|, eps |b|     condition number (|a| + |b|) / |y|

An exact difference loses nothing: of arguments, or of a number and the largest of its array.
Source: Higham, Accuracy and Stability of Numerical Algorithms (2002), chapter 1.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...engine.graph import GraphNode, TraceNode
from ...programs.numbers import number
from .finding import CANCELLATION, Finding, entries
from .nonfinite import site_of
from .program import Program, value_of
from .site import Site, row_name

# Rows that round nothing, beside those that choose.
EXACT = {"reshape", "broadcast_to", "transpose", "flip", "roll", "index", "diagonal", "cast"}
EXACT |= {"negative", "positive", "absolute", "fabs", "stop_gradient", "masked_max", "masked_min"}
EXACT |= {"floor", "ceil", "rint", "trunc", "sign"}
TOO_FAR = 20  # steps over which a value is followed to where it was computed

SQUARES = ("square", "monomial", "multiply")
INSTEAD = {
    "exp": "np.expm1(x) for exp(x) - 1",
    "cos": "2 * np.sin(x / 2)**2 for 1 - cos(x)",
    "log": "np.log(a / b) for log(a) - log(b), or np.log1p((a - b) / b)",
    "sqrt": "(a - b) / (np.sqrt(a) + np.sqrt(b)) for sqrt(a) - sqrt(b)",
    "expit": "expit(-x) for 1 - expit(x)",
    "sigmoid": "sigmoid(-x) for 1 - sigmoid(x)",
}


def search(program: Program) -> Iterator[Finding]:
    for node in program.operations:
        if node in program.active and np.asarray(value_of(node)).dtype.kind in "fc":
            name, found = row_name(node), None
            if name in ("add", "subtract"):
                found = difference(program, node)
            elif name in ("log", "log2", "log10"):
                found = of_one_plus(program, node)
            if found is not None:
                yield found


def difference(program: Program, node: TraceNode) -> Finding | None:
    first, second = program.operands(node)
    if origin(first) is origin(second) or not (is_rounded(first) or is_rounded(second)):
        return None
    eps, y = epsilon(node), value_of(node)
    size = np.abs(value_of(first)) + np.abs(value_of(second))
    with np.errstate(all="ignore"):
        lost = (np.abs(y) <= np.sqrt(eps) * size) & (size > 0) & np.isfinite(y)
        if not np.any(lost):
            return None
        condition = float(np.max(np.where(lost, size / np.abs(y), 0)))
    cause = f"{program.name(first)} and {program.name(second)} agree in all but their last digits"
    made, seen = program.expression(node), lost_digits(condition, eps, lost)
    instead = cure(site_of(program, node))
    return Finding(CANCELLATION, str(node.name), made, node.line, seen, cause, instead)


def origin(x: Any) -> Any:
    """Where a value was computed, through rows that round nothing."""
    for _ in range(TOO_FAR):
        if not isinstance(x, TraceNode) or not x.inputs:
            return x
        if not is_exact(x):
            return x
        sources = [z for z in x.inputs if isinstance(z, TraceNode) and z.value is not None]
        if not sources:
            return x
        x = sources[-1] if row_name(x) == "where" else sources[0]
    return x


def is_exact(x: TraceNode) -> bool:
    assert x.primitive is not None
    return x.primitive.kind == "choice" or row_name(x) in EXACT or picks(x)


def picks(x: TraceNode) -> bool:
    """Whether it is a sum of at most one number that is not zero, which rounds nothing: the logit
    of a label as ``np.sum(np.where(is_label, logits, 0), axis=-1)``."""
    if row_name(x) != "sum":
        return False
    terms = np.count_nonzero(value_of(x.inputs[0]), axis=x.params["axis"])
    return bool(np.all(terms <= 1))


def is_rounded(x: Any) -> bool:
    at = origin(x)
    return isinstance(at, TraceNode) and at.primitive is not None


def cure(site: Site) -> str:
    names = [row_name(origin(source)) for source in site.sources]
    for name in names:
        if name in INSTEAD:
            return INSTEAD[name]
    total = site.made_by(("sum",), of=site.made_by(("divide",)) or GraphNode(0, None, (), {}))
    if total is not None and site.made_by(SQUARES, of=total):
        return "np.var(x) for mean(x**2) - mean(x)**2"
    if all(name in SQUARES for name in names):
        return "(a - b) * (a + b) for a**2 - b**2"
    return "rewrite the difference so that what is equal cancels before anything is rounded"


def of_one_plus(program: Program, node: TraceNode) -> Finding | None:
    """log(1 + x) for small x: the sum has rounded the digits of x away."""
    total = program.operands(node)[0]
    if not isinstance(total, TraceNode) or row_name(total) != "add":
        return None
    a, b = total.inputs
    if np.ndim(value_of(a)) == 0 and value_of(a) == 1:
        a, b = b, a
    x = np.asarray(value_of(a))
    if not isinstance(a, TraceNode) or np.ndim(value_of(b)) or value_of(b) != 1:
        return None
    eps = epsilon(node)
    small = (np.abs(x) < np.sqrt(eps)) & (x != 0)
    if not np.any(small):
        return None
    least = float(np.min(np.abs(x[small])))
    seen = lost_digits(1 / least, eps, small)
    cause = f"1 + {program.name(a)} rounds the digits of {program.name(a)} away"
    made = program.expression(node)
    instead = "np.log1p(x) for log(1 + x)"
    return Finding(CANCELLATION, str(node.name), made, node.line, seen, cause, instead)


def epsilon(node: TraceNode) -> float:
    return float(np.finfo(np.asarray(value_of(node)).dtype).eps)


def lost_digits(condition: float, eps: float, mask: Any) -> str:
    digits = f"{np.log10(min(condition, 1 / eps)):.0f} of {-np.log10(eps):.0f} digits are lost"
    return f"condition number {number(condition, 2)}: {digits} {entries(mask)}".rstrip()
