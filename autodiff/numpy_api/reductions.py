"""Reductions and scans: sum, prod, max, min, cumsum, cumprod, sort and the flat ones."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..dispatch import implements, operand
from ..primitive import TABLE
from ..primitives import indexing, reductions as rows, scans
from ..shapes import negative_axes, negative_axis, reduced, shape_of
from .arguments import NO_VALUE, as_dtype, check_default, deliver


def _reduction(function: Any, row: Any, neutral: Any) -> Any:
    name = f"np.{row.name}"

    @implements(function)
    def reduce(
        a: Any,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        a = as_dtype(operand(a), dtype)
        axes = negative_axes(axis, len(shape_of(a)))
        if where is not True:
            a = np.where(where, a, neutral if initial is NO_VALUE else initial)
        y = row(a, axis=axes, keepdims=bool(keepdims is not NO_VALUE and keepdims))
        return deliver(y, out, name)

    return reduce


sum = _reduction(np.sum, rows.sum, 0)  # noqa: A001
prod = _reduction(np.prod, rows.prod, 1)


def _extremum(functions: Any, row: Any) -> Any:
    @implements(*functions)
    def reduce(
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        a = operand(a)
        axes = negative_axes(axis, len(shape_of(a)))
        y = row(a, axis=axes, keepdims=bool(keepdims is not NO_VALUE and keepdims))
        return deliver(y, out, f"np.{row.name}")

    return reduce


max = _extremum((np.max, np.amax), rows.max)  # noqa: A001
min = _extremum((np.min, np.amin), rows.min)  # noqa: A001


def _scan(function: Any, row: Any) -> Any:
    @implements(function)
    def scan(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        a = as_dtype(operand(a), dtype)
        if axis is None:
            a, axis = np.ravel(a), -1
        y = row(a, axis=negative_axis(axis, a.ndim))
        return deliver(y, out, f"np.{row.name}")

    return scan


cumsum = _scan(np.cumsum, scans.cumsum)
cumprod = _scan(np.cumprod, scans.cumprod)


def _flat_reduction(name: str) -> None:
    row = TABLE[name]

    @implements(getattr(np, name))
    def reduce(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        a = operand(a)
        shape = shape_of(a)
        if axis is None:
            a, axis = np.ravel(a), -1
        else:
            axis = negative_axis(axis, len(shape))
        y = row(a, axis=axis, keepdims=False)
        if keepdims is True:
            y = np.reshape(y, reduced(shape, (axis,), True) if y.ndim else (1,) * len(shape))
        return deliver(y, out, f"np.{name}")


for _name in ("argmax", "argmin"):
    _flat_reduction(_name)


@implements(np.any)
def any(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:  # noqa: A001
    check_default("np.any", out=(out, None), where=(where, True))
    return TABLE["any"](a, axis=negative_axes(axis, a.ndim), keepdims=keepdims is True)


@implements(np.all)
def all(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:  # noqa: A001
    check_default("np.all", out=(out, None), where=(where, True))
    return TABLE["all"](a, axis=negative_axes(axis, a.ndim), keepdims=keepdims is True)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return TABLE["count_nonzero"](a, axis=negative_axes(axis, a.ndim), keepdims=keepdims)


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    check_default("np.sort", order=(order, None))
    if axis is None:
        a, axis = np.ravel(a), -1
    return indexing.sort(a, axis=negative_axis(axis, a.ndim))


@implements(np.argsort)
def argsort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    check_default("np.argsort", order=(order, None))
    if axis is None:
        a, axis = np.ravel(a), -1
    return TABLE["argsort"](a, axis=negative_axis(axis, a.ndim), kind=kind)


__all__ = ["builtins"]
