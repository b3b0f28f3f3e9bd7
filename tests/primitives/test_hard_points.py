"""First and second derivatives of NumPy's functions where formulas lose digits, beside mpmath's: at
scales from 1e-300 to 1e300, near the ends of domains and near zeros.

The textbook's rules cancel or overflow there: the slope of (1 - a)(1 + a) near 0, that of
a / hypot(a, b) for large a, and that of exp(a - logaddexp(a, b)) for a > b.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest

import autodiff as ad

RELATIVE = 1e-12
SMALLEST = mp.mpf(2) ** -1022

TINY = (1e-300, 1e-160, 1e-20, 1e-8)
UNIT = (*TINY, 0.1, 0.5, 0.9, 1 - 1e-8, 1 - 1e-15)
ANY = (*TINY, 0.3, 1.0, 2.0, 1e3, 1e8, 1e16, 1e100, 1e160, 1e200, 1e300)
EXPONENTS = (-700.0, -40.0, -18.0, -1.0, -1e-10, 0.0, 1e-20, 0.3, 5.0, 18.0, 37.0, 300.0, 700.0)


class Point(NamedTuple):
    """`f` and its first two derivatives in mpmath, and where."""

    name: str
    f: Callable[[Any], Any]
    first: Callable[[Any], Any]
    second: Callable[[Any], Any]
    points: tuple[float, ...]


def signed(points: tuple[float, ...]) -> tuple[float, ...]:
    return (*(-x for x in points), 0.0, *points)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def beside(c: float) -> list[Point]:
    """Functions of two numbers, in one of them."""
    d = mp.mpf(c)
    return [
        Point(
            f"hypot(x, {c})",
            lambda x: np.hypot(x, c),
            lambda x: x / mp.hypot(x, d),
            lambda x: d * d / mp.hypot(x, d) ** 3,
            signed(ANY),
        ),
        Point(
            f"arctan2(x, {c})",
            lambda x: np.arctan2(x, c),
            lambda x: d / (x * x + d * d),
            lambda x: -2 * d * x / (x * x + d * d) ** 2,
            signed(ANY),
        ),
        Point(
            f"arctan2({c}, x)",
            lambda x: np.arctan2(c, x),
            lambda x: -d / (x * x + d * d),
            lambda x: 2 * d * x / (x * x + d * d) ** 2,
            signed(ANY),
        ),
    ]


def logs_of_sums(c: float) -> list[Point]:
    ln2 = mp.log(2)
    return [
        Point(
            f"logaddexp(x, {c})",
            lambda x: np.logaddexp(x, c),
            lambda x: sigmoid(x - c),
            lambda x: sigmoid(x - c) * sigmoid(c - x),
            EXPONENTS,
        ),
        Point(
            f"logaddexp2({c}, x)",
            lambda x: np.logaddexp2(c, x),
            lambda x: sigmoid((x - c) * ln2),
            lambda x: ln2 * sigmoid((x - c) * ln2) * sigmoid((c - x) * ln2),
            EXPONENTS,
        ),
        Point(
            f"logsumexp([x, {c}])",
            lambda x: ad.special.logsumexp([x, c]),
            lambda x: sigmoid(x - c),
            lambda x: sigmoid(x - c) * sigmoid(c - x),
            EXPONENTS,
        ),
    ]


def sinc_slope(x: Any) -> Any:
    z = mp.pi * x
    return (z * mp.cos(z) - mp.sin(z)) / (mp.pi * x * x)


def sinc_curvature(x: Any) -> Any:
    z = mp.pi * x
    return -(mp.pi**2) * mp.sin(z) / z - 2 * sinc_slope(x) / x


TABLE = [
    Point(
        "arcsin",
        np.arcsin,
        lambda x: 1 / mp.sqrt(1 - x * x),
        lambda x: x / mp.sqrt(1 - x * x) ** 3,
        signed(UNIT),
    ),
    Point(
        "arccos",
        np.arccos,
        lambda x: -1 / mp.sqrt(1 - x * x),
        lambda x: -x / mp.sqrt(1 - x * x) ** 3,
        signed(UNIT),
    ),
    Point(
        "arctanh",
        np.arctanh,
        lambda x: 1 / (1 - x * x),
        lambda x: 2 * x / (1 - x * x) ** 2,
        signed(UNIT),
    ),
    Point(
        "arccosh",
        np.arccosh,
        lambda x: 1 / mp.sqrt(x * x - 1),
        lambda x: -x / mp.sqrt(x * x - 1) ** 3,
        (1 + 2**-52, 1 + 1e-8, 1.1, 2.0, 1e8, 1e100, 1e200),
    ),
    Point(
        "arcsinh",
        np.arcsinh,
        lambda x: 1 / mp.sqrt(1 + x * x),
        lambda x: -x / mp.sqrt(1 + x * x) ** 3,
        signed(ANY),
    ),
    Point(
        "log1p",
        np.log1p,
        lambda x: 1 / (1 + x),
        lambda x: -1 / (1 + x) ** 2,
        (*(-x for x in UNIT), *ANY),
    ),
    Point("expm1", np.expm1, mp.exp, mp.exp, EXPONENTS),
    Point(
        "sigmoid",
        ad.special.sigmoid,
        lambda x: sigmoid(x) * sigmoid(-x),
        lambda x: -sigmoid(x) * sigmoid(-x) * mp.tanh(x / 2),
        EXPONENTS,
    ),
    Point(
        "log1mexp",
        ad.special.log1mexp,
        lambda x: 1 / mp.expm1(x),
        lambda x: -mp.exp(x) / mp.expm1(x) ** 2,
        (1e-100, 1e-8, 0.3, 0.7, 5.0, 40.0, 300.0),
    ),
    Point(
        "sinc",
        np.sinc,
        sinc_slope,
        sinc_curvature,
        (1e-20, 1e-8, 1e-3, 0.1, 0.3, 0.5, 2.5, 1e3, 1e6 + 0.3, 1e8 + 0.3),
    ),
    *(point for c in (1e-300, 3e-160, 1.0, 2e160) for point in beside(c)),
    *(point for c in (0.0, -700.0, 700.0) for point in logs_of_sums(c)),
]


def in_every_mode(f: Any, x: float) -> tuple[list[Any], list[Any]]:
    def forward(x: Any) -> Any:
        return ad.jvp(f, (x,), (1.0,))[1]

    reverse = ad.grad(f)
    firsts = [forward(x), reverse(x)]
    return firsts, [ad.jvp(reverse, (x,), (1.0,))[1], ad.grad(forward)(x), ad.grad(reverse)(x)]


@pytest.mark.parametrize("point", TABLE, ids=[point.name for point in TABLE])
def test_derivatives_keep_their_digits(point: Point) -> None:
    with mp.workdps(700), np.errstate(all="ignore"):
        for x in point.points:
            exact = [f(mp.mpf(x)) for f in (point.first, point.second)]
            for order, (wanted, found) in enumerate(
                zip(exact, in_every_mode(point.f, x), strict=True), 1
            ):
                if abs(wanted) > np.finfo(float).max:
                    continue
                allowed = max(RELATIVE * abs(wanted), 2 * SMALLEST)
                for y in found:
                    assert abs(mp.mpf(float(y)) - wanted) <= allowed, (
                        f"derivative {order} at {x}: {y}, exact {mp.nstr(wanted, 17)}"
                    )


def test_infinities_share() -> None:
    """Two infinite exponents have half each; one infinite exponent has all."""
    inf = np.inf
    for a, b, part in ((inf, inf, 0.5), (inf, 0.0, 1.0), (0.0, inf, 0.0), (-inf, -inf, 0.0)):
        for f in (np.logaddexp, np.logaddexp2):
            assert ad.grad(f)(a, b) == part
