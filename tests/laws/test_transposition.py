"""A rule in one mode is enough: transposed, the JVP of any row is its VJP, and the VJP its JVP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from laws import statements as laws
from strategies import SMOOTH, Case, cases

from autodiff.arguments import finish_all
from autodiff.containers import flatten
from autodiff.primitive import ZERO
from autodiff.reverse import transposed_jvp, transposed_vjp

FEW = settings(max_examples=max(1, settings.default.max_examples // 25))
BOTH_WAYS = [row for row in SMOOTH if not (row.forward_only or row.backward_only)]

every_row = pytest.mark.parametrize("row", BOTH_WAYS, ids=lambda row: row.name)


def some(draw: Any, case: Case) -> list[int]:
    """Some of the inputs: the others have structural zeros for tangents."""
    return sorted(draw(st.sets(st.sampled_from(case.wanted), min_size=1))) if case.wanted else []


def as_results(bars: Sequence[Any], primals: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(finish_all(list(bars), primals))


@every_row
@FEW
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_the_transposed_jvp_is_the_vjp(row, data, seed):
    case = data.draw(cases(row))
    wanted, rng = some(data.draw, case), np.random.default_rng(seed)
    with np.errstate(all="ignore"):
        y = row(*case.args, **case.params)
        y_bar = laws.directions(y, rng)
        inputs = [case.args[k] for k in wanted]
        given = row.vjp(y, case.args, wanted, case.params)(y_bar)
        derived = transposed_jvp(row, y, case.args, wanted, case.params)(y_bar)
    laws.close(as_results(derived, inputs), as_results(given, inputs), 0.0, "transposed JVP")


@every_row
@FEW
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_the_transposed_vjp_is_the_jvp(row, data, seed):
    case = data.draw(cases(row))
    moving, rng = some(data.draw, case), np.random.default_rng(seed)
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
