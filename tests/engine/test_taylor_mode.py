"""Taylor mode as a user meets it: known series, kinks, nests, other transforms, and its cost."""

import math
import sys
from typing import NamedTuple

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp

import autodiff as ad
from autodiff import ShapeError, taylor


def composed(x):
    return np.exp(np.sin(x) * np.tanh(x) / (1 + x**2)) + np.sqrt(x) * np.arctan2(x, 2.0) + x**1.5


def composed_mp(x):
    first = mp.exp(mp.sin(x) * mp.tanh(x) / (1 + x**2))
    return first + mp.sqrt(x) * mp.atan2(x, 2) + x ** mp.mpf("1.5")


AT_ORDER_TEN = {
    "composed": (composed, composed_mp, 0.7),
    "log": (lambda x: np.log(1 + np.log(x)), lambda x: mp.log(1 + mp.log(x)), 1.7),
    "power": (lambda x: x**x, lambda x: x**x, 1.3),
    "2 to the x": (lambda x: 2.0 ** np.cos(x), lambda x: 2 ** mp.cos(x), 0.4),
    "negative exponent": (
        lambda x: (1 + x * x) ** -2.5,
        lambda x: (1 + x * x) ** mp.mpf(-2.5),
        0.5,
    ),
    "arcsin": (np.arcsin, mp.asin, 0.3),
    "arctanh": (np.arctanh, mp.atanh, 0.2),
    "logaddexp": (
        lambda x: np.logaddexp(x, 2 * x),
        lambda x: mp.log(mp.exp(x) + mp.exp(2 * x)),
        0.3,
    ),
    "sinc at 0": (np.sinc, lambda x: mp.sincpi(x), 0.0),
    "erf": (sp.erf, mp.erf, 0.6),
    "gamma": (sp.gamma, mp.gamma, 2.5),
    "digamma": (sp.psi, lambda x: mp.digamma(x), 2.5),
    "J0": (sp.j0, lambda x: mp.besselj(0, x), 1.5),
    "expit": (sp.expit, lambda x: 1 / (1 + mp.exp(-x)), 0.8),
    "lambertw": (lambda x: np.real(sp.lambertw(x)), lambda x: mp.lambertw(x), 0.9),
}


@pytest.mark.parametrize("name", AT_ORDER_TEN)
def test_ten_orders_against_mpmath(name):
    f, exact, x = AT_ORDER_TEN[name]
    found = taylor(f, x, 1.0, 10)
    with mp.workdps(60):
        # mp.taylor differentiates numerically, with digits to spare.
        expected = [float(mp.re(c)) for c in mp.taylor(exact, mp.mpf(x), 10)]
    np.testing.assert_allclose(found, expected, 1e-9, 1e-12)


def test_tan_has_the_coefficients_of_the_textbook():
    found = taylor(np.tan, 0.0, 1.0, 9)
    np.testing.assert_allclose(found, [0, 1, 0, 1 / 3, 0, 2 / 15, 0, 17 / 315, 0, 62 / 2835], 1e-14)


def test_a_polynomial_ends():
    assert taylor(lambda x: x**3 - 2 * x, 2.0, 0.5, 6) == (4.0, 5.0, 1.5, 0.125, 0.0, 0.0, 0.0)


def test_order_zero_is_the_value():
    assert taylor(np.exp, 0.0, 1.0, 0) == (1.0,)


def test_order_one_is_jvp():
    x, d = np.array([0.3, 0.8]), np.array([1.0, -2.0])
    value, slope = taylor(composed, x, d, 1)
    np.testing.assert_array_equal(value, composed(x))
    np.testing.assert_allclose(slope, ad.jvp(composed, (x,), (d,))[1], 1e-14)


# -- kinks, choices and strong zeros ---------------------------------------------------------------
def test_a_kink_keeps_the_branch_of_the_convention():
    assert taylor(np.abs, 0.0, 1.0, 3) == (0.0, 0.0, 0.0, 0.0)
    assert taylor(lambda x: np.maximum(x, 2 * x * x), 0.5, 1.0, 2) == (0.5, 1.5, 1.0)  # a tie


def test_an_untaken_branch_contributes_exactly_zero():
    def f(x):
        with np.errstate(all="ignore"):
            return np.sqrt(np.where(x > 0, x, 0)) + np.where(x == 0, 1, np.sin(x) / x)

    x = np.array([0.0, -1.0, 2.0])
    found = np.array(taylor(f, x, np.ones(3), 4))
    assert found[:, 0].tolist() == [1, 0, 0, 0, 0]
    assert taylor(f, 0.0, 1.0, 4) == (1, 0, 0, 0, 0)
    np.testing.assert_allclose(found[:, 1], taylor(lambda x: np.sin(x) / x, -1.0, 1.0, 4), 1e-13)
    smooth = taylor(lambda x: np.sqrt(x) + np.sin(x) / x, 2.0, 1.0, 4)
    np.testing.assert_allclose(found[:, 2], smooth, 1e-13)


