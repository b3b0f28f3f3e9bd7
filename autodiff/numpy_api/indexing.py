"""Picking entries: x[key] for every kind of key, take, compress, choose, select and kin."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays.dispatch import FUNCTIONS, implements, operand
from ..arrays.views import in_one_piece
from ..base.errors import ShapeError, refuse
from ..base.shapes import ndim_of, negative_axis, shape_of
from ..primitives import elementwise, gathering, indexing as rows
from ..rules.primitive import Traced, payload
from .arguments import (
    NO_VALUE,
    SAME_SHAPE,
    as_dtype,
    concrete,
    deliver,
    is_concrete,
    is_python_scalar,
)

ENDS = frozenset((int, type(None)))  # of slices


# -- keys ------------------------------------------------------------------------------------------
def normalised_key(key: Any, what: str) -> tuple[Any, ...]:
    """An index as a tuple of slices, integers, None, Ellipsis and integer or boolean arrays. An
    array that differs from example to example, or is being traced, stays a tracked value."""
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(_part(k, what) for k in parts)


def _part(k: Any, what: str) -> Any:
    if k is None or k is Ellipsis or isinstance(k, (int, np.integer)):
        return k
    if isinstance(k, slice):
        return slice(*(_bound(end, what) for end in (k.start, k.stop, k.step)))
    if hasattr(k, "__index__") and not isinstance(k, (np.ndarray, np.generic, Traced)):
        return operator.index(k)
    k = np.asarray(k) if isinstance(k, range) else operand(k)
    dtype = strong_dtype(k)
    if getattr(k, "size", 1) == 0 and dtype.kind == "f" and not isinstance(k, Traced):
        return k.astype(np.intp)  # x[[]]
    if dtype.kind not in "iub":
        raise refuse(f"{what}: an index of dtype {dtype}", "index with integers or booleans")
    return index_of(k)


def index_of(k: Any) -> Any:
    """An index without what only follows its derivative: tracked where it is traced or batched."""
    while isinstance(k, Traced) and not (k.node.batch_axis or k.node.in_program):
        k = k.value
    return k


def _bound(end: Any, what: str) -> Any:
    return operator.index(concrete(end, f"{what}: a slice")) if isinstance(end, Traced) else end


def split_key(key: tuple[Any, ...], what: str) -> tuple[tuple[Any, ...], list[Any]]:
    """A key with tracked indices as a key with holes, and the indices."""
    indices = [k for k in key if isinstance(k, Traced)]
    if indices and any(ndim_of(k) == 0 for k in key if is_truth(k)):
        raise refuse(f"{what}: a single truth value beside a tracked index", "use np.where")
    return tuple(rows.HOLE if isinstance(k, Traced) else k for k in key), indices


def is_truth(k: Any) -> bool:
    return isinstance(k, (bool, np.bool_)) or (isinstance(k, np.ndarray) and k.dtype == bool)


def is_plain(k: Any) -> bool:
    """Does this part of a key stand as it is, as most do: integers, slices between them, ``...``"""
    if k.__class__ is not slice:
        return k.__class__ is int or k is None or k is Ellipsis
    return k.start.__class__ in ENDS and k.stop.__class__ in ENDS and k.step.__class__ in ENDS


def getitem(a: Any, key: Any) -> Any:
    """``a[key]``."""
    if key.__class__ is int:  # x[0], straight to the node
        return rows.index.apply(a, {"key": (key,)})
    parts = key if key.__class__ is tuple else (key,)
    if all(map(is_plain, parts)):
        return rows.index.apply(a, {"key": parts})
    key, indices = split_key(normalised_key(key, "x[key]"), "x[key]")
    for k in indices:
        if k.dtype == bool:  # how many entries it picks, its values say
            concrete(k, "x[mask]", SAME_SHAPE)
    return gathering.gather(a, *indices, key=key) if indices else rows.index(a, key=key)


FUNCTIONS["getitem"] = getitem


def along(axis: int, k: Any) -> tuple[Any, ...]:
    """The key that indexes one axis, counted from the end, with `k`."""
    return (Ellipsis, k, *(slice(None),) * (-axis - 1))


# -- functions -------------------------------------------------------------------------------------
def wrapped(indices: Any, size: int, mode: str, function: str) -> Any:
    """Integer indices into `size` places, as NumPy's `mode` reads them."""
    indices = index_of(operand(indices) if isinstance(indices, (list, tuple)) else indices)
    if not isinstance(indices, Traced):
        indices = np.asarray(indices)
    if indices.dtype.kind not in "iub":
        if indices.size == 0:
            return np.zeros(indices.shape, np.intp)
        raise refuse(f"{function}: indices of dtype {indices.dtype}", "use integers")
    if indices.dtype == bool:
        indices = indices.astype(np.intp)
    if mode == "raise":
        return indices
    if mode == "wrap":
        return indices % size
    if mode == "clip":
        return np.clip(indices, 0, size - 1)
    raise ValueError(f"{function}: mode={mode!r} is not one of 'raise', 'wrap' or 'clip'")


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    a = operand(a)
    if axis is None:
        a, axis = np.ravel(a), -1
    k = negative_axis(axis, ndim_of(a))
    indices = wrapped(indices, shape_of(a)[k], mode, "np.take")
    return deliver(in_one_piece(getitem(a, along(k, indices)), "C"), out, "np.take")


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if axis is None:
        arr, axis = np.ravel(arr), -1
    if ndim_of(indices) != ndim_of(arr):
        raise ValueError("take_along_axis: indices and arr must have the same number of dimensions")
    if indices.dtype.kind not in "iu":
        raise IndexError("take_along_axis: indices must be an integer array")
    return rows.take_along_axis(arr, index_of(indices), axis=negative_axis(axis, ndim_of(arr)))


