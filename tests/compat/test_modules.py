"""autograd.numpy and autograd.scipy: whose functions they are, and what is missing."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.compat import autograd
from autodiff.compat.autograd import numpy as anp, scipy as asp

special = pytest.importorskip("scipy.special")
stats = pytest.importorskip("scipy.stats")


def test_autograd_numpy_has_every_name_of_numpy():
    assert not [name for name in dir(np) if name[0] != "_" and not hasattr(anp, name)]
    assert anp.linalg.inv is np.linalg.inv
    assert anp.fft.rfft is np.fft.rfft
    with pytest.raises(AttributeError):
        anp.no_such_name


def test_arrays_are_joined_from_any_iterable():
    def squares(x, join, argument):
        return np.sum(join(argument([x, 2 * x])) ** 2)

    for join in (anp.stack, anp.concatenate, anp.hstack, anp.vstack, anp.column_stack):
        for argument in (list, iter, lambda parts: dict(enumerate(parts)).values()):
            slope = autograd.grad(squares)(np.ones(2), join, argument)
            np.testing.assert_allclose(slope, [10.0, 10.0])


def test_an_array_of_tracked_numbers_is_a_tracked_array():
    def squares(x, make):
        return np.sum(np.linalg.inv(make([[x, 1.0], (0.0, 2.0)], dtype=float)))

    for make in (anp.array, anp.asarray):
        assert autograd.grad(lambda x, make: make(make(x)) ** 2)(2.0, make) == 4.0
        assert autograd.grad(squares)(2.0, make) == pytest.approx(-1 / 8)
        np.testing.assert_array_equal(make([[1, 2]], dtype=float), [[1.0, 2.0]])


def test_special_functions_are_scipys_ufuncs_or_ours():
    assert asp.special.gammaln is special.gammaln
    assert asp.special.logsumexp is ad.special.logsumexp
    assert autograd.grad(asp.special.expit)(0.0) == 0.25
    with pytest.raises(AttributeError):
        asp.special.no_such_name


def test_linear_algebra_is_ours_or_scipys():
    assert asp.linalg.sqrtm is ad.linalg.sqrtm
    assert asp.linalg.inv(np.eye(2)).shape == (2, 2)
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.linalg\.inv"):
        autograd.grad(lambda x: asp.linalg.inv(x * np.eye(2))[0, 0])(1.0)


def test_what_is_missing_says_so_where_it_is_used():
    assert asp.integrate.odeint is not None
    with pytest.raises(ad.NotDifferentiableError, match=r"integrate\.odeint"):
        autograd.grad(lambda x: asp.integrate.odeint(lambda y, t: -y, x, [0.0, 1.0])[0, 0])(1.0)
    with pytest.raises(ad.NotDifferentiableError, match=r"signal\.convolve"):
        asp.signal.convolve(np.ones(2), np.ones(2))
    with pytest.raises(AttributeError, match=r"autograd\.scipy\.signal.*no_such"):
        asp.signal.no_such_name
    assert repr(asp.integrate.odeint) == "<autograd.scipy.integrate.odeint, without a derivative>"


def test_distributions_are_ours():
    assert asp.stats.norm.cdf(0.0) == 0.5
    slope = autograd.grad(lambda x: asp.stats.norm.cdf(x, 0.0, scale=1.0))(0.0)
    assert slope == pytest.approx(1 / np.sqrt(2 * np.pi), rel=1e-15)
    shape = autograd.grad(lambda a: asp.stats.gamma.cdf(1.5, a))(2.0)
    around = [asp.stats.gamma.cdf(1.5, 2 + h) for h in (-1e-5, 1e-5)]
    assert shape == pytest.approx((around[1] - around[0]) / 2e-5, rel=1e-8)
