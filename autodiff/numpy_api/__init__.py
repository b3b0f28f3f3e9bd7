"""NumPy's functions on tracked values, each with NumPy's own signature, written over the rows.

Importing a module here fills the tables of `dispatch`.
"""

from . import (
    assignment,
    calculus,
    complex,
    creating,
    fft,
    folds,
    indexing,
    inspecting,
    joining,
    logic,
    nan_reductions,
    products,
    quantiles,
    reductions,
    scipy_special,
    shaping,
    signal,
    sorting,
    statistics,
    ufuncs,
)

__all__ = [
    "assignment",
    "calculus",
    "complex",
    "creating",
    "fft",
    "folds",
    "indexing",
    "inspecting",
    "joining",
    "logic",
    "nan_reductions",
    "products",
    "quantiles",
    "reductions",
    "scipy_special",
    "shaping",
    "signal",
    "sorting",
    "statistics",
    "ufuncs",
]
