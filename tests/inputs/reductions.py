"""Inputs for reductions and scans, masked and not."""

from __future__ import annotations

import numpy as np
from strategies import Case, Draw, Shape, inputs_for

from autodiff.rules.primitive import Primitive


def over(draw: Draw, shape: Shape) -> dict:
    return {"axis": draw.axes(shape), "keepdims": draw.boolean()}


@inputs_for("sum", "prod", "count_nonzero")
def reduction(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    return Case(row, (draw.array(shape),), over(draw, shape))


@inputs_for("max", "min", "nanmax", "nanmin")
def reduction_of_some(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_side=1)
    return Case(row, (draw.array(shape),), over(draw, shape))


@inputs_for("keep")
def keep(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    return Case(row, (draw.array(shape), draw.mask(draw.smaller(shape))))


@inputs_for("masked_sum", "masked_prod")
def masked(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    initial = (draw.array(()),) if draw.boolean() else ()
    args = (draw.array(shape), draw.mask(draw.smaller(shape)), *initial)
    return Case(row, args, over(draw, shape))


SMOOTH_REDUCTIONS = ("logaddexp_reduce", "logaddexp2_reduce", "hypot_reduce")


@inputs_for("masked_max", "masked_min", "masked_nanmax", "masked_nanmin", *SMOOTH_REDUCTIONS)
def masked_with_a_start(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    args = (draw.array(shape), draw.mask(draw.smaller(shape)), draw.array(()))
    params = over(draw, shape)
    if row.name in SMOOTH_REDUCTIONS and len(params["axis"]) > 1:
        params["axis"] = params["axis"][:1]  # NumPy reduces these over one axis at a time
    return Case(row, args, params)


@inputs_for("any", "all")
def masked_flat(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    return Case(row, (draw.array(shape), draw.mask(draw.smaller(shape))), over(draw, shape))


@inputs_for("argmax", "argmin", "nanargmax", "nanargmin")
def place_of_extremum(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    a = draw.array(shape)
    if row.name.startswith("nan"):
        a = np.nan_to_num(a, nan=0.5)  # a slice that is nan throughout has no place
    return Case(row, (a,), {"axis": draw.axis(shape), "keepdims": False})


@inputs_for("flat_method")
def flat_method(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    args = (draw.array(shape), draw.mask(draw.smaller(shape)))
    return Case(row, args, {"ufunc": np.logical_and, "method": "reduce", **over(draw, shape)})


@inputs_for("cumsum", "cumprod", "cummax", "cummin", "nancummax", "nancummin")
def scan(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    return Case(row, (draw.array(shape),), {"axis": draw.axis(shape)})


@inputs_for("histogram")
def histogram(draw: Draw, row: Primitive) -> Case:
    n = draw.integer(1, 4)
    params = {"data": np.linspace(-0.3, 2.1, n), "bins": 3, "limits": (0.0, 2.0)}
    return Case(row, (draw.array((n,)),), params)


@inputs_for("add_reduceat")
def reduceat(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    axis = draw.axis(shape)
    indices = draw.integers((draw.integer(1, 4),), 0, shape[axis] - 1)
    return Case(row, (draw.array(shape),), {"indices": indices, "axis": axis})
