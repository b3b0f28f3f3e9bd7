"""Kinks that the program stands on: points where a derivative was chosen among several.

A row says in the table where its kinks are. The choice is a convention (docs/conventions.md); here
it is said where it was made, as far as an adjoint arrives there. In a gradient, a kink of the
function is a jump: of a sign, or of what a comparison chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...base.shapes import shape_of
from ...engine.graph import TraceNode
from ...primitives.reductions import restored
from .finding import KINK, Finding, entries
from .nonfinite import site_of
from .program import Program, value_of
from .site import Site, row_name

COMPARISONS = {"less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">="}
LOGIC = {"bitwise_and", "bitwise_or", "invert", "logical_and", "logical_or", "logical_not"}
CURE = (
    "nothing, if the convention suits; else a smooth function ({}), or inputs that keep away from "
    "the kink"
)
SMOOTH = {
    **dict.fromkeys(
        ("norm", "hypot", "hypot_reduce"), "np.sqrt(np.sum(x**2) + eps**2) with a small number eps"
    ),
    **dict.fromkeys(("absolute", "fabs"), "np.sqrt(x**2 + eps**2) with a small number eps"),
}


def search(program: Program) -> Iterator[Finding]:
    for node in program.operations:
        row = program.row_node(node).primitive
        if row is None:
            continue
        if row.kinks and node in program.active:
            mask, what = on_kink(site_of(program, node))
        elif row.form == "branches":
            mask, what = on_decision(program, node)
        elif row.name == "sign" and program.is_active(node.inputs[0]):
            mask, what = on_zero(program, node)
        else:
            continue
        if np.any(mask) and is_felt(program, node, mask):
            seen = f"{what} {entries(mask)}".rstrip()
            made = program.expression(node)
            name = row_name(node)
            cause = CONVENTIONS.get(name, "one of several derivatives was chosen")
            cure = CURE.format(SMOOTH.get(name, "softplus, logsumexp"))
            yield Finding(KINK, str(node.name), made, node.line, seen, cause, cure)


def is_felt(program: Program, node: TraceNode, mask: Any) -> bool:
    """Whether an adjoint arrives where the kink is. None arrives at a step, at a choice among
    constants, or at an extremum to which entries are compared: in a gradient they are its slope."""
    site = site_of(program, node)
    if node not in program.active or (site.primitive.kinks == "ties" and site.used_by(("equal",))):
        return True
    bar = program.adjoint(node)
    return bool(np.any(bar[mask] if np.shape(bar) == np.shape(mask) else bar))


def on_kink(site: Site) -> tuple[Any, str]:
    """Where the operands lie on a kink of their row, and in words how."""
    kinks = site.primitive.kinks
    if isinstance(kinks, str):
        return KINDS[kinks](site)
    a = np.asarray(site.values[0])
    points = ", ".join(f"{k:g}" for k in kinks)
    return np.isin(a, kinks), f"{site.names[0]} is {points}"


def _ties(site: Site) -> tuple[Any, str]:
    name, (a, *rest), y = row_name(site), site.values, site.y
    if name in ("maximum", "minimum", "fmax", "fmin"):
        return np.equal(a, rest[0]), f"{site.names[0]} = {site.names[1]}"
    axis = site.params["axis"]
    if name in ("sort", "partition"):
        ordered = np.sort(y, axis)
        return np.equal(*beside(ordered, axis)), f"{site.names[0]} has equal neighbours when sorted"
    if name.startswith(("cum", "nancum")):
        later, before = beside(a, axis)[0], beside(y, axis)[1]
        return np.equal(later, before), f"{site.names[0]} reaches its {name[-3:]} again"
    tied = np.equal(a, restored(y, shape_of(a), axis))
    if rest:
        tied = tied & rest[0]
    return np.sum(tied, axis) > 1, f"several entries of {site.names[0]} are the {name[-3:]}"


def beside(x: Any, axis: int) -> tuple[Any, Any]:
    """Every entry but the first along an axis, and the entry before it."""
    x = np.moveaxis(np.asarray(x), axis, -1)
    return x[..., 1:], x[..., :-1]


def _bounds(site: Site) -> tuple[Any, str]:
    a, *bounds = site.values
    at = [np.equal(a, bound) for bound in bounds if bound is not None]
    return np.logical_or.reduce(np.broadcast_arrays(*at)), f"{site.names[0]} is at a bound"


def _integers(site: Site) -> tuple[Any, str]:
    return np.equal(site.values[0], np.rint(site.values[0])), f"{site.names[0]} is an integer"


def _multiples(site: Site) -> tuple[Any, str]:
    a, b = site.values[:2]
    with np.errstate(all="ignore"):
        return np.equal(np.fmod(a, b), 0), f"{site.names[0]} is a multiple of {site.names[1]}"


def _knots(site: Site) -> tuple[Any, str]:
    return np.isin(site.values[0], site.values[1]), f"{site.names[0]} is at a knot"


def _origin(site: Site) -> tuple[Any, str]:
    names = site.names if row_name(site) == "hypot" else site.names[:1]
    return np.equal(site.y, 0), f"{' and '.join(names)} {'are' if len(names) > 1 else 'is'} 0"


KINDS: dict[str, Callable[[Site], tuple[Any, str]]] = {
    "ties": _ties,
    "bounds": _bounds,
    "integers": _integers,
    "multiples": _multiples,
    "knots": _knots,
    "origin": _origin,
}


def on_zero(program: Program, node: TraceNode) -> tuple[Any, str]:
    (a,) = program.operands(node)
    return np.equal(value_of(a), 0), f"{program.name(a)} is 0"


def on_decision(program: Program, node: TraceNode) -> tuple[Any, str]:
    """Where a condition like ``x > 0``, by which np.where chooses, is decided at equality."""
    for condition in comparisons(program.operands(node)[0]):
        a, b = condition.inputs
        if not any(map(program.is_active, condition.inputs)):
            continue
        mask = np.equal(value_of(a), value_of(b))
        if np.any(mask):
            first, second, sign = program.name(a), program.name(b), COMPARISONS[row_name(condition)]
            what = f"{first} = {second}, where {first} {sign} {second} decides"
            return np.broadcast_to(mask, np.shape(value_of(node))), what
    return False, ""


def comparisons(condition: Any) -> Iterator[TraceNode]:
    """The comparisons of which a condition is made by "and", "or" and "not"."""
    if row_name(condition) in COMPARISONS:
        yield condition
    elif row_name(condition) in LOGIC:
        for part in condition.inputs:
            yield from comparisons(part)


HALF = "each of the two has derivative 1/2 there"
SHARED = "tied entries share the derivative evenly"
CONVENTIONS = {
    **{
        name: f"{name} has no derivative there; 0 is the convention"
        for name in ("absolute", "fabs", "norm", "hypot", "hypot_reduce", "root", "copysign")
    },
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), HALF),
    **dict.fromkeys(("max", "min", "masked_max", "masked_min", "nanmax", "nanmin"), SHARED),
    **dict.fromkeys(
        ("sort", "partition"), "the derivative is that of the order that the sort chose"
    ),
    "clip": "at a bound the derivative is 1",
    "where": "the derivative is that of the branch that was taken",
    "sign": "sign jumps there; its derivative is 0, that of the pieces",
}
