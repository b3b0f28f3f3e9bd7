"""Views: NumPy itself says which entries of a buffer `reshape`, slices and `transpose` show.

The function is applied to a probe, an array of bytes that is never read: the address and the
strides of what comes back are the view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...base.bounded import cached
from ...base.shapes import Shape
from .program import Builder, Value


@cached(10_000)
def contiguous(shape: Shape) -> tuple[int, ...]:
    """Strides, in entries, of an array in C order; 0 along axes of size 1."""
    strides, step = [], 1
    for n in reversed(shape):
        strides.append(step if n > 1 else 0)
        step *= n
    return tuple(reversed(strides))


def layout(v: Value) -> tuple[Value, int, tuple[int, ...]]:
    """The buffer behind a value, and the offset and strides at which it stands in it."""
    if v.op == "view":
        return v.inputs[0], v.params["offset"], v.params["strides"]
    return v, 0, contiguous(v.shape)


def probe(v: Value) -> tuple[Any, Any]:
    base, offset, strides = layout(v)
    memory = np.empty(max(base.size, 1), np.int8)
    return memory, as_strided(memory[offset:], v.shape, strides, writeable=False)


def rearranged(builder: Builder, v: Value, f: Callable[[Any], Any]) -> Value | None:
    """`f(v)` as a view, or `None` where NumPy would copy."""
    memory, inside = probe(v)
    try:
        seen = f(inside)
    except (AttributeError, TypeError):
        return None
    if not isinstance(seen, np.ndarray):
        return None
    if not seen.size:  # it shares nothing, and shows nothing
        return builder.constant(np.empty(seen.shape, v.dtype))
    if not np.may_share_memory(seen, memory):
        return None
    offset = seen.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    return view(builder, layout(v)[0], offset, seen.strides, seen.shape, v.weak)


def view(
    builder: Builder,
    base: Value,
    offset: int,
    strides: Sequence[int],
    shape: Shape,
    weak: bool = False,
) -> Value:
    """A view of a buffer; the buffer itself, where it shows all of it in order."""
    strides = tuple(s if n > 1 else 0 for s, n in zip(strides, shape, strict=True))
    if base.shape == shape and not offset and strides == contiguous(shape):
        return base
    params = {"offset": int(offset), "strides": strides}
    return builder.make("view", (base,), params, tuple(shape), base.dtype, weak)


def memory_order(v: Value) -> tuple[int, ...] | None:
    """The axes of `v` from the slowest to the fastest, if it is a whole buffer, transposed."""
    base, offset, strides = layout(v)
    order = tuple(sorted(range(v.ndim), key=lambda k: -strides[k]))
    whole = not offset and base.size == v.size and base.ndim
    fits = tuple(strides[k] for k in order) == contiguous(tuple(v.shape[k] for k in order))
    return order if whole and fits else None


def region(shape: Shape, f: Callable[[Any], Any]) -> tuple[int, tuple[int, ...], Shape] | None:
    """Where `f` writes in a new array of this shape: offset, strides and shape of the part."""
    memory = np.empty(max(int(np.prod(shape)), 1), np.int8)
    seen = f(as_strided(memory, shape, contiguous(shape), writeable=False))
    if not isinstance(seen, np.ndarray) or (seen.size and not np.may_share_memory(seen, memory)):
        return None
    offset = seen.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
    strides = tuple(s if n > 1 else 0 for s, n in zip(seen.strides, seen.shape, strict=True))
    return int(offset), strides, seen.shape
