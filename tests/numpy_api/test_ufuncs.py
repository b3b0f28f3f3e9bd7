"""Ufuncs: none is forgotten, the points where engines disagree, and accuracy where it is hard."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from forms import Form, all_forms

import autodiff as ad
from autodiff.arrays.dispatch import UFUNCS

NAN, INF = np.nan, np.inf
ALL_UFUNCS = sorted({u for u in vars(np).values() if isinstance(u, np.ufunc)}, key=str)
MATRIX_PRODUCTS = {"matmul", "matvec", "vecdot", "vecmat"}


def both_modes(f: Any, x: Any) -> tuple[Any, Any]:
    """The derivative of a function of one number by forward and by reverse mode."""
    with np.errstate(all="ignore"):
        forward = ad.jvp(f, (x,), (1.0,))[1]
        reverse = ad.vjp(f, x)[1](1.0)[0]
    return float(forward), float(reverse)


def assert_slope(f: Any, x: float, expected: float) -> None:
    forward, reverse = both_modes(f, x)
    assert np.array_equal([forward, reverse], [expected, expected], equal_nan=True)
    # Inside a larger function the point is met as an intermediate value.
    inner, outer = both_modes(lambda t: 3 * f((t - 1) * 2 + x), 1.0)
    assert np.allclose([inner, outer], 6 * expected, equal_nan=True)


# -- none is forgotten -----------------------------------------------------------------------------
@pytest.mark.parametrize("ufunc", ALL_UFUNCS, ids=lambda u: u.__name__)
def test_every_ufunc_is_answered_or_refused_by_name(ufunc: np.ufunc) -> None:
    """Right against a difference quotient, flat, NumPy's own TypeError, or refused by name."""
    if ufunc.__name__ in MATRIX_PRODUCTS:
        pytest.skip("a product of arrays, not of numbers")
    points = [(0.62, 0.41), (1.3, 0.7)][: ufunc.nin if ufunc.nin < 3 else 2]
    args = tuple(np.array(p) + (1.0 if ufunc is np.arccosh else 0.0) for p in points)
    args = tuple(np.minimum(a, 0.9) if "h" not in ufunc.__name__ else a for a in args)
    if ufunc is np.ldexp:
        args = (args[0], np.array([2, -1]))
    tracked = args[:1] if ufunc is np.ldexp else args
    directions = tuple(np.array([1.0, -0.7]) for _ in tracked)
    try:
        plain = ufunc(*args)
    except TypeError:
        with pytest.raises((TypeError, ad.NotDifferentiableError)):
            ad.jvp(lambda *a: ufunc(*a, *args[len(a) :]), tracked, directions)
        return
    if ufunc not in UFUNCS:
        with pytest.raises(ad.NotDifferentiableError, match=f"np.{ufunc.__name__}"):
            ad.jvp(lambda *a: ufunc(*a, *args[len(a) :]), tracked, directions)
        return
    y, y_dot = ad.jvp(lambda *a: ufunc(*a, *args[len(a) :]), tracked, directions)
    h = 1e-6
    ends = [
        ufunc(*(a + t * d for a, d in zip(tracked, directions, strict=True)), *args[len(tracked) :])
        for t in (h, -h)
    ]
    if ufunc.nout == 1:
        plain, y, y_dot, ends = (plain,), (y,), (y_dot,), [(e,) for e in ends]
    for value, found, slope, right, left in zip(plain, y, y_dot, *ends, strict=True):
        assert np.array_equal(found, value, equal_nan=True)
        if np.asarray(value).dtype.kind == "f" and np.all(np.isfinite(value)):
            assert np.allclose(slope, (right - left) / (2 * h), rtol=1e-6, atol=1e-7)
        elif np.asarray(value).dtype.kind != "f":
            assert not np.any(slope)


def test_every_differentiable_ufunc_has_a_form() -> None:
    """A row that no form calls by name would be right by luck."""
    named = " ".join(form.name for form in all_forms())
    missing = [
        u.__name__
        for u, row in UFUNCS.items()
        if u in ALL_UFUNCS and not getattr(row, "flat", False)
        if f"np.{u.__name__}(" not in named and f"np.{u.__name__}." not in named
    ]
    assert set(missing) <= MATRIX_PRODUCTS


@pytest.mark.parametrize("method", ["reduce", "accumulate", "reduceat", "outer", "at"])
def test_methods_of_an_unknown_ufunc_are_refused(method: str) -> None:
    args = ([0], 1.0) if method == "at" else ([0],) if method in ("reduceat", "outer") else ()
    with pytest.raises(ad.NotDifferentiableError, match="nextafter"):
        ad.jvp(lambda x: getattr(np.nextafter, method)(x, *args), (np.ones(2),), (np.ones(2),))


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError):
        ad.grad(lambda x: np.sin(x, axis=0))(1.0)


