"""clip_by_norm of gradients whose squares overflow gave 0, and global_norm gave inf."""

import numpy as np
import pytest

import autodiff as ad
from nn.optim import clip_by_norm, global_norm


@pytest.mark.parametrize("wrap", [lambda f: f, ad.jit], ids=["plain", "jit"])
@pytest.mark.parametrize("size", [1e200, 1.7e308, 1e160, 1.0])
def test_scaled_down(size, wrap):
    nest = {"a": np.array([size, size]), "b": np.array([0.0])}
    clipped = wrap(lambda g: clip_by_norm(g, 1.0))(nest)
    np.testing.assert_allclose(clipped["a"], np.sqrt(0.5), rtol=1e-13)
    np.testing.assert_array_equal(clipped["b"], 0)


@pytest.mark.parametrize("size", [1e-200, 5e-324, 0.0, 1e-3])
def test_small_ones_stay(size):
    np.testing.assert_array_equal(clip_by_norm([np.array([size, -size])], 1.0)[0], [size, -size])


@pytest.mark.parametrize("size", [1e200, 1e-200, 3e-320, 2.0])
def test_norm(size):
    np.testing.assert_allclose(global_norm([np.array([3 * size]), 4 * size]), 5 * size, rtol=1e-3)
    np.testing.assert_allclose(global_norm([np.array([3.0, 4.0])]) * size, 5 * size, rtol=1e-3)
    assert global_norm([]) == 0
