"""SciPy's distribution functions in the quantile: the slope is the density, and that of an inverse
is 1 / density.

All are incomplete gamma or beta functions, so their densities and their slopes in degrees of freedom
are those of `incomplete`. Numbers of successes and of trials, whose fractions SciPy cuts off, have no
derivative, and are refused when tracked.
Source: Abramowitz and Stegun (1964), chapter 26; Owen (1956); Marsaglia, Tsang and Wang (2003).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...rules.primitive import POSITIVE, REAL, Interval
from .borrowed import borrowed, special
from .incomplete import beta_bracket, beta_density, gamma_density, gamma_shift, gamma_slope

K, N = "its count k", "its number n"
PROBABILITY = Interval(0.0, 1.0)
SQRT2, SQRT_2PI = math.sqrt(2.0), math.sqrt(2 * math.pi)


def _chi2(v: Any, x: Any) -> Any:
    return gamma_density(v / 2, x / 2) / 2


def _first(m: Any, n: Any, x: Any) -> Any:
    """The slope of Fisher's function in `m`, over the density."""
    return x * (beta_bracket(m / 2, n / 2, m * x / (m * x + n), "a") / 2 + 1 / m)


def _second(m: Any, n: Any, x: Any) -> Any:
    return x * (beta_bracket(m / 2, n / 2, m * x / (m * x + n), "b") / 2 - 1 / n)


def _fisher(m: Any, n: Any, x: Any) -> Any:
    whole = m * x + n
    return beta_density(m / 2, n / 2, m * x / whole) * (m / whole) * (n / whole)


# SciPy cuts the fractions of numbers off.
def _binomial(k: Any, n: Any, p: Any) -> Any:
    k, n = np.floor(k), np.trunc(n)
    certain = np.greater_equal(k, n)
    return np.where(certain, 0 * p, beta_density(k + 1, np.where(certain, 1, n - k), p))


def _negative_binomial(k: Any, n: Any, p: Any) -> Any:
    return beta_density(np.trunc(n), np.trunc(k) + 1, p)


def _poisson(k: Any, m: Any) -> Any:
    return gamma_density(np.floor(k) + 1, m)


# fmt: off
chdtr  = borrowed("chdtr",  lambda a, b:  gamma_slope(a / 2, b / 2) / 2, lambda a, b:  _chi2(a, b), domain=POSITIVE)
chdtrc = borrowed("chdtrc", lambda a, b: -gamma_slope(a / 2, b / 2) / 2, lambda a, b: -_chi2(a, b), domain=POSITIVE)
chdtri = borrowed("chdtri", lambda a, y: gamma_shift(a / 2, y / 2), lambda a, y: -1 / _chi2(a, y), domain=(POSITIVE, PROBABILITY))
fdtr   = borrowed("fdtr",   lambda a, b, c:  _fisher(a, b, c) * _first(a, b, c), lambda a, b, c:  _fisher(a, b, c) * _second(a, b, c),
                            lambda a, b, c:  _fisher(a, b, c), domain=POSITIVE)
fdtrc  = borrowed("fdtrc",  lambda a, b, c: -_fisher(a, b, c) * _first(a, b, c), lambda a, b, c: -_fisher(a, b, c) * _second(a, b, c),
                            lambda a, b, c: -_fisher(a, b, c), domain=POSITIVE)
fdtri  = borrowed("fdtri",  lambda a, b, y: -_first(a, b, y), lambda a, b, y: -_second(a, b, y),
                            lambda a, b, y: 1 / _fisher(a, b, y), domain=(POSITIVE, POSITIVE, PROBABILITY))
gdtr   = borrowed("gdtr",   lambda a, b, c:  c * gamma_density(b, a * c), lambda a, b, c:  gamma_slope(b, a * c),
                            lambda a, b, c:  a * gamma_density(b, a * c), domain=POSITIVE)
gdtrc  = borrowed("gdtrc",  lambda a, b, c: -c * gamma_density(b, a * c), lambda a, b, c: -gamma_slope(b, a * c),
                            lambda a, b, c: -a * gamma_density(b, a * c), domain=POSITIVE)
