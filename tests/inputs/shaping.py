"""Inputs for the shaping rows."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from strategies import Case, Draw, inputs_for

from autodiff.rules.primitive import Primitive


@inputs_for("reshape")
def reshape(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    rest = int(np.prod(shape))
    target = [n for n in (1, 2, 3) if draw.boolean() and rest % n == 0]
    rest_of_it = rest // target[-1] if target else rest
    return Case(row, (draw.array(shape),), {"shape": (*target[-1:], rest_of_it)})


@inputs_for("broadcast_to")
def broadcast_to(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    return Case(row, (draw.array(draw.smaller(shape)),), {"shape": shape})


@inputs_for("transpose")
def transpose(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    axes = draw.draw(st.permutations(range(-len(shape), 0)))
    return Case(row, (draw.array(shape),), {"axes": tuple(axes)})


@inputs_for("flip")
def flip(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape()
    return Case(row, (draw.array(shape),), {"axis": draw.axes(shape)})


@inputs_for("roll")
def roll(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    axes = draw.axes(shape)
    shift = tuple(draw.integer(-4, 4) for _ in axes)
    return Case(row, (draw.array(shape),), {"shift": shift, "axis": axes})


@inputs_for("concatenate")
def concatenate(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1)
    axis = draw.axis(shape)
    parts = []
    for _ in range(draw.integer(1, 3)):
        sides = list(shape)
        sides[axis] = draw.integer(0, 3)
        parts.append(draw.array(tuple(sides)))
    return Case(row, tuple(parts), {"axis": axis})


@inputs_for("cast")
def cast(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape()),), {"dtype": np.dtype(np.float64)})


@inputs_for("truncate")
def truncate(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape()),), {"dtype": np.dtype(draw.one_of((int, bool)))})


@inputs_for("stop_gradient")
def stop_gradient(draw: Draw, row: Primitive) -> Case:
    return Case(row, (draw.array(draw.shape()),))


@inputs_for("diagonal")
def diagonal(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=2)
    offset = draw.integer(-shape[-2], shape[-1])
    return Case(row, (draw.values(shape),), {"offset": offset})


@inputs_for("windows", "overlapped")
def windows(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    axis = draw.axis(shape)
    size = draw.integer(1, shape[axis])
    if row.name == "overlapped":
        shape = (*shape, size)
    return Case(row, (draw.values(shape),), {"size": size, "axis": axis})
