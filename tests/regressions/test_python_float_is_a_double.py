"""A Python float beside float32 arrays was handed a float32 gradient: half of its digits."""

import numpy as np

import autodiff as ad


def test_gradient_of_a_python_float_is_a_double():
    g = ad.grad(lambda s, x: np.sum(s * x))(2.0, np.ones(3, np.float32))
    assert isinstance(g, float)
    assert np.asarray(g).dtype == np.float64
    g = ad.grad(lambda s, x: np.sum(s * x))(np.float32(2.0), np.ones(3))
    assert g.dtype == np.float32
