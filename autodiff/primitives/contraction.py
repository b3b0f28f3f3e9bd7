"""einsum as matrix products, which are quicker than NumPy's own loop where the operands are large.

Of two operands each letter is of one of four kinds: in both and kept (a stack of products), in both
and summed (the inner side), in the first alone (rows), in the second alone (columns).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

Letters = Sequence[Any]  # one for each axis; in a compiled program numbers as well
SUMMED, ROWS, COLUMNS = -1, -2, -3  # letters that no stack has
LARGE = 2**14  # multiplications from which on NumPy's loop takes longer than preparing a product


def lettered(
    name: str, ndims: Sequence[int], subscripts: str = "", optimize: Any = None
) -> tuple[list[Letters], Letters]:
    """The letters of the operands of a product, with so many axes, and of its result."""
    if name == "einsum":
        inputs, output = subscripts.split("->")
        return list(inputs.split(",")), output
    a, b = ndims
    if name in ("dot", "inner"):  # every other axis of both is kept
        la, lb = list(range(a - 1)), list(range(a, a + b - 1))
        if not a or not b:
            la, lb = list(range(a)), list(range(b))
            return [la, lb], la or lb
        place = max(len(lb) - 1, 0) if name == "dot" else len(lb)
        return [[*la, SUMMED], [*lb[:place], SUMMED, *lb[place:]]], [*la, *lb]
    rows = [ROWS] if name == "matvec" or (name == "matmul" and a > 1) else []
    columns = [COLUMNS] if name == "vecmat" or (name == "matmul" and b > 1) else []
    stacks = a - 1 - len(rows), b - 1 - len(columns)
    out = list(range(max(stacks)))  # stacks broadcast: the last axes match
    left, right = (out[len(out) - n :] for n in stacks)
    return [[*left, *rows, SUMMED], [*right, SUMMED, *columns]], [*out, *rows, *columns]


def work(subscripts: str, shapes: Sequence[Sequence[int]]) -> int:
    """How many multiplications NumPy's loop makes."""
    terms = subscripts.split("->", 1)[0].split(",")
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        sizes |= {c: max(n, sizes.get(c, 0)) for c, n in zip(term, shape, strict=True)}
    return prod(sizes.values())


def einsum_by_products(subscripts: str, *operands: Any) -> Any:
    """``np.einsum(subscripts, *operands)`` of explicit subscripts, pair after pair."""
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    letters = "".join(terms)
    sides = set(zip(letters, (n for x in operands for n in x.shape), strict=True))
    broadcasts = len(sides) > len(set(letters))  # sides of 1
    if len(terms) == 1 or broadcasts:
        return np.einsum(subscripts, *operands)
    return pair_by_pair(operands, terms, output, path_of(subscripts, operands), product)


def path_of(subscripts: str, operands: Sequence[Any]) -> list[tuple[int, ...]]:
    """Which operands to multiply first, as `np.einsum_path` says it."""
    if len(operands) < 3:
        return [(0, 1)]
    path: Any = np.einsum_path(subscripts, *operands, optimize="greedy")[0][1:]
    return list(path)


def pair_by_pair(
    operands: Sequence[Any],
    terms: Sequence[Letters],
    output: Letters,
    path: Sequence[Sequence[int]],
    product: Callable[[Any, Letters, Any, Letters, Letters], Any],
) -> Any:
    """The sum of products of all operands. ``product(a, la, b, lb, kept)`` has the axes `kept`."""
    left = list(zip(operands, terms, strict=True))
    for step in path:
        some = [left.pop(k) for k in sorted(step, reverse=True)]
        while len(some) > 1:  # einsum_path may take several at once
            (b, lb), (a, la) = some.pop(0), some.pop(0)
            rest = {c for _, letters in (*left, *some) for c in letters}
            kept = [c for c in dict.fromkeys((*la, *lb)) if c in rest or c in output]
            kept = kept if left or some else list(output)
            some.insert(0, (product(a, la, b, lb, kept), kept))
        left += some
    ((y, _),) = left
    return y


def product(a: Any, la: Letters, b: Any, lb: Letters, kept: Letters) -> Any:
    """The sum over all letters that `kept` lacks of a[la] * b[lb]."""
    a, la = reduced(a, la, {*kept, *lb})
    b, lb = reduced(b, lb, {*kept, *la})
    stack = [c for c in la if c in lb and c in kept]
    inner = [c for c in la if c in lb and c not in kept]
    rows, columns = [c for c in la if c not in lb], [c for c in lb if c not in la]
    sizes = dict(zip((*la, *lb), (*a.shape, *b.shape), strict=True))

    def as_matrices(x: Any, letters: Letters, *groups: Letters) -> Any:
        x = np.transpose(x, [letters.index(c) for group in (stack, *groups) for c in group])
        sides = [prod(sizes[c] for c in group) for group in groups]
        return x.reshape([*(sizes[c] for c in stack), *sides])

    y = as_matrices(a, la, rows, inner) @ as_matrices(b, lb, inner, columns)
    letters = [*stack, *rows, *columns]
    return y.reshape([sizes[c] for c in letters]).transpose([letters.index(c) for c in kept])


def reduced(x: Any, letters: Letters, wanted: set[Any]) -> tuple[Any, Letters]:
    """An operand without the letters that nothing else has, and on the diagonal of those it has
    twice."""
    left = [c for c in dict.fromkeys(letters) if c in wanted]
    if left != list(letters):
        x = np.einsum(f"{''.join(letters)}->{''.join(left)}", x)
    return x, left
