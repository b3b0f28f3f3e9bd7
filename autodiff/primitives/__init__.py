"""The table: every operation whose derivative is known, one row each."""

from . import complex, elementwise, indexing, products, reductions, scans, shaping

__all__ = ["complex", "elementwise", "indexing", "products", "reductions", "scans", "shaping"]
