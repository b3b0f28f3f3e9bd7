"""Entries of an array that lie regularly: boxes, boxes with steps, diagonals, single entries.

    region   start (0, 1), steps ((1, 1),), counts (3,)      . x . . .
                                                             . . x . .
                                                             . . . x .

Two regions that run in the same directions lie on one lattice: what they share, and what one has
beyond the other, are boxes in the coordinates of that lattice.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ...base.bounded import cached
from ...base.shapes import Shape

Index = tuple[int, ...]
Box = tuple[list[int], list[int]]  # the first and the last index but one along each axis

MANY = 10_000  # answers remembered: every round of an unrolled loop asks the same
MOST_LISTED = 2**18  # entries up to which two regions are compared one by one
MOST_LINES, FEW_LINES = 64, 8
SHORT = 16  # lines are too short if a few of them are less than this part of all entries


class IncomparableError(Exception):
    """Two regions that share no lattice, and may overlap."""


class Region(NamedTuple):
    """The entries start + sum of i[k] * steps[k] with 0 <= i[k] < counts[k]; no count is 1."""

    start: Index
    steps: tuple[Index, ...]
    counts: Shape

    @property
    def size(self) -> int:
        return prod(self.counts)

    def part(self, box: Box) -> Region:
        """The entries from box[0] up to box[1], in the region's own coordinates."""
        kept = [k for k, (low, high) in enumerate(zip(*box, strict=True)) if high - low > 1]
        return Region(
            self.at(box[0]),
            tuple(self.steps[k] for k in kept),
            tuple(box[1][k] - box[0][k] for k in kept),
        )

    def at(self, index: Sequence[int]) -> Index:
        moved = list(self.start)
        for i, step in zip(index, self.steps, strict=True):
            moved = [m + i * s for m, s in zip(moved, step, strict=True)]
        return tuple(moved)

    def of(self, inner: Region) -> Region:
        """A region of this region's own coordinates, as one of the array."""
        zero = (0,) * len(self.start)
        steps = tuple(Region(zero, self.steps, self.counts).at(s) for s in inner.steps)
        return Region(self.at(inner.start), steps, inner.counts)


def whole(shape: Shape) -> Region:
    """All of an array."""
    axes = [k for k, n in enumerate(shape) if n > 1]
    steps = tuple(tuple(int(j == k) for j in range(len(shape))) for k in axes)
    return Region((0,) * len(shape), steps, tuple(shape[k] for k in axes))


def places(shape: Shape) -> list[int]:
    """How far apart neighbours lie in memory, along every axis."""
    return [prod(shape[k + 1 :]) for k in range(len(shape))]


@cached(MANY)
def region_of(shape: Shape, offset: int, strides: Index, counts: Shape) -> Region | None:
    """The region that a view of an array of this shape shows; `None` if it is none: repeated
    entries, or a view that wraps around the ends of rows."""
    start = unravelled(offset, shape)
    kept = [(s, n) for s, n in zip(strides, counts, strict=True) if n > 1]
    if any(not s for s, _ in kept):
        return None
    ends = [unravelled(offset + s, shape) for s, _ in kept]
    steps = tuple(tuple(b - a for a, b in zip(start, end, strict=True)) for end in ends)
    region = Region(start, steps, tuple(n for _, n in kept))
    return region if is_inside(region, shape) else None


