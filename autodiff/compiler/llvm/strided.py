"""Entries that lie a few places apart, through whole vectors: x[::2], x[::-1], a[:, 0].

Eight doubles at steps of 2 are in two vectors that stand one behind the other: two loads and one
shuffle instead of eight loads. They are written by the reverse, if the entries between them are
written as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from ..ir.program import BOOL

FARTHEST = 4  # the step up to which as many vectors as that are read instead of single entries


def gathered(
    builder: ir.IRBuilder, load: Callable[[int], Any], step: int, width: int
) -> ir.Value | None:
    """Entries at 0, step, 2 step, ... of memory of which ``load(k)`` reads a vector at k; `None` if
    they are too far apart. Nothing before the first of them or behind the last is read."""
    if not 1 < abs(step) <= FARTHEST and step != -1:
        return None
    first = min(0, (width - 1) * step)
    last = max(0, (width - 1) * step) - width + 1
    starts = [min(first + k * width, last) for k in range(abs(step))]
    found = None
    for start in starts:
        vector = load(start)
        if found is None:
            found = ir.Constant(vector.type, ir.Undefined)
        inside = [0 <= i * step - start < width for i in range(width)]
        lanes = [width + i * step - start if inside[i] else i for i in range(width)]
        found = shuffled(builder, found, vector, lanes)
    return found


def interleaved(builder: ir.IRBuilder, vectors: Sequence[Any]) -> list[Any]:
    """The entries of some vectors in turn, the first of each, then the second, as vectors."""
    count, width = len(vectors), vectors[0].type.count
    found = []
    for k in range(count):
        vector = ir.Constant(vectors[0].type, ir.Undefined)
        places = [divmod(k * width + i, count) for i in range(width)]
        for j, one in enumerate(vectors):
            lanes = [width + n if which == j else i for i, (n, which) in enumerate(places)]
            vector = shuffled(builder, vector, one, lanes)
        found.append(vector)
    return found


def in_turn(
    which: Sequence[int], stores: Sequence[tuple[Any, Any]], paths: Sequence[Sequence[int]]
) -> list[list[int]]:
    """These stores in groups that write neighbouring entries of one buffer, in their order."""
    groups: dict[Any, list[int]] = {}
    for k in which:
        groups.setdefault((id(stores[k][1].buffer), tuple(paths[k])), []).append(k)
    found = []
    for (_, strides), group in groups.items():
        step = strides[-1] if strides else 0
        rest = sorted(group, key=lambda k: stores[k][1].offset)
        while rest:
            first = stores[rest[0]][1]
            n = step if 1 < step <= FARTHEST and first.buffer.dtype != BOOL else 1
            offsets = [stores[k][1].offset - first.offset for k in rest[:n]]
            n = n if offsets == list(range(n)) else 1
            found.append(rest[:n])
            rest = rest[n:]
    return found


def shuffled(builder: ir.IRBuilder, a: Any, b: Any, lanes: Sequence[int]) -> Any:
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(lanes)), list(lanes))
    return builder.shuffle_vector(a, b, mask)
