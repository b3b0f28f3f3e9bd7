"""A row added for norms took np.sqrt over, so that sqrt'(0) was 0 instead of inf."""

import numpy as np

import autodiff as ad
from autodiff.arrays.dispatch import UFUNCS


def test_slope_of_sqrt_at_zero():
    assert ad.grad(np.sqrt)(0.0) == np.inf


def test_each_ufunc_is_answered_under_its_own_name():
    others = {np.conjugate: "conj"}
    for ufunc, row in UFUNCS.items():
        if hasattr(row, "value"):
            own = row.name.removeprefix("scipy.special.")  # whose own name may be _zeta
            assert own == others.get(ufunc, ufunc.__name__.removeprefix("_"))  # SciPy's _zeta
