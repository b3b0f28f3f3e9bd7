"""Norms of vectors, and the rank: the norm's derivative is its direction, and 0 at the origin.

    d |x| = Re sum(p * dx),    p = conj(x) / |x|    for the 2-norm (and Frobenius's)
                               p = sign(x) (|x_i| / |x|)^(ord - 1)    for other orders

NumPy's |x| overflows and underflows where its squares do. The direction does not: it is that of the
exact norm. Norms of matrices that are made of other rows (nuclear, spectral, sums) are in
`numpy_api.linalg`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...base.bounded import cached
from ...base.shapes import reduced, size_of
from ...rules.kinds import flat, special
from ...rules.primitive import is_in_program, payload
from ..elementwise import direction, root
from ..shaping import stop_gradient
from .helpers import conj, is_complex, named, real

TWO = (None, 2, "fro", "f")  # as `ord`: the root of a sum of squares


def _slope(x: Any, y: Any, ord: Any, axis: Any) -> Any:  # noqa: A002 - NumPy's name
    """p, by which dx is multiplied."""
    axes = tuple(range(-x.ndim, 0)) if axis is None else axis
    if not is_in_program(y) and _all_fit(payload(y), ord):
        return _direction(x, np.reshape(y, reduced(x.shape, axes, keepdims=True)), ord, np.divide)
    # The direction does not depend on the scale, and in this one its powers fit.
    largest = stop_gradient(np.max(np.abs(x), axis=axes, keepdims=True, initial=0))
    x = x / np.where((largest > 0) & np.isfinite(largest), largest, 1)
    if ord in TWO:
        squares = np.square(x.real) + np.square(x.imag) if is_complex(x) else np.square(x)
        size = root(np.sum(squares, axis=axes, keepdims=True))
    else:
        size = norm(x, ord=ord, axis=axis, keepdims=True)
    return _direction(x, size, ord, direction)


def _direction(x: Any, size: Any, ord: Any, over: Callable[[Any, Any], Any]) -> Any:  # noqa: A002
    if ord in TWO:
        return over(conj(x), size)
    entries = np.abs(x)
    sign = direction(conj(x), entries) if is_complex(x) else np.sign(x)
    return sign * over(entries, size) ** (ord - 1)


def _all_fit(y: Any, ord: Any) -> bool:  # noqa: A002
    """Do the sums of powers, of which `y` is the root, have all their digits? If not, NumPy's norm
    is 0, inf, or a number with few digits."""
    low, high = _range(y.dtype, 2 if ord in TWO else ord)
    return bool(((low < y) & (y < high)).all())


@cached(256)
def _range(dtype: Any, power: Any) -> Any:
    limits = np.finfo(dtype)
    with np.errstate(all="ignore"):
        ends = np.stack([limits.tiny / limits.eps, limits.max]) ** dtype.type(1 / power)
    return tuple(np.sort(ends))


def _norm_jvp(tangents: Any, primals: Any, y: Any, *, ord: Any, axis: Any, keepdims: bool) -> Any:  # noqa: A002
    slope = _slope(*primals, y, ord, axis)
    return np.sum(real(slope * tangents[0]), axis=axis, keepdims=keepdims)


def _norm_vjp(y_bar: Any, primals: Any, y: Any, *, ord: Any, axis: Any, keepdims: bool) -> Any:  # noqa: A002
    (x,) = primals
    slope = _slope(x, y, ord, axis)
    axes = tuple(range(-x.ndim, 0)) if axis is None else axis
    return [np.reshape(y_bar, reduced(x.shape, axes, keepdims=True)) * slope]


def _batch_norm(
    row: Any, size: int, args: Any, flags: Any, *, axis: Any, keepdims: bool, **order: Any
) -> Any:
    (x,) = args
    if axis is not None:
        return row(x, axis=axis, keepdims=keepdims, **order)
    y = row(np.reshape(x, (size, size_of(x.shape[1:]))), axis=(-1,), keepdims=False, **order)
    return np.reshape(y, (size, *(1,) * (x.ndim - 1))) if keepdims else y


norm = special(
    "norm",
    named(np.linalg.norm),
    forward=_norm_jvp,
    backward=_norm_vjp,
    numpy=np.linalg.norm,
    text=lambda ord, axis, keepdims: _norm_text(ord, axis),  # noqa: A006
    latex=lambda ord, axis, keepdims: r"\left\|{a}\right\|",  # noqa: A006
    kinks="origin",
    batch=_batch_norm,
)


def _norm_text(ord: Any, axis: Any) -> str:  # noqa: A002
    options = "" if ord is None else f", ord={ord}"
    if axis is not None:
        options += f", axis={axis[0] if len(axis) == 1 else axis}"
    return f"norm({{a}}{options})"


matrix_rank = flat(
    "matrix_rank", named(np.linalg.matrix_rank), numpy=np.linalg.matrix_rank, batch="trailing"
)
