"""Products: dot, tensordot, einsum, inner, outer and kin over the three product rows."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from ..dispatch import implements, operand
from ..primitives import products as rows
from ..shapes import ndim_of, negative_axes, shape_of, size_of
from .arguments import check_default, deliver


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    return deliver(rows.dot(operand(a), operand(b)), out, "np.dot")


@implements(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    a, b = operand(a), operand(b)
    if ndim_of(a) == 0 or ndim_of(b) == 0:
        return a * b
    return tensordot(a, b, (-1, -1))


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    y = np.reshape(operand(a), (-1, 1)) * np.reshape(operand(b), (1, -1))
    return deliver(y, out, "np.outer")


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = operand(a), operand(b)
    if isinstance(axes, (int, np.integer)):
        axes = (list(range(-axes, 0)), list(range(axes)))
    a_axes, b_axes = ([k] if isinstance(k, (int, np.integer)) else list(k) for k in axes)
    a_axes = [k % ndim_of(a) for k in a_axes]
    b_axes = [k % ndim_of(b) for k in b_axes]
    a_kept = [k for k in range(ndim_of(a)) if k not in a_axes]
    b_kept = [k for k in range(ndim_of(b)) if k not in b_axes]
    a_shape, b_shape = shape_of(a), shape_of(b)
    summed = size_of(tuple(a_shape[k] for k in a_axes))
    left = np.reshape(np.transpose(a, a_kept + a_axes), (-1 if summed else size_of(tuple(a_shape[k] for k in a_kept)), summed))
    right = np.reshape(np.transpose(b, b_axes + b_kept), (summed, -1 if summed else size_of(tuple(b_shape[k] for k in b_kept))))
    shape = tuple(a_shape[k] for k in a_kept) + tuple(b_shape[k] for k in b_kept)
    return np.reshape(np.dot(left, right), shape)


def explicit_subscripts(subscripts: str, operands: Any) -> str:
    """Subscripts with ``->`` and with every ellipsis spelt out in letters."""
    subscripts = subscripts.replace(" ", "")
    inputs, arrow, output = subscripts.partition("->")
    terms = inputs.split(",")
    free = [c for c in reversed(string.ascii_letters) if c not in subscripts]
    widths = [
        ndim_of(x) - len(t.replace("...", "")) if "..." in t else 0 for t, x in zip(terms, operands, strict=True)
    ]
    dots = "".join(free[: max(widths)])[::-1]
    spelt = [t.replace("...", dots[len(dots) - w :]) for t, w in zip(terms, widths, strict=True)]
    if arrow:
        output = output.replace("...", dots)
    else:
        letters = "".join(terms).replace("...", "")
        output = dots + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return ",".join(spelt) + "->" + output


@implements(np.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any) -> Any:
    check_default("np.einsum", **{k: (v, None) for k, v in kwargs.items()})
    if not isinstance(operands[0], str):
        operands = _from_sublists(operands)
    subscripts, *arrays = operands
    arrays = [operand(x) for x in arrays]
    explicit = explicit_subscripts(subscripts, arrays)
    return deliver(rows.einsum(*arrays, subscripts=explicit, optimize=optimize), out, "np.einsum")


def _from_sublists(operands: Any) -> Any:
    """einsum(a, [0, 1], b, [1, 2], [0, 2]) as einsum("ab,bc->ac", a, b)."""
    arrays, lists = operands[: len(operands) // 2 * 2 : 2], operands[1::2]
    numbers = sorted({k for sub in (*lists, *(operands[-1:] if len(operands) % 2 else ())) for k in sub if k is not Ellipsis})
    letter = dict(zip(numbers, string.ascii_letters, strict=False))

    def spell(sub: Any) -> str:
        return "".join("..." if k is Ellipsis else letter[k] for k in sub)

    spelt = ",".join(map(spell, lists))
    if len(operands) % 2:
        spelt += "->" + spell(operands[-1])
    return (spelt, *arrays)


__all__ = ["negative_axes"]
