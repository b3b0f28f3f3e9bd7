"""Laws of every family of autodiff.stats: both modes, orders, vmap, jit, bad parameters, draws."""

from __future__ import annotations

import warnings
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.stats
from exact_families import EXACT

import autodiff as ad
from autodiff import stats
from autodiff.arrays.refusals import FAMILIES

SHAPES: dict[str, tuple[Any, ...]] = {name: exact.shapes[-1] for name, exact in EXACT.items()}
SHAPES |= {"gamma": (2.3,), "beta": (1.4, 2.6), "t": (3.4,), "truncnorm": (-1.0, 2.5)}
SHAPES |= {"chi2": (3.7,), "invgamma": (5.5,), "f": (5.0, 7.0), "pareto": (4.5,)}
SHAPES |= {"genpareto": (0.2,), "genextreme": (0.2,), "vonmises": (1.7,), "skewnorm": (2.0,)}
SHAPES |= {"invgauss": (0.8,), "lognorm": (0.6,), "weibull_min": (1.7,), "weibull_max": (1.7,)}
DISCRETE = {"bernoulli": (0.3,), "binom": (9, 0.3), "nbinom": (2.5, 0.4), "poisson": (3.2,)}
DISCRETE |= {"geom": (0.3,)}
VECTORS = ("dirichlet", "multinomial", "multivariate_normal")
Q = np.array([0.03, 0.3, 0.62, 0.97])
LOC, SCALE = 0.4, 1.3
OF_POINTS = ("pdf", "logpdf", "cdf", "logcdf", "sf", "logsf")
OF_COUNTS = ("pmf", "logpmf", *OF_POINTS[2:])
OF_SHAPES = ("mean", "var", "std", "entropy")
INTEGERS = {("binom", 1)}  # a number of trials has no derivative


def here(name: str) -> list[str]:
    """The moments that a family has a formula for; Cauchy's are nan."""
    if name == "cauchy":
        return ["entropy"]
    formulas = getattr(stats, name).formulas
    return [key for key in OF_SHAPES if (key if key != "std" else "var") in formulas]


def calls(name: str) -> list[tuple[str, tuple[Any, ...]]]:
    """Each method with arguments, continuous ones with loc and scale."""
    family, theirs = getattr(stats, name), getattr(scipy.stats, name)
    if name in DISCRETE:
        given = (*DISCRETE[name], 2)
        k = np.unique(theirs.ppf(Q, *given))
        points = [(method, (k, *given)) for method in OF_COUNTS]
    else:
        given = (*SHAPES[name], LOC, SCALE)
        points = [(method, (theirs.ppf(Q, *given), *given)) for method in OF_POINTS]
    return [
        *points,
        *((method, (Q, *given)) for method in ("ppf", "isf")),
        *((method, given) for method in here(family.name)),
    ]


def smooth_places(name: str, method: str, args: tuple[Any, ...]) -> list[int]:
    """The arguments to differentiate in: of a discrete family the shapes."""
    if name not in DISCRETE:
        return list(range(len(args)))
    if method in ("ppf", "isf"):
        return []
    first = 0 if method in OF_SHAPES else 1
    places = range(first, first + len(DISCRETE[name]))
    return [i for i in places if (name, i - first + 1) not in INTEGERS]


def in_one(f: Any, args: tuple[Any, ...], place: int) -> Any:
    return lambda x: f(*args[:place], x, *args[place + 1 :])


NAMES = [*SHAPES, *DISCRETE]
CALLS = [(name, method, args) for name in NAMES for method, args in calls(name)]
IDS = [f"{name}.{method}" for name, method, _ in CALLS]
every_call = pytest.mark.parametrize(("name", "method", "args"), CALLS, ids=IDS)


def test_every_family_is_tried_and_refusals_know_it():
    assert sorted([*NAMES, *VECTORS]) == sorted(stats.__all__) == sorted(FAMILIES)


@every_call
def test_values_are_scipys(name, method, args):
    """test_values.py has them against mpmath, where SciPy has fewer digits."""
    found = getattr(getattr(stats, name), method)(*args)
    expected = getattr(getattr(scipy.stats, name), method)(*args)
    assert np.allclose(found, expected, rtol=1e-9, atol=0)
    assert np.shape(found) == np.shape(expected)
    assert type(found) is type(expected)


