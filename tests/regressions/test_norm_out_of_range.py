"""The derivative of a norm was 0, inf or of few digits where the squares of x leave the range of
numbers: x / |x| was taken of NumPy's |x|, which is then 0, inf or a root of subnormal numbers."""

import mpmath as mp
import numpy as np
import pytest

import autodiff as ad

SCALES = (5e-324, 1e-310, 3e-200, 1e-162, 3e-162, 1e-150, 1.0, 1e153, 1e154, 2e200, 1e308)
SHAPE = np.array([0.6, -0.8, 0.0, 0.1])


def direction(x, order=2):
    entries = [mp.mpf(v) for v in x.ravel()]
    size = sum(abs(v) ** order for v in entries) ** (mp.mpf(1) / order)
    p = [mp.sign(v) * (abs(v) / size) ** (order - 1) for v in entries]
    return np.array(p, float).reshape(x.shape)


NORMS = {
    "norm": (np.linalg.norm, 2),
    "vector_norm": (np.linalg.vector_norm, 2),
    "Frobenius": (lambda x: np.linalg.norm(np.reshape(x, (2, 2)), "fro"), 2),
    "matrix_norm": (lambda x: np.linalg.matrix_norm(np.reshape(x, (2, 2))), 2),
    "along an axis": (lambda x: np.linalg.norm(x[:, None], axis=0)[0], 2),
    "of order 3": (lambda x: np.linalg.norm(x, 3), 3),
    "of three axes": (lambda x: np.linalg.norm(np.reshape(x, (2, 1, 2))), 2),
}


@pytest.mark.share(4)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", NORMS)
@np.errstate(all="ignore")
def test_the_slope_is_the_direction(name, scale):
    f, order = NORMS[name]
    x = SHAPE * scale
    expected = direction(x, order)
    v = np.array([1.0, 2.0, -1.0, 0.5])
    assert np.allclose(ad.grad(f)(x), expected, rtol=1e-13, atol=1e-15)
    assert np.isclose(ad.jvp(f, (x,), (v,))[1], expected @ v, rtol=1e-13)
    assert np.allclose(ad.vmap(ad.grad(f))(np.stack([x, SHAPE]))[0], expected, rtol=1e-13)
    assert np.allclose(ad.jit(ad.grad(f))(x), expected, rtol=1e-13, atol=1e-15)
    y = ad.value_and_grad(f)(x)[0]
    assert np.array_equal(y, f(x))


@pytest.mark.parametrize("scale", [1e-300, 3e-162, 1.0, 1e154, 1e300])
@np.errstate(all="ignore")
def test_curvature(scale):
    """(I - p p^T) / |x|."""
    x = np.array([0.6, -0.8]) * scale
    p = direction(x)
    expected = (np.eye(2) - np.outer(p, p)) / float(mp.norm([mp.mpf(v) for v in x]))
    for hessian in (ad.hessian, lambda f: ad.jacrev(ad.grad(f)), lambda f: ad.jit(ad.hessian(f))):
        assert np.allclose(hessian(np.linalg.norm)(x), expected, rtol=1e-12, atol=0)


def test_half_precision_and_complex():
    with np.errstate(over="ignore"):
        slope = ad.grad(np.linalg.norm)(np.array([300, 400], np.float16))
    assert slope.dtype == np.float16
    assert np.allclose(slope, [0.6, 0.8], rtol=1e-3)
    z = np.array([3e200j, 4e200])
    with np.errstate(over="ignore"):
        assert np.allclose(ad.grad(np.linalg.norm)(z), [-0.6j, 0.8], rtol=1e-15)


def test_a_traced_slope_holds_for_other_numbers():
    graph = ad.trace(ad.grad(np.linalg.norm), np.array([3.0, 4.0]))
    for x in (np.zeros(2), np.array([3e200, 4e200])):
        assert np.array_equal(graph(x), np.where(x == 0, 0, [0.6, 0.8]))
