"""SciPy's gamma, beta and zeta functions.

Source: Abramowitz and Stegun (1964), chapter 6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...base.errors import refuse
from ...rules.kinds import elementwise
from ...rules.primitive import POSITIVE, Interval
from .borrowed import borrowed, borrowed_flat, special

LOG_2PI = math.log(2 * math.pi)


# -- gamma, digamma, beta ----------------------------------------------------------------------------
# B_2 / 2!, B_4 / 4!, ..., of the Euler-Maclaurin formula
BERNOULLI = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
)


def _polygamma(a: Any, *, order: int) -> Any:
    """(-1)^(n+1) n! zeta(n + 1, a): SciPy's for real `a`. For complex `a` the sum of a^-(n+1),
    (a+1)^-(n+1), ..., to where the rest of it is its asymptotic series."""
    if order == 0:
        return special.psi(a)
    if not np.iscomplexobj(a):
        return special.polygamma(order, a)
    s = order + 1
    total = 0
    for _ in range(max(0, 15 + order - math.floor(np.min(np.real(a), initial=15)))):
        total, a = total + a**-s, a + 1
    rest = a ** (1 - s) / order + a**-s / 2
    for j, coefficient in enumerate(BERNOULLI):
        rest = rest + coefficient * math.prod(range(s, s + 2 * j + 1)) * a ** -(s + 2 * j + 1)
    return (-1) ** s * math.factorial(order) * (total + rest)


def _polygamma_difference(a: Any, b: Any, *, order: int) -> Any:
    """psi_n(a + b) - psi_n(a). Where b is small beside a the difference would cancel: there it is
    Taylor's series, whose terms are Hurwitz zeta functions."""
    plain = special.polygamma(order, a + b) - special.polygamma(order, a)
    near = np.abs(b) < a / 8
    if not np.any(near):
        return plain
    a, b = np.where(near, a, 1), np.where(near, b, 0)
    series, power = np.zeros_like(plain), np.ones_like(plain)
    for k in range(1, 24):
        m = order + k
        power = power * b / k
        with np.errstate(over="ignore", invalid="ignore"):
            term = (-1) ** (m + 1) * math.factorial(m) * special.zeta(m + 1, a) * power
        series = series + np.where(np.isfinite(term), term, 0)
    return np.where(near, series, plain)


def _rgamma_slope(a: Any) -> Any:
    """-psi(a) / Gamma(a); on the left, where psi has poles, by reflection: the slope of
    Gamma(1 - a) sin(pi a) / pi, with the sine of a number near 0."""
    left = np.real(a) < 0.5
    b = np.where(left, a, 0.5)
    near = b - 2 * np.rint(np.real(b) / 2)
    reflected = special.gamma(1 - b) * (
        np.cos(math.pi * near) - special.psi(1 - b) * np.sin(math.pi * near) / math.pi
    )
    right = np.where(left, 1, a)
    return np.where(left, reflected, -special.psi(right) * special.rgamma(right))


def _hurwitz_slope(s: Any, q: Any) -> Any:
    if np.iscomplexobj(s):
        raise refuse(
            "scipy.special.zeta(x, q) of a complex x, which SciPy does not have,", "leave q out"
        )
    return _zeta_slope(s, q)


def _zeta_slope(s: Any, q: Any) -> Any:
    """The slope of q^-s + (q + 1)^-s + ... in s: thirty terms and the Euler-Maclaurin formula."""
    total = 0
    for k in range(30):
        total = total - np.log(q + k) * np.power(q + k, -s)
    m = q + 30.0  # whole numbers would overflow below
    log_m, power = np.log(m), np.power(m, -s)
    total = total - power * (m / (s - 1) * (log_m + 1 / (s - 1)) + log_m / 2)
    rising, slope = s, 1
    for j, coefficient in enumerate(BERNOULLI):
        total = total + coefficient * power * (slope - log_m * rising) / m ** (2 * j + 1)
        a, b = s + 2 * j + 1, s + 2 * j + 2
        rising, slope = rising * a * b, slope * a * b + rising * (a + b)
    return total


