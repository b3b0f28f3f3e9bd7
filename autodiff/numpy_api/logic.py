"""Questions about numbers: flat, so they answer with plain booleans wherever they can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..rules.primitive import TABLE, nodes_of
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


def _all_close(a: Any, b: Any, *options: Any, **named: Any) -> Any:
    return np.all(np.isclose(a, b, *options, **named))


def _all_equal(a: Any, b: Any, equal_nan: bool = False) -> Any:
    return np.shape(a) == np.shape(b) and np.all(_equal(a, b, equal_nan))


def _all_equal_broadcast(a: Any, b: Any) -> Any:
    try:
        np.broadcast_shapes(np.shape(a), np.shape(b))
    except ValueError:
        return False
    return np.all(_equal(a, b, False))


def _equal(a: Any, b: Any, equal_nan: bool) -> Any:
    same = np.equal(a, b)
    return same | ((a != a) & (b != b)) if equal_nan else same


# The same of what a program traces, where it notes the decision.
DECIDED = {
    np.allclose: _all_close,
    np.array_equal: _all_equal,
    np.array_equiv: _all_equal_broadcast,
}


def _answer(function: Callable[..., Any]) -> None:
    """A function that answers for whole arrays at once: it needs the arrays themselves."""
    name, cure = f"np.{function.__name__}", f"write {INSTEAD[function]}"

    @implements(function)
    def answer(*arrays: Any, **options: Any) -> Any:
        if function in DECIDED and any(node.decides for x in arrays for node in nodes_of(x)):
            return bool(DECIDED[function](*arrays, **options))
        named = {key: concrete(value, name, cure) for key, value in options.items()}
        return function(*(concrete(x, name, cure) for x in arrays), **named)


for _function in INSTEAD:
    _answer(_function)
