"""Families of extremes, genextreme and genpareto: gumbel_r and expon of a stretched variable.

The variable is w = log(1 + c z) / c, which is z at c = 0, and smooth there.
Source of the formulas: Coles, An introduction to statistical modeling of extreme values (2001).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives.special.borrowed import special
from ..primitives.special.elementary import log1prel
from .distribution import Support, changed
from .plain import EULER, expon, gumbel_r, where_more


def _zeta(s: int) -> float:
    """1 + 2^-s + 3^-s + ... by the formula of Euler and Maclaurin."""
    m = 30.0
    rest = m / (s - 1) + 0.5 + s / (12 * m) - s * (s + 1) * (s + 2) / (720 * m**3)
    return sum(n**-s for n in range(1, 30)) + m**-s * rest


ZETAS = tuple(map(_zeta, range(2, 45)))


def stretched(z: Any, c: Any) -> Any:
    return z * log1prel(c * z, order=0)


def shrunk(w: Any, c: Any) -> Any:
    """Its inverse, expm1(c w) / c."""
    return w * special.exprel(c * w)


def log_gamma_part(c: Any) -> Any:
    """log(gamma(1 + c)) / c."""
    near, series = _near(c), 0.0
    x = np.where(near, c, 0)
    for k in range(len(ZETAS) + 1, 1, -1):
        series = (series + (-1) ** k * ZETAS[k - 2] / k) * x
    far = np.where(near, 1, c)
    return np.where(near, series - EULER, special.gammaln(1 + far) / far)


def log_gamma_bend(c: Any) -> Any:
    """log(gamma(1 + 2 c) / gamma(1 + c)^2) / c^2."""
    near, series = _near(c), 0.0
    x = np.where(near, c, 0)
    for k in range(len(ZETAS) + 1, 1, -1):
        series = series * x + (-1) ** k * ZETAS[k - 2] * (2.0**k - 2) / k
    far = np.where(near, 1, c)
    return np.where(
        near, series, (special.gammaln(1 + 2 * far) - 2 * special.gammaln(1 + far)) / far**2
    )


def _near(c: Any) -> Any:
    return np.abs(c) < 0.2


def gamma_mean(c: Any) -> Any:
    """(gamma(1 + c) - 1) / c."""
    part = log_gamma_part(c)
    return part * special.exprel(c * part)


def gamma_var(c: Any) -> Any:
    """(gamma(1 + 2 c) - gamma(1 + c)^2) / c^2."""
    bend = log_gamma_bend(c)
    return bend * special.exprel(c * c * bend) * np.exp(2 * c * log_gamma_part(c))


def _end(c: Any, sign: int) -> Any:
    """-1 / c, where the support has an end on this side."""
    there = np.greater(sign * c, 0)
    return np.where(there, -1 / np.where(there, c, 1), -sign * np.inf)


def _where_above(c: Any, least: float, formula: Any) -> Any:
    there = np.greater_equal(c, least)
    return np.where(there, formula(np.where(there, c, 0)), np.nan)


def _times(factor: Any, w: Any) -> Any:
    """factor w, and 0 for factor 0 at the end, where w is infinite."""
    return np.where(np.equal(factor, 0), 0, factor * w)


genpareto = changed(
    "genpareto",
    expon,
    on=Support(lambda c: (0.0, _end(c, -1)), lambda c: 1 / (2 + np.abs(c))),
    shapes=lambda c: (),
    valid=np.isfinite,
    into=lambda z, c: stretched(z, c),
    out=lambda w, c: shrunk(w, c),
    logdensity=lambda z, c: -_times(1 + c, stretched(z, c)),
    entropy=lambda c: 1 + c,
    mean=lambda c: where_more(-c, -1, lambda d: 1 / (1 + d)),
    var=lambda c: -_where_above(-c, -0.5, lambda d: -1 / ((1 + d) ** 2 * (1 + 2 * d))),
)
genextreme = changed(
    "genextreme",
    gumbel_r,
    on=Support(lambda c: (_end(-c, 1), _end(-c, -1)), lambda c: 0.0),
    shapes=lambda c: (),
    valid=np.isfinite,
    into=lambda z, c: stretched(z, -c),
    out=lambda w, c: shrunk(w, -c),
    logdensity=lambda z, c: -_times(1 - c, stretched(z, -c)) - np.exp(-stretched(z, -c)),
    entropy=lambda c: EULER * (1 - c) + 1,
    mean=lambda c: _where_above(c, -1, lambda c: -gamma_mean(c)),
    var=lambda c: _where_above(c, -0.5, gamma_var),
)
