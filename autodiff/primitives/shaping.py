"""The shaping rows: the same numbers in another shape, order or dtype. All linear, none computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.shapes import PYTHON_SCALARS, Shape, inverse_permutation, shape_of
from ..rules.conforming import Aval, stacked, unbroadcast
from ..rules.kinds import Linear, flat, linear
from .indexing import scatter_add


def _batch_shape(row: Linear, size: int, args: Any, flags: Any, *, shape: Shape) -> Any:
    return row(*args, shape=(size, *shape))


def _batch_broadcast(row: Linear, size: int, args: Any, flags: Any, *, shape: Shape) -> Any:
    (a,) = args
    missing = len(shape) - (len(shape_of(a)) - 1)
    a = np.reshape(a, (size, *(1,) * missing, *shape_of(a)[1:]))
    return row(a, shape=(size, *shape))


def _batch_transpose(row: Linear, size: int, args: Any, flags: Any, *, axes: Any) -> Any:
    return row(*args, axes=(-len(axes) - 1, *axes))


def _batch_concatenate(row: Linear, size: int, args: Any, flags: Any, *, axis: int) -> Any:
    return row(*(stacked(a, f, size) for a, f in zip(args, flags, strict=True)), axis=axis)


def _split_back(y_bar: Any, *avals: Aval, axis: int) -> list[Any]:
    """The transpose of concatenate: each operand's slice of the cotangent."""
    parts, start = [], 0
    tail = (slice(None),) * (-axis - 1)
    for a in avals:
        stop = start + a.shape[axis]
        parts.append(y_bar[(..., slice(start, stop), *tail)])
        start = stop
    return parts


reshape = linear(
    "reshape",
    lambda a, *, shape: np.reshape(a, shape) if a.__class__ in PYTHON_SCALARS else a.reshape(shape),
    lambda y_bar, a, *, shape: np.reshape(y_bar, a.shape),
    text="reshape({a}, {shape})",
    spreads=True,
    batch=_batch_shape,
    entries="moved",
)
transpose = linear(
    "transpose",
    lambda a, *, axes: np.transpose(a, axes),
    lambda y_bar, a, *, axes: np.transpose(y_bar, inverse_permutation(axes)),
    text=lambda axes: "{a}^T" if axes == (-1, -2) else f"transpose({{a}}, {axes})",
    latex=lambda axes: (
        "{a}^T" if axes == (-1, -2) else f"\\operatorname{{transpose}}({{a}}, {axes})"
    ),
    spreads=True,
    batch=_batch_transpose,
    entries="moved",
)
broadcast_to = linear(
    "broadcast_to",
    lambda a, *, shape: np.broadcast_to(a, shape),
    lambda y_bar, a, *, shape: unbroadcast(y_bar, a.shape),
    text="broadcast_to({a}, {shape})",
    batch=_batch_broadcast,
    entries="moved",
)
flip = linear(
    "flip",
    lambda a, *, axis: np.flip(a, axis),
    lambda y_bar, a, *, axis: np.flip(y_bar, axis),
    spreads=True,
    batch="trailing",
    entries="moved",
)
roll = linear(
    "roll",
    lambda a, *, shift, axis: np.roll(a, shift, axis),
    lambda y_bar, a, *, shift, axis: np.roll(y_bar, tuple(-k for k in shift), axis),
    spreads=True,
    batch="trailing",
    entries="moved",
)
concatenate = linear(
    "concatenate",
    lambda *arrays, axis: np.concatenate(arrays, axis),
    _split_back,
    selects="forward",
    batch=_batch_concatenate,
    entries="moved",
)


def diagonal_entries(shape: Shape, offset: int) -> slice:
    """Where a diagonal stands among the entries of a matrix of this shape, row after row."""
    rows, columns = shape
    row, column = max(-offset, 0), max(offset, 0)
    count = max(min(rows - row, columns - column), 0)
    start = row * columns + column
    return slice(start, start + (count - 1) * (columns + 1) + 1 if count else start, columns + 1)


def _on_diagonal(y_bar: Any, a: Aval, *, offset: int) -> Any:
    """Zeros in the shape of `a` with the cotangent on the diagonal of its last two axes."""
    *stack, n, m = a.shape
    key = (..., diagonal_entries((n, m), offset))
    return np.reshape(scatter_add(y_bar, key=key, shape=(*stack, n * m)), a.shape)


diagonal = linear(
    "diagonal",
    lambda a, *, offset: np.diagonal(a, offset, -2, -1),
    _on_diagonal,
    text=lambda offset: f"diagonal({{a}}, {offset})" if offset else "diagonal({a})",
    selects="back",
    batch="trailing",
    entries="moved",
)


def _astype(a: Any, *, dtype: Any) -> Any:
    return (a if hasattr(a, "astype") else np.asarray(a)[()]).astype(dtype)


cast = linear(
    "cast",
    _astype,
    lambda y_bar, a, *, dtype: y_bar,  # the engine casts a cotangent to its input's dtype
    text="cast({a}, {dtype})",
    batch="trailing",
    entries="entry",
)
truncate = flat("truncate", _astype, batch="trailing")  # to integers: constant between the steps


def _locked(a: Any) -> Any:
    """Read-only, because it is the memory of a tracked value."""
    if not isinstance(a, np.ndarray) or not a.ndim:
        return a
    a = a.view()
    a.flags.writeable = False
    return a


stop_gradient = flat("stop_gradient", _locked, batch="trailing")
