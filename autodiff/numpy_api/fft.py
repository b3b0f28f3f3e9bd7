"""NumPy's Fourier transforms in one and more dimensions, written over the rows of one axis.

The axes are taken in NumPy's own order, so that the value is bit for bit NumPy's.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.errors import ShapeError, counted
from ..base.shapes import negative_axis, shape_of
from ..primitives import fft as rows
from .arguments import deliver

Transform = Callable[..., Any]
Sizes = Sequence[int | None]


def direction(norm: str | None) -> str:
    """NumPy's `norm`, where `None` means "backward"."""
    found = "backward" if norm is None else norm
    if found not in rows.OPPOSITE:
        raise ValueError(f'norm={norm!r} is not one of "backward", "ortho" or "forward"')
    return found


def along(row: Any, a: Any, n: int | None, axis: int, norm: str | None) -> Any:
    """One row along one axis; `n=None` is the length that keeps every entry."""
    axis = negative_axis(axis, len(shape_of(a)))
    if n is None:
        n = a.shape[axis] if row is not rows.irfft else 2 * (a.shape[axis] - 1)
    return row(a, n=operator.index(n), axis=axis, norm=direction(norm))


def _one_axis(function: Any, row: Any) -> None:
    @implements(function)
    def transform(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
        return deliver(along(row, operand(a), n, axis, norm), out, f"np.fft.{row.name}")


_one_axis(np.fft.fft, rows.fft)
_one_axis(np.fft.ifft, rows.ifft)
_one_axis(np.fft.rfft, rows.rfft)
_one_axis(np.fft.irfft, rows.irfft)


@implements(np.fft.hfft)
def hfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    y = along(rows.irfft, np.conj(operand(a)), n, axis, rows.OPPOSITE[direction(norm)])
    return deliver(y, out, "np.fft.hfft")


@implements(np.fft.ihfft)
def ihfft(a: Any, n: Any = None, axis: int = -1, norm: Any = None, out: Any = None) -> Any:
    y = np.conj(along(rows.rfft, operand(a), n, axis, rows.OPPOSITE[direction(norm)]))
    return deliver(y, out, "np.fft.ihfft")


def sizes_and_axes(a: Any, s: Any, axes: Any, halved: bool) -> tuple[Sizes, list[int]]:
    """The axes, and the length of the transform along each of them."""
    if axes is None:
        if s is not None:
            warnings.warn(
                "axes=None beside a given s is deprecated in NumPy 2.0: give axes, too",
                DeprecationWarning,
                stacklevel=4,
            )
        axes = range(-(a.ndim if s is None else len(s)), 0)
    axes = [negative_axis(k, a.ndim) for k in axes]
    lengths: list[int | None] = [a.shape[k] for k in axes]
    if s is None:
        if halved:
            lengths[-1] = None  # irfft knows better
        return lengths, axes
    if len(s) != len(axes):
        raise ShapeError(
            f"s has {counted(len(s), 'entry', 'entries')} and axes has {len(axes)}: they must agree"
        )
    if any(n is None for n in s):
        raise ShapeError(f"s={tuple(s)}: use -1, not None, for a whole axis")
    return [whole if n == -1 else n for n, whole in zip(s, lengths, strict=True)], axes


def _many_axes(function: Any, default: Any, transform: Transform, halved: bool = False) -> None:
    @implements(function)
    def over_axes(
        a: Any, s: Any = None, axes: Any = default, norm: Any = None, out: Any = None
    ) -> Any:
        a = operand(a)
        sizes, places = sizes_and_axes(a, s, axes, halved)
        return deliver(transform(a, sizes, places, norm), out, f"np.fft.{function.__name__}")


def _all_complex(row: Any) -> Transform:
    def transform(a: Any, sizes: Any, axes: Any, norm: Any) -> Any:
        for n, axis in zip(reversed(sizes), reversed(axes), strict=True):
            a = along(row, a, n, axis, norm)
        return a

    return transform


def _real_first(a: Any, sizes: Any, axes: Any, norm: Any) -> Any:
    a = along(rows.rfft, a, sizes[-1], axes[-1], norm)
    return _all_complex(rows.fft)(a, sizes[:-1], axes[:-1], norm)


def _real_last(a: Any, sizes: Any, axes: Any, norm: Any) -> Any:
    for n, axis in zip(sizes[:-1], axes[:-1], strict=True):
        a = along(rows.ifft, a, n, axis, norm)
    return along(rows.irfft, a, sizes[-1], axes[-1], norm)


_many_axes(np.fft.fftn, None, _all_complex(rows.fft))
_many_axes(np.fft.fft2, (-2, -1), _all_complex(rows.fft))
_many_axes(np.fft.ifftn, None, _all_complex(rows.ifft))
_many_axes(np.fft.ifft2, (-2, -1), _all_complex(rows.ifft))
_many_axes(np.fft.rfftn, None, _real_first)
_many_axes(np.fft.rfft2, (-2, -1), _real_first)
_many_axes(np.fft.irfftn, None, _real_last, halved=True)
_many_axes(np.fft.irfft2, (-2, -1), _real_last, halved=True)


def _shift(function: Any, sign: int) -> None:
    @implements(function)
    def shift(x: Any, axes: Any = None) -> Any:
        x = operand(x)
        places = range(x.ndim) if axes is None else axes if np.iterable(axes) else (axes,)
        return np.roll(x, [sign * (x.shape[k] // 2) for k in places], tuple(places))


_shift(np.fft.fftshift, 1)
_shift(np.fft.ifftshift, -1)
