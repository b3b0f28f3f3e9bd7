"""Activations as modules, so that a printed network shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import functional
from ..requirements import number, one_of, whole
from .module import Module


class Function(Module):
    """A plain function as a module: what `Sequential` makes of one."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)

    def settings(self) -> str:
        return getattr(self.function, "__name__", repr(self.function))


class ReLU(Module):
    """`functional.relu`."""

    def forward(self, x: Any) -> Any:
        return functional.relu(x)


class LeakyReLU(Module):
    """`functional.leaky_relu` with its slope below zero."""

    def __init__(self, slope: float = 0.01) -> None:
        self.slope = number(slope, "LeakyReLU: slope")

    def forward(self, x: Any) -> Any:
        return functional.leaky_relu(x, self.slope)

    def settings(self) -> str:
        return f"{self.slope:g}"


class ELU(Module):
    """`functional.elu` with the value -alpha that it falls to."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number(alpha, "ELU: alpha")

    def forward(self, x: Any) -> Any:
        return functional.elu(x, self.alpha)

    def settings(self) -> str:
        return f"{self.alpha:g}"


class SELU(Module):
    """`functional.selu`."""

    def forward(self, x: Any) -> Any:
        return functional.selu(x)


class GELU(Module):
    """`functional.gelu`, exact or with ``approximate="tanh"``."""

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = one_of(approximate, "GELU: approximate", ("none", "tanh"))

    def forward(self, x: Any) -> Any:
        return functional.gelu(x, self.approximate)

    def settings(self) -> str:
        return "" if self.approximate == "none" else repr(self.approximate)


class SiLU(Module):
    """`functional.silu`."""

    def forward(self, x: Any) -> Any:
        return functional.silu(x)


class Softplus(Module):
    """`functional.softplus`."""

    def forward(self, x: Any) -> Any:
        return functional.softplus(x)


class Sigmoid(Module):
    """`functional.sigmoid`."""

    def forward(self, x: Any) -> Any:
        return functional.sigmoid(x)


class Tanh(Module):
    """`functional.tanh`."""

    def forward(self, x: Any) -> Any:
        return functional.tanh(x)


class Softmax(Module):
    """`functional.softmax` over one axis. A loss takes the logits before it, not its result."""

    def __init__(self, axis: int = -1) -> None:
        self.axis = whole(axis, "Softmax: axis", least=-32)

    def forward(self, x: Any) -> Any:
        return functional.softmax(x, self.axis)

    def settings(self) -> str:
        return "" if self.axis == -1 else f"axis={self.axis}"
