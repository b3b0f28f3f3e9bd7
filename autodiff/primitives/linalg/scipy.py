"""Rows whose value is that of a function of scipy.linalg, called for every matrix of a stack.

SciPy is imported at the first call. NumPy's functions take stacks of matrices; SciPy's take them
only in newer versions, so the loop over a stack is here.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...base.errors import MissingExtraError, location

LinAlgError = np.linalg.LinAlgError


def scipy_linalg(name: str) -> Any:
    """The module scipy.linalg, for its function `name`."""
    try:
        return importlib.import_module("scipy.linalg")
    except ImportError:
        raise MissingExtraError(f"{name} needs SciPy: pip install scipy") from None


def of_each(
    name: str, like: int | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A function of matrices and vectors, made to take stacks that broadcast. An array of one axis
    is one vector for all. Errors name the function and the line. For an empty stack the result has
    the shape of the argument `like`, or the shape that unit matrices give."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arrays: Any, **params: Any) -> Any:
            try:
                return over_stacks(functools.partial(function, **params), arrays, like)
            except LinAlgError as error:
                said = "the matrix is not positive definite" if "potrf" in str(error) else error
                raise LinAlgError(f"scipy.linalg.{name}: {said}{location()}") from error

        return call

    return decorate


def scipys(name: str, like: int | None = None) -> Callable[..., Any]:
    """The function of scipy.linalg of this name."""

    def call(*arrays: Any, **params: Any) -> Any:
        return getattr(scipy_linalg(name), name)(*arrays, **params)

    call.__name__ = name
    return of_each(name, like)(call)


def over_stacks(function: Callable[..., Any], given: Sequence[Any], like: int | None) -> Any:
    arrays = [as_lapack_takes_it(x) for x in given]
    leading = np.broadcast_shapes(*(x.shape[:-2] for x in arrays))
    if not leading:
        return function(*arrays)
    if 0 in leading:
        units = [np.eye(*x.shape[-2:], dtype=x.dtype) if x.ndim > 1 else x for x in arrays]
        one = function(*units) if like is None else units[like].astype(np.result_type(*units))
        parts = one if isinstance(one, tuple) else (one,)
        none = tuple(np.empty(leading + y.shape, y.dtype) for y in parts)
        return none if isinstance(one, tuple) else none[0]
    spread = [np.broadcast_to(x, leading + x.shape[-2:]) if x.ndim > 1 else x for x in arrays]
    results = [
        function(*(x[place] if x.ndim > 1 else x for x in spread)) for place in np.ndindex(leading)
    ]
    if isinstance(results[0], tuple):
        return tuple(unflattened(part, leading) for part in zip(*results, strict=True))
    return unflattened(results, leading)


def as_lapack_takes_it(x: Any) -> Any:
    """In single or double precision, as SciPy casts halves and long doubles itself, mostly; and in
    the machine's own byte order, for SciPy reads some matrices as if they were."""
    x = np.asarray(x)
    lapack = {"e": np.float32, "g": np.float64, "G": np.complex128}
    return x.astype(lapack.get(x.dtype.char, x.dtype.newbyteorder("=")), copy=False)


def unflattened(parts: Any, leading: tuple[int, ...]) -> Any:
    whole = np.stack(parts)
    return np.reshape(whole, leading + whole.shape[1:])


__all__ = ["of_each", "scipy_linalg", "scipys"]
