"""SciPy's incomplete gamma and beta functions, in their argument and in their parameters.

They are integrals, so their slopes in the argument are densities. A density of large parameters is a
product of huge and tiny factors; here it is exp of what is left when Stirling's formula has taken the
huge parts away. The slopes in the parameters are the same density times an integral of `moments`.
Source: Abramowitz and Stegun (1964), 26.5; Loader, Fast and accurate computation of binomial
probabilities (2000).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...rules.kinds import elementwise
from ...rules.primitive import POSITIVE, Interval
from .borrowed import borrowed, special
from .elementary import log_ratio
from .gamma import LOG_2PI, polygamma, polygamma_difference
from .moments import beta_moment, beta_tail, by_chunks, gamma_moment, gamma_tail

UNIT = Interval(0.0, 1.0)
# log gamma(a) = (a - 1/2) log a - a + log(2 pi) / 2 + 1/(12 a) - 1/(360 a^3) + ...
STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)

DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


# -- densities -------------------------------------------------------------------------------------
def stirling_remainder(a: Any) -> Any:
    """What Stirling's formula leaves of log gamma(a): 1/(12 a) - 1/(360 a^3) + ..."""
    large = np.greater(a, 10)
    b = np.where(large, 10, a)
    exact = special.gammaln(b) - ((b - 0.5) * np.log(b) - b + LOG_2PI / 2)
    u = 1 / np.where(large, a, 10)
    series = 0.0
    for coefficient in reversed(STIRLING):
        series = series * (u * u) + coefficient
    return np.where(large, series * u, exact)


def digamma_gap(a: Any) -> Any:
    """log(a) - digamma(a): 1/(2 a) + 1/(12 a^2) - 1/(120 a^4) + ..."""
    large = np.greater(a, 10)
    b, u = np.where(large, 10, a), 1 / np.where(large, a, 10)
    series = 0.0
    for coefficient in reversed(DIGAMMA):
        series = series * (u * u) + coefficient
    return np.where(large, u / 2 + series * (u * u), np.log(b) - special.psi(b))


def _log_power(exponent: Any, log_base: Any) -> Any:
    """exponent * log_base, and 0 for exponent 0 whatever the base is."""
    return np.where(np.equal(exponent, 0), 0, exponent * log_base)


def _gamma_exponent(a: Any, x: Any) -> Any:
    return _log_power(a - 1, log_ratio(x, a)) - (x - a) - stirling_remainder(a)


def gamma_density(a: Any, x: Any) -> Any:
    """x^(a-1) exp(-x) / gamma(a)."""
    endless = np.equal(x, np.inf)
    exponent = _gamma_exponent(a, np.where(endless, 1, x))
    return np.where(endless, 0, np.exp(exponent) / np.sqrt(2 * math.pi * a))


def log_gamma_density(a: Any, x: Any) -> Any:
    endless = np.equal(x, np.inf)
    exponent = _gamma_exponent(a, np.where(endless, 1, x))
    return np.where(endless, -np.inf, exponent - np.log(2 * math.pi * a) / 2)


def _beta_exponent(a: Any, b: Any, x: Any) -> Any:
    """Both logarithms depend on the one deviation (a+b) x - a, so that its rounding error cancels
    between them."""
    n = a + b
    deviation = n * x - a
    return (
        _log_power(a - 1, _log_deviation(deviation, a, x * n))
        + _log_power(b - 1, _log_deviation(-deviation, b, (1 - x) * n))
        + (stirling_remainder(n) - stirling_remainder(a) - stirling_remainder(b))
    )


def beta_density(a: Any, b: Any, x: Any) -> Any:
    """x^(a-1) (1-x)^(b-1) / B(a, b)."""
    n = a + b
    return np.exp(_beta_exponent(a, b, x)) * n * np.sqrt(n / (2 * math.pi * a * b))


def log_beta_density(a: Any, b: Any, x: Any) -> Any:
    n = a + b
    return _beta_exponent(a, b, x) + np.log(n) + np.log(n / (2 * math.pi * a) / b) / 2


