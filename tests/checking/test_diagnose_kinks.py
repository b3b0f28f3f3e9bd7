"""The kinks that `diagnose` finds, of a function and, as jumps, of its gradient."""

import numpy as np
import pytest

import autodiff as ad
from autodiff import diagnose

RNG = np.random.default_rng(0)


def the(report, kind):
    """The one finding of a kind."""
    (finding,) = [f for f in report.findings if f.kind == kind]
    return finding


def kinds(report):
    """The kinds of the findings."""
    return {found.kind for found in report.findings}


@pytest.mark.parametrize(
    ("f", "x", "seen"),
    [
        (np.abs, 0.0, "x is 0"),
        (lambda x: np.maximum(x, 0), np.array([1.0, 0.0]), "x = 0 in one entry, at [1]"),
        (lambda x: np.where(x > 0, x, 0), np.array([0.0, 0.0]), "x = 0, where x > 0 decides"),
        (lambda x: np.max(x), np.array([2.0, 2.0, 1.0]), "several entries of x are the max"),
        (lambda x: np.min(x, axis=1), np.ones((2, 2)), "several entries of x are the min"),
        (lambda x: np.sort(x)[0], np.array([3.0, 1.0, 1.0]), "equal neighbours"),
        (lambda x: np.clip(x, -1, 1), 1.0, "x is at a bound"),
        (np.linalg.norm, np.zeros(3), "x is 0"),
        (lambda x: np.hypot(x[0], x[1]), np.zeros(2), "are 0"),
        (np.hypot.reduce, np.zeros(2), "is 0"),
        (lambda x: np.remainder(x, 2.0), 4.0, "x is a multiple of 2"),
        (lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 0.0]), 1.0, "x is at a knot"),
        (np.maximum.accumulate, np.array([1.0, 1.0, 0.0]), "reaches its max again"),
        (lambda x: np.modf(x)[0], 2.0, "x is an integer"),
    ],
)
def test_kinks(f, x, seen):
    report = diagnose(f, x)
    assert seen in the(report, "kink").value
    assert "kink" not in kinds(diagnose(f, x + RNG.normal(size=np.shape(x)) / 7))


@pytest.mark.parametrize(
    ("f", "x", "seen"),
    [
        (np.abs, 0.0, "x is 0"),
        (lambda x: np.maximum(x, 0), 0.0, "x = 0, where x > 0 decides"),
        (lambda x: np.where(x > 0, x, 0), 0.0, "x = 0, where x > 0 decides"),
        (lambda x: np.clip(x, -1, 1), 1.0, "= 1"),
        (np.max, np.array([2.0, 2.0, 1.0]), "several entries of a are the max"),
    ],
)
def test_kinks_are_jumps_of_the_gradient(f, x, seen):
    slope = ad.grad(f)
    assert seen in the(diagnose(slope, x), "kink").value
    away = diagnose(slope, x + RNG.normal(size=np.shape(x)) / 7)
    assert "kink" not in kinds(away)


@pytest.mark.parametrize(
    ("f", "cure"),
    [
        (np.linalg.norm, "np.sqrt(x @ x + eps**2)"),
        (lambda x: np.linalg.norm(x) ** 2, "x @ x for norm(x)**2"),
        (np.std, "np.var(x) for std(x)**2"),
        (lambda x: np.hypot(x[0], x[1]), "a**2 + b**2 for hypot(a, b)**2"),
        (np.hypot.reduce, "a**2 + b**2 for hypot(a, b)**2"),
    ],
)
def test_a_round_tip_has_no_second_derivative(f, cure):
    first = diagnose(ad.grad(f), np.zeros(2)).findings[0]
    assert first.kind == "non-finite tangent and adjoint"
    assert cure in first.cure


def test_a_kink_that_no_adjoint_reaches_is_none():
    assert diagnose(lambda x: np.abs(x)[1], np.array([0.0, 1.0])).ok
