"""Optimisers: from parameters, gradients and what they remember to the next parameters.

    state = optimizer.init(parameters)
    parameters, state = optimizer.update(parameters, gradients, state)

Both are pure functions over nests of arrays (dicts, lists, ...), without a branch on a value, so
that a whole training step can be compiled. ``optimizer.step(parameters, gradients)`` is the same
for arrays that are changed in place. A learning rate is a number or a function of the step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

import autodiff as ad
from autodiff.tree import flatten, flatten_like, unflatten

from .requirements import fraction, number, positive
from .schedules import Constant, Cosine, ExponentialDecay, StepDecay, Warmup

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "ExponentialDecay",
    "Optimizer",
    "RMSprop",
    "StepDecay",
    "Warmup",
    "clip_by_norm",
    "clip_by_value",
    "global_norm",
]

Rate = float | Callable[[Any], Any]


@dataclass(eq=False)
class Optimizer:
    """What optimisers share. A subclass names the arrays that it keeps for each parameter in
    `remembers`, and gives the `rule` for one array."""

    remembers: ClassVar[tuple[str, ...]] = ()
    learning_rate: Rate
    state: Any = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.learning_rate, type):
            raise TypeError(
                f"{type(self).__name__}: learning_rate is the class {self.learning_rate.__name__}; "
                "make a schedule of it, such as Cosine(0.1, steps=1000)"
            )
        if not callable(self.learning_rate):
            number(self.learning_rate, f"{type(self).__name__}: learning_rate", 0)

    def init(self, parameters: Any) -> dict[str, Any]:
        """The state before the first update: the step, and a nest of zeros for each memory."""
        leaves, structure = flatten(parameters)
        zeros = {
            name: unflatten(structure, [np.zeros_like(p) for p in leaves])
            for name in self.remembers
        }
        return {"step": np.int64(0), **zeros}

    def update(self, parameters: Any, gradients: Any, state: Any) -> tuple[Any, Any]:
        """``(parameters, state)`` after one step. Changes none of its arguments."""
        if not isinstance(state, dict) or not {"step", *self.remembers} <= state.keys():
            raise ValueError(
                f"{type(self).__name__}: this is not its state; begin with "
                "optimizer.init(parameters)"
            )
        leaves, structure = flatten(parameters)
        slopes = flatten_like(gradients, structure, "gradients")
        memories = [flatten_like(state[name], structure, name) for name in self.remembers]
        step = state["step"]
        rate = self.rate_at(step)
        columns: list[list[Any]] = [[] for _ in ("parameters", *self.remembers)]
        for p, g, *memory in zip(leaves, slopes, *memories, strict=True):
            if np.shape(g) != np.shape(p):
                raise ad.ShapeError(
                    f"a gradient has shape {np.shape(g)}, but its parameter {np.shape(p)}"
                )
            values = self.rule(p, g, like(rate, p), step + 1, *memory)
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        updated, *kept = (unflatten(structure, column) for column in columns)
        return updated, {"step": step + 1, **dict(zip(self.remembers, kept, strict=True))}

    def rate_at(self, step: Any) -> Any:
        """The learning rate after `step` updates, checked: a callback may have set it."""
        rate: Any = self.learning_rate(step) if callable(self.learning_rate) else self.learning_rate
        what = f"{type(self).__name__}: the learning rate at step"
        if isinstance(rate, ad.Tensor):
            for holds, be in (
                (np.isfinite(rate), "finite"),
                (np.greater_equal(rate, 0), "at least 0"),
            ):
                ad.require(holds, ValueError(f"{what} {{}} must be {be}, not {{}}"), step, rate)
        else:
            found = rate[()] if isinstance(rate, np.ndarray) else rate
            number(found, f"{what} {step}", 0)
        return rate

    def rule(self, p: Any, g: Any, rate: Any, t: Any, *memory: Any) -> tuple[Any, ...]:
        """The next value of one parameter and of its memories; `t` counts updates from 1."""
        raise NotImplementedError(f"{type(self).__name__} does not define rule")

    def step(self, parameters: Any, gradients: Any) -> None:
        """Update arrays in place. The state is kept in ``self.state`` from call to call.

        >>> import numpy as np
        >>> w = [np.array([1.0, 2.0])]
        >>> SGD(0.1).step(w, [np.array([10.0, 10.0])])
        >>> w
        [array([0., 1.])]
        """
        for p in flatten(parameters)[0]:
            if not isinstance(p, np.ndarray):
                raise TypeError(
                    f"{type(self).__name__}.step changes arrays in place, not {p!r:.40}: "
                    f"write np.array({p!r:.40}), or use update, which returns new parameters"
                )
        if self.state is None:
            self.state = self.init(parameters)
        updated, self.state = self.update(parameters, gradients, self.state)
        for array, value in zip(flatten(parameters)[0], flatten(updated)[0], strict=True):
            np.copyto(array, value)  # which refuses to cut floats down to integers


def like(x: Any, p: Any) -> Any:
    """A number in the dtype of an array, which it would otherwise make a double."""
    if x.__class__ is float or x.__class__ is int or not hasattr(p, "dtype"):
        return x
    return x.astype(p.dtype)


@dataclass(eq=False)
class SGD(Optimizer):
    """p <- (1 - weight_decay) p - rate * v, with v = momentum * v + g, or v = g without momentum.

    With `nesterov` the step is g + momentum * v. Without momentum, the weight decay is the gradient
    of an L2 penalty (weight_decay / (2 rate)) |p|^2; PyTorch's is weight_decay / rate of ours.
    Source: Robbins and Monro (1951); Polyak (1964); Sutskever et al. (2013).
    """

    remembers: ClassVar[tuple[str, ...]] = ("velocity",)
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        fraction(self.momentum, "SGD: momentum")
        fraction(self.weight_decay, "SGD: weight_decay")
        if self.nesterov and not self.momentum:
            raise ValueError("SGD: nesterov=True needs a momentum above 0")
        self.remembers = ("velocity",) if self.momentum else ()  # type: ignore[misc]

    def rule(self, p: Any, g: Any, rate: Any, t: Any, *memory: Any) -> tuple[Any, ...]:
        if self.momentum:
            v = self.momentum * memory[0] + g
            memory, g = (v,), g + self.momentum * v if self.nesterov else v
        decayed = (1 - self.weight_decay) * p if self.weight_decay else p
        return decayed - rate * g, *memory


@dataclass(eq=False)
class Adam(Optimizer):
    """p <- p - rate * m_hat / (sqrt(v_hat) + epsilon): a rate of its own for every entry.

        m = beta1 m + (1 - beta1) g        m_hat = m / (1 - beta1^t)
        v = beta2 v + (1 - beta2) g^2      v_hat = v / (1 - beta2^t)

    Source: Kingma and Ba, Adam (2015), algorithm 1.
    """

    remembers: ClassVar[tuple[str, ...]] = ("m", "v")
    learning_rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        fraction(self.beta1, f"{type(self).__name__}: beta1")
        fraction(self.beta2, f"{type(self).__name__}: beta2")
        number(self.epsilon, f"{type(self).__name__}: epsilon", 0)

    def rule(self, p: Any, g: Any, rate: Any, t: Any, *memory: Any) -> tuple[Any, ...]:
        m, v = memory
        m = self.beta1 * m + (1 - self.beta1) * g
        v = self.beta2 * v + (1 - self.beta2) * (g * g)
        m_hat = m / like(1 - self.beta1**t, p)
        v_hat = v / like(1 - self.beta2**t, p)
        return p - rate * m_hat / (np.sqrt(v_hat) + self.epsilon), m, v


@dataclass(eq=False)
class AdamW(Adam):
    """Adam, and p shrinks by the factor 1 - rate * weight_decay at every step.

    Source: Loshchilov and Hutter, Decoupled weight decay regularization (2019).
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        number(self.weight_decay, "AdamW: weight_decay", 0)

    def rule(self, p: Any, g: Any, rate: Any, t: Any, *memory: Any) -> tuple[Any, ...]:
        return super().rule(p * (1 - rate * self.weight_decay), g, rate, t, *memory)


