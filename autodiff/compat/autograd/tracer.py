"""The value inside a tracked one: `getval`, and whether there is one: `isbox`."""

from __future__ import annotations

from typing import Any

from ...arrays.dispatch import unboxed
from ...arrays.tensor import Tensor
from ...rules.primitive import Traced

Box = Tensor


def getval(x: Any) -> Any:
    """`x` without what is watching it: a plain array or number.

    Where the number is not known, in jit, and under vmap, this is refused.

    >>> import autodiff.compat.autograd as autograd
    >>> autograd.grad(lambda x: x * autograd.tracer.getval(x))(3.0)
    3.0
    """
    x = unboxed(x)
    while isinstance(x, Traced):
        x = one_less(x)
    return x


def one_less(x: Any) -> Any:
    x.node.check_concrete("getval(x)")
    x.node.looked_at("getval(x)")
    return x.value


def isbox(x: Any) -> bool:
    """Is `x` being differentiated?"""
    return isinstance(unboxed(x), Traced)


# What programs for autograd write in place of getval(x); Tensor itself has no use for the name.
Tensor._value = property(one_less)  # type: ignore[attr-defined]
