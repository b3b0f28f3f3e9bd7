"""NumPy's functions on tracked values, each with NumPy's own signature, written over the rows.

Importing a module here fills the tables of `dispatch`.
"""

from . import complex, indexing, joining, products, reductions, shaping, statistics, ufuncs

__all__ = ["complex", "indexing", "joining", "products", "reductions", "shaping", "statistics", "ufuncs"]
