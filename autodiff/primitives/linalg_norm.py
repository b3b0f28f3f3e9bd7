"""Norms of vectors, and the rank: the norm's derivative is its direction, and 0 at the origin.

    d |x| = Re sum(p * dx),    p = conj(x) / |x|    for the 2-norm (and Frobenius's)
                               p = sign(x) (|x_i| / |x|)^(ord - 1)    for other orders

Quotients x / |x| neither overflow nor underflow where |x| does not. Norms of matrices that are made
of other rows (nuclear, spectral, sums) are in `numpy_api.linalg`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import flat, special
from ..shapes import reduced, size_of
from .linalg import conj, is_complex, named, real


def _slope(x: Any, y: Any, ord: Any, axis: Any) -> Any:  # noqa: A002 - NumPy's name
    """p, by which dx is multiplied."""
    axes = tuple(range(-x.ndim, 0)) if axis is None else axis
    size = np.reshape(y, reduced(x.shape, axes, keepdims=True))
    origin = size == 0  # the minimal-norm subgradient there: 0
    size = np.where(origin, 1, size)
    if ord in (None, 2, "fro", "f"):
        return np.where(origin, 0, conj(x) / size)
    entries = np.abs(x)
    sign = conj(x) / np.where(entries == 0, 1, entries) if is_complex(x) else np.sign(x)
    return np.where(origin, 0, sign * (entries / size) ** (ord - 1))


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
    kinks=(0.0,),
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
