"""Sets of numbers, one for each entry of an array: which inputs an entry may depend on.

Most entries of a program share their set with others, or have the set of one entry of an operand.
So an array has the *row numbers* of its sets in a table, which operations that only move entries
pass on as they are:

    x            3 inputs              ids [1, 2, 3]      table  1: {0}  2: {1}  3: {2}
    x[::-1]                            ids [3, 2, 1]             the same table
    x[:2] + x[1:]                      ids [1, 2]         table  1: {0, 1}  2: {1, 2}

Row 0 of every table is the empty set, so that zeros put in by an operation mean the right thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import ShapeError

Array = Any
MOST = 2**27  # members at once: of so many, a matrix is not a sparse one


class Table(NamedTuple):
    """Row k is the sorted set ``members[starts[k]:starts[k + 1]]``; row 0 is empty. Members are
    less than `size`."""

    starts: Array
    members: Array
    size: int

    @property
    def rows(self) -> int:
        return len(self.starts) - 1


class Sets(NamedTuple):
    """For each entry of an array the number of its set in a table."""

    ids: Array
    table: Table

    @property
    def shape(self) -> tuple[int, ...]:
        return self.ids.shape

    def moved(self, ids: Array) -> Sets:
        return Sets(np.asarray(ids), self.table)


def singletons(shape: tuple[int, ...], first: int, size: int) -> Sets:
    """Entry k has the set {first + k}."""
    n = int(np.prod(shape, dtype=np.intp))
    starts = np.concatenate(([0], np.arange(n + 1)))
    members = np.arange(first, first + n)
    return Sets(np.arange(1, n + 1).reshape(shape), Table(starts, members, size))


def ranges(starts: Array, lengths: Array) -> Array:
    """starts[0], starts[0] + 1, ... (lengths[0] of them), then those of starts[1], ..."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - lengths), lengths)


def members_of(ids: Array, table: Table) -> tuple[Array, Array]:
    """The members of the sets with these numbers, one set after the other, and how many of each."""
    first = table.starts[ids]
    lengths = table.starts[ids + 1] - first
    if len(ids) and np.all(lengths == 1):
        return table.members[first], lengths
    return table.members[ranges(first, lengths)], lengths


Stream = tuple[Array, Array, Table]  # places, and the set that is added to each


def united(count: int, streams: Sequence[Stream], size: int) -> Sets:
    """`count` sets: place k has the union of all sets that the streams add to it."""
    full = np.zeros(count, bool)  # places that have all numbers: one set stands for them
    keys, total = [], 0
    for places, ids, table in streams:
        lengths = table.starts[ids + 1] - table.starts[ids]
        if size > 1 and np.max(lengths, initial=0) == size:
            full[places[lengths == size]] = True
    some = bool(full.any())
    for places, ids, table in streams:
        if some:
            kept = ~full[places]
            places, ids = places[kept], ids[kept]
        total += int(np.sum(table.starts[ids + 1] - table.starts[ids]))
        check_size(total)
        members, lengths = members_of(ids, table)
        keys.append(np.repeat(places, lengths) * size + members)
    every = np.concatenate(keys) if keys else np.zeros(0, np.intp)
    every.sort()
    if len(every):
        every = every[np.concatenate(([True], every[1:] != every[:-1]))]
    owners, members = np.divmod(every, size) if size else (every, every)
    starts = np.zeros(count + 2, np.intp)
    np.cumsum(np.bincount(owners, minlength=count), out=starts[2:])
    ids = np.arange(1, count + 1)
    ids[starts[1:-1] == starts[2:]] = 0
    if some:
        ids[full] = count + 1
        starts = np.append(starts, starts[-1] + size)
        members = np.concatenate((members, np.arange(size)))
    return Sets(ids, Table(starts, members, size))


def check_size(total: int) -> None:
    if total > MOST:
        raise ShapeError(
            f"a pattern has more than {MOST} entries that may not be zero, at least on the way to "
            "the result: it is not sparse; use products such as autodiff.jvp and autodiff.vjp"
        )


def by_places(count: int, streams: Sequence[Stream], size: int) -> Sets:
    """The same, where one place may get the same sets again and again, and many places the same:
    what is repeated is united once."""
    if not streams:
        return united(count, streams, size)
    joined, tables = [], []
    offset = 0
    for places, ids, table in streams:  # one numbering of all tables' rows
        joined.append((places, np.where(ids == 0, 0, ids + offset)))
        tables.append(table)
        offset += table.rows
    places = np.concatenate([p for p, _ in joined])
    ids = np.concatenate([i for _, i in joined])
    if len(ids) > offset:  # else sets are seldom repeated
        keys = np.unique((places * (offset + 1) + ids)[ids > 0])
        places, ids = np.divmod(keys, offset + 1)
    else:
        places, ids = places[ids > 0], ids[ids > 0]
    table = tables[0] if len(tables) == 1 else stacked(tables)
    if count <= table.rows or not len(ids):
        return united(count, [(places, ids, table)], size)
    return alike(count, places, ids, table)


