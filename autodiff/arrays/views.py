"""Views: a handle on a part of another follows it, as NumPy's views share memory.

    row = y[0]         row is linked to y by the function that reads it out of y
    y[0, 1] = 5.0      y is re-pointed, then row is read again
    row[1] = 5.0       y is re-pointed, with row's new value at the places that row shows

Values never change; handles do. A view holds its base, and a base knows its views only weakly, so
that there are no reference cycles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from threading import Lock
from typing import Any
from weakref import ref

import numpy as np

from ..base.errors import refuse
from ..base.forking import held_while_forking
from ..base.shapes import memory_order, ndim_of
from ..primitives import indexing, shaping
from ..rules.primitive import Traced, payload

# Functions whose result shows their argument's memory, where NumPy can arrange it so ...
VIEWING = {
    *(np.reshape, np.ravel, np.transpose, np.matrix_transpose, np.swapaxes, np.moveaxis),
    *(np.rollaxis, np.expand_dims, np.squeeze, np.flip, np.fliplr, np.flipud, np.rot90),
    *(np.atleast_1d, np.atleast_2d, np.atleast_3d, np.trim_zeros, np.einsum, np.astype),
    *(np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.unstack),
    *(np.real, np.imag, np.linalg.matrix_transpose),
}
# ... and those whose result NumPy will not let anyone assign into.
READ_ONLY = {
    *(np.broadcast_to, np.broadcast_arrays, np.diagonal, np.diag, np.linalg.diagonal),
    np.lib.stride_tricks.sliding_window_view,
}
VIEWING |= READ_ONLY
# Of several threads that read from one base at once, one makes the list of views.
FIRST = held_while_forking(Lock())


def link(view: Any, base: Any, read: Callable[[Any], Any], read_only: bool = False) -> None:
    """Let `view` follow `base`: ``read(base)`` is what it shows."""
    view._link = base, read, read_only
    try:
        views = base._views
    except AttributeError:
        with FIRST:
            views = getattr(base, "_views", None)
            if views is None:
                views = base._views = {}
    views[id(view)] = ref(view, partial(views.pop, id(view)))


def link_results(
    results: Any, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Link what a function of `VIEWING` returned to the argument whose memory it shows."""
    many = isinstance(results, (tuple, list))
    for k, view in enumerate(results if many else (results,)):
        for place, base in (*enumerate(args), *kwargs.items()):
            if view is not base and shares_memory(view, base):

                def read(a: Any, k: int = k, place: Any = place) -> Any:
                    call = [a if i == place else arg for i, arg in enumerate(args)]
                    keywords = {name: a if name == place else v for name, v in kwargs.items()}
                    y = function(*call, **keywords)
                    return y[k] if many else y

                link(view, base, read, function in READ_ONLY)
                break


def laid_out(x: Any, like: Any) -> Any:
    """`x` in the memory layout of the array `like`, rows or columns first: whether NumPy copies
    later on, or gives a view, depends on that."""
    array = payload(x)
    arrays = isinstance(array, np.ndarray) and isinstance(like, np.ndarray)
    if not arrays or array.strides == like.strides:
        return x
    if not like.transpose(memory_order(like)).flags.c_contiguous:  # it has gaps
        return x
    if array.shape != like.shape:  # a stack of examples is written into what they shared
        return x
    moved = np.empty_like(like)
    moved[...] = array
    return with_payload(x, moved)


def laid_in(new: Any, old: Any) -> Any:
    """`new` in the memory layout of the handle `old`, which may have no axis of examples yet: a
    view of it later on must be a view for each example too."""
    array, like = payload(new), payload(old)
    if np.ndim(array) == np.ndim(like):
        return laid_out(new, like)
    one = example(old)
    axes = memory_order(one)
    return arranged(new, axes) if one.transpose(axes).flags.c_contiguous else new


def in_one_piece(x: Any, order: str) -> Any:
    """`x` as a copy of this order lies in memory: its entries side by side."""
    axes = memory_order(example(x)) if order == "K" else range(ndim_of(x))
    return arranged(
        x, axes[::-1] if order == "F" or (order == "A" and order_of(x) == "F") else axes
    )


def order_of(x: Any) -> str:
    """The order in which NumPy's functions make a new array for the entries of `x`."""
    return "F" if example(x).flags.fnc else "C"


