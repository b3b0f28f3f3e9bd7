"""A rule in one mode is enough: transposed, the JVP of any row is its VJP, and the VJP its JVP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from laws import statements as laws
from strategies import SMOOTH, Case, cases, tried

from autodiff.base.trees import flatten
from autodiff.engine.arguments import finish_all
from autodiff.engine.reverse_mode import transposed_jvp, transposed_vjp
from autodiff.rules.primitive import ZERO

BOTH_WAYS = [row for row in SMOOTH if not (row.forward_only or row.backward_only)]
SEEDS = st.integers(0, 2**32 - 1)

every_row = tried(BOTH_WAYS)


def some(draw: Any, case: Case) -> list[int]:
    """Some of the inputs: the others have structural zeros for tangents."""
    return sorted(draw(st.sets(st.sampled_from(case.wanted), min_size=1))) if case.wanted else []


def as_results(bars: Sequence[Any], primals: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(finish_all(list(bars), primals))


@every_row
def test_the_transposed_jvp_is_the_vjp(row, data):
    case = data.draw(cases(row))
    wanted, rng = some(data.draw, case), np.random.default_rng(data.draw(SEEDS))
    with np.errstate(all="ignore"):
        y = row(*case.args, **case.params)
        y_bar = laws.directions(y, rng)
        inputs = [case.args[k] for k in wanted]
        given = row.vjp(y, case.args, wanted, case.params)(y_bar)
        derived = transposed_jvp(row, y, case.args, wanted, case.params)(y_bar)
    laws.close(as_results(derived, inputs), as_results(given, inputs), 0.0, "transposed JVP")


@every_row
def test_the_transposed_vjp_is_the_jvp(row, data):
    case = data.draw(cases(row))
    moving, rng = some(data.draw, case), np.random.default_rng(data.draw(SEEDS))
    with np.errstate(all="ignore"):
        y = row(*case.args, **case.params)
        tangents = [
            laws.directions(a, rng) if k in moving else ZERO for k, a in enumerate(case.args)
        ]
        given = row.jvp(y, case.args, tangents, case.params)
        derived = transposed_vjp(row, y, case.args, tangents, case.params)
    results = flatten(y)[0]
    parts = (derived, given) if row.multiple else ((derived,), (given,))
    laws.close(*(as_results(part, results) for part in parts), 0.0, "transposed VJP")
