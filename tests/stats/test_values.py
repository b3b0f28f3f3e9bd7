"""Every continuous family against mpmath: values, quantiles, derivatives, from tail to tail.

What is allowed is 1e-12 of the value, and what one rounding of the point changes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from exact_families import EXACT
from mpmath import mpf

import autodiff as ad
from autodiff import stats

CASES = [(name, shapes) for name in EXACT for shapes in EXACT[name].shapes]
PROBABILITIES = np.array([1e-290, 1e-120, 1e-9, 0.01, 0.2, 0.5])
EPS = mpf(2) ** -53
SLOW = ("skewnorm", "vonmises")  # mpmath integrates


@cache
def points(name: str, shapes: tuple[float, ...]) -> tuple[float, ...]:
    family = getattr(stats, name)
    low, high = family.support(*shapes)
    some = PROBABILITIES[2:] if name in SLOW else PROBABILITIES
    x = np.concatenate([family.ppf(some, *shapes), family.isf(some[:-1], *shapes)])
    inside = np.isfinite(x) & (x > low) & (x < high) & (np.abs(x) > 1e-300) & (np.abs(x) < 1e150)
    return tuple(np.unique(x[inside]).tolist())


def exact_values(name: str, z: Any, shapes: Any) -> dict[str, tuple[Any, Any]]:
    """Each function with its slope at z."""
    exact = EXACT[name]
    log = exact.logpdf(z, *shapes)
    density, below, above = mp.exp(log), exact.lower(z, *shapes), exact.upper(z, *shapes)
    slope = mp.diff(lambda t: exact.logpdf(t, *shapes), z)
    return {
        "pdf": (density, density * slope),
        "logpdf": (log, slope),
        "cdf": (below, density),
        "sf": (above, density),
        "logcdf": (mp.log1p(-above) if above < 0.5 else mp.log(below), density / below),
        "logsf": (mp.log1p(-below) if below < 0.5 else mp.log(above), density / above),
    }


@pytest.mark.parametrize(("name", "shapes"), CASES)
def test_values_agree_with_mpmath_in_both_tails(name, shapes):
    family, wrong = getattr(stats, name), []
    with mp.workdps(40 if name in SLOW else 150):
        for x in points(name, shapes):
            z = mpf(x)
            for method, (exact, slope) in exact_values(name, z, tuple(map(mpf, shapes))).items():
                if method[0] != "l" and exact < 1e-300:
                    continue
                found = getattr(family, method)(x, *shapes)
                allowed = abs(exact) * mpf("1e-12") + 2 * EPS * abs(slope * z)
                if not abs(found - exact) <= allowed:
                    wrong.append((method, x, float(found), float(exact)))
    assert not wrong


@pytest.mark.share(8)
@pytest.mark.parametrize(("name", "shapes"), CASES)
def test_quantiles_are_where_mpmath_says(name, shapes):
    family, wrong = getattr(stats, name), []
    with mp.workdps(40 if name in SLOW else 150):
        exact = EXACT[name]
        for x in points(name, shapes):
            z, s = mpf(x), tuple(map(mpf, shapes))
            density = mp.exp(exact.logpdf(z, *s))
            for method, tail in (("ppf", exact.lower(z, *s)), ("isf", exact.upper(z, *s))):
                if not 1e-290 < tail < 0.999 or density < 1e-290:
                    continue
                found = getattr(family, method)(float(tail), *shapes)
                if not abs(found - z) <= abs(z) * mpf("1e-12") + 8 * EPS * tail / density:
                    wrong.append((method, x, float(found), float(tail)))
    assert not wrong


def derivative_cases() -> list[Any]:
    return [
        (name, shapes, place)
        for name, shapes in CASES
        if name not in SLOW
        for place in range(len(shapes) + 1)
    ]


def slope_of(f: Any, at: tuple[Any, ...], place: int) -> Any:
    step = (abs(at[place]) or 1) * mpf("1e-20")
    return mp.diff(lambda t: f(*at[:place], t, *at[place + 1 :]), at[place], h=step)


@pytest.mark.share(12)
@pytest.mark.parametrize(("name", "shapes", "place"), derivative_cases())
def test_derivatives_agree_with_mpmath(name, shapes, place):
    """In the point and in each shape; the quantile's follows from the tail's."""
    family, exact, wrong = getattr(stats, name), EXACT[name], []
    with mp.workdps(40 if name == "t" else 150):
        for x in [x for x in points(name, shapes) if 1e-8 < family.cdf(x, *shapes) < 1 - 1e-8]:
            at = tuple(map(mpf, (x, *shapes)))
            log_slope, below, above = (
                slope_of(f, at, place) for f in (exact.logpdf, exact.lower, exact.upper)
            )
            density = mp.exp(exact.logpdf(*at))
            tail = below or -above
            expected = {"logpdf": log_slope, "cdf": tail, "sf": -tail}
            if place:
                expected["ppf"] = -tail / density
            for method, derivative in expected.items():
                args = (x, *shapes) if method != "ppf" else (family.cdf(x, *shapes), *shapes)
                found = ad.grad(getattr(family, method), place)(*args)
                scale = max(abs(derivative), 1 / max(1, abs(at[place])) if place else 0)
                if not abs(found - derivative) <= 1e-9 * scale:
                    wrong.append((method, x, float(found), float(derivative)))
    assert not wrong
