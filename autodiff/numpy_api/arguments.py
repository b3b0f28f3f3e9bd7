"""The arguments that many of NumPy's functions share: dtype, out, keepdims, and defaults."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from ..arrays.dispatch import operand
from ..arrays.refusals import NO_BRANCH
from ..arrays.views import assign
from ..base.errors import NotDifferentiableError, ShapeError, refuse
from ..base.shapes import shape_of
from ..primitives import shaping as rows
from ..rules.primitive import Traced, bare, nodes_of, payload

NUMPY_2_4 = np.lib.NumpyVersion(np.__version__) >= "2.4.0"
NUMPY_2_5 = np.lib.NumpyVersion(np.__version__) >= "2.5.0"
NO_VALUE = np._NoValue  # type: ignore[attr-defined]  # NumPy's mark of an argument not given


def refuse_argument(function: str, argument: str, value: Any, cure: str) -> Any:
    raise refuse(f"{function}: {argument}={value!r:.40} is not supported on a tracked value", cure)


def check_default(function: str, **arguments: tuple[Any, Any]) -> None:
    """Refuse by name every argument that differs from its default: ``order=(order, "K")``."""
    for name, (value, default) in arguments.items():
        if value is not default and not (isinstance(value, type(default)) and value == default):
            refuse_argument(function, name, value, "leave it out")


def dtype_named(dtype: Any) -> np.dtype[Any]:
    """What a dtype argument stands for, which may be NumPy's class of that dtype."""
    found = dtype() if isinstance(dtype, type) and issubclass(dtype, np.dtype) else np.dtype(dtype)
    if found.kind not in "biufc":  # objects, strings, dates: not numbers
        raise refuse(f"dtype={found} for a tracked value", "use a numeric dtype")
    return found


def dtype_of(x: Any) -> np.dtype[Any]:
    """The dtype of an array, or what a Python number becomes in one."""
    return x.dtype if hasattr(x, "dtype") else np.result_type(x)


def array_operand(x: Any) -> Any:
    """An operand of a function that makes an array of it first: a Python number has the dtype that
    it has in an array, and beyond 64 bits, where NumPy's would be an object, is a double."""
    x = operand(x)
    if not is_python_scalar(x):
        return x
    dtype = dtype_of(x)
    return as_dtype(x, float if dtype.kind == "O" else dtype)


def as_dtype(x: Any, dtype: Any) -> Any:
    """`x` cast to `dtype`, differentiably; `None` leaves it."""
    if dtype is None:
        return x
    dtype = dtype_named(dtype)
    if not isinstance(x, Traced):
        if x.__class__ is int and dtype.kind in "iu":  # one that does not fit is refused
            return np.asarray(dtype.type(x))
        return x.astype(dtype) if isinstance(x, np.generic) else np.asarray(x, dtype)
    if x.dtype == dtype and not is_python_scalar(x):
        return x
    if dtype.kind not in "fc":
        return rows.truncate(x, dtype=dtype)
    return rows.cast(x, dtype=dtype)


def is_python_scalar(x: Any) -> bool:
    x = payload(x)
    return isinstance(x, (float, int, complex)) and not isinstance(x, np.generic)


def deliver(result: Any, out: Any, function: str) -> Any:
    """`result`, written into `out` where one was given: a tracked `out` is re-pointed."""
    if isinstance(out, tuple):
        (out,) = out
    if out is None:
        return result
    result = operand(result)
    if out.shape != shape_of(result):
        raise ShapeError(f"{function}: out has shape {out.shape}, the result {shape_of(result)}")
    if not isinstance(out, Traced):
        if isinstance(result, Traced):
            refuse_argument(
                function,
                "out",
                out,
                "a plain array cannot hold a tracked value; use np.zeros_like(x)",
            )
        out[...] = result
        return out
    if out.dtype.kind in "iub" and dtype_of(result).kind in "fc":
        refuse_argument(function, "out", out.dtype, f"give it the dtype {dtype_of(result)}")
    result = as_dtype(result, out.dtype)
    assign(out, lifted(result, out))
    return out


def number(y: Any) -> Any:
    """`y` as NumPy returns it: a number where it does not have axes."""
    return y[()] if shape_of(y) == () and isinstance(payload(y), np.ndarray) else y


def lifted(value: Any, like: Any) -> Any:
    """`value` as a handle at the level of `like`, so that a program may assign into it."""
    value = bare(value)
    if isinstance(value, Traced) and value.node.level >= like.node.level:
        return value
    if isinstance(like.value, Traced):
        inner = lifted(value, like.value)
    else:
        inner = copy(value) if isinstance(value, Traced) else value
    return like.node.constant(inner)


def given(keepdims: Any) -> bool:
    """A keepdims argument as a truth value; NumPy's mark of an argument not given is false."""
    return keepdims is not NO_VALUE and bool(keepdims)


def accumulator(function: str, a: Any, dtype: Any, out: Any) -> Any:
    """The dtype in which NumPy adds up `a`: that of a wider `out`, unless another is asked for."""
    if dtype is not None:
        return dtype_named(dtype)
    target = out[0] if isinstance(out, tuple) else out
    if target is None or target.dtype == dtype_of(a):
        return None
    if np.promote_types(dtype_of(a), target.dtype) != target.dtype:
        refuse_argument(function, "out", target.dtype, f"give it the dtype {dtype_of(a)}")
    return target.dtype


SAME_SHAPE = "keep the shape, with np.where(mask, x, 0)"


def concrete(x: Any, what: str, cure: str = NO_BRANCH) -> Any:
    """The plain array behind `x`, for a function whose result depends on it in jumps. Refused where
    there is not one such array: under vmap, and in a program that is being traced for other
    data."""
    for node in nodes_of(x):
        node.check_concrete(what, cure)
    return payload(x)


def is_concrete(x: Any) -> bool:
    """May the program look at the numbers in `x`?"""
    try:
        concrete(x, "")
    except NotDifferentiableError:
        return False
    return True
