"""Joining and splitting: concatenate, stack and their kin, block, split and unstack."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.errors import ShapeError
from ..base.shapes import Shape, ndim_of, negative_axis, shape_of
from ..primitives import shaping as rows
from .arguments import as_dtype, deliver
from .indexing import along, getitem, strong_dtype
from .shaping import copied


@implements(np.concatenate)
def concatenate(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    parts = [operand(a) for a in arrays]
    if not parts:
        raise ValueError("need at least one array to concatenate")
    if axis is None:
        parts, axis = [np.ravel(a) for a in parts], -1
    shapes = [shape_of(a) for a in parts]
    if () in shapes:
        raise ShapeError("concatenate: zero-dimensional arrays cannot be joined; use np.stack")
    k = negative_axis(axis, len(shapes[0]))
    if shapes.count(shapes[0]) < len(shapes) and len({other_sizes(s, k) for s in shapes}) != 1:
        raise ShapeError(f"concatenate: shapes {shapes} differ outside axis {axis}")
    return joined(parts, k, out, dtype, casting)


def joined(parts: list[Any], axis: int, out: Any, dtype: Any, casting: str) -> Any:
    """Arrays that fit together, as one of the dtype that was asked for."""
    target = out.dtype if out is not None and dtype is None else dtype
    if target is not None:
        for a in parts:
            if not np.can_cast(strong_dtype(a), target, casting):
                dtypes = f"{strong_dtype(a)} to {target} ({casting})"
                raise TypeError(f"concatenate: cannot cast {dtypes}")
        parts = [as_dtype(a, dtype) for a in parts]
    return deliver(rows.concatenate(*parts, axis=axis), out, "np.concatenate")


def other_sizes(shape: Shape, axis: int) -> Shape:
    """A shape without one axis, counted from the end."""
    return tuple(-1 if k == axis else n for k, n in zip(range(-len(shape), 0), shape, strict=True))


@implements(np.stack)
def stack(
    arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    parts = [operand(a) for a in arrays]
    if not parts:
        raise ValueError("need at least one array to stack")
    shapes = {shape_of(a) for a in parts}
    if len(shapes) != 1:
        raise ShapeError(f"stack: all arrays must have the same shape, got {sorted(shapes)}")
    (shape,) = shapes
    k = negative_axis(axis, len(shape) + 1)
    place = k + len(shape) + 1
    grown = {"shape": (*shape[:place], 1, *shape[place:])}
    return joined([rows.reshape.apply(a, grown) for a in parts], k, out, dtype, casting)


def _joins(
    function: Callable[..., Any], prepared: Callable[[Any], Any], axis: Callable[[Any], int]
) -> None:
    """A function that gives its arrays enough axes and concatenates them."""

    @implements(function)
    def join(tup: Any, **options: Any) -> Any:
        parts = [prepared(operand(a)) for a in tup]
        return concatenate(parts, axis(parts), **options)


def _column(a: Any) -> Any:
    return a if ndim_of(a) >= 2 else np.reshape(a, (-1, 1))


_joins(np.vstack, lambda a: np.atleast_2d(a), lambda parts: 0)
_joins(np.hstack, lambda a: np.atleast_1d(a), lambda parts: min(ndim_of(parts[0]), 2) - 1)
_joins(np.dstack, lambda a: np.atleast_3d(a), lambda parts: 2)
_joins(np.column_stack, _column, lambda parts: 1)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    return concatenate((operand(arr), operand(values)), axis)


@implements(np.block)
def block(arrays: Any) -> Any:
    """Lists are joined along the last axis, lists of lists along the last but one, and so on."""
    depth = _depth(arrays)
    ndim = max(depth, *(ndim_of(a) for a in _leaves(arrays)))

    def joined(nested: Any, level: int) -> Any:
        if level == depth:
            a = operand(nested)
            return np.reshape(a, (1,) * (ndim - ndim_of(a)) + shape_of(a))
        return concatenate([joined(part, level + 1) for part in nested], level - depth)

    return joined(arrays, 0) if depth else copied(operand(arrays))


def _depth(nested: Any) -> int:
    """How deep the lists are nested, the same everywhere."""
    if isinstance(nested, tuple):
        raise TypeError("np.block: tuples are not taken for arrays; use lists, or np.array")
    if not isinstance(nested, list):
        return 0
    if not nested:
        raise ValueError("np.block: a list cannot be empty")
    depths = {_depth(part) for part in nested}
    if len(depths) > 1:
        raise ValueError("np.block: list depths are mismatched")
    return 1 + depths.pop()


def _leaves(nested: Any) -> list[Any]:
    if not isinstance(nested, list):
        return [operand(nested)]
    return [leaf for part in nested for leaf in _leaves(part)]


# -- splitting -------------------------------------------------------------------------------------
@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    k = negative_axis(axis, ary.ndim)
    size = ary.shape[k]
    try:
        ends = [0, *indices_or_sections, size]
    except TypeError:
        sections = int(indices_or_sections)
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.") from None
        each, extras = divmod(size, sections)
        ends = [each * i + min(i, extras) for i in range(sections + 1)]
    return [getitem(ary, along(k, slice(start, end))) for start, end in pairwise(ends)]


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if not np.iterable(indices_or_sections) and ary.shape[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


def _splits(function: Callable[..., Any], axis: Callable[[int], int], least: int) -> None:
    """A function that splits along the axis that it is named for."""

    @implements(function)
    def along_axis(ary: Any, indices_or_sections: Any) -> list[Any]:
        if ary.ndim < least:
            raise ValueError(f"{function.__name__}: an array of {least} or more axes is needed")
        return split(ary, indices_or_sections, axis(ary.ndim))


_splits(np.hsplit, lambda ndim: min(ndim, 2) - 1, 1)
_splits(np.vsplit, lambda ndim: 0, 2)
_splits(np.dsplit, lambda ndim: 2, 3)


@implements(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    if x.ndim == 0:
        raise ValueError("Input array must be at least 1-d.")
    k = negative_axis(axis, x.ndim)
    keys = (i if x.ndim == 1 else along(k, i) for i in range(x.shape[k]))  # of a vector, numbers
    return tuple(getitem(x, key) for key in keys)
