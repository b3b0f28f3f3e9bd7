"""Families of vectors beside SciPy's, and discrete families at the ends of their parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.stats

import autodiff as ad
from autodiff import stats

RNG = np.random.default_rng(0)
ROOT = RNG.normal(size=(3, 3))
COV = ROOT @ ROOT.T + np.eye(3)
MEAN = RNG.normal(size=3)
X = RNG.normal(size=(4, 5, 3))
ALPHA = np.array([0.5, 2.0, 3.0])
SIMPLEX = scipy.stats.dirichlet.rvs(ALPHA, size=4, random_state=2).T
COUNTS, P = np.array([[1, 2, 3], [2, 2, 2], [6, 0, 0], [5, 0, 0]]), np.array([0.2, 0.3, 0.5])

CALLS: list[tuple[str, str, tuple[Any, ...]]] = [
    *(
        ("multivariate_normal", method, (x, MEAN, COV))
        for method in ("pdf", "logpdf")
        for x in (X, X[0, 0])
    ),
    ("multivariate_normal", "logpdf", (X[0], MEAN, 2.0)),
    ("multivariate_normal", "logpdf", (X[0], MEAN, [1.0, 2.0, 3.0])),
    ("multivariate_normal", "logpdf", (1.3,)),
    ("multivariate_normal", "logpdf", ([1.0, 2.0], 0.3, 2.0)),
    ("multivariate_normal", "entropy", (MEAN, COV)),
    *(
        ("dirichlet", method, (x, ALPHA))
        for method in ("pdf", "logpdf")
        for x in (SIMPLEX, SIMPLEX[:-1, 0])
    ),
    *(("dirichlet", method, (ALPHA,)) for method in ("mean", "var", "cov", "entropy")),
    *(
        ("multinomial", method, (x, 6, P))
        for method in ("pmf", "logpmf")
        for x in (COUNTS, COUNTS[0])
    ),
    *(("multinomial", method, (6, P)) for method in ("mean", "cov")),
]


@pytest.mark.parametrize(("name", "method", "args"), CALLS)
def test_values_are_scipys(name, method, args):
    found = getattr(getattr(stats, name), method)(*args)
    expected = getattr(getattr(scipy.stats, name), method)(*args)
    assert np.allclose(found, expected, rtol=1e-12)
    assert np.shape(found) == np.shape(expected)


def test_frozen_vectors():
    frozen = stats.multivariate_normal(MEAN, COV)
    assert np.array_equal(frozen.logpdf(X), stats.multivariate_normal.logpdf(X, MEAN, COV))
    assert np.array_equal(stats.dirichlet(ALPHA).mean(), stats.dirichlet.mean(ALPHA))
    with pytest.raises(AttributeError, match="cdf"):
        frozen.cdf(X)


def test_the_derivative_in_a_covariance_is_symmetric_and_compiled():
    def f(cov: Any) -> Any:
        return np.sum(stats.multivariate_normal.logpdf(X[0], MEAN, cov))

    gradient = ad.grad(f)(COV)
    z = np.linalg.solve(COV, (X[0] - MEAN).T)
    assert np.allclose(gradient, (z @ z.T - 5 * np.linalg.inv(COV)) / 2, rtol=1e-11)
    assert np.array_equal(gradient, gradient.T)
    assert np.allclose(ad.jit(ad.grad(f))(COV), gradient, rtol=1e-12)


def test_draws_of_vectors_move_with_their_parameters():
    draws = stats.multivariate_normal.rvs(MEAN, COV, size=4000, random_state=1)
    assert np.allclose(np.cov(draws.T), COV, atol=0.3)
    moved = ad.jacobian(lambda m: stats.multivariate_normal.rvs(m, COV, random_state=1))(MEAN)
    assert np.array_equal(moved, np.eye(3))
    assert np.shape(stats.multivariate_normal.rvs(random_state=1)) == ()
    assert np.allclose(
        np.sum(ad.jacobian(lambda a: stats.dirichlet.rvs(a, random_state=1))(ALPHA), 1), 0
    )
    with pytest.raises(ad.NotDifferentiableError, match="jumps"):
        ad.jacobian(lambda p: stats.multinomial.rvs(6, p))(P)


def test_bad_parameters_of_vectors():
    with pytest.raises(ValueError, match="greater than 0"):
        stats.dirichlet.logpdf(SIMPLEX, -ALPHA)
    with pytest.raises(ValueError, match="simplex"):
        stats.dirichlet.logpdf(2 * SIMPLEX, ALPHA)
    with pytest.raises(np.linalg.LinAlgError):
        stats.multivariate_normal.logpdf(X, MEAN, -COV)
    assert np.isnan(
        stats.multinomial.logpmf([1, 2, 3], 6, [0.9, 0.9, 0.1])
    )  # as from SciPy 1.18 on


ENDS = [("bernoulli", (0.0,)), ("bernoulli", (1.0,)), ("binom", (5, 0.0)), ("binom", (5, 1.0))]
ENDS += [("binom", (0, 0.3)), ("nbinom", (3, 1.0)), ("poisson", (0.0,)), ("geom", (1.0,))]


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")  # SciPy's
@pytest.mark.parametrize(("name", "shapes"), ENDS)
def test_counts_that_are_certain(name, shapes):
    family, theirs = getattr(stats, name), getattr(scipy.stats, name)
    k = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 5.0, 6.0])
    for method in ("pmf", "cdf", "sf", "logcdf", "logsf"):
        found, expected = (getattr(of, method)(k, *shapes) for of in (family, theirs))
        assert np.allclose(found, expected, rtol=1e-14, atol=1e-15), method
    certain = float(family.mean(*shapes))
    assert np.all(family.ppf([1e-9, 0.5, 0.9], *shapes) == certain)
    assert np.all(family.isf([1e-9, 0.5, 0.9], *shapes) == certain)
