"""Inputs for the rows that sort and search."""

from __future__ import annotations

import numpy as np
from strategies import Case, Draw, inputs_for

from autodiff.rules.primitive import Primitive


@inputs_for("sort")
def sorting(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    return Case(row, (draw.array(shape),), {"axis": draw.axis(shape)})


@inputs_for("argsort")
def sorting_places(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    return Case(row, (draw.array(shape),), {"axis": draw.axis(shape), "kind": "stable"})


@inputs_for("lexsort")
def sorting_by_several(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    keys = (np.round(draw.array(shape)), draw.array(shape))
    axis = draw.axis(shape)
    return Case(row, keys, {"axis": axis}, numpy=lambda *keys: np.lexsort(keys, axis))


@inputs_for("partition", "argpartition")
def partition(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    axis = draw.axis(shape)
    return Case(row, (draw.array(shape),), {"kth": draw.integer(0, shape[axis] - 1), "axis": axis})


@inputs_for("searchsorted")
def search(draw: Draw, row: Primitive) -> Case:
    side = draw.one_of(("left", "right"))
    return Case(row, (np.sort(draw.values((4,))), draw.values(draw.shape())), {"side": side})


@inputs_for("digitize")
def bins(draw: Draw, row: Primitive) -> Case:
    return Case(
        row, (draw.values(draw.shape()), np.sort(draw.values((4,)))), {"right": draw.boolean()}
    )
