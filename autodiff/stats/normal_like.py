"""Families near the normal one: truncnorm, skewnorm, invgauss and vonmises.

Where a distribution function has no formula that holds in its tails, it is the integral of the
density beyond the point, by Gauss's rule, as for `primitives.special.moments`; the derivatives are
those of the integral, to every order.
Source of the formulas: Johnson, Kotz and Balakrishnan (1994); Azzalini, A class of distributions
which includes the normal ones (1985); Mardia and Jupp, Directional statistics (2000).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..primitives import stable
from ..primitives.shaping import stop_gradient
from ..primitives.special.borrowed import special
from ..primitives.special.moments import DEPTH, gauss, summed
from .distribution import Continuous, Support
from .plain import HALF, LINE, LOG_2, LOG_SQRT_2PI
from .quantiles import inverted

SQRT2 = math.sqrt(2.0)


def log_of_log(part: Any, rest: Any) -> Any:
    """The logarithm of a part, from those of the part and of the rest, whichever is smaller."""
    most = np.greater(part, -LOG_2)
    return np.where(most, stable.log1mexp(-np.where(most, rest, -1)), part)


# -- truncnorm -------------------------------------------------------------------------------------
def log_mass(a: Any, b: Any) -> Any:
    """log(ndtr(b) - ndtr(a)) for a < b: by Gauss's rule where they are near each other, else by the
    tail on whose side both are, or by erf."""
    right, left = np.greater(a, 0), np.less(b, 0)
    narrow = (b - a) * (1 + np.maximum(np.abs(a), np.abs(b))) < 1
    start, end = np.where(narrow, a, 0.0), np.where(narrow, b, 0.5)
    nodes, weights = np.polynomial.legendre.leggauss(10)
    middle, half = (start + end) / 2, (end - start) / 2
    shift = half[..., None] * nodes
    change = np.exp(-shift * (middle[..., None] + shift / 2))
    near = np.log(np.sum(weights * change, axis=-1)) + np.log(half) - middle**2 / 2 - LOG_SQRT_2PI

    one_side = (right | left) & ~narrow
    inner = np.where(one_side, np.where(right, -a, b), -1.0)
    outer = np.where(one_side, np.where(right, -b, a), -2.0)
    top = special.log_ndtr(inner)
    side = top + stable.log1mexp(top - special.log_ndtr(outer))

    low, high = np.where(narrow | one_side, -1.0, a), np.where(narrow | one_side, 1.0, b)
    across = np.log((special.erf(high / SQRT2) - special.erf(low / SQRT2)) / 2)
    return np.where(narrow, near, np.where(one_side, side, across))


def _truncnorm_logcdf(z: Any, a: Any, b: Any) -> Any:
    whole = log_mass(a, b)
    return log_of_log(log_mass(a, z) - whole, log_mass(z, b) - whole)


def _truncnorm_logsf(z: Any, a: Any, b: Any) -> Any:
    whole = log_mass(a, b)
    return log_of_log(log_mass(z, b) - whole, log_mass(a, z) - whole)


def _truncnorm_ppf(q: Any, a: Any, b: Any) -> Any:
    """From the side of 0 on which it lies."""
    whole = log_mass(a, b)
    from_left = np.logaddexp(special.log_ndtr(a), np.log(q) + whole)
    from_right = np.logaddexp(special.log_ndtr(-b), np.log1p(-q) + whole)
    left = np.less(from_left, -LOG_2)
    below = special.ndtri_exp(np.where(left, from_left, -1.0))
    return np.where(left, below, -special.ndtri_exp(np.where(left, -1.0, from_right)))


def _truncnorm_mean(a: Any, b: Any, of: Callable[[Any], Any]) -> Any:
    """The mean of a function, over the part of the interval that counts."""
    a, b = np.broadcast_arrays(a, b)
    depth = 2 * DEPTH
    low, high = stop_gradient(a), stop_gradient(b)
    inner = np.clip(0.0, low, high)
    reach = np.sqrt(inner * inner + depth)
    start = np.where(np.greater(low, -reach), a, -reach)
    end = np.where(np.less(high, reach), b, reach)
    nodes, weights = gauss()
    z = start[..., None] + (end - start)[..., None] * nodes
    weights = weights * np.exp((inner[..., None] ** 2 - z * z) / 2)
    return np.sum(weights * of(z), axis=-1) / np.sum(weights, axis=-1)


def _truncnorm_var(a: Any, b: Any) -> Any:
    mean = _truncnorm_mean(a, b, lambda z: z)
    return _truncnorm_mean(a, b, lambda z: (z - mean[..., None]) ** 2)


truncnorm = Continuous(
    "truncnorm",
    on=Support(
        lambda a, b: (a, b),
        lambda a, b: np.clip(0.0, a, b),
    ),
    valid=lambda a, b: np.less(a, b),
    logdensity=lambda z, a, b: -z * z / 2 - LOG_SQRT_2PI - log_mass(a, b),
    cdf=lambda z, a, b: np.exp(_truncnorm_logcdf(z, a, b)),
    sf=lambda z, a, b: np.exp(_truncnorm_logsf(z, a, b)),
    logcdf=_truncnorm_logcdf,
    logsf=_truncnorm_logsf,
    ppf=_truncnorm_ppf,
    isf=lambda q, a, b: -_truncnorm_ppf(q, -b, -a),
    entropy=lambda a, b: LOG_SQRT_2PI + log_mass(a, b) + _truncnorm_mean(a, b, lambda z: z * z) / 2,
    mean=lambda a, b: _truncnorm_mean(a, b, lambda z: z),
    var=_truncnorm_var,
)


# -- skewnorm and vonmises, by the integral of the tail --------------------------------------------
def log_tail(log_density: Callable[[Any], Any], z: Any, end: Any, scale: Any) -> Any:
    """The logarithm of the integral of a density from z to z + end; it bends at 0, by `scale`."""
    scale = np.broadcast_arrays(stop_gradient(scale), z)[0]
    at = log_density(z)

    def integrand(v: Any) -> Any:
        return np.exp(log_density(z[..., None] + v * scale[..., None]) - at[..., None])

    whole = summed(end / scale, -stop_gradient(z) / scale, integrand) * scale
    return at + np.log(np.abs(whole))


def integral(f: Callable[[Any], Any], end: Any, scale: Any) -> Any:
    """The integral of f from 0 to `end`."""
    end, scale = np.broadcast_arrays(stop_gradient(end), stop_gradient(scale))
    return summed(end / scale, 0 * scale, lambda v: f(v * scale[..., None])) * scale


def _skewnorm_logdensity(z: Any, a: Any) -> Any:
    return LOG_2 - LOG_SQRT_2PI - z * z / 2 + special.log_ndtr(a * z)


def _skewnorm_log_tail(z: Any, a: Any, sign: int) -> Any:
    """Of the side where z has this sign, at infinity."""
    z, a = np.broadcast_arrays(z, a)
    w = sign * z
    bend = 1 + np.where(np.less(sign * a, 0), a * a, 0)
    depth = 2 * (DEPTH + 5) / bend
    outside = np.maximum(w, 0)
    end = np.maximum(-w, 0) + depth / (np.sqrt(outside**2 + depth) + outside)
    return log_tail(
        lambda t: _skewnorm_logdensity(t, a if np.ndim(t) == np.ndim(a) else a[..., None]),
        z,
        stop_gradient(sign * end),
        1 / np.sqrt(1 + a * a),
    )


def _skewnorm_side(sign: int) -> Callable[..., Any]:
    """The logarithm of the tail of this side: of the other one, beyond the mean."""

    def log_part(z: Any, a: Any) -> Any:
        mean = _skewnorm_mean(a)
        beyond = np.greater(sign * z, sign * mean)
        part = _skewnorm_log_tail(np.where(beyond, z, mean), a, sign)
        rest = _skewnorm_log_tail(np.where(beyond, mean, z), a, -sign)
        return np.where(beyond, part, np.log1p(-np.exp(rest)))

    return log_part


def _skewnorm_mean(a: Any) -> Any:
    return math.sqrt(2 / math.pi) * a / np.hypot(1, a)


def _skewnorm_entropy(a: Any) -> Any:
    def part(z: Any) -> Any:
        y = _skewnorm_logdensity(z, a[..., None])
        return y * np.exp(y)

    reach, scale = math.sqrt(2 * DEPTH) + 0 * a, 1 / np.sqrt(1 + a * a)
    return integral(part, -reach, scale) - integral(part, reach, scale)


_skewnorm_logcdf, _skewnorm_logsf = _skewnorm_side(-1), _skewnorm_side(1)
skewnorm = Continuous(
    "skewnorm",
    on=LINE,
    valid=np.isfinite,
    logdensity=_skewnorm_logdensity,
    cdf=lambda z, a: np.exp(_skewnorm_logcdf(z, a)),
    sf=lambda z, a: np.exp(_skewnorm_logsf(z, a)),
    logcdf=_skewnorm_logcdf,
    logsf=_skewnorm_logsf,
    ppf=inverted(_skewnorm_logcdf, _skewnorm_logdensity, lambda a: (-39.0, 39.0), lower=True),
    isf=inverted(_skewnorm_logsf, _skewnorm_logdensity, lambda a: (-39.0, 39.0), lower=False),
    entropy=_skewnorm_entropy,
    mean=_skewnorm_mean,
    var=lambda a: 1 - 2 / math.pi * (a * a / (1 + a * a)),
)


def _vonmises_logdensity(z: Any, kappa: Any) -> Any:
    return kappa * special.cosm1(z) - np.log(special.i0e(kappa)) - 2 * LOG_SQRT_2PI


def _vonmises_tail(r: Any, kappa: Any) -> Any:
    """The logarithm of the integral from r to pi, for r >= 0."""
    r, kappa = np.broadcast_arrays(r, kappa)
    floor = stop_gradient(np.cos(r) - (DEPTH + 1) / np.maximum(kappa, 1e-9))
    end = np.where(floor > -1, np.arccos(np.maximum(floor, -1)) - stop_gradient(r), math.pi - r)
    return log_tail(
        lambda t: _vonmises_logdensity(
            t, kappa if np.ndim(t) == np.ndim(kappa) else kappa[..., None]
        ),
        r,
        end,
        1 / np.sqrt(1 + kappa),
    )


def _vonmises_cdf(z: Any, kappa: Any) -> Any:
    """SciPy's goes on beyond pi: whole turns are counted."""
    turns = stop_gradient(np.rint(z / (2 * math.pi)))
    r = z - 2 * math.pi * turns
    right = np.greater(r, 0)
    tail = np.exp(_vonmises_tail(np.where(right, r, -r), kappa))
    return turns + np.where(right, 1 - tail, tail)


