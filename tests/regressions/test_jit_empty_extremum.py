"""Compiled max of an empty array with initial= failed inside NumPy."""

import numpy as np
import pytest

import autodiff as ad


@pytest.mark.parametrize("dtype", [float, np.float32, np.int16, bool])
@pytest.mark.parametrize("function", [np.max, np.min])
def test_the_initial_value_wins(function, dtype):
    def f(x):
        return function(x, axis=0, initial=1, where=x == x)

    x = np.zeros((0, 3), dtype)
    np.testing.assert_array_equal(ad.jit(f)(x), f(x))
    np.testing.assert_array_equal(ad.vmap(f)(x[None]), f(x)[None])


def test_gradient():
    slope = ad.grad(lambda x: np.sum(ad.special.softmax(x)) + np.max(x, initial=0.0))
    assert ad.jit(slope)(np.zeros((0, 3))).shape == (0, 3)
