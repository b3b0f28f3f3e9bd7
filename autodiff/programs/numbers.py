"""Numbers in few characters: what a table, a box or an error shows of a value."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rules.conforming import Aval
from ..rules.primitive import payload

DIGITS = 6
SHOWN = 9  # arrays of up to this many entries are written out


def number(x: Any, digits: int = DIGITS) -> str:
    """A number, or an array of no axes, to `digits` significant digits.

    >>> number(2.0), number(0.1 + 0.2), number(3)
    ('2', '0.3', '3')
    """
    if isinstance(x, np.ndarray):
        x = x[()]
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    if isinstance(x, (int, np.integer)):
        return str(x)
    if isinstance(x, (complex, np.complexfloating)):
        return f"({complex(x):.{digits}g})"
    return f"{float(x) + 0.0:.{digits}g}"  # + 0.0: a negative zero reads 0


def summary(x: Any, digits: int = DIGITS) -> str:
    """A value in one line: small arrays entry by entry, larger ones by shape and range.

    >>> import numpy as np
    >>> summary(np.array([1.0, 0.5]))
    '[1, 0.5]'
    >>> summary(np.linspace(0.0, 1.0, 100))
    'shape (100,), from 0 to 1, mean 0.5'
    """
    x = payload(x)
    if isinstance(x, Aval):
        return f"shape {x.shape}"
    if isinstance(x, tuple):
        return ", ".join(summary(part, digits) for part in x)
    shape = np.shape(x)
    if shape == ():
        return number(x, digits)
    x = np.asarray(x)
    if x.size == 0:
        return f"shape {shape}, empty"
    first = x.flat[0]
    if x.size > SHOWN and np.all(x == first):
        return f"shape {shape}, all {number(first, digits)}"
    if x.size <= SHOWN:
        return entries(x, digits)
    if x.dtype.kind == "b":
        return f"shape {shape}, {int(np.sum(x))} of {x.size} true"
    if x.dtype.kind not in "iuf":
        return f"shape {shape}, {x.dtype}"
    finite = x[np.isfinite(x)]
    if finite.size < x.size:
        return f"shape {shape}, {x.size - finite.size} of {x.size} inf or nan"
    low, high = number(finite.min(), digits), number(finite.max(), digits)
    with np.errstate(over="ignore"):
        mean = number(finite.mean(), digits)
    return f"shape {shape}, from {low} to {high}, mean {mean}"


def entries(x: Any, digits: int) -> str:
    if x.ndim == 0:
        return number(x, digits)
    return "[" + ", ".join(entries(part, digits) for part in x) + "]"


def brief(x: Any, digits: int = 4) -> str:
    """A value for a box of the picture: a number, a few entries, or shape and range."""
    x = payload(x)
    if isinstance(x, tuple):
        return summary(x, digits)
    shape = np.shape(x)
    if shape == () or np.size(x) <= 3:
        return summary(x, digits)
    x = np.asarray(x)
    if x.size == 0 or x.dtype.kind not in "iuf" or not np.all(np.isfinite(x)):
        return summary(x, digits).removeprefix("shape ")
    low, high = number(x.min(), digits), number(x.max(), digits)
    return f"{shape}: {low}" if low == high else f"{shape}: {low} … {high}"
