"""`np.linalg` on tracked values: norms of every order, condition numbers and the rank.

A matrix norm is a norm of its singular values, of its entries, or the largest sum of a row or
column: rows of the table, in NumPy's own order.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.shapes import ndim_of, shape_of
from ..primitives.linalg import norm as rows
from ..rules.primitive import Traced
from .arguments import as_dtype, dtype_of, given, refuse_argument

LinAlgError = np.linalg.LinAlgError


def matrix(x: Any, function: str) -> Any:
    """A matrix or a stack of matrices. NumPy's own check would count a batch axis too."""
    x = operand(x)
    if ndim_of(x) < 2:
        raise LinAlgError(
            f"np.linalg.{function}: {ndim_of(x)}-dimensional array given. Array must be at least "
            "two-dimensional"
        )
    return x


def constant(function: str, **arguments: Any) -> None:
    """Refuse a tracked value where NumPy takes a setting."""
    for name, value in arguments.items():
        if isinstance(value, Traced):
            cure = "pass a plain number: autodiff.stop_gradient(x) gives one"
            refuse_argument(f"np.linalg.{function}", name, value, cure)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    constant("norm", ord=ord)
    x = operand(x)
    x = x if dtype_of(x).kind in "fc" else as_dtype(x, float)
    keepdims = given(keepdims)
    ndim = ndim_of(x)
    if axis is None:
        if ord is None or (ord in ("f", "fro") and ndim == 2) or (ord == 2 and ndim == 1):
            x = np.reshape(x, (1,)) if ndim == 0 else x
            y = rows.norm(x, ord=None, axis=None, keepdims=keepdims and ndim > 0)
            return y
        axis = tuple(range(ndim))
    elif not isinstance(axis, tuple):
        axis = (operator.index(axis),)
    if len(axis) == 1:
        return _vector_norm(x, ord, _checked(axis, ndim), keepdims)
    if len(axis) == 2:
        return _matrix_norm(x, ord, _checked(axis, ndim), keepdims)
    raise ValueError("Improper number of dimensions to norm.")


def _checked(axis: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """The axes counted from the end, in the order given."""
    found = tuple(operator.index(k) for k in axis)
    for k in found:
        if not -ndim <= k < ndim:
            raise np.exceptions.AxisError(k, ndim)
    found = tuple(k - ndim if k >= 0 else k for k in found)
    if len(set(found)) != len(found):
        raise ValueError("Duplicate axes given.")
    return found


def _vector_norm(x: Any, ord: Any, axis: tuple[int, ...], keepdims: bool) -> Any:  # noqa: A002
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    if ord == np.inf:
        return np.max(np.abs(x), axis=axis, keepdims=keepdims, initial=0)
    if ord == -np.inf:
        return np.min(np.abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum((x != 0).astype(x.real.dtype), axis=axis, keepdims=keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    return rows.norm(x, ord=None if ord == 2 else ord, axis=axis, keepdims=keepdims)


def _matrix_norm(x: Any, ord: Any, axis: tuple[int, ...], keepdims: bool) -> Any:  # noqa: A002
    row, col = axis
    if ord in (None, "fro", "f"):
        return rows.norm(x, ord=None, axis=axis, keepdims=keepdims)
    if ord in (2, -2, "nuc"):
        s = np.linalg.svdvals(np.moveaxis(x, axis, (-2, -1)))
        if ord == "nuc":
            y = np.sum(s, axis=-1, initial=0)
        else:
            y = np.max(s, axis=-1, initial=0) if ord == 2 else np.min(s, axis=-1)
    elif ord in (1, -1, np.inf, -np.inf):
        summed, other = (row, col) if ord in (1, -1) else (col, row)
        sums = np.sum(np.abs(x), axis=summed)
        other = other + 1 if other < summed else other  # one axis fewer behind it
        y = np.max(sums, axis=other, initial=0) if ord > 0 else np.min(sums, axis=other)
    else:
        raise ValueError("Invalid norm order for matrices.")
    if not keepdims:
        return y
    return np.reshape(y, tuple(1 if k - x.ndim in axis else n for k, n in enumerate(x.shape)))


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:  # noqa: A002
    return norm(x, axis=(-2, -1), keepdims=keepdims, ord=ord)


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:  # noqa: A002
    x = operand(x)
    shape = shape_of(x)
    if axis is None:
        axes, flat, along = tuple(range(-len(shape), 0)), np.ravel(x), 0
    elif isinstance(axis, tuple):  # one axis made of many, in front
        axes = _checked(axis, len(shape))
        rest = [k for k in range(-len(shape), 0) if k not in axes]
        flat = np.transpose(x, (*axes, *rest))
        flat, along = np.reshape(flat, (-1, *(shape[k] for k in rest))), 0
    else:
        axes, flat, along = _checked((axis,), len(shape)), x, axis
    y = norm(flat, axis=along, ord=ord)
    if not keepdims:
        return y
    return np.reshape(y, tuple(1 if k - len(shape) in axes else n for k, n in enumerate(shape)))


@implements(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    constant("matrix_rank", tol=tol, rtol=rtol)
    A = operand(A)
    if ndim_of(A) < 2:
        return np.any(A != 0).astype(int)
    return rows.matrix_rank(A, tol=tol, hermitian=bool(hermitian), rtol=rtol)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    constant("cond", p=p)
    x = matrix(x, "cond")
    if 0 in x.shape[-2:]:
        raise LinAlgError("cond is not defined on empty arrays")
    if p is None or p in {2, -2}:
        s = np.linalg.svdvals(x)
        with np.errstate(all="ignore"):
            r = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
        zero = np.isnan(r) & ~np.any(np.isnan(x), axis=(-2, -1))
        return np.where(zero, np.inf, r)[()]
    return norm(x, p, axis=(-2, -1)) * norm(np.linalg.inv(x), p, axis=(-2, -1))
