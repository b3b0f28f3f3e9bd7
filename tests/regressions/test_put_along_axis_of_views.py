"""np.put_along_axis(axis=None) wrote into views with gaps, where NumPy raises or writes nothing."""

import numpy as np
import pytest

import autodiff as ad

X = np.arange(6.0).reshape(2, 3)


def put(x, view):
    y = view(x * 1.0)
    np.put_along_axis(y, np.array([0]), 5.0, axis=None)
    return np.sum(y)


@pytest.mark.parametrize("view", [lambda y: y.T, lambda y: y[:, ::2], lambda y: y[0, ::2]])
def test_a_view_with_gaps_is_refused(view):
    for f in (ad.jit(put), lambda x, view: ad.grad(put)(x, view)):
        with pytest.raises(ValueError, match="read-only"):
            f(X, view)


def test_an_array_in_c_order_is_written():
    expected = put(X, np.asarray)
    for view in (lambda y: y, lambda y: y[:1]):
        assert ad.jit(put)(X, view) == put(X, view)
    assert ad.value_and_grad(put)(X, lambda y: y)[0] == expected
