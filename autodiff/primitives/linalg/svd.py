"""Singular values and vectors: svd and svdvals.

    A = U S V^H    P = U^H dA V = X S + dS - S Y,    X = U^H dU and Y = V^H dV skew-Hermitian

so that X + Y = (P + P^H) / (s_j - s_i) and X - Y = (P - P^H) / (s_j + s_i): no square of a singular
value appears. Beside the first k = min(m, n) vectors, what dA adds outside their span is divided by
s. The other columns of a full U are determined only by their span, and move along the least
rotation. What happens where values coincide: `linalg_coincidence`.
Source: Townsend, Differentiating the singular value decomposition (2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...rules.kinds import special
from ...rules.primitive import ZERO, register
from ..elementwise import direction
from .coincidence import (
    as_rows_and_cols,
    live_columns,
    over_differences,
    over_gaps,
    share_ties,
    skew,
    undecided,
    with_splitting,
    without_splitting,
)
from .eigen import off_diagonal, phase_kept, spread_diagonal
from .helpers import Several, conj, dagger, diagonal_of, is_complex, mT, named, real

SVD = "np.linalg.svd"


def over_values(m: Any, s: Any, on_clash: str) -> Any:
    """m / s column by column; a column without a direction, s = 0, must be zero."""
    return over_gaps(
        m, np.zeros_like(s, shape=(1, 1)), s[..., None, :], m, of=SVD, on_clash=on_clash
    )


def _svd_jvp(tangents: Any, primals: Any, y: Any, *, full_matrices: bool) -> Any:
    (a_dot,), (u, s, vh) = tangents, y
    k = s.shape[-1]
    u1, u2, v1, v2 = u[..., :k], u[..., k:], dagger(vh[..., :k, :]), dagger(vh[..., k:, :])
    p = dagger(u1) @ a_dot @ v1
    rows, cols = as_rows_and_cols(s)
    double = p + dagger(p)
    sum_xy = off_diagonal(over_gaps(double, rows, cols, p, of=SVD, on_clash="zero"))
    sum_xy = np.where(undecided(double, rows, cols, of=SVD), np.nan, sum_xy)
    difference_xy = over_gaps(p - dagger(p), -rows, cols, p, of=SVD, on_clash="zero")
    u_dot = u1 @ ((sum_xy + difference_xy) / 2)
    v_dot = v1 @ ((sum_xy - difference_xy) / 2)
    u_dot, u2_dot = _with_the_rest(u1, u2, u_dot, a_dot @ v1, s)
    v_dot, v2_dot = _with_the_rest(v1, v2, v_dot, dagger(a_dot) @ u1, s)
    if is_complex(a_dot) and min(a_dot.shape[-2:]):
        first = (v1, v_dot) if a_dot.shape[-2] >= a_dot.shape[-1] else (u1, u_dot)
        turn = phase_kept(*(x[..., 0, :] for x in first))[..., None, :]
        u_dot, v_dot = u_dot - u1 * turn, v_dot - v1 * turn
    if full_matrices:
        u_dot, v_dot = (np.concatenate(x, axis=-1) for x in ((u_dot, u2_dot), (v_dot, v2_dot)))
    return u_dot, share_ties(s, real(diagonal_of(p))), dagger(v_dot)


def _with_the_rest(u1: Any, u2: Any, u1_dot: Any, pushed: Any, s: Any) -> Any:
    """dU1 with its part outside the span of U1, and dU2 = -U1 (U2^H dU1)^H."""
    if u1.shape[-2] > u1.shape[-1]:
        outside = over_values(pushed - u1 @ (dagger(u1) @ pushed), s, "zero")
        u1_dot = u1_dot + outside
        return u1_dot, -u1 @ (dagger(outside) @ u2)
    return u1_dot, u2


def _svd_vjp(bars: Any, primals: Any, y: Any, *, full_matrices: bool) -> Any:
    """In conjugated cotangents, so that all is Hermitian: with J = U^H U_bar and L = V^H V_bar, the
    cotangent of P is skew(J + L) / (s_j - s_i) + skew(J - L) / (s_j + s_i) + diag(s_bar)."""
    (u_bar, s_bar, vh_bar), (u, apart, vh) = bars, y
    s = without_splitting(apart)
    k = s.shape[-1]
    if s_bar is not ZERO:
        s_bar = share_ties(s, without_splitting(s_bar))
    u1, u2, v1, v2 = u[..., :k], u[..., k:], dagger(vh[..., :k, :]), dagger(vh[..., k:, :])
    if u_bar is ZERO and vh_bar is ZERO:
        return [conj((u1 * s_bar[..., None, :]) @ dagger(v1))]
    live = (_live(u_bar, k) | _live(vh_bar if vh_bar is ZERO else mT(vh_bar), k))[..., None, :]
    u_bar = np.zeros_like(u) if u_bar is ZERO else conj(u_bar)
    v_bar = np.zeros_like(dagger(vh)) if vh_bar is ZERO else mT(vh_bar)
    j, l = dagger(u1) @ u_bar[..., :k], dagger(v1) @ v_bar[..., :k]  # noqa: E741 - see above
    p_bar = over_differences(j + l, live, apart, SVD)
    u_bar, v_bar, j, l = map(without_splitting, (u_bar, v_bar, j, l))  # noqa: E741
    rows, cols = as_rows_and_cols(s)
    p_bar = p_bar + over_gaps(skew(j - l), -rows, cols, abs(j) + abs(l), of=SVD, on_clash="raise")
    if s_bar is not ZERO:
        p_bar = p_bar + spread_diagonal(s_bar, np.zeros_like(p_bar))
    a_bar = u1 @ p_bar @ dagger(v1)
    a_bar = a_bar + _outside(u1, u2, u_bar[..., :k], u_bar[..., k:], s) @ dagger(v1)
    a_bar = a_bar + u1 @ dagger(_outside(v1, v2, v_bar[..., :k], v_bar[..., k:], s))
    return [conj(a_bar)]


def _live(bar: Any, k: int) -> Any:
    """Which of the first k vectors the program has looked at."""
    return np.zeros(k, dtype=bool) if bar is ZERO else live_columns(bar)[..., :k]


def _outside(u1: Any, u2: Any, u1_bar: Any, u2_bar: Any, s: Any) -> Any:
    """What comes back through the part of dU1 outside its own span, and through dU2."""
    if u1.shape[-2] == u1.shape[-1]:
        return np.zeros_like(u1)
    outside = u1_bar - u1 @ (dagger(u1) @ u1_bar)
    if u2.shape[-1]:
        among = dagger(u2) @ u2_bar
        nothing = np.zeros_like(s, shape=(1, 1))
        over_gaps(skew(among), nothing, nothing, among, of=SVD, on_clash="raise")
        outside = outside - u2 @ (dagger(u2_bar) @ u1)
    return over_values(outside, s, "raise")


svd = register(
    Several(
        "svd",
        with_splitting(named(np.linalg.svd)),
        forward=_svd_jvp,
        backward=_svd_vjp,
        numpy=np.linalg.svd,
        batch="trailing",
    )
)


# NumPy computes the values alone by another routine, with other last bits. Like |x| they have a
# kink at zero: derivative 0 there.
def _thin(a: Any) -> Any:
    return svd(a, full_matrices=False)


def _at_zero(a: Any, y: Any) -> Any:
    """0, the slope of singular values that are 0. Where all are, at the zero matrix, it is that of a
    norm, whose own slope is nan, but for a real number's."""
    if a.shape[-2:] == (1, 1) and not is_complex(a):
        return 0
    return np.where(np.max(y, axis=-1, keepdims=True, initial=0) == 0, direction(y, y), 0)


def _svdvals_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    u, s, vh = _thin(*primals)
    s_dot = np.sum(real(conj(u) * (tangents[0] @ dagger(vh))), axis=-2)
    return np.where(y == 0, _at_zero(*primals, y), share_ties(s, s_dot))


def _svdvals_vjp(y_bar: Any, primals: Any, y: Any) -> Any:
    u, s, vh = map(without_splitting, _thin(*primals))
    y, y_bar = without_splitting(y), without_splitting(y_bar)
    s_bar = share_ties(s, np.where(y == 0, _at_zero(*primals, y) * y_bar, y_bar))
    return [conj((u * s_bar[..., None, :]) @ vh)]


svdvals = special(
    "svdvals",
    with_splitting(named(np.linalg.svdvals)),
    forward=_svdvals_jvp,
    backward=_svdvals_vjp,
    numpy=np.linalg.svdvals,
    batch="trailing",
)
