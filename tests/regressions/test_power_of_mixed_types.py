"""The derivative of a power in its exponent took the logarithm in the type of the base: with one in
float32 the gradient of a float64 exponent lost half its digits, with a negative one that of a
complex exponent was nan."""

import numpy as np
import pytest

import autodiff as ad

BASE = np.array([0.3, 0.7, 1.9], np.float32)
X = np.array([0.5, 1.5, 2.5])


@pytest.mark.parametrize("power", [np.power, np.float_power, lambda a, b: a**b])
@pytest.mark.parametrize("transform", [lambda f: f, ad.jit])
def test_a_short_base(power, transform):
    f = transform(ad.grad(lambda x: np.sum(power(BASE, x))))
    base = BASE.astype(float)
    assert np.allclose(f(X), base**X * np.log(base), rtol=1e-14, atol=0)


def test_a_negative_base_of_a_complex_exponent():
    z = 2 + 0.3j
    expected = np.power(-0.5, z) * np.log(-0.5 + 0j)
    for base in (-0.5, np.array([-0.5])):
        y, dy = ad.jvp(lambda z, base=base: np.power(base, z), (z,), (1 + 0j,))
        assert y == np.power(base, z)
        assert np.allclose(dy, expected, rtol=1e-14)
        slope = ad.grad(lambda z, base=base: np.sum(np.power(base, z).real))(z)
        assert np.allclose(slope, expected, rtol=1e-14)
