"""`while_loop` is Python's loop, in every mode; under vmap each example stops by itself."""

from __future__ import annotations

import numpy as np
import pytest
from laws_of_loops import MODES, TRANSFORMS, same

import autodiff as ad


def falling(a):
    """As many rounds as it takes, which depends on a."""
    return ad.while_loop(lambda v: v > 1, lambda v: np.sin(v) / 1.5 * a + v * 0.1, 12.0 * a)


def python_falling(a):
    v = 12.0 * a
    while v > 1:
        v = np.sin(v) / 1.5 * a + v * 0.1
    return v


def newton(a):
    """The square root: a nest, and a bound on the number of rounds."""

    def going_on(s):
        return (np.abs(s["x"] ** 2 - a) > 1e-12) & (s["n"] < 50)

    def step(s):
        return {"x": 0.5 * (s["x"] + a / s["x"]), "n": s["n"] + 1}

    return ad.while_loop(going_on, step, {"x": a, "n": 0})["x"]


def python_newton(a):
    x, n = a, 0
    while np.abs(x**2 - a) > 1e-12 and n < 50:
        x, n = 0.5 * (x + a / x), n + 1
    return x


PAIRS = [(falling, python_falling), (newton, python_newton)]


@pytest.mark.parametrize("transform", [t for t in TRANSFORMS if "vmap" not in t])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", PAIRS)
def test_it_is_the_python_loop(pair, mode, transform):
    f, plain = map(TRANSFORMS[transform], pair)
    compiled = MODES[mode](f, (1.3,))
    for a in (1.3, 0.7, 0.05, 5.0):
        same(compiled(a), plain(a))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("pair", PAIRS)
def test_under_vmap_each_example_stops_by_itself(pair, mode):
    stack = np.array([0.3, 1.2, 5.0, 0.05])
    f, plain = pair
    np.testing.assert_allclose(
        MODES[mode](ad.vmap(f), (stack,))(stack), [plain(a) for a in stack], rtol=1e-12
    )
    slopes = [ad.grad(plain)(a) for a in stack]
    for g in (ad.vmap(ad.grad(f)), ad.grad(lambda s: np.sum(ad.vmap(f)(s)))):
        np.testing.assert_allclose(MODES[mode](g, (stack,))(stack), slopes, rtol=1e-9)


@pytest.mark.parametrize("mode", MODES)
def test_a_finished_example_is_not_touched(mode):
    """Its further rounds would end in nan."""

    def f(a):
        return ad.while_loop(lambda v: v > 1, lambda v: np.sqrt(v - 1), a)

    stack = np.array([0.5, 1.5, 30.0])
    for g in (ad.vmap(f), ad.vmap(ad.grad(f)), ad.grad(lambda s: np.sum(ad.vmap(f)(s)))):
        found = MODES[mode](g, (stack,))(stack)
        assert np.all(np.isfinite(found)), found


@pytest.mark.parametrize("mode", MODES)
def test_conditions_and_rounds_close_over_tracked_values(mode):
    def f(a, b):
        return ad.while_loop(lambda v: v < b, lambda v: v * a, 1.0)

    def plain(a, b):
        v = 1.0
        while v < b:
            v = v * a
        return v

    g = MODES[mode](ad.grad(f, (0, 1)), (1.5, 10.0))
    for args in ((1.5, 10.0), (1.1, 3.0), (2.0, 0.5)):
        same(g(*args), ad.grad(lambda *x: plain(*x) + 0 * x[0] * x[1], (0, 1))(*args))


def test_a_body_that_changes_its_value_is_refused():
    for make in MODES.values():
        with pytest.raises(ad.ShapeError, match="dtype int64, but init_val has float64"):
            make(lambda a: ad.while_loop(lambda v: v < 9, lambda v: 3, a), (0.5,))(0.5)


def test_a_condition_is_one_truth_value():
    for make in MODES.values():
        with pytest.raises(ad.ShapeError, match=r"use np\.all or np\.any"):
            make(lambda a: ad.while_loop(lambda v: v < 9, lambda v: v * 2, a), (np.ones(2),))(
                np.ones(2)
            )