@every_call
@pytest.mark.share(3)
def test_both_modes_agree_with_differences(name, method, args):
    f = getattr(getattr(stats, name), method)
    for place in smooth_places(name, method, args):
        g, x = in_one(f, args, place), np.asarray(args[place], float)
        one = np.ones_like(x)
        y_dot = ad.jvp(g, (x,), (one,))[1]
        x_bar = ad.vjp(g, x)[1](np.ones_like(y_dot))[0]
        assert np.allclose(np.sum(y_dot), np.sum(x_bar), rtol=1e-11, atol=1e-13)

        def slope(h: float, g: Any = g, x: Any = x) -> Any:
            return (g(x + h) - g(x - h)) / (2 * h)

        h = 1e-3 * max(1.0, float(np.max(np.abs(x)))) * (0.02 if np.any(x < 0.05) else 0.2)
        with np.errstate(invalid="ignore"):  # of -inf
            extended = (slope(2 * h) - 20 * slope(h) + 64 * slope(h / 2)) / 45
        there = np.isfinite(g(x))
        assert np.allclose(y_dot[there], extended[there], rtol=2e-7, atol=1e-8), (place, y_dot)


@every_call
@pytest.mark.share(5)
def test_second_order(name, method, args):
    """The derivative of the derivative, forwards over reverse, against differences of the first."""
    f = getattr(getattr(stats, name), method)
    for place in smooth_places(name, method, args):
        g, x = in_one(f, args, place), np.asarray(args[place], float)
        first = ad.grad(lambda x, g=g: np.sum(g(x)))
        curvature = ad.jvp(first, (x,), (np.ones_like(x),))[1]

        def slope(h: float, first: Any = first, x: Any = x) -> Any:
            return (first(x + h) - first(x - h)) / (2 * h)

        h = 1e-3 * max(1.0, float(np.max(np.abs(x)))) * (0.02 if np.any(x < 0.05) else 0.2)
        extended = (slope(2 * h) - 20 * slope(h) + 64 * slope(h / 2)) / 45
        scale = 1e-6 * (1 + np.max(np.abs(curvature)))
        assert np.allclose(curvature, extended, rtol=1e-5, atol=scale), (place, curvature, extended)


@every_call
@pytest.mark.share(5)
def test_tracked_batched_and_compiled_values(name, method, args):
    """The same bits tracked and under vmap; compiled to a few roundings, derivative too."""
    f = getattr(getattr(stats, name), method)
    plain = f(*args)
    places = smooth_places(name, method, args) or [0]
    numbers = tuple(np.asarray(x, float) for x in args)
    assert np.array_equal(
        ad.value_and_grad(lambda *a: np.sum(f(*a)), places[-1])(*numbers)[0], np.sum(plain)
    )
    primals = tuple(numbers[i] for i in places)

    def of_places(*moving: Any) -> Any:
        given = list(args)
        for i, x in zip(places, moving, strict=True):
            given[i] = x
        return f(*given)

    tracked = ad.jvp(of_places, primals, tuple(map(np.ones_like, primals)))
    assert np.array_equal(tracked[0], plain)
    if np.ndim(args[0]):
        assert np.array_equal(ad.vmap(lambda x: f(x, *args[1:]))(args[0]), plain)
    if method == "entropy" and name in ("binom", "nbinom", "poisson"):
        with pytest.raises(ad.NotDifferentiableError, match="number of terms"):
            ad.jit(of_places)(*primals)
        return
    compiled = ad.jit(of_places)(*primals)
    assert np.allclose(compiled, plain, rtol=1e-13, atol=0)
    push = ad.jit(lambda *p: ad.jvp(of_places, p, tuple(map(np.ones_like, p)))[1])
    assert np.allclose(push(*primals), tracked[1], rtol=1e-11, atol=1e-14)


