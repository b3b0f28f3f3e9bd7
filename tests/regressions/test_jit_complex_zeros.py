"""The NumPy source of a compiled program wrote a complex number by its `repr`, (-0+1j).

Python reads that as 0+1j: the sign of the zero was lost."""

import numpy as np
import pytest

import autodiff as ad


@pytest.mark.parametrize("number", [complex(-0.0, 1.0), complex(2.0, -0.0), complex(-0.0, -0.0)])
@pytest.mark.parametrize("cls", [complex, np.complex128])
def test_zeros_keep_their_sign(number, cls):
    c = cls(number)

    def f(z):
        return np.where(np.real(z) > 0, z, c)

    z = np.array([-1.0 + 0j, 2.0 + 0j])
    assert repr(ad.jit(f, backend="numpy")(z).tolist()) == repr(f(z).tolist())
