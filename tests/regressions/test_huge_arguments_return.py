"""The slopes of exprel and boxcox are 1F1, and SciPy's never returns of huge arguments."""

import numpy as np
import pytest
import scipy.special as sp

import autodiff as ad


@pytest.mark.parametrize(("x", "expected"), [(1e200, np.inf), (np.inf, np.inf), (-np.inf, 0.0)])
def test_slopes_at_huge_arguments(x: float, expected: float) -> None:
    assert ad.grad(sp.exprel)(x) == expected
    assert ad.grad(ad.grad(sp.exprel))(x) == expected
    assert ad.grad(lambda power: sp.boxcox(3.0, power))(x) == expected
