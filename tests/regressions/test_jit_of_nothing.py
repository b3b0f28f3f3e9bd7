"""Compiled in NumPy, a function without a result, or whose nest holds no arrays, raised a TypeError
of the compiler's own, "object of type 'NoneType' has no len()"."""

import numpy as np
import pytest

import autodiff as ad


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("result", [None, (), [], {}, (None, {"a": []})])
def test_results_without_arrays(result, backend):
    pytest.importorskip("llvmlite")
    f = ad.jit(lambda x: result, backend=backend)
    assert f(np.ones(3)) == f(np.ones(3)) == result
