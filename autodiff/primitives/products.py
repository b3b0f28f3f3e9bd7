"""The products: matmul, dot and einsum. All are bilinear, and each transpose is again a product."""

from __future__ import annotations

import string
from typing import Any

import numpy as np

from ..base.shapes import Shape, ndim_of, shape_of, size_of
from ..rules.conforming import (
    Aval,
    align,
    aval_of,
    conform_cotangent,
    conform_tangent,
    full_array,
    unbroadcast,
)
from ..rules.kinds import bilinear
from ..rules.primitive import PRODUCT, ZERO, Primitive, register
from .contraction import LARGE, einsum_by_products, work
from .indexing import scatter_add


def mT(a: Any) -> Any:  # noqa: N802 - NumPy's name
    """The matrix transpose: the last two axes exchanged."""
    return np.swapaxes(a, -1, -2)


def _matmul_a(y_bar: Any, a: Aval, b: Any) -> Any:
    if ndim_of(b) == 1:  # (..., n, k) @ (k,) -> (..., n), or a scalar where a is a vector too
        return y_bar * b if a.ndim == 1 else y_bar[..., None] * b
    if a.ndim == 1:  # (k,) @ (..., k, m) -> (..., m)
        return b @ y_bar if ndim_of(b) == 2 else (b @ y_bar[..., None])[..., 0]
    return y_bar @ mT(b)


def _matmul_b(y_bar: Any, a: Any, b: Aval) -> Any:
    if ndim_of(a) == 1:
        if (
            b.ndim == 2
        ):  # an outer product: einsum writes it in half the time of a broadcast product
            return einsum(a, y_bar, subscripts="i,j->ij", optimize=False)
        return y_bar * a if b.ndim == 1 else a[:, None] * y_bar[..., None, :]
    if b.ndim == 1:
        return mT(a) @ y_bar if ndim_of(a) == 2 else (mT(a) @ y_bar[..., None])[..., 0]
    return mT(a) @ y_bar


def _batch_matmul(row: Primitive, size: int, args: Any, flags: Any) -> Any:
    """Vectors become matrices of one row or column, because a batch axis in front would make
    a stack of vectors look like one matrix. Against one matrix for all that is what they are."""
    a, b = args
    a_vector, b_vector = (ndim_of(x) - f == 1 for x, f in zip(args, flags, strict=True))
    if a_vector and not flags[1] and ndim_of(b) <= 2:
        return row(a, b)
    if b_vector and not flags[0] and ndim_of(a) <= 2:
        return row(b, a if ndim_of(a) == 1 else mT(a))
    a = a[..., None, :] if a_vector else a
    b = b[..., :, None] if b_vector else b
    ndim = max(ndim_of(a) - flags[0], ndim_of(b) - flags[1])
    a, b = (align(x, ndim) if f else x for x, f in zip((a, b), flags, strict=True))
    y = row(a, b)
    if a_vector and b_vector:
        return y[..., 0, 0]
    return y[..., 0, :] if a_vector else y[..., 0] if b_vector else y


matmul = bilinear(
    "matmul",
    np.matmul,
    _matmul_a,
    _matmul_b,
    text="{a} @ {b}",
    latex=r"{a} \, {b}",
    binds=PRODUCT,
    batch=_batch_matmul,
)


# dot sums over the last axis of a and the last but one of b, and keeps every other axis of both.
def _dot_a(y_bar: Any, a: Aval, b: Any) -> Any:
    if not a.shape or not shape_of(b):
        return y_bar * b
    if ndim_of(b) == 1:
        return y_bar[..., None] * b
    other = tuple(range(a.ndim - 1, a.ndim + ndim_of(b) - 2))
    kept = (*range(ndim_of(b) - 2), ndim_of(b) - 1)
    return np.tensordot(y_bar, b, (other, kept))


def _dot_b(y_bar: Any, a: Any, b: Aval) -> Any:
    if not b.shape or not shape_of(a):
        return y_bar * a
    kept = tuple(range(ndim_of(a) - 1))
    b_bar = np.tensordot(a, y_bar, (kept, kept))  # the summed axis first, then b's other axes
    return b_bar if b.ndim == 1 else np.moveaxis(b_bar, 0, -2)


def _batch_dot(row: Primitive, size: int, args: Any, flags: Any) -> Any:
    a, b = args
    a_shape, b_shape = (shape_of(x)[f:] for x, f in zip(args, flags, strict=True))
    if not a_shape or not b_shape:
        ndim = max(len(a_shape), len(b_shape))
        a, b = (align(x, ndim) if f else x for x, f in zip(args, flags, strict=True))
        return a * b
    if len(b_shape) > 2:  # the summed axis first among b's own
        b = np.moveaxis(b, -2, int(flags[1]))
    kept_b = (*b_shape[:-2], b_shape[-1]) if len(b_shape) > 1 else ()
    b = np.reshape(b, (*_batch(size, flags[1]), a_shape[-1], size_of(kept_b)))
    return contracted(size, a, b, flags, a_shape[:-1], kept_b)


