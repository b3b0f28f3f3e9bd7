"""One step as machine code: a nest of loops that loads, computes and stores vectors of entries.

The innermost loop runs over whole vectors and then over the entries that are left, with the same
emitter, once for vectors and once for single numbers. What does not change inside it is loaded
before it begins. A sum over the innermost axis is kept in registers, several partial sums side by
side; any other sum is added up in its result.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from llvmlite import ir

from ..shapes import Shape
from .code import I64, POINTER, Code, Word, vector_bytes
from .pointers import Pointers
from .program import BOOL, Value, number
from .reductions import COMBINE, Reduction, fill, neutral
from .rolled import Results, rolled
from .rows import Rows
from .schedule import Access, Schedule, Step, access, is_identity, over
from .sharing import first_touched, pattern
from .strided import in_turn
from .vector_math import EXPANSIONS
from .views import layout

LONGEST = 50_000  # maps that are written out; LLVM would take a minute over more of them
MOST_NEAR = 40  # elementary functions that stand in a loop; if there are more, they are called
SHORT = 1024  # entries of loops in which a call more is no matter
BLOCK = 4096  # entries that one partial sum adds up at most: 2^20 float32 ones are counted exactly
ROWS_SHARED = 2  # rows, the same for many others, that are worth loading once for several


class TooLongError(Exception):
    """A line of maps without repeats is longer than LLVM should be given."""


class Nest:
    """One step: what it reads and writes, and, emitted, a function of the addresses of that."""

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
        self.line = rolled(self)
        self.emitted = self.order if self.line is None else self.line.emitted()
        if len(self.emitted) > LONGEST:
            raise TooLongError
        self.alone = list(range(len(self.stores)))  # stores that are no part of a loop of stores
        if self.line is not None:
            self.loads, self.alone = self.line.loads, self.line.alone
        written = [self.stores[k][1].buffer for k in self.alone]
        written += [r.value for r in self.reductions]
        read = [a.buffer for a in self.loads]
        self.direct = list({id(b): b for b in (*written, *read)}.values())
        self.is_needed = bool(self.stores or self.reductions)

    def compile(
        self, module: ir.Module, known: dict[Any, ir.Function], rows: int | None = None
    ) -> None:
        """Emits the function, or finds it among the `known` ones. With `rows` it is for so many
        entries along the first axis, and adds to sums over all of that axis what others began."""
        self.module, self.rows = module, rows
        self.arrange()
        self.first = first_touched([*self.loads, *(self.stores[k][1] for k in self.alone)])
        self.passed = Pointers(self)
        self.buffers = self.passed.buffers()
        band = (rows, self.domain[0], *(r in self.begun for r in self.reductions)) if rows else ()
        key = (band, pattern(self)) if self.line is None else id(self)
        if key in known:
            self.function = known[key]
            return
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * self.passed.count)
        self.function = known[key] = ir.Function(module, kind, f"step.{len(known)}")
        self.function.linkage = "internal"
        for argument in self.function.args:
            argument.add_attribute("noalias")
        self.emit()

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
    def arrange(self) -> None:
        """Innermost the axis along which most arrays lie in memory order; then neighbouring axes
        that are one in every array become one."""
        n = len(self.domain)
        strides = [a.strides for a in self.loads] + [a.strides for _, a in self.stores] * 2
        score = [sum(abs(s[k]) == 1 for s in strides) for k in range(n)]
        order = list(range(n))
        if n and strides:
            best = max(range(n), key=lambda k: (score[k], k))
            order = [k for k in order if k != best] + [best]
        sizes = self.domain if self.rows is None else (self.rows, *self.domain[1:])
        self.sizes = [sizes[k] for k in order]
        self.begun = [r for r in self.reductions if self.rows is not None and r.reduced[0]]

        def moved(s: Sequence[Any]) -> list[Any]:
            return [s[k] for k in order]

        self.paths = {a: moved(a.strides) for a in self.loads}
        self.store_paths = [moved(a.strides) for _, a in self.stores]
        for r in self.reductions:
            r.strides, r.reduced = tuple(moved(r.strides)), moved(r.reduced)
        self.merge()
        self.woven = in_turn(self.alone, self.stores, self.store_paths)

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

    # -- code ------------------------------------------------------------------------------------
    def emit(self) -> None:
        self.code = Code(ir.IRBuilder(self.function.append_basic_block("entry")), self.is_far())
        self.pointers = self.passed.taken(self.code, self.function)
        self.inner = [r for r in self.reductions if r.reduced and r.reduced[-1]]
        self.outer = [r for r in self.reductions if r not in self.inner]
        self.blocked = False
        for r in self.reductions:
            if any(r.reduced) and not self.in_registers(r) and r not in self.begun:
                self.fill(r)
        size = self.sizes[-1] if self.sizes else 1
        if self.is_by_rows():
            Rows(self).emit()
        elif self.inner and size >= 2 * BLOCK and len(self.sizes) == 1:
            whole = size // BLOCK * BLOCK
            self.loop_over([size // BLOCK, BLOCK], blocked=True)
            if whole < size:
                self.loop_over([size - whole], start=whole, blocked=True)
        else:
            self.loop_over(self.sizes)
        self.code.builder.ret_void()

    def is_far(self) -> bool:
        """Are elementary functions called? If many are here; in a short loop, here and before."""
        self.schedule.near += (here := sum(v.function in EXPANSIONS for v in self.emitted))
        return max(here, self.schedule.near * (prod(self.domain) < SHORT)) > MOST_NEAR

    def is_by_rows(self) -> bool:
        """Are rows read in order, with sums or with other rows that are the same for many?"""
        if self.line is not None or len(self.sizes) < 2:
            return False
        if self.sizes[-1] < self.width() or self.width() == 1:
            return False
        shared = sum(s[-1] != 0 and s[-2] == 0 for s in self.paths.values())
        return bool(self.reductions) or shared >= ROWS_SHARED

    def in_registers(self, r: Reduction) -> bool:
        """Is the whole of each sum one run of the innermost loop?"""
        blocked = len(self.sizes) == 1 and self.sizes[-1] >= 2 * BLOCK
        alone = not any(r.reduced[:-1]) and not blocked
        return r in self.inner and alone and r not in self.begun

    def fill(self, r: Reduction) -> None:
        size = r.value.size if self.rows is None else r.value.size // self.domain[0] * self.rows
        fill(self.code, r, self.pointers[id(r.value)], size)

    def loop_over(self, sizes: Sequence[int], start: int = 0, blocked: bool = False) -> None:
        """The nest: outer loops one inside the other, and the innermost one in vectors."""
        self.blocked, self.start = blocked, start
        self._descend(list(sizes), [])

    def _descend(self, sizes: list[int], indices: list[Any]) -> None:
        if len(sizes) > 1:
            with self.code.loop(sizes[0]) as i:
                self._descend(sizes[1:], [*indices, i])
            return
        self.innermost(sizes[0] if sizes else 1, indices)

    def offset(self, a: Access) -> int:
        """Where an array begins, counted from the first entry of its buffer that is touched."""
        return a.offset - self.first.get(id(a.buffer), 0)

    def position(self, offset: int, strides: Sequence[int], indices: list[Any]) -> Any:
        """Where the innermost loop starts in a buffer."""
        place: Any = ir.Constant(I64, offset)
        steps = list(strides)
        if self.blocked:
            steps = [steps[-1] * BLOCK, steps[-1]]
            place = ir.Constant(I64, offset + self.start * steps[-1])
        for i, s in zip(indices, steps, strict=False):
            if s:
                place = self.code.builder.add(place, self.code.builder.mul(i, ir.Constant(I64, s)))
        return place

    def innermost(self, size: int, indices: list[Any]) -> None:
        code, width = self.code, self.width()
        ready: dict[Access, Word] = {}
        starts: dict[Access, Any] = {}
        for a, strides in self.paths.items():
            place = starts[a] = self.position(self.offset(a), strides, indices)
            if not strides or strides[-1] == 0:  # the same number all along
                pointer = code.at(self.pointers[id(a.buffer)], place, a.buffer.dtype)
                ready[a] = code.load(pointer, a.buffer.dtype, 1)
        ends = {
            k: self.position(self.offset(self.stores[k][1]), self.store_paths[k], indices)
            for k in self.alone
        }
        if self.line is not None:
            for s in self.line.stores:
                ends[s.store] = self.position(0, self.store_paths[s.store], indices)
        totals = [self.position(0, r.strides, indices) for r in self.reductions]
        unroll = self.unroll(size, width)
        sums = {
            id(r.value): [code.cell(neutral(r), width) for _ in range(unroll)] for r in self.inner
        }
        rest = {id(r.value): code.cell(neutral(r), 1) for r in self.inner}
        whole = size // (width * unroll) * width * unroll

        def body(i: Any, width: int, cells: dict[int, Any]) -> None:
            values = self.compute(i, width, ready, starts)
            self.write(values, i, ends, width)
            for r, total in zip(self.reductions, totals, strict=True):
                term = self.word(r.operand, r.operand.shape, values, width)
                if id(r.value) in cells:
                    cell = cells[id(r.value)]
                    code.put(
                        cell,
                        code.map(COMBINE[r.function], [code.get(cell, width, r.value.dtype), term]),
                    )
                    continue
                step = r.strides[-1] if r.strides else 0
                place = code.builder.add(total, code.times(i, step))
                pointer = code.at(self.pointers[id(r.value)], place, r.value.dtype)
                if any(r.reduced):
                    before = code.read(pointer, step, r.value.dtype, width)
                    term = code.map(COMBINE[r.function], [before, term])
                code.write(term, pointer, step, r.value.dtype)

        if width > 1 and whole:
            with code.loop(whole, step=width * unroll) as i:
                for u in range(unroll):
                    j = code.builder.add(i, ir.Constant(I64, u * width)) if u else i
                    body(j, width, {key: cells[u] for key, cells in sums.items()})
        else:
            whole = 0
        middle = size - (size - whole) % width if width > 1 else whole
        if middle > whole:
            with code.loop(middle, start=whole, step=width) as i:
                body(i, width, {key: cells[0] for key, cells in sums.items()})
        if middle < size:
            with code.loop(size, start=middle) as i:
                body(i, 1, rest)
        for r in self.inner:
            self.finish(r, sums[id(r.value)], rest[id(r.value)], totals, width, bool(middle))

    def write(self, values: dict[Any, Word], i: Any, ends: dict[int, Any], width: int) -> None:
        """The stores of a round; those that fill memory in turn, together."""
        code = self.code
        if self.line is not None:
            self.line.write(i, ends, width)
        for group in self.woven if width > 1 else [[k] for k in self.alone]:
            words = [
                self.word(v, v.shape, values, width) for v, _ in (self.stores[k] for k in group)
            ]
            (_, a), strides = self.stores[group[0]], self.store_paths[group[0]]
            step = strides[-1] if strides else 0
            place = code.builder.add(ends[group[0]], code.times(i, step))
            pointer = code.at(self.pointers[id(a.buffer)], place, a.buffer.dtype)
            if len(group) > 1:
                code.write_in_turn(words, pointer, a.buffer.dtype)
            else:
                code.write(words[0], pointer, step, a.buffer.dtype)

    def finish(
        self,
        r: Reduction,
        cells: list[Any],
        rest: Any,
        totals: list[Any],
        width: int,
        vectors: bool,
    ) -> None:
        """Add up the partial sums, and what earlier runs of the innermost loop left."""
        code, dtype = self.code, r.value.dtype
        function = COMBINE[r.function]
        total = code.get(rest, 1, dtype)
        if vectors:
            words = [code.get(c, width, dtype) for c in cells]
            while len(words) > 1:
                words = [
                    code.map(function, words[k : k + 2]) if k + 1 < len(words) else words[k]
                    for k in range(0, len(words), 2)
                ]
            total = code.map(function, [code.across(function, words[0]), total])
        place = totals[self.reductions.index(r)]
        pointer = code.at(self.pointers[id(r.value)], place, dtype)
        if not self.in_registers(r):
            total = code.map(function, [code.load(pointer, dtype, 1), total])
        code.write(total, pointer, 0, dtype)

    def compute(
        self,
        i: Any,
        width: int,
        ready: dict[Access, Word],
        starts: dict[Access, Any],
        shared: dict[Access, Word] | None = None,
    ) -> dict[Any, Word]:
        """Every load and map of the loops at entries i, i + 1, ... (as many as `width` says), but
        for the loads that are `shared`."""
        values: dict[Any, Word] = {} if self.line is None else Results(self.line, width)
        values.update(shared or {})
        for a, strides in self.paths.items():
            if a in ready:
                values[a] = self.code.splat(ready[a], width)
            elif a not in values:
                values[a] = self.loaded(a, strides, starts, i, width)
        if self.line is not None:
            self.line.emit(values, width, i, starts)
            return values
        for v in self.order:
            operands = [self.word(x, v.shape, values, width) for x in v.inputs]
            values[id(v)] = self.code.map(v.function, operands, v.dtype)
        return values

    def loaded(
        self, a: Access, strides: Sequence[int], starts: dict[Access, Any], i: Any, width: int
    ) -> Word:
        place = self.code.builder.add(starts[a], self.code.times(i, strides[-1]))
        pointer = self.code.at(self.pointers[id(a.buffer)], place, a.buffer.dtype)
        return self.code.read(pointer, strides[-1], a.buffer.dtype, width)

    def word(self, x: Value, shape: Shape, values: dict[Any, Word], width: int) -> Word:
        """An operand of a map of this shape."""
        known = number(x)
        if known is not None:
            return self.code.constant(known, x.dtype, width)
        if self.is_read_inside(x):
            return values[id(layout(x)[0])]
        return values[access(x, shape)]

    # -- how wide --------------------------------------------------------------------------------
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

    def unroll(self, size: int, width: int) -> int:
        short = width == 1 or not self.inner or len(self.order) > 24
        return 4 if size >= 4 * width and not short else 1
