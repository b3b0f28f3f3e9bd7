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

from ..scheduling.schedule import Schedule, Step
from .code import I64, POINTER, Code
from .loops_by_rows import Rows
from .loops_rolled import Results, RolledCode, rolled
from .nest import BLOCK, Nest
from .operands import Operands, Places, Words
from .pointers import Pointers
from .reductions import COMBINE, Reduction, fill, neutral
from .sharing import pattern
from .strided import in_turn
from .vector_math import EXPANSIONS

LONGEST = 50_000  # maps that are written out; LLVM would take a minute over more of them
MOST_NEAR = 40  # elementary functions that stand in a loop; if there are more, they are called
SHORT = 1024  # entries of loops in which one more call does not matter
ROWS_SHARED = 2  # rows, the same for many others, that are worth loading once for several


class TooLongError(Exception):
    """A line of maps without repeats is longer than LLVM should be given."""


class Loops:
    """The nest of one step and, once compiled, a function of the addresses of its buffers."""

    def __init__(self, step: Step, schedule: Schedule) -> None:
        self.nest = nest = Nest(step, schedule)
        self.line = rolled(nest)
        self.emitted = nest.order if self.line is None else self.line.emitted()
        if len(self.emitted) > LONGEST:
            raise TooLongError
        if self.line is not None:
            nest.loads, nest.alone = self.line.loads, self.line.alone
        self.is_needed = bool(nest.stores or nest.reductions)

    def compile(
        self, module: ir.Module, known: dict[Any, ir.Function], rows: int | None = None
    ) -> None:
        """Emits the function, or finds it among the `known` ones. With `rows` it is for so many
        entries along the first axis, and adds to sums over all of that axis what others began."""
        nest, line = self.nest, self.line
        self.rows = rows
        nest.arrange(rows)
        if line is None:
            self.passed = Pointers(nest)
        else:
            self.passed = Pointers(nest, line.lane * nest.width(), line.runs)
        self.buffers = self.passed.buffers()
        band = (rows, nest.domain[0], *(r in nest.begun for r in nest.reductions)) if rows else ()
        key = (band, pattern(nest)) if line is None else id(self)
        if key in known:
            self.function = known[key]
            return
        kind = ir.FunctionType(ir.VoidType(), [POINTER] * self.passed.count)
        self.function = known[key] = ir.Function(module, kind, module.get_unique_name("step"))
        self.function.linkage = "internal"
        for argument in self.function.args:
            argument.add_attribute("noalias")
        self.emit()

    def emit(self) -> None:
        nest = self.nest
        functions = {v.function for v in self.emitted}
        entry = self.function.append_basic_block("entry")
        self.code = Code(ir.IRBuilder(entry), self.is_far(), functions)
        self.operands = Operands(nest, self.code, self.passed.taken(self.code, self.function))
        self.rounds = None
        if self.line is not None:
            self.rounds = RolledCode(self.line, self.operands, self.passed, self.function)
        self.woven = in_turn(nest.alone, nest.stores, nest.store_paths)
        for r in nest.reductions:
            if any(r.reduced) and not nest.in_registers(r) and r not in nest.begun:
                self.fill(r)
        if self.is_by_rows():
            Rows(self.operands).emit()
        elif nest.is_blocked:
            (size,) = nest.sizes
            whole = size // BLOCK * BLOCK
            with self.code.loop(whole, step=BLOCK) as i:
                self.innermost(BLOCK, [i])
            if whole < size:
                self.innermost(size - whole, [ir.Constant(I64, whole)])
        else:
            self.descend(nest.sizes, [])
        self.code.builder.ret_void()

    def is_far(self) -> bool:
        """Are elementary functions called? If many are here; in a short loop, here and before."""
        schedule = self.nest.schedule
        schedule.near += (here := sum(v.function in EXPANSIONS for v in self.emitted))
        return max(here, schedule.near * (prod(self.nest.domain) < SHORT)) > MOST_NEAR

    def is_by_rows(self) -> bool:
        """Are rows read in order, with sums or with other rows that are the same for many?"""
        nest = self.nest
        if self.line is not None or len(nest.sizes) < 2:
            return False
        if nest.sizes[-1] < nest.width() or nest.width() == 1:
            return False
        shared = sum(s[-1] != 0 and s[-2] == 0 for s in nest.paths.values())
        return bool(nest.reductions) or shared >= ROWS_SHARED

    def fill(self, r: Reduction) -> None:
        size = r.value.size
        if self.rows is not None:
            size = size // self.nest.domain[0] * self.rows
        fill(self.code, r, self.operands.pointers[id(r.value)], size)

    def descend(self, sizes: Sequence[int], indices: list[Any]) -> None:
        """Outer loops one inside the other, and the innermost one in vectors."""
        if len(sizes) > 1:
            with self.code.loop(sizes[0]) as i:
                self.descend(sizes[1:], [*indices, i])
            return
        self.innermost(sizes[0] if sizes else 1, indices)

    def innermost(self, size: int, indices: list[Any]) -> None:
        nest, code, width, operands = self.nest, self.code, self.nest.width(), self.operands
        starts, ready = operands.begin(indices)
        ends = {
            k: operands.position(nest.offset(nest.stores[k][1]), nest.store_paths[k], indices)
            for k in nest.alone
        }
        if self.line is not None:
            for s in self.line.stores:
                ends[s.store] = operands.position(0, nest.store_paths[s.store], indices)
        totals = [operands.position(0, r.strides, indices) for r in nest.reductions]
        unroll = self.unroll(size, width)
        sums = {
            id(r.value): [code.cell(neutral(r), width) for _ in range(unroll)] for r in nest.inner
        }
        rest = {id(r.value): code.cell(neutral(r), 1) for r in nest.inner}
        whole = size // (width * unroll) * width * unroll

        def body(i: Any, width: int, cells: dict[int, Any]) -> None:
            values = self.compute(starts, ready, i, width)
            self.write(values, i, ends, width)
            for r, total in zip(nest.reductions, totals, strict=True):
                term = operands.word(r.operand, r.operand.shape, values, width)
                if id(r.value) in cells:
                    cell = cells[id(r.value)]
                    code.put(
                        cell,
                        code.map(COMBINE[r.function], [code.get(cell, width, r.value.dtype), term]),
                    )
                    continue
                step = r.strides[-1] if r.strides else 0
                place = code.builder.add(total, code.times(i, step))
                pointer = operands.pointer(r.value, place)
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
        if middle < size and self.may_repeat(size, width):
            body(ir.Constant(I64, size - width), width, {})
        elif middle < size:
            with code.loop(size, start=middle) as i:
                body(i, 1, rest)
        for r in nest.inner:
            self.finish(r, sums[id(r.value)], rest[id(r.value)], totals, width, bool(middle))

    def may_repeat(self, size: int, width: int) -> bool:
        """May the last entries be a vector that begins inside the one before? Some are computed
        twice then, which must not be added up twice, nor read what was written the first time."""
        nest = self.nest
        written = {id(a.buffer) for _, a in nest.stores}
        unharmed = not nest.reductions and not any(id(a.buffer) in written for a in nest.loads)
        return unharmed and 1 < width <= size

    def write(self, values: Words, i: Any, ends: dict[int, Any], width: int) -> None:
        """The stores of a round; those that fill memory in turn, together."""
        nest, code = self.nest, self.code
        if self.rounds is not None:
            self.rounds.write(i, ends, width)
        for group in self.woven if width > 1 else [[k] for k in nest.alone]:
            stored = [nest.stores[k][0] for k in group]
            words = [self.operands.word(v, v.shape, values, width) for v in stored]
            (_, a), strides = nest.stores[group[0]], nest.store_paths[group[0]]
            step = strides[-1] if strides else 0
            place = code.builder.add(ends[group[0]], code.times(i, step))
            pointer = self.operands.pointer(a.buffer, place)
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
        pointer = self.operands.pointer(r.value, totals[self.nest.reductions.index(r)])
        if not self.nest.in_registers(r):
            total = code.map(function, [code.load(pointer, dtype, 1), total])
        code.write(total, pointer, 0, dtype)

    def compute(self, starts: Places, ready: Words, i: Any, width: int) -> Words:
        """Every load and map of the loops at entries i, i + 1, ..., as many as `width` says."""
        values = {} if self.rounds is None else Results(self.rounds, width)
        self.operands.load(values, starts, ready, i, width)
        if self.rounds is not None:
            self.rounds.emit(values, starts, i, width)
        else:
            self.operands.compute(values, width)
        return values

    def unroll(self, size: int, width: int) -> int:
        short = width == 1 or not self.nest.inner or len(self.nest.order) > 24
        return 4 if size >= 4 * width and not short else 1
