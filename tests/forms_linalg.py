"""Forms of numpy.linalg: systems, determinants, factors, spectra, norms; real, complex, stacked."""

from __future__ import annotations

from typing import Any

import numpy as np
from forms import Form

la = np.linalg
rng = np.random.default_rng(20240607)


def mixed(*shape: int) -> Any:
    return np.round(rng.uniform(-1.5, 1.5, shape), 2)


def regular(*shape: int) -> Any:
    """Well-conditioned matrices."""
    return mixed(*shape) + 3 * np.eye(shape[-2], shape[-1])


A = regular(3, 3)
B = mixed(3, 2)
b = mixed(3)
T = mixed(4, 3)  # tall
W = mixed(2, 4)  # wide
S = A @ A.T  # symmetric, positive definite
STACK = regular(2, 3, 3)
SPD = STACK @ np.swapaxes(STACK, -1, -2)
Z = A + 1j * mixed(3, 3)
ZT = T + 1j * mixed(4, 3)
H = Z @ np.conj(Z.T)
ORDERED = np.diag([1.0, 3.0, 6.0]) + 0.2 * mixed(3, 3)  # real, simple eigenvalues
SPIRAL = np.array([[1.0, -2.0, 0.3], [1.5, 0.5, 0.2], [0.1, 0.4, -3.0]])  # a complex pair
RANK1 = np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 2.0])  # rank n - 2
RANK2 = RANK1 + np.outer([1.0, 0.0, 1.0], [2.0, -1.0, 0.5])  # rank n - 1
A32, b32, S32 = A.astype(np.float32), b.astype(np.float32), S.astype(np.float32)
Q4 = mixed(2, 3, 6)
v, V = np.array([0.6, -1.3, 2.2]), np.array([[0.6, -1.3, 2.2], [1.5, 0.3, -0.8]])
z = np.array([0.6 + 0.2j, -1.3 - 0.5j, 2.2 + 1.1j])


def projector(u: Any) -> Any:
    """What a set of orthonormal vectors spans, whatever their signs and phases."""
    return u @ np.conj(np.swapaxes(u, -1, -2))


def rebuilt(u: Any, s: Any, vh: Any) -> Any:
    return (u * s[..., None, :]) @ vh


def parts(a: Any, b: Any) -> Any:
    x, residuals, _, s = la.lstsq(a, b)
    return x, residuals, s


def whitened(x: Any) -> Any:
    w, u = la.eigh(x.T @ x / x.shape[0])
    return (x @ u / np.sqrt(w)) @ u.T


def log_density(x: Any, covariance: Any) -> Any:
    """The logarithm of the normal density, as one writes it."""
    _, logdet = la.slogdet(covariance)
    return -0.5 * (x @ la.solve(covariance, x) + logdet)


def through_cholesky(x: Any, covariance: Any) -> Any:
    factor = la.cholesky(covariance)
    return np.sum(la.solve(factor, x) ** 2) + 2 * np.sum(np.log(np.diagonal(factor)))


