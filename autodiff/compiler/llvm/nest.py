"""A nest of loops before it is code: what it reads, computes and writes, and how the loops lie.

Emitters share it: `loops.py`, and by turns `loops_rolled.py` for a long line of maps,
`loops_by_rows.py` for rows of a matrix, `sharing.py` for nests that are alike and `pointers.py` for
what a nest is handed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ir.program import BOOL, Value, number
from ..ir.views import layout
from ..scheduling.schedule import Access, Schedule, Step, access, is_identity, over
from .code import vector_bytes
from .reductions import Reduction

BLOCK = 4096  # entries that one partial sum adds up at most: 2^20 float32 ones are counted exactly


class Nest:
    """The loops of one step. `arrange` says in which order they run."""

    def __init__(self, step: Step, schedule: Schedule) -> None:
        self.step, self.schedule = step, schedule
        self.domain = step.domain
        self.reductions = [Reduction(v) for v in step.reductions]
        self.here = {id(v) for v in step.values}
        self.order: list[Value] = []  # maps computed in the loops, operands first
        self.loads: dict[Access, None] = {}  # in the order in which they are met
        self.collect()
        self.stores = [
            (s.value, Access(s.buffer, s.offset, over(s.value.shape, s.strides, s.value.shape)))
            for s in step.stores
        ]
        self.alone = list(range(len(self.stores)))  # stores outside any loop of stores

    @property
    def direct(self) -> list[Value]:
        """The buffers that the code knows by name: those that it writes, then those it reads."""
        written = [self.stores[k][1].buffer for k in self.alone]
        written += [r.value for r in self.reductions]
        read = [a.buffer for a in self.loads]
        return list({id(b): b for b in (*written, *read)}.values())

    # -- what is computed and what is loaded -----------------------------------------------------
    def computed(self, base: Value) -> bool:
        """Is this map computed in these loops, rather than loaded?"""
        if base.op != "map" or not self.schedule.native(base):
            return False
        return id(base) in self.here or id(base) not in self.schedule.stored

    def roots(self) -> list[Value]:
        """What the loops write or add up."""
        return [s.value for s in self.step.stores] + [r.operand for r in self.reductions]

    def collect(self) -> None:
        seen: set[int] = set()
        stack: list[Any] = [(x, x.shape, False) for x in reversed(self.roots())]
        while stack:
            x, shape, opened = stack.pop()
            base = layout(x)[0]
            if opened:
                self.order.append(base)
            elif number(x) is not None:
                continue
            elif not self.is_read_inside(x):
                self.loads[access(x, shape)] = None
            elif id(base) not in seen:
                seen.add(id(base))
                stack.append((base, base.shape, True))
                stack.extend((y, base.shape, False) for y in base.inputs)

    def is_read_inside(self, x: Value) -> bool:
        base = layout(x)[0]
        return self.computed(base) and is_identity(x, self.domain)

    # -- the order of the loops ------------------------------------------------------------------
    def arrange(self, rows: int | None = None) -> None:
        """Innermost the axis along which most arrays lie in memory order, those with an entry for
        each round before those that repeat theirs; then neighbouring axes that are one in every
        array become one. With `rows` the loops are for so many entries along the first axis, and
        sums over all of that axis were begun by others."""
        n = len(self.domain)
        strides = [a.strides for a in self.loads] + [a.strides for _, a in self.stores] * 2
        whole = [s for s in strides if all(s)]
        score = [[sum(abs(s[k]) == 1 for s in some) for some in (whole, strides)] for k in range(n)]
        order = list(range(n))
        if n and strides:
            best = max(range(n), key=lambda k: (score[k], k))
            order = [k for k in order if k != best] + [best]
        sizes = self.domain if rows is None else (rows, *self.domain[1:])
        self.sizes = [sizes[k] for k in order]
        self.begun = [r for r in self.reductions if rows is not None and r.reduced[0]]

        def moved(s: Sequence[Any]) -> list[Any]:
            return [s[k] for k in order]

        self.paths = {a: moved(a.strides) for a in self.loads}
        self.store_paths = [moved(a.strides) for _, a in self.stores]
        for r in self.reductions:
            r.strides, r.reduced = tuple(moved(r.strides)), moved(r.reduced)
        self.merge()
        self.inner = [r for r in self.reductions if r.reduced and r.reduced[-1]]
        self.first = first_touched([*self.loads, *(self.stores[k][1] for k in self.alone)])

    def merge(self) -> None:
        rows = [*self.paths.values(), *self.store_paths]
        sums: list[list[int]] = [list(r.strides) for r in self.reductions]
        for k in range(len(self.sizes) - 2, -1, -1):
            inner = self.sizes[k + 1]
            one = all(s[k] == s[k + 1] * inner for s in (*rows, *sums)) and all(
                r.reduced[k] == r.reduced[k + 1] for r in self.reductions
            )
            if one:
                self.sizes[k : k + 2] = [self.sizes[k] * inner]
                for s in (*rows, *sums):
                    del s[k]
                for r in self.reductions:
                    del r.reduced[k]
        for r, s in zip(self.reductions, sums, strict=True):
            r.strides = tuple(s)

    def offset(self, a: Access) -> int:
        """Where an array begins, counted from the first entry of its buffer that is touched."""
        return a.offset - self.first.get(id(a.buffer), 0)

    # -- sums ------------------------------------------------------------------------------------
    @property
    def is_blocked(self) -> bool:
        """Is it one loop, so long that its sums are added up block by block?"""
        return bool(self.inner) and len(self.sizes) == 1 and self.sizes[-1] >= 2 * BLOCK

    def in_registers(self, r: Reduction) -> bool:
        """Is the whole of each sum one run of the innermost loop?"""
        alone = not any(r.reduced[:-1]) and not self.is_blocked
        return r in self.inner and alone and r not in self.begun

    def width(self) -> int:
        """Entries in a vector: as many as the widest type among them allows."""
        if not self.sizes or self.sizes[-1] < 2:
            return 1
        touched = [v.dtype for v in self.order] + [a.buffer.dtype for a in self.loads]
        widest = max((t.itemsize for t in touched if t != BOOL), default=8)
        width = vector_bytes() // widest
        while width > self.sizes[-1]:
            width //= 2
        return max(width, 1)


def first_touched(accesses: list[Access]) -> dict[int, int]:
    """Where in each buffer its first entry stands that a nest touches."""
    first: dict[int, int] = {}
    for a in accesses:
        key = id(a.buffer)
        first[key] = min(first.get(key, a.offset), a.offset)
    return first
