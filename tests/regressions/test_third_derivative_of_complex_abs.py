"""Which operands a derived operation depends on was asked with real ones: the slope of |z| was then
a constant of z, and reverse over forward over forward of a complex sum was wrong."""

import numpy as np
import pytest

import autodiff as ad

X, V = np.array([0.6, -1.1, 1.3]), np.array([0.4, 0.9, -0.7])
PROGRAMS = {
    "abs of a sum": lambda x: np.abs(np.sum(np.exp(1j * x) * x)),
    "abs": lambda x: np.sum(np.abs(np.exp(1j * x) + x) * x),
    "angle": lambda x: np.sum(np.angle(x + 1j * x**2) * x),
    "number": lambda x: np.abs((x[0] + 1j * x[1]) ** 2 / (x[2] + 2j)),
}


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_every_order_of_the_modes(f):
    def forward_twice(x):
        return ad.jvp(lambda y: ad.jvp(f, (y,), (V,))[1], (x,), (V,))[1]

    def reverse_twice(x):
        return ad.grad(lambda y: ad.grad(f)(y) @ V)(x) @ V

    expected = ad.jacfwd(forward_twice)(X)
    np.testing.assert_allclose(ad.grad(forward_twice)(X), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ad.grad(reverse_twice)(X), expected, rtol=1e-10, atol=1e-12)
