"""einsum in all its notations, brought to one: explicit subscripts, every ellipsis in letters."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from ..arrays.dispatch import implements
from ..base.errors import ShapeError
from ..base.shapes import ndim_of, shape_of
from ..primitives import products as rows
from .arguments import array_operand, as_dtype, deliver
from .indexing import strong_dtype


@implements(np.einsum)
def einsum(
    *operands: Any,
    out: Any = None,
    optimize: Any = False,
    dtype: Any = None,
    order: str = "K",
    casting: str = "safe",
) -> Any:
    """All of NumPy's arguments; the memory layout, `order`, is not seen in a tracked array."""
    subscripts, arrays = notation(operands)
    for a in arrays:
        if dtype is not None and not np.can_cast(strong_dtype(a), dtype, casting):
            raise TypeError(f"np.einsum: cannot cast {strong_dtype(a)} to {dtype} ({casting})")
    arrays = [as_dtype(a, dtype) for a in arrays]
    explicit = explicit_subscripts(subscripts, arrays)
    return deliver(rows.einsum(*arrays, subscripts=explicit, optimize=optimize), out, "np.einsum")


@implements(np.einsum_path)
def einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: bool = False) -> Any:
    """A plan, which depends on nothing but shapes."""
    subscripts, arrays = notation(operands)
    shapes = [np.broadcast_to(0.0, shape_of(a)) for a in arrays]
    return np.einsum_path(subscripts, *shapes, optimize=optimize, einsum_call=einsum_call)


def notation(operands: Any) -> tuple[str, list[Any]]:
    """Subscripts and arrays, from either way of writing them."""
    if isinstance(operands[0], str):
        return operands[0], [array_operand(x) for x in operands[1:]]
    arrays = operands[: len(operands) // 2 * 2 : 2]
    terms = operands[1 : 2 * len(arrays) : 2]
    output = operands[-1:] if len(operands) % 2 else ()
    numbers = sorted({k for term in (*terms, *output) for k in term if k is not Ellipsis})
    letter = dict(zip(numbers, string.ascii_letters, strict=False))
    spelt = ["".join("..." if k is Ellipsis else letter[k] for k in t) for t in (*terms, *output)]
    inputs = ",".join(spelt[: len(terms)])
    return f"{inputs}->{spelt[-1]}" if output else inputs, [array_operand(x) for x in arrays]


def explicit_subscripts(subscripts: str, operands: Any) -> str:
    """Subscripts with ``->`` and with every ellipsis spelt out in letters."""
    subscripts = subscripts.replace(" ", "")
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError(
            f"einsum: {len(terms)} terms in {subscripts!r} for {len(operands)} operands"
        )
    free = [c for c in reversed(string.ascii_letters) if c not in subscripts]
    widths = [
        ndim_of(x) - len(t.replace("...", "")) if "..." in t else 0
        for t, x in zip(terms, operands, strict=True)
    ]
    dots = "".join(free[: max(widths)])[::-1]
    spelt = [t.replace("...", dots[len(dots) - w :]) for t, w in zip(terms, widths, strict=True)]
    for t, x in zip(spelt, operands, strict=True):
        if len(t) != ndim_of(x):
            raise ShapeError(
                f"einsum: the term {t!r} does not fit an operand of shape {shape_of(x)}"
            )
    if arrow:
        return ",".join(spelt) + "->" + output.replace("...", dots)
    letters = "".join(terms).replace("...", "")
    output = dots + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return ",".join(spelt) + "->" + output
