"""Where a straight line of maps repeats: an unrolled loop of Python, found again.

    order    u0 s0 x1 u1 s1 x2 u2 s2 x3 ... c9 g8 c8 g7 ...        one map after the other
    repeats       [u1 s1 x2] 9 times,    [c9 g8] 9 times           what is emitted: two loops

Each round of a repeat has the same functions, and every operand is found by one rule in all rounds:
the same number or array, the next number of a table, the next place of a buffer, a map of the same
round, of a round before it, or of a round of an earlier repeat (`Source`). Rounds in which a rule
fails are left outside. Candidates for the period are the distances after which a few functions in a
row come again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..ir.maps import PAIRS
from ..ir.program import Value
from .schedule import Access

MOST_TRIED = 200  # candidates
WINDOW = 6  # how many functions in a row make a distance a candidate
CANDIDATES = 24
FEWEST = 4  # rounds
LEAST = 32  # maps that a repeat saves
DEEPEST = 16  # rounds back that registers reach


class Source(NamedTuple):
    """Where an operand of a map is found in round t."""

    rule: str  # number, table, load, next load, next buffer, value, before, kept
    first: Any = None  # the operand in the first round
    step: int = 0  # from one round to the next: entries of a buffer, or rounds
    back: int = 0  # rounds
    numbers: tuple[Any, ...] = ()  # or places in memory: what it is in each round


class Repeat:
    """`count` rounds of `period` maps, from `start` on."""

    def __init__(self, start: int, period: int, count: int) -> None:
        self.start, self.period, self.count = start, period, count
        self.sources: list[list[Source]] = []  # for each map of a round, those of its operands
        self.kept: set[int] = set()  # maps of a round of which every result is kept in memory

    @property
    def stop(self) -> int:
        return self.start + self.period * self.count

    def place(self, position: int) -> tuple[int, int]:
        """Which map of a round, and which round, stands at this position."""
        t, q = divmod(position - self.start, self.period)
        return q, t


def in_pairs(order: Sequence[Value]) -> list[Value]:
    """In the order in which the program made them, but sin x beside cos x: where it is computed,
    LLVM gets the other one for nothing."""
    order = sorted(order, key=lambda v: v.number)
    partner: dict[Any, Value] = {}
    for v in order:
        if v.function in PAIRS:
            partner.setdefault((v.function, id(v.inputs[0])), v)
    placed: set[int] = set()
    found: list[Value] = []
    for v in order:
        if id(v) in placed:
            continue
        found.append(v)
        other = partner.get((PAIRS[v.function], id(v.inputs[0]))) if v.function in PAIRS else None
        if other is not None and id(other) not in placed:
            found.append(other)
            placed.add(id(other))
    return found


class Search:
    """Finds the repeats of one line of maps. `operands` says, for each operand of each map, the
    number that it is everywhere, the place in memory where it is loaded, or the map itself."""

    def __init__(self, order: Sequence[Value], operands: Sequence[Sequence[Any]]) -> None:
        self.order, self.operands = order, operands
        self.position = {id(v): k for k, v in enumerate(order)}
        most = max(map(len, operands))
        self.places = np.full((len(order), most), -1)  # where the operands that are maps stand
        for k, row in enumerate(operands):
            for j, x in enumerate(row):
                if isinstance(x, Value):
                    self.places[k, j] = self.position[id(x)]
        self.repeats: list[Repeat] = []
        self.owner = np.full(len(order), -1)  # which repeat each map is of
        for candidate in sorted(self.candidates()):
            r = self.settled(*candidate, strict=True)
            if r is not None:
                self.owner[r.start : r.stop] = len(self.repeats)
                self.repeats.append(r)

    def kinds(self) -> np.ndarray[Any, Any]:
        """One number for each map: only maps of the same number can be of one repeat."""
        known: dict[Any, int] = {}
        codes = []
        for v, operands in zip(self.order, self.operands, strict=True):
            types = tuple(x.dtype.char for x in v.inputs)
            key = (v.function, v.dtype.char, types, tuple(x.__class__ for x in operands))
            codes.append(known.setdefault(key, len(known)))
        return np.array(codes)

    def candidates(self) -> list[tuple[int, int, int]]:
        """Start, period and number of rounds, without overlaps; what saves most comes first."""
        kinds = self.kinds()
        text = kinds.tolist()
        last: dict[Any, int] = {}
        distances: Counter[int] = Counter()
        for k in range(len(text) - WINDOW):
            window = tuple(text[k : k + WINDOW])
            if window in last:
                distances[k - last[window]] += 1
            last[window] = k
        runs = []
        for period, _ in distances.most_common(CANDIDATES):
            same = np.concatenate([[False], kinds[period:] == kinds[:-period], [False]])
            edges = np.flatnonzero(same[1:] != same[:-1])
            for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
                count = (stop - start) // period + 1
                if count >= FEWEST and (count - 1) * period >= LEAST:
                    runs.append(((count - 1) * period, -period, start, count))
        taken: list[tuple[int, int, int]] = []
        for _, less, start, count in sorted(runs, reverse=True)[:MOST_TRIED]:
            stop = start - less * count
            if all(stop <= a or start >= a + p * n for a, p, n in taken):
                r = self.settled(start, -less, count, strict=False)
                if r is not None:
                    taken.append((r.start, r.period, r.count))
        return taken

    def settled(self, start: int, period: int, count: int, strict: bool) -> Repeat | None:
        """A candidate, as far as rules hold in all of its rounds. Not `strict`: what is read from
        memory may yet come from any map before."""
        if start and self.splits_pair(start):
            start, count = start + 1, count - 1
        for _ in range(3):  # what is left outside may leave outside more
            if count < FEWEST or (count - 1) * period < LEAST:
                return None
            r = Repeat(start, period, count)
            low, high = self.ruled(r, strict)
            if (low, high) == (0, count):
                return r
            start, count = start + low * period, high - low
        return None

    def splits_pair(self, k: int) -> bool:
        v, before = self.order[k], self.order[k - 1]
        return PAIRS.get(v.function) == before.function and before.inputs == v.inputs

    # -- rules -----------------------------------------------------------------------------------
    def ruled(self, r: Repeat, strict: bool) -> tuple[int, int]:
        """The range of rounds in which every operand follows one rule; the rules go into `r`."""
        low, high = 0, r.count
        r.sources = []
        for q in range(r.period):
            rounds = slice(r.start + q, r.stop, r.period)
            sources = []
            for j, first in enumerate(self.operands[r.start + q]):
                if isinstance(first, Value):
                    found = self.of_maps(r, self.places[rounds, j], strict)
                else:
                    column = [operands[j] for operands in self.operands[rounds]]
                    found = (of_loads if isinstance(first, Access) else of_numbers)(column)
                sources.append(found[0])
                low, high = max(low, found[1]), min(high, found[2])
            r.sources.append(sources)
        return low, high

    def of_maps(self, r: Repeat, places: Any, strict: bool) -> tuple[Source, int, int]:
        """The rule for an operand that stands at these places, one for each round."""
        middle = r.count // 2
        step = int(places[middle] - places[middle - 1])
        line = places[middle] + (np.arange(r.count) - middle) * step
        low, high = around(middle, places == line)
        first = int(places[low])
        if step == 0:
            if first >= r.start:  # known from the round after its own
                low = max(low, (first - r.start) // r.period + 1)
            return Source("value", self.order[first]), low, high
        back, q = divmod(int(places[middle]) - r.start, r.period)
        back = middle - back
        if step == r.period and 0 <= back <= DEEPEST:
            return Source("before", self.order[r.start + q], back=back), low, high
        if not strict:
            return Source("kept"), low, high if places[high - 1] < r.start else low
        if self.owner[places[middle]] < 0:
            return Source("kept"), 0, 0
        owner = self.repeats[self.owner[places[middle]]]
        same = (places - places[middle]) % owner.period == 0
        inside = (places >= owner.start) & (places < owner.stop)
        low, high = around(middle, (places == line) & same & inside)
        return Source("kept", self.order[places[low]], step // owner.period), low, high


def of_numbers(column: Sequence[Any]) -> tuple[Source, int, int]:
    bits = [x.tobytes() for x in column]
    if bits.count(bits[0]) == len(bits):
        return Source("number", column[0]), 0, len(column)
    return Source("table", numbers=tuple(column)), 0, len(column)


def of_loads(column: Sequence[Access]) -> tuple[Source, int, int]:
    middle = len(column) // 2
    like = column[middle]
    if column[middle - 1].buffer is not like.buffer:
        low, high = around(middle, np.array([a.strides == like.strides for a in column]))
        return Source("next buffer", column[low], numbers=tuple(column[low:high])), low, high
    step = like.offset - column[middle - 1].offset
    holds = [
        a.buffer is like.buffer
        and a.strides == like.strides
        and a.offset == like.offset + (t - middle) * step
        for t, a in enumerate(column)
    ]
    low, high = around(middle, np.array(holds))
    return Source("next load" if step else "load", column[low], step), low, high


def around(middle: int, holds: np.ndarray[Any, Any]) -> tuple[int, int]:
    """The range of rounds, the middle one among them, in which a condition holds."""
    before = np.flatnonzero(~holds[:middle])
    after = np.flatnonzero(~holds[middle:])
    low = int(before[-1]) + 1 if before.size else 0
    return low, middle + int(after[0]) if after.size else len(holds)