def contracted(size: int, a: Any, b: Any, flags: Any, kept_a: Shape, kept_b: Shape) -> Any:
    """Sums over the last axis of `a` and the last but one of the matrices `b`, as one product of
    matrices where one of them is shared by all examples."""
    summed, n, m = shape_of(b)[-2], size_of(kept_a), size_of(kept_b)
    if not flags[1]:
        y = np.matmul(np.reshape(a, (size * n, summed)), b)
    elif not flags[0] and m == 1:
        y = np.matmul(np.reshape(b, (size, summed)), mT(np.reshape(a, (n, summed))))
    else:
        y = np.matmul(np.reshape(a, (*_batch(size, flags[0]), n, summed)), b)
    return np.reshape(y, (size, *kept_a, *kept_b))


def _batch(size: int, flag: bool) -> Shape:
    return (size,) if flag else ()


dot = bilinear(
    "dot",
    np.dot,
    _dot_a,
    _dot_b,
    text="{a} . {b}",
    latex=r"{a} \cdot {b}",
    binds=PRODUCT,
    batch=_batch_dot,
)


BY_PRODUCTS = "products"  # what `optimize` is for a large transpose, of which no bits are promised


class Einsum(Primitive):
    """einsum is linear in each operand; its transpose is an einsum with that operand and the output
    exchanged. `subscripts` are explicit, lower or upper case letters without an ellipsis."""

    kind = "bilinear"

    def jvp(self, y: Any, primals: Any, tangents: Any, params: Any) -> Any:
        y_dot: Any = ZERO
        for i, tangent in enumerate(tangents):
            if tangent is not ZERO:
                y_dot = y_dot + self(*primals[:i], tangent, *primals[i + 1 :], **params)
        return conform_tangent(y_dot, y)

    def vjp(self, y: Any, primals: Any, wanted: Any, params: Any) -> Any:
        avals = [aval_of(a) for a in primals]
        shape = aval_of(y)
        kept = [a if len(wanted) > 1 or i not in wanted else None for i, a in enumerate(primals)]

        def pullback(y_bar: Any) -> list[Any]:
            y_bar = full_array(y_bar, shape)
            return [
                conform_cotangent(
                    _einsum_transpose(self, y_bar, kept, i, avals[i], **params), avals[i]
                )
                for i in wanted
            ]

        return pullback


def _einsum_transpose(
    row: Einsum, y_bar: Any, operands: Any, i: int, like: Aval, *, subscripts: str, optimize: Any
) -> Any:
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    term = terms[i]
    others = [o for k, o in enumerate(operands) if k != i]
    other_terms = [t for k, t in enumerate(terms) if k != i]
    # A letter twice in one operand reads its diagonal: take the transpose to the distinct letters,
    # then put the result on that diagonal.
    distinct = "".join(dict.fromkeys(term))
    known = set(output).union(*other_terms)
    reached = "".join(c for c in distinct if c in known)
    exchanged = ",".join([output, *other_terms]) + "->" + reached
    if others and work(exchanged, [shape_of(x) for x in (y_bar, *others)]) >= LARGE:
        optimize = BY_PRODUCTS
    part = row(y_bar, *others, subscripts=exchanged, optimize=optimize)
    # A letter that was summed over in this operand alone, or beside sides of 1, which einsum
    # broadcasts: every entry gets the same cotangent. A side of 1 of its own is summed back.
    sizes = dict(zip(term, like.shape, strict=True))
    known_sizes = dict(zip(reached, shape_of(part), strict=True))
    part = np.reshape(part, tuple(known_sizes.get(c, 1) for c in distinct))
    largest = (known_sizes.get(c, 1) for c in distinct)
    full = np.broadcast_to(
        part, tuple(sizes[c] if n == 1 else n for c, n in zip(distinct, largest, strict=True))
    )
    if distinct == term:
        return full
    full = unbroadcast(full, tuple(sizes[c] for c in distinct))
    grid = np.ogrid[tuple(slice(sizes[c]) for c in distinct)]
    key = tuple(grid[distinct.index(c)] for c in term)
    return scatter_add(full, key=key, shape=like.shape)


def _batch_einsum(
    row: Einsum, size: int, args: Any, flags: Any, *, subscripts: str, optimize: Any
) -> Any:
    inputs, output = subscripts.split("->")
    letter = next(c for c in string.ascii_letters if c not in subscripts)
    terms = [letter + t if f else t for t, f in zip(inputs.split(","), flags, strict=True)]
    return row(*args, subscripts=",".join(terms) + "->" + letter + output, optimize=optimize)


def _einsum_value(*operands: Any, subscripts: str, optimize: Any) -> Any:
    if optimize == BY_PRODUCTS:
        return einsum_by_products(subscripts, *operands)
    return np.einsum(subscripts, *operands, optimize=optimize)


einsum = register(
    Einsum(
        "einsum",
        _einsum_value,
        text=lambda subscripts, optimize: (
            f"einsum('{subscripts}', "
            + ", ".join(f"{{{c}}}" for c in string.ascii_lowercase[: subscripts.count(",") + 1])
            + ")"
        ),
        batch=_batch_einsum,
    )
)
