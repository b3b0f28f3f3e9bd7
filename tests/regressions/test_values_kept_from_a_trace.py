"""What a function stored on the way while jit traced it was taken for a number later: always that
of the first call."""

import numpy as np
import pytest

import autodiff as ad


class Layer:
    def __call__(self, x):
        self.hidden = np.tanh(x)
        return self.hidden * 2


def test_it_is_refused():
    layer = Layer()
    with pytest.raises(ad.AutodiffError, match=r"changes .*\.hidden, which is outside of it"):
        ad.jit(layer)(1.0)
    f = ad.jit(layer, pure=True)
    f(1.0)
    f(2.0)
    with pytest.raises(ad.AutodiffError, match="a value that jit traced was used after"):
        layer.hidden * 2
    with pytest.raises(ad.AutodiffError, match="return it from the function"):
        ad.jit(lambda x: x * layer.hidden, pure=True)(3.0)
    with pytest.raises(ad.AutodiffError, match="return it from the function"):
        ad.grad(lambda x: x * layer.hidden)(3.0)


def test_plain_evaluation_keeps_what_it_computes():
    layer = Layer()
    layer(1.0)
    assert layer.hidden == np.tanh(1.0)
