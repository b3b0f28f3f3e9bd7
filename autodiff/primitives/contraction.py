"""einsum as matrix products, which are quicker than NumPy's own loop where the operands are large.

Of two operands each letter is of one of four kinds: in both and kept (a stack of products), in both
and summed (the inner side), in the first alone (rows), in the second alone (columns).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

LARGE = 2**14  # multiplications from which on NumPy's loop takes longer than preparing a product


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
    left = list(zip(operands, terms, strict=True))
    path: Any = [(0, 1)]
    if len(operands) > 2:
        path = np.einsum_path(subscripts, *operands, optimize="greedy")[0][1:]
    for step in path:
        pair = [left.pop(k) for k in sorted(step, reverse=True)]
        while len(pair) > 1:  # einsum_path may take several at once
            (b, lb), (a, la) = pair.pop(), pair.pop()
            kept = set(output).union(*(t for _, t in (*left, *pair)))
            pair.append(product(a, la, b, lb, kept))
        left += pair
    ((y, letters),) = left
    return np.einsum(f"{letters}->{output}", y)


def product(a: Any, la: str, b: Any, lb: str, kept: set[str]) -> tuple[Any, str]:
    """The product of a pair, and its letters."""
    a, la = reduced(a, la, kept.union(lb))
    b, lb = reduced(b, lb, kept.union(la))
    both = [c for c in la if c in lb]
    stack, inner = [c for c in both if c in kept], [c for c in both if c not in kept]
    rows, columns = [c for c in la if c not in lb], [c for c in lb if c not in la]
    sizes = dict(zip((*la, *lb), (*a.shape, *b.shape), strict=True))

    def laid(x: Any, letters: str, *groups: list[str]) -> Any:
        x = np.transpose(x, [letters.index(c) for group in groups for c in group])
        return x.reshape(
            [*(sizes[c] for c in stack), *(prod(sizes[c] for c in g) for g in groups[1:])]
        )

    y = laid(a, la, stack, rows, inner) @ laid(b, lb, stack, inner, columns)
    letters = "".join((*stack, *rows, *columns))
    return y.reshape([sizes[c] for c in letters]), letters


def reduced(x: Any, letters: str, wanted: set[str]) -> tuple[Any, str]:
    """An operand without the letters that nothing else has, and on the diagonal of those it has
    twice."""
    left = "".join(c for c in dict.fromkeys(letters) if c in wanted)
    return (x if left == letters else np.einsum(f"{letters}->{left}", x)), left
