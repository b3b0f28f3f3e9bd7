"""np.array([x[0], x[1]]) of tracked float32 stayed float32 beside a float64 array: NumPy hands the
entries of that array to an array of objects as numbers of Python, which have no size."""

import numpy as np
import pytest

import autodiff as ad

A = np.array([[1.0, 2.0], [3.0, 4.0]])
X = np.array([0.5, 0.25], np.float32)
MIXED = [
    lambda v: v * A[0],
    lambda v: A[0] + v,
    lambda v: A @ v,
    lambda v: np.where(A[0] > 1, v, A[0]),
    lambda v: np.sum(v * A[0]),
]


@pytest.mark.parametrize("mixed", MIXED)
@pytest.mark.parametrize(
    "made",
    [lambda x: np.array([x[0], x[1]]), np.asarray, lambda x: np.array([x, x])[0]],
    ids=["numbers", "asarray", "rows"],
)
def test_it_is_refused_and_the_cure_gives_numpys_type(made, mixed):
    for transform in (ad.vjp, lambda f, x: ad.jvp(f, (x,), (x,)), lambda f, x: ad.jit(f)(x)):
        with pytest.raises(ad.NotDifferentiableError, match=r"like=x\) .* or np.stack"):
            transform(lambda x: mixed(made(x)), X)
    for cure in (
        lambda x: np.array([x[0], x[1]], like=x),
        lambda x: np.stack([x[0], x[1]]),
        lambda x: x,
    ):
        y, pullback = ad.vjp(lambda x, cure=cure: mixed(cure(x)), X)
        assert y.dtype == mixed(X).dtype == np.float64
        assert pullback(np.ones_like(y))[0].dtype == np.float32


def test_doubles_are_taken_as_before():
    np.testing.assert_array_equal(
        ad.grad(lambda x: np.sum(np.array([x[0], x[1]]) * A[0]))(X.astype(float)), A[0]
    )
