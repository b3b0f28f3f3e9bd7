"""Matrices made of given entries: each entry of the result is an entry of an argument, or zero.

They need only NumPy, and take a few operations on whole arrays, where SciPy's own would visit
arrays of objects entry by entry.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays.dispatch import operand
from ..base.shapes import ndim_of, shape_of
from ..primitives.linalg.helpers import conj


def vector(x: Any) -> Any:
    """An array with a vector in its last axis."""
    return np.atleast_1d(operand(x))


def one_after_the_other(first: Any, second: Any) -> Any:
    """Vectors joined, for stacks that broadcast."""
    leading = np.broadcast_shapes(shape_of(first)[:-1], shape_of(second)[:-1])
    parts = [np.broadcast_to(x, leading + shape_of(x)[-1:]) for x in (first, second)]
    return np.concatenate(parts, axis=-1)


def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix with constant diagonals whose first column is `c`, of shape (..., m), and whose
    first row is `r`, of shape (..., n), except for its first entry; ``conj(c)`` if `r` is None.

    >>> import numpy as np, autodiff as ad
    >>> ad.linalg.toeplitz(np.array([1.0, 2.0]), np.array([9.0, 3.0, 4.0]))
    array([[1., 3., 4.],
           [2., 1., 3.]])
    """
    c = vector(c)
    r = conj(c) if r is None else vector(r)
    rows, cols = np.ogrid[: shape_of(c)[-1], : shape_of(r)[-1]]
    return one_after_the_other(c[..., ::-1], r[..., 1:])[..., shape_of(c)[-1] - 1 - rows + cols]


def hankel(c: Any, r: Any = None) -> Any:
    """The matrix with constant antidiagonals whose first column is `c`, of shape (m,), and whose
    last row is `r`, of shape (n,), except for its first entry; zeros if `r` is None.

    >>> import numpy as np, autodiff as ad
    >>> ad.linalg.hankel(np.array([1.0, 2.0, 3.0]))
    array([[1., 2., 3.],
           [2., 3., 0.],
           [3., 0., 0.]])
    """
    c = np.ravel(operand(c))
    r = np.zeros_like(c) if r is None else np.ravel(operand(r))
    rows, cols = np.ogrid[: shape_of(c)[0], : shape_of(r)[0]]
    return np.concatenate((c, r[1:]))[rows + cols]


def circulant(c: Any) -> Any:
    """The matrix whose columns are `c`, of shape (..., n), each shifted cyclically by one more
    place.

    >>> import numpy as np, autodiff as ad
    >>> ad.linalg.circulant(np.array([1.0, 2.0, 3.0]))
    array([[1., 3., 2.],
           [2., 1., 3.],
           [3., 2., 1.]])
    """
    c = vector(c)
    rows, cols = np.ogrid[: shape_of(c)[-1], : shape_of(c)[-1]]
    return c[..., (rows - cols) % shape_of(c)[-1]]


def companion(a: Any) -> Any:
    """The matrix whose characteristic polynomial has the coefficients `a`, of shape (..., n),
    highest power first: its eigenvalues are the roots. The first coefficient must not be zero.
    Raises ValueError for fewer than two.

    >>> import numpy as np, autodiff as ad
    >>> ad.linalg.companion(np.array([2.0, 4.0, 6.0]))
    array([[-2., -3.],
           [ 1.,  0.]])
    """
    a = vector(a)
    n = shape_of(a)[-1] - 1
    if n < 1:
        raise ValueError(f"companion: a polynomial needs at least two coefficients, not {n + 1}")
    first = -a[..., None, 1:] / (1.0 * a[..., None, :1])
    below = np.broadcast_to(np.eye(n - 1, n, dtype=first.dtype), (*shape_of(a)[:-1], n - 1, n))
    return np.concatenate((first, below), axis=-2)


def block_diag(*arrs: Any) -> Any:
    """The block diagonal matrix of the given matrices. A number is a matrix of one entry, a vector
    a matrix of one row; leading axes broadcast.

    >>> import numpy as np, autodiff as ad
    >>> ad.linalg.block_diag(np.array([[1.0], [2.0]]), 3.0)
    array([[1., 0.],
           [2., 0.],
           [0., 3.]])
    """
    blocks = [np.atleast_2d(operand(x)) for x in arrs or ([],)]
    leading = np.broadcast_shapes(*(shape_of(x)[:-2] for x in blocks))
    dtype, width = np.result_type(*(x.dtype for x in blocks)), sum(shape_of(x)[-1] for x in blocks)
    rows, before = [], 0
    for x in blocks:
        m, n = shape_of(x)[-2:]
        sides = (np.zeros((*leading, m, k), dtype) for k in (before, width - before - n))
        left, right = sides
        rows.append(np.concatenate((left, np.broadcast_to(x, (*leading, m, n)), right), axis=-1))
        before += n
    return np.concatenate(rows, axis=-2)


def khatri_rao(a: Any, b: Any) -> Any:
    """The Kronecker product of each column of `a`, (..., m, k), with the same column of `b`, (...,
    n, k): a matrix of shape (..., m n, k).

    >>> import numpy as np, autodiff as ad
    >>> ad.linalg.khatri_rao(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0], [5.0, 6.0]]))
    array([[ 3.,  8.],
           [ 5., 12.]])
    """
    a, b = operand(a), operand(b)
    if ndim_of(a) < 2 or ndim_of(b) < 2 or shape_of(a)[-1] != shape_of(b)[-1]:
        raise ValueError(
            f"khatri_rao: shapes {shape_of(a)} and {shape_of(b)}: two matrices are needed, with "
            "the same number of columns"
        )
    product = a[..., :, None, :] * b[..., None, :, :]
    return np.reshape(product, (*shape_of(product)[:-3], -1, shape_of(product)[-1]))
