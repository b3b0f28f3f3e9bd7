"""NumPy's functions on tracked values, each with NumPy's own signature, written over the rows.

Importing a module here fills the tables of `dispatch`.
"""

from . import (
    calculus,
    complex,
    fft,
    folds,
    indexing,
    joining,
    logic,
    nan_reductions,
    products,
    quantiles,
    reductions,
    shaping,
    signal,
    sorting,
    statistics,
    ufuncs,
)

__all__ = [
    "calculus",
    "complex",
    "fft",
    "folds",
    "indexing",
    "joining",
    "logic",
    "nan_reductions",
    "products",
    "quantiles",
    "reductions",
    "shaping",
    "signal",
    "sorting",
    "statistics",
    "ufuncs",
]
