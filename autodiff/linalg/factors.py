"""Factors of a matrix, and systems solved by them: Cholesky, LU, polar; eigh of two matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.shapes import ndim_of, shape_of
from ..primitives.linalg import (
    functions as functions_rows,
    lu as lu_rows,
    structured as structured_rows,
)
from ..primitives.linalg.helpers import dagger
from ..primitives.linalg.solve import columns
from ..primitives.shaping import stop_gradient
from .arguments import array, matrix, square
from .equations import solve_triangular, transposed


# -- Cholesky --------------------------------------------------------------------------------------
def cholesky(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> Any:
    """U of a = U^H U, or with `lower` L of a = L L^H, for `a` of shape (..., n, n).

    Only that triangle of `a` is read: the entries of the other have derivative 0. (By default
    `np.linalg.cholesky` reads the lower one.) LinAlgError where `a` is not positive definite.

    >>> import numpy as np, autodiff as ad
    >>> ad.jvp(ad.linalg.cholesky, (4.0 * np.eye(2),), (np.eye(2),))[1]
    array([[0.25, 0.  ],
           [0.  , 0.25]])
    """
    a = square(a, "cholesky")
    return structured_rows.cholesky(a, lower=bool(lower), check_finite=bool(check_finite))


def cho_factor(
    a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
) -> tuple[Any, bool]:
    """``(c, lower)`` for :func:`cho_solve`. The other triangle of `c` is 0; before SciPy 1.18 it is
    copied from `a`.

    >>> import numpy as np, autodiff as ad
    >>> c, lower = ad.linalg.cho_factor(np.array([[4.0, 2.0], [2.0, 5.0]]))
    >>> np.triu(c), lower
    (array([[2., 1.],
           [0., 2.]]), False)
    """
    a = square(a, "cho_factor")
    factor = cholesky(a, lower, check_finite=check_finite)
    if not keeps_other_triangle():
        return factor, bool(lower)
    read = np.tri(shape_of(a)[-1], dtype=bool)
    return np.where(read if lower else read.T, factor, a), bool(lower)


def keeps_other_triangle() -> bool:
    """Does the SciPy that is installed leave the other triangle of `cho_factor` as it was?"""
    import scipy

    return bool(np.lib.NumpyVersion(scipy.__version__) < "1.18.0")


def cho_solve(
    c_and_lower: tuple[Any, bool], b: Any, overwrite_b: bool = False, check_finite: bool = True
) -> Any:
    """The solution x of ``a @ x = b`` by the factor that :func:`cho_factor` gives.

    >>> import numpy as np, autodiff as ad
    >>> f = lambda t: ad.linalg.cho_solve(ad.linalg.cho_factor(t * np.eye(2)), np.ones(2))[0]
    >>> ad.grad(f)(4.0)  # of 1 / t
    np.float64(-0.0625)
    """
    c, lower = c_and_lower
    c = square(c, "cho_solve")
    for form in "NC" if lower else "CN":
        b = solve_triangular(c, b, form, lower, check_finite=check_finite)
    return b


# -- LU --------------------------------------------------------------------------------------------
def lu_factor(a: Any, overwrite_a: bool = False, check_finite: bool = True) -> tuple[Any, Any]:
    """``(lu, piv)`` for :func:`lu_solve`, for `a` of shape (..., m, n): both factors in one matrix,
    and the row exchanges in order.

    The exchanges are constant. The derivative raises LinAlgError where the leading columns are
    dependent.

    >>> import numpy as np, autodiff as ad
    >>> ad.linalg.lu_factor(np.array([[1.0, 2.0], [4.0, 4.0]]))
    (array([[4.  , 4.  ],
           [0.25, 1.  ]]), array([1, 1], dtype=int32))
    """
    packed, pivots = lu_rows.lu_factor(matrix(a, "lu_factor"), check_finite=bool(check_finite))
    return packed, stop_gradient(pivots)


def lu_solve(
    lu_and_piv: tuple[Any, Any],
    b: Any,
    trans: Any = 0,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """The solution x of ``a @ x = b`` by the factors that :func:`lu_factor` gives; with ``trans=1``
    of ``a.T @ x = b``, with 2 of ``a.conj().T @ x = b``.

    >>> import numpy as np, autodiff as ad
    >>> f = lambda t: ad.linalg.lu_solve(ad.linalg.lu_factor(t * np.eye(2)), np.ones(2))[0]
    >>> ad.grad(f)(2.0)  # of 1 / t
    np.float64(-0.25)
    """
    form = transposed(trans, "lu_solve")
    packed, pivots = lu_and_piv
    packed, b = square(packed, "lu_solve"), array(b)
    vector = ndim_of(b) == 1
    order = lu_rows.permutation(pivots, rows=shape_of(packed)[-1])
    x = columns(b, vector)
    if not form:
        x = in_order(x, order)
        x = solve_triangular(packed, x, 0, True, True, check_finite=check_finite)
        x = solve_triangular(packed, x, 0, check_finite=check_finite)
    else:
        x = solve_triangular(packed, x, form, check_finite=check_finite)
        x = solve_triangular(packed, x, form, True, True, check_finite=check_finite)
        x = in_order(x, np.argsort(order, axis=-1))
    return x[..., 0] if vector else x


def in_order(x: Any, order: Any) -> Any:
    """The rows of `x` in this order, for stacks that broadcast."""
    order = order[..., None]
    ndim = max(ndim_of(x), ndim_of(order))
    x, order = (y[(None,) * (ndim - ndim_of(y))] for y in (x, order))
    return np.take_along_axis(x, order, -2)


def lu(
    a: Any,
    permute_l: bool = False,
    overwrite_a: bool = False,
    check_finite: bool = True,
    p_indices: bool = False,
) -> tuple[Any, ...]:
    """``(p, l, u)`` with a = p @ l @ u, for `a` of shape (..., m, n): `p` a permutation, which is
    constant, `l` of shape (..., m, k) with ones on its diagonal, `u` of shape (..., k, n),
    k = min(m, n).

    With `permute_l` it is ``(p @ l, u)``; with `p_indices` p is the order of rows, a = l[p] @ u.
    The derivative raises LinAlgError where the leading columns are dependent.

    >>> import numpy as np, autodiff as ad
    >>> f = lambda a: ad.linalg.lu(a)[2][1, 1]
    >>> ad.grad(f)(np.array([[2.0, 1.0], [1.0, 3.0]]))
    array([[ 0.25, -0.5 ],
           [-0.5 ,  1.  ]])
    """
    packed, pivots = lu_factor(matrix(a, "lu"), check_finite=check_finite)
    m, n = shape_of(packed)[-2:]
    k = min(m, n)
    order = np.argsort(lu_rows.permutation(pivots, rows=m), axis=-1).astype(pivots.dtype)
    one = np.eye(m, k, dtype=packed.dtype)
    l, u = np.tril(packed[..., :k], -1) + one, np.triu(packed[..., :k, :])  # noqa: E741
    if permute_l:
        return in_order(l, order), u
    if p_indices:
        return order, l, u
    return (order[..., None] == np.arange(m)).astype(packed.real.dtype), l, u


# -- polar factors ---------------------------------------------------------------------------------
def polar(a: Any, side: str = "right") -> tuple[Any, Any]:
    """``(u, p)`` with a = u @ p, or a = p @ u where `side` is "left": `u` has orthonormal columns
    (rows), `p` is Hermitian and positive. `a` has shape (..., m, n).

    If `a` has fewer rows than columns only the left side has a derivative, if it has more only the
    right one; the other is refused. LinAlgError where `a` is not of full rank.

    >>> import numpy as np, autodiff as ad
    >>> a = np.array([[0.0, -2.0], [2.0, 0.0]])
    >>> ad.grad(lambda a: ad.linalg.polar(a)[1][0, 0])(a)
    array([[0., 0.],
           [1., 0.]])
    """
    if side not in ("right", "left"):
        raise ValueError(f"polar: side={side!r}: must be 'right' or 'left'")
    u, p = functions_rows.polar(matrix(a, "polar"), side=side)
    return u, p


# -- eigenvalues of two matrices -------------------------------------------------------------------
def eigh(a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False) -> Any:
    """``(w, v)`` with a @ v = b @ v * w for Hermitian `a` and positive definite `b`, of shape (...,
    n, n): the values in ascending order, and vectors with v^H b v = I. If `b` is None it is ``I``.
    Only one triangle of each matrix is read. With `eigvals_only` the result is `w` alone. The sign
    of each vector is arbitrary. Coinciding values are treated as in `np.linalg.eigh`.

    >>> import numpy as np, autodiff as ad
    >>> f = lambda m: ad.linalg.eigh(np.diag([1.0, 6.0]), np.diag(m), eigvals_only=True)[1]
    >>> ad.grad(f)(np.array([1.0, 2.0]))  # of 6 / m[1]
    array([ 0. , -1.5])
    """
    a, uplo = square(a, "eigh"), "L" if lower else "U"
    if b is None:
        return np.linalg.eigvalsh(a, uplo) if eigvals_only else tuple(np.linalg.eigh(a, uplo))
    a = np.tril(a) + dagger(np.tril(a, -1)) if lower else np.triu(a) + dagger(np.triu(a, 1))
    b = square(b, "eigh")
    factor = cholesky(b, True) if lower else dagger(cholesky(b))
    half = dagger(solve_triangular(factor, a, lower=True))
    middle = solve_triangular(factor, half, lower=True)
    if eigvals_only:
        return np.linalg.eigvalsh(middle)
    w, v = np.linalg.eigh(middle)
    return w, solve_triangular(factor, v, "C", lower=True)
