"""Questions about an array that its shape, its dtype or its printed form answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements
from ..base.shapes import Shape, shape_of, size_of
from ..rules.primitive import Traced, nodes_of, payload
from .arguments import is_python_scalar


@implements(np.shape)
def shape(a: Any) -> Shape:
    return shape_of(a)


@implements(np.ndim)
def ndim(a: Any) -> int:
    return len(shape_of(a))


@implements(np.size)
def size(a: Any, axis: Any = None) -> int:
    if axis is None:
        return size_of(shape_of(a))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return size_of(tuple(shape_of(a)[k] for k in axes))


def stand_in(x: Any) -> Any:
    """A plain value that decides a dtype as `x` does: a tracked value's own dtype, or the weak one
    of a Python number."""
    if not isinstance(x, Traced):
        return x
    return type(payload(x))(0) if is_python_scalar(x) else x.dtype


def _of_dtypes(function: Callable[..., Any], prepared: Callable[[Any], Any]) -> None:
    """A function that looks at nothing but dtypes."""

    @implements(function)
    def answer(*args: Any, **options: Any) -> Any:
        return function(*map(prepared, args), **options)


def empty(x: Any) -> Any:
    return np.empty(0, x.dtype) if isinstance(x, Traced) else x


_of_dtypes(np.result_type, stand_in)
_of_dtypes(np.can_cast, lambda x: x.dtype if isinstance(x, Traced) else x)
_of_dtypes(np.common_type, empty)
_of_dtypes(np.min_scalar_type, empty)


def _of_memory(function: Callable[..., Any]) -> None:
    """A function that looks at the arrays' memory, which differs from call to call."""

    @implements(function)
    def answer(*args: Any, **options: Any) -> Any:
        for node in (node for x in args for node in nodes_of(x)):
            node.check_concrete(f"np.{function.__name__}")
        return function(*map(payload, args), **options)


for _function in (np.shares_memory, np.may_share_memory):
    _of_memory(_function)


def _printed(function: Callable[..., Any]) -> None:
    """A function that prints an array: of a tracked one, its value."""

    @implements(function)
    def answer(a: Any, *args: Any, **options: Any) -> str:
        return str(function(np.asarray(payload(a)), *args, **options))


for _function in (np.array2string, np.array_repr, np.array_str):
    _printed(_function)