def unravelled(offset: int, shape: Shape) -> Index:
    index = []
    for place in places(shape):
        index.append(offset // place)
        offset %= place
    return tuple(index)


def layout_of(region: Region, strides: Sequence[int], offset: int = 0) -> tuple[int, Index]:
    """Offset and strides of a region of an array that lies at these strides."""

    def inner(index: Index) -> int:
        return sum(i * s for i, s in zip(index, strides, strict=True))

    return offset + inner(region.start), tuple(map(inner, region.steps))


def coordinates(distance: Sequence[int], steps: Sequence[Index]) -> list[int] | None:
    """How many of each step make up a distance; `None` if they cannot."""
    found = []
    for k, step in enumerate(steps):
        others = [s for j, s in enumerate(steps) if j != k]
        pivot = next((a for a, d in enumerate(step) if d and not any(s[a] for s in others)), None)
        if pivot is None:
            raise IncomparableError
        found.append(distance[pivot] // step[pivot])
    zero = (0,) * len(distance)
    return found if Region(zero, tuple(steps), ()).at(found) == tuple(distance) else None


@cached(MANY)
def overlap(a: Region, b: Region) -> Box | None:
    """What `b` has of `a`, as a box of the coordinates of `a`."""
    steps, counts = list(a.steps), [1] * len(a.steps)
    start = list(b.start)
    for step, n in zip(b.steps, b.counts, strict=True):
        back = tuple(-d for d in step)
        if back in steps:  # runs the other way
            start = [s + (n - 1) * d for s, d in zip(start, step, strict=True)]
            step = back
        if step in a.steps:
            counts[steps.index(step)] = n
        else:
            steps.append(step)
            counts.append(n)
    try:
        moved = coordinates([s - t for s, t in zip(start, a.start, strict=True)], steps)
    except IncomparableError:
        if are_apart(a, b):
            return None
        raise
    if moved is None:
        return None
    own = [*a.counts, *(1,) * (len(steps) - len(a.steps))]
    low = [max(0, t) for t in moved]
    high = [min(n, t + m) for n, t, m in zip(own, moved, counts, strict=True)]
    if any(h <= s for s, h in zip(low, high, strict=True)):
        return None
    return low[: len(a.steps)], high[: len(a.steps)]


def are_apart(a: Region, b: Region) -> bool:
    """Have two regions no entry in common?"""
    if max(a.size, b.size) > MOST_LISTED:
        return False
    ends = np.max([listed(r).max(axis=0) for r in (a, b)], axis=0) + 1
    numbers = [np.ravel_multi_index(tuple(listed(r).T), tuple(ends)) for r in (a, b)]
    return not np.isin(*numbers).any()


def listed(region: Region) -> Any:
    """Every index of a region, row by row."""
    rows = np.array([region.start])
    for step, n in zip(region.steps, region.counts, strict=True):
        more = np.arange(n)[:, None] * np.array(step)
        rows = (rows[:, None] + more).reshape(-1, len(region.start))
    return rows


def rest(counts: Shape, box: Box) -> list[Box]:
    """What is left of a box of these sizes without another one: slabs before and behind it."""
    low, high = [0] * len(counts), list(counts)
    slabs: list[Box] = []
    for k, (first, last) in enumerate(zip(*box, strict=True)):
        if first > low[k]:
            slabs.append((list(low), [*high[:k], first, *high[k + 1 :]]))
        if last < high[k]:
            slabs.append(([*low[:k], last, *low[k + 1 :]], list(high)))
        low[k], high[k] = first, last
    return slabs


def without(regions: Sequence[Region], other: Region) -> list[Region]:
    """What regions have beyond another one."""
    found: list[Region] = []
    for r in regions:
        box = overlap(r, other)
        found += [r] if box is None else [r.part(slab) for slab in rest(r.counts, box)]
    return found


def located(r: Region, within: Region) -> Region | None:
    """A region that lies in another one, in the coordinates of that one; `None` if it does not."""
    inner = expressed(r, within)
    return inner if inner is not None and is_inside(inner, within.counts) else None


@cached(MANY)
def expressed(r: Region, lattice: Region) -> Region | None:
    """A region in the coordinates of another one, inside it or not; `None` if it has none."""
    start = coordinates([s - t for s, t in zip(r.start, lattice.start, strict=True)], lattice.steps)
    steps = [coordinates(step, lattice.steps) for step in r.steps]
    if start is None or any(step is None for step in steps):
        return None
    return Region(tuple(start), tuple(tuple(step or ()) for step in steps), r.counts)


def clipped(r: Region, shape: Shape) -> Box | None:
    """Which entries of a region stand inside an array of this shape, as a box of the region's own
    coordinates."""
    low, high = [0] * len(r.counts), list(r.counts)
    for axis, n in enumerate(shape):
        moving = [k for k, step in enumerate(r.steps) if step[axis]]
        if len(moving) > 1:
            ends = Region((r.start[axis],), tuple((step[axis],) for step in r.steps), r.counts)
            if not is_inside(ends, (n,)):
                raise IncomparableError
            continue
        first, last = r.start[axis], n - 1 - r.start[axis]  # how far it is to either end
        for k in moving:
            step = r.steps[k][axis]
            if step < 0:
                first, last, step = last, first, -step
            low[k] = max(low[k], -(first // step))
            high[k] = min(high[k], last // step + 1)
        if not moving and (first < 0 or last < 0):
            return None
    return (low, high) if all(a < b for a, b in zip(low, high, strict=True)) else None


def is_inside(r: Region, shape: Shape) -> bool:
    """Does a region lie in an array of this shape?"""
    low, high = list(r.start), list(r.start)
    for step, n in zip(r.steps, r.counts, strict=True):
        for k, d in enumerate(step):
            low[k] += min(d * (n - 1), 0)
            high[k] += max(d * (n - 1), 0)
    return all(a >= 0 and b < n for a, b, n in zip(low, high, shape, strict=True))


def regions_of(mask: Any) -> list[Region] | None:
    """The entries that a mask picks as few regions, or `None`: lines, and lines that repeat."""
    indices = np.argwhere(mask)
    free = np.array(mask)
    lines: list[Region] = []
    for index in indices:
        if not free[tuple(index)]:
            continue
        covered = sum(r.size for r in lines)
        if len(lines) == MOST_LINES or (len(lines) > FEW_LINES and covered * SHORT < len(indices)):
            return None
        line = longest_line(free, index, indices)
        free[tuple(listed(line).T)] = False
        lines.append(line)
    return lines if len(lines) <= FEW_LINES else stacked_lines(lines)


def longest_line(free: Any, start: Any, indices: Any) -> Region:
    """The longest line from here through one of the next entries."""
    after = indices[(indices > start).any(axis=1) & free[tuple(indices.T)]]
    best = Region(tuple(map(int, start)), (), ())
    for following in after[after[:, 0] >= start[0]][:8]:
        step = following - start
        room = [(n - 1 - s) // d if d > 0 else s // -d
                for n, s, d in zip(free.shape, start, step, strict=True) if d]  # fmt: skip
        path = start + np.arange(min(room) + 1)[:, None] * step
        on = free[tuple(path.T)]
        count = len(on) if on.all() else int(np.argmin(on))
        if count > best.size:
            best = Region(best.start, (tuple(map(int, step)),), (count,))
    return best


def stacked_lines(lines: list[Region]) -> list[Region]:
    """Equal lines at equal distances as one region, as many at a time as there are."""
    found: list[Region] = []
    while lines:
        first = lines[0]
        same = {r.start: r for r in lines if (r.steps, r.counts) == (first.steps, first.counts)}
        longest: list[Index] = [first.start]
        for start in list(same)[1:]:
            step = tuple(b - a for a, b in zip(first.start, start, strict=True))
            path = [first.start]
            while (following := tuple(a + d for a, d in zip(path[-1], step, strict=True))) in same:
                path.append(following)
            longest = max(longest, path, key=len)
        if len(longest) > 1:
            step = tuple(b - a for a, b in zip(*longest[:2], strict=True))
            first = Region(first.start, (step, *first.steps), (len(longest), *first.counts))
        found.append(first)
        used = {id(same[start]) for start in longest}
        lines = [r for r in lines if id(r) not in used]
    return found
