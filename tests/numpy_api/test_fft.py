"""Fourier transforms: what their derivatives must be, whatever the forms say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=7)
COMPLEX = RNG.normal(size=7) + 1j * RNG.normal(size=7)


def power(y: Any) -> Any:
    return np.sum(y.real**2 + y.imag**2)


@pytest.mark.parametrize("n", [1, 2, 7, 12])
@pytest.mark.parametrize("name", ["fft", "ifft"])
def test_the_jacobian_is_the_fourier_matrix(name: str, n: int) -> None:
    def transform(z: Any) -> Any:
        return getattr(np.fft, name)(z, n)

    matrix = np.stack([transform(e) for e in np.eye(7)], axis=1)
    for jacobian in (ad.jacfwd, ad.jacrev):
        found = jacobian(transform, holomorphic=True)(COMPLEX)
        np.testing.assert_allclose(found, matrix, atol=1e-14)


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [5, 6, 7, 8, 9])
def test_parseval(n: int, norm: str) -> None:
    """The power of a spectrum is that of the signal, so its gradient is known."""
    factor = {"backward": n, "ortho": 1, "forward": 1 / n}[norm]
    expected = np.zeros(7)
    expected[:n] = 2 * factor * REAL[:n]
    found = ad.grad(lambda x: power(np.fft.fft(x, n, norm=norm)))(REAL)
    np.testing.assert_allclose(found, expected, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 7, 8, 9])
def test_the_half_spectrum_counts_twice(n: int) -> None:
    """rfft keeps one of each pair of conjugate frequencies: the rest is there, but not returned."""
    counts = np.full(n // 2 + 1, 2.0)
    counts[0] = 1
    if n % 2 == 0:
        counts[-1] = 1

    def by_half(x: Any) -> Any:
        y = np.fft.rfft(x, n)
        return np.sum(counts * (y.real**2 + y.imag**2))

    whole = ad.grad(lambda x: power(np.fft.fft(x, n)))(REAL)
    np.testing.assert_allclose(ad.grad(by_half)(REAL), whole, atol=1e-12)


@pytest.mark.parametrize("n", [6, 7])
def test_real_transforms_undo_each_other(n: int) -> None:
    x = RNG.normal(size=n)
    jacobian = ad.jacrev(lambda x: np.fft.irfft(np.fft.rfft(x), n))(x)
    np.testing.assert_allclose(jacobian, np.eye(n), atol=1e-15)
    jacobian = ad.jacfwd(lambda x: np.fft.hfft(np.fft.ihfft(x), n))(x)
    np.testing.assert_allclose(jacobian, np.eye(n), atol=1e-15)


def test_imaginary_parts_that_irfft_does_not_read_have_no_gradient() -> None:
    gradient = ad.grad(lambda z: np.sum(np.fft.irfft(z, 6) ** 3))(COMPLEX[:4])
    assert gradient[0].imag == 0
    assert gradient[3].imag == 0
    assert np.all(gradient[1:3].imag != 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
def test_gradients_have_the_dtype_of_the_input(dtype: Any) -> None:
    x = COMPLEX.astype(dtype) if np.dtype(dtype).kind == "c" else REAL.astype(dtype)
    y, pullback = ad.vjp(np.fft.fft, x)
    assert y.dtype == np.fft.fft(x).dtype
    assert pullback(y)[0].dtype == dtype
    assert ad.jvp(np.fft.fft, (x,), (x,))[1].dtype == y.dtype


def test_an_untaken_branch_before_a_transform_contributes_nothing() -> None:
    """A transform of ones is zero but for one frequency; what is live must not be read off that."""
    x = np.array([0.0, 1.0, 2.0, -0.5])

    def f(x: Any) -> Any:
        return power(np.fft.fft(np.where(x == 0, 1, np.sin(x) / x)))

    with np.errstate(invalid="ignore"):
        found = ad.grad(f)(x), ad.jacfwd(f)(x)
    expected = ad.grad(lambda x: power(np.fft.fft(np.sinc(x / np.pi))))(x)
    for gradient in found:
        np.testing.assert_allclose(gradient, expected, atol=1e-14)


def test_vmap_is_one_transform_of_the_stack() -> None:
    stack = RNG.normal(size=(3, 4, 5))
    found = ad.vmap(lambda x: np.fft.rfft2(x, s=(4, 6)))(stack)
    np.testing.assert_array_equal(found, np.fft.rfft2(stack, s=(4, 6)))


def test_errors_are_numpys() -> None:
    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        return ad.vjp(lambda x: function(x, *args, **kwargs), np.ones((2, 3)))

    with pytest.raises(ValueError, match="Invalid number of FFT data points"):
        call(np.fft.fft, 0)
    with pytest.raises(ValueError, match="norm='orthogonal'"):
        call(np.fft.rfft, norm="orthogonal")
    with pytest.raises(ad.ShapeError, match="axis 2 is out of bounds"):
        call(np.fft.ifft, axis=2)
    with pytest.raises(ad.ShapeError, match="s has 1 entry and axes has 2"):
        call(np.fft.fft2, s=(3,))
    with pytest.raises(ad.ShapeError, match="use -1, not None"):
        call(np.fft.fftn, s=(3, None), axes=(0, 1))
    with pytest.warns(DeprecationWarning, match="give axes"):
        call(np.fft.fftn, s=(3, 3))


def test_explain_shows_the_arguments_that_matter() -> None:
    shown = str(ad.trace(lambda x: np.fft.rfft(x, n=8, norm="ortho"), REAL))
    assert "rfft(x, n=8, norm='ortho')" in shown
    shown = str(ad.trace(lambda x: np.fft.fft(x), REAL))
    assert "fft(x)" in shown
