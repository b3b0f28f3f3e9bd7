"""Forms of numpy.fft: every transform, with n, s, axes, norm and out, real and complex."""

from __future__ import annotations

from typing import Any

import numpy as np
from forms import Form

fft = np.fft
x = np.array([0.6, -1.3, 2.2, 0.4, -0.7])
z = np.array([0.6 + 0.2j, -1.3 - 0.5j, 2.2 + 1.1j, 0.4 - 0.9j])
X = np.array([[0.6, -1.3, 2.2, 0.4], [1.5, 0.3, -0.8, 1.9], [-0.2, 0.7, 1.1, -1.4]])
Z = X + 1j * X[::-1, ::-1]
x32 = x.astype(np.float32)
z64 = z.astype(np.complex64)


def filled(f: Any, like: Any, dtype: Any) -> Any:
    """`f`, which takes an `out`, on an array of the given dtype that it fills."""

    def call(a: Any) -> Any:
        wide = a.dtype in (np.longdouble, np.clongdouble)
        out = np.zeros_like(a, shape=np.shape(like), dtype=np.clongdouble if wide else dtype)
        f(a, out=out)
        return out

    return call


def low_pass(x: Any) -> Any:
    y = fft.rfft(x)
    return fft.irfft(np.where(np.arange(y.size) < 2, y, 0), x.size)


def convolved(a: Any, b: Any) -> Any:
    """The convolution theorem."""
    n = a.size + b.size - 1
    return fft.irfft(fft.rfft(a, n) * fft.rfft(b, n), n)


def spectral_derivative(x: Any) -> Any:
    return fft.ifft(2j * np.pi * fft.fftfreq(x.size) * fft.fft(x)).real