FORMS = [
    # systems of equations
    Form("np.linalg.solve(A, b)", la.solve, A, b),
    Form("np.linalg.solve(A, B)", la.solve, A, B),
    Form("np.linalg.solve(stack, B)", la.solve, STACK, B),
    Form("np.linalg.solve(stack, b)", la.solve, STACK, b),
    Form("np.linalg.solve(A, stack)", la.solve, A, STACK),
    Form("np.linalg.solve in A alone", lambda a: la.solve(a, [1, 2, 3]), A),
    Form("np.linalg.solve in b alone", lambda b: la.solve(np.array([[2, 1], [1, 3]]), b), b[:2]),
    Form("np.linalg.solve(float32)", la.solve, A32, b32, reference=la.solve),
    Form("np.linalg.solve(Z, b)", la.solve, Z, b),
    Form(
        "np.linalg.solve of a stack of tensors",
        lambda x: la.solve(A, np.stack([x[1], x[0], x[2] ** 2])),
        b,
    ),
    Form("np.linalg.inv(A)", la.inv, A),
    Form("np.linalg.inv(stack)", la.inv, STACK),
    Form("np.linalg.inv(Z)", la.inv, Z),
    Form("np.linalg.pinv(tall)", la.pinv, T),
    Form("np.linalg.pinv(wide)", la.pinv, W),
    Form("np.linalg.pinv(stack)", la.pinv, mixed(2, 3, 2)),
    Form("np.linalg.pinv(A, rcond=1e-3)", lambda a: la.pinv(a, rcond=1e-3), A),
    Form("np.linalg.pinv(A, rtol=None)", lambda a: la.pinv(a, rtol=None), T),
    Form("np.linalg.pinv(S, hermitian=True)", lambda a: la.pinv(a, hermitian=True), S),
    Form("np.linalg.pinv(complex)", la.pinv, ZT),
    Form("np.linalg.lstsq(tall, b)", parts, T, mixed(4)),
    Form("np.linalg.lstsq(tall, B)", parts, regular(4, 3), mixed(4, 2)),
    Form("np.linalg.lstsq(wide, b)", parts, W, mixed(2)),
    Form("np.linalg.lstsq(A, b, rcond=None)", lambda a, b: la.lstsq(a, b, rcond=None)[0], A, b),
    Form("np.linalg.lstsq in b alone", lambda b: la.lstsq(T, b)[:2], mixed(4)),
    Form("np.linalg.lstsq(complex)", parts, ZT, mixed(4) + 1j * mixed(4)),
    Form(
        "np.linalg.tensorsolve(a, b)",
        la.tensorsolve,
        Q4 + 4 * np.eye(6).reshape(2, 3, 6),
        mixed(2, 3),
    ),
    Form(
        "np.linalg.tensorsolve(a, b, axes=(0,))",
        lambda a, b: la.tensorsolve(a, b, axes=(0,)),
        np.moveaxis(Q4 + 4 * np.eye(6).reshape(2, 3, 6), -1, 0),
        mixed(2, 3),
    ),
    Form(
        "np.linalg.tensorinv(a)",
        la.tensorinv,
        mixed(2, 3, 3, 2) + 3 * np.eye(6).reshape(2, 3, 3, 2),
    ),
    Form(
        "np.linalg.tensorinv(a, ind=1)",
        lambda a: la.tensorinv(a, ind=1),
        regular(6, 6).reshape(6, 2, 3),
    ),
    # determinants
    Form("np.linalg.det(A)", la.det, A),
    Form("np.linalg.det(stack)", la.det, STACK),
    Form("np.linalg.det(Z)", la.det, Z),
    Form("np.linalg.det(rank n - 1)", la.det, RANK2),
    Form("np.linalg.det(rank n - 2)", la.det, RANK1),
    Form("np.linalg.det(0)", la.det, np.zeros((2, 2))),
    Form("np.linalg.det(float32)", la.det, A32, reference=la.det),
    Form("np.linalg.det of a built matrix", lambda x: la.det(np.outer(x, x) + np.diag(x)), b),
    Form("np.linalg.slogdet(A)", la.slogdet, A),
    Form("np.linalg.slogdet(stack)", la.slogdet, STACK),
    Form("np.linalg.slogdet(Z)", la.slogdet, Z),
    Form("np.linalg.slogdet, negative", lambda a: la.slogdet(-a).logabsdet, A),
    # factors
    Form("np.linalg.cholesky(S)", la.cholesky, S),
    Form("np.linalg.cholesky(not symmetric)", la.cholesky, S + np.triu(mixed(3, 3), 1)),
    Form(
        "np.linalg.cholesky(S, upper=True)",
        lambda a: la.cholesky(a, upper=True),
        S + np.tril(B @ B.T, -1),
    ),
    Form("np.linalg.cholesky(stack)", la.cholesky, SPD),
    Form("np.linalg.cholesky(float32)", la.cholesky, S32, reference=la.cholesky),
    Form("np.linalg.cholesky(complex)", la.cholesky, H),
    Form("np.linalg.cholesky(complex, upper=True)", lambda a: la.cholesky(a, upper=True), H),
    Form("np.linalg.qr(A)", la.qr, A),
    Form("np.linalg.qr(tall)", la.qr, T),
    Form("np.linalg.qr(wide)", la.qr, W),
    Form("np.linalg.qr(stack)", la.qr, STACK),
    Form("np.linalg.qr(tall, 'complete')", lambda a: la.qr(a, "complete"), T),
    Form("np.linalg.qr(very tall, 'complete')", lambda a: la.qr(a, "complete"), mixed(5, 2)),
    Form("np.linalg.qr(wide, 'complete')", lambda a: la.qr(a, mode="complete"), W),
    Form("np.linalg.qr(tall, 'r')", lambda a: la.qr(a, "r"), T),
    Form("np.linalg.qr(A, 'raw')", lambda a: la.qr(a, "raw"), A, refused="mode='raw'"),
    Form("np.linalg.qr(complex)", la.qr, ZT),
    Form("np.linalg.qr(complex, 'complete')", lambda a: la.qr(a, "complete"), ZT),
    # spectra
    Form("np.linalg.eigh(S)", la.eigh, S),
    Form("np.linalg.eigh(not symmetric)", la.eigh, S + np.triu(mixed(3, 3), 1)),
    Form("np.linalg.eigh(S, 'U')", lambda a: la.eigh(a, "U"), S + np.tril(mixed(3, 3), -1)),
    Form("np.linalg.eigh(stack)", la.eigh, SPD),
    Form("np.linalg.eigh(float32)", la.eigh, S32, reference=la.eigh),
    Form("np.linalg.eigh(complex): values", lambda a: la.eigh(a)[0], H),
    Form("np.linalg.eigh(complex): a span", lambda a: projector(la.eigh(a)[1][:, -1:]), H),
    Form("np.linalg.eigh: a function of a matrix", whitened, T),
    Form("np.linalg.eigvalsh(S)", la.eigvalsh, S),
    Form("np.linalg.eigvalsh(S, UPLO='U')", lambda a: la.eigvalsh(a, UPLO="U"), S + np.tril(A, -1)),
    Form("np.linalg.eigvalsh(stack)", la.eigvalsh, SPD),
    Form("np.linalg.eigvalsh(complex)", la.eigvalsh, H),
    Form("np.linalg.eig(real values)", la.eig, ORDERED),
    Form("np.linalg.eig(a complex pair)", la.eig, SPIRAL),
    Form("np.linalg.eig(complex)", la.eig, Z),
    Form("np.linalg.eig(stack)", lambda a: la.eig(a)[0], np.stack([SPIRAL, SPIRAL.T])),
    Form("np.linalg.eigvals(real values)", la.eigvals, ORDERED),
    Form("np.linalg.eigvals(a complex pair)", la.eigvals, SPIRAL),
    Form("np.linalg.eigvals: spectral radius", lambda a: np.max(np.abs(la.eigvals(a))), SPIRAL),
    Form("np.linalg.eigvals(complex)", la.eigvals, Z),
    Form("np.linalg.svd(A)", la.svd, A),
    Form("np.linalg.svd(tall), thin", lambda a: la.svd(a, full_matrices=False), T),
    Form("np.linalg.svd(wide), thin", lambda a: la.svd(a, False), W),
    Form("np.linalg.svd(stack)", la.svd, STACK),
    Form("np.linalg.svd(tall), full", la.svd, T),
    Form(
        "np.linalg.svd(very tall), full: a span",
        lambda a: projector(la.svd(a)[0][:, 2:]),
        mixed(5, 2),
    ),
    Form("np.linalg.svd(wide), full: a span", lambda a: projector(la.svd(a)[2][2:].T), W),
    Form("np.linalg.svd(tall), no vectors", lambda a: la.svd(a, compute_uv=False), T),
    Form(
        "np.linalg.svd(S, hermitian=True)",
        lambda a: la.svd(a, hermitian=True),
        ORDERED - 4 * np.eye(3),
    ),
    Form(
        "np.linalg.svd(S, hermitian=True, compute_uv=False)",
        lambda a: la.svd(a, hermitian=True, compute_uv=False),
        ORDERED - 4 * np.eye(3),
    ),
    Form("np.linalg.svd: rebuilt", lambda a: rebuilt(*la.svd(a, False)), T),
    Form(
        "np.linalg.svd: best of rank 1",
        lambda a: rebuilt(*(x[..., :1] for x in la.svd(a, False)[:2]), la.svd(a, False)[2][:1]),
        T,
    ),
    Form("np.linalg.svd(complex): values", lambda a: la.svd(a, False)[1], ZT),
    Form("np.linalg.svd(complex): rebuilt", lambda a: rebuilt(*la.svd(a, False)), ZT),
    Form("np.linalg.svd(complex): a span", lambda a: projector(la.svd(a)[0][:, :2]), ZT),
    Form("np.linalg.svdvals(tall)", la.svdvals, T),
    Form("np.linalg.svdvals(wide)", la.svdvals, W),
    Form("np.linalg.svdvals(stack)", la.svdvals, STACK),
    Form("np.linalg.svdvals(complex)", la.svdvals, ZT),
    # norms
    Form("np.linalg.norm(v)", la.norm, v),
    Form("np.linalg.norm(V)", la.norm, V),
    Form("np.linalg.norm(a float)", la.norm, 1.7),
    Form("np.linalg.norm(stack)", la.norm, STACK),
    Form("np.linalg.norm(v, keepdims=True)", lambda x: la.norm(x, keepdims=True), v),
    *(
        Form(f"np.linalg.norm(v, {p})", lambda x, p=p: la.norm(x, p), v)
        for p in (1, 2, 3, 0.5, -1, -2, 1.5, 0, np.inf, -np.inf)
    ),
    Form("np.linalg.norm(V, axis=0)", lambda x: la.norm(x, axis=0), V),
    Form("np.linalg.norm(V, 3, axis=-1, keepdims=True)", lambda x: la.norm(x, 3, -1, True), V),
    Form("np.linalg.norm(V, 1, axis=0, keepdims=True)", lambda x: la.norm(x, 1, 0, True), V),
    Form("np.linalg.norm(V, inf, axis=1)", lambda x: la.norm(x, np.inf, axis=1), V),
    *(
        Form(f"np.linalg.norm(A, {p!r})", lambda x, p=p: la.norm(x, p), A)
        for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ),
    *(
        Form(
            f"np.linalg.norm(stack, {p!r}, axis=(2, 0), keepdims=True)",
            lambda x, p=p: la.norm(x, p, axis=(2, 0), keepdims=True),
            mixed(2, 2, 3),
        )
        for p in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)
    ),
    Form("np.linalg.norm(z)", la.norm, z),
    Form("np.linalg.norm(z, 3)", lambda x: la.norm(x, 3), z),
    Form("np.linalg.norm(z, inf)", lambda x: la.norm(x, np.inf), z),
    Form("np.linalg.norm(Z, 'nuc')", lambda x: la.norm(x, "nuc"), Z),
    Form("np.linalg.norm(Z, axis=(0, 1))", lambda x: la.norm(x, axis=(0, 1)), Z),
    Form("np.linalg.norm(float32)", la.norm, v.astype(np.float32)),
    Form("np.linalg.norm(integers)", la.norm, np.array([3, 4])),
    Form("np.linalg.norm of a list of tensors", lambda x: la.norm(np.array([x[0], x[1] ** 2])), v),
    Form("np.linalg.matrix_norm(stack)", la.matrix_norm, STACK),
    Form("np.linalg.matrix_norm(stack, ord=2)", lambda x: la.matrix_norm(x, ord=2), STACK),
    Form(
        "np.linalg.matrix_norm(A, keepdims=True)",
        lambda x: la.matrix_norm(x, ord=1, keepdims=True),
        A,
    ),
    Form("np.linalg.vector_norm(stack)", la.vector_norm, STACK),
    Form(
        "np.linalg.vector_norm(stack, axis=(0, 2))", lambda x: la.vector_norm(x, axis=(0, 2)), STACK
    ),
    Form(
        "np.linalg.vector_norm(stack, axis=(2, 0), keepdims=True, ord=3)",
        lambda x: la.vector_norm(x, axis=(2, 0), keepdims=True, ord=3),
        STACK,
    ),
    Form(
        "np.linalg.vector_norm(V, axis=1, ord=inf)",
        lambda x: la.vector_norm(x, axis=1, ord=np.inf),
        V,
    ),
    *(
        Form(f"np.linalg.cond(A, {p!r})", lambda x, p=p: la.cond(x, p), A)
        for p in (None, 2, -2, 1, -1, "fro", "nuc", np.inf, -np.inf)
    ),
    Form("np.linalg.cond(tall)", la.cond, T),
    Form("np.linalg.cond(stack)", la.cond, STACK),
    Form("np.linalg.matrix_rank(T) x", lambda x: la.matrix_rank(x) * x, T),
    Form("np.linalg.matrix_rank(v) x", lambda x: la.matrix_rank(x) * x, v),
    Form("np.linalg.matrix_rank(A, tol=x)", lambda x: la.matrix_rank(A, tol=x) * x, 0.1),
    # powers and chains
    *(
        Form(f"np.linalg.matrix_power(A, {n})", lambda x, n=n: la.matrix_power(x, n), A / 3)
        for n in (0, 1, 2, 3, 5, -1, -3)
    ),
    Form("np.linalg.matrix_power(stack, 4)", lambda x: la.matrix_power(x, 4), STACK / 3),
    Form("np.linalg.multi_dot([A, B])", lambda *m: la.multi_dot(m), A, B),
    Form("np.linalg.multi_dot([v, A, B])", lambda *m: la.multi_dot(m), v, A, B),
    Form("np.linalg.multi_dot([A, B, W, x])", lambda *m: la.multi_dot(m), A, B, W, mixed(4)),
    Form("np.linalg.multi_dot([v, A, B, W, x])", lambda *m: la.multi_dot(m), v, A, B, W, mixed(4)),
    Form("np.linalg.multi_dot([T, A, B, W])", lambda *m: la.multi_dot(m), T, A, B, W),
    # spellings of the array API
    Form("np.linalg.outer(v, b)", la.outer, v, b),
    Form("np.linalg.cross(v, b)", la.cross, v, b),
    Form("np.linalg.cross(B, B2, axis=0)", lambda x, y: la.cross(x, y, axis=0), B, mixed(3, 2)),
    Form("np.linalg.diagonal(stack)", la.diagonal, STACK),
    Form("np.linalg.diagonal(T, offset=-1)", lambda x: la.diagonal(x, offset=-1), T),
    Form("np.linalg.trace(stack)", la.trace, STACK),
    Form("np.linalg.trace(T, offset=1)", lambda x: la.trace(x, offset=1), T),
    Form("np.linalg.matmul(A, B)", la.matmul, A, B),
    Form("np.linalg.vecdot(V, v)", la.vecdot, V, v),
    Form("np.linalg.vecdot(B, B2, axis=0)", lambda x, y: la.vecdot(x, y, axis=0), B, mixed(3, 2)),
    Form("np.linalg.matrix_transpose(stack)", la.matrix_transpose, STACK),
    Form("np.linalg.tensordot(A, B, axes=1)", lambda x, y: la.tensordot(x, y, axes=1), A, B),
    # programs
    Form("log density of a normal", log_density, b, S),
    Form("log density by np.linalg.cholesky", through_cholesky, b, S),
    Form(
        "ridge regression", lambda x, y: la.solve(x.T @ x + 0.1 * np.eye(3), x.T @ y), T, mixed(4)
    ),
    Form("np.linalg.inv twice", lambda x: la.inv(la.inv(x)), A),
]
