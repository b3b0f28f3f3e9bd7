"""A pattern: where a sparse matrix may have entries that are not zero."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..base.errors import MissingExtraError, ShapeError, counted
from .picture import spy

Array = Any


class Pattern:
    """Where a Jacobian or a Hessian may have entries that are not zero, row after row.

    `rows` and `cols` are their places, `shape` is ``(rows, columns)`` of all entries of the result
    and of the argument, `nnz` counts them, and `sweeps` says how many directions the matrix needs.
    ``tocsr()`` is a ``scipy.sparse.csr_array`` of True. Two patterns are equal if their places are.

    >>> import numpy as np, autodiff as ad
    >>> pattern = ad.sparsity(lambda x: x[1:] - x[:-1], np.zeros(4))
    >>> pattern
    <Pattern of shape (3, 4): 6 entries, 50.0 %>
    >>> pattern.rows, pattern.cols
    (array([0, 0, 1, 1, 2, 2]), array([0, 1, 1, 2, 2, 3]))
    """

    def __init__(self, starts: Array, cols: Array, shape: tuple[int, int]) -> None:
        self.starts, self.cols, self.shape = starts, cols, shape
        for x in (starts, cols):
            x.flags.writeable = False

    @classmethod
    def of(cls, x: Any) -> Pattern:
        """From a pattern, a sparse array of SciPy's, or a dense array."""
        if isinstance(x, Pattern):
            return x
        if hasattr(x, "tocoo"):
            found = x.tocoo()
            return cls.at(found.row, found.col, found.shape)
        x = np.asarray(x)
        if x.ndim != 2:
            raise ShapeError(f"a pattern is a matrix; this is an array of shape {x.shape}")
        rows, cols = np.nonzero(x)
        return cls.at(rows, cols, x.shape)

    @classmethod
    def at(cls, rows: Any, cols: Any, shape: tuple[int, ...]) -> Pattern:
        """From places, in any order."""
        n, m = map(int, shape)
        keys = np.unique(np.asarray(rows, np.intp) * m + np.asarray(cols, np.intp))
        rows, cols = np.divmod(keys, m) if m else (keys, keys)
        starts = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n))))
        return cls(starts, cols, (n, m))

    @property
    def nnz(self) -> int:
        return len(self.cols)

    @cached_property
    def rows(self) -> Array:
        rows = np.repeat(np.arange(self.shape[0]), np.diff(self.starts))
        rows.flags.writeable = False
        return rows

    @cached_property
    def narrow(self) -> tuple[Array, Array]:
        """`cols` and `starts` in the integers that SciPy takes."""
        is_small = max(self.nnz, *self.shape) < 2**31
        kind = np.int32 if is_small else np.int64
        return self.cols.astype(kind), self.starts.astype(kind)

    @cached_property
    def turned(self) -> tuple[Pattern, Array]:
        """The transpose, and where each of its entries is here."""
        n, m = self.shape
        order = np.argsort(self.cols, kind="stable")
        starts = np.concatenate(([0], np.cumsum(np.bincount(self.cols, minlength=m))))
        return Pattern(starts, self.rows[order], (m, n)), order

    def dense(self) -> Array:
        """All places, as truth values."""
        y = np.zeros(self.shape, bool)
        y[self.rows, self.cols] = True
        return y

    def block(self, rows: slice, cols: slice) -> tuple[Pattern, Array]:
        """A part, and where its entries are here."""
        first, last = self.starts[rows.start], self.starts[rows.stop]
        inside = self.cols[first:last]
        kept = np.flatnonzero((inside >= cols.start) & (inside < cols.stop)) + first
        shape = (rows.stop - rows.start, cols.stop - cols.start)
        if len(kept) == self.nnz and shape == self.shape:
            return self, kept
        counts = np.bincount(self.rows[kept] - rows.start, minlength=shape[0])
        starts = np.concatenate(([0], np.cumsum(counts)))
        return Pattern(starts, self.cols[kept] - cols.start, shape), kept

    def missing(self, other: Pattern) -> Array:
        """Which entries of `other` this lacks."""
        m = self.shape[1]
        return ~np.isin(other.rows * m + other.cols, self.rows * m + self.cols)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and (
            self is other
            or (
                self.shape == other.shape
                and np.array_equal(self.starts, other.starts)
                and np.array_equal(self.cols, other.cols)
            )
        )

    def __hash__(self) -> int:
        return hash((self.shape, self.nnz))

    def tocsr(self) -> Any:
        return csr(np.ones(self.nnz, bool), self)

    def __repr__(self) -> str:
        size = self.shape[0] * self.shape[1]
        share = f", {self.nnz / size:.1%}".replace("%", " %") if size else ""
        return f"<Pattern of shape {self.shape}: {counted(self.nnz, 'entry', 'entries')}{share}>"

    def _repr_svg_(self) -> str:
        return spy(self)


def csr(data: Any, pattern: Pattern) -> Any:
    """These numbers at the places of a pattern, as SciPy's sparse array."""
    try:
        module = importlib.import_module("scipy.sparse")
    except ImportError:
        raise MissingExtraError(
            "sparse derivatives are sparse arrays of SciPy's: pip install scipy"
        ) from None
    cols, starts = pattern.narrow  # copies: SciPy writes into them in place
    made = module.csr_array((data, cols.copy(), starts.copy()), shape=pattern.shape)
    made.has_canonical_format = True
    return made


def nested(parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else tuple(parts)
