"""What the leaves of arguments and results are: arrays, scalars of NumPy, numbers of Python."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..shapes import PYTHON_SCALARS, Shape


class Kind(NamedTuple):
    """What an argument or a result is: an array, a NumPy scalar or a Python number."""

    cls: type
    dtype: np.dtype[Any]
    shape: Shape

    def fits(self, x: Any) -> bool:
        """Is `x` of this kind?"""
        if self.cls is not np.ndarray:
            return x.__class__ is self.cls
        is_array = issubclass(x.__class__, np.ndarray)
        return bool(is_array and x.dtype == self.dtype and x.shape == self.shape)


def kind_of_leaf(x: Any) -> Kind:
    cls = x.__class__
    if cls in PYTHON_SCALARS:
        return Kind(cls, np.dtype(cls), ())
    if isinstance(x, np.generic):
        return Kind(cls, x.dtype, ())
    return Kind(np.ndarray, np.dtype(x.dtype.type), x.shape)  # in the machine's byte order


def own_result(y: np.ndarray[Any, Any], kind: Kind) -> Any:
    """An array as a result of this kind."""
    if kind.cls is np.ndarray:
        return y
    return y.item() if kind.cls in PYTHON_SCALARS else y[()]
