"""The gradient of 3.0 * np.dot(x, w): the transpose indexed the Python number that came back."""

import numpy as np
import pytest

import autodiff as ad

X, W = np.array([0.5, -1.5, 1.7]), np.array([1.0, 2.0, 3.0])


@pytest.mark.share(3)
@pytest.mark.parametrize("factor", [3, -2, 3.0, True])
@pytest.mark.parametrize("product", [np.dot, np.vdot, np.inner, np.vecdot])
def test_gradient(product, factor):
    for f in (lambda x: factor * product(x, W), lambda x: product(W, x) * factor):
        np.testing.assert_allclose(ad.grad(f)(X), factor * W)
        np.testing.assert_allclose(ad.jit(ad.grad(f))(X), factor * W)
