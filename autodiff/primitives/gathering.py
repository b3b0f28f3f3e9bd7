"""Indexing rows whose indices are arguments: traced by `jit`, or different in every example.

They are `index`, `scatter_add` and `set_at` once more, with a `HOLE` in the key for each index, and
flat in the indices.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.errors import refuse
from ..base.shapes import Shape, shape_of
from ..rules.conforming import Aval, align, stacked
from ..rules.kinds import Choice, choice
from .indexing import HOLE, _fitted, _key_text, _scatter_add, _set_at, is_slice


def filled(key: tuple[Any, ...], indices: Any) -> tuple[Any, ...]:
    """`key` with the indices in its holes."""
    rest = iter(indices)
    return tuple(next(rest) if k is HOLE else k for k in key)


def without_masks(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """`key` with the integers that its masks stand for."""
    parts: list[Any] = []
    for k in key:
        mask = isinstance(k, np.ndarray) and k.dtype == bool
        parts.extend(np.nonzero(k) if mask else (k,))
    return tuple(parts)


def _stack_key(
    size: int, key: tuple[Any, ...], indices: Any, flags: Any, ndim: int
) -> tuple[tuple[Any, ...], list[Any], int, int]:
    """Key and indices for a stack of examples: the index of the example comes first, so that the
    axes of the indices come out in front. Also how many axes these are, and where they are for one
    example."""
    if any(i.dtype == bool for i in indices):
        raise refuse(
            "x[mask] whose mask differs from example to example under vmap",
            "use np.where(mask, x, 0)",
        )
    key = without_masks(key)
    arrays = [k for k in key if not is_slice(k) and k is not HOLE]
    shapes = [shape_of(i)[f:] for i, f in zip(indices, flags, strict=True)]
    block = len(np.broadcast_shapes(*shapes, *map(np.shape, arrays)))
    numbers = np.arange(size).reshape(size, *(1,) * block)
    aligned = [align(i, block) if f else i for i, f in zip(indices, flags, strict=True)]
    return (numbers, *key), aligned, block, _block_place(key, ndim)


def _block_place(key: tuple[Any, ...], ndim: int) -> int:
    """The axis at which the index arrays of a key come out: 0 where slices separate them."""
    advanced = [j for j, k in enumerate(key) if not is_slice(k)]
    if advanced[-1] - advanced[0] + 1 != len(advanced):
        return 0
    used = sum(k is not None and k is not Ellipsis for k in key)
    return sum(ndim - used if k is Ellipsis else 1 for k in key[: advanced[0]])


def _moved(block: int, place: int) -> tuple[range, range]:
    """The axes of the indices in a stack of results: in front, and where they belong."""
    return range(1, 1 + block), range(1 + place, 1 + place + block)


def _batch_gather(row: Choice, size: int, args: Any, flags: Any, *, key: Any) -> Any:
    a = stacked(args[0], flags[0], size)
    whole, indices, block, place = _stack_key(size, key, args[1:], flags[1:], len(a.shape) - 1)
    return np.moveaxis(row(a, *indices, key=whole), *_moved(block, place))


def _batch_scatter(row: Choice, size: int, args: Any, flags: Any, *, key: Any, shape: Shape) -> Any:
    updates = stacked(args[0], flags[0], size)
    whole, indices, block, place = _stack_key(size, key, args[1:], flags[1:], len(shape))
    updates = np.moveaxis(updates, *reversed(_moved(block, place)))
    return row(updates, *indices, key=whole, shape=(size, *shape))


def _batch_put(row: Choice, size: int, args: Any, flags: Any, *, key: Any) -> Any:
    a = stacked(args[0], flags[0], size)
    ndim = len(a.shape) - 1
    whole, indices, block, place = _stack_key(size, key, args[2:], flags[2:], ndim)
    picking = sum(not is_slice(k) for k in whole[1:])
    made = sum(k is None for k in key)
    updates = _fitted(args[1], flags[1], size, ndim - picking + made + block)
    updates = np.moveaxis(updates, *reversed(_moved(block, place)))
    return row(a, updates, *indices, key=whole)


gather = choice(
    "gather",
    lambda a, *indices, key: a[filled(key, indices)],
    lambda a, *rest, key: rest[:-1],
    lambda s, a_dot, *_, key: gather(a_dot, *s, key=key),
    lambda y_bar, s, a, *, key: scatter(y_bar, *s, key=key, shape=a.shape),
    text=lambda key: f"{{a}}[{_key_text(key)}]",
    selects="back",
    batch=_batch_gather,
    entries="moved",
)
scatter = choice(
    "scatter",
    lambda updates, *indices, key, shape: _scatter_add(
        updates, key=filled(key, indices), shape=shape
    ),
    lambda updates, *rest, key, shape: rest[:-1],
    lambda s, u_dot, *_, key, shape: scatter(u_dot, *s, key=key, shape=shape),
    lambda y_bar, s, updates, *, key, shape: gather(y_bar, *s, key=key),
    text=lambda key, shape: f"scatter({{a}}, [{_key_text(key)}])",
    selects="forward",
    batch=_batch_scatter,
    entries="added",
)


def _put_tangent(s: Any, a_dot: Any, updates_dot: Any, *_: Any, key: Any) -> Any:
    indices, like = s
    if shape_of(a_dot) != like.shape:  # nothing is known to move in `a`
        a_dot = np.zeros_like(updates_dot, shape=like.shape)
    return put(a_dot, updates_dot, *indices, key=key)


def _put_what_is_kept(y_bar: Any, s: Any, a: Aval, *, key: Any) -> Any:
    return put(y_bar, np.zeros_like(y_bar, shape=()), *s[0], key=key)


def _put_last_writes(y_bar: Any, s: Any, updates: Aval, *, key: Any) -> Any:
    """Of several updates to one place, only the last gets the cotangent."""
    indices, like = s
    updates_bar = gather(y_bar, *indices, key=key)
    order = np.arange(updates_bar.size).reshape(updates_bar.shape)
    position = put(np.zeros(like.shape, np.intp), order, *indices, key=key)
    return np.where(gather(position, *indices, key=key) == order, updates_bar, 0)


put = choice(
    "put",
    lambda a, updates, *indices, key: _set_at(a, updates, key=filled(key, indices)),
    lambda a, updates, *rest, key: (rest[:-1], Aval(shape_of(a), None)),
    _put_tangent,
    _put_what_is_kept,
    _put_last_writes,
    text=lambda key: f"set({{a}}, [{_key_text(key, 'cdef')}], {{b}})",
    selects="both",
    batch=_batch_put,
    entries="moved",
)
