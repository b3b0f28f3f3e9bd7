"""The pattern of every row covers its Jacobian, and is no larger where the structure is known."""

import copy

import numpy as np
import pytest
from hypothesis import Phase, find, settings, strategies as st
from hypothesis.errors import NoSuchExample
from strategies import SMOOTH, cases, tried

import autodiff as ad
from autodiff.base.trees import flatten
from autodiff.sparse import by_kind, programs
from autodiff.sparse.sets import Sets

SEEDS = st.integers(0, 2**32 - 1)
SEARCH = settings(
    max_examples=100, phases=[Phase.generate], database=None, deadline=None, derandomize=True
)
FEW, MANY = 3, 60  # points

# Rows that are not special whose pattern may be larger than the union of Jacobians, and why.
POLYNOMIALS = "a polynomial of degree 0 is constant"
LARGER = {
    "monomial": "a^0 is constant",
    "imag": "of a real number it is zero",
    "lower_half": "a matrix is one block, as beside the special rows whose derivatives have it",
    "remainder": "where |a| < |b| the quotient, which is the slope in b, is zero",
    "fmod": "where |a| < |b| the quotient, which is the slope in b, is zero",
    "exp_below": "zero where it is cut off",
    "heaviside": "its slope in b is zero but where a = 0",
    "partition": "an entry keeps to its part, which the pattern does not use",
    "irfft": "of the imaginary part of a real frequency nothing depends",
    "copysign": "zero between its jumps",
    "scipy.special.huber": "its slope in delta is zero where |r| < delta",
    "scipy.special.rel_entr": "zero outside of its domain",
    **{
        f"scipy.special.eval_{name}": POLYNOMIALS
        for name in (
            *("gegenbauer", "legendre", "chebyt", "chebyu", "chebyc", "chebys", "sh_legendre"),
            *("sh_chebyt", "sh_chebyu", "jacobi", "genlaguerre", "laguerre", "hermite"),
            "hermitenorm",
        )
    },
}
NOT_SPECIAL = [row for row in SMOOTH if row.kind != "special"]
MOVING = [row for row in SMOOTH if row.name != "imag"]  # of a real number it is zero


def others(row, inputs, rng):
    """Inputs in other orders, which stay in the domain; of a choice, any numbers."""
    if row.kind == "choice":
        return [rng.normal(size=np.shape(x)) * 2 for x in inputs]
    return [np.reshape(rng.permutation(np.ravel(x)), np.shape(x)) for x in inputs]


def patterns_of(case, at=False):
    found, _ = flatten(ad.sparsity(case, *case.inputs, argnums=places(case), at=at))
    return [p.dense() for p in found]


def places(case):
    return tuple(range(len(case.inputs)))


def nonzeros(case, inputs, like):
    """Where the dense Jacobian is not zero; in a complex number, in one of its parts."""
    parts = [(np.real(x), np.imag(x)) if np.iscomplexobj(x) else (x,) for x in inputs]

    def of_parts(*given):
        given = iter(given)
        return case(
            *(next(given) if len(p) == 1 else next(given) + 1j * next(given) for p in parts)
        )

    results, _ = flatten(case(*inputs))
    mode = ad.jacfwd if any(map(np.iscomplexobj, results)) else ad.jacobian
    flat = [x for p in parts for x in p]
    blocks, _ = flatten(mode(of_parts, tuple(range(len(flat))))(*flat))
    left, there = iter(blocks), []
    for _ in results:
        there += [sum(np.asarray(next(left)) != 0 for _ in p) > 0 for p in parts]
    return [np.reshape(b, p.shape) for b, p in zip(there, like, strict=True)]


def covers(case):
    """The pattern for every value, and that at the point, which is a part of it."""
    found, at_point = patterns_of(case), patterns_of(case, at=True)
    there = nonzeros(case, case.inputs, found)
    for p, q, j in zip(found, at_point, there, strict=True):
        assert not np.any(j & ~q), f"{case.row.name}: the pattern lacks {np.argwhere(j & ~q)}"
        assert not np.any(q & ~p), f"{case.row.name}: there is more at the point than elsewhere"


@tried(SMOOTH)
def test_a_pattern_covers_the_jacobian(row, data):
    for mode in ("smooth", "ties"):
        case = data.draw(cases(row, mode))
        if case.inputs:
            covers(case)


@tried(NOT_SPECIAL)
def test_a_pattern_is_no_larger_than_the_jacobians(row, data):
    if row.name in LARGER:
        pytest.skip(LARGER[row.name])
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    if not case.inputs:
        return
    found = patterns_of(case)
    every = nonzeros(case, case.inputs, found)
    for _ in range(MANY if row.kind == "choice" else FEW):
        there = nonzeros(case, others(row, case.inputs, rng), found)
        every = [a | b for a, b in zip(every, there, strict=True)]
    for p, j in zip(found, every, strict=True):
        assert not np.any(p & ~j), f"{row.name}: the pattern has {np.argwhere(p & ~j)} beyond"


def test_exceptions_are_rows():
    assert LARGER.keys() <= {row.name for row in NOT_SPECIAL}


# -- a set that is one too small is noticed ------------------------------------------------------
def one_less(x):
    """Sets without their first member."""
    if isinstance(x, tuple) and not isinstance(x, Sets):
        return tuple(map(one_less, x))
    if x is None:
        return None
    table = x.table
    lengths = np.diff(table.starts)
    kept = np.ones(len(table.members), bool)
    kept[table.starts[:-1][lengths > 0]] = False
    starts = np.concatenate(([0], np.cumsum(np.maximum(lengths - 1, 0))))
    return Sets(x.ids, table._replace(starts=starts, members=table.members[kept]))


@pytest.mark.parametrize("row", MOVING, ids=lambda row: row.name)
def test_a_set_one_smaller_is_noticed(row, monkeypatch):
    pushed = by_kind.pushed
    monkeypatch.setattr(programs, "pushed", lambda call: one_less(pushed(call)))

    def is_caught(case):
        if not case.inputs:
            return False
        try:
            covers(case)
        except AssertionError:
            return True
        return False

    try:
        find(cases(copy.copy(row)), is_caught, settings=SEARCH)
    except NoSuchExample:
        pytest.fail(f"{row.name}: sets made one smaller, and the law does not mind")
