"""What Python's operators on a tracked array do, where that is the same for each of a kind."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..rules.primitive import payload
from .dispatch import FUNCTIONS, operand
from .refusals import refuse_decision
from .views import is_strong


def comparison(method: Callable[[Any, Any], Any], python: Any) -> Callable[[Any, Any], Any]:
    """Python compares anything with == and !=: `x == None` is false. Two Python numbers give a
    Python bool (these add up to integers, where NumPy's are or-ed), and 1j > 0 is an error. What a
    solver of SciPy's decides by is refused."""

    def compare(self: Any, other: Any) -> Any:
        if other is None or isinstance(other, str):
            return NotImplemented
        if sys._getframe(1).f_globals.get("__name__", "").startswith("scipy.optimize."):
            raise refuse_decision()
        y = method(self, other)
        if y.__class__ is np.bool_ and not is_strong(self) and not is_strong(other):
            return python(payload(self), payload(other))
        return y

    return compare


def reflected(row: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if other.__class__ is float or other.__class__ is int:
            return self.node.record(row, (other, self), {})
        return row(operand(other), self)

    return method


def unary(row: Callable[..., Any]) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return self.node.record(row, (self,), {})

    return method


def in_place(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return FUNCTIONS["in_place"](self, operation, other)

    return method