def test_a_zero_that_happened_is_not_strong():
    found = taylor(lambda x: np.sqrt(x**2), 0.0, 1.0, 2)
    assert np.isnan(found[1])
    assert np.isnan(found[2])
    assert taylor(np.sqrt, 0.0, 1.0, 1) == (0.0, math.inf)


def test_flat_functions_are_constant():
    c = taylor(lambda x: np.floor(x) * x + (x > 1), 2.5, 1.0, 2)
    assert c == (6.0, 2.0, 0.0)


# -- arrays, nests, dtypes -------------------------------------------------------------------------
class Point(NamedTuple):
    x: float
    y: dict


def test_nests_in_and_out():
    def f(p):
        return {"product": p.x * p.y["a"], "both": (np.exp(p.x), p.y["a"] @ p.y["a"])}

    a, d = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    c0, c1, c2 = taylor(f, Point(0.5, {"a": a}), Point(2.0, {"a": d}), 2)
    np.testing.assert_allclose(c0["product"], 0.5 * a)
    np.testing.assert_allclose(c1["product"], 2 * a + 0.5 * d)
    np.testing.assert_allclose(c2["product"], 2 * d)
    np.testing.assert_allclose([c1["both"][0], c2["both"][0]], [2 * np.exp(0.5), 2 * np.exp(0.5)])
    np.testing.assert_allclose([c1["both"][1], c2["both"][1]], [2 * a @ d, d @ d])


def test_linear_algebra():
    rng = np.random.default_rng(0)
    a, d = rng.normal(size=(2, 3, 3))
    a = a + 3 * np.eye(3)
    found = taylor(np.linalg.inv, a, d, 4)
    inverse = np.linalg.inv(a)
    for k, c in enumerate(found):  # (a + t d)^-1 = a^-1 - t a^-1 d a^-1 + ...
        np.testing.assert_allclose(c, inverse @ np.linalg.matrix_power(-d @ inverse, k), 1e-11)


