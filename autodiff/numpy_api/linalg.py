"""`np.linalg` on tracked values: the rows, and what NumPy composes of them, in NumPy's own order.

Arguments that are not matrices (`rcond`, `tol`, `ord`) cannot be tracked: they are refused by name.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.shapes import ndim_of, shape_of
from ..primitives import shaping
from ..primitives.linalg import (
    det as det_rows,
    eigen as eigen_rows,
    factor as factor_rows,
    solve as solve_rows,
    svd as svd_rows,
)
from .arguments import NO_VALUE, deliver, refuse_argument
from .linalg_norms import constant, matrix

LinAlgError = np.linalg.LinAlgError
ONE_BY_ONE = np.eye(1)
# The named tuples that NumPy returns, which have no public names.
EigResult = type(np.linalg.eig(ONE_BY_ONE))
EighResult = type(np.linalg.eigh(ONE_BY_ONE))
QRResult = type(np.linalg.qr(ONE_BY_ONE))
SlogdetResult = type(np.linalg.slogdet(ONE_BY_ONE))
SVDResult = type(np.linalg.svd(ONE_BY_ONE))


# -- systems of equations --------------------------------------------------------------------------
@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    return solve_rows.solve(matrix(a, "solve"), operand(b))


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    return solve_rows.inv(matrix(a, "inv"))


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = NO_VALUE) -> Any:
    constant("pinv", rcond=rcond, rtol=rtol)
    a = matrix(a, "pinv")
    if rcond is not None and rtol is not NO_VALUE:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    if rcond is None:
        rcond = 1e-15 if rtol is NO_VALUE else rtol
    if rcond is None:
        rcond = max(a.shape[-2:]) * np.finfo(a.dtype).eps
    return solve_rows.pinv(a, rcond=rcond, hermitian=bool(hermitian))


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    constant("lstsq", rcond=rcond)
    a, b = matrix(a, "lstsq"), operand(b)
    if ndim_of(a) != 2 or ndim_of(b) not in (1, 2):
        raise LinAlgError(
            f"np.linalg.lstsq: a has shape {shape_of(a)} and b {shape_of(b)}; it takes one matrix, "
            "and one or two axes of b; use autodiff.vmap for stacks"
        )
    x, sizes, rank, s = solve_rows.lstsq(a, b, rcond=rcond)
    return x, sizes, shaping.stop_gradient(rank), s


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = operand(a), operand(b)
    ndim = ndim_of(a)
    if axes is not None:
        order = [k for k in range(ndim) if k not in axes]
        for k in axes:
            order.insert(ndim, k)
        a = np.transpose(a, order)
    unknown = a.shape[-(ndim - ndim_of(b)) :]
    size = int(np.prod(unknown))
    if a.size != size**2:
        raise LinAlgError(
            f"np.linalg.tensorsolve: a of shape {a.shape} and b of shape {shape_of(b)}: "
            "prod(a.shape[b.ndim:]) and prod(a.shape[:b.ndim]) must be equal"
        )
    return np.reshape(solve(np.reshape(a, (size, size)), np.ravel(b)), unknown)


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    a = operand(a)
    size = int(np.prod(a.shape[ind:]))
    return np.reshape(inv(np.reshape(a, (size, -1))), a.shape[ind:] + a.shape[:ind])


# -- determinants and factors ----------------------------------------------------------------------
@implements(np.linalg.det)
def det(a: Any) -> Any:
    return det_rows.det(matrix(a, "det"))


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    return SlogdetResult(*det_rows.slogdet(matrix(a, "slogdet")))


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    return factor_rows.cholesky(matrix(a, "cholesky"), upper=bool(upper))


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    if mode == "r":
        return factor_rows.qr(matrix(a, "qr"), mode="reduced")[1]
    if mode not in ("reduced", "complete"):
        if mode not in ("raw", "full", "f", "economic", "e"):
            raise ValueError(f"Unrecognized mode '{mode}'")
        refuse_argument("np.linalg.qr", "mode", mode, 'use "reduced", "complete" or "r"')
    return QRResult(*factor_rows.qr(matrix(a, "qr"), mode=mode))


# -- spectra ---------------------------------------------------------------------------------------
def triangle_read(uplo: str) -> str:
    uplo = uplo.upper()
    if uplo not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return uplo


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    return EighResult(*eigen_rows.eigh(matrix(a, "eigh"), UPLO=triangle_read(UPLO)))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return eigen_rows.eigvalsh(matrix(a, "eigvalsh"), UPLO=triangle_read(UPLO))


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    return EigResult(*eigen_rows.eig(matrix(a, "eig")))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    return eigen_rows.eigvals(matrix(a, "eigvals"))


@implements(np.linalg.svd)
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    a = matrix(a, "svd")
    if not hermitian and not compute_uv:
        return svd_rows.svdvals(a)
    if not hermitian:
        return SVDResult(*svd_rows.svd(a, full_matrices=bool(full_matrices)))
    if not compute_uv:
        return np.sort(np.abs(eigvalsh(a)))[..., ::-1]
    s, u = eigh(a)
    sign = np.copysign(1.0, s)
    s = s * sign  # |s|, with the derivative that the sign moved into vh expects where s is zero
    order = np.argsort(s)[..., ::-1]
    sign, s = (np.take_along_axis(x, order, axis=-1) for x in (sign, s))
    u = np.take_along_axis(u, order[..., None, :], axis=-1)
    return SVDResult(u, s, np.conjugate(np.matrix_transpose(u * sign[..., None, :])))


@implements(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    return svd_rows.svdvals(matrix(x, "svdvals"))


# -- powers and chains of products -----------------------------------------------------------------
@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    a = matrix(a, "matrix_power")
    if a.shape[-1] != a.shape[-2]:
        raise LinAlgError("Last 2 dimensions of the array must be square")
    try:
        n = operator.index(n)
    except TypeError as error:
        raise TypeError("exponent must be an integer") from error
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    if n < 0:
        a, n = inv(a), -n
    if n == 3:
        return np.matmul(np.matmul(a, a), a)
    square, power = a, None  # a to the powers 1, 2, 4, ..., multiplied where n has that bit
    while True:
        n, bit = divmod(n, 2)
        if bit:
            power = square if power is None else np.matmul(power, square)
        if n == 0:
            return power
        square = np.matmul(square, square)


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    arrays = [operand(a) for a in arrays]
    if len(arrays) < 2:
        raise ValueError("Expecting at least two arrays.")
    if len(arrays) == 2:
        return np.dot(*arrays, out=out)
    first_is_vector, last_is_vector = ndim_of(arrays[0]) == 1, ndim_of(arrays[-1]) == 1
    if first_is_vector:
        arrays[0] = np.reshape(arrays[0], (1, -1))
    if last_is_vector:
        arrays[-1] = np.reshape(arrays[-1], (-1, 1))
    for a in arrays:
        if ndim_of(a) != 2:
            raise LinAlgError(
                f"{ndim_of(a)}-dimensional array given. Array must be two-dimensional"
            )
    sizes = [a.shape[0] for a in arrays] + [arrays[-1].shape[1]]
    y = _chain(arrays, _best_splits(sizes), 0, len(arrays) - 1)
    if first_is_vector and last_is_vector:
        y = y[0, 0]
    elif first_is_vector or last_is_vector:
        y = np.ravel(y)
    return deliver(y, out, "np.linalg.multi_dot")


def _best_splits(sizes: list[int]) -> dict[tuple[int, int], int]:
    """Where to split each product of a chain for the fewest multiplications; of equals the first.

    Source: Cormen et al., Introduction to Algorithms, chapter 15.2.
    """
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            costs = {
                k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            }
            best = min(costs, key=costs.__getitem__)
            cost[i, j], split[i, j] = costs[best], best
    return split


def _chain(arrays: Any, split: Any, i: int, j: int) -> Any:
    if i == j:
        return arrays[i]
    k = split[i, j]
    return np.dot(_chain(arrays, split, i, k), _chain(arrays, split, k + 1, j))


# -- spellings of the array API --------------------------------------------------------------------
@implements(np.linalg.outer)
def outer(x1: Any, x2: Any, /) -> Any:
    x1, x2 = operand(x1), operand(x2)
    if ndim_of(x1) != 1 or ndim_of(x2) != 1:
        raise ValueError(
            "Input arrays must be one-dimensional, but they are "
            f"x1.ndim={ndim_of(x1)} and x2.ndim={ndim_of(x2)}."
        )
    return np.outer(x1, x2)


@implements(np.linalg.cross)
def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = operand(x1), operand(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(
            "Both input arrays must be (arrays of) 3-dimensional vectors, but they are "
            f"{x1.shape[axis]} and {x2.shape[axis]} dimensional instead."
        )
    return np.cross(x1, x2, axis=axis)


@implements(np.linalg.diagonal)
def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, axis1=-2, axis2=-1)


@implements(np.linalg.trace)
def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return np.trace(x, offset, axis1=-2, axis2=-1, dtype=dtype)


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.vecdot(x1, x2, axis=axis)


@implements(np.linalg.tensordot)
def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes=axes)


@implements(np.linalg.matmul)
def matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)
