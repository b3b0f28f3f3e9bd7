"""Elimination, P A = L U: both factors in one matrix, and the rows that were exchanged.

The exchanges are constant wherever the factors have a derivative. With F = L^-1 P dA U^-1 of the
leading square, dL = L tril(F, -1) and dU = triu(F) U.
Source: Walter and Lehmann, Algorithmic differentiation of linear algebra functions (2018).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...rules.kinds import flat
from ...rules.primitive import ZERO, register
from .helpers import Several, mT, no_derivative_where
from .scipy import scipys
from .structured import solve_triangular

SINGULAR = "lu_factor exists only where the leading columns are independent"


def _permutation(pivots: Any, *, rows: int) -> Any:
    """The order `p` in which LAPACK's exchanges leave the rows, one exchange after the other."""
    order = np.empty((*pivots.shape[:-1], rows), dtype=pivots.dtype)
    order[...] = np.arange(rows)
    for k in range(pivots.shape[-1]):
        other = pivots[..., k, None].astype(np.intp)
        taken = np.take_along_axis(order, other, -1)
        np.put_along_axis(order, other, order[..., k, None].copy(), -1)
        order[..., k] = taken[..., 0]
    return order


permutation = flat("permutation", _permutation, batch="trailing")


def over_lower(a: Any, b: Any) -> Any:
    """L^-1 b, where `a` holds both factors."""
    return solve_triangular(a, b, lower=True, unit_diagonal=True, check_finite=False)


def over_upper(a: Any, b: Any) -> Any:
    """b U^-1, where `a` holds both factors."""
    turned = solve_triangular(mT(a), mT(b), lower=True, unit_diagonal=False, check_finite=False)
    return mT(turned)


def over_lower_transposed(a: Any, b: Any) -> Any:
    """L^-T b."""
    return solve_triangular(mT(a), b, lower=False, unit_diagonal=True, check_finite=False)


def over_upper_transposed(a: Any, b: Any) -> Any:
    """b U^-T."""
    return mT(solve_triangular(a, mT(b), lower=False, unit_diagonal=False, check_finite=False))


def _lu_factor_jvp(tangents: Any, primals: Any, y: Any, *, check_finite: bool) -> Any:
    (a_dot,), (packed, pivots) = tangents, y
    m, n = packed.shape[-2:]
    k = min(m, n)
    a_dot = np.take_along_axis(a_dot, permutation(pivots, rows=m)[..., None], -2)
    leading = packed[..., :k, :k]
    with no_derivative_where(SINGULAR):
        f = over_upper(leading, over_lower(leading, a_dot[..., :k, :k]))
    l_dot = np.tril(f, -1) + np.tril(leading, -1) @ np.tril(f, -1)
    u_dot = np.triu(f) @ np.triu(leading)
    packed_dot = l_dot + u_dot
    if m > n:
        below = a_dot[..., k:, :] - packed[..., k:, :] @ u_dot
        packed_dot = np.concatenate((packed_dot, over_upper(leading, below)), axis=-2)
    if n > m:
        beside = a_dot[..., k:] - l_dot @ packed[..., k:]
        packed_dot = np.concatenate((packed_dot, over_lower(leading, beside)), axis=-1)
    return packed_dot, ZERO


def _lu_factor_vjp(bars: Any, primals: Any, y: Any, *, check_finite: bool) -> Any:
    """The same, transposed: L_bar and U_bar of the leading square take up what the rows below it,
    or the columns beside it, send back."""
    (packed_bar, _), (packed, pivots) = bars, y
    if packed_bar is ZERO:  # the exchanges alone were looked at
        return [ZERO]
    m, n = packed.shape[-2:]
    k = min(m, n)
    leading = packed[..., :k, :k]
    l_bar, u_bar = np.tril(packed_bar[..., :k, :k], -1), np.triu(packed_bar[..., :k, :k])
    with no_derivative_where(SINGULAR):
        if m > n:
            below_bar = over_upper_transposed(leading, packed_bar[..., k:, :])
            u_bar = u_bar - mT(packed[..., k:, :]) @ below_bar
        if n > m:
            beside_bar = over_lower_transposed(leading, packed_bar[..., k:])
            l_bar = l_bar - beside_bar @ mT(packed[..., k:])
        l_side = l_bar + mT(np.tril(leading, -1)) @ l_bar
        f_bar = np.tril(l_side, -1) + np.triu(u_bar @ mT(np.triu(leading)))
        a_bar = over_upper_transposed(leading, over_lower_transposed(leading, f_bar))
    if m > n:
        a_bar = np.concatenate((a_bar, below_bar), axis=-2)
    if n > m:
        a_bar = np.concatenate((a_bar, beside_bar), axis=-1)
    order = np.argsort(permutation(pivots, rows=m), axis=-1)
    return [np.take_along_axis(a_bar, order[..., None], -2)]


lu_factor = register(
    Several(
        "scipy.linalg.lu_factor",
        scipys("lu_factor"),
        forward=_lu_factor_jvp,
        backward=_lu_factor_vjp,
        text="lu_factor({a})",
        batch="trailing",
    )
)
