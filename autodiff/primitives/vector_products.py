"""inner, vecdot, matvec and vecmat: rows of their own, to have NumPy's values bit for bit.

A row is bilinear, so it takes no conjugate; where NumPy's function takes one, the row undoes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.shapes import ndim_of, shape_of, size_of
from ..rules.conforming import Aval, align, align_all
from ..rules.kinds import bilinear
from ..rules.primitive import PRODUCT, Primitive
from .products import contracted, mT


def conjugate(a: Any) -> Any:
    """`a` for a function of NumPy that conjugates it."""
    return np.conjugate(a) if a.dtype.kind == "c" else a


def _inner_a(y_bar: Any, a: Aval, b: Any) -> Any:
    axes = ndim_of(b) - 1
    return np.tensordot(y_bar, b, (range(-axes, 0), range(axes)))


def _inner_b(y_bar: Any, a: Any, b: Aval) -> Any:
    axes = ndim_of(a) - 1
    return np.tensordot(y_bar, a, (range(axes), range(axes)))


def _batch_inner(row: Primitive, size: int, args: Any, flags: Any) -> Any:
    a, b = args
    kept_a, kept_b = (shape_of(x)[f:-1] for x, f in zip(args, flags, strict=True))
    b = np.reshape(b, (*((size,) if flags[1] else ()), size_of(kept_b), shape_of(b)[-1]))
    return contracted(size, a, mT(b), flags, kept_a, kept_b)


def _leading(core_a: int, core_b: int) -> Any:
    """The batch rule of a product over the last axes, `core_a` of `a` and `core_b` of `b`."""

    def batch(row: Primitive, size: int, args: Any, flags: Any) -> Any:
        cores = (core_a, core_b)
        ndim = max(ndim_of(x) - f - c for x, f, c in zip(args, flags, cores, strict=True))
        aligned = [
            align(x, ndim + c) if f else x for x, f, c in zip(args, flags, cores, strict=True)
        ]
        return row(*aligned)

    return batch


inner = bilinear("inner", np.inner, _inner_a, _inner_b, text="inner({a}, {b})", batch=_batch_inner)
vecdot = bilinear(
    "vecdot",
    lambda a, b: np.vecdot(conjugate(a), b),
    lambda y_bar, a, b: y_bar[..., None] * b,
    lambda y_bar, a, b: y_bar[..., None] * a,
    numpy=np.vecdot,
    text="vecdot({a}, {b})",
    batch=lambda row, size, args, flags: row(*align_all(args, flags)),
)
matvec = bilinear(
    "matvec",
    np.matvec,
    lambda y_bar, a, b: y_bar[..., :, None] * b[..., None, :],
    lambda y_bar, a, b: (mT(a) @ y_bar[..., None])[..., 0],
    text="{a} {b}",
    binds=PRODUCT,
    batch=_leading(2, 1),
)
vecmat = bilinear(
    "vecmat",
    lambda a, b: np.vecmat(conjugate(a), b),
    lambda y_bar, a, b: (b @ y_bar[..., None])[..., 0],
    lambda y_bar, a, b: a[..., :, None] * y_bar[..., None, :],
    numpy=np.vecmat,
    text="{a} {b}",
    binds=PRODUCT,
    batch=_leading(1, 2),
)
