"""Colours: columns, or rows, that one sweep can tell apart because no row has two of them.

A periodic colouring is tried first, which is the best one of a band. Else colours are given
greedily, in several orders, and the fewest are kept. Colours that are taken are the bits of a
Python integer, so that the smallest free one is found at once.

Source: Coleman and More (1983); Coleman and Verma (1998) for rows and columns together;
Gebremedhin, Manne and Pothen, What Color Is Your Jacobian? (2005), for the star colouring of
Hessians.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .pattern import Pattern

Array = Any
LARGE = 3_000_000  # entries: of a larger pattern one order is tried
SMALL = 20_000  # entries: of a smaller one, more are tried
DENSE = 2_000_000  # pairs of columns that meet: beyond, they are not listed


class Coloring(NamedTuple):
    """What the sweeps are, and where each entry is found in them.

    `columns` has the colour of each column, -1 for one that no sweep forwards needs; `rows` that of
    each row, -1 for one that no sweep backwards needs. Entry k is entry `place[k]` of sweep
    `sweep[k]`, forward sweeps first.
    """

    columns: Array
    rows: Array
    forward: int
    backward: int
    sweep: Array
    place: Array

    @property
    def sweeps(self) -> int:
        return self.forward + self.backward


# -- Jacobians ---------------------------------------------------------------------------------
def color_jacobian(pattern: Pattern, way: str = "jacobian") -> Coloring:
    """The cheapest of columns, rows, and dense rows apart from the columns of the others; by jacfwd
    and jacrev, columns and rows alone."""
    if way != "jacobian":
        return forward_only(pattern) if way == "jacfwd" else backward_only(pattern)
    turned, _ = pattern.turned
    by_columns, by_rows = longest(pattern), longest(turned)  # no fewer colours will do
    dense, bound = dense_rows(pattern)
    found: list[Coloring] = []

    def best() -> float:
        return min((c.sweeps for c in found), default=np.inf)

    ways: list[tuple[int, Callable[[], Coloring]]] = [
        (by_columns, lambda: forward_only(pattern)),
        (by_rows, lambda: backward_only(pattern)),
        (bound, lambda: both_ways(pattern, dense)),
    ]
    for cost, make in sorted(ways, key=lambda way: way[0]):
        if cost < best():
            found.append(make())
    return min(found, key=lambda c: c.sweeps)


def longest(pattern: Pattern) -> int:
    return int(np.max(np.diff(pattern.starts), initial=0))


def forward_only(pattern: Pattern) -> Coloring:
    colors = distant_colors(pattern)
    rows = np.full(pattern.shape[0], -1)
    return Coloring(colors, rows, count(colors), 0, colors[pattern.cols], pattern.rows)


def backward_only(pattern: Pattern) -> Coloring:
    colors = distant_colors(pattern.turned[0])
    columns = np.full(pattern.shape[1], -1)
    return Coloring(columns, colors, 0, count(colors), colors[pattern.rows], pattern.cols)


def dense_rows(pattern: Pattern) -> tuple[Array, int]:
    """Which rows are better swept one by one, and how many sweeps that comes to at least."""
    lengths = np.diff(pattern.starts)
    order = np.argsort(-lengths, kind="stable")
    left = np.append(lengths[order], 0)
    total = np.arange(len(left)) + left
    few = int(np.argmin(total)) if len(total) else 0
    return order[:few], int(total[few]) if few else np.iinfo(np.intp).max


def both_ways(pattern: Pattern, dense: Array) -> Coloring:
    apart = np.zeros(pattern.shape[0], bool)
    apart[dense] = True
    inside = apart[pattern.rows]
    sparse, full = (
        Pattern.at(pattern.rows[k], pattern.cols[k], pattern.shape) for k in (~inside, inside)
    )
    columns, rows = distant_colors(sparse), distant_colors(full.turned[0])
    forward = count(columns)
    sweep = np.where(inside, forward + rows[pattern.rows], columns[pattern.cols])
    place = np.where(inside, pattern.cols, pattern.rows)
    return Coloring(columns, rows, forward, count(rows), sweep, place)


def count(colors: Array) -> int:
    return int(np.max(colors, initial=-1)) + 1


def distant_colors(pattern: Pattern) -> Array:
    """A colour for each column with an entry, else -1; no row has a colour twice."""
    n, m = pattern.shape
    least = longest(pattern)
    used = np.bincount(pattern.cols, minlength=m) > 0
    numbers = np.cumsum(used) - 1  # columns without an entry do not count
    best: Array = None
    for k in range(least, least + max(least // 4, 1) + 1):
        tried = numbers[pattern.cols] % k if k else pattern.cols
        if not k or np.bincount(pattern.rows * k + tried).max() < 2:
            best = np.where(used, numbers % max(k, 1), -1)
            break
    if best is not None and (count(best) == least or pattern.nnz > LARGE):
        return best
    turned, _ = pattern.turned
    for order in orders(pattern, turned):
        colors = greedy(turned, order[used[order]], n)
        if best is None or count(colors) < count(best):
            best = colors
        if count(best) <= least or pattern.nnz > LARGE:
            break
    return best


def greedy(turned: Pattern, order: Array, n: int) -> Array:
    """Each column gets the smallest colour that none of its rows has."""
    starts, rows = turned.starts.tolist(), turned.cols.tolist()
    taken, colors = [0] * n, [-1] * turned.shape[0]
    for j in order.tolist():
        mine = rows[starts[j] : starts[j + 1]]
        mask = 0
        for i in mine:
            mask |= taken[i]
        free = ~mask & (mask + 1)
        colors[j] = free.bit_length() - 1
        for i in mine:
            taken[i] |= free
    return np.array(colors, np.intp)


def orders(pattern: Pattern, turned: Pattern) -> Iterator[Array]:
    """As they stand; those that meet most others first; and those that meet fewest last."""
    yield np.arange(pattern.shape[1])
    lengths = np.diff(pattern.starts)
    meets = np.bincount(pattern.cols, lengths[pattern.rows], pattern.shape[1])
    yield np.argsort(-meets, kind="stable")
    if np.sum(lengths**2) <= DENSE:
        first = np.repeat(np.arange(pattern.nnz), lengths[pattern.rows])
        begins = np.repeat(pattern.starts[:-1][pattern.rows], lengths[pattern.rows])
        within = np.arange(len(first)) - np.repeat(
            np.cumsum(lengths[pattern.rows]) - lengths[pattern.rows], lengths[pattern.rows]
        )
        pairs = pattern.cols[first], pattern.cols[begins + within]
        sides = (pattern.shape[1],) * 2
        yield smallest_last(Pattern.at(*pairs, sides))


def smallest_last(graph: Pattern) -> Array:
    """The vertex that meets fewest is last, then that of those left, and so on."""
    starts, cols = graph.starts.tolist(), graph.cols.tolist()
    degrees = np.diff(graph.starts).tolist()
    buckets: list[list[int]] = [[] for _ in range(max(degrees, default=0) + 1)]
    for v, d in enumerate(degrees):
        buckets[d].append(v)
    done, low = [False] * len(degrees), 0
    order: list[int] = []
    while len(order) < len(degrees):
        while not buckets[low]:
            low += 1
        v = buckets[low].pop()
        if done[v] or degrees[v] != low:
            continue
        done[v] = True
        order.append(v)
        for w in cols[starts[v] : starts[v + 1]]:
            if not done[w] and w != v:
                degrees[w] -= 1
                buckets[degrees[w]].append(w)
                low = min(low, degrees[w])
    return np.array(order[::-1], np.intp)


# -- Hessians ----------------------------------------------------------------------------------
def color_hessian(pattern: Pattern) -> Coloring:
    """A star colouring: every entry, or the one across the diagonal, is alone in its sweep."""
    n = pattern.shape[0]
    best = None
    used = np.diff(pattern.starts) > 0
    numbers = np.cumsum(used) - 1
    most = longest(pattern)
    for k in range(1, most + 2):  # a band
        tried = np.where(used, numbers % k, -1)
        if np.all(read_from(pattern, tried, k)[1]):
            best = tried
            break
    is_few = best is not None and count(best) <= max(most // 2 + 1, 3)
    if best is None or not (is_few or pattern.nnz > LARGE):
        off = pattern.rows != pattern.cols
        graph = Pattern.at(pattern.rows[off], pattern.cols[off], pattern.shape)
        for order in hessian_orders(graph):
            colors = star_colors(graph, order[used[order]])
            if best is None or count(colors) < count(best):
                best = colors
            if pattern.nnz > LARGE:
                break
    assert best is not None
    here, _ = read_from(pattern, best, count(best))
    sweep = np.where(here, best[pattern.cols], best[pattern.rows])
    place = np.where(here, pattern.rows, pattern.cols)
    return Coloring(best, np.full(n, -1), count(best), 0, sweep, place)


def read_from(pattern: Pattern, colors: Array, k: int) -> tuple[Array, Array]:
    """Which entries are alone in their row and sweep; and which are so here or across the
    diagonal."""
    rows, cols = pattern.rows, pattern.cols
    here, there = rows * k + colors[cols], cols * k + colors[rows]
    alone = np.bincount(here, minlength=pattern.shape[0] * k) == 1
    return alone[here], alone[here] | alone[there]


def hessian_orders(graph: Pattern) -> Iterator[Array]:
    """Those of most neighbours first, in some orders of equals; and others. No order is the best
    of all patterns, and a small one is coloured at once."""
    degrees = np.diff(graph.starts)
    yield np.argsort(-degrees, kind="stable")
    yield smallest_last(graph)
    yield np.arange(graph.shape[0])
    yield np.argsort(degrees, kind="stable")
    yield np.argsort(degrees, kind="stable")[::-1]
    rng = np.random.default_rng(0)
    for _ in range(8 if graph.nnz <= SMALL else 0):
        yield np.lexsort((rng.random(graph.shape[0]), -degrees))


def star_colors(graph: Pattern, order: Array) -> Array:
    """Colours with which neighbours differ, and no path of four has two colours only.

    Of each vertex three masks are kept: the colours of its neighbours (`once`), those that two of
    them have (`twice`), and those of neighbours beside which its own colour is there twice (`bad`).
    """
    starts, cols = graph.starts.tolist(), graph.cols.tolist()
    n = graph.shape[0]
    once, twice, bad, bit, colors = [0] * n, [0] * n, [0] * n, [0] * n, [-1] * n
    first: list[dict[int, int]] = [{} for _ in range(n)]  # the first neighbour of each colour
    for v in order.tolist():
        near: Sequence[int] = cols[starts[v] : starts[v + 1]]
        mask, doubled = once[v], twice[v]
        for w in near:
            if bit[w]:
                mask |= once[w] if bit[w] & doubled else bad[w]
        mine = ~mask & (mask + 1)
        bit[v], colors[v] = mine, mine.bit_length() - 1
        for w in near:
            if bit[w] and bit[w] & doubled:
                bad[w] |= mine
            if not once[w] & mine:
                once[w] |= mine
                first[w][mine] = v
                continue
            if bit[w]:
                bad[v] |= bit[w]
                if not twice[w] & mine:
                    bad[first[w][mine]] |= bit[w]
            twice[w] |= mine
    return np.array(colors, np.intp)
