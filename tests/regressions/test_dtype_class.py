"""np.quantile of a list asks for `dtype=np.dtypes.Float64DType`, once taken for `object`, and a
cast to objects counted as flat: the gradient was 0, without a word."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.7, 1.3, 0.4])


def test_numpys_class_of_a_dtype_is_that_dtype() -> None:
    gradient = ad.grad(lambda x: np.sum(np.subtract(x, 0.3 * x, dtype=np.dtypes.Float64DType)))(X)
    assert np.allclose(gradient, 0.7)


def test_a_quantile_of_a_list() -> None:
    of_a_list_in = ad.grad(lambda x: np.quantile([x[0], x[1] ** 2, x[2]], 0.3))
    if np.lib.NumpyVersion(np.__version__) < "2.4.0":  # there it asks for objects
        with pytest.raises(ad.NotDifferentiableError, match="dtype=object"):
            of_a_list_in(X)
        return
    of_a_list = of_a_list_in(X)
    of_an_array = ad.grad(lambda x: np.quantile(np.stack([x[0], x[1] ** 2, x[2]]), 0.3))(X)
    assert np.array_equal(of_a_list, of_an_array)
    assert np.any(of_a_list)


def test_a_dtype_that_is_no_number_is_refused() -> None:
    for dtype in (object, "U5", "M8[s]"):
        with pytest.raises(ad.NotDifferentiableError, match="dtype="):
            ad.grad(lambda x, d=dtype: np.sum(x, dtype=d))(X)
