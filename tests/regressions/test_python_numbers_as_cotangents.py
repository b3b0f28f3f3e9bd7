"""A tracked number of Python's as cotangent has no axes to index: dot, vdot and vecdot failed."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([1.0, 2.0, 3.0])
SCALARS = {
    "dot": lambda x: np.dot(x, x),
    "vdot": lambda x: np.vdot(x, x),
    "vecdot": lambda x: np.vecdot(x, x),
    "inner": lambda x: np.inner(x, x),
    "matmul": lambda x: x @ x,
    "tensordot": lambda x: np.tensordot(x, x, 1),
    "einsum": lambda x: np.einsum("i,i", x, x),
    "norm": np.linalg.norm,
    "sum": np.sum,
    "max": np.max,
    "prod": np.prod,
    "std": np.std,
    "median": np.median,
    "index": lambda x: x[1],
    "det": lambda x: np.linalg.det(np.outer(x, x) + np.eye(3)),
    "checkpoint": ad.checkpoint(lambda x: np.dot(x, x)),
    "conjugate": lambda x: np.real(np.vdot(x * 1j, x * 1j)),
}


@pytest.mark.share(4)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SCALARS)
def test_cotangent(name, dtype):
    x = X.astype(dtype)

    def pulled(c):
        return ad.vjp(SCALARS[name], x)[1](c)[0]

    slope = ad.vjp(SCALARS[name], x)[1](dtype(1))[0]
    for c in (0.3, 2.0):
        y, y_dot = ad.jvp(pulled, (c,), (1.0,))
        np.testing.assert_allclose(y, c * slope, rtol=1e-6)
        np.testing.assert_allclose(y_dot, slope, rtol=1e-6)
        assert y.dtype == y_dot.dtype == dtype
        np.testing.assert_allclose(ad.jacrev(pulled)(c), slope, rtol=1e-6)
        np.testing.assert_allclose(ad.jit(pulled)(c), c * slope, rtol=1e-6)
        second = ad.jvp(lambda c: ad.jvp(pulled, (c,), (c,))[1], (c,), (1.0,))[1]
        np.testing.assert_allclose(second, slope, rtol=1e-6)
