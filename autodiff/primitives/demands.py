"""A condition on data, checked where the program runs: what NumPy raises, a compiled program raises.

A check in Python sees the numbers that a program was traced with, and no others. Where a condition
depends on what is traced, it becomes an operation that passes a value on, or raises.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..fitting import stacked
from ..kinds import special
from ..primitive import ZERO, Primitive, Traced
from ..shapes import shape_of

ERRORS: dict[str, type[Exception]] = {
    "TypeError": TypeError,
    "ValueError": ShapeError,  # is one, and is not explained again
    "ZeroDivisionError": ZeroDivisionError,
}


def _demanded(x: Any, ok: Any, *, message: str, error: str) -> Any:
    if not np.all(ok):
        raise ERRORS[error](message)
    return x.copy() if shape_of(x) else x  # a compiled program may write over what it gave


def _batch_demanded(row: Primitive, size: int, args: Any, flags: Any, **params: Any) -> Any:
    return row(stacked(args[0], flags[0], size), args[1], **params)


demanded = special(
    "demanded",
    _demanded,
    forward=lambda tangents, primals, y, *, message, error: tangents[0],
    backward=lambda y_bar, primals, y, *, message, error: [y_bar, ZERO],
    batch=_batch_demanded,
    text="{a}",
)


def demand(x: Any, ok: Any, message: str, error: str = "ValueError") -> Any:
    """`x`, if all of `ok` holds; else an error of that name is raised, now or when the program runs."""
    if isinstance(ok, Traced):
        return demanded(x, ok, message=message, error=error)
    if not np.all(ok):
        raise ERRORS[error](message)
    return x
