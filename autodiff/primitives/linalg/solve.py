"""Linear systems: solve, inv, pinv and lstsq. Each derivative is again a linear system.

    A x = b    =>    dA x + A dx = db    =>    dx = A^-1 (db - dA x)

Source: Giles, Collected matrix derivative results (2008); Golub and Pereyra, The differentiation of
pseudo-inverses (1973).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.errors import ShapeError, refuse
from ...base.shapes import ndim_of, shape_of
from ...rules.conforming import align
from ...rules.kinds import special
from ...rules.primitive import ZERO, payload, register
from ..require import require
from .helpers import Several, conj, dagger, hermitian, mT, named, real


# -- solve and inv ---------------------------------------------------------------------------------
# A right-hand side of one axis is one vector, for a stack of matrices too; else its last two axes
# are matrices. The rules work on columns.
def columns(b: Any, vector: bool) -> Any:
    return b[..., None] if vector else b


def _solve_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    (a_dot, b_dot), (a, b) = tangents, primals
    vector = ndim_of(b) == 1
    y_dot = solve(a, columns(b_dot, vector) - a_dot @ columns(y, vector))
    return y_dot[..., 0] if vector else y_dot


def _solve_vjp(y_bar: Any, primals: Any, y: Any) -> Any:
    a, b = primals
    vector = ndim_of(b) == 1
    b_bar = solve(mT(a), columns(y_bar, vector))
    a_bar = -b_bar @ mT(columns(y, vector))
    return [a_bar, b_bar[..., 0] if vector else b_bar]


def batch_solve(row: Any, size: int, args: Any, flags: Any, **params: Any) -> Any:
    (a, b), (_, b_flag) = args, flags
    if ndim_of(b) - b_flag > 1:
        ndim = max(ndim_of(x) - flag for x, flag in zip(args, flags, strict=True))
        aligned = (align(x, ndim) if flag else x for x, flag in zip(args, flags, strict=True))
        return row(*aligned, **params)
    if not b_flag:
        return row(a, b, **params)
    b = align(b[..., None], ndim_of(a) - flags[0])
    return row(a, b, **params)[..., 0]


solve = special(
    "solve",
    named(np.linalg.solve),
    entries="columns",
    forward=_solve_jvp,
    backward=_solve_vjp,
    numpy=np.linalg.solve,
    latex=r"{a}^{{-1}} {b}",
    batch=batch_solve,
)


def _inv_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    return -y @ tangents[0] @ y


def _inv_vjp(y_bar: Any, primals: Any, y: Any) -> Any:
    return [-mT(y) @ y_bar @ mT(y)]


inv = special(
    "inv",
    named(np.linalg.inv),
    forward=_inv_jvp,
    backward=_inv_vjp,
    numpy=np.linalg.inv,
    latex=r"{a}^{{-1}}",
    batch="trailing",
)


# -- pinv and lstsq --------------------------------------------------------------------------------
# Both are differentiated along matrices of the same rank: where the rank may change they jump.
# I - A A+ is zero for independent rows, I - A+ A for independent columns: then they are left out,
# for their rounding errors would be multiplied by the square of A+.
def _pinv_jvp(tangents: Any, primals: Any, y: Any, *, rcond: Any, hermitian: bool) -> Any:
    """With A+ for the pseudo-inverse: -A+ dA A+ + A+ A+^H dA^H (I - A A+) + (I - A+ A) dA^H A+^H A+,
    in the order of products that forms no matrix larger than A."""
    (a_dot,), (a,) = tangents, primals
    if hermitian:
        a, a_dot = as_read(a), as_read(a_dot)
    e, y_h = dagger(a_dot), dagger(y)
    rank = np.rint(np.sum(real(a * mT(y)), axis=(-2, -1), keepdims=True))  # the trace of A A+
    m, n = a.shape[-2:]
    left = np.where(rank == m, 0, e - (e @ a) @ y)
    right = np.where(rank == n, 0, e - y @ (a @ e))
    if m >= n:
        return (y @ y_h) @ left + (right @ y_h) @ y - (y @ a_dot) @ y
    return y @ (y_h @ left) + right @ (y_h @ y) - y @ (a_dot @ y)


def as_read(a: Any) -> Any:
    """With ``hermitian=True`` NumPy reads the lower triangle."""
    return hermitian(a, lower=True)


pinv = special(
    "pinv",
    named(np.linalg.pinv),
    forward=_pinv_jvp,
    numpy=np.linalg.pinv,
    latex="{a}^+",
    batch="trailing",
)


def _lstsq_jvp(tangents: Any, primals: Any, y: Any, *, rcond: Any) -> Any:
    """x = A+ b: dx = A+ (db - dA x) + A+ A+^H dA^H r + (I - A+ A) dA^H A+^H x, with the residual
    r = b - A x; and A+ v is again a least-squares problem."""
    (a_dot, b_dot), (a, b), vector = tangents, primals, ndim_of(primals[1]) == 1
    x, b_dot = columns(y[0], vector), columns(b_dot, vector)
    r = np.where(y[2] == a.shape[-2], 0, columns(b, vector) - a @ x)

    def least(m: Any, v: Any) -> Any:
        return lstsq(m, v, rcond=rcond)[0]

    change = b_dot - a_dot @ x
    a_h, e = dagger(a), dagger(a_dot)
    outside = e @ least(a_h, x)
    outside = np.where(y[2] == a.shape[-1], 0, outside - least(a, a @ outside))
    x_dot = least(a, change + least(a_h, e @ r)) + outside
    sizes_dot = 2 * np.sum(real(conj(r) * change), axis=-2) if y[1].shape[-1] else ZERO
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    s_dot = np.sum(real(conj(u) * (a_dot @ dagger(vh))), axis=-2)
    return x_dot[..., 0] if vector else x_dot, sizes_dot, ZERO, s_dot


def _lstsq_vjp(bars: Any, primals: Any, y: Any, *, rcond: Any) -> Any:
    (x_bar, sizes_bar, _, s_bar), (a, b), vector = bars, primals, ndim_of(primals[1]) == 1
    x = columns(y[0], vector)
    r = np.where(y[2] == a.shape[-2], 0, columns(b, vector) - a @ x)

    def least(m: Any, v: Any) -> Any:
        return lstsq(m, v, rcond=rcond)[0]

    a_bar: Any = ZERO
    b_bar: Any = ZERO
    if x_bar is not ZERO:
        x_bar = columns(x_bar, vector)
        b_bar = least(mT(a), x_bar)
        opposite = conj(x_bar)
        outside = np.where(y[2] == a.shape[-1], 0, opposite - least(a, a @ opposite))
        a_bar = (
            conj(r) @ mT(least(a, conj(b_bar)))
            + conj(least(dagger(a), x)) @ mT(outside)
            - b_bar @ mT(x)
        )
    if sizes_bar is not ZERO and y[1].shape[-1]:
        change = 2 * conj(r) * sizes_bar
        b_bar = b_bar + change
        a_bar = a_bar + -(change @ mT(x))
    if s_bar is not ZERO:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        a_bar = a_bar + conj((u * s_bar) @ vh)
    return [a_bar, b_bar[..., 0] if vector and b_bar is not ZERO else b_bar]


def _many_problems(a: Any, b: Any, vector: bool, rcond: Any) -> Any:
    """Least squares for a stack of matrices. NumPy returns residuals only for full rank, so all
    matrices of a stack must have full rank, or none."""
    m, n = a.shape[-2:]
    b = columns(b, vector)
    precision = np.finfo(a.dtype).eps
    rcond = precision * max(m, n) if rcond is None else precision if rcond < 0 else rcond
    x = pinv(a, rcond=rcond, hermitian=False) @ b
    s = np.linalg.svdvals(a)
    rank = np.count_nonzero(s > rcond * s[..., :1], axis=-1).astype(np.int32)
    full = payload(rank) == n
    if m > n and np.any(full) and not np.all(full):
        raise refuse(
            "np.linalg.lstsq under vmap, where only some matrices have full rank,",
            'use vmap(..., fallback="loop"), or np.linalg.pinv(a) @ b',
        )
    r = (b - a @ x)[..., : x.shape[-1] if m > n and np.all(full) else 0]
    sizes = np.sum(real(conj(r) * r), axis=-2)
    if m > n:  # a traced program returns residuals, or none, for all later matrices
        kind = "of full rank" if np.all(full) else "not of full rank"
        message = (
            f"np.linalg.lstsq under vmap: the residuals were traced for matrices {kind}, and "
            "these matrices differ; leave the residuals out of jit"
        )
        require((rank == n) == bool(np.all(full)), ShapeError(message))
    return x[..., 0] if vector else x, sizes, rank, s


def _batch_lstsq(row: Any, size: int, args: Any, flags: Any, *, rcond: Any) -> Any:
    """One matrix takes many right-hand sides; for stacks of matrices NumPy has the
    pseudo-inverse."""
    (a, b), (a_flag, b_flag) = args, flags
    if not size:  # an empty stack, shaped as a single problem of full rank
        a = np.eye(*a.shape[-2:], dtype=a.dtype) if a_flag else a
        b = np.zeros(shape_of(b)[b_flag:], b.dtype)
        return tuple(np.zeros((0, *np.shape(y)), y.dtype) for y in row(a, b, rcond=rcond))
    if a_flag:
        return _many_problems(a, b, ndim_of(b) - b_flag == 1, rcond)
    wide = np.moveaxis(columns(b, ndim_of(b) == 2), 0, -2)  # (m, size, k)
    x, sizes, rank, s = row(a, np.reshape(wide, (wide.shape[0], -1)), rcond=rcond)
    x = np.moveaxis(np.reshape(x, (x.shape[0], *wide.shape[1:])), -2, 0)
    sizes = (
        np.reshape(sizes, (size, -1)) if sizes.shape[0] else np.zeros_like(sizes, shape=(size, 0))
    )
    alike = (np.broadcast_to(part, (size, *part.shape)) for part in (rank, s))
    return (x[..., 0] if ndim_of(b) == 2 else x, sizes, *alike)


lstsq = register(
    Several(
        "lstsq",
        named(np.linalg.lstsq),
        forward=_lstsq_jvp,
        backward=_lstsq_vjp,
        numpy=np.linalg.lstsq,
        batch=_batch_lstsq,
    )
)
