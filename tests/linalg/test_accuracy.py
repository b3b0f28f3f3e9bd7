"""autodiff.linalg against mpmath: both modes and four nestings, on matrices of condition 1 to 1e8.

The measure is that of test_linalg_accuracy: roundings of the size of the gradient, times how
sensitive the derivative is. Measured: at most 12, mostly less than 1.
"""

from __future__ import annotations

import mpmath as mp
import pytest
from test_linalg_accuracy import (
    B,
    C,
    N,
    Row,
    check_accuracy,
    exact,
    exact_weighted,
    lower_triangle,
    weighted,
)

import autodiff as ad

la = ad.linalg
Q = C[:N, :N]


def triangle(a):
    return mp.matrix([[a[i, j] if i >= j else 0 for j in range(a.cols)] for i in range(a.rows)])


def exact_sylvester(a, b, q):
    """By the system of m n unknowns."""
    m, n = a.rows, b.rows
    system, right = mp.zeros(m * n), mp.zeros(m * n, 1)
    for i in range(m):
        for j in range(n):
            right[i * n + j] = q[i, j]
            for k in range(m):
                system[i * n + j, k * n + j] += a[i, k]
            for k in range(n):
                system[i * n + j, i * n + k] += b[k, j]
    x = mp.lu_solve(system, right)
    return mp.matrix([[x[i * n + j] for j in range(n)] for i in range(m)])


def real(m):
    """What mpmath computes with complex numbers."""
    return m.apply(mp.re)


def exact_polar(a):
    u, s, vh = mp.svd_r(a)
    return u * vh, vh.T * mp.diag(list(s)) * vh


def exact_upper(a):
    """U of elimination with the largest entry of each column as its pivot."""
    rows = [[a[i, j] for j in range(a.cols)] for i in range(a.rows)]
    for k in range(a.cols):
        pivot = max(range(k, a.rows), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(k + 1, a.rows):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return mp.matrix(rows)


FUNCTIONS = {
    "solve_triangular": Row(
        "square",
        lambda a: weighted(la.solve_triangular(a, B, lower=True)),
        lambda a: exact_weighted(mp.inverse(triangle(a)) * exact(B)),
    ),
    "solve, pos": Row(
        "definite",
        lambda a: weighted(la.solve(a, B, assume_a="pos", lower=True)),
        lambda a: exact_weighted(mp.inverse(lower_triangle(a)) * exact(B)),
    ),
    "cho_solve": Row(
        "definite",
        lambda a: weighted(la.cho_solve(la.cho_factor(a, lower=True), B)),
        lambda a: exact_weighted(mp.inverse(lower_triangle(a)) * exact(B)),
    ),
    "lu_solve": Row(
        "square",
        lambda a: weighted(la.lu_solve(la.lu_factor(a), B)),
        lambda a: exact_weighted(mp.inverse(a) * exact(B)),
    ),
    "lu": Row("square", lambda a: weighted(la.lu(a)[2]), lambda a: exact_weighted(exact_upper(a))),
    "expm": Row(
        "square", lambda a: weighted(la.expm(a)), lambda a: exact_weighted(mp.expm(a, "taylor"))
    ),
    "expm, large": Row(
        "square",
        lambda a: weighted(la.expm(9 * a)),
        lambda a: exact_weighted(mp.expm(9 * a, "taylor")),
    ),
    "sqrtm": Row(
        "definite", lambda a: weighted(la.sqrtm(a)), lambda a: exact_weighted(real(mp.sqrtm(a)))
    ),
    "logm": Row(
        "definite", lambda a: weighted(la.logm(a)), lambda a: exact_weighted(real(mp.logm(a)))
    ),
    "polar": Row(
        "square",
        lambda a: sum(map(weighted, la.polar(a))),
        lambda a: sum(map(exact_weighted, exact_polar(a))),
    ),
    "solve_sylvester": Row(
        "definite",
        lambda a: weighted(la.solve_sylvester(a, a, Q)),
        lambda a: exact_weighted(exact_sylvester(a, a, exact(Q))),
    ),
    "solve_continuous_lyapunov": Row(
        "definite",
        lambda a: weighted(la.solve_continuous_lyapunov(a, Q)),
        lambda a: exact_weighted(exact_sylvester(a, a.T, exact(Q))),
    ),
}


@pytest.mark.share(2)
@pytest.mark.parametrize("condition", [1.0, 1e4, 1e8], ids="{:.0e}".format)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_are_off_by_roundings_times_the_condition_number(name, condition):
    check_accuracy(name, FUNCTIONS[name], condition, condition)