def _vonmises_logcdf(z: Any, kappa: Any) -> Any:
    inside = np.less(np.abs(z), math.pi)
    left = np.less(z, 0)
    tail = _vonmises_tail(np.where(inside, np.where(left, -z, z), 1.0), kappa)
    beyond = np.log(np.where(inside, 0.5, _vonmises_cdf(z, kappa)))
    return np.where(inside, np.where(left, tail, np.log1p(-np.exp(tail))), beyond)


def _vonmises_entropy(kappa: Any) -> Any:
    ratio = special.i1e(kappa) / special.i0e(kappa)
    return kappa * (1 - ratio) + np.log(special.i0e(kappa)) + 2 * LOG_SQRT_2PI


def _vonmises_var(kappa: Any) -> Any:
    """Of an angle between -pi and pi."""

    def part(z: Any) -> Any:
        return z * z * np.exp(_vonmises_logdensity(z, kappa[..., None]))

    floor = stop_gradient(1 - DEPTH / np.maximum(kappa, 1e-9))
    return 2 * integral(part, np.arccos(np.maximum(floor, -1)), 1 / np.sqrt(1 + kappa))


vonmises = Continuous(
    "vonmises",
    on=LINE,
    valid=lambda kappa: np.greater_equal(kappa, 0),
    logdensity=_vonmises_logdensity,
    cdf=_vonmises_cdf,
    sf=lambda z, kappa: _vonmises_cdf(-z, kappa),
    logcdf=_vonmises_logcdf,
    logsf=lambda z, kappa: _vonmises_logcdf(-z, kappa),
    ppf=inverted(_vonmises_logcdf, _vonmises_logdensity, lambda k: (-math.pi, math.pi), lower=True),
    isf=inverted(
        lambda z, k: _vonmises_logcdf(-z, k),
        _vonmises_logdensity,
        lambda k: (-math.pi, math.pi),
        lower=False,
    ),
    entropy=_vonmises_entropy,
    mean=lambda kappa: 0 * kappa,
    var=_vonmises_var,
)


