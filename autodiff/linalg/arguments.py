"""Arguments of the functions of this package: arrays of floats with matrices in their last axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays.dispatch import operand
from ..base.shapes import ndim_of, shape_of
from ..numpy_api.arguments import as_dtype
from ..rules.primitive import Traced

LinAlgError = np.linalg.LinAlgError


def array(x: Any) -> Any:
    """`x` as an array of floating or complex numbers."""
    x = operand(x)
    x = x if isinstance(x, Traced) else np.asarray(x)
    return as_dtype(x, np.float64) if x.dtype.kind in "biu" else x


def matrix(x: Any, function: str) -> Any:
    """A matrix, or a stack of matrices."""
    x = array(x)
    if ndim_of(x) < 2:
        raise LinAlgError(
            f"autodiff.linalg.{function}: an array of shape {shape_of(x)} is not a matrix, which "
            "has two axes"
        )
    return x


def square(x: Any, function: str) -> Any:
    """A square matrix, or a stack of square matrices."""
    x = matrix(x, function)
    if shape_of(x)[-1] != shape_of(x)[-2]:
        raise LinAlgError(
            f"autodiff.linalg.{function}: a matrix of shape {shape_of(x)[-2:]} is not square"
        )
    return x
