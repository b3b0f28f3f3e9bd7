"""Joining: concatenate, stack and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import implements, operand
from ..errors import ShapeError
from ..primitives import shaping as rows
from ..shapes import negative_axis, shape_of
from .arguments import as_dtype, check_default, deliver


@implements(np.concatenate)
def concatenate(arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    check_default("np.concatenate", casting=(casting, "same_kind"))
    parts = [as_dtype(operand(a), dtype) for a in arrays]
    if axis is None:
        parts, axis = [np.ravel(a) for a in parts], -1
    shapes = [shape_of(a) for a in parts]
    if any(len(s) == 0 for s in shapes):
        raise ShapeError("concatenate: zero-dimensional arrays cannot be concatenated; use np.stack")
    k = negative_axis(axis, len(shapes[0]))
    if any(len(s) != len(shapes[0]) or (*s[:k], *s[len(s) + k + 1 :]) != (*shapes[0][:k], *shapes[0][len(s) + k + 1 :]) for s in shapes):
        raise ShapeError(f"concatenate: shapes {shapes} differ outside axis {axis}")
    return deliver(rows.concatenate(*parts, axis=k), out, "np.concatenate")


@implements(np.stack)
def stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    check_default("np.stack", casting=(casting, "same_kind"))
    parts = [operand(a) for a in arrays]
    shapes = {shape_of(a) for a in parts}
    if len(shapes) != 1:
        raise ShapeError(f"stack: all arrays must have the same shape, got {sorted(shapes)}")
    (shape,) = shapes
    k = negative_axis(axis, len(shape) + 1)
    place = len(shape) + 1 + k
    grown = (*shape[:place], 1, *shape[place:])
    return concatenate([np.reshape(a, grown) for a in parts], k, out, dtype=dtype)