# -- invgauss: exp(2 / mu) ndtr(-b) by erfcx, as both factors overflow -----------------------------
def _invgauss_parts(z: Any, mu: Any) -> tuple[Any, Any, Any]:
    root = np.sqrt(z)
    a, b = (z / mu - 1) / root, (z / mu + 1) / root
    return a, b, np.exp(-a * a / 2) / 2


def _invgauss_cdf(z: Any, mu: Any) -> Any:
    a, b, weight = _invgauss_parts(z, mu)
    return special.ndtr(a) + weight * special.erfcx(b / SQRT2)


def _invgauss_sf(z: Any, mu: Any) -> Any:
    a, b, weight = _invgauss_parts(z, mu)
    right = np.greater(a, 0)
    tail = special.erfcx(np.where(right, a, 0) / SQRT2) - special.erfcx(b / SQRT2)
    return np.where(right, weight * tail, 1 - _invgauss_cdf(z, mu))


def _invgauss_logcdf(z: Any, mu: Any) -> Any:
    a, b, _ = _invgauss_parts(z, mu)
    left = np.less(a, 0)
    tails = special.erfcx(-np.where(left, a, 0) / SQRT2) + special.erfcx(b / SQRT2)
    return np.where(left, np.log(tails) - a * a / 2 - LOG_2, np.log1p(-_invgauss_sf(z, mu)))


