"""Orders that are integers of NumPy's stayed out of what is known of a derived operation: a third
derivative left a level of its own behind, and SciPy's functions were asked at an order of 0.5."""

import numpy as np
import pytest
import scipy.special as sp

import autodiff as ad


def derivative(f):
    return lambda t: ad.jvp(f, (t,), (1.0,))[1]


@pytest.mark.parametrize("order", [5, np.int64(5), np.array(5)], ids=["int", "int64", "array"])
def test_third_derivatives(order):
    """The survival function of Poisson's law has the density of a gamma law for its slope."""

    def slope(x):
        return np.exp(-x) * x**5 / 120

    found = derivative(derivative(derivative(lambda x: sp.pdtrc(order, x))))(0.6)
    assert found == pytest.approx(derivative(derivative(slope))(0.6), rel=1e-12)


@pytest.mark.parametrize("f", [lambda x: sp.yn(3, x), lambda x: sp.eval_hermite(4, x)])
def test_reverse_over_forward(f):
    forward = derivative(derivative(f))
    assert ad.grad(derivative(f))(0.7) == pytest.approx(forward(0.7), rel=1e-12)
