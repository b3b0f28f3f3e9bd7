"""Discrete families: bernoulli, binom, nbinom, poisson and geom.

The masses are densities of the beta and the gamma family, whose large parts cancel by hand. A
quantile is the first integer whose distribution function reaches q; it jumps: its derivative is 0.
Source of the formulas: Johnson, Kemp and Kotz, Univariate discrete distributions (2005).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..numpy_api.arguments import concrete, is_concrete
from ..primitives import stable
from ..primitives.shaping import stop_gradient
from ..primitives.special.incomplete import log_beta_density, log_gamma_density
from .beta_like import beta
from .distribution import Discrete, Support
from .gamma_like import gamma

ENDLESS = Support(lambda *_: (0.0, np.inf), lambda *_: 1.0)
HALVINGS = 70


def first(on: Support, **formulas: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """ppf and isf: the first integer whose tails have reached q and 1 - q, by the smaller one of
    them. It is found by halving the interval in which Cantelli's inequality says that it is."""
    mean, var, cdf, sf = (formulas[key] for key in ("mean", "var", "cdf", "sf"))

    def reached(k: Any, below: Any, above: Any, *shapes: Any) -> Any:
        low, high = on.limits(*shapes)
        inside = np.where((k < low) | (k >= high), on.inside(*shapes), k)
        by_rest = sf(inside, *shapes) <= above * (1 + 4e-16)
        by_part = cdf(inside, *shapes) >= below * (1 - 4e-16)
        return np.where(k < low, False, (k >= high) | np.where(below < above, by_part, by_rest))

    def search(below: Any, above: Any, *shapes: Any) -> Any:
        below, above, *shapes = np.broadcast_arrays(*map(stop_gradient, (below, above, *shapes)))
        centre, width = mean(*shapes), np.sqrt(var(*shapes))
        odds = np.sqrt(below / above)
        least, most = on.limits(*shapes)
        low = np.maximum(np.floor(centre - width / odds) - 1, least - 1)
        high = np.minimum(np.ceil(centre + width * odds) + 1, most)
        for _ in range(HALVINGS):
            if is_concrete(low) and is_concrete(high) and not np.any(high - low > 1):
                break
            middle = np.floor((low + high) / 2)
            there = reached(middle, below, above, *shapes)
            low, high = np.where(there, low, middle), np.where(there, middle, high)
        return high

    return (
        lambda q, *shapes: search(q, 1 - q, *shapes),
        lambda q, *shapes: search(1 - q, q, *shapes),
    )


def _entropy(name: str, on: Support, **formulas: Any) -> Callable[..., Any]:
    """The sum of -p log(p) over the integers that count."""
    mean, var, log_mass = (formulas[key] for key in ("mean", "var", "logdensity"))

    def entropy(*shapes: Any) -> Any:
        shapes = tuple(np.broadcast_arrays(*shapes))
        plain = [concrete(x, f"the number of terms of {name}.entropy", CURE) for x in shapes]
        low, high = on.limits(*plain)
        centre, width = mean(*plain), 60 * (1 + np.sqrt(var(*plain)) + var(*plain) / mean(*plain))
        good = np.isfinite(centre) & np.isfinite(width)
        low, high = np.maximum(low, centre - width), np.minimum(high, centre + width)
        k = np.arange(
            np.floor(np.min(low, initial=np.inf, where=good)) if np.any(good) else 0,
            np.ceil(np.max(high, initial=0, where=good)) + 1,
        )
        columns = [x[..., None] for x in shapes]
        least, most = (np.asarray(x)[..., None] for x in on.limits(*plain))
        inside = (k >= least) & (k <= most)
        terms = log_mass(np.where(inside, k, least), *columns)
        counts = inside & (terms > -800)
        terms = np.where(counts, terms, 0)
        return -np.sum(np.where(counts, terms * np.exp(terms), 0), axis=-1)

    return entropy


CURE = "pass plain parameters, or sum over the counts that matter"


def discrete(name: str, on: Support, **formulas: Any) -> Discrete:
    """A family with the quantiles of its distribution function."""
    ppf, isf = first(on, **formulas)
    formulas = {"entropy": _entropy(name, on, **formulas), **formulas}
    return Discrete(name, on=on, ppf=ppf, isf=isf, **formulas)


