"""The indexing rows: picking entries out, and putting them back.

`index` and `scatter_add` are each other's transpose; repeated indices add up. The rows for indices
that are themselves traced or batched are in `gathering`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.shapes import Shape, shape_of, size_of
from ..rules.conforming import Aval, stacked
from ..rules.kinds import Linear, choice, linear


class Hole:
    """In a key, the place of an index that is an argument of the row: one that is itself traced or
    batched. Every other index is known, and stands in the key."""

    def __repr__(self) -> str:
        return "HOLE"


HOLE = Hole()


def is_slice(k: Any) -> bool:
    """Does this part of a key keep or make an axis, rather than pick along one?"""
    return k is None or k is Ellipsis or isinstance(k, slice)


def is_integer(k: Any) -> bool:
    return isinstance(k, (int, np.integer)) and not isinstance(k, bool)


def is_basic(key: tuple[Any, ...]) -> bool:
    """Slices, integers, newaxis and Ellipsis only: NumPy then gives a view."""
    if len(key) == 1 and key[0].__class__ is int:  # x[0], every day
        return True
    return all(is_slice(k) or is_integer(k) for k in key)


def picks_once(key: tuple[Any, ...]) -> bool:
    """Can this key not pick an entry twice? Integer arrays can, masks cannot."""
    return is_basic(key) or all(
        is_slice(k) or is_integer(k) or (isinstance(k, np.ndarray) and k.dtype == bool) for k in key
    )


def _scatter_add(updates: Any, *, key: tuple[Any, ...], shape: Shape) -> Any:
    number = updates.__class__ is np.float64  # whose zeros have no memory layout to follow
    out = np.zeros(shape) if number else np.zeros_like(updates, shape=shape)
    if picks_once(key):
        out[key] = updates
    else:
        np.add.at(out, key, updates)
    return out


def batch_key(key: tuple[Any, ...]) -> tuple[tuple[Any, ...], int]:
    """`key` for a stack of examples, and where its batch axis comes out.

    NumPy puts the axes of an advanced index first when slices separate its parts, and then the
    batch axis comes out behind them.
    """
    whole = (slice(None), *key)
    advanced = [j for j, k in enumerate(key) if not is_slice(k)]
    arrays = [key[j] for j in advanced if not is_integer(key[j])]
    if not arrays or advanced[-1] - advanced[0] + 1 == len(advanced):
        return whole, 0
    return whole, len(np.broadcast_shapes(*map(_picked_shape, arrays)))


def _picked_shape(k: Any) -> Shape:
    """The shape that one index array or mask contributes."""
    k = np.asarray(k)
    return k.shape if k.dtype != bool else (np.count_nonzero(k),)


def _batch_index(row: Linear, size: int, args: Any, flags: Any, *, key: Any) -> Any:
    whole, position = batch_key(key)
    y = row(args[0], key=whole)
    return np.moveaxis(y, position, 0) if position else y


def _batch_scatter_add(
    row: Linear, size: int, args: Any, flags: Any, *, key: Any, shape: Any
) -> Any:
    whole, position = batch_key(key)
    updates = np.moveaxis(args[0], 0, position) if position else args[0]
    return row(updates, key=whole, shape=(size, *shape))


def _key_text(key: tuple[Any, ...], letters: str = "bcdef") -> str:
    unused = iter(letters)

    def one(k: Any) -> str:
        if k is HOLE:
            return f"{{{next(unused)}}}"
        if isinstance(k, slice):
            ends = ("" if e is None else str(e) for e in (k.start, k.stop))
            return ":".join(ends) + ("" if k.step is None else f":{k.step}")
        if k is Ellipsis:
            return "..."
        if isinstance(k, np.ndarray) and k.size > 4:
            return f"<{k.dtype} {k.shape}>"
        return str(k.tolist() if isinstance(k, np.ndarray) else k)

    return ", ".join(map(one, key)) or "()"


def _kept(a: Any, *, key: tuple[Any, ...]) -> Any:
    """Which entries a key of slices and integers picks; not worth finding out for a large array."""
    shape = shape_of(a)
    if size_of(shape) > 64 or not is_basic(key):
        return None
    kept = np.zeros(shape, bool)
    kept[key] = True
    return kept


index = linear(
    "index",
    lambda a, *, key: a[key],
    lambda y_bar, a, *, key: scatter_add(y_bar, key=key, shape=a.shape),
    text=lambda key: f"{{a}}[{_key_text(key)}]",
    selects="back",
    keeps=_kept,
    batch=_batch_index,
    entries="moved",
)
scatter_add = linear(
    "scatter_add",
    _scatter_add,
    lambda y_bar, updates, *, key, shape: index(y_bar, key=key),
    text=lambda key, shape: f"scatter({{a}}, [{_key_text(key)}])",
    selects="forward",
    batch=_batch_scatter_add,
    entries="added",
)


def _set_at(a: Any, updates: Any, *, key: Any) -> Any:
    out = np.array(a, copy=True)
    out[key] = updates
    return out


def _set_at_transpose(y_bar: Any, a: Aval, updates: Aval, *, key: Any) -> list[Any]:
    """What was overwritten gets nothing; a repeated index gives its cotangent to the last write."""
    picked = np.zeros_like(y_bar, shape=())
    a_bar = set_at(y_bar, picked, key=key)
    updates_bar = index(y_bar, key=key)
    if not picks_once(key):
        position = np.zeros(a.shape, dtype=np.intp)
        order = np.arange(position[key].size).reshape(position[key].shape)
        position[key] = order
        updates_bar = np.where(position[key] == order, updates_bar, 0)
    return [a_bar, updates_bar]


def _fitted(updates: Any, flag: bool, size: int, ndim: int) -> Any:
    """A stack of the values written, each with the `ndim` axes of the place that it is written
    to."""
    shape = shape_of(updates)[flag:]
    grown = (*(1,) * (ndim - len(shape)), *shape[max(len(shape) - ndim, 0) :])
    return np.reshape(updates, (size, *grown)) if flag else np.reshape(updates, (1, *grown))


def _batch_set_at(row: Linear, size: int, args: Any, flags: Any, *, key: Any) -> Any:
    a = stacked(args[0], flags[0], size)
    whole, position = batch_key(key)
    updates = _fitted(args[1], flags[1], size, np.empty(a.shape[1:], dtype=bool)[key].ndim)
    return row(a, np.moveaxis(updates, 0, position), key=whole)


set_at = linear(
    "set_at",
    _set_at,
    _set_at_transpose,
    text=lambda key: f"set({{a}}, [{_key_text(key)}], {{b}})",
    selects="both",
    batch=_batch_set_at,
    entries="moved",
)


def _scatter_along(updates: Any, indices: Any, *, axis: int, size: int) -> Any:
    """Zeros with `updates` added at `indices` along one axis: the transpose of take_along_axis."""
    shape = list(np.broadcast_shapes(updates.shape, indices.shape))
    grid = list(np.ogrid[tuple(slice(n) for n in shape)])
    grid[axis] = indices
    shape[axis] = size
    out = np.zeros_like(updates, shape=tuple(shape))
    np.add.at(out, tuple(grid), updates)
    return out


take_along_axis = choice(
    "take_along_axis",
    lambda a, indices, *, axis: np.take_along_axis(a, indices, axis),
    lambda a, indices, y, *, axis: indices,
    lambda s, a_dot, _, *, axis: take_along_axis(a_dot, s, axis=axis),
    lambda y_bar, s, a, *, axis: scatter_along_axis(y_bar, s, axis=axis, size=a.shape[axis]),
    None,
    selects="back",
    batch=lambda row, size, args, flags, *, axis: row(
        *(stacked(a, f, size) for a, f in zip(args, flags, strict=True)), axis=axis
    ),
    entries="moved",
)
scatter_along_axis = choice(
    "scatter_along_axis",
    _scatter_along,
    lambda updates, indices, y, **_: indices,
    lambda s, u_dot, _, *, axis, size: scatter_along_axis(u_dot, s, axis=axis, size=size),
    lambda y_bar, s, u, *, axis, size: take_along_axis(y_bar, s, axis=axis),
    None,
    selects="forward",
    batch=lambda row, n, args, flags, **params: row(
        *(stacked(a, f, n) for a, f in zip(args, flags, strict=True)), **params
    ),
    entries="added",
)
