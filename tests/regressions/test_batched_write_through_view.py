"""Under vmap, writing what differs from example to example through a transposed view of what they
share failed inside NumPy."""

import numpy as np
import pytest

import autodiff as ad

W, X = np.arange(6.0).reshape(2, 3) + 1, np.array([[0.5, -1.5], [2.0, 0.3], [1.0, 1.0]])


def written(w, x):
    y = w * 2
    y.T[1] = x
    y.T[:2] += x
    return np.sum(y**2 * w)


@pytest.mark.parametrize("derivative", [ad.grad(written), ad.jacfwd(written)])
def test_view(derivative):
    found = ad.vmap(derivative, in_axes=(None, 0))(W, X)
    np.testing.assert_allclose(found, [derivative(W, x) for x in X])


def test_choose_names_the_modes_that_need_no_look():
    with pytest.raises(ad.NotDifferentiableError, match="mode='clip'"):
        ad.jit(np.choose)(np.array([0, 1]), (np.ones(2), np.zeros(2)))
    found = ad.jit(lambda a, x, y: np.choose(a, (x, y), mode="clip"))
    np.testing.assert_array_equal(found(np.array([0, 1]), np.ones(2), np.zeros(2)), [1, 0])
