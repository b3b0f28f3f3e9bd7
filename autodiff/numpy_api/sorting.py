"""Sorting and searching: sort, partition and unique are choices; where things lie is flat."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.errors import ShapeError, refuse
from ..base.shapes import ndim_of, negative_axis
from ..primitives import sorting as rows
from ..primitives.accumulating import weigh
from ..primitives.indexing import scatter_add
from ..rules.primitive import TABLE, Traced
from .arguments import as_dtype, check_default, concrete


def _along(a: Any, axis: Any) -> tuple[Any, int]:
    """`a` as an array, flattened where `axis` is None, and the axis counted from the end."""
    a = operand(a)
    if axis is None:
        a, axis = np.ravel(a), -1
    return a, negative_axis(axis, ndim_of(a))


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    check_default("np.sort", order=(order, None))
    a, k = _along(a, axis)
    return rows.sort(a, axis=k, kind="stable" if stable else kind)


@implements(np.argsort)
def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    check_default("np.argsort", order=(order, None))
    a, k = _along(a, axis if ndim_of(operand(a)) else None)  # a number is sorted already
    return TABLE["argsort"](a, axis=k, kind="stable" if stable else kind)


def _places(kth: Any, size: int) -> tuple[int, ...]:
    """`kth` from the start, so that a batch axis changes nothing."""
    return tuple(int(k) % size if -size <= k < size else int(k) for k in np.atleast_1d(kth))


@implements(np.partition)
def partition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    check_default("np.partition", kind=(kind, "introselect"), order=(order, None))
    a, k = _along(a, axis)
    return rows.partition(a, kth=_places(kth, a.shape[k]), axis=k)


@implements(np.argpartition)
def argpartition(
    a: Any, kth: Any, axis: Any = -1, kind: str = "introselect", order: Any = None
) -> Any:
    check_default("np.argpartition", kind=(kind, "introselect"), order=(order, None))
    a, k = _along(a, axis)
    return TABLE["argpartition"](a, kth=_places(kth, a.shape[k]), axis=k)


@implements(np.lexsort)
def lexsort(keys: Any, axis: int = -1) -> Any:
    columns = [operand(key) for key in keys]
    return TABLE["lexsort"](*columns, axis=negative_axis(axis, ndim_of(columns[-1])))


@implements(np.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    order = concrete(sorter, "np.searchsorted: sorter")
    return TABLE["searchsorted"](operand(a), operand(v), side=side, sorter=order)


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    return TABLE["digitize"](operand(x), operand(bins), right=right)


# -- unique: each value is the first entry that has it ---------------------------------------------
@implements(np.unique)
def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: Any = None,
    *,
    equal_nan: bool = True,
    **order: bool,
) -> Any:
    """The distinct values, each with the derivative of the first entry that has it; which entries
    those are, and how many, is flat."""
    check_default("np.unique", sorted=(order.get("sorted", True), True))
    plain = concrete(ar, "np.unique")
    _, first, inverse, counts = np.unique(plain, True, True, True, axis, equal_nan=equal_nan)
    values = np.ravel(ar)[first] if axis is None else _entries(ar, first, axis)
    extras = (first, inverse, counts)
    wanted = (return_index, return_inverse, return_counts)
    chosen = tuple(x for x, wanted_too in zip(extras, wanted, strict=True) if wanted_too)
    return (values, *chosen) if chosen else values


def _entries(a: Any, indices: Any, axis: int) -> Any:
    return np.moveaxis(np.moveaxis(a, axis, 0)[indices], 0, axis)


@implements(np.unique_values)
def unique_values(x: Any, /) -> Any:
    """In NumPy's own order, which need not be sorted."""
    plain = concrete(x, "np.unique_values")
    values, first = np.unique(plain, return_index=True, equal_nan=False)
    place = first[np.searchsorted(values, np.unique_values(plain))]
    return np.ravel(x)[place]


def _unique_results(function: Any) -> None:
    @implements(function)
    def results(x: Any, /) -> Any:
        plain = concrete(x, f"np.{function.__name__}")
        first = np.unique(plain, return_index=True, equal_nan=False)[1]
        return function(plain)._replace(values=np.ravel(x)[first])


for _function in (np.unique_all, np.unique_counts, np.unique_inverse):
    _unique_results(_function)


# -- sets: which entries remain is flat, their values are choices ----------------------------------
def _joined(ar1: Any, ar2: Any) -> tuple[Any, Any, Any]:
    """Both arrays, flat, and one after the other."""
    first, second = (np.ravel(operand(a)) for a in (ar1, ar2))
    return first, second, np.concatenate((first, second))


@implements(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    return unique(_joined(ar1, ar2)[2])


@implements(np.intersect1d)
def intersect1d(
    ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False
) -> Any:
    first, second, _ = _joined(ar1, ar2)
    plain = [concrete(a, "np.intersect1d") for a in (first, second)]
    _, i, j = np.intersect1d(*plain, assume_unique, return_indices=True)
    return (first[i], i, j) if return_indices else first[i]


@implements(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    first, second, _ = _joined(ar1, ar2)
    first = first if assume_unique else unique(first)
    found = np.isin(concrete(first, "np.setdiff1d"), concrete(second, "np.setdiff1d"))
    return first[~found]


@implements(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    first, second, both = _joined(ar1, ar2)
    plain = [concrete(a, "np.setxor1d") for a in (first, second)]
    values = np.setxor1d(*plain, assume_unique)
    everything = concrete(both, "np.setxor1d")
    order = np.argsort(everything, kind="stable")
    return both[order[np.searchsorted(everything, values, sorter=order)]]


# -- counting --------------------------------------------------------------------------------------
@implements(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Linear in the weights; where they are counted is flat."""
    cure = "write y = np.zeros_like(weights, shape=n); np.add.at(y, x, weights)"
    bins = concrete(operand(x), "np.bincount", cure)
    if not isinstance(weights, Traced):
        return np.bincount(bins, weights, minlength)
    size = len(np.bincount(bins, minlength=minlength))
    updates = as_dtype(weights, np.dtype(float))
    return scatter_add(updates, key=(np.asarray(bins),), shape=(size,))


@implements(np.histogram)
def histogram(
    a: Any,
    bins: Any = 10,
    range: Any = None,  # noqa: A002
    density: Any = None,
    weights: Any = None,
) -> Any:
    """The counts are flat in the data and linear in the weights, the edges are what was given;
    edges that NumPy would find from tracked data are refused."""
    if range is None and (isinstance(bins, (int, str, np.integer))) and isinstance(a, Traced):
        raise refuse(
            f"np.histogram: bins={bins!r} would compute its edges from tracked data",
            "give range=(low, high), or the edges",
        )
    edges = bins if isinstance(bins, Traced) else None
    cure = "count with np.sum(np.digitize(a, bins)[:, None] == np.arange(1, len(bins)), axis=0)"
    data, plain_bins = (concrete(v, "np.histogram", cure) for v in (a, bins))
    tracked = isinstance(weights, Traced)
    counts, found = np.histogram(data, plain_bins, range, None, None if tracked else weights)
    if tracked:
        data = np.ravel(data)
        if weights.size != data.size:
            raise ShapeError(f"np.histogram: weights of shape {weights.shape} for {np.shape(a)}")
        counts = weigh(np.ravel(weights), data=data, bins=plain_bins, limits=range)
    edges = found if edges is None else edges
    if density:
        counts = counts / np.diff(edges) / np.sum(counts)
    return counts, edges
