"""SciPy reads a matrix of the other byte order as it stands, without a word: our functions of
matrices gave its numbers, 1e-160 for a square root, or its raw error."""

import numpy as np
import pytest

import autodiff as ad

FUNCTIONS = {
    "sqrtm": ad.linalg.sqrtm,
    "expm": ad.linalg.expm,
    "logm": ad.linalg.logm,
    "cholesky": ad.linalg.cholesky,
    "lu_factor": lambda a: ad.linalg.lu_factor(a)[0],
    "solve": lambda a: ad.linalg.solve(a, a[0]),
    "solve_sylvester": lambda a: ad.linalg.solve_sylvester(a, a, a),
    "solve_discrete_are": lambda a: ad.linalg.solve_discrete_are(a, a, a, a),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", [float, np.float32])
def test_value_and_gradient(name, dtype):
    pytest.importorskip("scipy")
    a = np.array([[4, 1], [1, 3]], dtype)
    swapped = a.astype(a.dtype.newbyteorder())
    np.testing.assert_array_equal(FUNCTIONS[name](swapped), FUNCTIONS[name](a))
    gradient = ad.grad(lambda a: np.sum(FUNCTIONS[name](a)))
    np.testing.assert_array_equal(gradient(swapped), gradient(a))
