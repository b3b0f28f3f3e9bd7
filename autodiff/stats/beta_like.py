"""Families made of the incomplete beta function: beta, f and t.

Source of the formulas: Johnson, Kotz and Balakrishnan, Continuous univariate distributions (1995).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives.special.borrowed import special
from ..primitives.special.gamma import polygamma_difference
from ..primitives.special.incomplete import (
    beta_density,
    digamma_gap,
    log_beta_density,
    log_betainc,
    stirling_remainder,
)
from ..primitives.special.student import (
    half_step,
    log_stdtr,
    log_student,
    student_density,
)
from .distribution import Continuous, Support, changed, deep
from .plain import HALF, LINE, LOG_SQRT_2PI, where_more


def _positive(*shapes: Any) -> Any:
    return np.all(np.stack(np.broadcast_arrays(*(np.greater(x, 0) for x in shapes))), axis=0)


def _remainders(a: Any, b: Any) -> Any:
    """What Stirling's formula leaves of log B(a, b)."""
    left = stirling_remainder(a) + stirling_remainder(b) - stirling_remainder(a + b)
    return LOG_SQRT_2PI + left


def _log_lower(a: Any, b: Any, x: Any) -> Any:
    return log_betainc(a, b, x, lower=True)


def _log_upper(a: Any, b: Any, x: Any) -> Any:
    return log_betainc(a, b, x, lower=False)


def _lower(a: Any, b: Any, x: Any) -> Any:
    return deep(special.betainc(a, b, x), _log_lower(a, b, x))


def _upper(a: Any, b: Any, x: Any) -> Any:
    return deep(special.betaincc(a, b, x), _log_upper(a, b, x))


def beta_entropy(a: Any, b: Any) -> Any:
    """Without the large parts of log beta and digamma, which cancel."""
    n = a + b
    logs = (np.log(a) + np.log(b)) / 2 - 1.5 * np.log(n)
    gaps = (a - 1) * digamma_gap(a) + (b - 1) * digamma_gap(b) - (n - 2) * digamma_gap(n)
    return logs + _remainders(a, b) + gaps


beta = Continuous(
    "beta",
    on=Support(lambda a, b: (0.0, 1.0), lambda a, b: 0.5),
    valid=_positive,
    density=lambda z, a, b: beta_density(a, b, z),
    logdensity=lambda z, a, b: log_beta_density(a, b, z),
    cdf=lambda z, a, b: _lower(a, b, z),
    sf=lambda z, a, b: _upper(a, b, z),
    logcdf=lambda z, a, b: _log_lower(a, b, z),
    logsf=lambda z, a, b: _log_upper(a, b, z),
    ppf=lambda q, a, b: special.betaincinv(a, b, q),
    isf=lambda q, a, b: special.betainccinv(a, b, q),
    entropy=beta_entropy,
    mean=lambda a, b: a / (a + b),
    var=lambda a, b: (a / (a + b)) * (b / (a + b)) / (a + b + 1),
)


# -- f: z = (n w) / (m (1 - w)) for w of the beta family, by the smaller of w and 1 - w ------------
def _of_ratio(lower: Any, upper: Any) -> Any:
    """A function of z by that of w, and by that of 1 - w."""

    def f(z: Any, m: Any, n: Any) -> Any:
        ratio = m * z / n
        small = np.less(ratio, 1)
        w = np.where(small, ratio, 1) / (1 + np.where(small, ratio, 1))
        rest = 1 / (1 + np.where(small, 1, ratio))
        return np.where(small, lower(m / 2, n / 2, w), upper(n / 2, m / 2, rest))

    return f


def _ratio_of(lower: Any, upper: Any) -> Any:
    def z(q: Any, m: Any, n: Any) -> Any:
        w, rest = lower(m / 2, n / 2, q), upper(n / 2, m / 2, q)
        small = np.less(w, 0.5)
        w, rest = np.where(small, w, 0.5), np.where(small, 0.5, rest)
        return n / m * np.where(small, w / (1 - w), (1 - rest) / rest)

    return z


def _ratio_logdensity(z: Any, m: Any, n: Any) -> Any:
    """The density of w at w, times w (1 - w), over z."""

    def part(a: Any, b: Any, w: Any) -> Any:
        return log_beta_density(a, b, w) + np.log(w) + np.log1p(-w)

    return _of_ratio(part, part)(z, m, n) - np.log(z)


def _ratio_entropy(m: Any, n: Any) -> Any:
    a, b = m / 2, n / 2
    logs = (np.log(a + b) - np.log(a) - np.log(b)) / 2
    gaps = (a - 1) * digamma_gap(a) + (b + 1) * digamma_gap(b) - (a + b) * digamma_gap(a + b)
    return logs + _remainders(a, b) + gaps


f = Continuous(
    "f",
    on=HALF._replace(closed=False),
    valid=_positive,
    logdensity=_ratio_logdensity,
    cdf=_of_ratio(_lower, _upper),
    sf=_of_ratio(_upper, _lower),
    logcdf=_of_ratio(_log_lower, _log_upper),
    logsf=_of_ratio(_log_upper, _log_lower),
    ppf=_ratio_of(lambda *x: special.betaincinv(*x), lambda *x: special.betainccinv(*x)),
    isf=_ratio_of(lambda *x: special.betainccinv(*x), lambda *x: special.betaincinv(*x)),
    entropy=_ratio_entropy,
    mean=lambda dfn, dfd: where_more(dfd, 2, lambda n: n / (n - 2)) + 0 * dfn,
    var=lambda dfn, dfd: where_more(
        dfd, 4, lambda n: 2 * n * n * (dfn + n - 2) / (dfn * (n - 2) ** 2 * (n - 4))
    ),
)


# -- t ---------------------------------------------------------------------------------------------
def _t_entropy(df: Any) -> Any:
    gap = polygamma_difference(df / 2, 0.5, order=0)
    return (df + 1) / 2 * gap + LOG_SQRT_2PI - half_step(df / 2, order=0)


def _finite(df: Any) -> Any:
    """With so many degrees of freedom it is the normal distribution."""
    return np.minimum(df, 1e18)


t = changed(
    "t",
    Continuous(
        "t",
        on=LINE,
        valid=_positive,
        density=lambda z, df: student_density(df, z),
        logdensity=lambda z, df: log_student(df, z),
        cdf=lambda z, df: deep(special.stdtr(df, z), log_stdtr(df, z)),
        sf=lambda z, df: deep(special.stdtr(df, -z), log_stdtr(df, -z)),
        logcdf=lambda z, df: log_stdtr(df, z),
        logsf=lambda z, df: log_stdtr(df, -z),
        ppf=lambda q, df: special.stdtrit(df, q),
        isf=lambda q, df: -special.stdtrit(df, q),
        mean=lambda df: 0 * df,
    ),
    on=LINE,
    shapes=lambda df: (_finite(df),),
    into=lambda z, df: z,
    out=lambda z, df: z,
    entropy=lambda df: _t_entropy(_finite(df)),
    mean=lambda df: where_more(_finite(df), 1, lambda v: 0 * v),
    var=lambda df: np.where(
        np.greater(df, 1), where_more(_finite(df), 2, lambda v: v / (v - 2)), np.nan
    ),
)
