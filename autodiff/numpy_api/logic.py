"""Questions about numbers: flat, so they answer with plain booleans wherever they can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..rules.primitive import TABLE
from .arguments import concrete, deliver


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    rtol, atol = concrete(rtol, "np.isclose: rtol"), concrete(atol, "np.isclose: atol")
    return TABLE["isclose"](operand(a), operand(b), rtol=rtol, atol=atol, equal_nan=equal_nan)


@implements(np.isposinf)
def isposinf(x: Any, out: Any = None) -> Any:
    return deliver(np.isinf(x) & ~np.signbit(x), out, "np.isposinf")


@implements(np.isneginf)
def isneginf(x: Any, out: Any = None) -> Any:
    return deliver(np.isinf(x) & np.signbit(x), out, "np.isneginf")


@implements(np.isreal)
def isreal(x: Any) -> Any:
    return np.imag(x) == 0


@implements(np.iscomplex)
def iscomplex(x: Any) -> Any:
    return np.imag(x) != 0


INSTEAD = {
    np.allclose: "np.all(np.isclose(a, b))",
    np.array_equal: "np.all(a == b)",
    np.array_equiv: "np.all(a == b)",
    np.isin: "np.any(a[..., None] == np.ravel(b), axis=-1)",
}


def _answer(function: Callable[..., Any]) -> None:
    """A function that answers for whole arrays at once: it needs the arrays themselves."""
    name, cure = f"np.{function.__name__}", f"write {INSTEAD[function]}"

    @implements(function)
    def answer(*arrays: Any, **options: Any) -> Any:
        named = {key: concrete(value, name, cure) for key, value in options.items()}
        return function(*(concrete(x, name, cure) for x in arrays), **named)


for _function in INSTEAD:
    _answer(_function)
