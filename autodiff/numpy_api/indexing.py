"""Indexing, assignment and choices: x[key], y[key] = v, where, clip, take_along_axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import FUNCTIONS, implements, operand
from ..errors import refuse
from ..primitive import Traced
from ..primitives import elementwise, indexing as rows
from ..shapes import negative_axis, shape_of
from .arguments import NO_VALUE, as_dtype, lifted, payload


def normalised_key(key: Any, what: str) -> tuple[Any, ...]:
    """An index as a tuple of slices, integers, None, Ellipsis and integer or boolean arrays."""
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(_part(k, what) for k in parts)


def _part(k: Any, what: str) -> Any:
    if k is None or k is Ellipsis or isinstance(k, (slice, int, np.integer, np.ndarray)):
        return k
    if isinstance(k, Traced):
        if k.dtype.kind in "iub":
            return known_index(k)
        raise refuse(f"{what}: an index of dtype {k.dtype}", "index with integers or booleans")
    if isinstance(k, (list, tuple, range)):
        array = np.asarray(k)
        return array.astype(np.intp) if array.size == 0 else array
    return k


def known_index(k: Any) -> Any:
    """The array behind a tracked index; refused where it has no single value: vmap, jit."""
    while isinstance(k, Traced):
        check = getattr(k.node, "check_concrete", None)
        if check is not None:
            check("x[i] whose i is computed from an argument")
        k = k.value
    return k


def getitem(a: Any, key: Any) -> Any:
    return rows.index(a, key=normalised_key(key, "x[key]"))


def setitem(a: Any, key: Any, value: Any) -> Any:
    """The new value of `a` after ``a[key] = value``; the caller re-points its handle."""
    new = rows.set_at(a, as_dtype(operand(value), a.dtype), key=normalised_key(key, "x[key] = v"))
    return lifted(new, a)


FUNCTIONS["getitem"] = getitem
FUNCTIONS["setitem"] = setitem


@implements(np.where)
def where(condition: Any, x: Any = NO_VALUE, y: Any = NO_VALUE, /) -> Any:
    if x is NO_VALUE and y is NO_VALUE:
        return np.nonzero(condition)
    return elementwise.where(operand(condition), operand(x), operand(y))


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    if axis is None:
        arr, axis = np.ravel(arr), -1
    return rows.take_along_axis(arr, indices, axis=negative_axis(axis, len(shape_of(arr))))


@implements(np.nonzero)
def nonzero(a: Any) -> Any:
    return np.nonzero(payload(a))
