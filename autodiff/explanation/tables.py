"""An explanation as aligned tables, which a person can check line by line with a calculator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..programs.numbers import number, summary
from .both_sweeps import BothModes
from .steps import Agreement, ForwardSweep, ReverseSweep
from .symbolic_rules import grouped

LINES = 60  # of a table; a longer one shows its two ends
FEW = 8  # names in a heading
WIDEST = 56  # a column is not padded beyond this


class Row(NamedTuple):
    """One line: ``name = rule   value   remark``."""

    name: str
    rule: str
    value: str
    remark: str = ""


class Table(NamedTuple):
    """A heading and rows; `hidden` rows were left out after the first `LINES` // 2."""

    heading: str
    rows: list[Row]
    hidden: int = 0

    @property
    def gap(self) -> str:
        return f"... {self.hidden} more lines like these ..."


def all_tables(both: BothModes) -> list[Table]:
    """The program, then one table per sweep."""
    graph = both.graph
    shown, hidden = ends(graph.shown())
    rows = [Row(str(n.name), graph.expression(n).loose, summary(n.value)) for n in shown]
    return [
        Table("program", rows, hidden),
        *(
            sweep_table(f"forward mode: d(.)/d{grouped(s.label)}, from the input on", s)
            for s in both.forward_sweeps
        ),
        *(
            sweep_table(f"reverse mode: d{grouped(s.label)}/d(.), from the output back", s)
            for s in both.reverse_sweeps
        ),
    ]


def sweep_table(heading: str, sweep: ForwardSweep | ReverseSweep) -> Table:
    shown, hidden = ends(sweep.steps)
    rows = [Row(str(s.derivative), s.rule, summary(s.value), s.remark) for s in shown]
    short = len(heading) + len(sweep.seed) < 90
    return Table(heading + (f" ({sweep.seed})" if short else f"\n  {sweep.seed}"), rows, hidden)


def ends(items: Sequence[Any]) -> tuple[Sequence[Any], int]:
    """All items, or the first and the last where there are too many to read, and how many not."""
    if len(items) <= LINES:
        return items, 0
    return [*items[: LINES // 2], *items[-LINES // 2 :]], len(items) - LINES


def tables(both: BothModes) -> str:
    """The program and both sweeps as text, and whether they agree."""
    heading, values = title(both)
    first = f"{heading}{values}" if values.startswith("\n") else f"{heading} {values}"
    shown = all_tables(both)
    if not both.outputs:
        program = [aligned(shown[0])] if shown[0].rows else []
        return "\n\n".join([first, *program, constant(both)])
    parts = [first, *map(aligned, shown), closing(both)]
    return "\n\n".join(parts)


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
    if len(heading) + sum(map(len, given)) < 100:
        return heading, ", ".join(given)
    shown, hidden = ends(given)
    lines = [f"  {line}" for line in shown]
    if hidden:
        lines.insert(LINES // 2, f"  ... {hidden} more inputs ...")
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
    for name, rule, value, remark in rows:
        sign = " " if signed and not value.startswith("-") else ""
        line = f"  {name:{names}} = {rule:{rules}}  {f'{sign}{value}':{values + signed}}  {remark}"
        lines.append(line.rstrip())
    if table.hidden:
        lines.insert(LINES // 2, f"  {table.gap}")
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
    if len(agreements) > 1:
        return f" on all {len(agreements)} of " + ", ".join(a.name for a in agreements)
    (only,) = agreements
    return f": {only.name} = {number(only.forward)} by forward, {number(only.reverse)} by reverse"


def disagreement(a: Agreement) -> str:
    return (
        f"  {a.name} is {number(a.forward, 12)} by forward and {number(a.reverse, 12)} by reverse "
        f"mode (relative difference {number(a.error, 2)})"
    )
