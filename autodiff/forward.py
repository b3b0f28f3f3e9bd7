"""Forward mode: every tracked value carries its tangent along, and a row's JVP moves both.

x = 0.1, x_dot = 1                the seed: the direction in which we differentiate
y = sin(x), y_dot = cos(x) x_dot  every operation, as it happens
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from .primitive import ZERO, Primitive, Traced
from .reverse import transposed_vjp
from .selection import select_forward, value_of
from .tensor import Tensor

QUIET: ContextVar[bool] = ContextVar("QUIET", default=False)  # entering errstate costs 1 us


class Dual:
    """The node of a forward sweep: a level and a tangent (`ZERO` for a constant)."""

    __slots__ = ("level", "tangent")
    batch_axis = False

    def __init__(self, level: int, tangent: Any) -> None:
        self.level = level
        self.tangent = tangent

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        level = self.level
        primals, tangents = list(args), [ZERO] * len(args)
        still = True  # made of zeros_like(x): it can be assigned into too
        for i, a in enumerate(args):
            if a.__class__ is Tensor and a.node.level == level:
                primals[i], tangents[i] = a.value, a.node.tangent
                still = still and a.node.tangent is ZERO
        y = primitive(*primals, **params)
        if primitive.flat:
            return y
        if still:
            return tuple(map(self.constant, y)) if primitive.multiple else self.constant(y)
        if QUIET.get():  # inside the tangent of an outer sweep
            y_dot = tangent(primitive, y, primals, tangents, params)
        else:
            before = QUIET.set(True)
            try:
                with np.errstate(all="ignore"):  # a derivative that is inf or nan is an answer
                    y_dot = tangent(primitive, y, primals, tangents, params)
            finally:
                QUIET.reset(before)
        if primitive.multiple:
            return tuple(map(self.dual, y, y_dot))
        return self.dual(y, y_dot)

    def dual(self, y: Any, y_dot: Any) -> Any:
        return Tensor(y, Dual(self.level, y_dot))

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that depends on no input: what `zeros_like` returns."""
        return Tensor(value, Dual(self.level, ZERO))


DUAL: ContextVar[type[Dual]] = ContextVar("DUAL", default=Dual)  # as TAPE in reverse.py


def tangent(primitive: Primitive, y: Any, primals: Any, tangents: Any, params: Any) -> Any:
    """The tangent of `y`, by the row's own JVP or by the transpose of its VJP."""
    if primitive.backward_only:
        return transposed_vjp(primitive, y, primals, tangents, params)
    if primitive.selects_forward:
        return select_forward(primitive, y, primals, tangents, params)
    return primitive.jvp(y, primals, tangents, params)


def tangent_of(y: Any, level: int) -> tuple[Any, Any]:
    """The value and tangent of a result; `ZERO` if it does not depend on the input."""
    if isinstance(y, Traced) and y.node.level == level:
        return y.value, value_of(y.node.tangent)
    return y, ZERO
