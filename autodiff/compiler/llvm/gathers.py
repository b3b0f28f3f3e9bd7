"""Entries at indices that are known only when the program runs: picked out, and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from llvmlite import ir

from ..ir.program import Value
from ..ir.views import contiguous, layout
from .code import I32, I64, Code, vector_bytes

OUT_OF_BOUNDS = 1


def place_of(
    code: Code,
    indices: tuple[Value, ...],
    i: Any,
    sizes: Any,
    steps: Any,
    address: Callable[[Value], Any],
    error: Any,
) -> Any:
    """The offset that the i-th indices stand for; one that is out of bounds is noted, and is 0."""
    b = code.builder
    place: Any = ir.Constant(I64, 0)
    for index, n, step in zip(indices, sizes, steps, strict=True):
        buffer, offset, strides = layout(index)
        where = spread_place(code, index, i, offset, strides)
        k = code.load(code.at(address(buffer), where, index.dtype), index.dtype, 1).ir
        zero, size = ir.Constant(I64, 0), ir.Constant(I64, n)
        k = b.select(b.icmp_signed("<", k, zero), b.add(k, size), k)
        inside = b.icmp_unsigned("<", k, size)
        noted = b.load(error, typ=I32)
        b.store(b.select(inside, noted, ir.Constant(I32, OUT_OF_BOUNDS)), error)
        k = b.select(inside, k, zero)
        place = b.add(place, code.times(k, step))
    return place


def spread_place(code: Code, v: Value, i: Any, offset: int, strides: tuple[int, ...]) -> Any:
    """Where entry `i` of a view stands in its buffer."""
    b = code.builder
    if strides == contiguous(v.shape):
        return b.add(ir.Constant(I64, offset), i)
    place: Any = ir.Constant(I64, offset)
    rest = i
    for n, s in zip(reversed(v.shape), reversed(strides), strict=True):
        size = ir.Constant(I64, n)
        if s:
            place = b.add(place, code.times(b.urem(rest, size), s))
        rest = b.udiv(rest, size)
    return place


def emit_gather(code: Code, v: Value, address: Callable[[Value], Any], error: Any) -> None:
    source, *indices = v.inputs
    steps = contiguous_steps(source.shape)[: len(indices)]
    tail = int(np.prod(source.shape[len(indices) :]))
    buffer, offset, strides = layout(source)
    with code.loop(indices[0].size) as i:
        place = place_of(code, tuple(indices), i, v.params["sizes"], steps, address, error)
        for t, width in entries(code, tail, v.dtype, strides == contiguous(source.shape)):
            entry = code.builder.add(place, t)
            where = spread_place(code, source, entry, offset, strides)
            word = code.load(code.at(address(buffer), where, v.dtype), v.dtype, width)
            out = code.builder.add(code.times(i, tail), t)
            code.write(word, code.at(address(v), out, v.dtype), 1, v.dtype)


def emit_scatter(code: Code, v: Value, address: Callable[[Value], Any], error: Any) -> None:
    updates, *indices = v.inputs
    steps = contiguous_steps(v.shape)[: len(indices)]
    tail = int(np.prod(v.shape[len(indices) :]))
    buffer, offset, strides = layout(updates)
    with code.loop(indices[0].size) as i:
        place = place_of(code, tuple(indices), i, v.params["sizes"], steps, address, error)
        for t, width in entries(code, tail, v.dtype, strides == contiguous(updates.shape)):
            entry = code.builder.add(code.times(i, tail), t)
            where = spread_place(code, updates, entry, offset, strides)
            word = code.load(code.at(address(buffer), where, v.dtype), v.dtype, width)
            out = code.at(address(v), code.builder.add(place, t), v.dtype)
            before = code.load(out, v.dtype, width)
            code.write(code.map("add", [before, word]), out, 1, v.dtype)


def entries(code: Code, count: int, dtype: Any, in_order: bool) -> Iterator[tuple[Any, int]]:
    """Loops over entries that stand together: in vectors, if they are read in order, and single."""
    width = vector_bytes() // dtype.itemsize if in_order else 1
    whole = count // width * width
    if whole:
        with code.loop(whole, step=width) as t:
            yield t, width
    if whole < count:
        with code.loop(count, start=whole) as t:
            yield t, 1


def contiguous_steps(shape: tuple[int, ...]) -> list[int]:
    """Entries from one index to the next, also along axes of size 1."""
    return [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]
