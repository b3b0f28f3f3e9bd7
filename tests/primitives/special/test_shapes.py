"""Derivatives in shape parameters against mpmath: shapes of 1e-3 .. 1e4, both tails, order two.

What is allowed is 1e-10 of the derivative, or of the value over the parameter to that power: what
one rounding of a value changes by one rounding of the parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp
from exact_families import beta_part
from mpmath import mpf

import autodiff as ad

ALLOWED = 1e-10
TAILS = np.array([1e-200, 1e-40, 1e-6, 0.05, 0.4])
SHAPES = (1e-3, 0.03, 0.4, 2.5, 70.0, 1e4)


def gamma_part(a: Any, x: Any) -> Any:
    """The smaller of the two parts, the upper one with a minus: they have the same derivatives."""
    if x < a:
        return mp.gammainc(a, 0, x, regularized=True)
    return -mp.gammainc(a, x, mp.inf, regularized=True)


def beta_side(a: Any, b: Any, x: Any) -> Any:
    if x < (a + 1) / (a + b + 2):
        return beta_part(a, b, x, 1 - x)
    return -beta_part(b, a, 1 - x, x)


def student_tail(v: Any, t: Any) -> Any:
    """Of a negative t; near 0 without the half, which does not change."""
    w, rest = v / (v + t * t), t * t / (v + t * t)
    if t * t > v:
        return beta_part(v / 2, mpf(1) / 2, w, rest) / 2
    return -beta_part(mpf(1) / 2, v / 2, rest, w) / 2


def differences(f: Callable[[Any], Any], at: Any) -> tuple[Any, Any]:
    """The first two derivatives of an mpmath function."""
    h = at * mpf("1e-20")
    below, here, above = f(at - h), f(at), f(at + h)
    return (above - below) / (2 * h), (above - 2 * here + below) / h**2


def check(row: Any, exact: Any, args: tuple[Any, ...], place: int) -> None:
    """`row`, SciPy's function, in the argument at `place`, for arrays of arguments."""
    a = args[place]
    one = np.ones_like(a)

    def f(a: Any) -> Any:
        return row(*args[:place], a, *args[place + 1 :])

    def first(a: Any) -> Any:
        return ad.jvp(f, (a,), (one,))[1]

    found = first(a), ad.jvp(first, (a,), (one,))[1]
    assert np.allclose(ad.grad(lambda a: np.sum(f(a)))(a), found[0], rtol=1e-13, atol=0)
    wrong = []
    with mp.workdps(70):
        for k, values in enumerate(zip(*args, strict=True)):
            at = tuple(map(mpf, values))
            value = abs(exact(*at))
            expected = differences(
                lambda t, at=at: exact(*at[:place], t, *at[place + 1 :]), at[place]
            )
            for order, (number, derivative) in enumerate(zip(found, expected, strict=True), 1):
                if value < 1e-280 or abs(derivative) < 1e-290:
                    continue
                scale = max(abs(derivative), value / at[place] ** order)
                if not abs(number[k] - derivative) <= ALLOWED * scale:
                    wrong.append((order, values, float(number[k]), float(derivative)))
    assert not wrong


@pytest.mark.parametrize("a", SHAPES)
def test_gammainc_in_its_parameter(a):
    x = np.concatenate([sp.gammaincinv(a, TAILS), sp.gammainccinv(a, TAILS)])
    x = x[x > 1e-290]
    check(sp.gammainc, gamma_part, (np.full(x.shape, a), x), 0)
    check(sp.gammaincc, lambda a, x: -gamma_part(a, x), (np.full(x.shape, a), x), 0)


@pytest.mark.share(3)
@pytest.mark.parametrize("b", SHAPES)
@pytest.mark.parametrize("a", SHAPES)
def test_betainc_in_both_parameters(a, b):
    with np.errstate(all="ignore"):
        x = np.concatenate([sp.betaincinv(a, b, TAILS), sp.betainccinv(a, b, TAILS)])
    x = np.unique(x[(x > 1e-290) & (x < 1 - 1e-14)])
    x = x[::3] if max(a, b) == 1e4 else x  # mpmath takes seconds for each
    if x.size:
        args = (np.full(x.shape, a), np.full(x.shape, b), x)
        check(sp.betainc, beta_side, args, 0)
        check(sp.betainc, beta_side, args, 1)