def _invgauss_logsf(z: Any, mu: Any) -> Any:
    a, b, _ = _invgauss_parts(z, mu)
    right = np.greater(a, 0)
    tail = special.erfcx(np.where(right, a, 0) / SQRT2) - special.erfcx(b / SQRT2)
    below = np.where(right, 0.25, _invgauss_cdf(z, mu))
    return np.where(right, np.log(tail) - a * a / 2 - LOG_2, np.log1p(-below))


def _invgauss_logdensity(z: Any, mu: Any) -> Any:
    return -LOG_SQRT_2PI - 1.5 * np.log(z) - ((z - mu) / mu) ** 2 / (2 * z)


def _invgauss_bracket(mu: Any) -> tuple[Any, Any]:
    """Where a is -39 and 39."""
    root = np.sqrt(39.0**2 + 4 / mu)
    return (2 / (39 + root)) ** 2, ((39 + root) * mu / 2) ** 2


def _invgauss_entropy(mu: Any) -> Any:
    """exp(r) E1(r) for r = 2 / mu, by hyperu, which does not overflow."""
    return (1 + 2 * LOG_SQRT_2PI + 3 * np.log(mu) - 3 * special.hyperu(1.0, 1.0, 2 / mu)) / 2


invgauss = Continuous(
    "invgauss",
    on=HALF._replace(closed=False),
    valid=lambda mu: np.greater(mu, 0) & np.isfinite(mu),
    logdensity=_invgauss_logdensity,
    cdf=_invgauss_cdf,
    sf=_invgauss_sf,
    logcdf=_invgauss_logcdf,
    logsf=_invgauss_logsf,
    ppf=inverted(_invgauss_logcdf, _invgauss_logdensity, _invgauss_bracket, lower=True),
    isf=inverted(_invgauss_logsf, _invgauss_logdensity, _invgauss_bracket, lower=False),
    entropy=_invgauss_entropy,
    mean=lambda mu: mu,
    var=lambda mu: mu**3,
)