gdtrix = borrowed("gdtrix", lambda a, y: -y / a, lambda a, b, y: gamma_shift(b, a * y) / a,
                            lambda a, b, y: 1 / (a * gamma_density(b, a * y)), domain=(POSITIVE, POSITIVE, PROBABILITY))
bdtr   = borrowed("bdtr",   K, N, lambda a, b, c: -_binomial(a, b, c), domain=(POSITIVE, POSITIVE, PROBABILITY))
bdtrc  = borrowed("bdtrc",  K, N, lambda a, b, c:  _binomial(a, b, c), domain=(POSITIVE, POSITIVE, PROBABILITY))
bdtri  = borrowed("bdtri",  K, N, lambda a, b, y: -1 / _binomial(a, b, y), domain=(POSITIVE, POSITIVE, PROBABILITY))
nbdtr  = borrowed("nbdtr",  K, N, lambda a, b, c:  _negative_binomial(a, b, c), domain=(POSITIVE, POSITIVE, PROBABILITY))
nbdtrc = borrowed("nbdtrc", K, N, lambda a, b, c: -_negative_binomial(a, b, c), domain=(POSITIVE, POSITIVE, PROBABILITY))
nbdtri = borrowed("nbdtri", K, N, lambda a, b, y: 1 / _negative_binomial(a, b, y), domain=(POSITIVE, POSITIVE, PROBABILITY))
pdtr   = borrowed("pdtr",   K, lambda a, b: -_poisson(a, b), domain=POSITIVE)
pdtrc  = borrowed("pdtrc",  K, lambda a, b:  _poisson(a, b), domain=POSITIVE)
pdtri  = borrowed("pdtri",  K, lambda a, y: -1 / _poisson(a, y), domain=(POSITIVE, PROBABILITY))
# fmt: on


# -- of normal variables ---------------------------------------------------------------------------
def _normal(x: Any) -> Any:
    return np.exp(-x * x / 2) / SQRT_2PI


# fmt: off
# The mean, or the deviation, of the normal variable that is below x with probability p.
nrdtrimn = borrowed("nrdtrimn", lambda a, b: -b / _normal(special.ndtri(a)), lambda a: -special.ndtri(a), lambda: 1.0,
                    domain=(PROBABILITY, POSITIVE, REAL))
nrdtrisd = borrowed("nrdtrisd", lambda b: -1 / special.ndtri(b), lambda b, y: -y / (special.ndtri(b) * _normal(special.ndtri(b))),
                    lambda b: 1 / special.ndtri(b), domain=(Interval(-2.0, 0.0), Interval(0.55, 1.0), POSITIVE))
owens_t  = borrowed("owens_t",  lambda a, b: -_normal(a) * special.erf(a * b / SQRT2) / 2,
                    lambda a, b: np.exp(-a * a * (1 + b * b) / 2) / (2 * math.pi * (1 + b * b)))
# fmt: on


# -- Kolmogorov's ----------------------------------------------------------------------------------
def _kolmogorov_density(x: Any) -> Any:
    """Two series for one theta function: of exp(-2 k^2 x^2) where x is large, and of
    exp(-(2 k - 1)^2 pi^2 / (8 x^2)) where it is small."""
    small = np.less(x, 1)
    near = np.maximum(np.where(small, x, 1), 0.02)  # there the slope has long underflowed
    far = np.where(small, 1, x)
    rising = 0.0
    for k in range(1, 5):
        c = ((2 * k - 1) * math.pi) ** 2 / 8
        u = 1 / (near * near)
        rising = rising + np.exp(-c * u) * u * (2 * c * u - 1)
    falling = 0.0
    for k in range(1, 6):
        falling = falling - (-1) ** k * 8 * k * k * far * np.exp(-2 * k * k * far * far)
    return np.where(small, SQRT_2PI * rising, falling)


kolmogorov = borrowed("kolmogorov", lambda a: -_kolmogorov_density(a), domain=POSITIVE)
kolmogi = borrowed("kolmogi", lambda y: -1 / _kolmogorov_density(y), domain=PROBABILITY)