def arranged(x: Any, axes: Sequence[int]) -> Any:
    """`x` side by side in memory, with these axes from the slowest to the fastest."""
    array = payload(x)
    if not isinstance(array, np.ndarray) or example(x).transpose(axes).flags.c_contiguous:
        return x
    stacked = array.ndim - ndim_of(x)  # axes of examples, which stay in front
    axes = (*range(stacked), *(k + stacked for k in axes))
    moved = np.ascontiguousarray(array.transpose(axes))
    return with_payload(x, moved.transpose(np.argsort(axes)))


def example(x: Any) -> Any:
    """The array at the bottom; of a stack of examples the first, which has the memory layout of
    each."""
    array = payload(x)
    stacked = np.ndim(array) - len(x.shape) if isinstance(x, Traced) else 0
    if stacked and not array.size:
        return np.empty(x.shape, array.dtype)
    return np.asarray(array[(0,) * stacked] if stacked else array)


def with_payload(x: Any, array: Any) -> Any:
    """`x` with another array at its bottom, of the same entries."""
    if not isinstance(x, Traced):
        return array
    y = copy(x)
    y.value = with_payload(x.value, array)
    return y


def is_array(x: Any) -> bool:
    """Whether NumPy would have an array here, which can be assigned into, rather than a number."""
    batched, value = False, x
    while isinstance(value, Traced):
        batched = batched or value.node.batch_axis
        if batched and value.shape:
            return True
        value = value.value
    if not batched and not isinstance(value, (np.generic, float, int, complex)):
        return True
    return getattr(x, "_link", None) is not None


def shares_memory(view: Any, base: Any) -> bool:
    a = payload(view)
    if (
        not isinstance(a, np.ndarray)
        or not isinstance(view, Traced)
        or not isinstance(base, Traced)
    ):
        return False
    b = payload(base)
    return isinstance(b, np.ndarray) and np.may_share_memory(a, b)


def assign(handle: Any, new: Any) -> None:
    """Re-point `handle` at a new value, and with it its base and every view of either."""
    check_not_a_leaf(handle)
    while (linked := getattr(handle, "_link", None)) is not None:
        base, read, read_only = linked
        if read_only:
            raise ValueError("assignment destination is read-only: take a copy of it first")
        if base.dtype.kind == "c" and handle.dtype.kind != "c":
            raise refuse(
                "assignment into x.real or x.imag of a tracked x",
                "assign into x itself: x[...] = v + 1j * x.imag",
            )
        handle, new = base, written(base, read, new)
    new = laid_in(new, handle)
    handle.value, handle.node = new.value, new.node
    bases = [handle]
    while bases:
        base = bases.pop()
        for view in views_of(base):
            shown = view._link[1](base)
            view.value, view.node = shown.value, shown.node
            bases.append(view)


def set_shape(handle: Any, shape: Any) -> None:
    """``x.shape = shape``: re-point the handle at the same entries."""
    check_not_a_leaf(handle)
    if getattr(handle, "_link", None) is not None or any(True for _ in views_of(handle)):
        raise refuse("x.shape = ... of an array and its views", "write y = x.reshape(shape)")
    y = np.reshape(handle, shape)
    handle.value, handle.node = y.value, y.node


def views_of(base: Any) -> Iterator[Any]:
    for found in list(getattr(base, "_views", {}).values()):
        view = found()
        if view is not None:
            yield view


def written(base: Any, read: Callable[[Any], Any], new: Any) -> Any:
    """The value of `base` after `new` was written where `read` looks. To find where that is, `read`
    is called on an array of positions."""
    places = read(np.arange(base.size).reshape(base.shape))
    flat = shaping.reshape(base, shape=(base.size,))
    flat = indexing.set_at(flat, new, key=(places,))
    return shaping.reshape(flat, shape=base.shape)


def check_not_a_leaf(handle: Any) -> None:
    if handle.node.leaf:
        raise refuse(
            "assignment into a tensor made by autodiff.tensor would cut it off from its gradient",
            "assign into a copy, y = x.copy(), or make a new one from x.value",
        )


def is_or_holds_ellipsis(key: Any) -> bool:
    """With an Ellipsis in its key NumPy gives an array, perhaps without axes, and never a
    number."""
    return key is Ellipsis or (isinstance(key, tuple) and any(k is Ellipsis for k in key))


def is_strong(x: Any) -> bool:
    """Has `x` a NumPy dtype, unlike a Python number?"""
    return hasattr(payload(x), "dtype")
