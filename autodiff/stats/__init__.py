"""The distributions of scipy.stats, on plain arrays and on tracked values.

SciPy's own families do not accept tracked values. These have the same names, parameters and methods
(pdf, logpdf, pmf, logpmf, cdf, logcdf, sf, logsf, ppf, isf, entropy, mean, var, std, support, rvs),
and are differentiable in points, probabilities, `loc`, `scale` and shapes. Bad parameters give nan.
The values are formulas of their own, the same for plain and for tracked values. They need SciPy.

>>> import numpy as np, autodiff as ad
>>> from autodiff.stats import norm
>>> ad.grad(lambda scale: norm.logpdf(3.0, 1.0, scale))(2.0)
np.float64(0.0)
"""

from ..base.module_names import names_of
from .beta_like import beta, f, t
from .discrete import bernoulli, binom, geom, nbinom, poisson
from .extremes import genextreme, genpareto
from .gamma_like import chi2, gamma, invgamma
from .multivariate import dirichlet, multinomial, multivariate_normal
from .normal_like import invgauss, skewnorm, truncnorm, vonmises
from .plain import (
    cauchy,
    expon,
    gumbel_l,
    gumbel_r,
    laplace,
    logistic,
    lognorm,
    norm,
    pareto,
    rayleigh,
    uniform,
    weibull_max,
    weibull_min,
)

__all__ = [
    "bernoulli",
    "beta",
    "binom",
    "cauchy",
    "chi2",
    "dirichlet",
    "expon",
    "f",
    "gamma",
    "genextreme",
    "genpareto",
    "geom",
    "gumbel_l",
    "gumbel_r",
    "invgamma",
    "invgauss",
    "laplace",
    "logistic",
    "lognorm",
    "multinomial",
    "multivariate_normal",
    "nbinom",
    "norm",
    "pareto",
    "poisson",
    "rayleigh",
    "skewnorm",
    "t",
    "truncnorm",
    "uniform",
    "vonmises",
    "weibull_max",
    "weibull_min",
]
__getattr__, __dir__ = names_of(__name__, __all__)
