"""Families of vectors: multivariate_normal, dirichlet and multinomial.

Source: Kotz, Balakrishnan and Johnson, Continuous multivariate distributions (2000).
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import numpy as np

from .. import linalg
from ..base.errors import MissingExtraError, refuse
from ..base.shapes import shape_of
from ..numpy_api.arguments import concrete, number
from ..primitives import stable
from ..primitives.require import require
from ..primitives.special.borrowed import special
from ..rules.primitive import Traced
from .distribution import real
from .gamma_like import gamma
from .plain import LOG_SQRT_2PI


class Multivariate:
    """A family of distributions of vectors, called as SciPy's, or frozen with its parameters."""

    methods: tuple[str, ...] = ()

    def __init__(self, name: str) -> None:
        self.__name__ = self.name = name
        self.__doc__ = f"{name}: {type(self).__doc__}"

    def __repr__(self) -> str:
        return f"autodiff.stats.{self.name}"

    def __call__(self, *args: Any, **kwds: Any) -> FrozenVector:
        return FrozenVector(self, args, kwds)

    def draws(self, *args: Any, size: Any, random_state: Any) -> Any:
        try:
            stats = importlib.import_module("scipy.stats")
        except ImportError:
            raise MissingExtraError(f"{self.name}.rvs needs SciPy: pip install scipy") from None
        return getattr(stats, self.name).rvs(*args, size=size, random_state=random_state)


class FrozenVector:
    """A family of vectors with its parameters."""

    def __init__(self, family: Multivariate, args: tuple[Any, ...], kwds: dict[str, Any]) -> None:
        self.dist, self.args, self.kwds = family, args, kwds

    def __getattr__(self, name: str) -> Any:
        if name not in self.dist.methods:
            raise AttributeError(f"{self.dist!r} has no method {name!r}", name=name)
        method = getattr(self.dist, name)
        if name in ("pdf", "logpdf", "pmf", "logpmf"):
            return lambda x: method(x, *self.args, **self.kwds)
        return partial(method, *self.args, **self.kwds)


class MultivariateNormal(Multivariate):
    """normal vectors; the last axis of x is the vector. `cov` is a matrix, of which the symmetric
    part counts, a vector (a diagonal) or a number."""

    methods = ("pdf", "logpdf", "entropy", "rvs")

    def parameters(self, mean: Any, cov: Any, x: Any = None) -> tuple[Any, Any]:
        cov = real(cov, f"{self.name}: cov")
        mean = None if mean is None else np.atleast_1d(real(mean, f"{self.name}: mean"))
        size = shape_of(cov)[0] if shape_of(cov) else 1
        if mean is not None:
            size = max(size, shape_of(mean)[0])
        if len(shape_of(cov)) == 0:
            cov = cov * np.eye(size)
        elif len(shape_of(cov)) == 1:
            cov = cov[:, None] * np.eye(size)
        if shape_of(cov) != (size, size) or (mean is not None and shape_of(mean) != (size,)):
            raise ValueError(
                f"{self.name}: a mean of shape {np.shape(mean)} and a cov of shape {shape_of(cov)}"
            )
        mean = np.zeros(size) if mean is None else mean
        return mean, np.linalg.cholesky((cov + cov.T) / 2)

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1) -> Any:
        """The logarithm of the density at vectors x (..., d)."""
        mean, factor = self.parameters(mean, cov)
        x, size = real(x, f"{self.name}.logpdf"), shape_of(mean)[0]
        if len(shape_of(x)) == 0:
            x = np.reshape(x, (1,))
        elif len(shape_of(x)) == 1 and size == 1:
            x = x[:, None]
        columns = np.reshape(x - mean, (-1, size)).T
        white = linalg.solve_triangular(factor, columns, lower=True)
        squares = np.reshape(np.sum(white * white, axis=0), shape_of(x)[:-1])
        half_log_det = np.sum(np.log(np.diagonal(factor)))
        return number(-(size * LOG_SQRT_2PI + half_log_det) - squares / 2)

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1) -> Any:
        return np.exp(self.logpdf(x, mean, cov))

    def entropy(self, mean: Any = None, cov: Any = 1) -> Any:
        mean, factor = self.parameters(mean, cov)
        return (LOG_SQRT_2PI + 0.5) * shape_of(mean)[0] + np.sum(np.log(np.diagonal(factor)))

    def rvs(self, mean: Any = None, cov: Any = 1, size: Any = 1, random_state: Any = None) -> Any:
        """mean + L z for standard normal z and cov = L L^T."""
        mean, factor = self.parameters(mean, cov)
        d = shape_of(mean)[0]
        count = (size,) if isinstance(size, int) else tuple(size or ())
        z = self.draws(np.zeros(d), np.eye(d), size=size, random_state=random_state)
        return number(np.squeeze(mean + np.reshape(z, (*count, d)) @ factor.T))