FORMS = [
    # one axis
    Form("np.fft.fft(x)", fft.fft, x),
    Form("np.fft.fft(z)", fft.fft, z),
    Form("np.fft.fft(x, n=3)", lambda x: fft.fft(x, n=3), x),
    Form("np.fft.fft(z, 7)", lambda z: fft.fft(z, 7), z),
    Form("np.fft.fft(X, axis=0)", lambda x: fft.fft(x, axis=0), X),
    Form("np.fft.fft(Z, 4, 0, 'ortho')", lambda z: fft.fft(z, 4, 0, "ortho"), Z),
    Form("np.fft.fft(x, norm='forward')", lambda x: fft.fft(x, norm="forward"), x),
    Form("np.fft.fft(float32)", fft.fft, x32, reference=fft.fft),
    Form("np.fft.fft(complex64)", fft.fft, z64),
    Form("np.fft.ifft(x)", fft.ifft, x),
    Form("np.fft.ifft(z)", fft.ifft, z),
    Form("np.fft.ifft(z, n=2, norm='backward')", lambda z: fft.ifft(z, n=2, norm="backward"), z),
    Form("np.fft.ifft(z, n=6, norm='ortho')", lambda z: fft.ifft(z, n=6, norm="ortho"), z),
    Form("np.fft.ifft(Z, axis=-2)", lambda z: fft.ifft(z, axis=-2), Z),
    Form("np.fft.rfft(x), odd", fft.rfft, x),
    Form("np.fft.rfft(x), even", fft.rfft, x[1:]),
    Form("np.fft.rfft(x), one entry", fft.rfft, x[:1]),
    Form("np.fft.rfft(x), two entries", fft.rfft, x[:2]),
    Form("np.fft.rfft(x, n=4)", lambda x: fft.rfft(x, n=4), x),
    Form("np.fft.rfft(x, n=8, norm='ortho')", lambda x: fft.rfft(x, n=8, norm="ortho"), x),
    Form(
        "np.fft.rfft(X, axis=0, norm='forward')", lambda x: fft.rfft(x, axis=0, norm="forward"), X
    ),
    Form("np.fft.rfft(float32)", fft.rfft, x32),
    Form("np.fft.irfft(z)", fft.irfft, z),
    Form("np.fft.irfft(z, n=7)", lambda z: fft.irfft(z, n=7), z),
    Form("np.fft.irfft(z, n=3)", lambda z: fft.irfft(z, n=3), z),
    Form("np.fft.irfft(z, n=10)", lambda z: fft.irfft(z, n=10), z),
    Form("np.fft.irfft(z, n=11, norm='ortho')", lambda z: fft.irfft(z, n=11, norm="ortho"), z),
    Form("np.fft.irfft(z, n=1)", lambda z: fft.irfft(z, n=1), z),
    Form(
        "np.fft.irfft(Z, axis=0, norm='forward')", lambda z: fft.irfft(z, axis=0, norm="forward"), Z
    ),
    Form("np.fft.irfft(x), real", fft.irfft, x),
    Form("np.fft.irfft(complex64)", fft.irfft, z64),
    Form("np.fft.hfft(z)", fft.hfft, z),
    Form("np.fft.hfft(z, n=5, norm='ortho')", lambda z: fft.hfft(z, n=5, norm="ortho"), z),
    Form(
        "np.fft.hfft(Z, axis=0, norm='forward')", lambda z: fft.hfft(z, axis=0, norm="forward"), Z
    ),
    Form("np.fft.hfft(x), real", fft.hfft, x),
    Form("np.fft.ihfft(x)", fft.ihfft, x),
    Form("np.fft.ihfft(x, n=6, norm='ortho')", lambda x: fft.ihfft(x, n=6, norm="ortho"), x),
    Form("np.fft.ihfft(X, axis=0)", lambda x: fft.ihfft(x, axis=0), X),
    # two axes and more
    Form("np.fft.fft2(X)", fft.fft2, X),
    Form("np.fft.fft2(Z, s=(2, 5))", lambda z: fft.fft2(z, s=(2, 5)), Z),
    Form(
        "np.fft.fft2(X, axes=(1, 0), norm='ortho')",
        lambda x: fft.fft2(x, axes=(1, 0), norm="ortho"),
        X,
    ),
    Form("np.fft.ifft2(Z)", fft.ifft2, Z),
    Form(
        "np.fft.ifft2(Z, s=(-1, 3), norm='forward')",
        lambda z: fft.ifft2(z, s=(-1, 3), norm="forward"),
        Z,
    ),
    Form("np.fft.rfft2(X)", fft.rfft2, X),
    Form("np.fft.rfft2(X, s=(3, 5))", lambda x: fft.rfft2(x, s=(3, 5)), X),
    Form("np.fft.irfft2(Z)", fft.irfft2, Z),
    Form(
        "np.fft.irfft2(Z, s=(3, 5), norm='ortho')",
        lambda z: fft.irfft2(z, s=(3, 5), norm="ortho"),
        Z,
    ),
    Form("np.fft.fftn(X)", fft.fftn, X),
    Form("np.fft.fftn(3-D, axes=(0, 2))", lambda x: fft.fftn(x, axes=(0, 2)), X.reshape(3, 2, 2)),
    Form(
        "np.fft.fftn(X, s=(5, 2), axes=(-1, 0))", lambda x: fft.fftn(x, s=(5, 2), axes=(-1, 0)), X
    ),
    Form("np.fft.ifftn(Z, norm='ortho')", lambda z: fft.ifftn(z, norm="ortho"), Z),
    Form("np.fft.ifftn(Z, axes=(0,))", lambda z: fft.ifftn(z, axes=(0,)), Z),
    Form("np.fft.rfftn(3-D)", fft.rfftn, X.reshape(3, 2, 2)),
    Form("np.fft.rfftn(X, axes=(1, 0))", lambda x: fft.rfftn(x, axes=(1, 0)), X),
    Form("np.fft.rfftn(x, s=(4,), axes=(0,))", lambda x: fft.rfftn(x, s=(4,), axes=(0,)), x),
    Form("np.fft.irfftn(3-D)", fft.irfftn, Z.reshape(3, 2, 2)),
    Form(
        "np.fft.irfftn(Z, s=(4, 5), axes=(1, 0))", lambda z: fft.irfftn(z, s=(4, 5), axes=(1, 0)), Z
    ),
    Form(
        "np.fft.irfftn(Z, axes=(-1,), norm='forward')",
        lambda z: fft.irfftn(z, axes=(-1,), norm="forward"),
        Z,
    ),
    # shifts
    Form("np.fft.fftshift(x)", fft.fftshift, x),
    Form("np.fft.fftshift(X, axes=0)", lambda x: fft.fftshift(x, axes=0), X),
    Form("np.fft.ifftshift(Z, axes=(0, -1))", lambda z: fft.ifftshift(z, axes=(0, -1)), Z),
    Form("np.fft.ifftshift(X)", fft.ifftshift, X),
    Form(
        "np.fft.fftshift(np.fft.fft(x)), a spectrum",
        lambda x: np.abs(fft.fftshift(fft.fft(x))) ** 2,
        x,
    ),
    # out, and programs
    Form("np.fft.rfft(x, out=out)", filled(fft.rfft, np.empty(3), complex), x),
    Form("np.fft.fft2(Z, out=out)", filled(fft.fft2, Z, complex), Z),
    Form(
        "np.fft.fft(x, out=plain)", lambda x: fft.fft(x, out=np.empty(5, complex)), x, refused=True
    ),
    Form("np.fft.rfft and irfft, a low-pass filter", low_pass, x),
    Form("np.fft.rfft and irfft, a convolution", convolved, x, X[1]),
    Form("np.fft.fft and ifft, a spectral derivative", spectral_derivative, x),
    Form("np.fft.fft(x), power", lambda x: np.abs(fft.fft(x)) ** 2, x),
    Form("np.fft.rfft(x), magnitude and angle", lambda x: np.angle(fft.rfft(x)[1:]), x),
]
