"""The imaginary part of a tangent that a choice had passed counted as a strong zero, because that
of ones is zero: second derivatives of complex programs lost it."""

import numpy as np
import pytest

import autodiff as ad

Z, V = np.array([0.4 - 0.3j, 1.1 + 0.9j]), np.array([0.5 + 0.2j, -0.3 + 0.7j])


def assigned(z):
    y = np.zeros_like(z)
    y[0], y[1] = 1.0, z[0] ** 2
    return y


PROGRAMS = {
    "stack": lambda z: np.stack([z[0], 1.0, z[1]]),
    "where": lambda z: np.where(np.array([True, False]), z, 1.0),
    "real": lambda z: np.where(np.array([True, False]), z, np.real(z)),
    "pad": lambda z: np.pad(z, 1, constant_values=1.0),
    "cumprod": lambda z: np.cumprod(np.append(z, 2.0)),
    "assignment": assigned,
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_second_order(program):
    def f(z):
        y = PROGRAMS[program](z)
        return np.sum(np.real(y) ** 2) + np.sum(np.imag(y) * np.real(y))

    gradient, step = ad.grad(f), 1e-4
    slope = (gradient(Z + step * V) - gradient(Z - step * V)) / (2 * step)
    forward_over_reverse = ad.jvp(gradient, (Z,), (V,))[1]
    reverse_over_forward = ad.grad(lambda z: ad.jvp(f, (z,), (V,))[1])(Z)
    np.testing.assert_allclose(forward_over_reverse, slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(reverse_over_forward, slope, rtol=1e-6, atol=1e-8)
