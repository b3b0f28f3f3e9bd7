"""Minimise inside minimise: every pairing of forward and reverse mode for the outer and the inner
derivative gives the same answer, at a cost that does not grow with the pairing."""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autodiff as ad

PAIRINGS = ("FF", "FR", "RF", "RR")
FEW = settings(max_examples=max(1, settings.default.max_examples // 10))


def benchmark():
    path = Path(__file__).parents[2] / "benchmarks" / "nested.py"
    spec = importlib.util.spec_from_file_location("nested", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


nested = benchmark()
ENGINE = nested.ours()
MODES = {"F": ENGINE.F, "R": ENGINE.R}


def descended(f, gradient, x, rounds=6, rate=0.2):
    """A few steps of gradient descent, which a derivative may run through."""
    for _ in range(rounds):
        x = x - rate * gradient(f)(x)
    return x


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_a_minimum_of_a_minimum_is_the_same_in_every_pairing(seed):
    rng = np.random.default_rng(seed)
    A, b = rng.normal(size=(2, 2)), rng.normal(size=2)

    def answer(pairing):
        outer, inner = (MODES[mode] for mode in pairing)

        def lowest(x):
            def g(y):
                return np.sum((y - np.tanh(A @ x)) ** 2) + 0.1 * np.sum(np.cos(y) * x)

            return np.sum((descended(g, inner, x * 0.5) - b) ** 2) + 0.3 * np.sum(x**2)

        return descended(lowest, outer, np.array([0.3, -0.2]))

    answers = [answer(pairing) for pairing in PAIRINGS]
    for found in answers[1:]:
        assert np.max(np.abs(found - answers[0])) <= 1e-12


@FEW
@given(seed=st.integers(0, 2**32 - 1))
def test_an_outer_variable_inside_an_inner_derivative(seed):
    """d/dx of x * d/dy (sin(x y) + x) at y = x, by hand: perturbations are never confused."""
    x = float(np.random.default_rng(seed).uniform(-2, 2))
    derivative = {"R": ad.grad, "F": lambda f: lambda t: ad.jvp(f, (t,), (1.0,))[1]}
    expected = 2 * x * math.cos(x * x) - 2 * x**3 * math.sin(x * x)
    for outer in derivative.values():
        for inner in derivative.values():
            found = outer(lambda x, d=inner: x * d(lambda y: np.sin(x * y) + x)(x))(x)
            assert abs(found - expected) <= 1e-12 * (1 + abs(expected))


@pytest.mark.parametrize("pairing", PAIRINGS)
def test_the_launch_of_a_particle(pairing):
    """The gradient of the landing place through the simulation, against a finite difference."""
    seen = {}

    def remember(np, gradient, f, x):
        seen["f"] = f
        return x

    outer, inner = (MODES[mode] for mode in pairing)
    original, nested.descend = nested.descend, remember
    try:
        nested.particle(np, outer, inner)
    finally:
        nested.descend = original
    w, h = np.array([0.1]), 1e-5
    expected = (seen["f"](w + h) - seen["f"](w - h)) / (2 * h)
    assert abs(outer(seen["f"])(w)[0] - expected) <= 1e-5 * abs(expected)


def count_of_calls(f, *args):
    """How many functions Python calls, its own and NumPy's, while ``f(*args)`` runs."""
    f(*args)  # what is met for the first time is written down
    count = 0

    def seen(frame, event, arg):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        f(*args)
    finally:
        sys.setprofile(before)
    return count


def test_the_cost_is_that_of_a_few_runs():
    """A derivative in one direction costs a small multiple of the function, and the factors of the
    two levels multiply: they do not grow with the length of the program."""

    derivative = {"R": ad.grad, "F": lambda f: lambda t: ad.jvp(f, (t,), (1.0,))[1]}
    for pairing in PAIRINGS:
        second = second_derivative(*(derivative[mode] for mode in pairing))
        few, many = (count_of_calls(second, rounds) / (3 * rounds) for rounds in (80, 320))
        assert many <= 100, f"{pairing}: {many:.1f} calls for each operation of the program"
        assert abs(many - few) <= 0.2 * few, f"{pairing}: {few:.1f}, then {many:.1f}"


def second_derivative(outer, inner):
    return lambda rounds: outer(inner(lambda x: chain(x, rounds)))(0.5)


def chain(x, rounds):
    for _ in range(rounds):
        x = x * 1.1 + np.sin(x)
    return x