def _riemann_slope(s: Any) -> Any:
    """Left of -1/2 by reflection: the slope of 2 (2 pi)^(s-1) sin(pi s / 2) Gamma(1 - s) zeta(1 - s).
    Beyond +-30 i the formula loses its digits: no derivative is vouched for there."""
    left = np.real(s) < -0.5
    t = np.where(left, s, -2)
    sine, cosine = np.sin(math.pi / 2 * t), np.cos(math.pi / 2 * t)
    rest = (
        special.zeta(1 - t) * (sine * (LOG_2PI - special.psi(1 - t)) + math.pi / 2 * cosine)
        - _zeta_slope(1 - t, 1.0) * sine
    )
    reflected = 2 * np.power(2 * math.pi, t - 1) * special.gamma(1 - t) * rest
    slope = np.where(left, reflected, _zeta_slope(np.where(left, 2, s), 1.0))
    return np.where(np.abs(np.imag(s)) > 30, np.nan, slope) if np.iscomplexobj(s) else slope


# fmt: off
gamma    = borrowed("gamma",    lambda a, y: y * special.psi(a), domain=POSITIVE, latex=r"\Gamma\left({a}\right)")
gammaln  = borrowed("gammaln",  lambda a: special.psi(a), domain=POSITIVE, latex=r"\log \Gamma\left({a}\right)")
loggamma = borrowed("loggamma", lambda a: special.psi(a), domain=POSITIVE, latex=r"\log \Gamma\left({a}\right)")
psi      = borrowed("psi",      lambda a: polygamma(a, order=1), domain=POSITIVE, latex=r"\psi\left({a}\right)")
polygamma = elementwise("polygamma", _polygamma,
                        lambda a, *, order: polygamma(a, order=order + 1), domain=POSITIVE,
                        text=lambda order: f"polygamma({order}, {{a}})",
                        latex=lambda order: rf"\psi_{{{{{order}}}}}\left({{a}}\right)")
polygamma_difference = elementwise("polygamma_difference", _polygamma_difference,
                        lambda a, b, *, order: polygamma_difference(a, b, order=order + 1),
                        lambda a, b, *, order: polygamma(a + b, order=order + 1), domain=POSITIVE,
                        text=lambda order: f"(polygamma({order}, {{a}} + {{b}}) - polygamma({order}, {{a}}))")
beta     = borrowed("beta",     lambda a, b, y: -y * polygamma_difference(a, b, order=0),
                                lambda a, b, y: -y * polygamma_difference(b, a, order=0), domain=POSITIVE)
betaln   = borrowed("betaln",   lambda a, b: -polygamma_difference(a, b, order=0),
                                lambda a, b: -polygamma_difference(b, a, order=0), domain=POSITIVE)
poch     = borrowed("poch",     lambda a, b, y: y * polygamma_difference(a, b, order=0),
                                lambda a, b, y: y * special.psi(a + b), domain=POSITIVE)
binom    = borrowed("binom",    lambda a, b, y: y * polygamma_difference(a - b + 1, b, order=0),
                                lambda a, b, y: -y * polygamma_difference(a - b + 1, 2 * b - a, order=0),
                                domain=(Interval(3.0, math.inf), Interval(0.0, 3.0)))
rgamma   = borrowed("rgamma",   lambda a: _rgamma_slope(a))
zeta     = borrowed("_zeta",    lambda a, b: _hurwitz_slope(a, b), lambda a, b: -a * special.zeta(a + 1, b),
                                name="zeta", domain=(Interval(1.0, math.inf), POSITIVE))
riemann_zeta = borrowed("_riemann_zeta", lambda a: _riemann_slope(a), name="riemann_zeta", text="zeta({a})", domain=Interval(1.0, math.inf),
                                latex=r"\zeta\left({a}\right)")
zetac    = borrowed("zetac",    lambda a: _riemann_slope(a), domain=Interval(1.0, math.inf))
# fmt: on
borrowed_flat("gammasgn")
