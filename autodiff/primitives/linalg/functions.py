"""Functions of a matrix: expm and logm with their Frechet derivatives, sqrtm, the polar factors.

The Frechet derivative L(A, E) of f at A along E stands in f of a block matrix, and so does its own:

    f [A  E]  =  [f(A)  L(A, E)]        L(M, dM) with M = [A  E] and dM = [dA  dE]
      [0  A]     [ 0      f(A) ]                          [0  A]          [0   dA]

so that one function L gives the derivatives of every order. Its adjoint is L(A^T, .).
Source: Mathias, A chain rule for matrix functions and applications (1996); Al-Mohy and Higham,
Computing the Frechet derivative of the matrix exponential (2009); Al-Mohy, Higham and Relton,
Computing the Frechet derivative of the matrix logarithm (2013); Higham, Functions of Matrices (2008).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...base.errors import refuse
from ...rules.kinds import Special, special
from ...rules.primitive import register
from ..shaping import stop_gradient
from .helpers import Several, aligned, dagger, mT, no_derivative_where
from .scipy import of_each, scipy_linalg, scipys
from .solve import solve
from .sylvester import sylvester, triangular_sylvester


# -- Frechet derivatives ---------------------------------------------------------------------------
def blocks(a: Any, e: Any) -> Any:
    """[A E; 0 A]."""
    nothing = np.zeros_like(a)
    top = np.concatenate((a, e), axis=-1)
    return np.concatenate((top, np.concatenate((nothing, a), axis=-1)), axis=-2)


def scale_of(e: Any, a: Any) -> Any:
    """How much larger E is than A, a power of 2. L is linear in E: with E as large as A, the block
    matrix is no worse to work with than A."""
    large, size = (
        np.max(np.abs(stop_gradient(x)), axis=(-2, -1), keepdims=True, initial=0) for x in (e, a)
    )
    given = np.greater(large, 0) & np.greater(size, 0)
    ratio = np.where(given, large, 1) / np.where(given, size, 1)
    return np.exp2(np.round(np.log2(ratio)))


def _slope_jvp(row: Any, tangents: Any, primals: Any) -> Any:
    (a_dot, e_dot), (a, e) = tangents, primals
    n, scale = a.shape[-1], scale_of(e, a)
    whole = row(blocks(a, e / scale), blocks(a_dot, e_dot / scale))
    return scale * whole[..., :n, n:]


def _slope_vjp(row: Any, y_bar: Any, primals: Any) -> Any:
    """By M^T with its blocks in the other order, so that it is upper triangular again."""
    a, e = primals
    n, scale = a.shape[-1], scale_of(e, a)
    nothing = np.zeros_like(y_bar)
    corner = np.concatenate((y_bar, nothing), axis=-1)
    corner = np.concatenate((np.zeros_like(corner), corner), axis=-2)
    whole = row(blocks(mT(a), mT(e) / scale), corner)
    return [scale * (whole[..., :n, :n] + whole[..., n:, n:]), whole[..., n:, :n]]


def differentiable(name: str, value: Callable[..., Any], slope: Callable[..., Any]) -> Any:
    """The rows of a function of a matrix and of its Frechet derivative."""
    frechet = register(
        Special(
            f"{name}_frechet",
            slope,
            forward=lambda tangents, primals, y: _slope_jvp(frechet, tangents, primals),
            backward=lambda y_bar, primals, y: _slope_vjp(frechet, y_bar, primals),
            text=f"{name}_frechet({{a}}, {{b}})",
            batch=aligned,
        )
    )
    row = special(
        f"scipy.linalg.{name}",
        value,
        forward=lambda tangents, primals, y: frechet(*primals, *tangents),
        backward=lambda y_bar, primals, y: [frechet(mT(primals[0]), y_bar)],
        text=f"{name}({{a}})",
        batch="trailing",
    )
    return row, frechet


# -- the exponential -------------------------------------------------------------------------------
@of_each("expm_frechet")
def _expm_slope(a: Any, e: Any) -> Any:
    return scipy_linalg("expm_frechet").expm_frechet(a, e, compute_expm=False, check_finite=False)


expm, expm_frechet = differentiable("expm", scipys("expm"), _expm_slope)


# -- the logarithm ---------------------------------------------------------------------------------
# log(X) = 2^s log(X^(1 / 2^s)), and log(I + Y) is the integral over [0, 1] of Y (I + tY)^-1, whose
# slope (I + tY)^-1 E (I + tY)^-1 subtracts nothing. Gauss's rule of 8 nodes is as exact as doubles
# are for |Y| < 1/4.
NEAR = 0.25


@cache
def gauss() -> list[tuple[Any, Any]]:
    """Nodes and weights on [0, 1]. Imported here, because NumPy loads its polynomials only on
    request."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    return list(zip((1 + nodes) / 2, weights / 2, strict=True))


