"""Banded linear systems, in time and memory that grow with the band alone.

The matrix is given by its diagonals, the entry A_ij in row u + i - j and column j of `ab`, where u
is the number of diagonals above the main one. Its derivative never leaves them:

    A x = b    =>    dx = A^-1 (db - dA x),    A_bar_ij = -b_bar_i x_j  within the band
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.shapes import ndim_of, shape_of
from ...rules.kinds import special
from .scipy import of_each, scipy_linalg
from .solve import batch_solve, columns


def moved(x: Any, steps: int, axis: int) -> Any:
    """x_k at the place k + steps along an axis; zeros come in."""
    size = shape_of(x)[axis]
    steps = max(-size, min(size, steps))
    rows: list[Any] = [slice(None)] * -axis
    rows[0] = slice(max(-steps, 0), size - max(steps, 0))
    kept = x[(..., *rows)]
    nothing = np.zeros_like(x, shape=(*shape_of(x)[:axis], abs(steps), *shape_of(x)[axis:][1:]))
    return np.concatenate((nothing, kept) if steps > 0 else (kept, nothing), axis=axis)


def product(ab: Any, x: Any, above: int) -> Any:
    """A x, diagonal by diagonal: the one in row k leads from column j to row j + k - u."""
    count = shape_of(ab)[-2]
    terms = [moved(ab[..., k, :, None] * x, k - above, -2) for k in range(count)]
    return sum(terms[1:], terms[0])


def transposed(ab: Any, above: int) -> Any:
    """The diagonals of A^T."""
    count = shape_of(ab)[-2]
    rows = [moved(ab[..., k, :], k - above, -1) for k in reversed(range(count))]
    return np.stack(rows, axis=-2)


@of_each("solve_banded")
def _solve_banded(ab: Any, b: Any, *, below: int, above: int, check_finite: bool) -> Any:
    solve = scipy_linalg("solve_banded").solve_banded
    return solve((below, above), ab, b, check_finite=check_finite)


def _solve_banded_jvp(
    tangents: Any, primals: Any, y: Any, *, below: int, above: int, check_finite: bool
) -> Any:
    (ab_dot, b_dot), (ab, b) = tangents, primals
    vector = ndim_of(b) == 1
    change = columns(b_dot, vector) - product(ab_dot, columns(y, vector), above)
    y_dot = solve_banded(ab, change, below=below, above=above, check_finite=False)
    return y_dot[..., 0] if vector else y_dot


def _solve_banded_vjp(
    y_bar: Any, primals: Any, y: Any, *, below: int, above: int, check_finite: bool
) -> Any:
    ab, b = primals
    vector = ndim_of(b) == 1
    turned, y, y_bar = transposed(ab, above), columns(y, vector), columns(y_bar, vector)
    b_bar = solve_banded(turned, y_bar, below=above, above=below, check_finite=False)
    rows = [-np.sum(moved(b_bar, above - k, -2) * y, axis=-1) for k in range(below + above + 1)]
    return [np.stack(rows, axis=-2), b_bar[..., 0] if vector else b_bar]


solve_banded = special(
    "scipy.linalg.solve_banded",
    _solve_banded,
    entries="columns",
    forward=_solve_banded_jvp,
    backward=_solve_banded_vjp,
    text="solve_banded({a}, {b})",
    batch=batch_solve,
)
