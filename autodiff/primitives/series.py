"""The rows that need a power series near 0, where their closed derivatives cancel: sinc and i0.

Each has a companion row for derivatives of any order, so that all orders are accurate everywhere.
Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 9.6.10, 9.7.1, 10.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rules.kinds import elementwise

CUTOFF = 25.0  # from here on the asymptotic series of I_n has terms below 1e-20


def _sinc_derivative(a: Any, *, order: int) -> Any:
    """The derivative of sin(pi a) / (pi a).

    With g(z) = sin(z) / z, differentiating z g = sin(z) n times gives z g_n = sin_n(z) - n g_(n-1),
    which loses digits for |z| < n; there the series of g is differentiated term by term.
    """
    z = np.pi * a
    near = np.abs(z) < order + 1
    far = np.where(near, order + 1, z)
    turn = np.pi * (a - 2 * np.rint(np.real(a) / 2))  # that of pi a, without its rounding
    cycle = (np.sin(turn), np.cos(turn), -np.sin(turn), -np.cos(turn))
    closed = cycle[0] / far
    for n in range(1, order + 1):
        closed = (cycle[n % 4] - n * closed) / far

    z = np.where(near, z, 0)
    k = (order + 1) // 2  # the first power of z^2 that survives `order` derivatives
    power = 2 * k - order
    term = (-1) ** k * z**power
    series = term / (2 * k + 1)
    for _ in range(14 + 2 * order):
        term = term * (-z * z / ((power + 1) * (power + 2)))
        k, power = k + 1, power + 2
        series = series + term / (2 * k + 1)
    return np.pi**order * np.where(near, series, closed)


sinc = elementwise("sinc", np.sinc, lambda a: sinc_derivative(a, order=1))
sinc_derivative = elementwise(
    "sinc_derivative",
    _sinc_derivative,
    lambda a, *, order: sinc_derivative(a, order=order + 1),
    text=lambda order: "sinc" + "'" * order + "({a})",
)


def _bessel_i(a: Any, *, order: int) -> Any:
    """The modified Bessel function I_n: below `CUTOFF` its power series, whose terms all have one
    sign, above it the asymptotic series."""
    x = np.abs(a)
    near = x < CUTOFF
    half = np.where(near, x, 0) / 2
    term = np.ones_like(half)
    for k in range(1, order + 1):
        term = term * half / k
    series = term
    for k in range(1, 65):
        term = term * (half * half / (k * (k + order)))
        series = series + term

    far = np.where(near, CUTOFF, x)
    term = np.ones_like(far)
    tail = term
    for k in range(1, 31):
        term = term * ((2 * k - 1) ** 2 - 4 * order**2) / (8 * k * far)
        tail = tail + term
    with np.errstate(over="ignore"):  # in half precision exp(25) is inf, and not used
        y = np.where(near, series, np.exp(far) / np.sqrt(2 * np.pi * far) * tail)
    return np.where(a < 0, -y, y) if order % 2 else y


i0 = elementwise("i0", np.i0, lambda a: bessel_i(a, order=1), text="I0({a})", latex="I_0({a})")
bessel_i = elementwise(
    "bessel_i",
    _bessel_i,
    lambda a, *, order: (bessel_i(a, order=abs(order - 1)) + bessel_i(a, order=order + 1)) / 2,
    text=lambda order: f"I{order}({{a}})",
    latex=lambda order: f"I_{{{{{order}}}}}({{a}})",
)
