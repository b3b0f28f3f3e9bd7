"""Factorisations: A = L L^H (cholesky) and A = Q R (qr), differentiated through their own factors.

Both split a product of factors into its triangle and the rest. For A = L L^H, the matrix
L^-1 dL is the lower half of L^-1 dA L^-H; for A = Q R, the matrix Q^H dQ is skew-Hermitian, and
known from the part of Q^H dA R^-1 below the diagonal.
Source: Murray, Differentiation of the Cholesky decomposition (2016); Walter and Lehmann,
Algorithmic differentiation of linear algebra functions (2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...rules.kinds import linear, special
from ...rules.primitive import register
from .helpers import (
    Several,
    below_diagonal,
    dagger,
    hermitian,
    is_complex,
    mT,
    named,
    no_derivative_where,
    triangle,
)
from .solve import solve

# -- cholesky --------------------------------------------------------------------------------------
lower_half = linear(  # the lower triangle with half of the diagonal: its own transpose
    "lower_half",
    lambda a: np.tril(a) * (1 - 0.5 * np.eye(a.shape[-1], dtype=a.real.dtype)),
    lambda y_bar, a: lower_half(y_bar),
    batch="trailing",
    entries="core",
)


# `solve` is NumPy's, or one that uses the triangles: L in the first rule, L^T in the second.
def cholesky_jvp(tangents: Any, primals: Any, y: Any, *, upper: bool, solve: Any = solve) -> Any:
    """dL = L lower_half(L^-1 dA L^-H), where dA is the Hermitian matrix that its triangle means."""
    factor = dagger(y) if upper else y
    a_dot = hermitian(tangents[0], lower=not upper)
    inside = solve(factor, dagger(solve(factor, a_dot)))
    factor_dot = factor @ lower_half(inside)
    return dagger(factor_dot) if upper else factor_dot


def cholesky_vjp(y_bar: Any, primals: Any, y: Any, *, upper: bool, solve: Any = solve) -> Any:
    factor, factor_bar = (dagger(y), dagger(y_bar)) if upper else (y, y_bar)
    inside_bar = lower_half(mT(factor) @ factor_bar)
    a_bar = solve(mT(factor), mT(solve(dagger(factor), mT(inside_bar))))
    return [triangle(a_bar, lower=not upper)]


cholesky = special(
    "cholesky",
    named(np.linalg.cholesky),
    forward=cholesky_jvp,
    backward=cholesky_vjp,
    numpy=np.linalg.cholesky,
    batch="trailing",
)


# -- qr --------------------------------------------------------------------------------------------
def _qr_jvp(tangents: Any, primals: Any, y: Any, *, mode: str) -> Any:
    """With the first k = min(m, n) columns A1 = Q R1: X = Q^H dQ, dR = Q^H dA - X R."""
    (a_dot,), (q, r) = tangents, y
    rows, k = a_dot.shape[-2], min(a_dot.shape[-2:])
    q1, r1 = q[..., :k], r[..., :k, :k]
    with no_derivative_where("qr exists only where the first min(m, n) columns are independent"):
        ahead = mT(solve(mT(r1), mT(a_dot[..., :k])))  # dA1 R1^-1
    inner = dagger(q1) @ ahead
    below = np.where(below_diagonal(inner, -1), inner, 0)
    x = below - dagger(below)
    if is_complex(inner):  # R keeps a real diagonal
        x = np.where(np.eye(k, dtype=bool), 1j * np.imag(inner), x)
    q_dot = q1 @ (x - inner) + ahead
    r_dot = dagger(q1) @ a_dot - x @ r[..., :k, :]
    r_dot = np.where(below_diagonal(r_dot, -1), 0, r_dot)
    if q.shape[-1] > k:  # mode "complete" of a tall matrix
        q_dot = np.concatenate((q_dot, _completion_jvp(q1, q_dot)), axis=-1)
        nothing = np.zeros_like(r_dot, shape=(*r_dot.shape[:-2], rows - k, r_dot.shape[-1]))
        r_dot = np.concatenate((r_dot, nothing), axis=-2)
    return q_dot, r_dot


def _completion_jvp(q1: Any, q1_dot: Any) -> Any:
    """The other columns of Q, which LAPACK makes of reflections: Q = I - V T V^H, so that the first
    columns Q1 fix the rest, Q2 = I2 + (Q1 - I1) W with W = (top(Q1) - I)^-H bottom(Q1)^H."""
    k = q1.shape[-1]
    difference = q1 - np.eye(*q1.shape[-2:], dtype=q1.dtype)
    top = dagger(difference[..., :k, :])
    with no_derivative_where('qr in mode "complete" exists only where every column is reflected'):
        w = solve(top, dagger(q1[..., k:, :]))
        w_dot = solve(top, dagger(q1_dot[..., k:, :]) - dagger(q1_dot[..., :k, :]) @ w)
    return q1_dot @ w + difference @ w_dot


qr = register(
    Several("qr", named(np.linalg.qr), forward=_qr_jvp, numpy=np.linalg.qr, batch="trailing")
)
