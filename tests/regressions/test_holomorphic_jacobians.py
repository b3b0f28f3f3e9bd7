"""With holomorphic=True, jacrev, jacfwd, jacobian and hessian returned a part of the derivative of
functions that are not holomorphic, and jacrev of real arguments the real part."""

import numpy as np
import pytest

import autodiff as ad

Z = np.array([0.7 - 1.3j, 0.2 + 0.5j])
ROTATION = np.array([[0.6, -0.8], [0.8, 0.6j]])
NOT = {
    "conj": np.conj,
    "cancelling": lambda z: np.stack([np.conj(z[0]), -np.conj(z[0])]),
    "real": lambda z: np.real(z) + 0j,
    "abs": lambda z: np.abs(z) * z,
    "product": lambda z: np.conj(z[::-1]) * z,
    "hidden": lambda z: np.sin(z) + 0.01 * np.conj(z) ** 2,
    "in a nest": lambda z: {"a": z**2, "b": np.conj(z)},
    "a scalar": lambda z: np.vdot(z, z) ** 2,
}
HOLOMORPHIC = {
    "exp": (np.exp, np.diag(np.exp(Z))),
    "linear": (lambda z: ROTATION @ z, ROTATION),
    "twice": (lambda z: np.conj(np.conj(z) ** 2), np.diag(2 * Z)),
    "constant": (lambda z: 0 * z + 3, np.zeros((2, 2))),
    "a scalar": (lambda z: z @ z, 2 * Z),
}
JACOBIANS = [ad.jacrev, ad.jacfwd, ad.jacobian]
WRAPS = [lambda g: g, ad.jit, lambda g: lambda z: ad.vmap(g)(z[None])[0]]


@pytest.mark.parametrize("name", NOT)
@pytest.mark.parametrize("transform", [*JACOBIANS, ad.hessian])
@pytest.mark.parametrize("wrap", WRAPS)
def test_refused(name, transform, wrap):
    with pytest.raises(ad.NotDifferentiableError, match="not holomorphic"):
        wrap(transform(NOT[name], holomorphic=True))(Z)


@pytest.mark.parametrize("name", HOLOMORPHIC)
@pytest.mark.parametrize("transform", JACOBIANS)
@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_right(name, transform, wrap, dtype):
    f, jacobian = HOLOMORPHIC[name]
    found = wrap(transform(f, holomorphic=True))(Z.astype(dtype))
    np.testing.assert_allclose(found, jacobian, atol=30 * np.finfo(dtype).eps)


@pytest.mark.parametrize("wrap", WRAPS)
def test_hessians(wrap):
    found = wrap(ad.hessian(lambda z: np.sum(z**3), holomorphic=True))(Z)
    np.testing.assert_allclose(found, np.diag(6 * Z))
    found = wrap(ad.hessian(lambda z: z[:1] * z[1], holomorphic=True))(Z)
    np.testing.assert_allclose(found, [[[0, 1], [1, 0]]], atol=1e-15)


def test_several_arguments():
    def f(a, b):
        return a * np.exp(b)

    for transform in JACOBIANS:
        da, db = transform(f, argnums=(0, 1), holomorphic=True)(Z, Z)
        np.testing.assert_allclose(da, np.diag(np.exp(Z)))
        np.testing.assert_allclose(db, np.diag(Z * np.exp(Z)))
        with pytest.raises(ad.NotDifferentiableError, match="not holomorphic"):
            transform(lambda a, b: a * np.conj(b), argnums=(0, 1), holomorphic=True)(Z, Z)
        # In the first argument alone it is.
        found = transform(lambda a, b: a * np.conj(b), holomorphic=True)(Z, Z)
        np.testing.assert_allclose(found, np.diag(np.conj(Z)))


def test_real_arguments():
    """Forward mode has all of their derivative, reverse mode the half of it."""
    x = np.array([0.5, 2.0])
    found = ad.jacfwd(lambda x: np.exp(1j * x), holomorphic=True)(x)
    np.testing.assert_allclose(found, np.diag(1j * np.exp(1j * x)))
    with pytest.raises(ad.ShapeError, match="needs complex arguments and a complex result"):
        ad.jacrev(lambda x: np.exp(1j * x), holomorphic=True)(x)
