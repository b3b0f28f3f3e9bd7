"""A sparse matrix whose entries another transform watches: SciPy's hold plain numbers alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.containers import register_container
from ..primitives.indexing import scatter_add
from .pattern import Pattern, csr


class Entries:
    """The entries of a sparse matrix, `data`, in the order of its `pattern`.

    Under jit, vmap and other transforms it stands for the sparse array. What jit returns is one of
    SciPy's again; what vmap returns has a row of entries for each example.
    """

    def __init__(self, data: Any, pattern: Pattern) -> None:
        self.data, self.pattern = data, pattern

    @property
    def shape(self) -> tuple[int, ...]:
        return (*self.data.shape[:-1], *self.pattern.shape)

    def toarray(self) -> Any:
        """With all zeros: an array that can be differentiated further."""
        key = (Ellipsis, self.pattern.rows, self.pattern.cols)
        return scatter_add(self.data, key=key, shape=self.shape)

    def tocsr(self) -> Any:
        """One of SciPy's arrays, of plain numbers; of a stack of examples, a list of them."""
        if self.data.ndim == 1:
            return csr(self.data, self.pattern)
        return [Entries(part, self.pattern).tocsr() for part in self.data]

    def __repr__(self) -> str:
        return f"Entries({self.data!r}, {self.pattern!r})"


def of_pattern(data: Any, pattern: Pattern, watched: bool = False) -> Any:
    """These numbers at the places of a pattern: SciPy's array, unless a transform is watching."""
    if isinstance(data, np.ndarray) and data.ndim == 1 and not watched:
        return csr(data, pattern)
    return Entries(data, pattern)


register_container(
    Entries, lambda x: ([x.data], x.pattern), lambda pattern, parts: of_pattern(parts[0], pattern)
)
