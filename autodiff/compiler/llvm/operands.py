"""What the maps of a nest are computed from: entries of buffers, numbers, results of other maps.

A word holds as many entries as its `width` says, so that one emitter writes vectors and single
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from ...base.shapes import Shape
from ..ir.program import Value, number
from ..ir.views import layout
from ..scheduling.schedule import Access, access
from .code import I64, Code, Word
from .nest import Nest

Words = dict[Any, Word]  # by the access that is loaded, and by the identity of a map
Places = dict[Access, Any]  # where an array begins in its buffer


class Operands:
    """Emits loads and maps of a nest whose buffers are at these pointers."""

    def __init__(self, nest: Nest, code: Code, pointers: dict[int, Any]) -> None:
        self.nest, self.code, self.pointers = nest, code, pointers

    def pointer(self, buffer: Value, place: Any) -> Any:
        """The pointer to an entry of a buffer."""
        return self.code.at(self.pointers[id(buffer)], place, buffer.dtype)

    def position(self, offset: int, strides: Sequence[int], indices: Sequence[Any]) -> Any:
        """Where the innermost loop starts in a buffer."""
        place: Any = ir.Constant(I64, offset)
        for i, s in zip(indices, strides, strict=False):
            if s:
                place = self.code.builder.add(place, self.code.builder.mul(i, ir.Constant(I64, s)))
        return place

    def begin(self, indices: Sequence[Any]) -> tuple[Places, Words]:
        """Where each array begins in the innermost loop, and the numbers that are the same all
        along it."""
        starts: Places = {}
        ready: Words = {}
        for a, strides in self.nest.paths.items():
            place = starts[a] = self.position(self.nest.offset(a), strides, indices)
            if not strides or not strides[-1]:
                ready[a] = self.code.load(self.pointer(a.buffer, place), a.buffer.dtype, 1)
        return starts, ready

    def load(self, values: Words, starts: Places, ready: Words, i: Any, width: int) -> None:
        """Every array at entries i, i + 1, ... but for those that `values` has already."""
        for a in self.nest.paths:
            if a in ready:
                values[a] = self.code.splat(ready[a], width)
            elif a not in values:
                values[a] = self.loaded(a, starts, i, width)

    def loaded(self, a: Access, starts: Places, i: Any, width: int) -> Word:
        step = self.nest.paths[a][-1]
        place = self.code.builder.add(starts[a], self.code.times(i, step))
        return self.code.read(self.pointer(a.buffer, place), step, a.buffer.dtype, width)

    def compute(self, values: Words, width: int) -> None:
        """Every map, operands first."""
        for v in self.nest.order:
            self.map(v, values, width)

    def map(self, v: Value, values: Words, width: int) -> None:
        """One map of what has been loaded and computed."""
        operands = [self.word(x, v.shape, values, width) for x in v.inputs]
        values[id(v)] = self.code.map(v.function, operands, v.dtype)

    def word(self, x: Value, shape: Shape, values: Words, width: int) -> Word:
        """An operand of a map of this shape."""
        known = number(x)
        if known is not None:
            return self.code.constant(known, x.dtype, width)
        if self.nest.is_read_inside(x):
            return values[id(layout(x)[0])]
        return values[access(x, shape)]
