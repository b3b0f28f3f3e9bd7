"""Lines of every length: the last entries, fewer than a vector, are computed like the others."""

import numpy as np
import pytest

import autodiff as ad

LENGTHS = [*range(1, 36), 47, 63, 65]


def wave(x, y):
    return np.tanh(x) * np.sin(y) + np.exp(-x * x)


def scaled(x, y):
    return x * y + y


def written(x, y):
    """Entries that are read where others are written."""
    z = x * 1.0
    z[1:] = z[:-1] * y[1:]
    z[:-1] += z[1:]
    return z


def rounds(x, y):
    """So long that its rounds become a loop."""
    for _ in range(60):
        x = np.tanh(x) * y + x
    return x


@pytest.mark.share(12)
@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [wave, scaled, written, rounds])
def test_value_and_gradient(f, dtype, n):
    rng = np.random.default_rng(n)
    x, y, w = (rng.normal(size=(2, n)).astype(dtype) for _ in range(3))
    tight = {np.float64: 1e-13, np.float32: 1e-5}[dtype]
    compiled = ad.jit(ad.vmap(f))(x, y)
    np.testing.assert_allclose(compiled, ad.vmap(f)(x, y), rtol=tight, atol=tight)

    def total(x, y):
        return np.sum(ad.vmap(f)(x, y) * w)

    slopes = ad.grad(total, (0, 1))
    for found, expected in zip(ad.jit(slopes)(x, y), slopes(x, y), strict=True):
        scale = max(1.0, float(np.max(np.abs(expected))))
        np.testing.assert_allclose(found, expected, rtol=10 * tight, atol=10 * tight * scale)
