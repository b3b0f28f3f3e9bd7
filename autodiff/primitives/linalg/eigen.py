"""Eigenvalues and eigenvectors: eigh and eigvalsh of a Hermitian matrix, eig and eigvals of any.

    A V = V diag(w)    E = V^-1 dA V    dw = diag(E)    dV = V X,  X_ij = E_ij / (w_j - w_i)

What happens where values coincide: `linalg_coincidence`. Vectors keep the length 1, and complex ones
the phase, that LAPACK gives them: one component is real, of `eigh` the first or the last, of `eig`
the largest. A reverse sweep refuses a function of the phase that eigh and svd happen to choose.
Source: Magnus, On differentiating eigenvalues and eigenvectors (1985).
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...base.errors import refuse
from ...rules.kinds import flat, special
from ...rules.primitive import ZERO, register
from .coincidence import (
    as_rows_and_cols,
    guarded,
    live_columns,
    over_differences,
    over_gaps,
    share_ties,
    undecided,
    with_splitting,
    without_splitting,
)
from .helpers import (
    Several,
    aligned_to_first,
    conj,
    dagger,
    diagonal_of,
    hermitian,
    is_complex,
    named,
    real,
    triangle,
)
from .solve import solve

EIG, EIGH = "np.linalg.eig", "np.linalg.eigh"


def off_diagonal(m: Any) -> Any:
    return np.where(np.eye(m.shape[-1], dtype=bool), 0, m)


def spread_diagonal(d: Any, m: Any) -> Any:
    """`m` with the diagonal d."""
    return np.where(np.eye(m.shape[-1], dtype=bool), d[..., None, :], m)


def rotation(e: Any, values: Any, of: str) -> Any:
    """X_ij = E_ij / (w_j - w_i); nan where coinciding values part along this direction."""
    rows, cols = as_rows_and_cols(values)
    x = off_diagonal(over_gaps(e, rows, cols, e, of=of, on_clash="zero"))
    return np.where(undecided(e, rows, cols, of=of), np.nan, x)


def phase_kept(entries: Any, entries_dot: Any) -> Any:
    """By how much, times i, each unit vector turns so that the entry which LAPACK keeps real (up to
    rounding) stays real. Only this determines the phase of a vector of a complex matrix."""
    fixed = (np.abs(np.imag(entries)) <= 8 * np.finfo(entries.dtype).eps) & (entries != 0)
    return np.where(fixed, 1j * np.imag(entries_dot / np.where(fixed, entries, 1)), 0)


# -- Hermitian -------------------------------------------------------------------------------------
def _eigh_jvp(tangents: Any, primals: Any, y: Any, *, UPLO: str) -> Any:
    w, v = y
    e = dagger(v) @ hermitian(tangents[0], lower=UPLO == "L") @ v
    v_dot = v @ rotation(e, w, EIGH)
    if is_complex(v) and v.shape[-1]:
        at = 0 if UPLO == "L" else -1
        v_dot = v_dot - v * phase_kept(v[..., at, :], v_dot[..., at, :])[..., None, :]
    return share_ties(w, real(diagonal_of(e))), v_dot


def _eigh_vjp(bars: Any, primals: Any, y: Any, *, UPLO: str) -> Any:
    (given, v_bar), (w, v) = bars, y
    w_bar: Any = given
    if w_bar is not ZERO:
        w_bar = share_ties(without_splitting(w), without_splitting(w_bar))
    if v_bar is ZERO:
        middle = v * w_bar[..., None, :]
    else:
        coupling = dagger(v) @ conj(v_bar)
        middle = over_differences(coupling, live_columns(v_bar)[..., None, :], w, EIGH)
        middle = v @ (middle if w_bar is ZERO else spread_diagonal(w_bar, middle))
    return [triangle(conj(middle @ dagger(v)), lower=UPLO == "L")]


eigh = register(
    Several(
        "eigh",
        with_splitting(named(np.linalg.eigh)),
        forward=_eigh_jvp,
        backward=_eigh_vjp,
        numpy=np.linalg.eigh,
        batch="trailing",
    )
)


# NumPy computes the values alone by another routine, with other last bits.
def _eigvalsh_jvp(tangents: Any, primals: Any, y: Any, *, UPLO: str) -> Any:
    w, v = eigh(*primals, UPLO=UPLO)
    change = hermitian(tangents[0], lower=UPLO == "L") @ v
    return share_ties(w, np.sum(real(conj(v) * change), axis=-2))


def _eigvalsh_vjp(y_bar: Any, primals: Any, y: Any, *, UPLO: str) -> Any:
    return _eigh_vjp((y_bar, ZERO), primals, eigh(*primals, UPLO=UPLO), UPLO=UPLO)


eigvalsh = special(
    "eigvalsh",
    with_splitting(named(np.linalg.eigvalsh)),
    forward=_eigvalsh_jvp,
    backward=_eigvalsh_vjp,
    numpy=np.linalg.eigvalsh,
    batch="trailing",
)


# -- general ---------------------------------------------------------------------------------------
def _check_independent(v: Any) -> Any:
    """Refuse a defective matrix: it has too few eigenvectors, and its values change like a root at
    0."""
    s = np.linalg.svd(v, compute_uv=False)
    smallest, largest = np.min(s, -1, initial=np.inf), np.max(s, -1, initial=0)
    independent = smallest > 8 * v.shape[-1] * np.finfo(v.dtype).eps * largest
    if not np.all(independent):
        raise refuse(
            "np.linalg.eig: the matrix is defective (its eigenvectors are dependent), so its "
            "eigenvalues have no derivative",
            "use functions of the matrix itself (np.trace, np.linalg.det, np.linalg.matrix_power)",
        )
    return independent


check_independent = flat("check_independent", _check_independent, batch="trailing")


def _mixing(v: Any, w: Any, a_dot: Any) -> Any:
    """E = V^-1 dA V."""
    check_independent(v)
    return guarded(solve(v, a_dot @ v), *as_rows_and_cols(w), of=EIG, vectors=False)


def _eig_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    w, v = y
    e = _mixing(v, w, tangents[0])
    v_dot = v @ rotation(guarded(e, *as_rows_and_cols(w), of=EIG, vectors=True), w, EIG)
    v_dot = v_dot - v * np.sum(real(conj(v) * v_dot), axis=-2, keepdims=True)
    if is_complex(v) and v.shape[-1]:  # an empty matrix does not have a largest component
        place = np.argmax(np.abs(v), axis=-2)[..., None, :]
        v_dot = v_dot - v * phase_kept(*(np.take_along_axis(x, place, -2) for x in (v, v_dot)))
    return share_ties(w, diagonal_of(e)), v_dot


eig = register(
    Several("eig", named(np.linalg.eig), forward=_eig_jvp, numpy=np.linalg.eig, batch="trailing")
)


def _matching(values: Any, others: Any) -> Any:
    """For each of `values` the place of the same one among `others`, each place used once."""
    shape = values.shape
    others = np.broadcast_to(others, shape)
    values, others = (np.reshape(x, (prod(shape[:-1]), shape[-1])) for x in (values, others))
    places = np.empty(values.shape, dtype=np.intp)
    for k, (one, other) in enumerate(zip(values, others, strict=True)):
        distance = np.abs(one[:, None] - other)
        for i in range(shape[-1]):
            places[k, i] = np.argmin(distance[i])
            distance[:, places[k, i]] = np.inf
    return np.reshape(places, shape)


matching = flat("matching", _matching, batch=aligned_to_first)


def _eigvals_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    w, v = eig(*primals)
    w_dot = share_ties(w, diagonal_of(_mixing(v, w, tangents[0])))
    return np.take_along_axis(w_dot, matching(y, w), -1)


eigvals = special(
    "eigvals",
    named(np.linalg.eigvals),
    forward=_eigvals_jvp,
    numpy=np.linalg.eigvals,
    batch="trailing",
)