@implements(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    places = np.flatnonzero(concrete(condition, "np.compress: condition", SAME_SHAPE))
    return take(a, places, axis, out)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    places = np.flatnonzero(concrete(condition, "np.extract: condition", SAME_SHAPE))
    return take(arr, places)


@implements(np.nonzero)
def nonzero(a: Any) -> Any:
    return np.nonzero(concrete(a, "np.nonzero", SAME_SHAPE))


@implements(np.flatnonzero)
def flatnonzero(a: Any) -> Any:
    return np.flatnonzero(concrete(a, "np.flatnonzero", SAME_SHAPE))


@implements(np.argwhere)
def argwhere(a: Any) -> Any:
    return np.argwhere(concrete(a, "np.argwhere", SAME_SHAPE))


@implements(np.where)
def where(condition: Any, x: Any = NO_VALUE, y: Any = NO_VALUE, /) -> Any:
    if x is NO_VALUE and y is NO_VALUE:
        return nonzero(condition)
    if x is NO_VALUE or y is NO_VALUE:
        raise ValueError("np.where: either both or neither of x and y should be given")
    return elementwise.where(operand(condition), operand(x), operand(y))


@implements(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Entry i of the result is entry i of ``choices[a[i]]``, all of them broadcast together."""
    options = [operand(c) for c in choices]
    if not options:
        raise ValueError("np.choose: at least one choice is needed")
    which = wrapped(a, len(options), mode, "np.choose")
    if mode == "raise":
        if not is_concrete(which):
            raise refuse(
                "np.choose: mode='raise' looks at the entries of a, which are not known under "
                "vmap and jit",
                "give mode='clip' or mode='wrap'",
            )
        if np.any((which < 0) | (which >= len(options))):
            raise ValueError("np.choose: invalid entry in choice array")
    dtype = common_dtype(options)
    which, *options = np.broadcast_arrays(which, *(as_dtype(y, dtype) for y in options))
    picked = rows.take_along_axis(np.stack(options), which[None], axis=-1 - ndim_of(which))
    return deliver(in_one_piece(picked[0], "C"), out, "np.choose")


def strong_dtype(x: Any) -> Any:
    """The dtype that a number has once it is an array."""
    return x.dtype if hasattr(x, "dtype") else np.dtype(type(x))


def common_dtype(values: Sequence[Any]) -> Any:
    """NumPy's result type of tracked and plain values, Python's numbers weak."""
    return np.result_type(
        *(type(payload(v))(0) if is_python_scalar(v) else v.dtype for v in values)
    )


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("np.select: list of cases must be same length as list of conditions")
    if len(condlist) == 0:
        raise ValueError("np.select: select with an empty condition list is not possible")
    conditions = [operand(c) for c in condlist]
    if any(strong_dtype(c).kind != "b" for c in conditions):
        raise TypeError("np.select: every condition must be boolean")
    values = [operand(v) for v in (*choicelist, default)]
    result = values.pop()
    dtype = common_dtype([*values, result])
    shape = np.broadcast_shapes(*map(shape_of, conditions), *map(shape_of, values))
    result = np.broadcast_to(result, np.broadcast_shapes(shape, shape_of(result)))
    for condition, value in zip(reversed(conditions), reversed(values), strict=True):
        result = elementwise.where(condition, value, result)
    return in_one_piece(as_dtype(result, dtype), "C")


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Each function sees only the entries for which its condition holds, as in NumPy."""
    x = operand(x)
    ndim = ndim_of(x)
    conditions = _conditions(condlist, ndim)
    if len(funclist) == len(conditions) + 1:
        conditions.append(~np.logical_or.reduce(conditions))
    elif len(funclist) != len(conditions):
        raise ValueError(
            f"np.piecewise: with {len(conditions)} condition(s), either {len(conditions)} or "
            f"{len(conditions) + 1} functions are expected"
        )
    y = np.zeros_like(x) if isinstance(x, Traced) else np.zeros_like(x, subok=False)
    for condition, function in zip(conditions, funclist, strict=True):
        if not callable(function):
            y = _with(y, condition, function)
        elif np.any(condition):
            entries = x[condition] if ndim else np.reshape(x, 1)  # a Python number has no entries
            y = _with(y, condition, function(entries, *args, **kw))
    return y


def _conditions(condlist: Any, ndim: int) -> list[Any]:
    """One known mask per condition; a single one may stand without its list."""
    single = isinstance(condlist, (Traced, np.ndarray, bool, np.bool_))
    if not single and not isinstance(condlist[0], (list, np.ndarray, Traced)) and ndim:
        single = True
    if single and ndim_of(condlist if hasattr(condlist, "shape") else np.asarray(condlist)) > ndim:
        single = False
    known = [condlist] if single else list(condlist)
    what, cure = "np.piecewise: a condition", "write np.where(condition, f(x), g(x))"
    return [np.asarray(concrete(c, what, cure), bool) for c in known]


def _with(y: Any, condition: Any, value: Any) -> Any:
    """`y` with `value` where the condition holds."""
    return rows.set_at(y, as_dtype(operand(value), y.dtype), key=(condition,))


# -- integers that stand for places ----------------------------------------------------------------
@implements(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> tuple[Any, ...]:
    sizes = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    parts = []
    for n in reversed(sizes) if order == "C" else sizes:
        parts.append(indices % n)
        indices = indices // n
    return tuple(reversed(parts)) if order == "C" else tuple(parts)


@implements(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: str = "C") -> Any:
    if mode != "raise" or len(multi_index) != len(dims):
        raise ShapeError(
            "np.ravel_multi_index of tracked indices: one index per size, mode='raise'"
        )
    pairs = list(zip(multi_index, dims, strict=True))
    flat: Any = 0
    for index, n in pairs if order == "C" else reversed(pairs):
        flat = flat * n + index
    return flat


@implements(np.ix_)
def ix_(*args: Any) -> tuple[Any, ...]:
    """Integer sequences, reshaped so that they broadcast to a grid."""
    grid = []
    for k, indices in enumerate(args):
        if indices.dtype == bool:
            indices = np.flatnonzero(concrete(indices, "np.ix_"))
        if ndim_of(indices) != 1:
            raise ValueError("np.ix_: Cross index must be 1 dimensional")
        grid.append(np.reshape(indices, (1,) * k + (-1,) + (1,) * (len(args) - k - 1)))
    return tuple(grid)


def _of_shape(function: Any) -> None:
    """A function that looks at nothing but the shape of its first argument."""

    @implements(function)
    def answer(arr: Any, *args: Any, **options: Any) -> Any:
        return function(np.broadcast_to(np.int8(0), arr.shape), *args, **options)


for _function in (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from):
    _of_shape(_function)