# -- where engines disagree ------------------------------------------------------------------------
KINKS = [
    ("abs", np.abs, 0.0, 0.0),
    ("fabs", np.fabs, 0.0, 0.0),
    ("maximum at a tie", lambda x: np.maximum(x, 2.0), 2.0, 0.5),
    ("minimum at a tie", lambda x: np.minimum(2.0, x), 2.0, 0.5),
    ("fmax at a tie", lambda x: np.fmax(x, 2.0), 2.0, 0.5),
    ("fmin at a tie", lambda x: np.fmin(x, 2.0), 2.0, 0.5),
    ("maximum(x, x)", lambda x: np.maximum(x, x), 2.0, 1.0),
    ("minimum(x, x)", lambda x: np.minimum(x, x), 2.0, 1.0),
    ("maximum beside nan", lambda x: np.fmax(x, NAN), 2.0, 1.0),
    ("clip at its low bound", lambda x: np.clip(x, 1.0, 2.0), 1.0, 1.0),
    ("clip at its high bound", lambda x: np.clip(x, 1.0, 2.0), 2.0, 1.0),
    ("clip outside", lambda x: np.clip(x, 1.0, 2.0), 3.0, 0.0),
    ("clip(None, high) at its bound", lambda x: np.clip(x, None, 2.0), 2.0, 1.0),
    ("low bound of clip, met", lambda x: np.clip(1.0, x, 2.0), 1.0, 0.0),
    ("low bound of clip, wins", lambda x: np.clip(0.0, x, 2.0), 1.0, 1.0),
    ("high bound of clip, wins", lambda x: np.clip(3.0, 0.0, x), 1.0, 1.0),
    ("sqrt at 0", np.sqrt, 0.0, INF),
    ("cbrt at 0", np.cbrt, 0.0, INF),
    ("x**0 at 0", lambda x: x**0, 0.0, 0.0),
    ("x**1 at 0", lambda x: x**1, 0.0, 1.0),
    ("x**2 at 0", lambda x: x**2, 0.0, 0.0),
    ("power(x, 0.0) at 0", lambda x: np.power(x, 0.0), 0.0, 0.0),
    ("power(x, 1.0) at 0", lambda x: np.power(x, 1.0), 0.0, 1.0),
    ("float_power(x, 2) at 0", lambda x: np.float_power(x, 2), 0.0, 0.0),
    ("0**y", lambda y: np.power(0.0, y), 1.5, 0.0),
    ("hypot(0, 0)", lambda x: np.hypot(x, 0.0), 0.0, 0.0),
    ("arctan2(0, 0) in y", lambda x: np.arctan2(x, 0.0), 0.0, NAN),
    ("arctan2(0, 0) in x", lambda x: np.arctan2(0.0, x), 0.0, NAN),
    ("sinc at 0", np.sinc, 0.0, 0.0),
    ("i0 at 0", np.i0, 0.0, 0.0),
    ("logaddexp(-inf, -inf)", lambda x: np.logaddexp(x, -INF), -INF, 0.0),
    ("logaddexp2(-inf, -inf)", lambda x: np.logaddexp2(x, x), -INF, 0.0),
    ("logaddexp(-inf, 0)", lambda x: np.logaddexp(x, 0.0), -INF, 0.0),
    ("logaddexp(inf, 0)", lambda x: np.logaddexp(x, 0.0), INF, 1.0),
    ("copysign of 0", lambda x: np.copysign(x, -1.0), 0.0, 0.0),
    ("copysign in the sign", lambda x: np.copysign(2.0, x), 0.0, 0.0),
    ("heaviside at 0", lambda x: np.heaviside(x, 0.5), 0.0, 0.0),
    ("heaviside in its middle", lambda h: np.heaviside(0.0, h), 0.5, 1.0),
    ("heaviside in its middle, elsewhere", lambda h: np.heaviside(2.0, h), 0.5, 0.0),
    ("nan_to_num of nan", np.nan_to_num, NAN, 0.0),
    ("nan_to_num of inf", np.nan_to_num, INF, 0.0),
    *(
        (f"{f.__name__} at a step", f, 1.0, 0.0)
        for f in (np.floor, np.ceil, np.trunc, np.rint, np.sign, np.round, np.signbit)
    ),
]


@pytest.mark.parametrize(("f", "x", "expected"), [k[1:] for k in KINKS], ids=[k[0] for k in KINKS])
def test_convention(f: Any, x: float, expected: float) -> None:
    if np.isfinite(x):
        assert_slope(f, x, expected)
    else:
        assert np.array_equal(both_modes(f, x), [expected] * 2)


