"""A mask or an array of small integers was a partial as it stood, and wrapped around, or was or-ed,
where cotangents were added up: the gradient of sum(m * x) + sum(m * x) was m."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.5, -1.5, 1.7])
WHOLE = [X > 0, np.full(3, 200, np.uint8), np.full(3, 100, np.int8), np.array([2, -7, 2**60])]
NUMBERS = [True, 7, np.bool_(True), np.uint8(200), np.int8(-100)]


def minus_three_times(x, c):
    return -np.sum(x * c) - np.sum(c * x) - np.sum(c * x)


@pytest.mark.parametrize("transform", [lambda f: f, ad.jit], ids=["eager", "jit"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("c", WHOLE, ids=lambda c: str(c.dtype))
def test_arrays(c, dtype, transform):
    found = transform(ad.grad(lambda x: minus_three_times(x, c)))(X.astype(dtype))
    np.testing.assert_allclose(found, -3.0 * c, rtol=1e-6)
    assert found.dtype == dtype


@pytest.mark.parametrize("c", NUMBERS, ids=repr)
def test_numbers(c):
    assert ad.grad(lambda x: minus_three_times(x, c))(1.5) == -3.0 * float(c)
    assert ad.grad(lambda x: 2 * (x * c) * np.uint8(200))(1.5) == 400.0 * float(c)
    found = ad.grad(lambda x: np.sum(np.diff(x * c)))(X)
    np.testing.assert_array_equal(found, [-float(c), 0, float(c)])


def test_a_mask_that_is_computed():
    def f(x):
        return np.sum((x > 0) * x**2 - (x <= 0) * x)

    stack = np.stack((X, -X))
    expected = np.where(stack > 0, 2 * stack, -1)
    np.testing.assert_array_equal(ad.vmap(ad.grad(f))(stack), expected)
    np.testing.assert_array_equal(ad.jit(ad.grad(f))(X), expected[0])