@pytest.mark.parametrize("v", SHAPES)
def test_stdtr_in_its_degrees_of_freedom(v):
    farthest = -35.0 if v > 50 else -1e9
    t = np.array([farthest, -3.0, -1.6, -0.7, -1e-3])
    t = t[::2] if v == 1e4 else t  # mpmath takes seconds for each
    check(sp.stdtr, student_tail, (np.full(t.shape, v), t), 0)
    check(
        lambda v, t: sp.stdtr(v, -t), lambda v, t: -student_tail(v, t), (np.full(t.shape, v), t), 0
    )


INVERSES = [
    ("gammaincinv", "gammainc", (2.5,)),
    ("gammainccinv", "gammaincc", (0.3,)),
    ("betaincinv", "betainc", (0.4, 70.0)),
    ("betainccinv", "betaincc", (2.5, 0.4)),
    ("stdtrit", "stdtr", (6.5,)),
    ("chdtri", "chdtrc", (3.3,)),
    ("fdtri", "fdtr", (3.3, 8.0)),
]


@pytest.mark.parametrize(("inverse", "name", "shapes"), INVERSES)
def test_an_inverse_follows_from_its_function(inverse, name, shapes):
    """f(shapes, inverse(shapes, p)) = p: its derivatives of order one and two are 0."""
    f, g = getattr(sp, name), getattr(sp, inverse)
    p = np.array([1e-30, 1e-3, 0.3, 0.8])
    p = p[1:] if inverse in ("chdtri", "betainccinv") else p  # fewer digits in SciPy, 1 - 1e-75
    one = np.ones_like(p)
    for place, at in enumerate(shapes):

        def given(a: Any, place: int = place) -> Any:
            return (*shapes[:place], a, *shapes[place + 1 :])

        def both(a: Any, given: Any = given) -> Any:
            return f(*given(a), g(*given(a), p))

        def slope(a: Any, both: Any = both) -> Any:
            return ad.jvp(both, (a,), (one,))[1]

        def alone(a: Any, given: Any = given) -> Any:
            return f(*given(a), g(*shapes, p))

        a = at * one
        first, second = slope(a), ad.jvp(slope, (a,), (one,))[1]
        scale = np.abs(ad.jvp(alone, (a,), (one,))[1])
        assert np.all(np.abs(first) <= 1e-11 * scale)
        assert np.all(np.abs(second) <= 1e-9 * (scale + scale**2 / p))


def test_shapes_from_composed_functions_agree():
    """chdtr, fdtr and gdtr by the functions that they are made of."""
    v, w, x = np.array([0.7, 3.0, 40.0]), np.array([5.0, 1.5, 9.0]), np.array([0.4, 2.0, 1.1])
    pairs = (
        (lambda v: sp.chdtr(v, x), lambda v: sp.gammainc(v / 2, x / 2)),
        (lambda v: sp.chdtrc(v, x), lambda v: sp.gammaincc(v / 2, x / 2)),
        (lambda v: sp.fdtr(v, w, x), lambda v: sp.betainc(v / 2, w / 2, v * x / (v * x + w))),
        (lambda v: sp.fdtrc(w, v, x), lambda v: sp.betaincc(w / 2, v / 2, w * x / (w * x + v))),
        (lambda v: sp.gdtr(w, v, x), lambda v: sp.gammainc(v, w * x)),
        (lambda v: sp.gdtrc(w, v, x), lambda v: sp.gammaincc(v, w * x)),
        (lambda v: sp.gdtrix(w, v, x / 3), lambda v: sp.gammaincinv(v, x / 3) / w),
    )
    for f, g in pairs:
        one = np.ones(3)
        assert np.allclose(ad.jvp(f, (v,), (one,))[1], ad.jvp(g, (v,), (one,))[1], rtol=1e-11)
