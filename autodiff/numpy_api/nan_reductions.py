"""The nan-reductions: an entry that is nan is left out, of the value and of every derivative."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.shapes import ndim_of, negative_axes, reduced, shape_of
from ..primitives.elementwise import root
from .arguments import NO_VALUE, accumulator, as_dtype, deliver, dtype_of, given, number
from .reductions import reduce_by
from .statistics import degrees_of_freedom, divided


def without_nan(a: Any, replacement: Any) -> tuple[Any, Any]:
    """`a` with its nans replaced, and where they were."""
    a = operand(a)
    missing = np.isnan(a)
    return np.where(missing, replacement, a), missing


def _nan_reduction(function: Callable[..., Any], ufunc: np.ufunc, neutral: int) -> None:
    name = f"np.{function.__name__}"

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
        present, _ = without_nan(a, neutral)
        return reduce_by(ufunc, name, present, axis, dtype, out, keepdims, initial, where)


def _nan_scan(function: Callable[..., Any], scan: Callable[..., Any], neutral: int) -> None:
    @implements(function)
    def scanned(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        return scan(without_nan(a, neutral)[0], axis, dtype, out)


_nan_reduction(np.nansum, np.add, 0)
_nan_reduction(np.nanprod, np.multiply, 1)
_nan_scan(np.nancumsum, np.cumsum, 0)
_nan_scan(np.nancumprod, np.cumprod, 1)


@implements(np.nanmean)
def nanmean(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    *,
    where: Any = True,
) -> Any:
    if dtype_of(a := operand(a)).kind not in "fc":
        return np.mean(a, axis, dtype, out, keepdims, where=where)
    present, missing = without_nan(a, 0)
    axes, keepdims = negative_axes(axis, ndim_of(present)), given(keepdims)
    dtype = accumulator("np.nanmean", present, dtype, out)
    n = _count(missing, axes, keepdims, where)
    total = reduce_by(np.add, "np.nanmean", present, axes, dtype, None, keepdims, where=where)
    return deliver(_quotient(total, n), out, "np.nanmean")


def _count(missing: Any, axes: tuple[int, ...], keepdims: bool, where: Any) -> Any:
    everywhere = True if where is NO_VALUE else where
    return np.sum(~missing, axis=axes, dtype=np.intp, keepdims=keepdims, where=everywhere)


def _quotient(total: Any, n: Any) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 of an empty slice is nan
        return divided(total, n)


@implements(np.nanvar)
def nanvar(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    ddof = degrees_of_freedom("np.nanvar", ddof, correction)
    if dtype_of(a := operand(a)).kind not in "fc":
        return np.var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean)
    present, missing = without_nan(a, 0)
    axes, keepdims = negative_axes(axis, ndim_of(present)), given(keepdims)
    n = _count(missing, axes, True, where)
    if mean is NO_VALUE:
        total = reduce_by(np.add, "np.nanvar", present, axes, dtype, None, True, where=where)
        mean = _quotient(total, n)
    deviation = as_dtype(present - operand(mean), dtype_of(present))
    deviation = np.where(missing, 0, deviation)
    if dtype_of(deviation).kind == "c":
        squares = np.real(deviation * np.conjugate(deviation))
    else:
        squares = np.square(deviation)
    dtype = accumulator("np.nanvar", squares, dtype, out)
    total = reduce_by(np.add, "np.nanvar", squares, axes, dtype, None, keepdims, where=where)
    freedom = np.reshape(n, reduced(shape_of(present), axes, keepdims)) - ddof
    y = np.where(freedom <= 0, np.nan, _quotient(total, freedom))
    return deliver(y if keepdims else number(y), out, "np.nanvar")


@implements(np.nanstd)
def nanstd(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: Any = 0,
    keepdims: Any = False,
    *,
    where: Any = True,
    mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:
    ddof = degrees_of_freedom("np.nanstd", ddof, correction)
    accumulator("np.nanstd", np.real(operand(a)), dtype, out)
    y = np.nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean)
    return deliver(root(y), out, "np.nanstd")
