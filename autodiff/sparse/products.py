"""Products: an entry is made of what it sums over, but for what meets a zero of a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..primitives.contraction import lettered
from ..primitives.signal import start_of
from .sets import Sets, along, by_places, union


def pushed(call: Any, unknown: Any) -> Sets | None:
    shapes = [like.shape for like in call.likes]
    parts: list[Sets | None] = []
    if call.row.name in ("convolve", "correlate"):
        for k, s in enumerate(call.sets):
            if s is not None:
                parts.append(of_signal(call, k, s, unknown))
        return union(parts, call.shape)
    terms, out = lettered(call.row.name, list(map(len, shapes)), **call.params)
    sizes: dict[Any, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for c, n in zip(term, shape, strict=True):
            sizes[c] = n if n != 1 else sizes.get(c, 1)  # 1 broadcasts
    for k, s in enumerate(call.sets if 0 not in sizes.values() else ()):  # else sums of nothing
        if s is None:
            continue
        masks = [
            (mask, terms[j])
            for j, x in enumerate(call.fixed)
            if j != k and x is not unknown and not (mask := np.asarray(x) != 0).all()
        ]
        parts.append(of_operand(s, terms[k], out, sizes, masks[0] if masks else None))
    return union(parts, call.shape)


def tidy(x: Any, letters: Sequence[Any], sizes: dict[Any, int]) -> tuple[Any, list[Any]]:
    """Without repeated letters, and without sides of 1 that broadcast."""
    distinct = list(dict.fromkeys(letters))
    if len(distinct) < len(letters):
        for c in distinct:
            where = [k for k, d in enumerate(letters) if d == c]
            while len(where) > 1:
                x = np.diagonal(x, 0, where[0], where[-1])
                left = [d for k, d in enumerate(letters) if k not in (where[0], where[-1])]
                letters = [*left, c]
                where = [k for k, d in enumerate(letters) if d == c]
    kept = [k for k, c in enumerate(letters) if x.shape[k] == sizes[c]]
    gone = tuple(k for k in range(x.ndim) if k not in kept)
    return np.squeeze(x, gone), [letters[k] for k in kept]


def of_operand(
    s: Sets, letters: Sequence[Any], out: Sequence[Any], sizes: dict[Any, int], mask: Any
) -> Sets:
    """The sets of the result in one operand; `mask` says where another is not zero, and its
    letters."""
    ids, letters = tidy(s.ids, letters, sizes)
    s = s.moved(ids)
    other: list[Any] = []
    if mask is not None:
        nonzero, other = tidy(mask[0], mask[1], sizes)
    alone = [k for k, c in enumerate(letters) if c not in out and c not in other]
    if alone:
        s = along(s, alone)
        s = s.moved(np.squeeze(s.ids, tuple(alone)))
        letters = [c for k, c in enumerate(letters) if k not in alone]
    shape = tuple(sizes[c] for c in out)
    if not any(c in letters and c not in out for c in other) and mask is not None:
        # nothing is summed that the other knows of: zeros are left out entry by entry
        s, letters = masked(s, letters, nonzero, other, out, sizes)
        mask = None
    if mask is not None:
        return summed(s, letters, nonzero, other, out, sizes)
    order = [letters.index(c) for c in out if c in letters]
    ids = np.transpose(s.ids, order).reshape([sizes[c] if c in letters else 1 for c in out])
    return s.moved(np.broadcast_to(ids, shape))


def masked(s: Sets, letters: Any, nonzero: Any, other: Any, out: Any, sizes: Any) -> Any:
    gone = tuple(k for k, c in enumerate(other) if c not in out)
    nonzero = np.any(nonzero, axis=gone)
    other = [c for c in other if c in out]
    every = [c for c in out if c in letters or c in other]

    def spread(x: Any, own: Any) -> Any:
        order = [own.index(c) for c in every if c in own]
        return np.transpose(x, order).reshape([sizes[c] if c in own else 1 for c in every])

    return s.moved(np.where(spread(nonzero, other), spread(s.ids, letters), 0)), every


def summed(s: Sets, letters: Any, nonzero: Any, other: Any, out: Any, sizes: Any) -> Sets:
    """What is summed over meets zeros: every product that is not zero is listed."""
    at = dict(zip(other, np.nonzero(nonzero), strict=True))
    free = [c for c in letters if c not in other]
    sides = tuple(sizes[c] for c in free)
    grid = np.indices(sides).reshape(len(free), int(np.prod(sides, dtype=np.intp)))
    count = len(next(iter(at.values())))
    index = {c: np.repeat(k, grid.shape[1]) for c, k in at.items()}
    index |= {c: np.tile(k, count) for c, k in zip(free, grid, strict=True)}
    # Letters of the result that neither has are those of further operands: repeated at the end.
    reached = [c for c in out if c in index]
    small = tuple(sizes[c] for c in reached)
    total = int(np.prod(small, dtype=np.intp))
    places = np.ravel_multi_index([index[c] for c in reached], small) if reached else 0
    places = np.broadcast_to(places, count * grid.shape[1])
    ids = s.ids[tuple(index[c] for c in letters)]
    found = by_places(total, [(places, ids, s.table)], s.table.size)
    spread = found.ids.reshape([sizes[c] if c in reached else 1 for c in out])
    return found.moved(np.broadcast_to(spread, tuple(sizes[c] for c in out)))


def of_signal(call: Any, k: int, s: Sets, unknown: Any) -> Sets:
    """A convolution or correlation: entry i of one and j of the other meet at i + j, or at
    i - j."""
    (n,), (m,) = (like.shape for like in call.likes)
    other = call.fixed[1 - k]
    size = (m, n)[k]
    taps = np.arange(size) if other is unknown else np.flatnonzero(np.asarray(other))
    mine = np.arange((n, m)[k])
    i, j = (mine[:, None], taps) if k == 0 else (taps, mine[:, None])
    places = i + (j if call.row.name == "convolve" else m - 1 - j)
    places = places - start_of(call.row.name, call.params["mode"], n, m)
    own = np.broadcast_to(mine[:, None], places.shape)
    inside = (places >= 0) & (places < call.shape[0])
    streams = [(places[inside], s.ids[own[inside]], s.table)]
    return by_places(call.shape[0], streams, s.table.size)