@every_call
@pytest.mark.share(3)
def test_bad_parameters_give_scipys_nan(name, method, args):
    """A scale of 0, nan, and each shape at what SciPy refuses."""
    ours, theirs = (getattr(getattr(of, name), method) for of in (stats, scipy.stats))
    first = len(args) - len(getattr(stats, name).parameters)
    for place in range(first, len(args)):
        for bad in (-3.5, 0.0, np.nan):
            expected = 0.0
            with warnings.catch_warnings(), suppress(ArithmeticError, ValueError):  # SciPy's own
                warnings.simplefilter("ignore")
                expected = in_one(theirs, args, place)(bad)
            if not np.all(np.isnan(expected)):
                continue
            found = in_one(ours, args, place)(bad)
            assert np.all(np.isnan(found)), (place, bad, found)


@pytest.mark.parametrize("name", [*SHAPES])
def test_beside_the_support(name):
    family, theirs = getattr(stats, name), getattr(scipy.stats, name)
    given = (*SHAPES[name], LOC, SCALE)
    ends = np.array([end + d for end in theirs.support(*given) for d in (-1.0, 0.0, 1.0)])
    for method in OF_POINTS:
        with np.errstate(all="ignore"):
            expected = getattr(theirs, method)(ends, *given)
        found = getattr(family, method)(ends, *given)
        there = ~np.isnan(expected)  # SciPy's of genextreme at infinity
        assert np.allclose(found[there], expected[there], rtol=1e-9), (method, found, expected)
        assert not np.any(np.isnan(found))
    q = np.array([-0.5, 0.0, 1.0, 1.5, np.nan])
    for method in ("ppf", "isf"):
        found, expected = (getattr(of, method)(q, *given) for of in (family, theirs))
        assert np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize("name", NAMES)
def test_draws_follow_the_family_and_move_with_the_parameters(name):
    family, theirs = getattr(stats, name), getattr(scipy.stats, name)
    given = (*SHAPES[name], LOC, SCALE) if name in SHAPES else (*DISCRETE[name], 2)
    draw = partial(family.rvs, size=3, random_state=4)
    if name in DISCRETE or not SHAPES[name]:
        assert np.array_equal(draw(*given), theirs.rvs(*given, size=3, random_state=4))
    if name in DISCRETE:
        with pytest.raises(ad.NotDifferentiableError, match="jumps"):
            ad.jacobian(draw, 0)(*map(float, given))
        return
    many = family.rvs(*given, size=500, random_state=np.random.default_rng(1))
    assert scipy.stats.kstest(many, theirs(*given).cdf).pvalue > 1e-3
    assert np.shape(family.rvs(*given)) == ()
    assert np.shape(family.rvs(*given[:-1], np.ones((2, 1)), size=(2, 3))) == (2, 3)

    z = draw(*given)
    for place, at in enumerate(given):
        value, moved = ad.jvp(in_one(draw, given, place), (at,), (1.0,))
        assert np.array_equal(value, z)
        tail = ad.jvp(in_one(partial(family.cdf, z), given, place), (at,), (1.0,))[1]
        assert np.allclose(moved, -tail / family.pdf(z, *given), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_frozen_families(name):
    family = getattr(stats, name)
    given = SHAPES.get(name) or DISCRETE.get(name, ())
    frozen = family(*given, loc=2)
    assert np.array_equal(frozen.cdf(2.7), family.cdf(2.7, *given, loc=2))
    assert np.array_equal(frozen.mean(), family.mean(*given, loc=2), equal_nan=True)


def test_parameters_are_bound_as_in_scipy():
    assert stats.gamma.pdf(1.0, a=2.0, scale=3.0) == stats.gamma.pdf(1.0, 2.0, 0.0, 3.0)
    for wrong in (lambda: stats.norm.pdf(1.0, 1, 2, 3), lambda: stats.norm.pdf(1.0, mu=1)):
        with pytest.raises(TypeError, match=r"norm\.pdf"):
            wrong()
    with pytest.raises(TypeError, match="the parameter a is missing"):
        stats.gamma.pdf(1.0)
    with pytest.raises(ad.NotDifferentiableError, match="complex"):
        stats.norm.pdf(1j)
