"""A Python number among the choices of np.choose made double precision of single, one in
np.array(..., like=x) stayed weak, and np.insert of nothing did not mind where."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.5, 1.5], np.float32)
FUNCTIONS = {
    "choose": lambda x, s: np.choose([0, 1], [x, s]),
    "choose constant": lambda x, s: np.choose([0, 1], [x, 2.0]) * s,
    "array": lambda x, s: np.array(s, like=x) * x,
    "asarray": lambda x, s: np.asarray(s * 1, like=x) * x,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_dtypes(name):
    f = FUNCTIONS[name]
    plain = f if "arr" not in name else lambda x, s: np.asarray(s) * x
    found, pullback = ad.vjp(f, X, 0.7)
    assert found.dtype == plain(X, 0.7).dtype
    np.testing.assert_array_equal(found, plain(X, 0.7))
    bars = pullback(np.ones(2, found.dtype))
    assert (bars[0].dtype, np.ndim(bars[1])) == (np.float32, 0)


@pytest.mark.parametrize("place", [-1, 1, [1]])
@pytest.mark.parametrize("x", [np.zeros(0), np.zeros((2, 0))])
def test_insert_out_of_bounds(place, x):
    def f(y):
        return np.insert(y, place, y, -1)

    for call in (lambda: f(x), lambda: ad.jvp(f, (x,), (x,)), lambda: ad.vjp(f, x)):
        with pytest.raises(IndexError):
            call()
