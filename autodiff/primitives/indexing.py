"""The indexing rows: picking entries out, and putting them back.

`index` and `scatter_add` are each other's transpose; repeated indices add up.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kinds import Aval, Linear, choice, linear, stacked
from ..shapes import Shape, ndim_of


def is_basic(key: tuple[Any, ...]) -> bool:
    """Slices, integers, newaxis and Ellipsis only: such a key never picks an entry twice."""
    return all(
        k is None or k is Ellipsis or isinstance(k, slice) or (isinstance(k, (int, np.integer)) and not isinstance(k, bool))
        for k in key
    )


def _scatter_add(updates: Any, *, key: tuple[Any, ...], shape: Shape) -> Any:
    out = np.zeros_like(updates, shape=shape)
    if is_basic(key):
        out[key] = updates
    else:
        np.add.at(out, key, updates)
    return out


def batch_key(key: tuple[Any, ...], ndim: int) -> tuple[tuple[Any, ...], int]:
    """`key` for a stack of examples with `ndim` axes each, and where its batch axis comes out.

    NumPy puts the axes of an advanced index first when slices separate its parts, and then the
    batch axis comes out behind them.
    """
    advanced = [
        j
        for j, k in enumerate(key)
        if not (k is None or k is Ellipsis or isinstance(k, slice))
    ]
    arrays = [key[j] for j in advanced if not isinstance(key[j], (int, np.integer)) or isinstance(key[j], bool)]
    separated = bool(arrays) and advanced[-1] - advanced[0] + 1 != len(advanced)
    if not separated:
        return (slice(None), *key), 0
    shapes = [(k.nonzero()[0].shape if k.dtype == bool else k.shape) for k in map(np.asarray, arrays)]
    return (slice(None), *key), len(np.broadcast_shapes(*shapes))


def _batch_index(row: Linear, size: int, args: Any, flags: Any, *, key: Any) -> Any:
    whole, position = batch_key(key, ndim_of(args[0]) - 1)
    y = row(args[0], key=whole)
    return np.moveaxis(y, position, 0) if position else y


def _batch_scatter_add(row: Linear, size: int, args: Any, flags: Any, *, key: Any, shape: Any) -> Any:
    whole, position = batch_key(key, len(shape))
    updates = np.moveaxis(args[0], 0, position) if position else args[0]
    return row(updates, key=whole, shape=(size, *shape))


def _key_text(key: tuple[Any, ...]) -> str:
    def one(k: Any) -> str:
        if isinstance(k, slice):
            ends = ("" if e is None else str(e) for e in (k.start, k.stop))
            return ":".join(ends) + ("" if k.step is None else f":{k.step}")
        if k is Ellipsis:
            return "..."
        if isinstance(k, np.ndarray) and k.size > 4:
            return f"<{k.dtype} {k.shape}>"
        return str(k.tolist() if isinstance(k, np.ndarray) else k)

    return ", ".join(map(one, key)) or "()"


index = linear(
    "index",
    lambda a, *, key: a[key],
    lambda y_bar, a, *, key: scatter_add(y_bar, key=key, shape=a.shape),
    text=lambda key: "{a}[" + _key_text(key).replace("{", "{{").replace("}", "}}") + "]",
    selects="back",
    batch=_batch_index,
)
scatter_add = linear(
    "scatter_add",
    _scatter_add,
    lambda y_bar, updates, *, key, shape: index(y_bar, key=key),
    text=lambda key, shape: f"scatter({{a}}, [{_key_text(key)}])".replace("[", "[").replace("]", "]"),
    selects="forward",
    batch=_batch_scatter_add,
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
    if not is_basic(key):
        position = np.zeros(a.shape, dtype=np.intp)
        shape = position[key].shape
        order = np.arange(position[key].size).reshape(shape)
        position[key] = order
        updates_bar = np.where(position[key] == order, updates_bar, 0)
    return [a_bar, updates_bar]


def _batch_set_at(row: Linear, size: int, args: Any, flags: Any, *, key: Any) -> Any:
    a = stacked(args[0], flags[0], size)
    whole, position = batch_key(key, ndim_of(a) - 1)
    if not flags[1]:
        return row(a, args[1], key=whole)
    example = np.empty(a.shape[1:], dtype=bool)[key].ndim
    updates = args[1]
    missing = example - (ndim_of(updates) - 1)
    updates = np.reshape(updates, (size, *(1,) * missing, *updates.shape[1:]))
    return row(a, np.moveaxis(updates, 0, position), key=whole)


set_at = linear(
    "set_at",
    _set_at,
    _set_at_transpose,
    text=lambda key: f"set({{a}}, [{_key_text(key)}], {{b}})",
    selects="both",
    batch=_batch_set_at,
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
)
