"""Whether sqrtm, logm and eig of a real matrix are complex depends on its entries: a compiled
function threw imaginary parts away where those of its first matrix were 0."""

import numpy as np
import pytest

import autodiff as ad
from autodiff import linalg

REAL = np.diag([1.0, 2.0])
COMPLEX = np.array([[0.0, 1.0], [-1.0, -1.0]])
FUNCTIONS = [linalg.sqrtm, linalg.logm, np.linalg.eigvals, lambda a: np.linalg.eig(a)[0]]


@pytest.mark.parametrize("order", [(REAL, COMPLEX), (COMPLEX, REAL)], ids=["real", "complex"])
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("f", FUNCTIONS)
def test_equal_or_refused(f, backend, order):
    compiled = ad.jit(f, backend=backend)
    for k, a in enumerate((*order, REAL + 0j)):  # the last is the cure
        try:
            found = compiled(a)
        except ad.AutodiffError as error:
            assert k == 1
            assert "pass a complex array" in str(error)
            continue
        expected = f(a)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-13)
