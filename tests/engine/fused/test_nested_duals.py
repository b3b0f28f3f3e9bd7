"""Operations written out for the form of their operands do what the rules do, bit for bit."""

import itertools
import warnings

import numpy as np
import pytest

import autodiff as ad
from autodiff.engine.forward_mode import Dual
from autodiff.engine.fused.forward import DUAL
from autodiff.engine.fused.nested_duals import MOST
from autodiff.engine.fused.operation import ROWS
from autodiff.primitives.elementwise import multiply


def program(np, x, y):
    z = x * y - y / x + 2.0 * np.sqrt(x * x + 1)
    w = np.exp(-z) + z**3 + z**0.5 + 1 / z
    return np.tanh(w) * np.sin(x) + np.hypot(z, y) + np.maximum(x, w) - (-y)


def forward(x):
    return lambda f: lambda t: ad.jvp(f, (t,), (np.ones_like(x),))[1]


def reverse(x):
    return lambda f: ad.grad(lambda t: np.sum(f(t)))


def as_plain(run):
    """What `run` gives where every operation and its tangent are taken one by one."""
    token = DUAL.set(Dual)
    try:
        return run()
    finally:
        DUAL.reset(token)


ENDS = [0.7, np.float64(0.7), np.float32(0.7), np.array([0.7, 1.3]), np.array(0.7), 0.7 + 0.1j]


@pytest.mark.parametrize("x", ENDS, ids=lambda x: f"{type(x).__name__}{np.shape(x)}")
def test_first_derivatives_have_the_same_bits(x):
    y = np.float64(1.1)

    def f(x):
        return program(np, x, y) if not np.iscomplexobj(x) else np.sin(x) * x**0.5 / (x - 2)

    def run():
        return ad.jvp(f, (x,), (complex(1) if isinstance(x, complex) else np.ones_like(x),))

    for _ in range(2):  # written down, and used
        for found, expected in zip(run(), as_plain(run), strict=True):
            assert type(found) is type(expected)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("x", [np.float64(0.7), np.array([0.7, 1.3])], ids=["scalar", "array"])
def test_every_pairing_of_modes_agrees_with_the_plain_sweeps(x, depth):
    modes = {"F": forward(x), "R": reverse(x)}
    for names in itertools.product("FR", repeat=depth):

        def f(x):
            return program(np, x, np.float64(1.1))

        for name in names:
            f = modes[name](f)
        for _ in range(2):
            np.testing.assert_allclose(f(x), as_plain(lambda f=f: f(x)), rtol=1e-12)


def slope(f, t):
    return ad.jvp(f, (t,), (1.0,))[1]


@pytest.mark.parametrize("x", [np.float64(3.0), 3.0])
@pytest.mark.parametrize("y", [np.float64(5.0), 5.0])
def test_levels_of_two_operands_are_told_apart(x, y):
    """x * y of one level, of two levels in either order, and of a constant: one form each."""
    for _ in range(2):
        assert slope(lambda a: a * slope(lambda b: a * b, y), x) == 2 * x
        assert slope(lambda a: slope(lambda b: b * a, y), x) == 1
        assert slope(lambda a: slope(lambda b: b * b * a * a, y), x) == 4 * x * y
        assert slope(lambda a: a * y, x) == y


@pytest.mark.parametrize("x", [np.float64(3.0), np.array([3.0, 4.0])], ids=["scalar", "array"])
def test_an_outer_level_that_stands_still(x):
    """`zeros_like` of an outer variable is at its level and does not move with it."""
    for inner in (forward(x), reverse(x)):
        for outer in (forward(x), reverse(x)):
            for k in (0, 1):

                def f(t, k=k, inner=inner):
                    return inner(lambda s: s * s * s)(np.zeros_like(t) + x) + k * t

                np.testing.assert_array_equal(outer(f)(x), k * np.ones_like(x))


def test_a_tangent_is_on_the_tape_only_where_it_depends_on_it():
    """In the slope of x + t in x there is no t: its derivative in t is a plain zero, and what is
    computed from it is not recorded."""
    seen = []

    def f(t):
        seen.append(slope(lambda x: x * x + t, np.float64(3.0)))
        return t * seen[-1]

    for _ in range(2):
        assert ad.grad(f)(np.float64(2.0)) == 6
        assert type(seen[-1]) is np.float64


def test_values_warn_and_tangents_do_not():
    for _ in range(2):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert ad.jvp(np.sqrt, (np.float64(0.0),), (1.0,)) == (0.0, np.inf)
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            ad.jvp(lambda x: 1.0 / x, (np.float64(0.0),), (1.0,))


def test_python_floats_have_the_answers_of_ieee():
    for _ in range(2):
        for x, slope in ((2.0, -0.25), (0.0, -np.inf)):
            with np.errstate(all="ignore"):
                assert ad.jvp(lambda x: 1.0 / x, (x,), (1.0,))[1] == slope


def test_powers_of_python_floats_may_be_complex():
    for x in (4.0, -4.0, 4.0, -4.0):
        y, y_dot = ad.jvp(lambda x: x**0.5, (x,), (1.0,))
        assert y == x**0.5
        assert y_dot == 0.5 * x**-0.5


def test_forms_do_not_pile_up():
    for n in range(1, 3 * MOST):
        x = np.ones(n)
        np.testing.assert_array_equal(ad.jvp(lambda x: x * x, (x,), (x,))[1], 2 * x)
    assert all(len(forms) <= MOST for forms in ROWS[multiply].forms.values())
