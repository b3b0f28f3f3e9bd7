"""autodiff.linalg beside scipy.linalg: the same numbers, the same refusals, and what is read.

Derivatives are in forms_scipy_linalg.py and inputs/scipy_linalg.py, their accuracy against mpmath
in test_accuracy.py.
"""

from __future__ import annotations

import inspect
import sys
import warnings

import numpy as np
import pytest
import scipy.linalg as sl

import autodiff as ad
from autodiff.numpy_api.scipy_special import LINALG_NAMESAKES, PLACING

la = ad.linalg
rng = np.random.default_rng(3)
A = rng.normal(size=(2, 4, 4))
B = rng.normal(size=(4, 3))


def same(found, expected, tolerance=0.0):
    found, expected = (y if isinstance(y, (tuple, list)) else (y,) for y in (found, expected))
    for x, y in zip(found, expected, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        assert np.allclose(x, y, rtol=0, atol=tolerance * np.max(np.abs(y), initial=0))


# -- values ----------------------------------------------------------------------------------------
SAME_BITS = {
    "solve": lambda m, a, s: m.solve(a, B),
    "solve, her": lambda m, a, s: m.solve(s, B, assume_a="her"),
    "solve, pos": lambda m, a, s: m.solve(s, B, assume_a="pos", lower=True),
    "solve, tridiagonal": lambda m, a, s: m.solve(s, B, assume_a="tridiagonal"),
    "solve_banded": lambda m, a, s: m.solve_banded((1, 1), a[..., :3, :], B),
    "solve_banded, b": lambda m, a, s: m.solve_banded((2, 0), a[0, :3], B[:, 0]),
    "solve_triangular": lambda m, a, s: m.solve_triangular(a, B),
    "solve_triangular, T": lambda m, a, s: m.solve_triangular(a, B, 1),
    "solve_triangular, C": lambda m, a, s: m.solve_triangular(a, B, "C", True, True),
    "solve_triangular, b": lambda m, a, s: m.solve_triangular(a[0], B[:, 0], trans="T"),
    "solve_sylvester": lambda m, a, s: m.solve_sylvester(a, s[..., :3, :3], B),
    "solve_continuous_lyapunov": lambda m, a, s: m.solve_continuous_lyapunov(a, s),
    "solve_discrete_lyapunov": lambda m, a, s: m.solve_discrete_lyapunov(a, s),
    "solve_continuous_are": lambda m, a, s: m.solve_continuous_are(a[0], B, s[0], np.eye(3)),
    "solve_discrete_are": lambda m, a, s: m.solve_discrete_are(a[0], B, s[0], np.eye(3)),
    "cholesky": lambda m, a, s: m.cholesky(s),
    "cholesky, lower": lambda m, a, s: m.cholesky(s, lower=True),
    "cho_factor": lambda m, a, s: m.cho_factor(s, lower=True)[0],
    "cho_solve": lambda m, a, s: m.cho_solve(m.cho_factor(s), B),
    "lu": lambda m, a, s: m.lu(a),
    "lu, tall": lambda m, a, s: m.lu(a[..., :2], permute_l=True),
    "lu, wide": lambda m, a, s: m.lu(a[..., :2, :], p_indices=True),
    "lu_factor": lambda m, a, s: m.lu_factor(a),
    "lu_solve": lambda m, a, s: m.lu_solve(m.lu_factor(a), B),
    "lu_solve, T": lambda m, a, s: m.lu_solve(m.lu_factor(a), B, 1),
    "lu_solve, C": lambda m, a, s: m.lu_solve(m.lu_factor(a), B, 2),
    "polar": lambda m, a, s: m.polar(a[0]),
    "polar, left": lambda m, a, s: m.polar(a[0, :2], side="left"),
    "expm": lambda m, a, s: m.expm(a),
    "expm of integers": lambda m, a, s: m.expm([[1, 2], [3, 4]]),
    "logm": lambda m, a, s: m.logm(s),
    "sqrtm": lambda m, a, s: m.sqrtm(s),
    "sqrtm, complex": lambda m, a, s: m.sqrtm(a),
    "sinm": lambda m, a, s: m.sinm(a),
    "cosm": lambda m, a, s: m.cosm(a),
    "sinhm": lambda m, a, s: m.sinhm(a),
    "coshm": lambda m, a, s: m.coshm(a),
    "block_diag": lambda m, a, s: m.block_diag(a, s, B),
    "block_diag of numbers": lambda m, a, s: m.block_diag([[1, 2]], 3, [4]),
    "circulant": lambda m, a, s: m.circulant(a[0, 0]),
    "companion": lambda m, a, s: m.companion(a[0, 0]),
    "hankel": lambda m, a, s: m.hankel(a[0, 0], B[0]),
    "hankel, c": lambda m, a, s: m.hankel(a[0, 0]),
    "khatri_rao": lambda m, a, s: m.khatri_rao(a[0], s[0]),
    "toeplitz": lambda m, a, s: m.toeplitz(a[0, 0]),
    "toeplitz, r": lambda m, a, s: m.toeplitz(a[0, 0], B[0]),
}
CLOSE = {
    "solve, transposed": lambda m, a, s: m.solve(a.real, B, transposed=True),
    "expm_frechet": lambda m, a, s: m.expm_frechet(a[0], s[0]),
    "eigh of two": lambda m, a, s: m.eigh(s[0], s[1], eigvals_only=True),
    "tanm": lambda m, a, s: m.tanm(a),
    "tanhm": lambda m, a, s: m.tanhm(a),
}


@pytest.mark.parametrize("imaginary", [0, 1j], ids=["real", "complex"])
@pytest.mark.parametrize("name", [*SAME_BITS, *CLOSE])
def test_the_numbers_are_scipys(name, imaginary):
    f = SAME_BITS.get(name) or CLOSE[name]
    a = A + imaginary * A[::-1] if imaginary else A
    s = a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(4)
    same(f(la, a, s), f(sl, a, s), 0.0 if name in SAME_BITS else 1e-13)


def test_the_vectors_of_two_matrices_are_scipys_up_to_the_sign():
    s = A @ np.swapaxes(A, -1, -2) + np.eye(4)
    for lower in (True, False):
        (w, v), (values, vectors) = (m.eigh(A[0], s[0], lower=lower) for m in (la, sl))
        assert np.allclose(w, values, rtol=1e-13, atol=1e-13)
        assert np.allclose(abs(v), abs(vectors), rtol=1e-12, atol=1e-12)
        assert np.allclose(v.T @ s[0] @ v, np.eye(4), atol=1e-13)


def test_a_sylvester_equation_of_real_and_complex_matrices():
    """SciPy's solution of it is wrong where the real matrix has complex eigenvalues."""
    a, b, q = A[0], A[1, :3, :3] + 5j * np.eye(3), B
    x = la.solve_sylvester(a, b, q)
    assert np.allclose(a @ x + x @ b, q, atol=1e-13)
    x = la.solve_sylvester(b, a, q.T)
    assert np.allclose(b @ x + x @ a, q.T, atol=1e-13)


def test_complex_transposed_systems():
    """SciPy raises NotImplementedError there."""
    z = A[0] + 1j * A[1]
    h = z @ np.conj(z.T)
    assert np.allclose(z.T @ la.solve(z, B, transposed=True), B)
    assert np.allclose(h.T @ la.solve(h, B, assume_a="pos", transposed=True), B)


def test_stacks_are_loops():
    for f in (la.expm, la.logm, la.sqrtm, lambda a: la.solve_triangular(a, B)):
        same(f(A @ A), np.stack([f(a @ a) for a in A]))
    for whole, *parts in zip(la.lu(A), la.lu(A[0]), la.lu(A[1]), strict=True):
        same(whole, np.stack(parts))


def test_stacks_of_no_matrices():
    none = A[:0]
    for f in (la.expm, la.logm, la.sqrtm, la.cholesky):
        assert f(none).shape == (0, 4, 4)
        assert ad.grad(lambda a, f=f: np.sum(f(a)))(none).shape == (0, 4, 4)
    assert la.solve_triangular(none, B).shape == (0, 4, 3)
    assert la.solve_triangular(none, B[:, 0]).shape == (0, 4)
    assert [y.shape for y in la.lu_factor(none[..., :2])] == [(0, 4, 2), (0, 2)]


# -- what is read ----------------------------------------------------------------------------------
@pytest.mark.parametrize("lower", [True, False])
def test_only_what_scipy_reads_has_a_derivative(lower):
    s = A[0] @ A[0].T + np.eye(4)
    triangle = np.tri(4, dtype=bool) if lower else np.tri(4, dtype=bool).T
    corner = np.array([[0, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 0], [1, 1, 0, 0]], dtype=bool)
    band = abs(np.subtract.outer(range(4), range(4))) <= 1
    for read, f in (
        (triangle, lambda a: la.cholesky(a, lower)),
        (triangle, lambda a: la.solve_triangular(a, B, lower=lower)),
        (triangle ^ np.eye(4, dtype=bool), lambda a: la.solve_triangular(a, B, 0, lower, True)),
        (corner, lambda a: la.solve_banded((2, 1), a, B)),
        (triangle, lambda a: la.solve(a, B, lower, assume_a="sym")),
        (triangle, lambda a: la.solve(a, B, lower, assume_a="pos")),
        (triangle, lambda a: la.eigh(a, s, lower=lower, eigvals_only=True)),
        (triangle, lambda a: la.eigh(s, a, lower=lower, eigvals_only=True)),
        (band, lambda a: la.solve(a, B, assume_a="tridiagonal")),
        (np.eye(4, dtype=bool), lambda a: la.solve(a, B, assume_a="diagonal")),
    ):
        gradient = ad.grad(lambda a, f=f: np.sum(f(a)))(s)
        assert np.array_equal(gradient != 0, read)
        assert np.allclose(f(np.where(read, s, 7.0)), f(s), rtol=1e-13, atol=1e-13)


def test_the_other_triangle_of_cho_factor_is_scipys():
    s = A[0] @ A[0].T + np.eye(4)
    c, lower = la.cho_factor(s)
    assert not lower
    assert np.array_equal(c, sl.cho_factor(s)[0])
    slope = ad.grad(lambda s: la.cho_factor(s)[0][2, 0])(s)
    assert np.array_equal(slope, np.eye(4)[[2]].T * [1, 0, 0, 0] * bool(c[2, 0]))


# -- refusals --------------------------------------------------------------------------------------
ZERO, ONE, JORDAN = np.zeros((2, 2)), np.ones((2, 2)), np.array([[0.0, 1.0], [0.0, 0.0]])
SINGULAR = {
    "solve_triangular": (lambda a: la.solve_triangular(a, np.ones(2)), JORDAN, "singular"),
    "solve": (lambda a: la.solve(a, np.ones(2), assume_a="gen"), ONE, "singular"),
    "cholesky": (la.cholesky, -ONE, "scipy.linalg.cholesky: .* not positive definite"),
    "solve_banded": (
        lambda a: la.solve_banded((0, 1), a, np.ones(2)),
        ZERO,
        "scipy.linalg.solve_banded: singular",
    ),
    "solve, pos": (lambda a: la.solve(a, np.ones(2), assume_a="pos"), -ONE, "scipy.linalg.solve"),
    "solve_sylvester": (
        lambda a: la.solve_sylvester(a, -a, ONE),
        ONE,
        "an eigenvalue of A and one",
    ),
    "solve_continuous_lyapunov": (
        lambda a: la.solve_continuous_lyapunov(a, ONE),
        np.diag([1.0, -1.0]),
        "solve_continuous_lyapunov: singular",
    ),
    "solve_discrete_lyapunov": (
        lambda a: la.solve_discrete_lyapunov(a, ONE),
        np.eye(2),
        "solve_discrete_lyapunov",
    ),
    "sqrtm": (la.sqrtm, ZERO, "sqrtm exists only where the matrix is invertible"),
    "sqrtm, two branches": (la.sqrtm, np.diag([1.0, 0.0]), "the derivative of sqrtm"),
    "logm": (la.logm, np.diag([1.0, 0.0]), "logm exists only where the matrix is invertible"),
    "lu": (lambda a: la.lu(a)[1:], np.array([[1.0, 2.0], [2.0, 4.0]]), "columns are independent"),
    "polar": (la.polar, ZERO, "polar exists only where the matrix has full rank"),
    "not square": (la.expm, np.ones((2, 3)), r"expm: a matrix of shape \(2, 3\) is not square"),
    "no matrix": (la.logm, np.ones(2), r"logm: an array of shape \(2,\) is not a matrix"),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_singular_matrices_are_named(name):
    f, a, message = SINGULAR[name]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for derivative in (lambda: ad.jvp(f, (a,), (a + 1.0,)), lambda: pulled(f, a)):
            with pytest.raises(np.linalg.LinAlgError, match=message):
                derivative()


def pulled(f, a):
    y, pullback = ad.vjp(f, a)
    return pullback(tuple(map(np.ones_like, y)) if isinstance(y, tuple) else np.ones_like(y))


WRONG = {
    "assume_a": (lambda a: la.solve(a, B, assume_a="psd"), "assume_a='psd' is not one of general"),
    "l_and_u": (lambda a: la.solve_banded((1, 1), a, B), "has 4 diagonals, but .* means 3"),
    "trans": (lambda a: la.solve_triangular(a, B, trans=3), "trans=3: must be 0, 1, 2"),
    "side": (lambda a: la.polar(a, side="up"), "side='up': must be 'right' or 'left'"),
    "method": (lambda a: la.solve_discrete_lyapunov(a, a, "fast"), "method='fast'"),
    "check_finite": (lambda a: la.solve_triangular(a * np.inf, B), "infs or NaNs"),
    "check_finite, cholesky": (lambda a: la.cholesky(a * np.nan), "infs or NaNs"),
    "shapes": (lambda a: la.solve_triangular(a, B[:2]), "solve_triangular"),
    "columns": (lambda a: la.khatri_rao(a, B), "khatri_rao: shapes .* the same number of columns"),
    "coefficients": (lambda a: la.companion(a[0, :1]), "at least two"),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_named(name):
    f, message = WRONG[name]
    for call in (lambda: f(np.eye(4)), lambda: ad.vjp(f, np.eye(4))):
        with pytest.raises(ValueError, match=message):
            call()


def test_numbers_that_are_not_finite_pass_where_they_are_not_checked():
    a = np.diag([1.0, np.inf])
    x = la.solve_triangular(a, np.ones(2), check_finite=False)
    assert x.tolist() == [1.0, 0.0]


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.linalg", None)
    with pytest.raises(ad.MissingExtraError, match="expm needs SciPy: pip install scipy"):
        la.expm(np.eye(2))
    assert la.toeplitz([1.0, 2.0]).tolist() == [[1.0, 2.0], [2.0, 1.0]]


# -- the namesakes ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", la.__all__)
def test_a_namesake_takes_what_scipys_takes(name):
    ours, theirs = (list(inspect.signature(getattr(m, name)).parameters) for m in (la, sl))
    without = {
        "eigh": 2,
        "expm_frechet": 2,
        "sqrtm": 1,
        "logm": 1,
    }  # then by keyword, or deprecated
    without |= {"solve_continuous_are": 4, "solve_discrete_are": 4}
    count = without.get(name, len(theirs))
    assert ours[:count] == theirs[:count]


def test_refusals_name_every_namesake():
    assert set(LINALG_NAMESAKES) | set(PLACING) - {"norm"} == set(la.__all__)
    assert not set(LINALG_NAMESAKES) & set(PLACING)


def test_scipys_function_is_refused_with_the_namesake():
    f = {"solve_sylvester": lambda a: sl.solve_sylvester(a, a, a), "cho_factor": sl.cho_factor}
    for name in ("expm", "sqrtm", "lu", "polar", "schur", "qr", "cho_factor", "solve_sylvester"):
        with pytest.raises(ad.NotDifferentiableError) as caught:
            ad.vjp(f.get(name) or getattr(sl, name), A[0])
        cure = {"schur": "autodiff.linalg or np.linalg", "qr": "np.linalg.qr"}
        assert f"scipy.linalg.{name} turns" in str(caught.value)
        assert f"; use {cure.get(name, 'autodiff.linalg.' + name)}, or give" in str(caught.value)


# -- the other tools -------------------------------------------------------------------------------
TOOLS = {
    "expm": lambda a: la.expm(0.3 * a),
    "logm": lambda a: la.logm(a @ a.T + np.eye(4)),
    "sqrtm": lambda a: la.sqrtm(a @ a.T + np.eye(4)),
    "lu_solve": lambda a: la.lu_solve(la.lu_factor(a), B),
    "cho_solve": lambda a: la.cho_solve(la.cho_factor(a @ a.T + np.eye(4)), B),
    "solve_sylvester": lambda a: la.solve_sylvester(a @ a.T, a @ a.T, a),
    "solve_discrete_lyapunov": lambda a: la.solve_discrete_lyapunov(0.1 * a, a),
    "block_diag": lambda a: la.block_diag(a, la.toeplitz(a[0]), la.circulant(a[1])),
}


@pytest.mark.share(2)
@pytest.mark.parametrize("name", TOOLS)
def test_compiled_and_batched(name):
    def loss(a):
        return np.sum(TOOLS[name](a) ** 2)

    gradient = ad.grad(loss)
    expected = np.stack([gradient(a) for a in A])
    size = np.max(abs(expected))
    assert np.allclose(ad.vmap(gradient)(A), expected, rtol=0, atol=1e-12 * size)
    compiled = ad.jit(gradient)
    for a, slope in zip(A, expected, strict=True):
        assert np.allclose(compiled(a), slope, rtol=0, atol=1e-12 * size)
    assert ad.check(loss, A[0])


def test_explained():
    shown = ad.explain(lambda a: np.trace(la.expm(a) @ la.sqrtm(a)), np.diag([1.0, 4.0]))
    text, latex = str(shown), shown.latex()
    assert "expm(a)" in text
    assert "expm_frechet(a^T, " in text
    assert "solve_sylvester(" in text
    assert r"a^{1/2}" in latex
