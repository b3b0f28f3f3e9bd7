"""Compiled code read the bytes of constants that are not in the machine's own order as they stood:
a closed-over array from a file, or one cast to the dtype of such an argument. So did functions that
are left to NumPy with arguments."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.5, 1.2, 0.8])
SWAPPED = X.dtype.newbyteorder()


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("c", [X, X.astype(np.float32), np.array([2, 3, 4])], ids=lambda c: c.dtype)
def test_derivatives(c, backend):
    pytest.importorskip("llvmlite")

    def f(x):
        return np.sum(x * c + x.astype(SWAPPED) ** 2)

    for derivative in (ad.grad(f), ad.hessian(f)):
        for x in (X, X.astype(SWAPPED)):
            found = ad.jit(derivative, backend=backend)(x)
            np.testing.assert_allclose(found, derivative(x), rtol=1e-6)


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_constants(backend):
    pytest.importorskip("llvmlite")
    c, places = X.astype(SWAPPED), np.array([2, 0, 1]).astype(np.dtype(int).newbyteorder())
    x, found = ad.jit(lambda x: (x[places] * c, c), backend=backend)(X)
    np.testing.assert_allclose(x, X[places] * X)
    np.testing.assert_array_equal(found, X)


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("f", [np.median, np.sort, lambda x: np.median(x.astype(SWAPPED))])
def test_functions_left_to_numpy(f, backend):
    pytest.importorskip("llvmlite")
    for x in (X, X.astype(SWAPPED)):
        np.testing.assert_array_equal(ad.jit(f, backend=backend)(x), f(X))
        slope = ad.jit(ad.grad(lambda x: np.sum(f(x) ** 2)), backend=backend)(x)
        np.testing.assert_allclose(slope, ad.grad(lambda x: np.sum(f(x) ** 2))(X))