def _is_probability(p: Any) -> Any:
    return np.greater_equal(p, 0) & np.less_equal(p, 1)


def _is_count(n: Any) -> Any:
    return np.greater_equal(n, 0) & np.equal(np.rint(stop_gradient(n)), n)


def _bernoulli_entropy(p: Any) -> Any:
    return -stable.xlogy(p, p) - stable.xlog1py(1 - p, -p)


bernoulli = discrete(
    "bernoulli",
    Support(lambda p: (0.0, 1.0), lambda p: 0.0),
    valid=_is_probability,
    density=lambda k, p: np.where(np.equal(k, 1), p, 1 - p),
    logdensity=lambda k, p: stable.xlogy(k, p) + stable.xlog1py(1 - k, -p),
    cdf=lambda k, p: 1 - p + 0 * k,
    sf=lambda k, p: p + 0 * k,
    logcdf=lambda k, p: np.log1p(-p) + 0 * k,
    logsf=lambda k, p: np.log(p) + 0 * k,
    entropy=_bernoulli_entropy,
    mean=lambda p: p,
    var=lambda p: p * (1 - p),
)
binom = discrete(
    "binom",
    Support(lambda n, p: (0.0, n), lambda n, p: 0 * n),
    valid=lambda n, p: _is_count(n) & _is_probability(p),
    logdensity=lambda k, n, p: log_beta_density(k + 1, n - k + 1, p) - np.log1p(n),
    cdf=lambda k, n, p: beta.of_standard("sf", p, [k + 1, n - k]),
    sf=lambda k, n, p: beta.of_standard("cdf", p, [k + 1, n - k]),
    logcdf=lambda k, n, p: beta.of_standard("logsf", p, [k + 1, n - k]),
    logsf=lambda k, n, p: beta.of_standard("logcdf", p, [k + 1, n - k]),
    mean=lambda n, p: n * p,
    var=lambda n, p: n * p * (1 - p),
)
nbinom = discrete(
    "nbinom",
    ENDLESS,
    valid=lambda n, p: np.greater(n, 0) & np.greater(p, 0) & np.less_equal(p, 1),
    logdensity=lambda k, n, p: log_beta_density(n, k + 1, p) + np.log(p) - np.log(n + k),
    cdf=lambda k, n, p: beta.of_standard("cdf", p, [n, k + 1]),
    sf=lambda k, n, p: beta.of_standard("sf", p, [n, k + 1]),
    logcdf=lambda k, n, p: beta.of_standard("logcdf", p, [n, k + 1]),
    logsf=lambda k, n, p: beta.of_standard("logsf", p, [n, k + 1]),
    mean=lambda n, p: n * (1 - p) / p,
    var=lambda n, p: n * (1 - p) / p / p,
)
poisson = discrete(
    "poisson",
    ENDLESS,
    valid=lambda mu: np.greater_equal(mu, 0),
    logdensity=lambda k, mu: log_gamma_density(k + 1, mu),
    cdf=lambda k, mu: gamma.of_standard("sf", mu, [k + 1]),
    sf=lambda k, mu: gamma.of_standard("cdf", mu, [k + 1]),
    logcdf=lambda k, mu: gamma.of_standard("logsf", mu, [k + 1]),
    logsf=lambda k, mu: gamma.of_standard("logcdf", mu, [k + 1]),
    mean=lambda mu: mu,
    var=lambda mu: mu,
)
geom = discrete(
    "geom",
    Support(lambda p: (1.0, np.inf), lambda p: 1.0),
    valid=lambda p: np.greater(p, 0) & np.less_equal(p, 1),
    logdensity=lambda k, p: stable.xlog1py(k - 1, -p) + np.log(p),
    cdf=lambda k, p: -np.expm1(k * np.log1p(-p)),
    sf=lambda k, p: np.exp(k * np.log1p(-p)),
    logcdf=lambda k, p: stable.log1mexp(-k * np.log1p(-p)),
    logsf=lambda k, p: k * np.log1p(-p),
    entropy=lambda p: _bernoulli_entropy(p) / p,
    mean=lambda p: 1 / p,
    var=lambda p: (1 - p) / p / p,
)
