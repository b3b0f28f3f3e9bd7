"""Arrays made to be like a tracked one: ``np.zeros(3, like=x)``, NumPy's protocol for it (NEP 35).

What is made is a handle at the level of `x`. So a program may assign tracked values into it, index
it with a traced or batched index, and join complex numbers in it; a plain array takes none of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arrays.dispatch import CREATORS, leaves_of, name_of, operand
from ..arrays.views import in_one_piece
from ..base.errors import refuse
from ..base.shapes import ndim_of
from ..rules.primitive import Traced
from .arguments import as_dtype, lifted
from .creating import check_device
from .joining import stack
from .shaping import copied

ORDERS = {np.ascontiguousarray: "C", np.asfortranarray: "F"}
OF_AN_AXIS = tuple(ORDERS)  # at least
CONVERSIONS = (np.array, np.asarray, np.asanyarray, *OF_AN_AXIS)
OTHERS = (
    *(np.arange, np.empty, np.eye, np.frombuffer, np.fromfile, np.fromfunction, np.fromiter),
    *(np.fromstring, np.genfromtxt, np.identity, np.loadtxt, np.ones, np.require, np.tri, np.zeros),
)


def plainly(function: Any) -> Any:
    """A function whose arguments are not tracked: NumPy's own array, lifted."""

    def create(like: Any, *args: Any, **kwargs: Any) -> Any:
        if holds_tracked([*args, *kwargs.values()]):
            raise refuse(
                f"{name_of(function)}(..., like=x) of tracked values",
                "make an array of them with np.array([...], like=x)",
            )
        return lifted(function(*args, **kwargs), like)

    return create


def full(
    like: Any,
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",
    *,
    device: Any = None,
) -> Any:
    check_device("np.full", device)
    if not isinstance(operand(fill_value), Traced):
        return lifted(np.full(shape, fill_value, dtype, order), like)
    return np.full_like(like, fill_value, dtype or operand(fill_value).dtype, shape=shape)


def converting(function: Any) -> Any:
    """A function that makes an array of numbers and arrays in nested lists, tracked or not."""

    def convert(
        like: Any,
        a: Any,
        dtype: Any = None,
        order: Any = None,
        *,
        copy: Any = None,
        subok: bool = False,  # a tracked array does not show its class
        ndmin: int = 0,
        device: Any = None,
    ) -> Any:
        check_device(name_of(function), device)
        y = as_dtype(joined(a), dtype)
        missing = (1 if function in OF_AN_AXIS else ndmin) - ndim_of(y)
        y = np.reshape(y, (*(1,) * missing, *y.shape)) if missing > 0 else y
        fresh = function is np.array if copy is None else copy
        order = ORDERS.get(function, order)
        y = copied(y, order or "K") if fresh else in_one_piece(y, order) if order else y
        return lifted(y, like)

    return convert


def joined(nested: Any) -> Any:
    """Nested lists as one array, tracked if anything in them is."""
    if isinstance(nested, (list, tuple)) and holds_tracked(nested):
        return stack([joined(part) for part in nested])
    y = operand(nested if isinstance(nested, Traced) else np.asarray(nested))
    return as_dtype(y, y.dtype)  # a number of Python's decides about dtypes once it is an array


def holds_tracked(nested: Any) -> bool:
    return any(True for _ in leaves_of(nested))


CREATORS[np.full] = full
CREATORS.update({function: plainly(function) for function in OTHERS})
CREATORS.update({function: converting(function) for function in CONVERSIONS})