def schur(a: Any) -> tuple[Any, Any]:
    """A triangular T and a unitary U with A = U T U^H. Of the block matrix of a derivative, which has
    each eigenvalue twice, they are made of those of A: a perturbation that does not keep the blocks
    would change the derivative by far more than a rounding."""
    n, odd = divmod(a.shape[-1], 2)
    if n and not odd and np.array_equal(a[:n, :n], a[n:, n:]) and not np.any(a[n:, :n]):
        t, u = schur(a[:n, :n])
        nothing = np.zeros_like(u)
        return blocks(t, dagger(u) @ a[:n, n:] @ u), np.block([[u, nothing], [nothing, u]])
    sp = scipy_linalg("logm")
    if a.dtype.kind == "c":
        return sp.schur(a, output="complex")  # type: ignore[no-any-return]
    return sp.rsf2csf(*sp.schur(a, output="real"))  # type: ignore[no-any-return]


@of_each("logm")
def _logm_slope(a: Any, e: Any) -> Any:
    """In the basis in which A is triangular: roots of A, each with its derivative, which is the
    solution of a Sylvester equation; then the integral."""
    (t, u), n, sp = schur(a), a.shape[-1], scipy_linalg("logm")
    real = a.dtype.kind != "c" and e.dtype.kind != "c"
    cut = np.any((np.diagonal(t).imag == 0) & (np.diagonal(t).real < 0))
    slope, one, scale = dagger(u) @ e @ u, np.eye(n), 1.0
    while np.linalg.norm(t - one, 1) > NEAR:
        t, scale = np.triu(sp.sqrtm(t)), 2 * scale
        with no_derivative_where("logm exists only where the matrix is invertible"):
            slope = triangular_sylvester(t, t, slope, dagger=False, name="logm")
    total = np.zeros_like(slope)
    for node, weight in gauss():
        middle = one + node * (t - one)
        left = sp.solve_triangular(middle, slope, check_finite=False)
        total += weight * sp.solve_triangular(middle, left.T, trans=1, check_finite=False).T
    whole = u @ (scale * total) @ dagger(u)
    return whole.real if real and not cut else whole


@of_each("logm")
def _logm(a: Any) -> Any:
    """In double precision: SciPy's result in single precision is so far off that SciPy warns."""
    double = np.complex128 if a.dtype.kind == "c" else np.float64
    before = np.random.get_state()  # noqa: NPY002 - SciPy estimates norms with random vectors
    try:
        return scipy_linalg("logm").logm(a.astype(double, copy=False))
    finally:
        np.random.set_state(before)  # noqa: NPY002 - a value uses up no numbers of the user's


logm, logm_frechet = differentiable("logm", _logm, _logm_slope)


# -- the square root -------------------------------------------------------------------------------
ROOT = "sqrtm exists only where the matrix is invertible"


def _sqrtm_jvp(tangents: Any, primals: Any, y: Any) -> Any:
    """Y dY + dY Y = dA."""
    with no_derivative_where(ROOT):
        return sylvester(y, y, tangents[0])


def _sqrtm_vjp(y_bar: Any, primals: Any, y: Any) -> Any:
    with no_derivative_where(ROOT):
        return [sylvester(mT(y), mT(y), y_bar)]


sqrtm = special(
    "scipy.linalg.sqrtm",
    scipys("sqrtm"),
    forward=_sqrtm_jvp,
    backward=_sqrtm_vjp,
    text="sqrtm({a})",
    latex=r"{a}^{{1/2}}",
    batch="trailing",
)


# -- the polar factors -----------------------------------------------------------------------------
def _polar_jvp(tangents: Any, primals: Any, y: Any, *, side: str) -> Any:
    """A = U P with U^H U = I and P Hermitian; A = P U is A^H = U^H P."""
    (a_dot,), (u, p) = tangents, y
    if side == "left":
        u_dot, p_dot = _right_polar_jvp(dagger(a_dot), dagger(u), p)
        return dagger(u_dot), p_dot
    return _right_polar_jvp(a_dot, u, p)


def _right_polar_jvp(a_dot: Any, u: Any, p: Any) -> Any:
    """With the skew-Hermitian W = U^H dU: U^H dA = W P + dP, so P W + W P = U^H dA - dA^H U."""
    m, n = u.shape[-2:]
    if m < n:
        raise refuse(
            "polar: the factor p of the longer side is singular, and has no derivative",
            'choose the other side: "left" for a matrix with more columns than rows, "right" for '
            "one with more rows",
        )
    inside = dagger(u) @ a_dot
    with no_derivative_where("polar exists only where the matrix has full rank"):
        w = sylvester(p, p, inside - dagger(inside))
        w = (w - dagger(w)) / 2  # the rest is rounding error over the smallest singular values
        u_dot = u @ w
        if m > n:
            u_dot = u_dot + mT(solve(mT(p), mT(a_dot - u @ inside)))
    return u_dot, inside - w @ p


polar = register(
    Several(
        "scipy.linalg.polar",
        scipys("polar"),
        forward=_polar_jvp,
        text="polar({a})",
        batch="trailing",
    )
)
