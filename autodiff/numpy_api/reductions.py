"""Reductions and scans: sum, prod, max, min, ptp, any, all, argmax, cumsum and their kin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.errors import ShapeError
from ..base.shapes import broadcast, ndim_of, negative_axes, negative_axis, reduced, shape_of
from ..primitives import reductions as rows, scans
from ..rules.primitive import TABLE, Traced
from .arguments import NO_VALUE, accumulator, as_dtype, deliver, dtype_of, given, refuse_argument

# For each ufunc the row of its plain `reduce`, and the row that takes a mask and an initial value.
ROWS = {
    np.add: (rows.sum, rows.masked_sum),
    np.multiply: (rows.prod, rows.masked_prod),
    np.maximum: (rows.max, rows.masked_max),
    np.minimum: (rows.min, rows.masked_min),
    np.fmax: (rows.nanmax, rows.masked_nanmax),
    np.fmin: (rows.nanmin, rows.masked_nanmin),
    np.logaddexp: (None, rows.logaddexp_reduce),
    np.logaddexp2: (None, rows.logaddexp2_reduce),
    np.hypot: (None, rows.hypot_reduce),
}


def folded_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes of a reduction by a ufunc, which treats a number as an array of one axis."""
    return () if ndim == 0 and axis in (0, -1) else negative_axes(axis, ndim)


def reduce_by(
    ufunc: np.ufunc,
    name: str,
    a: Any,
    axis: Any,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    """``ufunc.reduce`` for the ufuncs in `ROWS`; `name` is what an error calls the function."""
    plain, masked = ROWS[ufunc]
    a = operand(a)
    params: dict[str, Any] = {"axis": folded_axes(axis, ndim_of(a)), "keepdims": given(keepdims)}
    everywhere = where is True or where is NO_VALUE
    if plain and everywhere and dtype is out is None and initial is NO_VALUE:
        return plain.apply(a, params)
    dtype = accumulator(name, a, dtype, out)
    if dtype is not None:
        if ufunc not in (np.add, np.multiply):
            a = as_dtype(a, dtype)
        else:  # handed to NumPy, which casts block by block and so adds in another order
            params["dtype"] = dtype
            kinds = dtype.kind + dtype_of(a).kind
            if isinstance(a, Traced) and (kinds[0] not in "fc" or kinds == "fc"):
                a = as_dtype(a, dtype)
    if initial is None and ufunc.identity is not None:
        refuse_argument(name, "initial", initial, "leave it out")
    start = () if initial is NO_VALUE or initial is None else (operand(initial),)
    if start and dtype_of(a).kind in "iub" and (dtype is None or dtype.kind in "iub"):
        start = (as_dtype(start[0], ufunc.reduce(np.ones(1, dtype_of(a)), dtype=dtype).dtype),)
    if plain is not None and everywhere and not start:
        return deliver(plain(a, **params), out, name)
    mask = True if everywhere else operand(where)
    if not everywhere:
        if broadcast(shape_of(mask), shape_of(a)) != shape_of(a):
            raise ShapeError(f"{name}: where of shape {shape_of(mask)} for {shape_of(a)}")
        a = rows.keep(a, mask)  # NumPy does not look at the rest, and no derivative may
    return deliver(masked(a, mask, *start, **params), out, name)


@implements(np.sum)
def sum(  # noqa: A001
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    return reduce_by(np.add, "np.sum", a, axis, dtype, out, keepdims, initial, where)


@implements(np.prod)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = False,
    initial: Any = NO_VALUE,
    where: Any = True,
) -> Any:
    return reduce_by(np.multiply, "np.prod", a, axis, dtype, out, keepdims, initial, where)


def _extremum(ufunc: np.ufunc, name: str, *functions: Callable[..., Any]) -> Any:
    @implements(*functions)
    def extremum(
        a: Any,
        axis: Any = None,
        out: Any = None,
        keepdims: Any = False,
        initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:
        return reduce_by(ufunc, name, a, axis, None, out, keepdims, initial, where)

    return extremum


max = _extremum(np.maximum, "np.max", np.max, np.amax)  # noqa: A001
min = _extremum(np.minimum, "np.min", np.min, np.amin)  # noqa: A001
nanmax = _extremum(np.fmax, "np.nanmax", np.nanmax)
nanmin = _extremum(np.fmin, "np.nanmin", np.nanmin)


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    y = max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)
    return deliver(y, out, "np.ptp")


# -- scans -----------------------------------------------------------------------------------------
def _scan(function: Callable[..., Any], row: Any) -> Any:
    @implements(function)
    def scan(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        a = as_dtype(operand(a), dtype)
        if axis is None or (ndim_of(a) == 0 and axis in (0, -1)):
            a, axis = np.ravel(a), -1
        y = row(a, axis=negative_axis(axis, ndim_of(a)))
        return deliver(as_dtype(y, dtype), out, f"np.{row.name}")

    return scan


cumsum = _scan(np.cumsum, scans.cumsum)
cumprod = _scan(np.cumprod, scans.cumprod)


def _cumulative(function: Callable[..., Any], scan: Any, first: int) -> Any:
    name = f"np.{function.__name__}"

    @implements(function)
    def cumulative(
        x: Any,
        /,
        *,
        axis: Any = None,
        dtype: Any = None,
        out: Any = None,
        include_initial: bool = False,
    ) -> Any:
        x = operand(x)
        x = np.reshape(x, (1,)) if ndim_of(x) == 0 else x
        if axis is None:
            if x.ndim > 1:
                raise ShapeError(f"{name}: axis is required for an array of shape {x.shape}")
            axis = 0
        y = scan(x, axis, dtype)
        if include_initial:
            shape = list(y.shape)
            shape[axis] = 1
            y = np.concatenate((np.full(shape, first, y.dtype), y), axis)
        return deliver(y, out, name)

    return cumulative


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    cumulative_sum = _cumulative(np.cumulative_sum, cumsum, 0)
    cumulative_prod = _cumulative(np.cumulative_prod, cumprod, 1)


# -- flat ------------------------------------------------------------------------------------------
def _truth(function: Callable[..., Any]) -> Any:
    row = TABLE[function.__name__]

    @implements(function)
    def reduce(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, *, where: Any = True
    ) -> Any:
        a = operand(a)
        mask = True if where is NO_VALUE else operand(where)
        y = row(a, mask, axis=folded_axes(axis, ndim_of(a)), keepdims=given(keepdims))
        return deliver(y, out, f"np.{row.name}")

    return reduce


any = _truth(np.any)  # noqa: A001
all = _truth(np.all)  # noqa: A001


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    a = operand(a)
    return TABLE["count_nonzero"](a, axis=folded_axes(axis, ndim_of(a)), keepdims=given(keepdims))


def _place(function: Callable[..., Any]) -> Any:
    row = TABLE[function.__name__]

    @implements(function)
    def place(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        a = operand(a)
        shape = shape_of(a)
        if axis is None or (shape == () and axis in (0, -1)):
            axes: Any = negative_axes(None, len(shape))
            y = row(np.ravel(a), axis=-1)
        else:
            axes = (negative_axis(axis, len(shape)),)
            y = row(a, axis=axes[0])
        if given(keepdims):
            y = np.reshape(y, reduced(shape, axes, True))
        return deliver(y, out, f"np.{row.name}")

    return place


argmax, argmin = _place(np.argmax), _place(np.argmin)
nanargmax, nanargmin = _place(np.nanargmax), _place(np.nanargmin)
