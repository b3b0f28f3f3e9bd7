"""Samples of a function: interp, convolve, correlate and unwrap."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..arrays.views import arranged, example
from ..base.errors import ShapeError
from ..base.shapes import memory_order, ndim_of, shape_of
from ..primitives import signal as rows
from ..rules.primitive import payload
from .arguments import as_dtype, is_python_scalar

DOUBLE = np.dtype(np.float64)


@implements(np.interp)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Tracked in the places, in both tables, in the values outside and in the period."""
    x, xp, fp = operand(x), operand(xp), operand(fp)
    if ndim_of(xp) != 1 or shape_of(fp) != shape_of(xp) or shape_of(xp) == (0,):
        raise ShapeError(f"np.interp: tables of shapes {shape_of(xp)} and {shape_of(fp)}")
    if period is not None:
        period = np.abs(operand(period))
        left = right = None
        x, xp = (as_dtype(v, DOUBLE) % period for v in (x, xp))
        fp = as_dtype(fp, np.result_type(DOUBLE, np.complex64) if fp.dtype.kind == "c" else DOUBLE)
        order = np.argsort(xp)
        xp, fp = np.take_along_axis(xp, order, -1), np.take_along_axis(fp, order, -1)
        xp = np.concatenate((xp[-1:] - period, xp, xp[0:1] + period))
        fp = np.concatenate((fp[-1:], fp, fp[0:1]))
    left = fp[0] if left is None else operand(left)
    right = fp[-1] if right is None else operand(right)
    return rows.interp(x, xp, fp, left, right)


def _mode(function: str, mode: Any) -> str:
    """The modes by NumPy's names, their first letters and their old numbers."""
    modes = {0: "valid", 1: "same", 2: "full"} | {m[0]: m for m in ("valid", "same", "full")}
    mode = modes.get(mode, mode)
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"{function}: mode={mode!r} is not one of full, same or valid")
    return mode


def _signal(function: str, x: Any) -> Any:
    x = operand(x)
    x = np.reshape(x, (1,)) if ndim_of(x) == 0 else x
    if ndim_of(x) != 1 or shape_of(x) == (0,):
        raise ShapeError(f"{function}: a signal of shape {shape_of(x)} is not one-dimensional")
    return x


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    a, v = _signal("np.convolve", a), _signal("np.convolve", v)
    return rows.convolve(a, v, mode=_mode("np.convolve", mode))


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    a, v = _signal("np.correlate", a), _signal("np.correlate", v)
    return rows.correlate(a, v, mode=_mode("np.correlate", mode))


def slice_along(axis: int, start: Any, stop: Any) -> Any:
    """An index that slices one axis, counted from the end."""
    return (..., slice(start, stop), *(slice(None),) * (-axis - 1))


@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Any:
    """The correction is a multiple of the period, so it is flat in `p` and linear in the period."""
    p, period = operand(p), operand(period)
    k = axis - ndim_of(p) if axis >= 0 else axis
    steps = np.diff(p, axis=k)
    discont = period / 2 if discont is None else discont
    weak = payload(period) if is_python_scalar(period) else period.dtype
    dtype = np.result_type(steps.dtype, weak)
    if dtype.kind in "iu":
        high, rest = divmod(period, 2)
        ambiguous = rest == 0
    else:
        high, ambiguous = period / 2, True
    folded = np.remainder(steps + high, period) - high
    if ambiguous:
        folded = np.where((folded == -high) & (steps > 0), high, folded)
    correction = np.where(np.abs(steps) < discont, 0, folded - steps)
    first, rest = p[slice_along(k, None, 1)], p[slice_along(k, 1, None)]
    rest = rest + np.cumsum(correction, axis=k)
    y = np.concatenate((as_dtype(first, dtype), as_dtype(rest, dtype)), axis=k)
    return arranged(y, memory_order(example(p)))