@dataclass(eq=False)
class RMSprop(Optimizer):
    """p <- p - rate * g / (sqrt(v) + epsilon), with v = decay * v + (1 - decay) g^2.

    Source: Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6e (2012).
    """

    remembers: ClassVar[tuple[str, ...]] = ("v",)
    learning_rate: Rate = 0.01
    decay: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        fraction(self.decay, "RMSprop: decay")
        number(self.epsilon, "RMSprop: epsilon", 0)

    def rule(self, p: Any, g: Any, rate: Any, t: Any, *memory: Any) -> tuple[Any, ...]:
        (v,) = memory
        v = self.decay * v + (1 - self.decay) * (g * g)
        return p - rate * g / (np.sqrt(v) + self.epsilon), v


# -- gradients that are too large ------------------------------------------------------------------
def global_norm(gradients: Any) -> Any:
    """The Euclidean norm of all entries of a nest of arrays together, as a double.

    >>> import numpy as np
    >>> global_norm({"weight": np.array([3.0, 0.0]), "bias": np.array([4.0])})
    np.float64(5.0)
    """
    largest, size = scaled_norm(flatten(gradients)[0])
    return largest * size


def scaled_norm(leaves: Sequence[Any]) -> tuple[Any, Any]:
    """The largest entry, and the norm of all entries divided by it, none of whose squares is huge
    or vanishes."""
    largest = np.float64(0)
    for g in leaves:
        largest = np.maximum(largest, np.max(np.abs(g), initial=0))
    largest = np.where(np.isfinite(largest) & (largest > 0), largest, 1)[()]
    squares = [np.sum(np.square(np.divide(g, largest))) for g in leaves]
    return largest, np.sqrt(sum(squares, np.float64(0)))


def clip_by_norm(gradients: Any, max_norm: float) -> Any:
    """The gradients, scaled down together where their norm exceeds `max_norm`: same direction.

    Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent networks (2013).

    >>> import numpy as np
    >>> clip_by_norm({"w": np.array([3.0, 4.0])}, 1.0)
    {'w': array([0.6, 0.8])}
    """
    positive(max_norm, "clip_by_norm: max_norm")
    leaves, structure = flatten(gradients)
    largest, size = scaled_norm(leaves)
    most = max_norm / np.maximum(size, 1)  # for the largest entry
    scale = most / np.maximum(largest, most)
    return unflatten(structure, [g * like(scale, g) for g in leaves])


def clip_by_value(gradients: Any, limit: float) -> Any:
    """Every entry of the gradients brought into [-limit, limit].

    >>> import numpy as np
    >>> clip_by_value({"weight": np.array([0.5, -3.0])}, 1.0)
    {'weight': array([ 0.5, -1. ])}
    """
    positive(limit, "clip_by_value: limit")
    leaves, structure = flatten(gradients)
    return unflatten(structure, [np.clip(g, -limit, limit) for g in leaves])
