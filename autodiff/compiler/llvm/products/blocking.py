"""How a matrix product is cut: blocks that stay in the caches, tiles that stay in the registers.

Every size and stride is known when the code is made, so that tiles are as equal as the sizes allow.
"""

from __future__ import annotations

import platform
from typing import Any, NamedTuple

import numpy as np

from ..code import vector_bytes

FIRST_CACHE = 20 * 1024  # bytes of a tile of a: most of the smallest first-level cache
SECOND_CACHE = 256 * 1024  # bytes of a block of b: of the smallest second-level cache in use
ALIASED = 4096  # rows this many bytes apart compete for the same lines of the first cache
ROWS_READ = 16  # rows of b that one row of a takes at once
FEW_TILES = 3  # copying b is worth it from this many tiles of rows on


class Product(NamedTuple):
    """Sizes and strides (in entries) of one product: (n, k) times (k, m). Rows of the result are
    `row_c` entries apart; 0 says that it is in C order. One that `adds` keeps what is there;
    rows of b so many `ahead` are fetched into the cache."""

    dtype: np.dtype[Any]
    n: int
    k: int
    m: int
    row_a: int
    step_a: int
    row_b: int
    step_b: int
    row_c: int = 0
    adds: bool = False
    ahead: int = 0

    def transposed(self) -> Product:
        """The same of the transposes in the other order: for a result that is one column."""
        d, n, k, m, row_a, step_a, row_b, step_b, _, adds, ahead = self
        return Product(d, m, k, n, step_b, row_b, step_a, row_a, adds=adds, ahead=ahead)

    @property
    def is_dots(self) -> bool:
        """Is it one row times rows, rather than a row times columns?"""
        return self.n == 1 and self.row_b == 1 and self.step_b != 1


def registers() -> int:
    wide = vector_bytes() == 64 or platform.machine().lower() in ("aarch64", "arm64")
    return 32 if wide else 16


def vector_of(count: int, dtype: np.dtype[Any]) -> int:
    """Entries in a vector, for so many in a row."""
    return min(vector_bytes() // dtype.itemsize, 1 << (count - 1).bit_length())


class Plan:
    """How a product is cut into blocks and tiles."""

    def __init__(self, p: Product) -> None:
        size = p.dtype.itemsize
        self.width = vector_of(p.m, p.dtype)
        count = registers()
        tallest = count // 2 - 2  # with two vectors of b, and one for the entry of a
        self.tiles = -(-p.n // tallest)
        self.rows = -(-p.n // self.tiles)
        vectors = -(-p.m // self.width)
        self.vectors = min(vectors, 8, (count - 1) // (self.rows + 1))
        self.panels = -(-vectors // self.vectors)
        self.vectors = -(-vectors // self.panels)
        self.panel = self.vectors * self.width  # columns
        self.packs_b = (p.step_b != 1 and p.m > 1) or self.tiles > FEW_TILES
        self.packs_a = (
            p.row_a != 1
            and self.rows > 4
            and (p.step_a != 1 or (p.row_a * size % ALIASED == 0 and p.m >= 4 * self.panel))
        )
        parts = -(-p.k * self.rows * size // FIRST_CACHE)
        even = range(parts - parts // 10, parts + parts // 2 + 1)  # all parts of one length
        parts = next((c for c in even if p.k % c == 0), parts)
        self.depth = -(-p.k // parts)
        if p.n == 1 and not self.packs_b:  # b is read once: in order, as far as possible
            self.depth = min(self.depth, ROWS_READ)
        fitting = max(1, SECOND_CACHE // (self.depth * self.panel * size))
        blocks = -(-self.panels // fitting) if self.packs_b else 1
        self.block = -(-self.panels // blocks)  # panels
        self.tile_a = -(-self.rows // self.width) * self.width  # a packed tile's rows, padded
        self.space_b = self.depth * self.block * self.panel * self.packs_b  # entries
        self.scratch = (self.space_b + self.depth * self.tile_a * self.packs_a) * size


def scratch_bytes(p: Product) -> int:
    """The room that copied operands need."""
    if p.is_dots:
        return 0 if p.step_a == 1 else p.k * p.dtype.itemsize
    return Plan(p).scratch
