"""Assignment: y[key] = v, y += v, and NumPy's functions that write into an array.

A handle is re-pointed at a new value (`views.assign`); values never change. A plain array cannot
hold a tracked value, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import FUNCTIONS, implements, operand
from ..arrays.user_calls import Call, asking
from ..arrays.views import assign, example, is_array
from ..base.errors import ShapeError, refuse
from ..base.shapes import broadcast, ndim_of, negative_axis, shape_of, size_of
from ..primitives import elementwise, gathering, indexing as rows
from ..rules.primitive import Traced
from .arguments import as_dtype, concrete, lifted
from .indexing import index_of, normalised_key, split_key, strong_dtype, wrapped


def handle(a: Any, function: str) -> Any:
    """`a` as something to write a tracked value into."""
    if isinstance(a, Traced):
        return a
    cure = "start from np.zeros_like(x) or np.copy(x) of a tracked x"
    call = asking("__array_function__")  # NumPy's own functions write so too
    if isinstance(call, Call) and call.function in ON_THE_WAY:
        function, cure = call.text, ON_THE_WAY[call.function]
    raise refuse(f"{function} into a plain array, which cannot hold a tracked value", cure)


ON_THE_WAY = {
    np.full_like: "write np.full(shape, value)",
    np.nan_to_num: "write np.where(np.isnan(a), value, a)",
}


def fitting(value: Any, dtype: Any, what: str) -> Any:
    """A value cast to what it is written into, as NumPy casts on assignment."""
    value = operand(value)
    if strong_dtype(value).kind == "c" and dtype.kind != "c":
        raise refuse(
            f"{what}: a complex value into an array of dtype {dtype}", "take np.real of it"
        )
    return as_dtype(value, dtype)


def repoint(a: Any, new: Any) -> None:
    """Let the handle `a` show `new`, which has its shape and dtype."""
    assign(a, lifted(new, a))


# -- y[key] = v ------------------------------------------------------------------------------------
def setitem(a: Any, key: Any, value: Any) -> None:
    """``a[key] = value``."""
    if not is_array(a):
        raise TypeError("a tracked number does not support item assignment")
    value = fitting(value, a.dtype, "x[key] = v")
    key = normalised_key(key, "x[key] = v")
    repoint(a, updated(a, key, value))


def updated(a: Any, key: tuple[Any, ...], value: Any) -> Any:
    """The value of `a` after ``a[key] = value``."""
    if len(key) == 1 and is_mask(key[0]) and ndim_of(value) == 0:
        mask = key[0]  # chosen entry by entry, so that it may differ from example to example
        mask = np.reshape(mask, (*mask.shape, *(1,) * (a.ndim - mask.ndim)))
        return elementwise.where(mask, value, a)
    key, indices = split_key(key, "x[key] = v")
    if indices:
        return gathering.put(a, value, *indices, key=key)
    return rows.set_at(a, value, key=key)


def is_mask(k: Any) -> bool:
    return isinstance(k, Traced) and k.dtype == bool and k.ndim > 0


FUNCTIONS["setitem"] = setitem


# -- y += v ----------------------------------------------------------------------------------------
def in_place(x: Any, operation: Callable[[Any, Any], Any], value: Any) -> Any:
    """``x += v``: an array changes for every name that holds it, a number is only bound anew."""
    y = operation(x, value)
    if not is_array(x):
        return y
    name = operation.__name__
    if shape_of(y) != x.shape:
        raise ShapeError(
            f"{name}: the result has shape {shape_of(y)} and cannot be written into shape {x.shape}"
        )
    if not np.can_cast(y.dtype, x.dtype, "same_kind"):
        raise TypeError(f"{name}: cannot cast the result from {y.dtype} to {x.dtype} in place")
    repoint(x, as_dtype(y, x.dtype))
    return x


FUNCTIONS["in_place"] = in_place


# -- functions -------------------------------------------------------------------------------------
def repeated(values: Any, count: int) -> Any:
    """The entries of `values`, over and over, until there are `count`."""
    values = np.reshape(values, (-1,))
    n = values.shape[0]
    return values if n == count else values[np.arange(count) % n]


@implements(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    a = handle(a, "np.put")
    indices = np.reshape(wrapped(ind, a.size, mode, "np.put"), (-1,))
    values = fitting(v, a.dtype, "np.put")
    if size_of(shape_of(values)) and indices.size:
        a.flat[indices] = repeated(values, indices.size)


@implements(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """``a.flat[k] = values.flat[k]`` wherever the mask holds, `values` repeated."""
    a = handle(a, "np.putmask")
    mask = operand(mask)
    if shape_of(mask) != a.shape:
        raise ValueError("np.putmask: mask and data must be the same size")
    values = fitting(values, a.dtype, "np.putmask")
    values = np.reshape(repeated(values, a.size), a.shape)
    repoint(a, elementwise.where(mask, values, a))


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """``arr[mask] = vals``, the values repeated where there are too few."""
    a = handle(arr, "np.place")
    places = np.flatnonzero(concrete(operand(mask), "np.place: mask", "use np.where or np.putmask"))
    values = fitting(vals, a.dtype, "np.place")
    if places.size and not size_of(shape_of(values)):
        raise ValueError("np.place: cannot insert from an empty array")
    if places.size:
        a.flat[places] = repeated(values, places.size)


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    a = handle(dst, "np.copyto")
    value = operand(src)
    if not np.can_cast(getattr(value, "dtype", type(value)), a.dtype, casting):
        raise TypeError(f"np.copyto: cannot cast to {a.dtype} according to the rule {casting!r}")
    value = fitting(value, a.dtype, "np.copyto")
    shape = shape_of(value)
    while len(shape) > a.ndim and shape[0] == 1:
        shape = shape[1:]
    value = np.broadcast_to(np.reshape(value, shape), a.shape)
    mask = operand(where)
    if strong_dtype(mask).kind != "b":
        raise TypeError("np.copyto: where= must be boolean")
    if broadcast(shape_of(mask), a.shape) != a.shape:
        raise ValueError(f"np.copyto: where= of shape {shape_of(mask)} does not fit {a.shape}")
    repoint(a, value if mask is True else elementwise.where(mask, value, a))


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    a = handle(a, "np.fill_diagonal")
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) != 1:
        raise ValueError("All dimensions of input must be of equal length")
    # NumPy's step through the entries, and where it stops.
    step = 1 + sum(size_of(a.shape[k:]) for k in range(1, a.ndim))
    end = a.shape[1] ** 2 if a.ndim == 2 and not wrap else a.size
    places = np.arange(a.size)[:end:step]
    if places.size:
        values = np.reshape(fitting(val, a.dtype, "np.fill_diagonal"), (-1,))
        a.flat[places] = repeated(values, places.size)


@implements(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    a = handle(arr, "np.put_along_axis")
    if axis is None:
        if not example(a).flags.c_contiguous:  # NumPy would write into a copy
            raise ValueError("assignment destination is read-only")
        a.flat[np.reshape(indices, (-1,))] = values
        return
    k = negative_axis(axis, a.ndim)
    indices = index_of(indices)
    indices = indices if isinstance(indices, Traced) else np.asarray(indices)
    if indices.ndim != a.ndim:
        raise ValueError("put_along_axis: indices and arr must have the same number of dimensions")
    grid: list[Any] = list(np.ogrid[tuple(slice(n) for n in a.shape)])
    grid[k] = indices
    setitem(a, tuple(grid), values)
