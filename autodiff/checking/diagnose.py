"""`diagnose`: what is wrong, or about to go wrong, in a function and in both of its sweeps.

The function is traced once and both sweeps run over the graph; then each search of the package
`diagnosis` reads the numbers they left.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import NotDifferentiableError, counted
from ..base.trees import flatten, unflatten
from ..engine.arguments import check_function, differentiable, name_of
from ..explanation.explain import is_held
from ..explanation.html import STYLE
from ..programs.names import leaf_names
from ..programs.tracing import traced
from .diagnosis import cancellation, dead, kinks, nonfinite
from .diagnosis.finding import REFUSED, Finding
from .diagnosis.program import Program

SEARCHES = (nonfinite.search, dead.search, kinks.search, cancellation.search)


@dataclass(frozen=True)
class Diagnosis:
    """What :func:`diagnose` found: `findings`, each with `kind`, `name`, `operation`, `line`,
    `value`, `cause` and `cure`, and whether there was nothing to find (`ok`, also its truth value).

    ``str()`` gives the report; a notebook shows it as a table.
    """

    function: str
    operations: int
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __bool__(self) -> bool:
        return self.ok

    @property
    def heading(self) -> str:
        count = len(self.findings)
        verdict = "nothing found" if self.ok else counted(count, "finding")
        return f"diagnosis of {self.function} ({counted(self.operations, 'operation')}): {verdict}"

    def __str__(self) -> str:
        return "\n\n".join([self.heading, *map(str, self.findings)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        titles = ("kind", "value", "where", "seen", "cause", "cure")
        rows = [(f.kind, f.made, f.line, f.value, f.cause, f.cure) for f in self.findings]
        body = "\n".join([row("th", titles), *(row("td", cells) for cells in rows)])
        table = f'<div class="rows"><table>\n{body}\n</table></div>' if rows else ""
        return (
            f'<div class="autodiff">\n<style>\n{STYLE}\n</style>\n'
            f"<h1>{html.escape(self.heading)}</h1>\n{table}\n</div>"
        )


def row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"


def diagnose(f: Callable[..., Any], *args: Any) -> Diagnosis:
    """Look for what is wrong with ``f(*args)`` or its derivatives; say where, why, and the cure.

    Every float in the arguments, in nests of any depth, is differentiated in; if there is none,
    integers count as floats. The results may be of any shape: they are pulled back together. It
    finds, in this order:

    - the first ``non-finite value``, ``overflow``, ``non-finite tangent`` and ``non-finite
      adjoint``: an inf or a nan that an operation made of finite numbers;
    - ``dead`` units: an adjoint that is exactly zero for the whole batch;
    - a ``kink`` on which one derivative of several was chosen;
    - ``cancellation``: a difference that lost more than half of its digits.

    A function that the engine refuses to differentiate gives a finding of kind ``refused``.

    >>> import numpy as np, autodiff as ad
    >>> def length(x):
    ...     return np.sqrt(np.sum(x**2))
    >>> report = ad.diagnose(length, np.zeros(2))
    >>> report.ok, report.findings[0].kind
    (False, 'non-finite tangent and adjoint')
    >>> report.findings[0].cure
    'np.linalg.norm(x) for sqrt(sum(x**2)): its derivative at 0 is 0'
    """
    check_function(f, "diagnose")
    inside, operations = inputs_of(f, args), 0
    try:
        with np.errstate(all="ignore"):  # it is what we are looking for
            graph = traced(f, inside, abstract=False, checks=False)
        operations = len(graph.shown())
        program = Program(graph)
    except NotDifferentiableError as error:
        cause, cure = str(error).removesuffix(f"; {error.cure}"), error.cure
        if not cure:
            cause, _, cure = str(error).partition("; ")
        findings = [Finding(REFUSED, name_of(f), "", "", "no derivative", cause, cure)]
    else:
        findings = [found for search in SEARCHES for found in search(program)]
    return Diagnosis(name_of(f), operations, tuple(findings))


def inputs_of(f: Callable[..., Any], args: Sequence[Any]) -> Any:
    """The arguments, with what is differentiated in them as floats."""
    leaves, structure = flatten(tuple(args))
    names = leaf_names(f, [flatten(a)[1] for a in args])
    numbers = [not is_held(x) for x in leaves]
    floats = [n and np.result_type(x).kind in "fc" for n, x in zip(numbers, leaves, strict=True)]
    wanted = floats if any(floats) else numbers
    if not any(wanted):
        raise NotDifferentiableError(
            f"diagnose: {name_of(f)} has no number and no array among its arguments; "
            "pass what to differentiate in: diagnose(f, 0.1)"
        )
    inside = [
        differentiable(x, f"{name} of {name_of(f)}") if want else x
        for x, name, want in zip(leaves, names, wanted, strict=True)
    ]
    return unflatten(structure, inside)