def _log_deviation(deviation: Any, mean: Any, value: Any) -> Any:
    """log(value / mean) for value = mean + deviation."""
    near = np.abs(deviation) < mean / 2
    return np.where(near, np.log1p(np.where(near, deviation / mean, 0)), np.log(value / mean))


# -- slopes in the parameters ----------------------------------------------------------------------
def gamma_bracket(a: Any, x: Any) -> Any:
    """The slope of the lower function in `a`, over x times the density."""
    mean_log = polygamma(a, order=0)
    return gamma_moment(a, x, order=1) + (np.log(x) - mean_log) * gamma_moment(a, x, order=0)


def gamma_slope(a: Any, x: Any) -> Any:
    """The slope of gammainc in `a`; 0 at both ends."""
    beside = np.less_equal(x, 0) | np.equal(x, np.inf)
    x = np.where(beside, 1, x)
    return np.where(beside, 0, x * gamma_density(a, x) * gamma_bracket(a, x))


def gamma_shift(a: Any, x: Any) -> Any:
    """The slope of a quantile x in `a`."""
    beside = np.less_equal(x, 0) | np.equal(x, np.inf)
    x = np.where(beside, 1, x)
    return np.where(beside, 0, -x * gamma_bracket(a, x))


def beta_bracket(a: Any, b: Any, x: Any, by: str) -> Any:
    """The slope of the lower function in `a` or in `b`, over x (1 - x) times the density."""
    if by == "a":
        log_t, orders = np.log(x) + polygamma_difference(a, b, order=0), (1, 0)
    else:
        log_t, orders = np.log1p(-x) + polygamma_difference(b, a, order=0), (0, 1)
    plain = beta_moment(a, b, x, orders=(0, 0), by=by)
    return beta_moment(a, b, x, orders=orders, by=by) + log_t * plain


def beta_slope(a: Any, b: Any, x: Any, by: str) -> Any:
    """The slope of betainc in `a` or in `b`; 0 at both ends."""
    beside = np.less_equal(x, 0) | np.greater_equal(x, 1)
    x = np.where(beside, 0.5, x)
    slope = x * (1 - x) * beta_density(a, b, x) * beta_bracket(a, b, x, by)
    return np.where(beside, 0, slope)


def beta_shift(a: Any, b: Any, x: Any, by: str) -> Any:
    """The slope of a quantile x in `a` or in `b`."""
    beside = np.less_equal(x, 0) | np.greater_equal(x, 1)
    x = np.where(beside, 0.5, x)
    return np.where(beside, 0, -x * (1 - x) * beta_bracket(a, b, x, by))


# fmt: off
gammainc     = borrowed("gammainc",     lambda a, b:  gamma_slope(a, b), lambda a, b:  gamma_density(a, b), domain=POSITIVE)
gammaincc    = borrowed("gammaincc",    lambda a, b: -gamma_slope(a, b), lambda a, b: -gamma_density(a, b), domain=POSITIVE)
gammaincinv  = borrowed("gammaincinv",  lambda a, y: gamma_shift(a, y), lambda a, y:  1 / gamma_density(a, y), domain=(POSITIVE, UNIT))
gammainccinv = borrowed("gammainccinv", lambda a, y: gamma_shift(a, y), lambda a, y: -1 / gamma_density(a, y), domain=(POSITIVE, UNIT))
betainc      = borrowed("betainc",      lambda a, b, c:  beta_slope(a, b, c, "a"), lambda a, b, c:  beta_slope(a, b, c, "b"),
                                        lambda a, b, c:  beta_density(a, b, c), domain=(POSITIVE, POSITIVE, UNIT))
betaincc     = borrowed("betaincc",     lambda a, b, c: -beta_slope(a, b, c, "a"), lambda a, b, c: -beta_slope(a, b, c, "b"),
                                        lambda a, b, c: -beta_density(a, b, c), domain=(POSITIVE, POSITIVE, UNIT))
betaincinv   = borrowed("betaincinv",   lambda a, b, y: beta_shift(a, b, y, "a"), lambda a, b, y: beta_shift(a, b, y, "b"),
                                        lambda a, b, y:  1 / beta_density(a, b, y), domain=(POSITIVE, POSITIVE, UNIT))
