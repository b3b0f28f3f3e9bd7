"""Products of a sparse matrix of SciPy's, which is constant, and a dense array: linear in the array.

SciPy leaves ``A @ x`` to `x` where it cannot make a plain array of it (numpy_api.scipy_special);
``x @ A`` is ours at once. The library does not import SciPy: a sparse matrix comes from there.
"""

from __future__ import annotations

import importlib
import sys
from functools import cached_property
from typing import Any

import numpy as np

from ..base.errors import AutodiffError, MissingExtraError, refuse
from ..base.shapes import shape_of
from ..rules.kinds import linear
from ..rules.primitive import PRODUCT
from .products import mT


def is_sparse(x: Any) -> bool:
    """Is this one of SciPy's sparse arrays and matrices?"""
    module = sys.modules.get("scipy.sparse")
    return module is not None and bool(module.issparse(x))


def dense(a: Any) -> Any:
    """All entries of a sparse array beside a tracked one, for operations other than products. A
    sparse *matrix* is refused: its ``A * x`` is a matrix product."""
    if sys.modules["scipy.sparse"].isspmatrix(a):
        raise refuse(
            f"a {type(a).__name__}, a sparse matrix, beside a tracked value",
            "write a product as A @ x or x @ A; for anything else use A.toarray()",
        )
    return a.toarray()


SAVED = ("csc_array", "csc_matrix", "csr_array", "csr_matrix")


class Held:
    """A sparse matrix as a parameter of a row: printed as its kind and shape, equal only to
    itself."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    @classmethod
    def of_parts(cls, kind: str, shape: tuple[int, ...], parts: tuple[Any, ...]) -> Held:
        """A matrix made of what :attr:`parts` returned; ValueError where these do not fit
        together."""
        try:
            module = importlib.import_module("scipy.sparse")
        except ImportError:
            raise MissingExtraError("sparse matrices need SciPy: pip install scipy") from None
        if kind not in SAVED:
            raise ValueError(f"{kind!r:.40} is not one of {', '.join(SAVED)}")
        matrix = getattr(module, kind)(parts, shape=shape)
        matrix.check_format(full_check=True)
        return cls(matrix)

    @property
    def parts(self) -> tuple[Any, ...]:
        """The entries, their indices, and where each row or column begins."""
        if self.kind not in SAVED:
            raise AutodiffError(f"save: a {self.kind} cannot be saved; use A.tocsr() instead")
        return self.matrix.data, self.matrix.indices, self.matrix.indptr

    @cached_property
    def transposed(self) -> Held:
        return Held(self.matrix.T)

    def pairs(self, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Which entries of the product are made of which of an array of this shape."""
        matrix = self.matrix.tocoo()
        beside = np.arange(int(np.prod(shape[1:], dtype=np.intp)))
        pair = (np.add.outer(k * len(beside), beside).ravel() for k in (matrix.row, matrix.col))
        to, of = (k.astype(np.intp) for k in pair)
        return to, of

    @property
    def kind(self) -> str:
        return type(self.matrix).__name__

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(map(str, self.matrix.shape))})"


def _batch_product(row: Any, size: int, args: Any, flags: Any, *, matrix: Held) -> Any:
    """All examples side by side."""
    beside = np.moveaxis(args[0], 0, -1)
    shape = shape_of(beside)
    y = row(np.reshape(beside, (shape[0], -1)), matrix=matrix)
    return np.moveaxis(np.reshape(y, (shape_of(y)[0], *shape[1:])), -1, 0)


def _product(x: Any, *, matrix: Held) -> Any:
    """SciPy's product of a coo_array of one entry has lost its axis."""
    return np.reshape(matrix.matrix @ x, (matrix.matrix.shape[0], *shape_of(x)[1:]))


sparse_product = linear(
    "sparse_product",
    _product,
    lambda y_bar, x, *, matrix: sparse_product(y_bar, matrix=matrix.transposed),
    text=lambda matrix: f"{matrix!r} @ {{a}}",
    latex=lambda matrix: rf"\mathtt{{{{{matrix.kind}}}}} \, {{a}}".replace("_", r"\_"),
    binds=PRODUCT,
    batch=_batch_product,
    entries=lambda x, *, matrix: matrix.pairs(x.shape),
)


def product(a: Any, x: Any) -> Any:
    """A @ x, for a sparse matrix A."""
    shape = x.shape
    if a.ndim != 2 or len(shape) not in (1, 2):
        raise refuse(
            f"a {type(a).__name__} of shape {a.shape} times a tracked value of shape {shape}",
            "multiply a sparse matrix by a vector or a matrix, or use A.toarray()",
        )
    return sparse_product(x, matrix=Held(a))


def reflected_product(x: Any, a: Any) -> Any:
    """x @ A, for a sparse matrix A."""
    y = product(a.T, mT(x) if len(x.shape) == 2 else x)
    return mT(y) if len(x.shape) == 2 else y


__all__ = ["dense", "is_sparse", "product", "reflected_product"]
