"""np.full_like(x, v) under vmap was read-only where `v` has examples and `x` has none."""

import numpy as np

import autodiff as ad


def test_what_full_like_makes_can_be_assigned_into():
    def f(x, v):
        y = np.full_like(x, v)
        y[0] = 0.0
        return np.sum(y)

    def g(x):
        return np.sum(ad.vmap(lambda v: f(x, v))(np.array([1.0, 2.0]) * x[0]))

    np.testing.assert_array_equal(ad.grad(g)(np.array([1.0, 2.0, 3.0])), [6.0, 0.0, 0.0])
