"""The laws can fail: a derivative made 1 % wrong, in any cell of any row, is noticed."""

import copy

import numpy as np
import pytest
from hypothesis import Phase, find, settings
from hypothesis.errors import NoSuchExample
from laws import statements as laws
from strategies import SMOOTH, cases

from autodiff.rules.kinds import Bilinear, Choice, Elementwise, Linear, Special
from autodiff.rules.primitive import ZERO, Structural

SEARCH = settings(
    max_examples=100, phases=[Phase.generate], database=None, deadline=None, derandomize=True
)


def off(derivative):
    """A tangent or cotangent, or several, 1 % too large."""
    if isinstance(derivative, (list, tuple)):
        return type(derivative)(map(off, derivative))
    return derivative if derivative is ZERO else 1.01 * derivative


def last_off(derivatives):
    last = max(k for k, derivative in enumerate(derivatives) if derivative is not ZERO)
    return [off(d) if k == last else d for k, d in enumerate(derivatives)]


def after(change, rule):
    return lambda *args, **params: change(rule(*args, **params))


def partial_off(partial):
    if partial is ZERO:
        return lambda **params: 0.01
    if isinstance(partial, Structural):
        return lambda **params: 1.01 * partial.factor
    return after(off, partial)


def cells(row):
    """What holds the row's derivative: attribute, place in it, and how to make it 1 % wrong."""
    if isinstance(row, Elementwise):
        known = (i for i, p in enumerate(row.partials) if callable(p) or isinstance(p, Structural))
        yield from (("partials", i, partial_off) for i in known)
    elif isinstance(row, Linear):
        yield "transpose", None, lambda rule: after(off, rule)
    elif isinstance(row, Bilinear):
        yield from (("transposes", i, lambda rule: after(off, rule)) for i in range(2))
    elif isinstance(row, Choice):
        yield "select", None, lambda rule: after(off, rule)
        for i, scatter in enumerate(row.scatters):
            if scatter is not None:
                yield "scatters", i, lambda rule: after(off, rule)
    elif isinstance(row, Special):
        if row.forward is not None:
            yield "forward", None, lambda rule: after(off, rule)
        if row.backward is not None:
            yield "backward", None, lambda rule: after(off, rule)
            yield "backward", "last", lambda rule: after(last_off, rule)
    else:  # a class of its own
        yield "jvp", None, lambda rule: after(off, rule)
        yield "vjp", None, lambda rule: after(lambda pullback: after(off, pullback), rule)


def mutant(row, attribute, place, spoil):
    wrong = copy.copy(row)
    cell = getattr(row, attribute)
    if isinstance(place, int):
        cell = tuple(spoil(rule) if i == place else rule for i, rule in enumerate(cell))
    else:
        cell = spoil(cell)
    setattr(wrong, attribute, cell)
    return wrong


# No law differentiates in m, for none is known twice: test_families.py compares it.
ELSEWHERE = {("scipy.special.ellipkinc", 1), ("scipy.special.ellipeinc", 1)}
MUTATIONS = [
    (row, *cell) for row in SMOOTH for cell in cells(row) if (row.name, cell[1]) not in ELSEWHERE
]


def name_of(mutation):
    row, attribute, place, _ = mutation
    return f"{row.name}-{attribute}" + ("" if place is None else f"-{place}")


def caught(case):
    rng = np.random.default_rng(0)
    try:
        laws.forward_mode_is_finite_difference(case, rng)
        laws.reverse_mode_is_transpose_of_forward_mode(case, rng)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name_of)
def test_one_percent_is_noticed(mutation):
    try:
        find(cases(mutant(*mutation)), caught, settings=SEARCH)
    except NoSuchExample:
        pytest.fail(f"{name_of(mutation)}: made 1 % wrong, and no law of a hundred tries minds")