class Dirichlet(Multivariate):
    """vectors x of positive numbers that add up to 1, along the first axis; x may lack the last."""

    methods = ("pdf", "logpdf", "entropy", "mean", "var", "cov", "rvs")

    def parameters(self, alpha: Any) -> Any:
        alpha = real(alpha, f"{self.name}: alpha")
        require(np.all(np.greater(alpha, 0)), ValueError("All parameters must be greater than 0"))
        return alpha

    def logpdf(self, x: Any, alpha: Any) -> Any:
        alpha, x = self.parameters(alpha), real(x, f"{self.name}.logpdf")
        if shape_of(x)[0] + 1 == shape_of(alpha)[0]:
            x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
        if shape_of(x)[0] != shape_of(alpha)[0]:
            raise ValueError(f"{self.name}: x of shape {shape_of(x)}, alpha of {shape_of(alpha)}")
        inside = np.all((x >= 0) & (x <= 1)) & np.all(np.abs(np.sum(x, axis=0) - 1) < 1e-9)
        require(inside, ValueError("x must lie within the simplex: numbers >= 0 with sum 1"))
        total = np.sum(stable.xlogy((alpha - 1).T, x.T).T, axis=0)
        return number(total - self.log_norm(alpha))

    @staticmethod
    def log_norm(alpha: Any) -> Any:
        return np.sum(special.gammaln(alpha)) - special.gammaln(np.sum(alpha))

    def pdf(self, x: Any, alpha: Any) -> Any:
        return np.exp(self.logpdf(x, alpha))

    def entropy(self, alpha: Any) -> Any:
        alpha = self.parameters(alpha)
        whole, count = np.sum(alpha), shape_of(alpha)[0]
        return (
            self.log_norm(alpha)
            + (whole - count) * special.psi(whole)
            - np.sum((alpha - 1) * special.psi(alpha))
        )

    def mean(self, alpha: Any) -> Any:
        alpha = self.parameters(alpha)
        return alpha / np.sum(alpha)

    def var(self, alpha: Any) -> Any:
        mean = self.mean(alpha)
        return mean * (1 - mean) / (np.sum(self.parameters(alpha)) + 1)

    def cov(self, alpha: Any) -> Any:
        mean = self.mean(alpha)
        centred = np.eye(shape_of(mean)[0]) * mean - mean[:, None] * mean
        return centred / (np.sum(self.parameters(alpha)) + 1)

    def rvs(self, alpha: Any, size: Any = 1, random_state: Any = None) -> Any:
        """Draws of gamma families over their sum."""
        alpha = self.parameters(alpha)
        count = (size,) if isinstance(size, int) else tuple(size or ())
        draws = gamma.rvs(alpha, size=(*count, shape_of(alpha)[0]), random_state=random_state)
        return draws / np.sum(draws, axis=-1, keepdims=True)


class Multinomial(Multivariate):
    """counts x of `n` draws among classes with probabilities `p`, along the last axis. The last
    probability is what the others leave, as in SciPy."""

    methods = ("pmf", "logpmf", "mean", "cov", "rvs")

    def parameters(self, n: Any, p: Any) -> tuple[Any, Any]:
        p = real(p, f"{self.name}: p")
        is_whole = np.abs(np.sum(p, axis=-1) - 1) <= 1e-14
        p = np.concatenate([p[..., :-1], 1 - np.sum(p[..., :-1], axis=-1, keepdims=True)], axis=-1)
        n = real(n, f"{self.name}: n")
        good = np.all((p >= 0) & (p <= 1), axis=-1) & (n >= 0) & np.equal(np.floor(n), n) & is_whole
        return np.where(good, n, np.nan), p

    def logpmf(self, x: Any, n: Any, p: Any) -> Any:
        n, p = self.parameters(n, p)
        x = real(x, f"{self.name}.logpmf")
        inside = np.all(np.equal(np.floor(x), x) & (x >= 0), axis=-1)
        inside = inside & (np.equal(np.sum(x, axis=-1), n) | np.isnan(n))
        terms = stable.xlogy(x, p) - special.gammaln(x + 1)
        y = special.gammaln(n + 1) + np.sum(terms, axis=-1)
        return number(np.where(inside, y, -np.inf))

    def pmf(self, x: Any, n: Any, p: Any) -> Any:
        return np.exp(self.logpmf(x, n, p))

    def mean(self, n: Any, p: Any) -> Any:
        n, p = self.parameters(n, p)
        return n[..., None] * p

    def cov(self, n: Any, p: Any) -> Any:
        n, p = self.parameters(n, p)
        diagonal = np.eye(shape_of(p)[-1]) * p[..., None, :]
        return n[..., None, None] * (diagonal - p[..., :, None] * p[..., None, :])

    def rvs(self, n: Any, p: Any, size: Any = 1, random_state: Any = None) -> Any:
        if isinstance(n, Traced) or isinstance(p, Traced):
            raise refuse(
                f"{self.name}.rvs: a draw of a discrete family jumps, and has no derivative",
                "draw with plain parameters, and use logpmf for the derivative of an expectation",
            )
        concrete(n, self.name)
        return self.draws(n, p, size=size, random_state=random_state)


multivariate_normal = MultivariateNormal("multivariate_normal")
dirichlet = Dirichlet("dirichlet")
multinomial = Multinomial("multinomial")
