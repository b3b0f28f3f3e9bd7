"""What arguments must be: checked where they enter, with an error that names them."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np


def whole(value: Any, what: str, least: int = 1) -> int:
    """`value` as an int that is at least `least`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be an integer, not {value!r:.40}") from None
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{what} must be an integer, not {value!r}")
    if number < least:
        raise ValueError(f"{what} must be at least {least}, not {number}")
    return number


def number(value: Any, what: str, low: float = -np.inf, high: float = np.inf) -> float:
    """`value` as a finite float in [low, high]."""
    if isinstance(value, (bool, str)) or not np.isscalar(value):
        raise TypeError(f"{what} must be a number, not {value!r:.40}")
    if not (low <= value <= high and np.isfinite(value)):
        bounds = f"in [{low:g}, {high:g}]" if np.isfinite(high) else f"at least {low:g}"
        raise ValueError(
            f"{what} must be {bounds if np.isfinite(low) and np.isfinite(value) else 'finite'}, "
            f"not {value}"
        )
    return float(value)


def positive(value: Any, what: str) -> float:
    """`value` as a finite float above 0."""
    if number(value, what) <= 0:
        raise ValueError(f"{what} must be above 0, not {value}")
    return float(value)


def fraction(value: Any, what: str) -> float:
    """`value` as a float in [0, 1)."""
    if number(value, what, 0, 1) == 1:
        raise ValueError(f"{what} must be below 1")
    return float(value)


def one_of(value: Any, what: str, choices: tuple[str | None, ...]) -> Any:
    """`value`, which must be among `choices`."""
    if value not in choices:
        raise ValueError(f"{what}={value!r} must be one of {', '.join(map(repr, choices))}")
    return value


def generator(rng: Any, what: str) -> np.random.Generator:
    """`rng`, which must be a NumPy Generator: a program says where its randomness comes from."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{what}: rng must be a numpy.random.Generator, not {rng!r:.40}; "
            "pass np.random.default_rng(seed)"
        )
    return rng


def float_dtype(dtype: Any, what: str) -> np.dtype[Any]:
    """`dtype` as a NumPy dtype of real floats."""
    found = np.dtype(dtype)
    if found.kind != "f":
        raise TypeError(f"{what}: dtype must be a float dtype, not {found}")
    return found