betainccinv  = borrowed("betainccinv",  lambda a, b, y: beta_shift(a, b, y, "a"), lambda a, b, y: beta_shift(a, b, y, "b"),
                                        lambda a, b, y: -1 / beta_density(a, b, y), domain=(POSITIVE, POSITIVE, UNIT))
# fmt: on


# -- logarithms, also where the functions underflow ------------------------------------------------
TINY = 1e-20  # below it SciPy's functions lose digits


def log_part(lower: bool, below: Any, above: Any, deep: Any) -> Any:
    """The logarithm of one of two parts of 1, from the smaller one; where that is tiny, from
    `deep(tiny, is_below)`, its logarithm."""
    is_below = below < above
    small = np.where(is_below, below, above)
    tiny, log_small = small < TINY, np.log(small)
    if np.any(tiny):
        log_small = np.where(tiny, deep(tiny, is_below), log_small)
    return np.where(is_below == lower, log_small, np.log1p(-np.exp(log_small)))


def _log_gammainc(a: Any, x: Any, *, lower: bool) -> Any:
    def chunk(a: Any, x: Any) -> Any:
        def deep(tiny: Any, is_below: Any) -> Any:
            inside = tiny & (x > 0) & (x < np.inf)
            b, z = np.where(inside, a, 2.0), np.where(inside, x, 1.0)
            tail = np.abs(gamma_tail(b, z, is_below, 0))
            log = np.log(z) + log_gamma_density(b, z) + np.log(tail)
            return np.where(inside, log, -np.inf)

        return log_part(lower, special.gammainc(a, x), special.gammaincc(a, x), deep)

    return by_chunks(chunk, a, x)


def _log_betainc(a: Any, b: Any, x: Any, *, lower: bool) -> Any:
    def chunk(a: Any, b: Any, x: Any) -> Any:
        def deep(tiny: Any, is_below: Any) -> Any:
            inside = tiny & (x > 0) & (x < 1)
            c, d, z = (np.where(inside, *pair) for pair in ((a, 2.0), (b, 2.0), (x, 0.5)))
            tail = np.abs(beta_tail(c, d, z, is_below, (0, 0)))
            log = np.log(z) + np.log1p(-z) + log_beta_density(c, d, z) + np.log(tail)
            return np.where(inside, log, -np.inf)

        return log_part(lower, special.betainc(a, b, x), special.betaincc(a, b, x), deep)

    return by_chunks(chunk, a, b, x)


def _log_gamma_slope(a: Any, x: Any, y: Any, *, lower: bool) -> Any:
    sign = 1 if lower else -1
    return sign * np.exp(np.log(x) + log_gamma_density(a, x) - y) * gamma_bracket(a, x)


def _log_beta_slope(a: Any, b: Any, x: Any, y: Any, by: str, *, lower: bool) -> Any:
    density = np.exp(np.log(x) + np.log1p(-x) + log_beta_density(a, b, x) - y)
    return (1 if lower else -1) * density * beta_bracket(a, b, x, by)


# fmt: off
log_gammainc = elementwise("log_gammainc", _log_gammainc,
                           lambda a, b, y, *, lower: _log_gamma_slope(a, b, y, lower=lower),
                           lambda a, b, y, *, lower: (1 if lower else -1) * np.exp(log_gamma_density(a, b) - y), domain=POSITIVE,
                           text=lambda lower: f"log(gammainc{'' if lower else 'c'}({{a}}, {{b}}))")
log_betainc  = elementwise("log_betainc", _log_betainc,
                           lambda a, b, c, y, *, lower: _log_beta_slope(a, b, c, y, "a", lower=lower),
                           lambda a, b, c, y, *, lower: _log_beta_slope(a, b, c, y, "b", lower=lower),
                           lambda a, b, c, y, *, lower: (1 if lower else -1) * np.exp(log_beta_density(a, b, c) - y),
                           domain=(POSITIVE, POSITIVE, UNIT),
                           text=lambda lower: f"log(betainc{'' if lower else 'c'}({{a}}, {{b}}, {{c}}))")
# fmt: on
