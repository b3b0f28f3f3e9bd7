"""Where one entry has nearly all of the sum, the slopes of softmax and log_softmax at it had few
digits (at a gap of 25) or none (at 40): 1 - y of a y near 1."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.special import log_softmax, softmax

GAPS = [0.0, 1.0, 10.0, 25.0, 40.0, 80.0]
WAYS = {
    "reverse": ad.jacrev,
    "forward": ad.jacfwd,
    "compiled": lambda f: ad.jit(ad.jacrev(f)),
    "compiled, forward": lambda f: ad.jit(ad.jacfwd(f)),
    "compiled to NumPy": lambda f: ad.jit(ad.jacrev(f), backend="numpy"),
    "batched": lambda f: lambda x: ad.vmap(ad.jacrev(f))(x[None])[0],
}


def exact(x):
    """The Jacobians of softmax and log_softmax, where every 1 - y is the sum of the others."""
    terms = np.exp(x.astype(np.longdouble) - np.max(x))
    y = terms / np.sum(terms)
    rest = np.array([np.sum(np.delete(y, k)) for k in range(len(y))])
    own = np.eye(len(y), dtype=bool)
    return np.where(own, y * rest, -np.outer(y, y)), np.where(own, rest, -y)


@pytest.mark.share(4)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize("way", WAYS)
def test_every_entry_has_its_digits(way, gap, dtype):
    x = np.array([0.0, gap, -3.0, gap / 2], dtype)
    of_softmax, of_logarithm = exact(x)
    eps = np.finfo(dtype).eps
    found = WAYS[way](softmax)(x)
    np.testing.assert_allclose(found, of_softmax, rtol=20 * eps, atol=np.finfo(dtype).tiny)
    np.testing.assert_allclose(WAYS[way](log_softmax)(x), of_logarithm, rtol=20 * eps)


@pytest.mark.parametrize("f", [softmax, log_softmax])
@pytest.mark.parametrize("axis", [0, -1, (0, 1)])
def test_along_axes(f, axis):
    x = np.random.default_rng(0).normal(size=(3, 4)) * 20
    direction = np.random.default_rng(1).normal(size=(3, 4))
    slope = ad.jvp(lambda x: f(x, axis), (x,), (direction,))[1]
    pulled = ad.grad(lambda x: np.sum(f(x, axis) * direction))(x)
    np.testing.assert_allclose(np.sum(slope * direction), np.sum(pulled * direction), rtol=1e-9)
    jacobian = ad.jacrev(lambda x: f(x, axis))(x)
    np.testing.assert_allclose(slope, np.tensordot(jacobian, direction, 2), rtol=1e-9)


def test_curvature():
    """d^2 y_0 / d x_0^2 = y_0 (1 - y_0) (1 - 2 y_0), at y_0 = 1 - e^-40."""
    x = np.array([40.0, 0.0])
    small = np.exp(-40.0)
    for hessian in (ad.hessian, lambda f: ad.jit(ad.hessian(f))):
        np.testing.assert_allclose(
            hessian(lambda x: softmax(x)[0])(x), -small * np.array([[1, -1], [-1, 1]]), rtol=1e-14
        )


def test_infinite_entries():
    np.testing.assert_array_equal(softmax(np.array([np.inf, 0.0])), [1, 0])
    np.testing.assert_array_equal(ad.jacrev(softmax)(np.array([np.inf, 0.0])), np.zeros((2, 2)))
    np.testing.assert_array_equal(ad.jacrev(softmax)(np.array([-np.inf, 0.0])), np.zeros((2, 2)))
    with np.errstate(invalid="ignore"):
        assert np.isnan(softmax(np.full(2, -np.inf))).all()
