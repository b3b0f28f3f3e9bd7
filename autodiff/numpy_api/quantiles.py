"""Order statistics: median, quantile and percentile, and the same without nans.

All are a sort, two neighbours and the straight line between them,

    y = a[j] + gamma (a[j + 1] - a[j]),   j + gamma = the virtual index of q among n entries

so the derivative is the permutation at the value, and in q the slope of that line. Where the
virtual index falls is NumPy's own arithmetic, method by method.
Source: Hyndman and Fan, Sample quantiles in statistical packages (1996).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.errors import ShapeError
from ..base.shapes import ndim_of, negative_axes, reduced, shape_of, size_of
from ..primitives.require import require
from ..rules.primitive import Traced
from .arguments import (
    NUMPY_2_4,
    as_dtype,
    concrete,
    deliver,
    dtype_of,
    given,
    is_python_scalar,
    number,
)
from .statistics import aligned_weights


def _hyndman_fan(alpha: float, beta: float) -> Callable[[Any, Any], Any]:
    return lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


def _midpoint(n: Any, q: Any) -> Any:
    return 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q))


VIRTUAL_INDEX = {
    "averaged_inverted_cdf": lambda n, q: n * q - 1,
    "interpolated_inverted_cdf": _hyndman_fan(0, 1),
    "hazen": _hyndman_fan(0.5, 0.5),
    "weibull": _hyndman_fan(0, 0),
    "linear": lambda n, q: (n - 1) * q,
    "median_unbiased": _hyndman_fan(1 / 3.0, 1 / 3.0),
    "normal_unbiased": _hyndman_fan(3 / 8.0, 3 / 8.0),
    "midpoint": _midpoint,
}
# Methods whose place between the neighbours is a constant: half-way, or at one of them.
FIXED_GAMMA = {
    "averaged_inverted_cdf": lambda gamma, index: np.where(gamma == 0, 0.5, 1.0),
    "midpoint": lambda gamma, index: np.where(index % 1 == 0, 0.0, 0.5),
}


def _step(index: Any, keep: Callable[[Any, Any], Any]) -> Any:
    """The next entry, or the previous one where `keep` says so; none before the first."""
    previous = np.floor(index)
    return np.maximum(np.where(keep(index - previous, previous), previous, previous + 1), 0)


# Methods that take an entry as it is: flat in q.
DISCRETE = {
    "inverted_cdf": lambda n, q: _step(n * q - 1, lambda gamma, _: gamma == 0),
    "closest_observation": lambda n, q: _step(
        n * q - 1 - 0.5, lambda gamma, previous: (gamma == 0) & (previous % 2 == 1)
    ),
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.round((n - 1) * q),
}


# -- what all of them share ------------------------------------------------------------------------
def samples_first(a: Any, axes: tuple[int, ...]) -> Any:
    """`a` with the axes of the sample merged into a first one."""
    kept = tuple(k for k in range(-ndim_of(a), 0) if k not in axes)
    shape = shape_of(a)
    rest = tuple(shape[k] for k in kept)
    moved = np.transpose(a, axes + kept)
    return np.reshape(moved, (size_of(tuple(shape[k] for k in axes)), *rest))


def _neighbours(index: Any, n: Any) -> tuple[Any, Any]:
    """The entries before and after a virtual index, both the last or first one beyond the ends."""
    previous = np.floor(index)
    outside = (index >= n - 1) | (index < 0)
    end = as_dtype(np.where(index < 0, 0, n - 1), dtype_of(index))
    return np.where(outside, end, previous), np.where(outside, end, previous + 1)


def _pick(a: Any, index: Any) -> Any:
    """The entries at one row of places per quantile: a row for all columns, or one for each."""
    rest = shape_of(a)[1:]
    places = np.broadcast_to(as_dtype(index, np.intp), (shape_of(index)[0], *rest))
    return np.take_along_axis(a, places, 0)


def _interpolated(a: Any, q: Any, n: Any, method: str, weak: bool) -> Any:
    """The quantiles of a sorted sample of which the first `n` entries count. `q` has one axis for
    the quantiles, in front of as many as the columns have."""
    if method in DISCRETE:
        return _pick(a, DISCRETE[method](n, q))
    if method not in VIRTUAL_INDEX:
        raise ValueError(f"{method!r} is not one of {sorted({*VIRTUAL_INDEX, *DISCRETE})}")
    index = VIRTUAL_INDEX[method](n, q)
    if method == "linear" and dtype_of(index).kind in "iu":
        return _pick(a, index)
    before, after = _neighbours(index, n)
    gamma = index - before
    if method in FIXED_GAMMA:
        gamma = FIXED_GAMMA[method](gamma, index)
    low, high = _pick(a, before), _pick(a, after)
    weight, rest = gamma, 1 - gamma
    if weak:  # a Python float takes the dtype of the sample
        dtype = low.dtype if low.dtype.kind == "f" else np.dtype(np.float64)
        weight, rest = as_dtype(gamma, dtype), as_dtype(rest, dtype)
    difference = high - low
    return np.where(gamma >= 0.5, high - difference * rest, low + difference * weight)


def _finished(y: Any, shape: Any, axes: Any, keepdims: Any, out: Any, function: str) -> Any:
    """The result with its reduced axes put back where asked; the axes of q stand first."""
    kept = len(shape) - len(axes)
    if given(keepdims):
        lead = shape_of(y)[: ndim_of(y) - kept]
        y = np.reshape(y, (*lead, *reduced(shape, axes, True)))
    else:
        y = number(y)
    return deliver(y, out, function)


def _with_nan(y: Any, last: Any) -> Any:
    """The order statistics of a sample that holds a nan are nan. A nan sorts to the end."""
    return np.where(np.isnan(last), last, y) if dtype_of(last).kind in "fc" else y


# -- median ----------------------------------------------------------------------------------------
@implements(np.median)
def median(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    """The middle entry, or the mean of the two. `overwrite_input` is ignored: nothing is
    overwritten."""
    a = operand(a)
    axes, shape = negative_axes(axis, ndim_of(a)), shape_of(a)
    entries = np.sort(samples_first(a, axes), axis=0)
    n = entries.shape[0]
    if n == 0:
        return _finished(np.mean(entries, axis=0), shape, axes, keepdims, out, "np.median")
    y = np.mean(entries[(n - 1) // 2 : n // 2 + 1], axis=0)
    return _finished(_with_nan(y, entries[-1]), shape, axes, keepdims, out, "np.median")


@implements(np.nanmedian)
def nanmedian(
    a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False
) -> Any:
    a = operand(a)
    axes, shape = negative_axes(axis, ndim_of(a)), shape_of(a)
    sample = samples_first(a, axes)
    if size_of(shape) == 0:
        y = np.nanmean(sample, axis=0)
        return _finished(y, shape, axes, keepdims, out, "np.nanmedian")
    entries = np.sort(sample, axis=0)
    n = np.sum(~np.isnan(sample), axis=0, keepdims=True)
    low = np.take_along_axis(entries, np.maximum(n - 1, 0) // 2, 0)[0]
    high = np.take_along_axis(entries, n // 2, 0)[0]
    y = np.where(n[0] % 2 == 1, low, (low + high) / 2)
    return _finished(np.where(n[0] == 0, np.nan, y), shape, axes, keepdims, out, "np.nanmedian")


# -- quantile --------------------------------------------------------------------------------------
def _checked(function: str, a: Any, q: Any, per_cent: bool) -> tuple[Any, Any, bool]:
    a, q = operand(a), operand(q)
    if dtype_of(a).kind == "c":
        raise TypeError(f"{function}: the sample must be real")
    if ndim_of(q) > 2:
        raise ShapeError(f"{function}: q must be a scalar, a vector or a matrix")
    weak = is_python_scalar(q)
    if not NUMPY_2_4 and isinstance(q, (int, float)) and dtype_of(a).kind == "f":
        q, weak = as_dtype(q, dtype_of(a)), False  # as it rounded a number before
    if per_cent:
        q = np.true_divide(q, 100)
    elif not isinstance(q, Traced):
        q = np.asarray(q)
    return a, q, weak


def _check_range(function: str, q: Any, top: int) -> None:
    inside = np.logical_and(q >= 0, q <= 1)
    require(inside, ShapeError(f"{function}: q must be in the range [0, {top}]"))


def _quantile(function: str, per_cent: bool, ignore_nan: bool) -> Callable[..., Any]:
    def quantile(
        a: Any,
        q: Any,
        axis: Any = None,
        out: Any = None,
        overwrite_input: bool = False,
        method: str = "linear",
        keepdims: Any = False,
        *,
        weights: Any = None,
    ) -> Any:
        a, q, weak = _checked(function, a, q, per_cent)
        _check_range(function, q, 100 if per_cent else 1)
        axes, shape = negative_axes(axis, ndim_of(a)), shape_of(a)
        if ignore_nan and size_of(shape) == 0:
            return np.nanmean(a, axis, None, out, given(keepdims))
        sample = samples_first(a, axes)
        if weights is not None:
            if method != "inverted_cdf":
                raise ValueError(f"{function}: method={method!r} does not take weights")
            full = np.broadcast_to(aligned_weights(function, weights, shape, axis), shape)
            y = _weighted(function, sample, q, samples_first(full, axes), ignore_nan)
        else:
            rest = shape_of(sample)[1:]
            levels = np.reshape(q, (-1, *(1,) * len(rest)))
            entries = np.sort(sample, axis=0)
            if ignore_nan and dtype_of(a).kind == "f":
                y = _without_nan(entries, levels, method, weak)
            else:
                y = _interpolated(entries, levels, entries.shape[0], method, weak)
                y = _with_nan(y, entries[-1])
            y = np.reshape(y, shape_of(q) + rest)
        return _finished(y, shape, axes, keepdims, out, function)

    return quantile


def _without_nan(entries: Any, q: Any, method: str, weak: bool) -> Any:
    """Each column has as many entries as are not nan; the nans sort to its end."""
    n = np.sum(~np.isnan(entries), axis=0)
    dtype = dtype_of(q) if dtype_of(q).kind == "f" else None  # a number takes the dtype of q
    y = _interpolated(entries, q, as_dtype(np.maximum(n, 1), dtype), method, weak)
    return np.where(n == 0, np.nan, y)


def _weighted(function: str, sample: Any, q: Any, weights: Any, ignore_nan: bool) -> Any:
    """The first entry at which the normalised running weight reaches q: flat in q and weights."""
    plain = np.asarray(concrete(sample, function))
    w = np.asarray(concrete(weights, f"{function}: weights"))
    levels = np.asarray(concrete(q, f"{function}: q"))
    if np.any(w < 0):
        raise ValueError(f"{function}: weights must not be negative")
    missing = np.isnan(plain)
    if ignore_nan:
        w = np.where(missing, 0, w)
    order = np.argsort(plain, axis=0)
    cdf = np.cumsum(np.take_along_axis(w, order, 0), axis=0, dtype=np.float64)
    cdf = cdf / cdf[-1]
    if levels.dtype.kind == "f":
        cdf = cdf.astype(levels.dtype)
    cdf[cdf == 0] = -1  # q = 0 is the first entry with a weight
    places = np.zeros((levels.size, *plain.shape[1:]), np.intp)
    for column in np.ndindex(plain.shape[1:]):
        found = np.searchsorted(cdf[(slice(None), *column)], levels.ravel(), side="left")
        places[(slice(None), *column)] = order[(np.minimum(found, len(plain) - 1), *column)]
    y = np.take_along_axis(sample, places, 0)
    bad = np.all(missing, axis=0) if ignore_nan else np.any(missing, axis=0)
    return np.reshape(np.where(bad, np.nan, y), levels.shape + plain.shape[1:])


quantile = implements(np.quantile)(_quantile("np.quantile", False, False))
percentile = implements(np.percentile)(_quantile("np.percentile", True, False))
nanquantile = implements(np.nanquantile)(_quantile("np.nanquantile", False, True))
nanpercentile = implements(np.nanpercentile)(_quantile("np.nanpercentile", True, True))
