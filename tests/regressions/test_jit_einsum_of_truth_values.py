"""np.einsum of truth values was their number in NumPy source; NumPy says whether one holds."""

import numpy as np
import pytest

import autodiff as ad


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("subscripts", ["i->", "...i->...", "i,i->", "i,j->ij"])
def test_as_plain(subscripts, backend):
    x = np.array([True, True, False])
    operands = [x] * (subscripts.count(",") + 1)
    compiled = ad.jit(lambda *x: np.einsum(subscripts, *x), backend=backend)(*operands)
    expected = np.einsum(subscripts, *operands)
    assert compiled.dtype == expected.dtype
    np.testing.assert_array_equal(compiled, expected)
