"""Forward mode: every tracked value carries its tangent along, and a row's JVP moves both.

    x = 0.1       x_dot = 1                  the seed: the direction in which we differentiate
    y = sin(x)    y_dot = cos(x) * x_dot     every operation, as it happens
    z = x * y     z_dot = y * x_dot + x * y_dot

This file is all of forward mode. The transforms put the node of fused/forward.py on their values,
which does some operations in fewer steps and leaves the others to the `Dual` here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from operator import is_not
from typing import Any

from ..arrays.tensor import Tensor
from ..base.warnings_off import quiet
from ..rules.primitive import ZERO, Node, Primitive
from .graph import is_at
from .reverse_mode import transposed_vjp
from .strong_zeros import select_forward, value_of


class Dual(Node):
    """The node of a forward sweep: a level and a tangent (`ZERO` for a constant)."""

    __slots__ = ("level", "tangent")
    level: int

    def __init__(self, level: int, tangent: Any) -> None:
        self.level = level
        self.tangent = tangent

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        level = self.level
        primals: list[Any] = []
        tangents: list[Any] = []
        for a in args:
            tangent: Any = ZERO
            if a.__class__ is Tensor and a.node.level == level:
                a, tangent = a.value, a.node.tangent
            primals.append(a)
            tangents.append(tangent)
        return self.push(primitive, primals, tangents, params)

    def push(self, primitive: Primitive, primals: Any, tangents: Any, params: Any) -> Any:
        """The row on the values, and its JVP on the values and their tangents."""
        y = primitive(*primals, **params)
        if primitive.flat:
            return y
        if not any(map(is_not, tangents, repeat(ZERO))):
            return tuple(map(self.constant, y)) if primitive.multiple else self.constant(y)
        with quiet():  # a tangent that is inf or nan is an answer
            y_dot = tangent_by(primitive, y, primals, tangents, params)
        return tuple(map(self.dual, y, y_dot)) if primitive.multiple else self.dual(y, y_dot)

    def dual(self, y: Any, y_dot: Any) -> Tensor:
        return Tensor(y, self.__class__(self.level, y_dot))

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        return self.dual(value, ZERO)


def tangent_by(primitive: Primitive, y: Any, primals: Any, tangents: Any, params: Any) -> Any:
    """The tangent of `y`, by the row's own JVP or by the transpose of its VJP."""
    if primitive.backward_only:
        return transposed_vjp(primitive, y, primals, tangents, params)
    if primitive.selects_forward:
        return select_forward(primitive, y, primals, tangents, params)
    return primitive.jvp(y, primals, tangents, params)


def tangent_of(y: Any, level: int) -> tuple[Any, Any]:
    """The value and tangent of a result; `ZERO` if it does not depend on the input."""
    return (y.value, value_of(y.node.tangent)) if is_at(y, level) else (y, ZERO)
