"""Where an inf or a nan first appears: in a value, in a tangent, in an adjoint.

What was given an inf or a nan and passes it on is not reported: the first place is where to look.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...engine.graph import ORDER, TraceNode
from ...programs.numbers import summary
from . import causes
from .finding import ADJOINT, BOTH, OVERFLOW, TANGENT, VALUE, Finding, entries
from .program import Program, value_of
from .site import Site, all_finite, arises


def search(program: Program) -> Iterator[Finding]:
    bad = {n for n in program.graph.nodes if not all_finite(value_of(n))}
    for node in program.inputs:
        if node in bad:
            yield argument(node)
    for node in program.operations:
        if node in bad and (finding := value(program, node)) is not None:
            yield finding
    yield from derivatives(program, bad)


def argument(node: TraceNode) -> Finding:
    x = value_of(node)
    cause = f"the argument itself is inf or nan {entries(~np.isfinite(x))}".rstrip()
    cure = "clean the data first, or leave these entries out: where=np.isfinite(x)"
    return Finding(VALUE, str(node.name), "", "", summary(x), cause, cure)


def value(program: Program, node: TraceNode) -> Finding | None:
    """What appears in a value: `None` where it only passes something on."""
    operands = program.operands(node)
    given = [value_of(x) for x in operands if isinstance(x, TraceNode)]
    y = value_of(node)
    what = arises(y, given, [x for x in operands if not isinstance(x, TraceNode)])
    if not what:
        return None
    site = site_of(program, node)
    kind = OVERFLOW if what == "inf" and not causes.is_pole(site) else VALUE
    seen = summary(y)
    if np.ndim(y):
        seen += f": {what} {entries(np.isnan(y) if what == 'nan' else np.isinf(y))}"
    if all(all_finite(value_of(result)) for result in program.outputs):
        seen += "; no result contains it, because a choice leaves it out"
    made = program.expression(node)
    return Finding(kind, str(node.name), made, node.line, seen, *causes.of_value(site))


def site_of(program: Program, node: TraceNode) -> Site:
    row = program.row_node(node)
    assert row.primitive is not None
    return Site(
        row.primitive,
        [program.name(x) for x in row.inputs],
        [value_of(x) for x in row.inputs],
        value_of(row),
        row.params,
        row.inputs,
        node,
        lambda n: program.consumers.get(n, ()),
    )


def derivatives(program: Program, bad: set[TraceNode]) -> Iterator[Finding]:
    """Rows that make a tangent, or an adjoint, that is not finite of finite ones."""
    tangents, adjoints = program.tangents, program.adjoints
    endless = {n for n, t in tangents.items() if not all_finite(t)}
    arriving = reaching(program, endless)
    pulled = senders(program, bad, {n for n, bar in adjoints.items() if not all_finite(bar)})
    for node in program.operations:
        operands = {x for x in program.operands(node) if isinstance(x, TraceNode)}
        if node in bad or operands & bad:
            continue
        pushes = node in arriving and not operands & endless
        receivers = pulled.get(node, [])
        if not pushes and not receivers:
            continue
        kind = BOTH if pushes and receivers else TANGENT if pushes else ADJOINT
        seen = [f"tangent of {node.name} is {summary(tangents[node])}"] if pushes else []
        seen += [f"adjoint of {x.name} is {summary(adjoints[x])}" for x in receivers]
        made, (cause, cure) = program.expression(node), causes.of_derivative(site_of(program, node))
        yield Finding(kind, str(node.name), made, node.line, "; ".join(seen), cause, cure)


def reaching(program: Program, endless: set[TraceNode]) -> set[TraceNode]:
    """The values whose inf or nan goes on into the tangent of a result. A choice may leave it out:
    np.where(x > 0, np.sqrt(x), 0) has the derivative 0 at 0."""
    found: set[TraceNode] = set()
    front: list[Any] = list(program.outputs)
    while front:
        node = front.pop()
        if isinstance(node, TraceNode) and node in endless and node not in found:
            found.add(node)
            front += program.operands(node)
    return found


def senders(
    program: Program, bad: set[TraceNode], endless: set[TraceNode]
) -> dict[TraceNode, list[TraceNode]]:
    """For each operation, the operands to which it sends an inf or a nan that it was not sent."""
    found: dict[TraceNode, list[TraceNode]] = {}
    for x in sorted(endless - bad, key=ORDER):
        users = [u for u in program.consumers[x] if u in program.adjoints]
        if any(u in endless or u in bad for u in users):
            continue
        suspects = [u for u in users if causes.infinite_partial(site_of(program, u)) is not None]
        for u in suspects or users:
            found.setdefault(u, []).append(x)
    return found
