"""Every product of two arrays as a stack of matrix products: matmul, dot, einsum, inner and kin.

An axis is a letter. A letter in both operands and the result counts the stack, one in the first
operand and the result the rows, one in the second and the result the columns, and one in both that
the result lacks is summed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...primitives.contraction import Letters
from ..ir.program import Value
from ..ir.views import layout
from .rows import Lowering


def contract(low: Lowering, a: Value, la: Letters, b: Value, lb: Letters, out: Letters) -> Value:
    """The sum over all letters that `out` lacks of a[la] * b[lb]."""
    dtype = np.result_type(a.dtype, b.dtype)
    if not a.size or not b.size:  # sums of nothing
        sizes = dict(zip((*la, *lb), (*a.shape, *b.shape), strict=True))
        return low.builder.constant(np.zeros([sizes[c] for c in out], dtype))
    (a, la), (b, lb) = (
        tidy(low, low.maps.cast(v, dtype), letters) for v, letters in ((a, la), (b, lb))
    )
    (a, la), (b, lb) = (
        without(low, v, letters, {*other, *out}) for v, letters, other in ((a, la, lb), (b, lb, la))
    )
    sizes = dict(zip((*la, *lb), (*a.shape, *b.shape), strict=True))
    stack = [c for c in out if c in la and c in lb]
    rows = [c for c in out if c in la and c not in lb]
    columns = [c for c in out if c in lb and c not in la]
    summed = [c for c in la if c in lb and c not in out]
    left = grouped(low, a, la, [stack, rows, summed], sizes)
    right = grouped(low, b, lb, [stack, summed, columns], sizes)
    y = multiplied(low, left, right)
    order = [*stack, *rows, *columns]
    y = low.reshape(y, tuple(sizes[c] for c in order))
    present = [c for c in out if c in sizes]
    y = low.rearrange(y, lambda p: np.transpose(p, [order.index(c) for c in present]))
    return low.reshape(y, tuple(sizes.get(c, 1) for c in out))


def tidy(low: Lowering, v: Value, letters: Letters) -> tuple[Value, Letters]:
    """Without repeated letters (a diagonal) and axes of size 1 (nothing to index)."""
    distinct = list(dict.fromkeys(letters))
    if len(distinct) < len(letters):
        rank = {c: k for k, c in enumerate(distinct)}
        v = low.rearrange(v, lambda p: np.einsum(p, [rank[c] for c in letters], [*rank.values()]))
    kept = [c for c, n in zip(distinct, v.shape, strict=True) if n != 1]
    return low.reshape(v, tuple(n for n in v.shape if n != 1)), kept


def without(low: Lowering, v: Value, letters: Letters, used: set[Any]) -> tuple[Value, Letters]:
    """Without letters that nothing else has: summed over at once."""
    alone = tuple(k for k, c in enumerate(letters) if c not in used)
    v = low.reduce("sum", v, alone) if alone else v
    return v, [c for c in letters if c in used]


def grouped(
    low: Lowering, v: Value, letters: Letters, groups: Sequence[Letters], sizes: dict[Any, int]
) -> Value:
    """`v` as a stack of matrices: one axis for each group of letters."""
    order = [c for group in groups for c in group]
    v = low.rearrange(v, lambda p: np.transpose(p, [letters.index(c) for c in order]))
    return low.reshape(v, tuple(int(np.prod([sizes[c] for c in g], dtype=int)) for g in groups))


def is_identity_matrix(v: Value) -> bool:
    """Is it known to be a stack of unit matrices? A Jacobian begins with the unit directions."""
    base, offset, strides = layout(v)
    if base.op != "constant" or base.ndim != 2 or v.shape[1] != v.shape[2] or offset:
        return False
    if base.shape != v.shape[1:] or strides[1:] not in ((v.shape[1], 1), (1, v.shape[1])):
        return False
    return bool(np.array_equal(base.params["value"], np.eye(v.shape[1])))


def multiplied(low: Lowering, a: Value, b: Value) -> Value:
    """(s, n, k) times (s, k, m). Without a sum, or with nothing but sums, loops do it better: they
    fuse with what is around them."""
    stack, n, k = a.shape
    m = b.shape[2]
    if is_identity_matrix(b):
        return a
    if is_identity_matrix(a):
        return b
    if k == 1:
        return low.maps.apply("multiply", a, b)
    if n == m == 1 and stack > 1:
        b = low.rearrange(b, lambda p: np.swapaxes(p, 1, 2))
        terms = low.maps.apply("multiply", a, b)
        return low.reshape(low.reduce("sum", terms, (2,)), (stack, 1, 1))
    return low.builder.make("product", (a, b), {}, (stack, n, m), a.dtype)
