"""A long line of maps as few loops: what repeats is emitted once, and runs once for each round.

What one round hands to the next stays in registers. What a later repeat reads, a reverse sweep the
results of the forward one, is kept in memory: a table for each such map, one entry (a vector of
them, where the nest runs over vectors) for each round.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir

from ..ir.program import Value, number
from ..ir.views import layout
from ..scheduling.repeats import FEWEST, Repeat, Search, Source, in_pairs
from ..scheduling.schedule import Access, access
from .code import I8, I64, POINTER, Word, memory_type
from .nest import Nest
from .operands import Operands, Places, Words
from .pointers import Pointers

LONG = 128  # maps; a shorter line is emitted as it is


def rolled(nest: Nest) -> Rolled | None:
    """The line of maps of a nest, with its repeats; `None` where it is short or has none."""
    if len(nest.order) < LONG:
        return None
    found = Rolled(nest)
    return found if found.repeats else None


class Stored(NamedTuple):
    """Stores of the results of one map in several rounds, to a run of places."""

    value: Value  # in the first of the rounds
    store: int  # the number, among those of the nest, of the first
    rounds: int
    begin: int  # of the run


class Rolled:
    """The maps of a nest and the repeats among them."""

    def __init__(self, nest: Nest) -> None:
        self.nest = nest
        self.order = in_pairs(nest.order)
        operands = [[self.operand(x, v) for x in v.inputs] for v in self.order]
        search = Search(self.order, operands)
        self.repeats, self.owner, self.position = search.repeats, search.owner, search.position
        self.loads: dict[Access, None] = {}
        self.runs: list[tuple[Value, int]] = []  # places in buffers, one for each round
        self.begins: dict[int, int] = {}  # where the run of an operand begins
        self.starts: dict[tuple[int, int], int] = {}  # of tables of kept results, per lane
        self.stores: list[Stored] = []  # that are loops
        self.alone = list(range(len(nest.stores)))  # those that are not
        self.keep(operands, search.places)
        self.gather_stores()
        self.allocate()

    def operand(self, x: Value, v: Value) -> Any:
        known = number(x)
        if known is not None:
            return known
        return layout(x)[0] if self.nest.is_read_inside(x) else access(x, v.shape)

    # -- what is kept ----------------------------------------------------------------------------
    def keep(self, operands: list[list[Any]], places: np.ndarray[Any, Any]) -> None:
        """Which results go to memory, and what is loaded from the nest's buffers."""
        for r in self.repeats:
            for s in (s for sources in r.sources for s in sources):
                if s.rule == "kept":
                    owner, q, _ = self.place(s.first)
                    owner.kept.add(q)
                elif s.rule in ("load", "next load", "next buffer"):
                    self.loads[s.first] = None
                if s.rule == "next buffer":
                    self.begins[id(s)] = len(self.runs)
                    self.runs += [(a.buffer, a.offset) for a in s.numbers]
        for k, row in enumerate(operands):
            for j, x in enumerate(row):
                if places[k, j] >= 0 and self.owner[places[k, j]] != self.owner[k]:
                    self.use(x)
                elif isinstance(x, Access) and self.owner[k] < 0:
                    self.loads[x] = None
        for root in self.nest.roots():
            if number(root) is None and self.nest.is_read_inside(root):
                self.use(layout(root)[0])
            elif number(root) is None:
                self.loads[access(root, root.shape)] = None

    def gather_stores(self) -> None:
        """Stores of one map in rounds that follow one another are a loop of their own."""
        groups: dict[Any, dict[int, int]] = {}
        for k, (v, a) in enumerate(self.nest.stores):
            if number(v) is not None or not self.nest.is_read_inside(v):
                continue
            base = layout(v)[0]
            if self.owner[self.position[id(base)]] < 0:
                continue
            r, q, t = self.place(base)
            again = 0  # how often this result has been stored already
            while t in groups.setdefault((r.start, q, a.strides, again), {}):
                again += 1
            groups[r.start, q, a.strides, again][t] = k
        gathered: set[int] = set()
        for group in groups.values():
            rounds = sorted(group)
            starts = [t for t in rounds if t - 1 not in group]
            for t in starts:
                count = next(n for n in range(1, len(rounds) + 1) if t + n not in group)
                if count < FEWEST:
                    continue
                stores = [group[t + n] for n in range(count)]
                v = layout(self.nest.stores[stores[0]][0])[0]
                r, q, _ = self.place(v)
                r.kept.add(q)
                self.stores.append(Stored(v, stores[0], count, len(self.runs)))
                places = [self.nest.stores[k][1] for k in stores]
                self.runs += [(a.buffer, a.offset) for a in places]
                gathered.update(stores)
        self.alone = [k for k in self.alone if k not in gathered]

    def use(self, v: Value) -> None:
        """Something outside its repeat reads `v`: only results of the last round are at hand."""
        if self.owner[self.position[id(v)]] >= 0:
            r, q, t = self.place(v)
            if t < r.count - 1:
                r.kept.add(q)

    def place(self, v: Value) -> tuple[Repeat, int, int]:
        """The repeat that a map is of, which map of a round it is, and in which round."""
        k = self.position[id(v)]
        r = self.repeats[self.owner[k]]
        t, q = divmod(k - r.start, r.period)
        return r, q, t

    def allocate(self) -> None:
        self.lane = 0  # bytes of memory, where the nest runs over single numbers
        for number_, r in enumerate(self.repeats):
            for q in sorted(r.kept):
                self.starts[number_, q] = self.lane
                self.lane += -(-r.count * self.order[r.start + q].dtype.itemsize // 8) * 8

    def emitted(self) -> list[Value]:
        """The maps that are written out: of a repeat, those of one round."""
        return [
            v
            for k, v in enumerate(self.order)
            if self.owner[k] < 0 or k < (r := self.repeats[self.owner[k]]).start + r.period
        ]


class RolledCode:
    """Emits a line of maps in the function of its nest."""

    def __init__(
        self, line: Rolled, operands: Operands, passed: Pointers, function: ir.Function
    ) -> None:
        self.line, self.operands, self.passed, self.function = line, operands, passed, function
        self.nest, self.code = operands.nest, operands.code
        self.tables: dict[int, Any] = {}

    def emit(self, values: Words, starts: Places, i: Any, width: int) -> None:
        """Every map at entries i, i + 1, ...; `values` holds what has been loaded."""
        line = self.line
        k, repeats = 0, iter([*line.repeats, None])
        following = next(repeats)
        while k < len(line.order):
            if following is not None and k == following.start:
                Rounds(self, following, values, starts, i, width).emit()
                k, following = following.stop, next(repeats)
                continue
            self.operands.map(line.order[k], values, width)
            k += 1

    def write(self, i: Any, ends: dict[int, Any], width: int) -> None:
        """The stores that are loops."""
        code, line = self.code, self.line
        for s in line.stores:
            strides = self.nest.store_paths[s.store]
            step = strides[-1] if strides else 0
            place = code.builder.add(ends[s.store], code.times(i, step))
            with code.loop(s.rounds) as t:
                at = code.builder.add(ir.Constant(I64, line.place(s.value)[2]), t)
                pointer = code.at(self.in_run(s.begin, t), place, s.value.dtype)
                code.write(self.kept(s.value, at, width), pointer, step, s.value.dtype)

    def slot(self, v: Value, t: Any, width: int) -> Any:
        """Where the result of a map of a repeat is kept, in round t."""
        r, q, _ = self.line.place(v)
        code, size = self.code, width * v.dtype.itemsize
        start = ir.Constant(I64, width * self.line.starts[self.line.repeats.index(r), q])
        place = code.builder.add(start, code.times(t, size))
        kept = self.operands.pointers[id(self.passed.kept)]
        return code.builder.gep(kept, [place], source_etype=I8)

    def kept(self, v: Value, t: Any, width: int) -> Word:
        return self.code.load(self.slot(v, t, width), v.dtype, width)

    def in_run(self, begin: int, t: Any) -> Any:
        """The pointer of round t, of the run that begins there in the table."""
        code = self.code
        slot = code.builder.add(ir.Constant(I64, len(self.passed.direct) + begin), t)
        slot = code.builder.gep(self.function.args[0], [slot], source_etype=POINTER)
        return code.builder.load(slot, typ=POINTER)

    def table(self, s: Source, dtype: np.dtype[Any]) -> Any:
        """Numbers that were known beforehand, one for each round."""
        if id(s) not in self.tables:
            module, kind = self.code.module, memory_type(dtype)
            numbers = [float(x) if dtype.kind == "f" else int(x) for x in s.numbers]
            made = ir.GlobalVariable(
                module, ir.ArrayType(kind, len(numbers)), module.get_unique_name("numbers")
            )
            made.global_constant, made.linkage = True, "internal"
            made.initializer = ir.Constant(made.value_type, [ir.Constant(kind, x) for x in numbers])
            self.tables[id(s)] = made
        return self.tables[id(s)]


class Results(dict[Any, Word]):
    """What has been computed; a result that a loop left in memory is loaded where it is needed."""

    def __init__(self, rounds: RolledCode, width: int) -> None:
        self.rounds, self.width = rounds, width

    def __missing__(self, key: int) -> Word:
        line = self.rounds.line
        v = line.order[line.position[key]]
        return self.rounds.kept(v, ir.Constant(I64, line.place(v)[2]), self.width)


class Rounds:
    """Emits one repeat as a loop."""

    def __init__(
        self,
        rounds: RolledCode,
        r: Repeat,
        values: Words,
        starts: Places,
        i: Any,
        width: int,
    ) -> None:
        self.rounds, self.r, self.values = rounds, r, values
        self.starts, self.i, self.width = starts, i, width
        self.line, self.code = rounds.line, rounds.code
        self.maps = self.line.order[r.start : r.start + r.period]
        self.before: dict[tuple[int, int], Any] = {}  # results of rounds before this one
        self.here: list[Word] = []

    def emit(self) -> None:
        r, code, builder = self.r, self.code, self.code.builder
        depth: dict[int, int] = {}
        for s in (s for sources in r.sources for s in sources):
            if s.back:
                q = self.q(s.first)
                depth[q] = max(depth.get(q, 0), s.back)
        given = {
            (q, back): self.values[id(self.line.order[r.start + q - back * r.period])].ir
            for q, deepest in depth.items()
            for back in range(1, deepest + 1)
        }
        before = builder.block
        with code.loop(r.count) as t:
            for key, x in given.items():
                self.before[key] = builder.phi(x.type)
                self.before[key].add_incoming(x, before)
            for q, (v, sources) in enumerate(zip(self.maps, r.sources, strict=True)):
                operands = [
                    self.operand(s, x.dtype, t) for s, x in zip(sources, v.inputs, strict=True)
                ]
                self.here.append(code.map(v.function, operands, v.dtype))
                if q in r.kept:
                    code.write(self.here[q], self.rounds.slot(v, t, self.width), 1, v.dtype)
            for (q, back), phi in self.before.items():
                x = self.here[q].ir if back == 1 else self.before[q, back - 1]
                phi.add_incoming(x, builder.block)
        for v, word in zip(self.line.order[r.stop - r.period : r.stop], self.here, strict=True):
            self.values[id(v)] = word

    def q(self, v: Value) -> int:
        return self.line.position[id(v)] - self.r.start

    def operand(self, s: Source, dtype: np.dtype[Any], t: Any) -> Word:
        code, width = self.code, self.width
        if s.rule == "number":
            return code.constant(s.first, dtype, width)
        if s.rule == "table":
            place = code.at(self.rounds.table(s, dtype), t, dtype)
            return code.splat(code.load(place, dtype, 1), width)
        if s.rule == "load":
            return self.values[s.first]
        if s.rule in ("next load", "next buffer"):
            return self.loaded(s, t)
        if s.rule == "value":
            return self.values[id(s.first)]
        if s.rule == "kept":
            start = ir.Constant(I64, self.line.place(s.first)[2])
            at = code.builder.add(start, code.times(t, s.step))
            return self.rounds.kept(s.first, at, width)
        q = self.q(s.first)
        return Word(self.before[q, s.back], dtype, width) if s.back else self.here[q]

    def loaded(self, s: Source, t: Any) -> Word:
        """The next entry of a buffer, or the same of the next buffer."""
        code, a, operands = self.code, s.first, self.rounds.operands
        strides = operands.nest.paths[a]
        step = strides[-1] if strides else 0
        place = code.builder.add(self.starts[a], code.times(t, s.step))
        place = code.builder.add(place, code.times(self.i, step))
        if s.rule == "next load":
            base = operands.pointers[id(a.buffer)]
        else:
            base = self.rounds.in_run(self.line.begins[id(s)], t)
            place = code.builder.sub(place, ir.Constant(I64, operands.nest.offset(a)))
        pointer = code.at(base, place, a.buffer.dtype)
        return code.read(pointer, step, a.buffer.dtype, self.width)
