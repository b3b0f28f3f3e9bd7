"""The table: every operation whose derivative is known, one row each."""

from . import (
    bessel,
    complex,
    elementwise,
    fft,
    gamma,
    hypergeometric,
    indexing,
    products,
    reductions,
    scans,
    series,
    shaping,
    signal,
    sorting,
    special,
    stable,
)

__all__ = [
    "bessel",
    "complex",
    "elementwise",
    "fft",
    "gamma",
    "hypergeometric",
    "indexing",
    "products",
    "reductions",
    "scans",
    "series",
    "shaping",
    "signal",
    "sorting",
    "special",
    "stable",
]
