"""Fitting derivatives to values: shapes broadcast and summed back, dtypes cast, zeros filled in.

The kinds call these on what a row's rule returns; a rule never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.shapes import PYTHON_SCALARS, Shape, broadcast_axes, ndim_of, shape_of, size_of
from .primitive import ZERO, Structural, Traced, payload

SCALARS = frozenset((float, int, bool, np.float64))  # real: nothing to cast behind them


def is_scalar(x: Any) -> bool:
    """Is this one real number, whatever transforms watch it?"""
    return payload(x).__class__ in SCALARS


def alike(x: Any, y: Any) -> bool:
    """Are both plain arrays of one shape and dtype, as most are?"""
    arrays = x.__class__ is y.__class__ is np.ndarray
    return arrays and x.shape == y.shape and x.dtype == y.dtype


class Aval(NamedTuple):
    """What a rule may know of an array without keeping it alive: shape and dtype.

    A Python number has dtype ``None``: it is weak, and takes the dtype of what it meets.
    """

    shape: Shape
    dtype: Any

    @property
    def ndim(self) -> int:
        return len(self.shape)


DOUBLE = Aval((), np.dtype(np.float64))


def aval_of(x: Any) -> Aval:
    if x.__class__ is np.float64:
        return DOUBLE
    if x.__class__ in PYTHON_SCALARS:
        return Aval((), np.dtype(complex) if x.__class__ is complex else None)
    if isinstance(x, Traced):
        hidden = 0  # axes of examples, one for each vmap
        while isinstance(x, Traced):
            hidden += x.node.batch_axis
            x = x.value
        if x.__class__ in PYTHON_SCALARS:
            return Aval((), np.dtype(x.__class__))
        return Aval(x.shape[hidden:] if hidden else x.shape, x.dtype)
    return tuple.__new__(Aval, (x.shape, x.dtype))  # two thirds of the time of Aval(...)


FEW = 64  # entries that are copied faster than a view of them is made


def spread(x: Any, shape: Shape) -> Any:
    """`x`, broadcast to `shape`."""
    if size_of(shape) > FEW or (x.__class__ is not np.ndarray and x.__class__ not in SCALARS):
        return np.broadcast_to(x, shape)
    y = np.empty(shape, x.__class__ if x.__class__ in PYTHON_SCALARS else x.dtype)
    y[...] = x
    return y


def unbroadcast(cotangent: Any, shape: Shape) -> Any:
    """Sum over the axes along which `shape` was repeated: the transpose of broadcasting."""
    large = shape_of(cotangent)
    if large == shape:
        return cotangent
    axes = broadcast_axes(shape, large)
    if not axes:  # smaller than the input: a cotangent that was constant along some axes
        return spread(cotangent, shape)
    return np.reshape(np.sum(cotangent, axis=axes), shape)


def cast(x: Any, dtype: Any) -> Any:
    """`x` with the dtype of the input it belongs to; complex to real keeps the real part."""
    if x.__class__ in PYTHON_SCALARS:
        if dtype is not None and dtype.kind == "c":
            return dtype.type(x)
        return x.real if x.__class__ is complex else x
    if x.dtype == dtype:
        return x
    if x.dtype.kind == "c" and (dtype is None or dtype.kind != "c"):
        x = np.real(x)
    return x if dtype is None else x.astype(dtype)


def full(cotangent: Any, like: Aval) -> Any:
    """A cotangent in the shape of its value. Along the sweep it may be smaller, a Python number, or
    structural, as long as it broadcasts: the gradient of a sum needs no array of ones."""
    if cotangent.__class__ is Structural:
        cotangent = (like.dtype.type if like.dtype else float)(cotangent.factor)
    elif cotangent.__class__ in PYTHON_SCALARS and like.dtype:  # rows index it as an array
        cotangent = like.dtype.type(cotangent)
    return cotangent if shape_of(cotangent) == like.shape else spread(cotangent, like.shape)


def full_array(cotangent: Any, like: Aval) -> Any:
    """The same for rows of products, which index a tracked Python number as well."""
    if isinstance(cotangent, Traced) and payload(cotangent).__class__ in PYTHON_SCALARS:
        cotangent = cotangent.astype(like.dtype) if like.dtype else cotangent
    return full(cotangent, like)


def inexact(partial: Any) -> Any:
    """A partial as a number of the reals: integers and truth values of a program, which may be the
    partials of a product, wrap around when derivatives are added up, or are or-ed."""
    dtype = getattr(partial, "dtype", None)
    if dtype is None:
        return float(partial) if isinstance(partial, int) else partial
    return partial if dtype.kind in "fc" else partial.astype(float)


def conform_cotangent(cotangent: Any, like: Aval) -> Any:
    """A contribution in the shape and dtype of its input."""
    if cotangent.__class__ is np.ndarray:
        if cotangent.shape == like.shape and cotangent.dtype == like.dtype:
            return cotangent
    elif cotangent.__class__ is Structural:
        return cotangent
    return cast(unbroadcast(cotangent, like.shape), like.dtype)


def conform_tangent(tangent: Any, y: Any) -> Any:
    """A tangent in the shape and dtype of its value."""
    if tangent is ZERO or alike(tangent, y) or (is_scalar(y) and is_scalar(tangent)):
        return tangent
    shape, dtype = aval_of(y)
    if shape_of(tangent) != shape:
        tangent = spread(tangent, shape)
    return cast(tangent, dtype)


def changed(
    primals: Sequence[Any], wanted: Sequence[int], y: Any
) -> list[tuple[Aval, Aval]] | None:
    """For each wanted input, what it is like and what the output is like; ``None`` if they are all
    alike, as they mostly are."""
    end = y
    while isinstance(end, Traced):  # `payload` inline: this runs for each operation
        end = end.value
    if end.__class__ is np.ndarray:
        shape, dtype = end.shape, end.dtype
        for i in wanted:
            x = primals[i]
            while isinstance(x, Traced):  # of a stack of examples, the axis in front is the same
                x = x.value
            if x.__class__ is not np.ndarray or x.shape != shape:
                break
            if x.dtype is not dtype and x.dtype != dtype:  # one of many for a type: see pickle
                break
        else:
            return None
    elif end.__class__ in SCALARS:
        return None
    after = aval_of(y)
    changes = [(before, after) for before in (aval_of(primals[i]) for i in wanted)]
    return changes if any(before != after for before, _ in changes) else None


def filled(tangent: Any, primal: Any) -> Any:
    """A structural zero as an array of zeros, for rows that need every tangent at once."""
    return np.zeros_like(primal) if tangent is ZERO else tangent


def align(x: Any, ndim: int) -> Any:
    """A stack of examples whose examples get `ndim` axes, new ones of size 1 in front."""
    shape = shape_of(x)
    missing = ndim - (len(shape) - 1)
    return np.reshape(x, (shape[0], *(1,) * missing, *shape[1:])) if missing > 0 else x


def align_all(args: Sequence[Any], flags: Sequence[bool]) -> list[Any]:
    """Every flagged argument with as many example axes as the largest example has."""
    ndims = [ndim_of(a) - flag for a, flag in zip(args, flags, strict=True)]
    ndim = max(ndims)
    if min(ndims) == ndim:
        return list(args)
    return [align(a, ndim) if flag else a for a, flag in zip(args, flags, strict=True)]


def stacked(x: Any, flag: bool, size: int) -> Any:
    """`x` as a stack: itself if it is one, else repeated along a new first axis."""
    return x if flag else np.broadcast_to(x, (size, *shape_of(x)))
