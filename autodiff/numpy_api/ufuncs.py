"""The keyword arguments and the methods of ufuncs: `where=`, `out=`, `dtype=`, `reduce`, `outer`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dispatch import UFUNC_METHODS, UFUNCS, name_of, operand
from ..errors import refuse
from ..shapes import ndim_of
from .arguments import as_dtype, check_default, deliver


def ufunc_method(name: str) -> Any:
    def register(function: Any) -> Any:
        UFUNC_METHODS[name] = function
        return function

    return register


@ufunc_method("__call__")
def call(
    ufunc: np.ufunc,
    *inputs: Any,
    out: Any = None,
    where: Any = True,
    dtype: Any = None,
    casting: str = "same_kind",
    order: str = "K",
    subok: bool = True,
    signature: Any = None,
) -> Any:
    name = name_of(ufunc)
    check_default(name, casting=(casting, "same_kind"), order=(order, "K"), subok=(subok, True), signature=(signature, None))
    result = UFUNCS[ufunc](*(as_dtype(operand(x), dtype) for x in inputs))
    if where is not True:
        target = out[0] if isinstance(out, tuple) else out
        if target is None:
            raise refuse(
                f"{name}: where= without out= leaves entries uninitialised",
                "give out=np.zeros_like(x), or use np.where",
            )
        result = np.where(where, result, target)
    return deliver(result, out, name)


@ufunc_method("outer")
def outer(ufunc: np.ufunc, a: Any, b: Any, **kwargs: Any) -> Any:
    a, b = operand(a), operand(b)
    a = np.reshape(a, (*np.shape(a), *(1,) * ndim_of(b)))
    return ufunc(a, b, **kwargs)


REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
ACCUMULATIONS = {np.add: np.cumsum, np.multiply: np.cumprod}


@ufunc_method("reduce")
def reduce(ufunc: np.ufunc, a: Any, axis: Any = 0, dtype: Any = None, out: Any = None, **kwargs: Any) -> Any:
    function = REDUCTIONS.get(ufunc)
    if function is None:
        raise refuse(f"{name_of(ufunc)}.reduce has no derivative rule", "write it as a loop")
    if dtype is not None:
        kwargs["dtype"] = dtype
    return function(a, axis=axis, out=out, **kwargs)


@ufunc_method("accumulate")
def accumulate(ufunc: np.ufunc, a: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    function = ACCUMULATIONS.get(ufunc)
    if function is None:
        raise refuse(f"{name_of(ufunc)}.accumulate has no derivative rule", "write it as a loop")
    return function(a, axis=axis, dtype=dtype, out=out)
