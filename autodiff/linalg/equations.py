"""Equations: linear systems with a known structure, Sylvester's, Lyapunov's and Riccati's."""

from __future__ import annotations

import operator
from typing import Any

from ..base.shapes import shape_of
from ..primitives.linalg import (
    banded as banded_rows,
    structured as structured_rows,
    sylvester as sylvester_rows,
)
from ..primitives.linalg.helpers import conj, mT
from ..primitives.linalg.structured import SHORT, STRUCTURES
from .arguments import array, matrix, square

TRANSPOSED = {0: "", 1: "T", 2: "C", "N": "", "T": "T", "C": "C"}


def transposed(trans: Any, function: str) -> str:
    """``""``, ``"T"`` or ``"C"``."""
    if trans not in TRANSPOSED:
        raise ValueError(f"{function}: trans={trans!r}: must be 0, 1, 2, 'N', 'T' or 'C'")
    return TRANSPOSED[trans]


def solve(
    a: Any,
    b: Any,
    lower: bool = False,
    overwrite_a: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
    assume_a: str | None = None,
    transposed: bool = False,
) -> Any:
    """The solution x of ``a @ x = b`` for `a` of shape (..., n, n) and `b` of shape (n,) or (...,
    n, k), or of ``a.T @ x = b`` if `transposed`.

    `assume_a` says what is known of `a`: "general", "symmetric", "hermitian", "positive definite"
    (these three read one triangle, which `lower` names), "upper triangular", "lower triangular",
    "diagonal", "tridiagonal" or "banded". An entry that is not read has derivative 0. Where it is
    None SciPy looks for a structure; the derivatives are those of the general case. Raises
    LinAlgError for a singular matrix, ValueError for another `assume_a`.

    >>> import numpy as np, autodiff as ad
    >>> a = np.array([[4.0, 1.0], [1.0, 2.0]])
    >>> f = lambda a: ad.linalg.solve(a, np.array([1.0, 0.0]), assume_a="pos")[0]
    >>> ad.grad(f)(a).round(3) + 0.0
    array([[-0.082,  0.082],
           [ 0.   , -0.02 ]])
    """
    structure = SHORT.get(assume_a, assume_a) if assume_a else ""  # type: ignore[arg-type]
    if structure and structure not in STRUCTURES:
        raise ValueError(f"solve: assume_a={assume_a!r} is not one of {', '.join(STRUCTURES)}")
    a, b = square(a, "solve"), array(b)
    if transposed:
        a, lower = mT(a), not lower
        structure = structure and STRUCTURES[structure].transposed
    return structured_rows.solve(
        a, b, assume_a=structure, lower=bool(lower), check_finite=bool(check_finite)
    )


