"""The discrete Fourier transforms, four rows: each is linear, and its transpose is a transform too.

    y_k = sum_j a_j w^(jk),  w = exp(-2 pi i / n)        the matrix w^(jk) is symmetric

so the transpose of `fft` is `fft` and that of `ifft` is `ifft`: no conjugate, and the same norm.
`rfft` keeps half of the frequencies and `irfft` counts them twice, but for 0 and, where n is even,
n/2; their transposes put that right, and are each other in the opposite direction.
Source: Cooley and Tukey (1965); Van Loan, Computational Frameworks for the FFT (1992).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.shapes import Shape
from ..rules.conforming import Aval
from ..rules.kinds import linear
from .indexing import scatter_add

OPPOSITE = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def _resized(x: Any, shape: Shape, axis: int) -> Any:
    """The first entries along `axis`, or zeros behind them: the transpose of what `n` does."""
    size, wanted = x.shape[axis], shape[axis]
    if size == wanted:
        return x
    key = (Ellipsis, slice(0, min(size, wanted)), *(slice(None),) * (-axis - 1))
    return x[key] if size > wanted else scatter_add(x, key=key, shape=shape)


def _counts(n: int, axis: int, dtype: Any) -> Any:
    """How often `irfft` counts each of the frequencies 0 .. n/2, along `axis`."""
    counts = np.full(n // 2 + 1, 2, dtype)
    counts[0] = 1
    if n % 2 == 0:
        counts[-1] = 1
    return counts.reshape(-1, *(1,) * (-axis - 1))


def _rfft_transpose(y_bar: Any, a: Aval, *, n: int, axis: int, norm: str) -> Any:
    halves = np.conj(y_bar) / _counts(n, axis, a.dtype)
    return _resized(np.fft.irfft(halves, n, axis, OPPOSITE[norm]), a.shape, axis)


def _irfft_transpose(y_bar: Any, a: Aval, *, n: int, axis: int, norm: str) -> Any:
    half = np.conj(np.fft.rfft(y_bar, n, axis, OPPOSITE[norm]))
    return _resized(half * _counts(n, axis, y_bar.dtype), a.shape, axis)


def _shown(name: str) -> Any:
    def text(n: int, axis: int, norm: str, shapes: Any) -> str:
        before = shapes[0][axis]
        usual = before if name != "irfft" else 2 * (before - 1)
        given = [f"n={n}"] if n != usual else []
        given += [f"axis={axis}"] if axis not in (-1, len(shapes[0]) - 1) else []
        given += [f"norm='{norm}'"] if norm != "backward" else []
        return f"{name}({', '.join(['{a}', *given])})"

    return text


# `n`, `axis` and `norm` are always given: a number, a negative number, and NumPy's word.
# fmt: off
fft   = linear("fft",   np.fft.fft,   lambda y_bar, a, *, n, axis, norm: _resized(np.fft.fft(y_bar, n, axis, norm), a.shape, axis),
               text=_shown("fft"),   batch="trailing", form="transform", entries="along")
ifft  = linear("ifft",  np.fft.ifft,  lambda y_bar, a, *, n, axis, norm: _resized(np.fft.ifft(y_bar, n, axis, norm), a.shape, axis),
               text=_shown("ifft"),  batch="trailing", form="transform", entries="along")
rfft  = linear("rfft",  np.fft.rfft,  _rfft_transpose,  text=_shown("rfft"),  batch="trailing", form="transform", entries="along")
irfft = linear("irfft", np.fft.irfft, _irfft_transpose, text=_shown("irfft"), batch="trailing", form="transform", entries="along")
# fmt: on
