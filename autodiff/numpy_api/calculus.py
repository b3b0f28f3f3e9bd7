"""Discrete calculus: diff, ediff1d, gradient and trapezoid, tracked in samples and in spacing."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..arrays.views import arranged, example
from ..base.errors import ShapeError
from ..base.shapes import memory_order, ndim_of, negative_axes, negative_axis, shape_of
from ..primitives.shaping import stop_gradient
from ..rules.primitive import Traced, payload
from .arguments import NO_VALUE, as_dtype, is_concrete
from .signal import slice_along


@implements(np.diff)
def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = NO_VALUE, append: Any = NO_VALUE
) -> Any:
    if n == 0:
        return a
    if n < 0:
        raise ShapeError(f"np.diff: the order n={n} must not be negative")
    a = operand(a)
    if ndim_of(a) == 0:
        raise ShapeError("np.diff: the array must have at least one axis")
    k = negative_axis(axis, a.ndim)
    parts = [a]
    for where, values in ((0, prepend), (2, append)):
        if values is not NO_VALUE:
            edge = operand(values)
            if ndim_of(edge) == 0:
                shape = list(a.shape)
                shape[k] = 1
                edge = np.broadcast_to(edge, tuple(shape))
            parts.insert(where, edge)
    a = np.concatenate(parts, axis=k) if len(parts) > 1 else a
    for _ in range(n):
        right, left = a[slice_along(k, 1, None)], a[slice_along(k, None, -1)]
        a = right != left if a.dtype == bool else right - left
    return a


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(operand(ary))
    parts = [flat[1:] - flat[:-1]]
    for where, values in ((0, to_begin), (2, to_end)):
        if values is not None:
            edge = np.ravel(operand(values))
            if not np.can_cast(edge.dtype, flat.dtype, "same_kind"):
                name = "to_begin" if where == 0 else "to_end"
                raise TypeError(f"np.ediff1d: {name} of dtype {edge.dtype} beside {flat.dtype}")
            parts.insert(where, as_dtype(edge, flat.dtype))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = operand(y)
    k = negative_axis(axis, ndim_of(y))
    if x is None:
        width = operand(dx)
    else:
        x = operand(x)
        width = np.diff(x, axis=k if ndim_of(x) > 1 else -1)
        if ndim_of(x) == 1:
            width = np.reshape(width, (-1, *(1,) * (-k - 1)))
    pairs = y[slice_along(k, 1, None)] + y[slice_along(k, None, -1)]
    return np.sum(width * pairs / 2.0, axis=k)


# -- gradient --------------------------------------------------------------------------------------
@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = operand(f)
    if f.dtype.kind in "iu":
        f = as_dtype(f, np.dtype(float))
    axes = _ordered_axes(axis, f.ndim)
    if edge_order not in (1, 2):
        raise ShapeError(f"np.gradient: edge_order={edge_order} is neither 1 nor 2")
    layout = memory_order(example(f))
    results = tuple(
        arranged(_along(f, spacing, k, edge_order), layout)
        for k, spacing in zip(axes, _spacings(varargs, len(axes)), strict=True)
    )
    return results[0] if len(axes) == 1 else results


def _ordered_axes(axis: Any, ndim: int) -> list[int]:
    """The axes in the order in which they were asked for."""
    if axis is None:
        return list(range(-ndim, 0))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    negative_axes(axes, ndim)  # refuses duplicates
    return [negative_axis(k, ndim) for k in axes]


def _spacings(varargs: Any, count: int) -> list[Any]:
    if not varargs:
        return [1.0] * count
    spacings = [operand(v) for v in varargs]
    if len(spacings) == 1 and ndim_of(spacings[0]) == 0:
        return spacings * count
    if len(spacings) != count:
        raise TypeError(f"np.gradient: {len(spacings)} spacings for {count} axes")
    return spacings


def _along(f: Any, spacing: Any, k: int, edge_order: int) -> Any:
    """The derivative along one axis, from a step or from the places of the samples."""
    n = f.shape[k]
    if n < edge_order + 1:
        raise ShapeError(f"np.gradient: axis {k} of size {n} needs {edge_order + 1} samples")
    if ndim_of(spacing) == 0:
        return _even(f, spacing, k, edge_order)
    if shape_of(spacing) != (n,):
        raise ShapeError(f"np.gradient: spacing of shape {shape_of(spacing)} for {n} samples")
    steps = np.diff(as_dtype(spacing, np.dtype(float)) if spacing.dtype.kind in "iu" else spacing)
    if not is_concrete(steps) or np.any(payload(steps) != payload(steps)[0]):
        return _uneven(f, steps, k, edge_order)
    if not isinstance(steps, Traced):
        return _even(f, steps[0], k, edge_order)
    # Equal steps have NumPy's simpler formula, whose value this is; but moving one place makes them
    # unequal, so the derivative is that of the general formula, which agrees in the limit.
    general = _uneven(f, steps, k, edge_order)
    return stop_gradient(_even(f, steps[0], k, edge_order)) + (general - stop_gradient(general))


def _joined(first: Any, middle: Any, last: Any, f: Any, k: int) -> Any:
    parts = (np.expand_dims(first, k), middle, np.expand_dims(last, k))
    return np.concatenate([as_dtype(part, f.dtype) for part in parts], axis=k)


def _taps(f: Any, k: int) -> Any:
    """The samples before, at and after every inner place."""
    stops = [(None, -2), (1, -1), (2, None)]
    return [f[slice_along(k, *ends)] for ends in stops]


def _edge(f: Any, k: int, places: tuple[int, ...]) -> list[Any]:
    return [f[(*(slice(None),) * (f.ndim + k), i)] for i in places]


def _even(f: Any, h: Any, k: int, edge_order: int) -> Any:
    before, _, after = _taps(f, k)
    middle = (after - before) / (2.0 * h)
    if edge_order == 1:
        ends = []
        for right, left in ((1, 0), (-1, -2)):
            b, a = _edge(f, k, (right, left))
            ends.append((b - a) / h)
    else:
        weights = ((-1.5 / h, 2.0 / h, -0.5 / h), (0.5 / h, -2.0 / h, 1.5 / h))
        ends = _weighted_ends(f, k, weights)
    return _joined(ends[0], middle, ends[1], f, k)


def _weighted_ends(f: Any, k: int, weights: Any) -> list[Any]:
    ends = []
    for (a, b, c), places in zip(weights, ((0, 1, 2), (-3, -2, -1)), strict=True):
        f0, f1, f2 = _edge(f, k, places)
        ends.append(a * f0 + b * f1 + c * f2)
    return ends


def _uneven(f: Any, steps: Any, k: int, edge_order: int) -> Any:
    h1, h2 = steps[:-1], steps[1:]
    weights = (-h2 / (h1 * (h1 + h2)), (h2 - h1) / (h1 * h2), h1 / (h2 * (h1 + h2)))
    a, b, c = (np.reshape(w, (-1, *(1,) * (-k - 1))) for w in weights)
    before, at, after = _taps(f, k)
    middle = a * before + b * at + c * after
    if edge_order == 1:
        ends = []
        for right, left, h in ((1, 0, steps[0]), (-1, -2, steps[-1])):
            f1, f0 = _edge(f, k, (right, left))
            ends.append((f1 - f0) / h)
    else:
        g1, g2, h1, h2 = steps[0], steps[1], steps[-2], steps[-1]
        first = (
            -(2.0 * g1 + g2) / (g1 * (g1 + g2)),
            (g1 + g2) / (g1 * g2),
            -g1 / (g2 * (g1 + g2)),
        )
        last = (h2 / (h1 * (h1 + h2)), -(h2 + h1) / (h1 * h2), (2.0 * h2 + h1) / (h2 * (h1 + h2)))
        ends = _weighted_ends(f, k, (first, last))
    return _joined(ends[0], middle, ends[1], f, k)
