"""Nests that do the same to other buffers are one function: the steps of an unrolled loop.

A *pattern* says all that the code of a nest depends on: loops, maps, numbers, and how each buffer
is walked through, from where the nest first touches it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ..ir.program import Value, number
from ..ir.views import layout
from ..scheduling.schedule import Access, access
from .nest import Nest


def pattern(nest: Nest) -> Hashable:
    """Equal for nests that one function can do."""
    buffers = {id(b): k for k, b in enumerate(nest.direct)}
    loads = {a: k for k, a in enumerate(nest.loads)}
    maps = {id(v): k for k, v in enumerate(nest.order)}

    def operand(x: Value, like: Value) -> Any:
        known = number(x)
        if known is not None:
            return known.tobytes(), x.dtype.char
        if nest.is_read_inside(x):
            return maps[id(layout(x)[0])]
        return "load", loads[access(x, like.shape)]

    def place(a: Access) -> Any:
        key = id(a.buffer)
        return buffers[key], a.offset - nest.first.get(key, 0)

    return (
        tuple(nest.sizes),
        tuple((b.op == "constant", b.dtype.char) for b in nest.direct),
        tuple((*place(a), *nest.paths[a]) for a in nest.loads),
        tuple((v.function, v.dtype.char, *(operand(x, v) for x in v.inputs)) for v in nest.order),
        tuple(
            (*place(a), *strides, operand(v, v))
            for (v, a), strides in zip(nest.stores, nest.store_paths, strict=True)
        ),
        tuple(
            (
                *(r.function, buffers[id(r.value)], r.value.size, r.value.dtype.char),
                *(operand(r.operand, r.operand), *r.strides, *r.reduced),
            )
            for r in nest.reductions
        ),
    )
