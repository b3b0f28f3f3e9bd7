"""The table: every operation whose derivative is known, one row each."""

from . import elementwise, indexing, products, reductions, shaping

__all__ = ["elementwise", "indexing", "products", "reductions", "shaping"]
