"""The table: every operation whose derivative is known, one row each."""

from . import (
    complex,
    elementwise,
    fft,
    indexing,
    products,
    reductions,
    scans,
    series,
    shaping,
    signal,
    sorting,
)

__all__ = [
    "complex",
    "elementwise",
    "fft",
    "indexing",
    "products",
    "reductions",
    "scans",
    "series",
    "shaping",
    "signal",
    "sorting",
]
