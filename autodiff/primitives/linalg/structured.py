"""Linear systems with a known structure, and Cholesky factors, by SciPy's own functions:
solve_triangular, solve with `assume_a`, cholesky.

The structure assumed for a matrix says which of its entries are read. `read` makes of `a` the
matrix that they stand for; it is linear but for conjugates, and `reached` is its transpose:

    read(A) x = b    =>    read(A) dx = db - read(dA) x

Source: Giles, Collected matrix derivative results (2008).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...base.shapes import ndim_of
from ...rules.kinds import special
from .factor import cholesky_jvp, cholesky_vjp
from .helpers import hermitian, mT, triangle, with_real_diagonal
from .scipy import scipys
from .solve import batch_solve, columns


class Structure(NamedTuple):
    """`read(a, lower)`, its transpose, and the name of the structure of the transposed matrix."""

    read: Callable[..., Any]
    reached: Callable[..., Any]
    transposed: str


def _whole(a: Any, lower: bool) -> Any:
    return a


def _upper(a: Any, lower: bool) -> Any:
    return np.triu(a)


def _lower(a: Any, lower: bool) -> Any:
    return np.tril(a)


def _diagonal(a: Any, lower: bool) -> Any:
    return np.triu(np.tril(a))


def _tridiagonal(a: Any, lower: bool) -> Any:
    return np.triu(np.tril(a, 1), -1)


def _symmetric(a: Any, lower: bool) -> Any:
    return np.tril(a) + mT(np.tril(a, -1)) if lower else np.triu(a) + mT(np.triu(a, 1))


def _one_triangle(a: Any, lower: bool) -> Any:
    return np.tril(a) + mT(np.triu(a, 1)) if lower else np.triu(a) + mT(np.tril(a, -1))


def _hermitian(a: Any, lower: bool) -> Any:
    return hermitian(a, lower=lower)


def _hermitian_triangle(a: Any, lower: bool) -> Any:
    return triangle(a, lower=lower)


# fmt: off
STRUCTURES = {
    "general":           Structure(_whole,       _whole,              "general"),
    "banded":            Structure(_whole,       _whole,              "banded"),
    "diagonal":          Structure(_diagonal,    _diagonal,           "diagonal"),
    "tridiagonal":       Structure(_tridiagonal, _tridiagonal,        "tridiagonal"),
    "upper triangular":  Structure(_upper,       _upper,              "lower triangular"),
    "lower triangular":  Structure(_lower,       _lower,              "upper triangular"),
    "symmetric":         Structure(_symmetric,   _one_triangle,       "symmetric"),
    "hermitian":         Structure(_hermitian,   _hermitian_triangle, "hermitian"),
    "positive definite": Structure(_hermitian,   _hermitian_triangle, "positive definite"),
}
# fmt: on
SHORT = {
    "gen": "general",
    "sym": "symmetric",
    "her": "hermitian",
    "pos": "positive definite",
}  # what SciPy's older versions know


def scipys_name(structure: str) -> str:
    return next((short for short, name in SHORT.items() if name == structure), structure)


# -- solve -----------------------------------------------------------------------------------------
# `assume_a` is a name of STRUCTURES, or "" where SciPy looks for one: that changes no result.
def _solve_value(a: Any, b: Any, *, assume_a: str, lower: bool, check_finite: bool) -> Any:
    assumed = {"assume_a": scipys_name(assume_a)} if assume_a else {}
    if assume_a in ("hermitian", "positive definite"):
        a = with_real_diagonal(a)  # SciPy reads a matrix of one entry as it is
    return scipys_solve(a, b, lower=lower, check_finite=check_finite, **assumed)


scipys_solve = scipys("solve")


def _solve_jvp(
    tangents: Any, primals: Any, y: Any, *, assume_a: str, lower: bool, check_finite: bool
) -> Any:
    (a_dot, b_dot), (a, b) = tangents, primals
    vector = ndim_of(b) == 1
    read = STRUCTURES[assume_a or "general"].read
    change = columns(b_dot, vector) - read(a_dot, lower) @ columns(y, vector)
    y_dot = solve(a, change, assume_a=assume_a, lower=lower, check_finite=False)
    return y_dot[..., 0] if vector else y_dot


def _solve_vjp(
    y_bar: Any, primals: Any, y: Any, *, assume_a: str, lower: bool, check_finite: bool
) -> Any:
    a, b = primals
    vector = ndim_of(b) == 1
    structure = STRUCTURES[assume_a or "general"]
    b_bar = solve(
        mT(a),
        columns(y_bar, vector),
        assume_a=assume_a and structure.transposed,
        lower=not lower,
        check_finite=False,
    )
    a_bar = structure.reached(-b_bar @ mT(columns(y, vector)), lower)
    return [a_bar, b_bar[..., 0] if vector else b_bar]


solve = special(
    "scipy.linalg.solve",
    _solve_value,
    entries="columns",
    forward=_solve_jvp,
    backward=_solve_vjp,
    text="solve({a}, {b})",
    latex=r"{a}^{{-1}} {b}",
    batch=batch_solve,
)


# -- solve_triangular ------------------------------------------------------------------------------
def _read_triangle(a: Any, lower: bool, unit: bool) -> Any:
    return np.tril(a, -int(unit)) if lower else np.triu(a, int(unit))


def _triangular_jvp(
    tangents: Any, primals: Any, y: Any, *, lower: bool, unit_diagonal: bool, check_finite: bool
) -> Any:
    (a_dot, b_dot), (a, b) = tangents, primals
    vector = ndim_of(b) == 1
    change = columns(b_dot, vector) - _read_triangle(a_dot, lower, unit_diagonal) @ columns(
        y, vector
    )
    y_dot = solve_triangular(
        a, change, lower=lower, unit_diagonal=unit_diagonal, check_finite=False
    )
    return y_dot[..., 0] if vector else y_dot


def _triangular_vjp(
    y_bar: Any, primals: Any, y: Any, *, lower: bool, unit_diagonal: bool, check_finite: bool
) -> Any:
    a, b = primals
    vector = ndim_of(b) == 1
    b_bar = solve_triangular(
        mT(a),
        columns(y_bar, vector),
        lower=not lower,
        unit_diagonal=unit_diagonal,
        check_finite=False,
    )
    a_bar = _read_triangle(-b_bar @ mT(columns(y, vector)), lower, unit_diagonal)
    return [a_bar, b_bar[..., 0] if vector else b_bar]


solve_triangular = special(
    "scipy.linalg.solve_triangular",
    scipys("solve_triangular"),
    entries="columns",
    forward=_triangular_jvp,
    backward=_triangular_vjp,
    text="solve_triangular({a}, {b})",
    latex=r"{a}^{{-1}} {b}",
    batch=batch_solve,
)


# -- cholesky --------------------------------------------------------------------------------------
over_lower, over_upper = (
    partial(solve_triangular, lower=lower, unit_diagonal=False, check_finite=False)
    for lower in (True, False)
)
cholesky = special(
    "scipy.linalg.cholesky",
    scipys("cholesky"),
    forward=lambda tangents, primals, y, *, lower, check_finite: cholesky_jvp(
        tangents, primals, y, upper=not lower, solve=over_lower
    ),
    backward=lambda y_bar, primals, y, *, lower, check_finite: cholesky_vjp(
        y_bar, primals, y, upper=not lower, solve=over_upper
    ),
    text="cholesky({a})",
    batch="trailing",
)
