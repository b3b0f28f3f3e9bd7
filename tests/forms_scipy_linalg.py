"""Forms of autodiff.linalg, the namesakes of scipy.linalg: equations, factors, functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from forms import Form
from forms_linalg import ZT, A, B, H, S, T, W, Z, b, mixed, regular
from forms_special import in_double

import autodiff as ad

la = ad.linalg

STACK = regular(2, 3, 3)
NEAR = np.eye(3) + 0.1 * mixed(3, 3)  # eigenvalues on the right
STABLE = 0.3 * mixed(3, 3)
TURN = np.array([[0.3, -2.0, 0.1], [1.5, 0.5, 0.2], [0.1, 0.4, 1.0]])  # a complex pair
v, w = mixed(4), mixed(3)
BANDS = 0.4 * mixed(3, 4) + np.array([[0.0], [3.0], [0.0]])  # of a tridiagonal matrix


def form(name: str, f: Callable[..., Any], *args: Any, **more: Any) -> Form:
    return Form(f"autodiff.linalg.{name}", f, *args, **{"reference": in_double(f), **more})


def assuming(structure: str, **more: Any) -> Callable[..., Any]:
    return lambda a, b: la.solve(a, b, assume_a=structure, **more)


def by_cholesky(a: Any, b: Any, **options: Any) -> Any:
    return la.cho_solve(la.cho_factor(a, **options), b)


def by_elimination(a: Any, b: Any, **options: Any) -> Any:
    return la.lu_solve(la.lu_factor(a), b, **options)


def log_density(x: Any, covariance: Any) -> Any:
    """The logarithm of the normal density, as one writes it with SciPy."""
    factor = la.cholesky(covariance, lower=True)
    white = la.solve_triangular(factor, x, lower=True)
    return -0.5 * white @ white - np.sum(np.log(np.diagonal(factor)))


def kalman_gain(a: Any, q: Any) -> Any:
    """The gain of the stationary filter of x' = a x + noise, of which x[0] is seen."""
    seen = np.eye(1, 3)
    p = la.solve_discrete_are(a.T, seen.T, q @ q.T + np.eye(3), np.eye(1))
    return p @ seen.T / (seen @ p @ seen.T + 1.0)


