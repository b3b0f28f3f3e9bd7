"""grad(f, holomorphic=True) gave a number for a function without a complex derivative, conj say."""

import numpy as np
import pytest

import autodiff as ad

Z = 0.7 - 1.3j
NOT = {
    "conj": np.conj,
    "real": lambda z: np.real(z) + 0j,
    "imag": lambda z: np.imag(z) * 1j,
    "abs": lambda z: np.abs(z) * z,
    "angle": lambda z: np.angle(z) * z,
    "sign": np.sign,
    "hidden": lambda z: np.sin(z) + 0.01 * np.conj(z) ** 2,
}
HOLOMORPHIC = {
    "exp": (np.exp, np.exp(Z)),
    "twice": (lambda z: np.conj(np.conj(z) ** 2), 2 * Z),
    "constant": (lambda z: 0 * z + 3, 0),
    "both parts": (lambda z: np.real(z) + 1j * np.imag(z), 1),
    "matrix": (lambda z: np.linalg.det(z * np.eye(2)), 2 * Z),
}


@pytest.mark.parametrize("name", NOT)
@pytest.mark.parametrize("wrap", [lambda g: g, ad.jit, lambda g: lambda z: ad.vmap(g)(z[None])])
def test_refused(name, wrap):
    with pytest.raises(ad.NotDifferentiableError, match="not holomorphic"):
        wrap(ad.grad(NOT[name], holomorphic=True))(np.asarray(Z))


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_right(name):
    f, slope = HOLOMORPHIC[name]
    np.testing.assert_allclose(ad.grad(f, holomorphic=True)(Z), slope, atol=1e-15)
    np.testing.assert_allclose(
        ad.grad(f, holomorphic=True)(np.complex64(Z)), slope, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(ad.jit(ad.grad(f, holomorphic=True))(Z), slope, atol=1e-15)
