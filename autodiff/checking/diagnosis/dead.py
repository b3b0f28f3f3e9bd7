"""Dead pieces of a program: values whose adjoint is exactly zero for the whole batch.

    h = x @ w         adjoint  [[0, .3], [0, .1]]     unit 0 is dead: no example moves w[:, 0]
    a = max(h, 0)     adjoint  [[.2, .3], [.4, .1]]   here it was lost

It is reported where it is lost: at the operation that is sent an adjoint and sends none on. A zero
in which contributions cancel, or the flat top of a smooth function, is not a loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from ...engine.graph import TraceNode
from ...explanation.steps import is_continuous
from ...rules.kinds import Elementwise, local
from ...rules.primitive import ZERO, Structural
from .finding import DEAD, Finding
from .nonfinite import site_of
from .program import Program, generic, value_of
from .site import row_name

NAMED = 8  # units that a finding names
RELU = "leaky_relu or elu, whose units do not die; a smaller learning rate; He initialisation"
SATURATED = "scale or normalise what goes in, or use a logarithmic form (log_softmax, log_sigmoid)"
ZEROS = "initialise with small random numbers instead of zeros; check the mask"
STEPS = "a smooth function in place of the step, or leave the argument out of argnums"

Explanation = tuple[str, str]


class Units(NamedTuple):
    """Which part of a value is dead: `places` along an axis, or all of it if there is no axis."""

    axis: int | None
    places: Any

    def of(self, x: Any) -> Any:
        return x if self.axis is None else np.take(x, self.places, self.axis)

    def describe(self, shape: tuple[int, ...]) -> str:
        if self.axis is None:
            return "in every entry" if shape else ""
        count, size = len(self.places), shape[self.axis]
        named = ", ".join(str(int(k)) for k in self.places[:NAMED])
        more = ", ..." if count > NAMED else ""
        what = "column" if self.axis == len(shape) - 1 else f"axis {self.axis}, place"
        rows = f", for all {shape[0]} rows" if self.axis else ""
        return f"in {what}{'s' if count > 1 else ''} {named}{more} ({count} of {size}){rows}"


def search(program: Program) -> Iterator[Finding]:
    reported: set[TraceNode] = set()
    found: list[tuple[int, Finding]] = []
    for x in [*program.inputs, *(n for n in program.operations if n in program.active)]:
        units = dead_units(program.adjoint(x))
        users = [u for u in program.consumers[x] if u in program.active and np.size(value_of(u))]
        if units is None or not users or x in program.outputs:
            continue
        reasons = [why(program, user, x, units) for user in users]
        if all(reasons):
            reported.add(x)
            lost = finding(program, users[0], x, units, *reasons[0])  # type: ignore[misc]
            found.append((users[0].order, lost))
    yield from (lost for _, lost in sorted(found, key=itemgetter(0)))
    for x in program.inputs:
        if (reason := silenced(program, x, reported)) is not None:
            yield Finding(DEAD, str(x.name), "", "", f"adjoint of {x.name} is exactly 0", *reason)


def dead_units(bar: Any) -> Units | None:
    """The part of an adjoint that is zero throughout the batch, which is the first axis."""
    bar, shape = np.asarray(bar), np.shape(bar)
    if not bar.size:
        return None
    if not np.any(bar):
        return Units(None, None)
    if len(shape) < 2 or shape[0] < 2:
        return None
    for axis in (len(shape) - 1, 1):  # features last, or channels second
        others = tuple(k for k in range(len(shape)) if k != axis)
        places = np.flatnonzero(~np.any(bar, axis=others))
        if len(places):
            return Units(axis, places)
    return None


def why(program: Program, user: TraceNode, x: TraceNode, units: Units) -> Explanation | None:
    """Why `user` sends nothing to these units of `x`, whatever it is sent; `None` where that is not
    so, or no loss: a choice may send it to another operand, a smooth function may be at its top."""
    row, operands = program.row_node(user), program.operands(user)
    alike = np.shape(value_of(user)) == np.shape(value_of(x))
    if row.primitive is None or (units.axis is not None and not alike):
        return None
    others = [z for z in operands if z is not x]
    if row.primitive.kind == "choice":
        if any(np.any(units.of(bar)) for bar in sent_by_choice(program, user)):
            return None
        if row.primitive.form == "branches" and not is_compared(operands[0], x):
            return None  # np.where took its other branch, as it should
        return f"{x.name} is never chosen by {program.expression(user)}", RELU
    if row.primitive.form in ("product", "bilinear"):
        zeros = [program.name(z) for z in others if is_zero(program, z, units)]
        return (f"it is multiplied by {zeros[0]}, which is 0 there", ZEROS) if zeros else None
    if isinstance(row.primitive, Elementwise) and alike and saturates(program, user, x, units):
        return f"the slope of {row_name(row)} is exactly 0 there: it is saturated", SATURATED
    return None


def is_compared(condition: Any, x: TraceNode) -> bool:
    """Whether np.where chooses `x` by a comparison of `x` itself: relu, written by hand."""
    return isinstance(condition, TraceNode) and x in condition.inputs


def sent_by_choice(program: Program, user: TraceNode) -> Iterator[Any]:
    """What a choice sends to its operands when it is sent a generic adjoint."""
    site = site_of(program, user)
    wanted = [i for i, x in enumerate(site.sources) if program.is_active(x)]
    shape = np.shape(value_of(user))
    with np.errstate(all="ignore"):
        pullback = site.primitive.vjp(site.y, site.values, wanted, site.params)
        for bar in pullback(generic(site.y)):
            full = np.zeros(shape) if bar is ZERO else np.asarray(bar)
            yield np.broadcast_to(full, shape) if full.ndim < len(shape) else full


def is_zero(program: Program, z: Any, units: Units) -> bool:
    """Whether an argument, a mask or a constant is zero throughout these units. A number that is 0
    is not suspicious, and what was computed from arguments has a cause of its own."""
    if program.is_active(z) and z.primitive is not None:
        return False
    numbers = np.asarray(value_of(z))
    if units.axis is not None and numbers.ndim > units.axis and numbers.shape[units.axis] > 1:
        numbers = units.of(numbers)
    return numbers.size > 1 and numbers.dtype.kind in "biufc" and not np.any(numbers)


def saturates(program: Program, user: TraceNode, x: TraceNode, units: Units) -> bool:
    """Whether the slope is 0 though x is not: at x = 0 a function may well be at its top."""
    site = site_of(program, user)
    i = next(k for k, operand in enumerate(program.operands(user)) if operand is x)
    row = site.primitive
    assert isinstance(row, Elementwise)
    with np.errstate(all="ignore"):
        slope = local(row.partials[i], row.remembered(i, site.values, site.y), site.params)
    if isinstance(slope, Structural):
        return False
    a = value_of(x)
    return not np.any(units.of(np.broadcast_to(slope, np.shape(a)))) and bool(np.all(units.of(a)))


def finding(
    program: Program, user: TraceNode, x: TraceNode, units: Units, cause: str, cure: str
) -> Finding:
    where = units.describe(np.shape(value_of(x)))
    seen = f"adjoint of {x.name} is exactly 0 {where}".rstrip()
    return Finding(DEAD, str(user.name), program.expression(user), user.line, seen, cause, cure)


def silenced(program: Program, x: TraceNode, reported: set[TraceNode]) -> Explanation | None:
    """Why an argument has no derivative at all, if no dead piece between explains that: it is not
    used, or only by steps. What is compared, or cut by stop_gradient, is intended."""
    if np.any(program.adjoint(x)) or not np.size(value_of(x)):
        return None
    users = program.consumers[x]
    if not users and x not in program.outputs:
        return "the result does not depend on it", "leave it out, or use it"
    steps: list[TraceNode] = []
    front, seen = [x], {x}
    while front:
        node = front.pop()
        if node in reported or node in program.outputs:
            return None
        for user in program.consumers[node]:
            assert user.primitive is not None
            if user.primitive.flat:
                steps.append(user)
            elif user not in seen:
                seen.add(user)
                front.append(user)
    rounded = [n for n in steps if is_continuous(n.value) and row_name(n) != "stop_gradient"]
    if not rounded:
        return None
    name = row_name(rounded[0])
    return f"the result depends on it only through {name}, whose derivative is 0", STEPS