def stacked(tables: Sequence[Table]) -> Table:
    """The rows of all tables, one table after the other; each keeps its empty row."""
    if all(t is tables[0] for t in tables) and len(tables) == 1:
        return tables[0]
    starts, total = [], 0
    for t in tables:
        starts.append(t.starts[:-1] + total)
        total += len(t.members)
    members = np.concatenate([t.members for t in tables])
    return Table(np.concatenate([*starts, [total]]), members, tables[0].size)


def alike(count: int, places: Array, ids: Array, table: Table) -> Sets:
    """Many places with few different lists of sets: each list is united once."""
    lengths = np.bincount(places, minlength=count)
    order = np.argsort(places, kind="stable")
    ids = ids[order]
    marks = np.random.default_rng(0).integers(1, 2**63, table.rows, dtype=np.uint64)
    ends = np.cumsum(lengths)
    sums = np.concatenate(([np.uint64(0)], np.cumsum(marks[ids], dtype=np.uint64)))
    prints = sums[ends] - sums[ends - lengths]
    _, first, which = np.unique(prints, return_index=True, return_inverse=True)
    same = np.all(lengths == lengths[first[which]])
    begins = ends - lengths
    if same:  # of equal sums, which may be chance, the lists are compared
        mine = ids[ranges(begins, lengths)]
        same = bool(np.all(mine == ids[ranges(begins[first[which]], lengths)]))
    if not same or len(first) == count:
        return united(count, [(np.repeat(np.arange(count), lengths), ids, table)], table.size)
    few = ids[ranges(begins[first], lengths[first])]
    owners = np.repeat(np.arange(len(first)), lengths[first])
    found = united(len(first), [(owners, few, table)], table.size)
    return Sets(found.ids[which], found.table)


def union(operands: Sequence[Sets | None], shape: tuple[int, ...]) -> Sets | None:
    """Entry by entry, of operands that broadcast to `shape`."""
    some: list[Sets] = []
    for x in operands:
        if x is not None:
            ids = np.broadcast_to(x.ids, shape)
            if not any(s.table is x.table and same(s.ids, ids) for s in some):
                some.append(Sets(ids, x.table))
    if not some:
        return None
    if len(some) == 1:
        return some[0]
    count = int(np.prod(shape, dtype=np.intp))
    places = np.arange(count)
    streams = [(places, s.ids.ravel(), s.table) for s in some]
    if count > sum(s.table.rows for s in some):
        found = by_places(count, streams, some[0].table.size)
    else:
        found = united(count, streams, some[0].table.size)
    return Sets(found.ids.reshape(shape), found.table)


def same(a: Array, b: Array) -> bool:
    return a is b or (a.shape == b.shape and bool(np.array_equal(a, b)))


def along(x: Sets, axes: Sequence[int]) -> Sets:
    """The union over these axes, which stay with size 1."""
    ndim = x.ids.ndim
    axes = sorted({a % ndim for a in axes})
    kept = [k for k in range(ndim) if k not in axes]
    shape = tuple(1 if k in axes else n for k, n in enumerate(x.ids.shape))
    count = int(np.prod(shape, dtype=np.intp))
    each = int(np.prod([x.ids.shape[k] for k in axes], dtype=np.intp))
    ids = np.transpose(x.ids, [*kept, *axes]).reshape(count, each)
    if each == 1 or (each and np.all(ids == ids[:, :1])):
        return Sets(ids[:, 0].reshape(shape), x.table)
    found = by_places(
        count, [(np.repeat(np.arange(count), each), ids.ravel(), x.table)], x.table.size
    )
    return Sets(found.ids.reshape(shape), found.table)


def running(x: Sets, axis: int, flipped: bool = False) -> Sets:
    """The union of all entries up to each, along one axis, by doubling."""
    ids = np.moveaxis(x.ids, axis, -1)
    x, step = Sets(ids[..., ::-1] if flipped else ids, x.table), 1
    while step < ids.shape[-1]:
        before = np.concatenate((np.zeros_like(x.ids[..., :step]), x.ids[..., :-step]), axis=-1)
        x = union([x, Sets(before, x.table)], x.ids.shape) or x
        step *= 2
    return Sets(np.moveaxis(x.ids[..., ::-1] if flipped else x.ids, -1, axis), x.table)


def one_table(operands: Sequence[Sets | None]) -> tuple[list[Array | None], Table]:
    """The ids of several operands in one table."""
    tables: list[Table] = []
    for x in operands:
        if x is not None and not any(t is x.table for t in tables):
            tables.append(x.table)
    offsets = np.cumsum([0, *(t.rows for t in tables)])
    ids: list[Array | None] = []
    for x in operands:
        if x is None:
            ids.append(None)
            continue
        offset = next(o for o, t in zip(offsets, tables, strict=False) if t is x.table)
        ids.append(np.where(x.ids == 0, 0, x.ids + offset) if offset else x.ids)
    return ids, stacked(tables)


def listed(x: Sets) -> tuple[Array, Array]:
    """The sets of all entries as the two arrays of compressed rows: where each begins, and the
    members."""
    ids = x.ids.ravel()
    members, lengths = members_of(ids, x.table)
    starts = np.zeros(len(ids) + 1, np.intp)
    np.cumsum(lengths, out=starts[1:])
    return starts, members
