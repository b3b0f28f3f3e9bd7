"""What the leaves of arguments and results are: arrays, scalars of NumPy, numbers of Python."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ...base.shapes import PYTHON_SCALARS, Shape


class Kind(NamedTuple):
    """What an argument or a result is: an array, a NumPy scalar or a Python number. An array that
    is not in C order has its strides: on them depends what is a view, and order "K" or "A"."""

    cls: type
    dtype: np.dtype[Any]
    shape: Shape
    strides: tuple[int, ...] | None = None

    def fits(self, x: Any) -> bool:
        """Is `x` of this kind, or in C order?"""
        cls: type = x.__class__
        if cls is not self.cls:
            return False
        if cls is not np.ndarray:
            return True
        lies = strides_of(x) in (None, self.strides)
        return lies and bool(x.dtype == self.dtype and x.shape == self.shape)


def strides_of(x: np.ndarray[Any, Any]) -> tuple[int, ...] | None:
    """The strides of an array along sides longer than 1; `None` in C order."""
    if x.flags.c_contiguous:
        return None
    return tuple([s if n != 1 else 0 for s, n in zip(x.strides, x.shape, strict=True)])


def kind_of_leaf(x: Any) -> Kind:
    cls = x.__class__
    if cls in PYTHON_SCALARS:
        return Kind(cls, np.dtype(cls), ())
    if isinstance(x, np.generic):
        return Kind(cls, x.dtype, ())
    dtype = np.dtype(x.dtype.type)  # in the machine's byte order
    return Kind(np.ndarray, dtype, x.shape, strides_of(x))


def own_result(y: np.ndarray[Any, Any], kind: Kind) -> Any:
    """An array as a result of this kind."""
    if kind.cls is np.ndarray:
        return y
    return y.item() if kind.cls in PYTHON_SCALARS else y[()]
