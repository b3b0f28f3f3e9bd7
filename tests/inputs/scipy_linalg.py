"""Inputs for the rows whose value is scipy.linalg's: matrices that are regular, definite or stable.

Singular ones, and what is read of a matrix, are in tests/linalg/test_namesakes.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from inputs.linalg import regular, square
from strategies import Case, Draw, inputs_for

from autodiff.primitives.linalg.structured import STRUCTURES
from autodiff.rules.primitive import Primitive


def right_hand_side(draw: Draw, n: int) -> Any:
    b = draw.rng.uniform(-1, 1, draw.one_of(((n,), (n, 2), (2, n, 1))))
    return draw.perhaps_complex(b, 1.0)


@inputs_for("scipy.linalg.solve")
def assumed(draw: Draw, row: Primitive) -> Case:
    a = square(draw, True)
    params = {"assume_a": draw.one_of(("", *STRUCTURES)), "lower": draw.boolean()}
    return Case(row, (a, right_hand_side(draw, a.shape[-1])), {**params, "check_finite": True})


@inputs_for("scipy.linalg.solve_triangular")
def triangular(draw: Draw, row: Primitive) -> Case:
    a = square(draw, True)
    params = {"lower": draw.boolean(), "unit_diagonal": draw.boolean(), "check_finite": True}
    return Case(row, (a, right_hand_side(draw, a.shape[-1])), params)


@inputs_for("scipy.linalg.solve_banded")
def banded(draw: Draw, row: Primitive) -> Case:
    """Dominated by the main diagonal."""
    n, below, above = draw.integer(1, 3), draw.integer(0, 2), draw.integer(0, 2)
    below, above = min(below, n - 1), min(above, n - 1)
    ab = draw.rng.uniform(-0.4, 0.4, (*draw.one_of(((), (2,))), below + above + 1, n))
    ab = draw.perhaps_complex(ab, 0.4)
    ab[..., above, :] += 2
    params = {"below": below, "above": above, "check_finite": True}
    return Case(row, (ab, right_hand_side(draw, n)), params)


@inputs_for("scipy.linalg.cholesky")
def positive_definite(draw: Draw, row: Primitive) -> Case:
    return Case(row, (square(draw, True),), {"lower": draw.boolean(), "check_finite": True})


@inputs_for("scipy.linalg.lu_factor")
def eliminated(draw: Draw, row: Primitive) -> Case:
    a = regular(draw, draw.integer(1, 3), draw.integer(1, 3), True)
    if draw.boolean():
        a = a[..., ::-1, :].copy()  # rows are exchanged
    return Case(row, (a,), {"check_finite": True})


@inputs_for("permutation")
def exchanges(draw: Draw, row: Primitive) -> Case:
    pivots = draw.one_of(([0, 1, 2], [2, 1, 2], [[1, 2, 2], [0, 2, 2]]))
    return Case(row, (np.array(pivots),), {"rows": draw.integer(3, 4)})


@inputs_for("scipy.linalg.expm", "scipy.linalg.logm", "scipy.linalg.sqrtm")
def without_negative_eigenvalues(draw: Draw, row: Primitive) -> Case:
    return Case(row, (square(draw, True),))


@inputs_for("expm_frechet", "logm_frechet")
def along(draw: Draw, row: Primitive) -> Case:
    a = square(draw, True)
    e = draw.rng.uniform(-1, 1, draw.one_of((a.shape, a.shape[-2:])))
    return Case(row, (a, draw.perhaps_complex(e, 1.0)))


@inputs_for("scipy.linalg.polar")
def of_full_rank(draw: Draw, row: Primitive) -> Case:
    n, more, side = draw.integer(1, 2), draw.integer(0, 1), draw.one_of(("left", "right"))
    shape = (n + more, n) if side == "right" else (n, n + more)
    return Case(row, (regular(draw, *shape, True),), {"side": side})


@inputs_for("scipy.linalg.solve_sylvester")
def sylvester(draw: Draw, row: Primitive) -> Case:
    a, b = square(draw, True), square(draw, True)
    q = draw.rng.uniform(-1, 1, (a.shape[-1], b.shape[-1]))
    return Case(row, (a, b, draw.perhaps_complex(q, 1.0)))


@inputs_for("scipy.linalg.solve_continuous_lyapunov", "scipy.linalg.solve_discrete_lyapunov")
def lyapunov(draw: Draw, row: Primitive) -> Case:
    a = square(draw, True)
    q = draw.perhaps_complex(draw.rng.uniform(-1, 1, a.shape[-2:]), 1.0)
    if row.name == "scipy.linalg.solve_continuous_lyapunov":
        return Case(row, (a, q))
    return Case(row, (a, q), {"method": draw.one_of((None, "direct", "bilinear"))})


@inputs_for("scipy.linalg.solve_continuous_are", "scipy.linalg.solve_discrete_are")
def riccati(draw: Draw, row: Primitive) -> Case:
    """In A and B alone: SciPy refuses a Q or R that is not Hermitian, and a finite difference has
    such ones."""
    a = square(draw)
    n = a.shape[-1]
    b = np.eye(n) + draw.perhaps_complex(draw.rng.uniform(-0.2, 0.2, (n, n)), 0.2)
    return Case(row, (a, b, np.eye(n), np.eye(n)), only=(0, 1))