def test_hypot_and_arctan2_do_not_overflow() -> None:
    for f in (np.hypot, np.arctan2):
        small = ad.grad(f, (0, 1))(3.0, 4.0)
        large = ad.grad(f, (0, 1))(3e200, 4e200)
        assert np.allclose(np.multiply(large, 1e200 if f is np.arctan2 else 1), small, rtol=1e-15)


def test_logaddexp_far_apart_is_finite_to_second_order() -> None:
    for gap in (40.0, 800.0, -800.0):
        first = ad.grad(lambda x, g=gap: np.logaddexp(x, x * 0 + g))(0.0)
        second = ad.grad(ad.grad(lambda x, g=gap: np.logaddexp(x, g)))(0.0)
        assert first == pytest.approx(1 / (1 + np.exp(min(gap, 700))), rel=1e-12)
        assert second == pytest.approx(np.exp(-abs(gap)), rel=1e-12, abs=1e-16)


def test_mixed_second_derivative_of_power_at_exponent_0() -> None:
    mixed = ad.hessian(lambda v: np.power(v[0], v[1]))(np.array([2.0, 0.0]))
    assert np.allclose(mixed, [[0, 1 / 2], [1 / 2, np.log(2) ** 2]])


@pytest.mark.parametrize("x", [0.0, 1e-300, -1e-9, 1e-4, 0.05, 0.31, 0.64, 1.0, -2.5, 9.3])
def test_sinc_is_accurate_to_fourth_order(x: float) -> None:
    f: Any = np.sinc
    z = mpmath.mpf(np.pi) * x
    for order in range(1, 5):
        f = ad.grad(f)
        with mpmath.workdps(40):
            integrand = lambda t, n=order: t**n * mpmath.cos(z * t + n * mpmath.pi / 2)  # noqa: E731
            cuts = mpmath.linspace(0, 1, 2 + int(abs(x)))
            expected = float(mpmath.quad(integrand, cuts) * mpmath.mpf(np.pi) ** order)
        assert f(x) == pytest.approx(expected, rel=1e-13, abs=3e-14 * np.pi**order)


@pytest.mark.parametrize("x", [0.0, 1e-300, -1e-9, 1e-4, 0.4, -3.0, 7.99, 8.01, 24.9, 25.1, 300.0])
def test_i0_is_accurate_to_third_order(x: float) -> None:
    f: Any = np.i0
    with mpmath.workdps(30):
        i = [mpmath.besseli(n, x) for n in range(4)]
        derivatives = (i[1], (i[0] + i[2]) / 2, (3 * i[1] + i[3]) / 4)
    for expected in map(float, derivatives):
        f = ad.grad(f)
        assert f(x) == pytest.approx(expected, rel=5e-15, abs=1e-300)


# -- handles ---------------------------------------------------------------------------------------
def test_add_at_rounds_as_numpy_does() -> None:
    rng = np.random.default_rng(0)
    updates, places = rng.normal(size=1000), rng.integers(0, 3, 1000)

    def f(v: Any) -> Any:
        out = np.zeros_like(v, shape=(3,))
        np.add.at(out, places, v)
        return out

    assert np.array_equal(ad.vjp(f, updates)[0], f(updates))
    assert np.array_equal(ad.vjp(f, updates)[1](np.array([1.0, 2.0, 3.0]))[0], places + 1.0)


def test_out_repoints_the_handle() -> None:
    def f(x: Any) -> Any:
        out = np.zeros_like(x)
        result = np.multiply(x, x, out=out)
        assert result is out
        return np.sum(out * x)

    assert np.allclose(ad.grad(f)(np.array([1.0, 2.0])), [3.0, 12.0])


def test_an_out_that_cannot_hold_the_result_is_refused() -> None:
    def f(x: Any) -> Any:
        return np.exp(x, out=np.zeros_like(x, dtype=int))

    with pytest.raises(TypeError, match=r"np\.exp: the result does not fit out"):
        ad.jvp(f, (np.ones(2),), (np.ones(2),))


def test_entries_left_out_by_where_contribute_nothing_at_any_order() -> None:
    x = np.array([0.5, 0.0, -1.0])

    def f(x: Any) -> Any:
        return np.sum(np.log(x, out=np.zeros_like(x), where=x > 0) ** 2)

    at_half = np.log(0.5)
    assert np.allclose(ad.grad(f)(x), [4 * at_half, 0, 0])
    assert np.allclose(ad.hessian(f)(x), np.diag([8 - 8 * at_half, 0, 0]))
    assert np.allclose(ad.jacfwd(f)(x), [4 * at_half, 0, 0])


def test_forms_are_many() -> None:
    forms: list[Form] = list(all_forms())
    assert len(forms) >= 400
