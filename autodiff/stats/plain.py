"""Families without shapes, and with shapes that are powers: formulas in elementary functions.

Source of the formulas: Johnson, Kotz and Balakrishnan, Continuous univariate distributions (1994);
the parameters are SciPy's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..primitives import stable
from ..primitives.special.borrowed import special
from .distribution import Continuous, Support, reflected

LOG_2, LOG_PI, SQRT_2PI = math.log(2), math.log(math.pi), math.sqrt(2 * math.pi)
LOG_SQRT_2PI = math.log(2 * math.pi) / 2
EULER = 0.5772156649015329
LINE = Support(lambda *_: (-np.inf, np.inf), lambda *_: 0.0)
HALF = Support(lambda *_: (0.0, np.inf), lambda *_: 1.0)


# -- without shapes --------------------------------------------------------------------------------
norm = Continuous(
    "norm",
    on=LINE,
    density=lambda z: np.exp(-z * z / 2) / SQRT_2PI,
    logdensity=lambda z: -z * z / 2 - LOG_SQRT_2PI,
    cdf=lambda z: special.ndtr(z),
    sf=lambda z: special.ndtr(-z),
    logcdf=lambda z: special.log_ndtr(z),
    logsf=lambda z: special.log_ndtr(-z),
    ppf=lambda q: special.ndtri(q),
    isf=lambda q: -special.ndtri(q),
    entropy=lambda: 0.5 + LOG_SQRT_2PI,
    mean=lambda: 0.0,
    var=lambda: 1.0,
)
expon = Continuous(
    "expon",
    on=HALF,
    logdensity=lambda z: -z,
    cdf=lambda z: -np.expm1(-z),
    sf=lambda z: np.exp(-z),
    logcdf=lambda z: stable.log1mexp(z),
    logsf=lambda z: -z,
    ppf=lambda q: -np.log1p(-q),
    isf=lambda q: -np.log(q),
    entropy=lambda: 1.0,
    mean=lambda: 1.0,
    var=lambda: 1.0,
)


def _laplace_cdf(z: Any) -> Any:
    right = np.greater(z, 0)
    tail = np.exp(np.where(right, -z, z)) / 2
    return np.where(right, 1 - tail, tail)


def _laplace_logcdf(z: Any) -> Any:
    right = np.greater(z, 0)
    return np.where(right, np.log1p(-np.exp(-np.where(right, z, 1)) / 2), z - LOG_2)


def _laplace_ppf(q: Any) -> Any:
    upper = np.greater(q, 0.5)
    return np.where(upper, -1, 1) * np.log(2 * np.where(upper, 1 - q, q))


laplace = Continuous(
    "laplace",
    on=LINE,
    logdensity=lambda z: -np.abs(z) - LOG_2,
    cdf=_laplace_cdf,
    sf=lambda z: _laplace_cdf(-z),
    logcdf=_laplace_logcdf,
    logsf=lambda z: _laplace_logcdf(-z),
    ppf=_laplace_ppf,
    isf=lambda q: -_laplace_ppf(q),
    entropy=lambda: LOG_2 + 1,
    mean=lambda: 0.0,
    var=lambda: 2.0,
)
logistic = Continuous(
    "logistic",
    on=LINE,
    density=lambda z: stable.sigmoid_slope(z),
    logdensity=lambda z: z - 2 * stable.softplus(z),
    cdf=lambda z: stable.sigmoid(z),
    sf=lambda z: stable.sigmoid(-z),
    logcdf=lambda z: -stable.softplus(-z),
    logsf=lambda z: -stable.softplus(z),
    ppf=lambda q: special.logit(q),
    isf=lambda q: -special.logit(q),
    entropy=lambda: 2.0,
    mean=lambda: 0.0,
    var=lambda: math.pi**2 / 3,
)


def _cauchy_logdensity(z: Any) -> Any:
    far = np.greater(np.abs(z), 1e8)
    near = np.log1p(np.where(far, 0, z) ** 2)
    return -LOG_PI - np.where(far, 2 * np.log(np.abs(np.where(far, z, 1))), near)


def _cauchy_ppf(q: Any) -> Any:
    """A tangent on the side where its argument is exact."""
    low, high = np.less(q, 0.25), np.greater(q, 0.75)
    tail = np.where(low, -1, 1) / np.tan(math.pi * np.where(low, q, np.where(high, 1 - q, 0.25)))
    return np.where(low | high, tail, np.tan(math.pi * (np.where(low | high, 0.5, q) - 0.5)))


cauchy = Continuous(
    "cauchy",
    on=LINE,
    logdensity=_cauchy_logdensity,
    cdf=lambda z: np.arctan2(1.0, -z) / math.pi,
    sf=lambda z: np.arctan2(1.0, z) / math.pi,
    ppf=_cauchy_ppf,
    isf=lambda q: -_cauchy_ppf(q),
    entropy=lambda: math.log(4 * math.pi),
    mean=lambda: np.nan,
    var=lambda: np.nan,
)
gumbel_r = Continuous(
    "gumbel_r",
    on=LINE,
    logdensity=lambda z: -z - np.exp(-z),
    cdf=lambda z: np.exp(-np.exp(-z)),
    sf=lambda z: -np.expm1(-np.exp(-z)),
    logcdf=lambda z: -np.exp(-z),
    logsf=lambda z: stable.log1mexp(np.exp(-z)),
    ppf=lambda q: -np.log(-np.log(q)),
    isf=lambda q: -np.log(-np.log1p(-q)),
    entropy=lambda: EULER + 1,
    mean=lambda: EULER,
    var=lambda: math.pi**2 / 6,
)
gumbel_l = reflected("gumbel_l", gumbel_r)
uniform = Continuous(
    "uniform",
    on=Support(lambda: (0.0, 1.0), lambda: 0.5),
    logdensity=lambda z: 0 * z,
    cdf=lambda z: z,
    sf=lambda z: 1 - z,
    ppf=lambda q: q,
    isf=lambda q: 1 - q,
    entropy=lambda: 0.0,
    mean=lambda: 0.5,
    var=lambda: 1 / 12,
)
rayleigh = Continuous(
    "rayleigh",
    on=HALF,
    density=lambda z: z * np.exp(-z * z / 2),
    logdensity=lambda z: np.log(z) - z * z / 2,
    cdf=lambda z: -np.expm1(-z * z / 2),
    sf=lambda z: np.exp(-z * z / 2),
    logcdf=lambda z: stable.log1mexp(z * z / 2),
    logsf=lambda z: -z * z / 2,
    ppf=lambda q: np.sqrt(-2 * np.log1p(-q)),
    isf=lambda q: np.sqrt(-2 * np.log(q)),
    entropy=lambda: 1 + EULER / 2 - LOG_2 / 2,
    mean=lambda: math.sqrt(math.pi / 2),
    var=lambda: 2 - math.pi / 2,
)

# -- with a shape ----------------------------------------------------------------------------------
lognorm = Continuous(
    "lognorm",
    on=HALF._replace(closed=False),
    valid=lambda s: np.greater(s, 0),
    logdensity=lambda z, s: -((np.log(z) / s) ** 2) / 2 - np.log(z) - np.log(s) - LOG_SQRT_2PI,
    cdf=lambda z, s: special.ndtr(np.log(z) / s),
    sf=lambda z, s: special.ndtr(-np.log(z) / s),
    logcdf=lambda z, s: special.log_ndtr(np.log(z) / s),
    logsf=lambda z, s: special.log_ndtr(-np.log(z) / s),
    ppf=lambda q, s: np.exp(s * special.ndtri(q)),
    isf=lambda q, s: np.exp(-s * special.ndtri(q)),
    entropy=lambda s: 0.5 + LOG_SQRT_2PI + np.log(s),
    mean=lambda s: np.exp(s * s / 2),
    var=lambda s: np.expm1(s * s) * np.exp(s * s),
)


def _weibull_mean(c: Any) -> Any:
    return special.gamma(1 + 1 / c)


def _weibull_var(c: Any) -> Any:
    log_mean = special.gammaln(1 + 1 / c)
    return np.expm1(special.gammaln(1 + 2 / c) - 2 * log_mean) * np.exp(2 * log_mean)


weibull_min = Continuous(
    "weibull_min",
    on=HALF,
    valid=lambda c: np.greater(c, 0),
    logdensity=lambda z, c: np.log(c) + stable.xlogy(c - 1, z) - np.power(z, c),
    cdf=lambda z, c: -np.expm1(-np.power(z, c)),
    sf=lambda z, c: np.exp(-np.power(z, c)),
    logcdf=lambda z, c: stable.log1mexp(np.power(z, c)),
    logsf=lambda z, c: -np.power(z, c),
    ppf=lambda q, c: np.power(-np.log1p(-q), 1 / c),
    isf=lambda q, c: np.power(-np.log(q), 1 / c),
    entropy=lambda c: EULER * (1 - 1 / c) - np.log(c) + 1,
    mean=_weibull_mean,
    var=_weibull_var,
)
weibull_max = reflected("weibull_max", weibull_min)


def where_more(b: Any, least: float, formula: Any) -> Any:
    """A moment that is infinite for small parameters."""
    there = np.logical_not(np.less_equal(b, least))
    return np.where(there, formula(np.where(there, b, least + 1)), np.inf)


pareto = Continuous(
    "pareto",
    on=Support(lambda b: (1.0, np.inf), lambda b: 2.0),
    valid=lambda b: np.greater(b, 0),
    logdensity=lambda z, b: np.log(b) - (b + 1) * np.log(z),
    cdf=lambda z, b: -np.expm1(-b * np.log(z)),
    sf=lambda z, b: np.power(z, -b),
    logcdf=lambda z, b: stable.log1mexp(b * np.log(z)),
    logsf=lambda z, b: -b * np.log(z),
    ppf=lambda q, b: np.exp(-np.log1p(-q) / b),
    isf=lambda q, b: np.power(q, -1 / b),
    entropy=lambda b: 1 + 1 / b - np.log(b),
    mean=lambda b: where_more(b, 1, lambda b: b / (b - 1)),
    var=lambda b: where_more(b, 2, lambda b: b / ((b - 1) ** 2 * (b - 2))),
)
