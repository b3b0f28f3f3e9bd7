"""Which instructions run together: a program as steps, each one nest of loops, product or call.

Maps over one domain (a shape, axes of size 1 left out) and the reductions that end them become one
nest of loops, which reads every operand once and writes only what a later step needs. An
instruction gets a *level*: that of its operands where it can read them inside the same loops, one
more where it must wait for them to be complete. A level and a domain make a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ...base.bounded import cached
from ...base.shapes import Shape
from ..ir.maps import CHEAP, SHARED
from ..ir.program import Program, Value, users
from ..ir.regions import IncomparableError, layout_of, region_of, whole, without
from ..ir.views import contiguous, layout

LEAVES = ("input", "constant")
MOST_GAPS = 8  # in a `place`, filled one by one
IN_LOOPS = ("map", "reduce", "place")
SYSTEMS = ("factors", "solution", "determinant", "cholesky", "substitution")
ALONE = ("product", "gather", "scatter", "scan", "nested", *SYSTEMS)  # steps of one instruction
MOST_RECOMPUTED = 4  # maps that it is cheaper to compute twice than to write and read
LONG = 1000  # instructions from which a program recomputes nothing: rounds of a loop are alike then


@cached(10_000)
def squeezed(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)


class Access(NamedTuple):
    """Where an array stands in a buffer, seen from the loops over a domain."""

    buffer: Value
    offset: int
    strides: tuple[int, ...]


def access(v: Value, shape: Shape) -> Access:
    """`v`, broadcast, in loops over an array of this shape (its axes of size 1 left out)."""
    base, offset, strides = layout(v)
    return Access(base, offset, over(v.shape, strides, shape))


def over(given: Shape, strides: tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """Strides of an array along the axes of `shape` that are not 1; 0 where it is broadcast."""
    missing = len(shape) - len(given)
    spread = (0,) * missing + tuple(0 if n == 1 else s for n, s in zip(given, strides, strict=True))
    return tuple(s for n, s in zip(shape, spread, strict=True) if n != 1)


class Store(NamedTuple):
    """A value that a step writes, and where."""

    value: Value
    buffer: Value
    offset: int
    strides: tuple[int, ...]  # over the full shape of `value`


class Step:
    """What runs at once. `kind`: loops, zero, numpy, bands, or what it is `ALONE`."""

    def __init__(self, kind: str, level: float, domain: Shape = ()) -> None:
        self.kind, self.level, self.domain = kind, level, domain
        self.values: list[Value] = []  # what the loops compute, operands first
        self.reductions: list[Value] = []
        self.stores: list[Store] = []
        self.loops: Any = None  # as code, once they are emitted
        self.nested: Any = None  # of a loop or a branch: the code of its programs
        self.bands: Any = None  # the steps that this one consists of

    def __repr__(self) -> str:
        inside = ", ".join(f"v{v.number}" for v in (*self.values, *self.reductions))
        return f"{self.kind} {list(self.domain)} at {self.level}: {inside}"


def is_identity(v: Value, domain: Shape) -> bool:
    """Does `v` show its whole buffer, entry for entry in the loops' own order?"""
    if v.op != "view":
        return squeezed(v.shape) == domain
    base, offset, strides = layout(v)
    if offset or squeezed(base.shape) != squeezed(v.shape) or squeezed(v.shape) != domain:
        return False
    return tuple(s for s, n in zip(strides, v.shape, strict=True) if n != 1) == contiguous(domain)


def few_gaps(v: Value) -> list[Store] | None:
    """Zeros where the parts of a `place` leave some; `None` if that is better filled as a whole."""
    gaps = [whole(v.shape)]
    try:
        for x, (offset, strides) in zip(v.inputs, v.params["places"], strict=True):
            part = region_of(v.shape, offset, strides, x.shape)
            gaps = without(gaps, part) if part else []
            if part is None or len(gaps) > MOST_GAPS:
                return None
    except IncomparableError:
        return None
    if sum(r.size for r in gaps) * 2 > v.size:
        return None
    zero = Value("constant", (), {"value": np.zeros((), v.dtype)}, (), v.dtype)
    stores = []
    for r in gaps:
        params = {"offset": 0, "strides": (0,) * len(r.counts)}
        zeros = Value("view", (zero,), params, r.counts, v.dtype)
        stores.append(Store(zeros, v, *layout_of(r, contiguous(v.shape))))
    return stores


