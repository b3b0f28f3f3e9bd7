"""Forms of autodiff.stats: of every family the logarithm of its density, and more of some."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.stats
from forms import Form
from forms_special import in_double

from autodiff import stats

x = np.array([0.3, 0.8, 1.7])
p = np.array([0.2, 0.5, 0.9])
k = np.array([0, 1, 3])
A = np.array([[0.6, -0.3, 0.2], [0.1, 0.9, -0.4], [-0.2, 0.3, 1.1]])

# Of a point, loc and scale; with shapes before them.
LINES = "norm laplace logistic cauchy gumbel_l gumbel_r".split()
RAYS = "expon rayleigh".split()
SHAPED = {
    "lognorm": 0.7, "weibull_min": 1.6, "gamma": 2.3, "chi2": 3.1, "t": 6.2,
    "genpareto": 0.2, "genextreme": -0.2, "skewnorm": 1.4, "vonmises": 1.3, "invgauss": 0.9,
}  # fmt: skip
COUNTED = [
    (name, method, shapes)
    for name, shapes in (("nbinom", (2.5, 0.4)), ("poisson", (1.8,)))
    for method in ("logpmf", "cdf")
]


def form(call: str, f: Callable[..., Any], *args: Any, **more: Any) -> Form:
    return Form(f"autodiff.stats.{call}", f, *args, **{"reference": in_double(f), **more})


def counted(name: str, method: str) -> Callable[..., Any]:
    return lambda *shapes: getattr(getattr(stats, name), method)(k, *shapes)


def of_vectors(v: Any, mean: Any, b: Any) -> Any:
    return stats.multivariate_normal.logpdf(v, mean, b @ b.T)


FORMS = [
    *(
        form(f"{name}.logpdf(x, loc, scale)", getattr(stats, name).logpdf, x, 0.1, 1.3)
        for name in LINES
    ),
    *(
        form(f"{name}.logsf(x, loc, scale)", getattr(stats, name).logsf, x, 0.1, 1.3)
        for name in LINES
    ),
    *(
        form(f"{name}.logpdf(x, loc, scale)", getattr(stats, name).logpdf, x, 0.1, 1.3)
        for name in RAYS
    ),
    *(
        form(f"{name}.logpdf(x, shape, loc, scale)", getattr(stats, name).logpdf, x, a, 0.1, 1.3)
        for name, a in SHAPED.items()
    ),
    *(form(f"{name}.cdf(x, shape)", getattr(stats, name).cdf, x, a) for name, a in SHAPED.items()),
    *(
        form(f"{name}.ppf(q, shape)", getattr(stats, name).ppf, p, SHAPED[name])
        for name in ("gamma", "t", "genpareto", "lognorm", "invgauss")
    ),
    form("uniform.pdf(x, loc, scale)", stats.uniform.pdf, x, 0.1, 2.3),
    form("invgamma.logpdf(x, a)", lambda x, a: stats.invgamma.logpdf(x + 1, a), x, 2.5),
    form("pareto.logpdf(x, b)", lambda x, b: stats.pareto.logpdf(x + 1, b), x, 1.7),
    form("weibull_max.logcdf(x, c)", lambda x, c: stats.weibull_max.logcdf(-x, c), x, 1.7),
    form("beta.logpdf(x, a, b)", stats.beta.logpdf, p, 1.7, 2.4),
    form("beta.cdf(x, a, b)", stats.beta.cdf, p, 1.7, 2.4),
    form("beta.ppf(q, a, b)", stats.beta.ppf, p, 1.7, 2.4),
    form("f.logpdf(x, dfn, dfd)", stats.f.logpdf, x, 3.7, 5.4),
    form("f.sf(x, dfn, dfd)", stats.f.sf, x, 3.7, 5.4),
    form("truncnorm.logpdf(x, a, b)", stats.truncnorm.logpdf, x, -0.7, 2.4),
    form("truncnorm.cdf(x, a, b)", stats.truncnorm.cdf, x, -0.7, 2.4),
    form("bernoulli.logpmf(k, p)", lambda p: stats.bernoulli.logpmf(k[:2], p), 0.3),
    form("binom.logpmf(k, n, p)", lambda p: stats.binom.logpmf(k, 5, p), p),
    form("binom.cdf(k, n, p)", lambda p: stats.binom.cdf(k, 5, p), p),
    form("geom.logpmf(k, p)", lambda p: stats.geom.logpmf(k + 1, p), p),
    *(form(f"{name}.{method}(k, ...)", counted(name, method), *s) for name, method, s in COUNTED),
    form("multivariate_normal.logpdf(x, mean, cov)", of_vectors, x, p, A),
    form("multivariate_normal.logpdf(X, mean, cov)", of_vectors, A, p, A),
    form("dirichlet.logpdf(x, alpha)", lambda a: stats.dirichlet.logpdf([0.2, 0.3, 0.5], a), x),
    form(
        "multinomial.logpmf(x, n, p)",
        lambda z: stats.multinomial.logpmf([1, 2, 1], 4, z / np.sum(z)),
        x,
    ),
    form("gamma.rvs(a)", lambda a: stats.gamma.rvs(a, size=2, random_state=1), 2.3),
    form("norm.logpdf(float32)", stats.norm.logpdf, x.astype(np.float32), 0.1, 1.3),
    form("norm.logpdf(integers)", lambda s: stats.norm.logpdf(k, 1, s), 1.3),
    form("norm.entropy(loc, scale)", lambda s: stats.norm.entropy(0.0, s), 1.3),
    form("gamma.entropy(a)", stats.gamma.entropy, 2.3),
    form(
        "bernoulli.rvs(p)",
        lambda p: stats.bernoulli.rvs(p, size=2, random_state=1),
        0.3,
        refused="jumps",
    ),
    Form(
        "scipy.stats.gamma.logpdf(x, a)",
        lambda a: scipy.stats.gamma.logpdf(x, a),
        2.3,
        refused="use autodiff.stats.gamma",
    ),
    Form(
        "scipy.stats.poisson(mu).logpmf(k)",
        lambda mu: scipy.stats.poisson(mu).logpmf(2),
        2.3,
        refused="use autodiff.stats.poisson",
    ),
]