def solve_triangular(
    a: Any,
    b: Any,
    trans: Any = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """The solution x of ``a @ x = b`` for a triangle of `a`, of shape (..., n, n), and `b` of shape
    (n,) or (..., n, k); with ``trans=1`` of ``a.T @ x = b``, with 2 of ``a.conj().T @ x = b``.

    Only the upper triangle is read, or the lower one; with `unit_diagonal` the diagonal is taken to
    be ones. An entry that is not read has derivative 0.

    Raises LinAlgError for a zero on the diagonal.

    >>> import numpy as np, autodiff as ad
    >>> f = lambda a: ad.linalg.solve_triangular(a, np.array([2.0, 6.0]), lower=True)[1]
    >>> ad.grad(f)(np.array([[2.0, 7.0], [1.0, 5.0]]))
    array([[ 0.1,  0. ],
           [-0.2, -0.2]])
    """
    form = transposed(trans, "solve_triangular")
    a, b = square(a, "solve_triangular"), array(b)
    if form:
        a, lower = mT(conj(a) if form == "C" else a), not lower
    return structured_rows.solve_triangular(
        a,
        b,
        lower=bool(lower),
        unit_diagonal=bool(unit_diagonal),
        check_finite=bool(check_finite),
    )


def solve_banded(
    l_and_u: tuple[int, int],
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """The solution x of ``a @ x = b`` for a banded matrix. `ab`, of shape (..., l + u + 1, n),
    holds its diagonals, l below the main one and u above it: a[i, j] is ``ab[u + i - j, j]``. `b`
    has shape (n,) or (..., n, k).

    Its time and memory, and those of its derivatives, grow with the band alone. Raises LinAlgError
    for a singular matrix.

    >>> import numpy as np, autodiff as ad
    >>> ab = np.array([[0.0, 1.0, 1.0], [4.0, 4.0, 4.0], [1.0, 1.0, 0.0]])  # a tridiagonal matrix
    >>> f = lambda b: ad.linalg.solve_banded((1, 1), ab, b)[0]
    >>> ad.grad(f)(np.array([1.0, 2.0, 3.0])).round(3)
    array([ 0.268, -0.071,  0.018])
    """
    below, above = map(operator.index, l_and_u)
    ab, b = matrix(ab, "solve_banded"), array(b)
    if shape_of(ab)[-2] != below + above + 1:
        raise ValueError(
            f"solve_banded: ab of shape {shape_of(ab)} has {shape_of(ab)[-2]} diagonals, but "
            f"l_and_u={(below, above)} means {below + above + 1}"
        )
    return banded_rows.solve_banded(
        ab, b, below=below, above=above, check_finite=bool(check_finite)
    )


def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """The solution X of ``a @ X + X @ b = q``, for shapes (..., m, m), (..., n, n) and (..., m, n).

    Raises LinAlgError where an eigenvalue of `a` and one of `b` add up to zero. Its derivatives are
    Sylvester equations. Source: Bartels and Stewart (1972).

    >>> import numpy as np, autodiff as ad
    >>> f = lambda t: ad.linalg.solve_sylvester(t * np.eye(2), np.eye(1), np.ones((2, 1)))[0, 0]
    >>> ad.grad(f)(3.0)  # of 1 / (t + 1)
    np.float64(-0.0625)
    """
    a, b = square(a, "solve_sylvester"), square(b, "solve_sylvester")
    return sylvester_rows.sylvester(a, b, matrix(q, "solve_sylvester"))


def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """The solution X of ``a @ X + X @ a.conj().T = q``, all of shape (..., n, n).

    Raises LinAlgError where an eigenvalue of `a` and a conjugate one add up to zero.

    >>> import numpy as np, autodiff as ad
    >>> f = lambda t: ad.linalg.solve_continuous_lyapunov(t * np.eye(2), np.eye(2))[0, 0]
    >>> ad.grad(f)(2.0)  # of 1 / (2 t)
    np.float64(-0.125)
    """
    name = "solve_continuous_lyapunov"
    return sylvester_rows.lyapunov(square(a, name), square(q, name))


def solve_discrete_lyapunov(a: Any, q: Any, method: str | None = None) -> Any:
    """The solution X of ``a @ X @ a.conj().T - X + q = 0``, all of shape (..., n, n).

    `method`: "direct", one system of n^2 unknowns, or "bilinear", by a continuous equation; where
    it is None, the first for n < 10. Raises LinAlgError where the solution is not unique.
    Source: Kitagawa (1977).

    >>> import numpy as np, autodiff as ad
    >>> f = lambda t: ad.linalg.solve_discrete_lyapunov(t * np.eye(2), np.eye(2))[0, 0]
    >>> float(ad.grad(f)(0.5).round(6))  # of 1 / (1 - t^2)
    1.777778
    """
    name = "solve_discrete_lyapunov"
    if method is not None and method.lower() not in ("direct", "bilinear"):
        raise ValueError(f"{name}: method={method!r}: must be 'direct', 'bilinear' or None")
    method = method and method.lower()
    return sylvester_rows.discrete_lyapunov(square(a, name), square(q, name), method=method)


def solve_continuous_are(a: Any, b: Any, q: Any, r: Any) -> Any:
    """The stabilising solution X of Riccati's equation A^H X + X A - X B R^-1 B^H X + Q = 0, for
    shapes (..., n, n), (..., n, k), (..., n, n) and (..., k, k); `q` and `r` are Hermitian.

    Its derivative is a Lyapunov equation. Raises LinAlgError where there is no such solution.

    >>> import numpy as np, autodiff as ad
    >>> one = np.eye(1)
    >>> f = lambda t: ad.linalg.solve_continuous_are(0 * one, one, t * one, one)[0, 0]
    >>> float(ad.grad(f)(4.0).round(6))  # of sqrt(t)
    0.25
    """
    name = "solve_continuous_are"
    return sylvester_rows.riccati(
        square(a, name), matrix(b, name), square(q, name), square(r, name)
    )


def solve_discrete_are(a: Any, b: Any, q: Any, r: Any) -> Any:
    """The stabilising solution X of A^H X A - X - A^H X B (R + B^H X B)^-1 B^H X A + Q = 0, for
    shapes (..., n, n), (..., n, k), (..., n, n) and (..., k, k); `q` and `r` are Hermitian.

    Its derivative is a Lyapunov equation. Raises LinAlgError where there is no such solution.

    >>> import numpy as np, autodiff as ad
    >>> one = np.eye(1)
    >>> f = lambda t: ad.linalg.solve_discrete_are(one, one, t * one, one)[0, 0]
    >>> float(ad.grad(f)(2.0).round(6))  # of (t + sqrt(t^2 + 4 t)) / 2
    1.07735
    """
    name = "solve_discrete_are"
    return sylvester_rows.discrete_riccati(
        square(a, name), matrix(b, name), square(q, name), square(r, name)
    )