class Schedule:
    """The steps of a program in order, and the buffers that they read and write."""

    def __init__(self, program: Program, native: Callable[[Value], bool]) -> None:
        self.program = program
        has_code = {id(v): native(v) for v in program.values}
        self.near = 0  # elementary functions in the code of its nests so far
        self.native: Callable[[Value], bool] = lambda v: has_code[id(v)]
        self.looped = {id(v) for v in program.values if v.op in IN_LOOPS and has_code[id(v)]}
        self.waiting: dict[tuple[int, int], bool] = {}
        self.users = users(program)
        self.outputs = {id(layout(v)[0]) for v in program.outputs}
        self.level: dict[int, int] = {}
        for v in program.values:
            self.level[id(v)] = self.earliest(v)
        self.sink()
        self.share()
        self.join()
        self.stored = self.buffers()
        self.steps = self.arranged()

    def in_loops(self, v: Value) -> bool:
        return id(v) in self.looped

    def waits(self, v: Value, operand: Value) -> bool:
        """Must `operand` be complete before the step that computes `v` begins?"""
        key = (id(v), id(operand))
        found = self.waiting.get(key)
        if found is None:
            found = self.waiting[key] = self.must_wait(v, operand)
        return found

    def must_wait(self, v: Value, operand: Value) -> bool:
        base = layout(operand)[0]
        if base.op in LEAVES:
            return False
        fused = self.in_loops(v) and base.op == "map" and self.native(base)
        if v.op == "place" and self.overlaps(v):
            return True
        return not (fused and is_identity(operand, self.domain(v, operand)))

    def domain(self, v: Value, operand: Value) -> Shape:
        """The loops in which `v` reads an operand."""
        return squeezed(v.shape if v.op == "map" else operand.shape)

    def earliest(self, v: Value) -> int:
        level = 0
        for k, x in enumerate(v.inputs):
            before = self.level[id(layout(x)[0])]
            level = max(level, before + self.waits(v, x) + self.later(v, k))
        return level

    def later(self, v: Value, k: int) -> int:
        """How many levels before `v` is complete its part `k` is written: one that overwrites what
        an earlier part of the same array wrote comes after it."""
        return len(v.inputs) - 1 - k if v.op == "place" and self.overlaps(v) else 0

    @staticmethod
    def overlaps(v: Value) -> bool:
        return sum(x.size for x in v.inputs) > v.size

    def sink(self) -> None:
        """Move maps to the last step in which they are still in time: next to what uses them."""
        for v in reversed(self.program.values):
            if v.op != "map" or not self.native(v):
                continue
            if id(v) not in self.outputs:
                self.level[id(v)] = max(self.level[id(v)], min(self.deadlines(v), default=0))

    def share(self) -> None:
        """Move maps back to a step that does most of their work for another map: a slope to its
        function, say. The result is kept, in place of the operand."""
        others = {(v.function, *map(id, v.inputs)): v for v in self.program.values if v.op == "map"}
        for v in self.program.values:
            if v.op == "map" and v.function in SHARED:
                other = others.get((SHARED[v.function], *map(id, v.inputs)), v)
                self.level[id(v)] = min(self.level[id(v)], self.level[id(other)])

    def join(self) -> None:
        """Move reductions of what is in memory to a later step that reads it anyway."""
        for v in self.program.values:
            if v.op != "reduce" or not self.in_loops(v):
                continue
            base = layout(v.inputs[0])[0]
            if base.op == "map" and self.native(base):
                continue
            domain, before = self.domain(v, v.inputs[0]), self.level[id(v)]
            last = min(self.deadlines(v), default=max(self.level.values()))
            read = {
                self.level[id(u)]
                for u, x in self.readers(base)
                if u is not v and self.in_loops(u) and self.domain(u, x) == domain
            }
            if before not in read:
                self.level[id(v)] = min((n for n in read if before < n <= last), default=before)

    def deadlines(self, v: Value) -> list[int]:
        """The last levels at which `v` is in time for each instruction that reads it."""
        return [
            self.level[id(u)] - self.waits(u, x) - self.later(u, k)
            for u, x in self.readers(v)
            for k, operand in enumerate(u.inputs)
            if operand is x
        ]

    def readers(self, v: Value) -> Iterator[tuple[Value, Value]]:
        """Instructions that read `v`, and the operand (`v` or a view of it) by which they do."""
        for u in self.users.get(id(v), ()):
            if u.op == "view":
                for w in self.users.get(id(u), ()):
                    yield w, u
            else:
                yield u, v

    def fused_into(self, v: Value, u: Value, x: Value) -> bool:
        """Does `u` read `v` inside the loops that compute `v`?"""
        return self.level[id(u)] == self.level[id(v)] and not self.waits(u, x)

    def buffers(self) -> set[int]:
        """Values that are written to memory: results, and what another step reads."""
        stored = set(self.outputs)
        for v in self.program.values:
            if v.op in LEAVES or v.op == "view":
                continue
            if v.op != "map" or not self.native(v):
                stored.add(id(v))
        self.cost: dict[int, int] = {}
        for v in self.program.values:
            if v.op != "map" or not self.native(v):
                continue
            self.cost[id(v)] = self.recomputing(v, stored)
            for u, x in self.readers(v):
                if self.fused_into(v, u, x):
                    continue
                again = self.can_recompute(v, u, x)
                if not again:
                    stored.add(id(v))
                    self.cost[id(v)] = 0
        return stored

    def recomputing(self, v: Value, stored: set[int]) -> int:
        """How many maps it takes to compute `v` from what is in memory."""
        if v.function not in CHEAP:
            return MOST_RECOMPUTED + 1
        cost = 1
        for x in v.inputs:
            base = layout(x)[0]
            if base.op in LEAVES or id(base) in stored:
                continue
            if not is_identity(x, squeezed(v.shape)):
                return MOST_RECOMPUTED + 1
            cost += self.cost.get(id(base), MOST_RECOMPUTED + 1)
        return cost

    def can_recompute(self, v: Value, u: Value, x: Value) -> bool:
        return (
            len(self.program.values) < LONG
            and self.cost[id(v)] <= MOST_RECOMPUTED
            and self.in_loops(u)
            and is_identity(x, self.domain(u, x))
            and bool(squeezed(v.shape))
        )

    # -- steps -----------------------------------------------------------------------------------
    def arranged(self) -> list[Step]:
        steps: dict[Any, Step] = {}

        def step(kind: str, level: float, domain: Shape = (), own: Any = None) -> Step:
            key = (level, kind, domain, own)
            if key not in steps:
                steps[key] = Step(kind, level, domain)
            return steps[key]

        for v in self.program.values:
            level = self.level[id(v)]
            if v.op in LEAVES or v.op == "view" or (v.op == "part" and self.native(v)):
                continue
            if not self.in_loops(v):
                kind = v.op if v.op in ALONE else "numpy"
                if not self.native(v):
                    kind = "numpy"
                step(kind, level, own=id(v)).values.append(v)
            elif v.op == "map":
                s = step("loops", level, squeezed(v.shape))
                s.values.append(v)
                if id(v) in self.stored:
                    s.stores.append(Store(v, v, 0, contiguous(v.shape)))
            elif v.op == "reduce":
                step("loops", level, squeezed(v.inputs[0].shape)).reductions.append(v)
            else:
                self.place(v, level, step)
        return sorted(steps.values(), key=lambda s: s.level)

    def place(self, v: Value, level: int, step: Callable[..., Step]) -> None:
        if not v.params["covered"] and not self.overlaps(v):
            gaps = few_gaps(v)
            if gaps is None:
                step("zero", level - 0.5, own=id(v)).values.append(v)
            for gap in gaps or ():
                step("loops", level, gap.value.shape).stores.append(gap)
        for k, (x, (offset, strides)) in enumerate(zip(v.inputs, v.params["places"], strict=True)):
            step("loops", level - self.later(v, k), squeezed(x.shape)).stores.append(
                Store(x, v, offset, strides)
            )