def test_three_factors():
    a, b, c = np.random.default_rng(1).normal(size=(3, 2, 2))

    def f(t):
        return np.einsum("ij,jk,kl->il", a + t * b, np.exp(t) * b, c - t * t * a)

    found = taylor(f, 0.0, 1.0, 3)
    pairs = taylor(lambda t: (a + t * b) @ (np.exp(t) * b) @ (c - t * t * a), 0.0, 1.0, 3)
    np.testing.assert_allclose(found, pairs, 1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_coefficients_keep_the_dtype(dtype):
    x = np.array([0.5, 1.5], dtype)
    for c in taylor(lambda x: composed(x) * 2.0, x, np.ones_like(x), 3):
        assert c.dtype == dtype
        assert c.shape == (2,)


def test_complex_numbers():
    z = 0.3 + 0.4j
    found = taylor(lambda z: np.exp(z) / z, z, 1.0 + 0j, 5)
    with mp.workdps(40):
        expected = [complex(c) for c in mp.taylor(lambda z: mp.exp(z) / z, mp.mpc(z), 5)]
    np.testing.assert_allclose(found, expected, 1e-11)


def test_coefficients_are_the_callers_own():
    x, d = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    c = taylor(lambda x: x * 1.0, x, d, 2)
    c[1][:] = 0
    assert d.tolist() == [3.0, 4.0]


def test_assignment_and_loops():
    def f(x):
        y = np.zeros_like(x)
        for k in range(3):
            y[k] = x[k] ** (k + 1)
        return y

    found = taylor(f, np.array([2.0, 2.0, 2.0]), np.ones(3), 3)
    np.testing.assert_array_equal(found, [[2, 4, 8], [1, 4, 12], [0, 1, 6], [0, 0, 1]])


# -- other transforms around it, and in it ---------------------------------------------------------
def third(x):
    return taylor(composed, x, 1.0, 3)[3]


def test_grad_of_a_coefficient_is_the_next():
    assert ad.grad(third)(0.7) == pytest.approx(4 * taylor(composed, 0.7, 1.0, 4)[4], rel=1e-12)
    assert ad.jvp(third, (0.7,), (1.0,))[1] == pytest.approx(ad.grad(third)(0.7), rel=1e-12)


def test_in_the_direction_too():
    """c_2 of x^T A x along d is d^T A d."""
    a = np.array([[2.0, 1.0], [0.0, 3.0]])
    x, d = np.array([1.0, -1.0]), np.array([0.5, 2.0])
    g = ad.grad(lambda d: taylor(lambda x: x @ a @ x, x, d, 2)[2])(d)
    np.testing.assert_allclose(g, (a + a.T) @ d, 1e-14)


def test_series_of_a_gradient():
    x, d = np.array([0.3, 0.6]), np.array([1.0, 2.0])

    def f(x):
        return np.sum(np.sin(x) * x[0])

    found = taylor(ad.grad(f), x, d, 3)
    gradient = ad.grad(f)
    slopes = [gradient(x), ad.jvp(gradient, (x,), (d,))[1]]
    np.testing.assert_allclose(found[:2], slopes, 1e-14)
    second = ad.jvp(lambda x: ad.jvp(gradient, (x,), (d,))[1], (x,), (d,))[1]
    np.testing.assert_allclose(found[2], second / 2, 1e-13)


def test_series_of_series():
    """sin(x y) in y, then in x: no coefficient is taken for one of the other."""

    def second(x):
        return taylor(lambda y: np.sin(x * y), 0.5, 1.0, 2)[2]  # -x^2 sin(x y) / 2

    found = taylor(second, 0.7, 1.0, 3)
    expected = taylor(lambda x: -x * x * np.sin(x * 0.5) / 2, 0.7, 1.0, 3)
    np.testing.assert_allclose(found, expected, 1e-13)


def test_under_vmap():
    x = np.linspace(0.5, 1.0, 5)
    together = ad.vmap(lambda x: taylor(composed, x, 1.0, 4)[4])(x)
    np.testing.assert_allclose(together, [taylor(composed, v, 1.0, 4)[4] for v in x], 1e-13)


def test_traced_once_and_run_again():
    graph = ad.trace(third, 0.7)
    for x in (0.7, 1.3):
        assert graph(x) == pytest.approx(third(x), rel=1e-13)


# -- cost ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("f", [np.sin, np.arcsin, lambda x: sp.jv(1.0, x), np.sinc, sp.psi])
def test_forty_orders_are_no_trouble(f):
    """Work that doubled with every order would never end, nor would a recursion as deep."""
    assert all(map(np.isfinite, taylor(f, 0.4, 1.0, 40)))


def test_what_is_worked_out_grows_with_the_square_of_the_order(monkeypatch):
    count = 0
    multiply = np.float64.__mul__

    class Counted(np.float64):
        def __mul__(self, other):
            nonlocal count
            count += 1
            return Counted(multiply(self, other))

    def products(order):
        nonlocal count
        count = 0
        taylor(lambda x: np.tanh(x) * np.exp(x), np.array([Counted(0.5)]), np.ones(1), order)
        return count

    assert products(20) <= 5 * products(10)


def test_no_order_is_too_high_for_the_stack():
    limit = sys.getrecursionlimit()
    assert all(map(np.isfinite, taylor(sp.j0, 0.4, 1.0, limit // 5)))


def test_a_long_program():
    def f(x):
        for _ in range(3000):
            x = np.sin(x) * 1.001
        return x

    value, slope, _ = taylor(f, 0.5, 1.0, 2)
    assert value == f(0.5)
    assert slope == pytest.approx(ad.grad(f)(0.5), rel=1e-10)


# -- mistakes --------------------------------------------------------------------------------------
def test_mistakes_are_named():
    with pytest.raises(ShapeError, match=r"direction of argument 0 of sin has shape \(3,\)"):
        taylor(np.sin, np.ones(2), np.ones(3), 2)
    with pytest.raises(ShapeError, match="direction"):
        taylor(lambda p: p["a"], {"a": 1.0}, [1.0], 2)
    with pytest.raises(ValueError, match="order=-1"):
        taylor(np.sin, 1.0, 1.0, -1)
    with pytest.raises(TypeError):
        taylor(np.sin, 1.0, 1.0, 2.5)
    with pytest.raises(ad.NotDifferentiableError, match="derivative in its order is not known"):
        taylor(lambda v: sp.jv(v, 1.0), 0.5, 1.0, 2)


def test_an_inner_sweep_must_not_leak():
    kept = []
    taylor(lambda x: kept.append(x * 2) or x, 1.0, 1.0, 1)
    with pytest.raises(ad.NotDifferentiableError, match="inner transform"):
        ad.grad(lambda x: leaking(x))(1.0)


def leaking(x):
    kept = []
    taylor(lambda t: kept.append(t * x) or t, 1.0, 1.0, 1)
    return kept[0]
