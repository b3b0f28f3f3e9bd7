"""An explanation as aligned tables, which a person can check line by line with a calculator."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import counted
from ..engine.graph import TraceNode
from ..programs.numbers import number, summary
from ..rules.primitive import payload
from .agreement import Agreement
from .both_sweeps import BothModes, entries
from .folding import LINES, lines_of
from .steps import ForwardSweep, ReverseSweep, marks
from .symbolic_rules import grouped

FEW = 8  # names in a heading
WIDEST = 56  # a column is not padded beyond this


class Row(NamedTuple):
    """One line: ``name = rule   value   remark``."""

    name: str
    rule: str
    value: str
    remark: str = ""


class Table(NamedTuple):
    """A heading and rows, and lines of text for rows that are left out."""

    heading: str
    lines: list[Row | str]

    @property
    def rows(self) -> list[Row]:
        return [line for line in self.lines if isinstance(line, Row)]


def all_tables(both: BothModes) -> list[Table]:
    """The program, then one table per sweep."""
    graph = both.graph
    nodes = graph.shown()

    def layer_named(k: int) -> list[str]:
        """The layer that a line is the last of."""
        layer, *after = (graph.layers.get(n) for n in nodes[k : k + 2])
        return [layer] if layer and after != [layer] else []

    def row(k: int) -> Row:
        n = nodes[k]
        remark = "; ".join([*layer_named(k), *marks(n.value), *dead(both, n)])
        return Row(str(n.name), graph.expression(n).loose, summary(n.value), remark)

    return [
        Table("program", filled(lines_of(nodes, both.fold, graph.layers), row)),
        *(
            sweep_table(f"forward mode: d(.)/d{grouped(s.label)}, from the input on", s, both.fold)
            for s in both.forward_sweeps
        ),
        *(
            sweep_table(
                f"reverse mode: d{grouped(s.label)}/d(.), from the output back", s, both.fold
            )
            for s in both.reverse_sweeps
        ),
    ]


def filled(places: Sequence[int | str], row: Callable[[int], Any]) -> list[Any]:
    """A row for each place, between the texts for what is left out."""
    return [x if isinstance(x, str) else row(x) for x in places]


def dead(both: BothModes, node: TraceNode) -> list[str]:
    """Whether units of a choice (ReLU, a maximum) are off, so that nothing flows back."""
    row = node.primitive
    x = np.asarray(payload(node.value))
    if row is None or row.kind != "choice" or node not in both.active or not x.size:
        return []
    if row.name not in ("maximum", "clip", "where") or np.any(x < 0) or np.all(x):
        return []
    off = np.all(x == 0, axis=tuple(range(x.ndim - 1))) if x.ndim else x == 0
    count = int(np.sum(off))
    return [f"{count} of {off.size} units off" if x.ndim else "off"] if count else []


def sweep_table(heading: str, sweep: ForwardSweep | ReverseSweep, fold: bool = True) -> Table:
    steps = sweep.steps

    def row(k: int) -> Row:
        s = steps[k]
        return Row(str(s.derivative), s.rule, summary(s.value), s.remark)

    lines = filled(lines_of(steps.nodes, fold, sweep.graph.layers), row)
    short = len(heading) + len(sweep.seed) < 90
    return Table(heading + (f" ({sweep.seed})" if short else f"\n  {sweep.seed}"), lines)


def tables(both: BothModes) -> str:
    """The program and both sweeps as text, and whether they agree."""
    heading, values = title(both)
    first = f"{heading}{values}" if values.startswith("\n") else f"{heading} {values}"
    shown = all_tables(both)
    if not both.outputs:
        program = [aligned(shown[0])] if shown[0].rows else []
        return "\n\n".join([first, *program, constant(both)])
    jacobian = [jacobian_text(both)] if both.jacobian is not None else []
    parts = [first, *map(aligned, shown), *jacobian, closing(both)]
    return "\n\n".join(parts)


def fitted(text: str, width: int) -> str:
    """The same with long lines broken, for a terminal of so many columns."""
    lines = []
    for line in text.splitlines():
        indent = " " * (len(line) - len(line.lstrip()) + 6)
        lines += textwrap.wrap(line, max(width, 20), subsequent_indent=indent) or [""]
    return "\n".join(lines)


def jacobian_table(both: BothModes) -> tuple[str, list[list[str]]]:
    """A heading that says how it was filled, and the Jacobian with a line of names above."""
    (y,) = both.outputs
    names = [label for label, _, _ in entries(both.inputs)]
    under = ", ".join(dict.fromkeys(str(x.name) for x in both.inputs))
    ways = [f"row by row by {counted(len(both.reverse_sweeps), 'reverse sweep')}"]
    if both.columns:
        ways.insert(0, f"column by column by {counted(len(both.forward_sweeps), 'forward sweep')}")
    heading = f"Jacobian of {y.name} by {under}, filled {', or '.join(ways)}"
    head = ["", *(f"d/d{grouped(name)}" for name in names)]
    cells = [
        [f"d{grouped(label)}", *map(number, line)]
        for (label, _, _), line in zip(both.rows, both.jacobian, strict=True)
    ]
    return heading, [head, *cells]


def jacobian_text(both: BothModes) -> str:
    heading, lines = jacobian_table(both)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = ["  ".join(f"{c:>{w}}" for c, w in zip(line, widths, strict=True)) for line in lines]
    return "\n".join([f"  {heading}", *(f"  {line}" for line in shown)])


def constant(both: BothModes) -> str:
    """What is said of results that are constant, or made by steps (comparisons, floor, ...)."""
    names = [str(x.name) for x in both.inputs]
    zeros = listed([f"dy/d{name} = 0" for name in names])
    steps = " smoothly" if both.graph.shown() else ""
    return f"  y does not depend{steps} on {listed(names)}: {zeros}"


def title(both: BothModes) -> tuple[str, str]:
    """``y = f(x) at``, and the values of the inputs: one line, or one each."""
    graph = both.graph
    arguments = listed([str(n.name) for n in graph.inputs])
    results = listed([graph.operand(y).loose for y in graph.outputs])
    heading = f"{results} = {graph.name}({arguments}) at"
    given = [f"{n.name} = {summary(n.value)}" for n in graph.inputs]
    given += [f"{name} = {summary(x)} (constant)" for name, x in both.held]
    if len(heading) + sum(map(len, given)) < 100:
        return heading, ", ".join(given)
    lines = [f"  {line}" for line in given]
    if len(lines) > LINES:
        left_out = f"  ... {len(lines) - LINES} more inputs ..."
        lines = [*lines[: LINES // 2], left_out, *lines[-LINES // 2 :]]
    return heading, "\n" + "\n".join(lines)


def listed(names: Sequence[str]) -> str:
    return ", ".join(names if len(names) <= FEW else [*names[: FEW - 1], "...", names[-1]])


def aligned(table: Table) -> str:
    """``name = rule   value   remark``, each in a column of its own."""
    rows = table.rows
    names = max((len(row.name) for row in rows), default=0)
    rules = min(max((len(row.rule) for row in rows), default=0), WIDEST)
    values = min(max((len(row.value) for row in rows if row.remark), default=0), WIDEST)
    signed = any(row.value.startswith("-") for row in rows)
    lines = []
    for row in table.lines:
        if isinstance(row, str):
            lines.append(f"  {row}")
            continue
        name, rule, value, remark = row
        sign = " " if signed and not value.startswith("-") else ""
        line = f"  {name:{names}} = {rule:{rules}}  {f'{sign}{value}':{values + signed}}  {remark}"
        lines.append(line.rstrip())
    heading = f"  {table.heading}"
    if table.heading == "program" and table.rows:
        heading = f"{heading:{names + rules + 7}}{' ' * signed}value"
    return "\n".join([heading, *lines])


def closing(both: BothModes) -> str:
    """Whether both modes gave the same number for the same thing: compared, not claimed."""
    costs = "forward costs one sweep per input, reverse one per output"
    bad = [a for a in both.agreements if a.holds is False]
    if bad:
        return "\n".join(["  the two modes DISAGREE: a rule is wrong", *map(disagreement, bad)])
    unknown = [a for a in both.agreements if a.holds is None]
    if unknown:
        names = ", ".join(a.name for a in unknown)
        return f"  {names}: not finite, so the modes cannot be compared\n  {costs}"
    return f"  both modes agree{agreed(both.agreements)}\n  {costs}"


def agreed(agreements: Sequence[Agreement]) -> str:
    if not agreements:
        return ""
    if len(agreements) > FEW:
        return f" on all {len(agreements)}, from {agreements[0].name} to {agreements[-1].name}"
    if len(agreements) > 1:
        return f" on all {len(agreements)} of " + ", ".join(a.name for a in agreements)
    (only,) = agreements
    return f": {only.name} = {number(only.forward)} by forward, {number(only.reverse)} by reverse"


def disagreement(a: Agreement) -> str:
    return (
        f"  {a.name} is {number(a.forward, 12)} by forward and {number(a.reverse, 12)} by reverse "
        f"mode (relative difference {number(a.error, 2)})"
    )
