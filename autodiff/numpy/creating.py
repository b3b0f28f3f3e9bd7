"""The functions that make arrays: while a transform runs, what they make takes tracked values."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.blank import BLANK, fillable, is_running
from ..numpy_api.like import converting, holds_tracked, joined
from ..rules.primitive import Traced

MADE = (
    *(np.zeros, np.ones, np.empty, np.eye, np.identity, np.arange, np.linspace, np.logspace),
    *(np.geomspace, np.tri, np.fromfunction, np.fromiter, np.loadtxt, np.genfromtxt, np.indices),
    *(np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.meshgrid, np.vander),
    *(np.diag, np.diagflat, np.copy, np.tile, np.repeat),
)
CONVERTING = (np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
JOINING = (
    *(np.stack, np.concatenate, np.vstack, np.hstack, np.dstack, np.column_stack, np.block),
    np.append,
)


def making(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        y = function(*args, **kwargs)
        return each_new(y, args) if is_running() else y

    return make


def each_new(y: Any, args: Any) -> Any:
    return type(y)(new(part, args) for part in y) if type(y) in (tuple, list) else new(y, args)


def new(y: Any, args: Any) -> Any:
    """An array that is no one else's as one that takes tracked values; a view stays NumPy's."""
    if y.__class__ is not np.ndarray or not y.flags.writeable:
        return y
    given = (a for a in args if isinstance(a, np.ndarray))
    return y if any(np.may_share_memory(y, a) for a in given) else fillable(y)


def make_full(shape: Any, fill_value: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
    if not is_running():
        return np.full(shape, fill_value, dtype, *args, **kwargs)
    if holds_tracked([fill_value]):
        fill_value = joined(fill_value)
        blank = BLANK.constant(np.empty(()))
        return np.full_like(blank, fill_value, dtype or fill_value.dtype, shape=shape)
    return fillable(np.full(shape, fill_value, dtype, *args, **kwargs))


def convert_nests(function: Callable[..., Any]) -> Callable[..., Any]:
    tracked = converting(function)

    @functools.wraps(function)
    def convert(a: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
        if not is_running() or dtype is object:
            return function(a, dtype, *args, **kwargs)
        if holds_tracked(a):
            same = isinstance(a, Traced) and function is not np.array and not args and not kwargs
            if same and dtype in (None, a.dtype):  # type: ignore[union-attr]
                return a
            return tracked(BLANK.constant(np.empty(())), a, dtype, *args, **kwargs)
        return new(function(a, dtype, *args, **kwargs), [a])

    return convert


def join_nests(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def join(arrays: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_running():
            return function(arrays, *args, **kwargs)
        if function is not np.block and isinstance(arrays, (list, tuple)):
            arrays = [joined(a) if isinstance(a, (list, tuple)) else a for a in arrays]
        args = tuple(joined(a) if isinstance(a, (list, tuple)) else a for a in args)
        return fillable(function(arrays, *args, **kwargs))

    return join


CREATING: dict[str, Callable[..., Any]] = {
    **{f.__name__: making(f) for f in MADE},
    **{f.__name__: convert_nests(f) for f in CONVERTING},
    **{f.__name__: join_nests(f) for f in JOINING},
    "full": functools.wraps(np.full)(make_full),
}
