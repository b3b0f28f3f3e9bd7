"""Inputs for indexing rows whose indices are arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
from inputs.indexing import index_key
from strategies import Case, Draw, Shape, inputs_for

from autodiff.primitives.indexing import HOLE
from autodiff.rules.primitive import Primitive


def holes(draw: Draw, shape: Shape) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """A key in which every array of integers has become a hole, and the arrays."""
    key = index_key(draw, shape)
    arrays = tuple(k for k in key if isinstance(k, np.ndarray) and k.dtype != bool)
    if not arrays:  # one at least
        arrays, key = (draw.integers((2,), -shape[0], shape[0] - 1),), (HOLE,)
    return tuple(HOLE if any(k is a for a in arrays) else k for k in key), arrays


def picked(shape: Shape, key: tuple[Any, ...], arrays: tuple[Any, ...]) -> Shape:
    rest = iter(arrays)
    return np.empty(shape)[tuple(next(rest) if k is HOLE else k for k in key)].shape


@inputs_for("gather")
def gather(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    key, arrays = holes(draw, shape)
    return Case(row, (draw.values(shape), *arrays), {"key": key})


@inputs_for("scatter")
def scatter(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    key, arrays = holes(draw, shape)
    updates = draw.values(picked(shape, key, arrays))
    return Case(row, (updates, *arrays), {"key": key, "shape": shape})


@inputs_for("put")
def put(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    key, arrays = holes(draw, shape)
    updates = draw.values(picked(shape, key, arrays))
    return Case(row, (draw.values(shape), updates, *arrays), {"key": key})
