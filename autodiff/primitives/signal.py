"""The rows over samples of a function: piecewise linear interpolation, convolution and correlation."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.shapes import shape_of, size_of
from ..rules.conforming import Aval, stacked
from ..rules.kinds import bilinear, special
from ..rules.primitive import Primitive
from .sorting import places_among


# -- interp: between two knots the straight line, outside the first and last value, or left and right
def _interp_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    """With t the place of x between the knots x0 and x1, the line is (1 - t) f0 + t f1, and

        dy = (1 - t) (df0 - s dx0) + t (df1 - s dx1) + s dx,   s = (f1 - f0) / (x1 - x0)

    At a knot NumPy is on the piece to its right, at the last one on the piece to its left.
    """
    x_dot, xp_dot, fp_dot, left_dot, right_dot = tangents
    x, xp, fp, _, _ = primals
    last = xp.shape[-1] - 1
    j = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(last - 1, 0))
    k = np.minimum(j + 1, last)
    x0, x1, f0, f1 = _at(xp, j), _at(xp, k), _at(fp, j), _at(fp, k)
    width = np.where(x1 == x0, 1, x1 - x0)  # a single knot, or a jump
    t, s = (x - x0) / width, (f1 - f0) / width
    left_knot = _at(fp_dot, j) - s * _at(xp_dot, j)
    right_knot = _at(fp_dot, k) - s * _at(xp_dot, k)
    inside = (1 - t) * left_knot + t * right_knot + s * x_dot
    y_dot = np.where(x > xp[-1], right_dot, np.where(x < xp[0], left_dot, inside))
    return np.where(x == xp[-1], inside, y_dot)


def _at(table: Any, j: Any) -> Any:
    """``table[j]``, also where the places differ from example to example."""
    return np.reshape(np.take_along_axis(table, np.reshape(j, (-1,)), -1), shape_of(j))


def _interp(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    """NumPy drops the imaginary part of a complex64 end value."""
    ends = (complex(end) if np.iscomplexobj(end) else end for end in (left, right))
    return np.interp(x, xp, fp, *ends)


def _batch_interp(row: Primitive, size: int, args: Any, flags: Any) -> Any:
    """NumPy interpolates one function at a time, at as many places as one likes. Where the function
    differs from example to example too, the straight line between the knots is written out."""
    if not any(flags[1:]):
        return row(*args)
    x, xp, fp, left, right = (stacked(a, f, size) for a, f in zip(args, flags, strict=True))
    shape = shape_of(x)
    x = np.reshape(x, (size, size_of(shape[1:])))
    left, right = np.reshape(left, (size, 1)), np.reshape(right, (size, 1))
    last = xp.shape[-1] - 1
    j = np.clip(places_among(xp, x, True) - 1, 0, max(last - 1, 0))
    k = np.minimum(j + 1, last)
    x0, x1, f0, f1 = (np.take_along_axis(t, i, -1) for t in (xp, fp) for i in (j, k))
    slope = (f1 - f0) / np.where(x1 == x0, 1, x1 - x0)
    y = np.where(x < xp[:, :1], left, f0 + slope * (x - x0))
    y = np.where(x > xp[:, -1:], right, np.where(x == xp[:, -1:], fp[:, -1:], y))
    return np.reshape(y, shape)


# Most knots take no part: they are left out.
interp = special(
    "interp",
    _interp,
    forward=_interp_jvp,
    numpy=np.interp,
    kinks="knots",
    batch=_batch_interp,
    selects="back",
    entries="first",
)


# -- convolve and correlate ------------------------------------------------------------------------
#     convolve   y[k] = sum_j a[k - j] v[j]           correlate  y[k] = sum_j a[k + j - (M - 1)] v*[j]
#
# "same" and "valid" are what "full" holds from `start_of` on, so their transposes first put the
# cotangent back there, with zeros around it.
def start_of(name: str, mode: str, n: int, m: int) -> int:
    """Where the result begins within the full one of length n + m - 1."""
    short = min(n, m)
    if mode == "full":
        return 0
    if mode == "valid":
        return short - 1
    start = short - 1 - short // 2
    return short // 2 if name == "correlate" and m > n else start


def _in_full(name: str, y_bar: Any, mode: str, n: int, m: int) -> Any:
    before = start_of(name, mode, n, m)
    after = n + m - 1 - before - y_bar.shape[-1]
    zeros = [np.zeros_like(y_bar, shape=(k,)) for k in (before, after)]
    return np.concatenate((zeros[0], y_bar, zeros[1]), axis=-1) if before or after else y_bar


def _convolve_a(y_bar: Any, a: Aval, v: Any, *, mode: str) -> Any:
    return _correlated(_in_full("convolve", y_bar, mode, *a.shape, *v.shape), v)


def _convolve_v(y_bar: Any, a: Any, v: Aval, *, mode: str) -> Any:
    return _correlated(_in_full("convolve", y_bar, mode, *a.shape, *v.shape), a)


def _correlated(whole: Any, v: Any) -> Any:
    """sum_j whole[k + j] v[j]: no conjugate, a transpose is holomorphic."""
    return np.correlate(whole, np.conjugate(v), mode="valid")


def _correlate_a(y_bar: Any, a: Aval, v: Any, *, mode: str) -> Any:
    whole = _in_full("correlate", y_bar, mode, *a.shape, *v.shape)
    return _correlated(whole, np.conjugate(np.flip(v)))


def _correlate_v(y_bar: Any, a: Any, v: Aval, *, mode: str) -> Any:
    whole = _in_full("correlate", y_bar, mode, *a.shape, *v.shape)
    return np.conjugate(np.flip(_correlated(whole, a)))


def _batch_convolve(row: Primitive, size: int, args: Any, flags: Any, *, mode: str) -> Any:
    """Stacks of signals: the shorter one, reversed, against every window of the longer one."""
    a, v = args
    n, m = a.shape[-1], v.shape[-1]
    if row.name == "correlate":
        v = np.conjugate(np.flip(v, -1))
    long, short = (a, v) if n >= m else (v, a)
    zeros = np.zeros_like(long, shape=(*long.shape[:-1], min(n, m) - 1))
    padded = np.concatenate((zeros, long, zeros), axis=-1)
    seen = np.lib.stride_tricks.sliding_window_view(padded, min(n, m), -1)
    y = np.matmul(seen, np.flip(short, -1)[..., None])[..., 0]
    length = {"full": n + m - 1, "same": max(n, m), "valid": abs(n - m) + 1}[mode]
    start = start_of(row.name, mode, n, m)
    return y[..., start : start + length]


convolve = bilinear(
    "convolve",
    lambda a, v, *, mode: np.convolve(a, v, mode),
    _convolve_a,
    _convolve_v,
    text="{a} * {b}",
    batch=_batch_convolve,
)
correlate = bilinear(
    "correlate",
    lambda a, v, *, mode: np.correlate(a, v, mode),
    _correlate_a,
    _correlate_v,
    batch=_batch_convolve,
)
