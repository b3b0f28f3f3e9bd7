"""Families made of the incomplete gamma function: gamma, chi2 and invgamma.

Source of the formulas: Johnson, Kotz and Balakrishnan, Continuous univariate distributions (1994).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives.special.borrowed import special
from ..primitives.special.incomplete import (
    digamma_gap,
    gamma_density,
    log_gamma_density,
    log_gammainc,
    stirling_remainder,
)
from .distribution import Continuous, changed, deep
from .plain import HALF, LOG_2, LOG_SQRT_2PI, where_more


def gamma_entropy(a: Any) -> Any:
    """Without the large parts of log gamma and digamma, which cancel."""
    leading = LOG_SQRT_2PI + np.log(a) / 2
    return leading + stirling_remainder(a) + (a - 1) * digamma_gap(a)


gamma = Continuous(
    "gamma",
    on=HALF,
    valid=lambda a: np.greater(a, 0),
    density=lambda z, a: gamma_density(a, z),
    logdensity=lambda z, a: log_gamma_density(a, z),
    cdf=lambda z, a: deep(special.gammainc(a, z), log_gammainc(a, z, lower=True)),
    sf=lambda z, a: deep(special.gammaincc(a, z), log_gammainc(a, z, lower=False)),
    logcdf=lambda z, a: log_gammainc(a, z, lower=True),
    logsf=lambda z, a: log_gammainc(a, z, lower=False),
    ppf=lambda q, a: special.gammaincinv(a, q),
    isf=lambda q, a: special.gammainccinv(a, q),
    entropy=gamma_entropy,
    mean=lambda a: a,
    var=lambda a: a,
)
chi2 = changed(
    "chi2",
    gamma,
    on=HALF,
    shapes=lambda df: (df / 2,),
    into=lambda z, df: z / 2,
    out=lambda z, df: 2 * z,
    log_slope=lambda z, df: -LOG_2,
    entropy=lambda df: gamma_entropy(df / 2) + LOG_2,
    mean=lambda df: df,
    var=lambda df: 2 * df,
)
invgamma = changed(
    "invgamma",
    gamma,
    on=HALF._replace(closed=False),
    falls=True,
    into=lambda z, a: 1 / z,
    out=lambda z, a: 1 / z,
    log_slope=lambda z, a: -2 * np.log(z),
    entropy=lambda a: gamma_entropy(a) - 2 * (np.log(a) - digamma_gap(a)),
    mean=lambda a: where_more(a, 1, lambda a: 1 / (a - 1)),
    var=lambda a: where_more(a, 2, lambda a: 1 / ((a - 1) ** 2 * (a - 2))),
)
