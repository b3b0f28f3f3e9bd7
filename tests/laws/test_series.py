"""Laws of Taylor mode over every row: its coefficients are what nested forward mode gives."""

import gc
import math

import numpy as np
from hypothesis import settings, strategies as st
from laws.statements import directions
from strategies import SMOOTH, cases, tried

from autodiff import jvp, taylor
from autodiff.base.trees import flatten
from autodiff.rules.kinds import Elementwise

SEEDS = st.integers(0, 2**32 - 1)


def derivatives(case, x, direction, order):
    """The derivatives of t -> case(x + t direction) at 0, each by one more nested jvp."""

    def path(t):
        return case(*(a + t * d for a, d in zip(x, direction, strict=True)))

    found = []
    for _ in range(order + 1):
        found.append(path(0.0))
        path = slope_of(path)
    return found


def slope_of(path):
    return lambda t: jvp(path, (t,), (1.0,))[1]


def coefficients_are_nested_jvps(case, rng, order):
    x = case.inputs
    direction = directions(x, rng)
    with np.errstate(all="ignore"):
        found = taylor(lambda x: case(*x), x, direction, order)
        expected = derivatives(case, x, direction, order)
    scale = np.max([np.max(np.abs(finite(y)), initial=1e-9) for y in expected[:2]])
    for k, pair in enumerate(zip(found, expected, strict=True)):
        for c, derivative in zip(*(flatten(y)[0] for y in pair), strict=True):
            d = np.asarray(derivative) / math.factorial(k)
            assert np.shape(c) == d.shape
            np.testing.assert_array_equal(np.isfinite(c), np.isfinite(d), f"order {k}")
            size = np.max(np.abs(finite(d)), initial=scale)
            np.testing.assert_allclose(finite(c), finite(d), 1e-7, 1e-8 * size, f"order {k}")


def finite(y):
    y = np.concatenate([np.ravel(leaf) for leaf in flatten(y)[0]])
    return y[np.isfinite(y)]


@tried(SMOOTH)
def test_coefficients_are_nested_jvps(row, data):
    """To order two; by night to order three, and five for the elementwise rows, whose equations are
    the longest: the engine writes down a function for each order of nesting, which takes long."""
    rng = np.random.default_rng(data.draw(SEEDS))
    by_night = not settings.default.derandomize
    order = 2 if not by_night else 5 if isinstance(row, Elementwise) else 3
    for mode in ("smooth", "ties"):
        coefficients_are_nested_jvps(data.draw(cases(row, mode)), rng, order)


@tried(SMOOTH, examples=1)
def test_values_have_numpys_bits_and_nothing_is_left_behind(row, data):
    case, rng = data.draw(cases(row)), np.random.default_rng(data.draw(SEEDS))
    direction = directions(case.inputs, rng)
    gc.disable()
    gc.freeze()
    try:
        value = taylor(lambda x: case(*x), case.inputs, direction, 3)[0]
        found = gc.collect()
    finally:
        gc.unfreeze()
        gc.enable()
    assert found == 0, f"{found} objects in reference cycles"
    for c, y in zip(flatten(value)[0], flatten(case(*case.inputs))[0], strict=True):
        assert np.asarray(c).dtype == np.asarray(y).dtype
        assert np.asarray(c).tobytes() == np.asarray(y).tobytes()
