"""Linear algebra against mpmath: both modes and four nestings, on matrices of condition 1 to 1e8.

Each function is reduced to a number, `f` in NumPy and `reference` in mpmath; mpmath takes its
central differences with 100 digits, so that they are exact for our purpose. A derivative along v
may be off by ROUNDINGS roundings of the size of the gradient, times the condition number: of the
matrix, and for eig of the eigenvectors, squared. Measured: at most 11, mostly less than 1.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
import pytest

import autodiff as ad

la = np.linalg
N = 4  # the smaller side
C = np.random.default_rng(5).uniform(-1, 1, (6, 6))
LEFT, RIGHT, VALUES, SPANS = C[:4]
B = C[2:, :2]
EPS = 2.0**-53
ROUNDINGS = 50


def weighted(m: Any) -> Any:
    return np.sum(C[: m.shape[0], : m.shape[1]] * m)


def exact(a: Any) -> Any:
    return mp.matrix(a.tolist())


def exact_weighted(m: Any) -> Any:
    return mp.fsum(mp.mpf(C[i, j]) * m[i, j] for i in range(m.rows) for j in range(m.cols))


def along(weights: Any, v: Any) -> Any:
    return sum(weights[i] * v[i] for i in range(len(v)))


# -- mpmath's side ---------------------------------------------------------------------------------
def lower_triangle(a: Any) -> Any:
    """The symmetric matrix that NumPy reads."""
    return mp.matrix([[a[max(i, j), min(i, j)] for j in range(a.cols)] for i in range(a.rows)])


def exact_pinv(a: Any) -> Any:
    if a.rows >= a.cols:
        return mp.inverse(a.T * a) * a.T
    return a.T * mp.inverse(a * a.T)


def exact_qr(a: Any) -> Any:
    """With a positive diagonal of R; R of a wide matrix as Q^T A."""
    q, r = mp.qr(a[:, : min(a.rows, a.cols)], mode="skinny")
    q = mp.matrix([[q[i, k] * mp.sign(r[k, k]) for k in range(q.cols)] for i in range(q.rows)])
    return q, q.T * a


def exact_singular_values(a: Any) -> list[Any]:
    return list(mp.svd_r(a, compute_uv=False))


def exact_cond(a: Any) -> Any:
    s = exact_singular_values(a)
    return s[0] / s[-1]


def exact_eigen(a: Any) -> Any:
    """Eigenvalues in ascending order, with their vectors."""
    w, v = mp.eig(a)
    order = sorted(range(N), key=lambda k: w[k].real)
    return [w[k].real for k in order], [[v[i, k].real for i in range(N)] for k in order]


def exact_svd(a: Any) -> Any:
    u, s, vh = mp.svd_r(a, full_matrices=False)
    spans = (
        mp.mpf(SPANS[k])
        * along(LEFT, [u[i, k] for i in range(u.rows)])
        * along(RIGHT, [vh[k, j] for j in range(vh.cols)])
        for k in range(len(s))
    )
    return along(VALUES, list(s)) + sum(spans)


def exact_residual(a: Any) -> Any:
    b = exact(C[:, :1])
    return mp.norm(b - a * (exact_pinv(a) * b)) ** 2


# -- NumPy's side ----------------------------------------------------------------------------------
def qr(a: Any) -> Any:
    q, r = la.qr(a)
    sign = np.sign(np.stack([r[k, k] for k in range(r.shape[0])]))
    return q * sign, r * sign[:, None]


def svd(a: Any) -> Any:
    u, s, vh = la.svd(a, full_matrices=False)
    spans = (LEFT[: u.shape[0]] @ u) * (vh @ RIGHT[: vh.shape[1]])
    return np.sum(VALUES[:N] * s) + np.sum(SPANS[:N] * spans)


def of_spectrum(w: Any, vectors: Any) -> Any:
    """A function of eigenvalues and vectors that does not see length or sign of the vectors."""
    spans = (along(LEFT, v) ** 2 / sum(x * x for x in v) for v in vectors)
    return along(VALUES, w) + along(SPANS, list(spans))


def eigen(a: Any) -> Any:
    w, v = map(np.real, la.eig(a))  # NumPy 2.5 gives them as complex numbers
    order = np.argsort(w)
    return of_spectrum([w[k] for k in order], [v[:, k] for k in order])


def eigen_hermitian(a: Any) -> Any:
    w, v = la.eigh(a)
    return of_spectrum(list(w), [v[:, k] for k in range(N)])


class Row(NamedTuple):
    kind: str
    f: Callable[[Any], Any]
    reference: Callable[[Any], Any]


FUNCTIONS = {
    "solve": Row(
        "square",
        lambda a: weighted(la.solve(a, B)),
        lambda a: exact_weighted(mp.inverse(a) * exact(B)),
    ),
    "inv": Row("square", lambda a: weighted(la.inv(a)), lambda a: exact_weighted(mp.inverse(a))),
    "pinv, tall": Row(
        "tall", lambda a: weighted(la.pinv(a)), lambda a: exact_weighted(exact_pinv(a))
    ),
    "pinv, wide": Row(
        "wide", lambda a: weighted(la.pinv(a)), lambda a: exact_weighted(exact_pinv(a))
    ),
    "lstsq": Row(
        "tall",
        lambda a: weighted(la.lstsq(a, C[:, :1])[0]),
        lambda a: exact_weighted(exact_pinv(a) * exact(C[:, :1])),
    ),
    "lstsq: residual": Row("tall", lambda a: la.lstsq(a, C[:, :1])[1][0], exact_residual),
    "lstsq: singular values": Row(
        "tall",
        lambda a: np.sum(VALUES[:N] * la.lstsq(a, C[:, :1])[3]),
        lambda a: along(VALUES, exact_singular_values(a)),
    ),
    "det": Row("square", la.det, mp.det),
    "slogdet": Row("square", lambda a: la.slogdet(a)[1], lambda a: mp.log(abs(mp.det(a)))),
    "cholesky": Row(
        "definite",
        lambda a: weighted(la.cholesky(a)),
        lambda a: exact_weighted(mp.cholesky(lower_triangle(a))),
    ),
    **{
        f"qr, {kind}": Row(
            kind,
            lambda a: sum(map(weighted, qr(a))),
            lambda a: sum(map(exact_weighted, exact_qr(a))),
        )
        for kind in ("square", "tall", "wide")
    },
    "eigvalsh": Row(
        "definite",
        lambda a: np.sum(VALUES[:N] * la.eigvalsh(a)),
        lambda a: along(VALUES, exact_eigen(lower_triangle(a))[0]),
    ),
    "eigh": Row(
        "definite", eigen_hermitian, lambda a: of_spectrum(*exact_eigen(lower_triangle(a)))
    ),
    "eigvals": Row(
        "general",
        lambda a: np.sum(VALUES[:N] * np.sort(np.real(la.eigvals(a)))),
        lambda a: along(VALUES, exact_eigen(a)[0]),
    ),
    "eig": Row("general", eigen, lambda a: of_spectrum(*exact_eigen(a))),
    **{f"svd, {kind}": Row(kind, svd, exact_svd) for kind in ("square", "tall", "wide")},
    "nuclear norm": Row(
        "tall", lambda a: la.norm(a, "nuc"), lambda a: sum(exact_singular_values(a))
    ),
    "spectral norm": Row("wide", lambda a: la.norm(a, 2), lambda a: exact_singular_values(a)[0]),
    "Frobenius norm": Row("square", la.norm, lambda a: mp.mnorm(a, "f")),
    "cond": Row("tall", la.cond, exact_cond),
    "cond, ord 1": Row(
        "square",
        lambda a: la.cond(a, 1),
        lambda a: mp.mnorm(a, 1) * mp.mnorm(mp.inverse(a), 1),
    ),
    "matrix_power": Row(
        "square",
        lambda a: weighted(la.matrix_power(a, -3)),
        lambda a: exact_weighted(mp.inverse(a) ** 3),
    ),
}


def orthogonal(rng: Any, n: int) -> Any:
    return la.qr(rng.normal(size=(n, n)))[0]


def matrix_of(kind: str, condition: float, rng: Any) -> Any:
    """Singular values, or those of the eigenvectors, from 1 down to 1 / condition."""
    s = condition ** (-np.arange(N) / (N - 1)) if condition > 1 else 1 + np.arange(N) / 2
    small, large = orthogonal(rng, N), orthogonal(rng, 6)
    if kind == "tall":
        return large[:, :N] * s @ small
    if kind == "wide":
        return small * s @ large[:N]
    if kind == "definite":
        return small * s @ small.T
    if kind == "general":
        vectors = small * s @ orthogonal(rng, N)
        return vectors @ np.diag([1.0, 2.0, 3.5, 5.0]) @ la.inv(vectors)
    return small * s @ orthogonal(rng, N)


def exact_slopes(reference: Any, a: Any, v: Any) -> tuple[float, float]:
    """The first and second derivative along v."""
    with mp.workdps(100):
        h = mp.mpf(10) ** -25
        right, middle, left = (reference(exact(a) + k * h * exact(v)) for k in (1, 0, -1))
        return float((right - left) / (2 * h)), float((right - 2 * middle + left) / h**2)


@pytest.mark.share(2)
@pytest.mark.parametrize("condition", [1.0, 1e4, 1e8], ids="{:.0e}".format)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_are_off_by_roundings_times_the_condition_number(name, condition):
    check_accuracy(name, FUNCTIONS[name], condition, condition)


def check_accuracy(name: str, row: Row, condition: float, sensitivity: float) -> None:
    """On a matrix of this condition, of which the function has that sensitivity."""
    kind, f, reference = row
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    a = matrix_of(kind, np.sqrt(condition) if kind == "general" else condition, rng)
    v = rng.uniform(-1, 1, a.shape)
    first, second = exact_slopes(reference, a, v)
    gradient = ad.grad(f)

    def along_v(x: Any) -> Any:
        return ad.jvp(f, (x,), (v,))[1]

    def gradient_along_v(x: Any) -> Any:
        return np.sum(gradient(x) * v)

    def check(what: str, found: Any, expected: float, size: float) -> None:
        allowed = ROUNDINGS * EPS * sensitivity * size
        assert abs(found - expected) <= allowed, f"{what}: {found}, mpmath: {expected}"

    size = la.norm(gradient(a)) * la.norm(v)
    check("forward", along_v(a), first, size)
    check("reverse", gradient_along_v(a), first, size)
    size = la.norm(ad.hvp(f, a, v)) * la.norm(v)
    for mode, slope in (("forward", along_v), ("reverse", gradient_along_v)):
        check(f"forward over {mode}", ad.jvp(slope, (a,), (v,))[1], second, size)
        check(f"reverse over {mode}", np.sum(ad.grad(slope)(a) * v), second, size)
