"""np.inner and np.kron make an array of a Python number before they multiply, so that single
precision beside it becomes double; ours stayed single, and so did a compiled np.dot."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.5, 1.5], np.float32)


@pytest.mark.share(3)
@pytest.mark.parametrize("f", [np.dot, np.inner, np.kron])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("backend", ["plain", "numpy", "llvm"])
def test_dtypes(f, dtype, backend):
    pytest.importorskip("llvmlite")
    x = X.astype(dtype)
    for g, args in ((f, (0.7, x)), (f, (x, 0.7)), (lambda x: f(0.7, x), (x,))):
        expected = g(*args)
        if backend == "plain":
            found, pullback = ad.vjp(g, *args)
            for bar, a in zip(pullback(np.ones(2)), args, strict=True):
                assert np.asarray(bar).dtype == np.asarray(a).dtype
        else:
            found = ad.jit(g, backend=backend)(*args)
        assert found.dtype == expected.dtype == np.float64
        np.testing.assert_allclose(found, expected, rtol=1e-14)