FORMS = [
    # equations
    form("solve(A, b)", la.solve, A, b),
    form("solve(stack, B)", la.solve, STACK, B),
    form("solve(A, b, transposed=True)", lambda a, b: la.solve(a, b, transposed=True), A, b),
    form("solve(S, b, assume_a='sym')", assuming("sym"), S, b),
    form("solve(Z, b, assume_a='sym', lower=True)", assuming("sym", lower=True), Z, b),
    form("solve(H, b, assume_a='her')", assuming("her"), H, b),
    form("solve(S, B, assume_a='pos')", assuming("pos"), S, B),
    form("solve(S, b, assume_a='pos', lower=True)", assuming("pos", lower=True), S, b),
    form("solve(A, b, assume_a='upper triangular')", assuming("upper triangular"), A, b),
    form("solve(A, b, assume_a='tridiagonal')", assuming("tridiagonal"), A, b),
    form("solve(A, b, assume_a='diagonal')", assuming("diagonal"), A, b),
    form("solve(A, b, assume_a='banded')", assuming("banded"), A, b),
    form("solve_banded((1, 1), ab, b)", lambda ab, b: la.solve_banded((1, 1), ab, b), BANDS, v),
    form(
        "solve_banded((2, 0), complex, B)",
        lambda ab, b: la.solve_banded((2, 0), ab, b),
        np.roll(BANDS, -1, 0) + 0.1j * BANDS,
        T,
    ),
    form("solve_triangular(A, b)", la.solve_triangular, A, b),
    form("solve_triangular(lower)", lambda a, b: la.solve_triangular(a, b, lower=True), A, B),
    form("solve_triangular(trans=1)", lambda a, b: la.solve_triangular(a, b, 1), STACK, B),
    form("solve_triangular(Z, trans='C')", lambda a, b: la.solve_triangular(a, b, "C"), Z, b),
    form(
        "solve_triangular(unit_diagonal)",
        lambda a, b: la.solve_triangular(a, b, lower=True, unit_diagonal=True),
        A,
        b,
    ),
    form("solve_sylvester(a, b, q)", la.solve_sylvester, A, S[:2, :2], B),
    form("solve_sylvester(real, complex, q)", la.solve_sylvester, TURN, Z[:2, :2] + 9, B),
    form("solve_sylvester(stack, b, q)", la.solve_sylvester, STACK, S[:2, :2], B),
    form("solve_continuous_lyapunov(a, q)", la.solve_continuous_lyapunov, A, S),
    form("solve_continuous_lyapunov(Z, q)", la.solve_continuous_lyapunov, Z, S),
    form("solve_discrete_lyapunov(a, q)", la.solve_discrete_lyapunov, STABLE, S),
    form(
        "solve_discrete_lyapunov(a, q, 'bilinear')",
        lambda a, q: la.solve_discrete_lyapunov(a, q, "bilinear"),
        STABLE + 0.1j * STABLE.T,
        S,
    ),
    form(
        "solve_continuous_are(a, b, q, r)",
        lambda a, b, q, r: la.solve_continuous_are(a, b, q @ q.T, r @ r.T),
        STABLE,
        B,
        A,
        A[:2, :2],
    ),
    form("solve_discrete_are in a filter", kalman_gain, STABLE, NEAR),
    # factors
    form("cholesky(S)", la.cholesky, S),
    form("cholesky(H, lower=True)", lambda a: la.cholesky(a, lower=True), H),
    form("cholesky in a log density", log_density, b, S),
    form("cho_factor(S)", lambda a: la.cho_factor(a)[0], S),
    form("cho_solve(cho_factor(S), b)", by_cholesky, S, b),
    form(
        "cho_solve(cho_factor(H, lower=True), B)", lambda a, b: by_cholesky(a, b, lower=True), H, B
    ),
    form("lu(A)", lambda a: la.lu(a)[1:], A[::-1].copy()),
    form("lu(tall, permute_l=True)", lambda a: la.lu(a, permute_l=True), T),
    form("lu(wide, p_indices=True)", lambda a: la.lu(a, p_indices=True)[1:], W),
    form("lu(stack)", la.lu, STACK),
    form("lu_factor(Z)", lambda a: la.lu_factor(a)[0], Z),
    form("lu_solve(lu_factor(A), b)", by_elimination, A[::-1].copy(), b),
    form("lu_solve(trans=1)", lambda a, b: by_elimination(a, b, trans=1), A[::-1].copy(), B),
    form("lu_solve(Z, trans=2)", lambda a, b: by_elimination(a, b, trans=2), Z[::-1].copy(), b),
    form("polar(tall)", la.polar, T),
    form("polar(wide, side='left')", lambda a: la.polar(a, "left"), W),
    form("polar(complex)", la.polar, ZT),
    form("polar(wide)", la.polar, W, refused="longer side"),
    form("eigh(a, b, eigvals_only=True)", lambda a, b: la.eigh(a, b, eigvals_only=True), A, S),
    form("eigh(a, b)", lambda a, b: la.eigh(a, b)[1] ** 2, A, S),
    form("eigh(a, lower=False)", lambda a: la.eigh(a, lower=False), A),
    # functions of a matrix
    form("expm(A)", la.expm, 0.5 * A),
    form("expm(Z)", la.expm, 0.3 * Z),
    form("expm(stack)", la.expm, 0.4 * STACK),
    form("expm(t A) b", lambda t: la.expm(t * TURN) @ b, 0.7),
    form("expm_frechet(A, E)", la.expm_frechet, 0.5 * A, S),
    form("logm(A)", la.logm, NEAR),
    form("logm(a complex pair)", la.logm, TURN),
    form("logm(Z)", la.logm, Z),
    form("sqrtm(A)", la.sqrtm, TURN),
    form("sqrtm(H)", la.sqrtm, H),
    form("sqrtm(stack)", la.sqrtm, NEAR + 0.1 * STACK),
    form("cosm(A)", la.cosm, 0.4 * A),
    form("sinm(Z)", la.sinm, 0.2 * Z),
    form("tanm(A)", la.tanm, STABLE),
    form("coshm(A)", la.coshm, STABLE),
    form("sinhm(A)", la.sinhm, STABLE),
    form("tanhm(A)", la.tanhm, STABLE),
    # matrices of given entries
    form("toeplitz(c)", la.toeplitz, v),
    form("toeplitz(c, r)", la.toeplitz, v, w),
    form("toeplitz(complex)", la.toeplitz, v + 1j * mixed(4)),
    form("hankel(c, r)", la.hankel, v, w),
    form("hankel(c)", la.hankel, v),
    form("circulant(c)", la.circulant, v),
    form("companion(a)", la.companion, v),
    form("block_diag(A, b, x)", la.block_diag, A, b, 2.5),
    form("block_diag(stack, B)", la.block_diag, STACK, B),
    form("khatri_rao(A, B)", la.khatri_rao, A, T),
]
