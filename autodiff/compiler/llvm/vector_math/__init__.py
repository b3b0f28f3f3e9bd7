"""Elementary functions as straight-line code for vectors, one expansion per row of the table.

`EXPANSIONS[row.name](lanes, *operands)` emits the value of that row, special values included, for
whatever format and width `lanes` has. Errors in units of the last place, measured against mpmath in
tests/compiler/llvm/vector_math/test_functions.py, stand in that file.
"""

from . import (
    arithmetic,
    error_function,
    exponential,
    inverse_circular,
    logarithm,
    powers,
    stable,
    trigonometric,
)
from .terms import EXPANSIONS

__all__ = [
    "EXPANSIONS",
    "arithmetic",
    "error_function",
    "exponential",
    "inverse_circular",
    "logarithm",
    "powers",
    "stable",
    "trigonometric",
]
