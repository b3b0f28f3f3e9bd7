"""Inputs for the rows of linear algebra: well-conditioned matrices with values that are apart.

What happens where values coincide, and where a matrix is singular, is in
tests/numpy_api/test_linalg.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from strategies import Case, Draw, inputs_for

from autodiff.rules.primitive import Primitive


def stack_of(draw: Draw) -> tuple[int, ...]:
    return draw.one_of(((), (2,)))


def regular(draw: Draw, rows: int, cols: int, complex_too: bool = False) -> Any:
    """A diagonal 2, 4, 6, ... with smaller entries beside it."""
    shape = (*stack_of(draw), rows, cols)
    a = draw.rng.uniform(-0.4, 0.4, shape)
    if complex_too and draw.mode != "complex" and draw.boolean():
        a = a + 1j * draw.rng.uniform(-0.4, 0.4, shape)
    a = draw.perhaps_complex(a, 0.4)
    k = np.arange(min(rows, cols))
    a[..., k, k] += 2 * (k + 1)
    return a


def square(draw: Draw, complex_too: bool = False) -> Any:
    n = draw.integer(1, 3)
    return regular(draw, n, n, complex_too)


@inputs_for("hermitian", "triangle")
def one_triangle(draw: Draw, row: Primitive) -> Case:
    return Case(row, (square(draw, True),), {"lower": draw.boolean()})


@inputs_for("lower_half", "inv", "det", "slogdet", "cofactors", "matrix_rank")
def one_square(draw: Draw, row: Primitive) -> Case:
    params = {"tol": None, "hermitian": False, "rtol": None} if row.name == "matrix_rank" else {}
    return Case(row, (square(draw, True),), params)


@inputs_for("eig", "eigvals")
def with_eigenvalues_in_order(draw: Draw, row: Primitive) -> Case:
    n = draw.integer(1, 2)  # of larger matrices LAPACK may exchange two, however small the change
    return Case(row, (regular(draw, n, n, True),))


@inputs_for("check_independent")
def independent(draw: Draw, row: Primitive) -> Case:
    return Case(row, (square(draw),))


@inputs_for("solve")
def system(draw: Draw, row: Primitive) -> Case:
    a = square(draw, True)
    n = a.shape[-1]
    b = draw.rng.uniform(-1, 1, draw.one_of(((n,), (n, 2), (2, n, 1))))
    return Case(row, (a, draw.perhaps_complex(b, 1.0)))


@inputs_for("cofactors_slope")
def slope_of_cofactors(draw: Draw, row: Primitive) -> Case:
    a = regular(draw, 3, 3)  # of smaller ones the cofactors are linear
    return Case(row, (a, draw.perhaps_complex(draw.rng.uniform(-1, 1, a.shape), 1.0)))


@inputs_for("pinv")
def of_full_rank(draw: Draw, row: Primitive) -> Case:
    a = regular(draw, draw.integer(1, 3), draw.integer(1, 3), True)
    hermitian = a.shape[-1] == a.shape[-2] and draw.boolean()
    return Case(row, (a,), {"rcond": 1e-15, "hermitian": hermitian})


@inputs_for("lstsq")
def least_squares(draw: Draw, row: Primitive) -> Case:
    rows, cols = draw.integer(1, 3), draw.integer(1, 3)
    a = regular(draw, rows, cols)
    a = a if a.ndim == 2 else a[0]
    b = draw.rng.uniform(-1, 1, draw.one_of(((rows,), (rows, 2))))
    return Case(row, (a, draw.perhaps_complex(b, 1.0)), {"rcond": None})


@inputs_for("cholesky")
def positive_definite(draw: Draw, row: Primitive) -> Case:
    return Case(row, (square(draw, True),), {"upper": draw.boolean()})


@inputs_for("qr")
def any_matrix(draw: Draw, row: Primitive) -> Case:
    a = regular(draw, draw.integer(2, 4), draw.integer(1, 3), True)
    a = a + 0.2  # a column that is zero below the diagonal would not be reflected
    return Case(row, (a,), {"mode": draw.one_of(("reduced", "complete"))})


@inputs_for("eigh", "eigvalsh")
def hermitian_matrix(draw: Draw, row: Primitive) -> Case:
    a = square(draw, complex_too=row.name == "eigvalsh")  # complex vectors have a free phase
    return Case(row, (a,), {"UPLO": draw.one_of(("L", "U"))})


@inputs_for("svd")
def with_singular_vectors(draw: Draw, row: Primitive) -> Case:
    n = draw.integer(1, 3)
    a = regular(draw, n, draw.one_of((n, n + 1)))
    a = a if draw.boolean() else np.swapaxes(a, -1, -2)
    return Case(row, (a,), {"full_matrices": draw.boolean()})


@inputs_for("svdvals")
def singular_values(draw: Draw, row: Primitive) -> Case:
    return Case(row, (regular(draw, draw.integer(1, 3), draw.integer(1, 3), True),))


@inputs_for("norm")
def normed(draw: Draw, row: Primitive) -> Case:
    shape = draw.shape(min_dims=1, min_side=1)
    away_from_zero = draw.rng.uniform(0.3, 2, shape) * draw.rng.choice((-1, 1), shape)
    away_from_zero = draw.perhaps_complex(away_from_zero, 1.0)
    order, axis = draw.one_of(((None, None), (None, (-1,)), (3, (-1,)), (1.5, (-1,)), (-1, (-1,))))
    if len(shape) > 1 and draw.boolean():
        order, axis = None, (-2, -1)
    return Case(row, (away_from_zero,), {"ord": order, "axis": axis, "keepdims": draw.boolean()})


# -- coinciding values -----------------------------------------------------------------------------
def values_apart(draw: Draw) -> tuple[Any, Any, Any]:
    """A matrix, and two sets of values, as a column and as a row."""
    m, n = draw.integer(1, 3), draw.integer(1, 3)
    rows, cols = 1.0 + np.arange(m), 4.5 + np.arange(n)
    entries = draw.rng.uniform(0.5, 1, (*stack_of(draw), m, n))
    return draw.perhaps_complex(entries, 1.0), rows[:, None], cols[None, :]


@inputs_for("over_gaps")
def quotient(draw: Draw, row: Primitive) -> Case:
    m, rows, cols = values_apart(draw)
    params = {"of": "np.linalg.eigh", "on_clash": draw.one_of(("raise", "zero"))}
    return Case(row, (m, rows, cols, m.copy()), params)


@inputs_for("undecided", "decided", "guarded", "unmixed")
def spectrum(draw: Draw, row: Primitive) -> Case:
    e = square(draw)
    w = 1.0 + np.arange(e.shape[-1])
    rows, cols, of = w[:, None], w[None, :], {"of": "np.linalg.eigh"}
    if row.name == "guarded":
        return Case(row, (e, rows, cols), {**of, "vectors": draw.boolean()})
    if row.name == "unmixed":
        return Case(row, (cols > 1, rows, cols), of)
    return Case(row, (e, rows, cols), of)


@inputs_for("share_ties")
def tied(draw: Draw, row: Primitive) -> Case:
    x = draw.perhaps_complex(draw.rng.uniform(-1, 1, (*stack_of(draw), 3)), 1.0)
    values = np.array(draw.one_of(([1.0, 2.0, 3.0], [1.0, 1.0, 2.0])))
    return Case(row, (np.broadcast_to(values, x.shape), x), only=(1,))


@inputs_for("matching")
def same_values(draw: Draw, row: Primitive) -> Case:
    values = np.arange(3.0)
    return Case(row, (values, values[[2, 0, 1]]))
