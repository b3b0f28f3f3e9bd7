"""Determinants: det is a polynomial, so its derivatives exist at singular matrices too.

    d det(A) = sum(cof(A) * dA)        cof(A) = det(A) A^-T where A is regular

Where A is nearly singular, the matrix of cofactors comes from A = U S V^H, with no division by a
singular value: cof(A) = det(U) det(V^H) conj(U cof(S) V^H), and cof(S) holds the products of all
values but one.
Source: Horn and Johnson, Matrix Analysis (2013), 0.8.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...rules.kinds import special
from ...rules.primitive import ZERO, register
from .helpers import (
    Several,
    aligned,
    conj,
    dagger,
    diagonal_of,
    is_complex,
    mT,
    named,
    no_derivative_where,
    real,
)
from .solve import inv, solve


def over_matrices(y_bar: Any) -> Any:
    """One number per matrix, ready to multiply the matrices."""
    return np.reshape(y_bar, (*np.shape(y_bar), 1, 1))


det = special(
    "det",
    named(np.linalg.det),
    forward=lambda tangents, primals, y: np.sum(cofactors(*primals) * tangents[0], axis=(-2, -1)),
    backward=lambda y_bar, primals, y: [over_matrices(y_bar) * cofactors(*primals)],
    numpy=np.linalg.det,
    latex=r"\left|{a}\right|",
    batch="trailing",
)


def _cofactors(a: Any) -> Any:
    """By the inverse, which is quicker, where that loses two fifths of the digits at most, as all that
    is computed of a matrix of that condition number does."""
    try:
        inverse, d = np.linalg.inv(a), np.linalg.det(a)
    except np.linalg.LinAlgError:
        return cofactors_by_singular_values(a)
    form = np.finfo(inverse.dtype)
    spread = column_norm(a) * column_norm(inverse)
    near = (spread < form.eps**-0.4) & (np.abs(d) > form.tiny / form.eps) & (np.abs(d) < form.max)
    y = np.asarray(over_matrices(d) * mT(inverse))
    if not np.all(near):
        y[~near] = cofactors_by_singular_values(a[~near])
    return y


def column_norm(a: Any) -> Any:
    return np.max(np.sum(np.abs(a), axis=-2), axis=-1, initial=0)


def cofactors_by_singular_values(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * conj((u * all_but_one(s)[..., None, :]) @ vh)


def all_but_one(s: Any) -> Any:
    """For each entry along the last axis the product of all the others, from both ends."""
    before = np.ones_like(s)
    after = np.ones_like(s)
    before[..., 1:] = np.cumprod(s[..., :-1], axis=-1)
    after[..., :-1] = np.cumprod(s[..., :0:-1], axis=-1)[..., ::-1]
    return before * after


def all_but_two(s: Any) -> Any:
    """The products of all entries but the i-th and the j-th: a symmetric matrix, zero for i = j."""
    n = s.shape[-1]
    later = np.triu(np.ones((n, n), dtype=bool), 1)
    # between[i, j]: the product of s[k] for i < k < j, by running products along the rows.
    running = np.cumprod(np.where(later, s[..., None, :], 1), axis=-1)
    between = np.concatenate((np.ones_like(running[..., :1]), running[..., :-1]), axis=-1)
    before = np.concatenate((np.ones_like(s[..., :1]), np.cumprod(s, axis=-1)[..., :-1]), axis=-1)
    flipped = np.cumprod(s[..., ::-1], axis=-1)[..., ::-1]
    after = np.concatenate((flipped[..., 1:], np.ones_like(s[..., :1])), axis=-1)
    upper = np.where(later, before[..., :, None] * between * after[..., None, :], 0)
    return upper + mT(upper)


# Both rows are added for accuracy at singular matrices. Being derivatives of one function, det,
# they are symmetric: each is its own transpose.
cofactors = special(
    "cofactors",
    _cofactors,
    forward=lambda tangents, primals, y: cofactors_slope(*primals, *tangents),
    backward=lambda y_bar, primals, y: [cofactors_slope(*primals, y_bar)],
    batch="trailing",
)


def _cofactors_slope(a: Any, e: Any) -> Any:
    """The derivative of cof at A along E. At the diagonal matrix S along M = U^H E V it is
    -p_ij M_ji off the diagonal and sum_k p_ik M_kk on it, p the products of all values but two."""
    u, s, vh = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    pairs = all_but_two(s)
    m = dagger(u) @ e @ dagger(vh)
    on_diagonal = (pairs @ diagonal_of(m)[..., None])[..., 0]
    middle = np.where(np.eye(s.shape[-1], dtype=bool), on_diagonal[..., None, :], -pairs * mT(m))
    return sign[..., None, None] * (conj(u) @ middle @ conj(vh))


def _third(a: Any, e: Any, f: Any) -> Any:
    """The second derivative of cof at a regular matrix, along E and F: differentiate
    cof(A) = det(A) B, B = A^-T, twice, with dB = -B E^T B."""
    with no_derivative_where("det of order three is not implemented at a singular matrix"):
        b = mT(inv(a))
    d = over_matrices(det(a))

    def along(direction: Any) -> tuple[Any, Any]:
        return over_matrices(np.sum(b * direction, axis=(-2, -1))), -b @ mT(direction) @ b

    (e_trace, e_b), (f_trace, f_b) = along(e), along(f)
    cross = over_matrices(np.sum(f_b * e, axis=(-2, -1)))
    both = -f_b @ mT(e) @ b - b @ mT(e) @ f_b
    return d * ((e_trace * f_trace + cross) * b + f_trace * e_b + e_trace * f_b + both)


def _cofactors_slope_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    (a_dot, e_dot), (a, e) = tangents, primals
    return _third(a, e, a_dot) + cofactors_slope(a, e_dot)


cofactors_slope = special(
    "cofactors_slope",
    _cofactors_slope,
    forward=_cofactors_slope_jvp,
    backward=lambda y_bar, primals, y: [
        _third(*primals, y_bar),
        cofactors_slope(primals[0], y_bar),
    ],
    batch=aligned,
)


# -- slogdet ---------------------------------------------------------------------------------------
# d log det A = trace(A^-1 dA): its real part moves log |det A|, its imaginary part the sign.
def _slogdet_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    with no_derivative_where("slogdet is infinite at a singular matrix"):
        change = np.sum(diagonal_of(solve(*primals, *tangents)), axis=-1)
    if not is_complex(change):
        return ZERO, change
    return y[0] * (1j * np.imag(change)), np.real(change)


def _slogdet_vjp(bars: Any, primals: Any, y: Any) -> Any:
    sign_bar, log_bar = bars
    with no_derivative_where("slogdet is infinite at a singular matrix"):
        gradient = mT(inv(*primals))
    change_bar: Any = log_bar
    if is_complex(gradient) and sign_bar is not ZERO:
        change_bar = change_bar + -1j * real(1j * y[0] * sign_bar)
    return [ZERO if change_bar is ZERO else over_matrices(change_bar) * gradient]


slogdet = register(
    Several(
        "slogdet",
        named(np.linalg.slogdet),
        forward=_slogdet_jvp,
        backward=_slogdet_vjp,
        numpy=np.linalg.slogdet,
        batch="trailing",
    )
)
