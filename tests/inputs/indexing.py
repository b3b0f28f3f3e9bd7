"""Inputs for the indexing rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from strategies import Case, Draw, Shape, inputs_for

from autodiff.rules.primitive import Primitive


def index_key(draw: Draw, shape: Shape) -> tuple[Any, ...]:
    """Integers, slices, integer arrays (with repeats and negatives), masks, None and Ellipsis."""
    key: list[Any] = []
    for n in shape[: draw.integer(0, len(shape))]:
        kind = draw.one_of(("slice", "integer", "array", "mask", "new", "step"))
        if kind == "new":
            key.append(None)
        if kind in ("integer", "array") and n == 0:
            kind = "slice"
        if kind == "integer":
            key.append(draw.integer(-n, n - 1))
        elif kind == "array":
            key.append(draw.integers((2,), -n, n - 1))
        elif kind == "mask":
            mask = np.zeros(n, bool)
            mask[: min(n, 2)] = True  # two at most, so that several masks fit together
            key.append(mask if n >= 2 else slice(None))
        else:
            key.append(slice(None, None, -1) if kind == "step" else slice(draw.integer(0, 2), None))
    if draw.boolean():
        key.append(Ellipsis)
    return tuple(key)


@inputs_for("index")
def index(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    return Case(row, (draw.values(shape),), {"key": index_key(draw, shape)})


@inputs_for("scatter_add")
def scatter_add(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    key = index_key(draw, shape)
    updates = draw.values(np.shape(np.empty(shape)[key]))
    return Case(row, (updates,), {"key": key, "shape": shape})


@inputs_for("set_at", "add_at")
def write_at(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    key = index_key(draw, shape)
    updates = draw.smaller(np.shape(np.empty(shape)[key]))
    return Case(row, (draw.values(shape), draw.array(updates)), {"key": key})


@inputs_for("take_along_axis")
def take_along_axis(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    axis = draw.axis(shape)
    sides = list(shape)
    sides[axis] = draw.integer(0, 3)
    indices = draw.integers(tuple(sides), 0, shape[axis] - 1)
    return Case(row, (draw.values(shape), indices), {"axis": axis})


@inputs_for("scatter_along_axis")
def scatter_along_axis(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    size = draw.integer(1, 3)
    indices = draw.integers(shape, 0, size - 1)
    return Case(row, (draw.values(shape), indices), {"axis": draw.axis(shape), "size": size})
