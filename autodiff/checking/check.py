"""`check`: is the derivative right? Reverse mode, forward mode and finite differences must agree.

What is compared, and how much two answers may differ, is in `comparisons`; here is the report.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import AutodiffError, counted
from ..engine.arguments import check_function, name_of, whole
from .comparisons import FAILED, UNRELIABLE, Comparison, Problem


@dataclass(frozen=True)
class Report:
    """What `check` found: one `Comparison` per input and law, the worst over all directions."""

    function: str
    comparisons: tuple[Comparison, ...]

    @property
    def ok(self) -> bool:
        """Whether no comparison failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Comparison, ...]:
        return tuple(c for c in self.comparisons if c.verdict == FAILED)

    def __bool__(self) -> bool:
        return self.ok

    def raise_if_failed(self) -> Report:
        """This report, or an `AutodiffError` that shows it."""
        if not self.ok:
            raise AutodiffError(str(self))
        return self

    def __str__(self) -> str:
        head = ("input", "law", "measured", "allowed", "verdict")
        rows = [
            (
                c.where,
                c.law,
                f"{c.measured:.1e}",
                f"{c.allowed:.1e}",
                ": ".join(filter(None, c[-2:])),
            )
            for c in self.comparisons
        ]
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (head, *rows)
        ]
        return "\n".join([f"check of {self.function}: {self._summary()}", *lines])

    __repr__ = __str__

    def _summary(self) -> str:
        n = len(self.comparisons)
        unreliable = sum(c.verdict == UNRELIABLE for c in self.comparisons)
        summary = (
            f"{len(self.failures)} of {counted(n, 'comparison')} FAILED"
            if not self.ok
            else f"ok, {counted(n, 'comparison')}"
        )
        if unreliable:
            summary += (
                f", {unreliable} unreliable (a kink or a pole within reach of the differences)"
            )
        return summary


def check(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    directions: int = 3,
    seed: int = 0,
    order: int = 2,
) -> Report:
    """Compare the derivatives of `f` at `args` with each other and with finite differences.

    Every float or complex array in `args`, however nested, is differentiated in; if there is none,
    integers count as floats. `argnums` picks arguments instead. Each array is moved alone in
    `directions` random directions, drawn from `seed`, and then all together. With ``order=2`` the
    Hessian of ``f``, or of a random weighted sum of its results, is checked as well. Finite
    differences run in double precision; tolerances fit the coarsest dtype among inputs and results.

    Raises `NotDifferentiableError` where there is nothing to differentiate in, and `AutodiffError`
    if `f` is not a function of its arguments (two calls that differ). See `Report` for the result.

    >>> import numpy as np, autodiff as ad
    >>> report = ad.check(lambda x, w: np.tanh(x @ w), np.ones((3, 2)), np.array([0.5, 0.25]))
    >>> report.ok
    True
    """
    check_function(f, "check")
    directions = whole(directions, "check: directions")
    if order not in (1, 2):
        raise ValueError(f"check: order={order!r} is neither 1 nor 2")
    if directions < 1:
        raise ValueError(f"check: directions={directions!r} must be at least 1")
    problem = Problem(f, args, argnums, np.random.default_rng(seed))
    found: dict[tuple[str, str], Comparison] = {}
    for comparison in problem.compare(directions, order):
        key = (comparison.where, comparison.law)
        if key not in found or comparison.severity > found[key].severity:
            found[key] = comparison
    return Report(name_of(f), tuple(found.values()))
