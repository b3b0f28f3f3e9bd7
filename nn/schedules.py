"""Learning rates that change: functions of the number of updates made so far.

A schedule is any function of `step`; these compute with NumPy alone, so that a compiled training
step may contain one. One step is one update, not one epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .requirements import number, whole

__all__ = [
    "Constant",
    "Cosine",
    "ExponentialDecay",
    "StepDecay",
    "Warmup",
]


@dataclass(frozen=True)
class Constant:
    """The same rate at every step.

    >>> Constant(0.1)(1000)
    0.1
    """

    rate: float

    def __post_init__(self) -> None:
        number(self.rate, "Constant: rate", 0)

    def __call__(self, step: Any) -> Any:
        return self.rate


@dataclass(frozen=True)
class StepDecay:
    """The rate times `factor` after every `every` steps.

    >>> [float(StepDecay(0.1, factor=0.5, every=10)(k)) for k in (0, 9, 10, 20)]
    [0.1, 0.1, 0.05, 0.025]
    """

    rate: float
    factor: float
    every: int

    def __post_init__(self) -> None:
        number(self.rate, "StepDecay: rate", 0)
        number(self.factor, "StepDecay: factor", 0)
        whole(self.every, "StepDecay: every")

    def __call__(self, step: Any) -> Any:
        return self.rate * np.power(self.factor, step // self.every)


@dataclass(frozen=True)
class ExponentialDecay:
    """The rate times `factor` at every step: rate * factor**step.

    >>> float(ExponentialDecay(0.1, 0.5)(2))
    0.025
    """

    rate: float
    factor: float

    def __post_init__(self) -> None:
        number(self.rate, "ExponentialDecay: rate", 0)
        number(self.factor, "ExponentialDecay: factor", 0)

    def __call__(self, step: Any) -> Any:
        return self.rate * np.power(self.factor, step)


@dataclass(frozen=True)
class Cosine:
    """From the rate to `final` in `steps` steps along half a cosine, and `final` from then on.

    Source: Loshchilov and Hutter, SGDR (2017), without restarts.

    >>> [round(float(Cosine(0.1, steps=100)(k)), 4) for k in (0, 50, 100, 200)]
    [0.1, 0.05, 0.0, 0.0]
    """

    rate: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        number(self.rate, "Cosine: rate", 0)
        whole(self.steps, "Cosine: steps")
        number(self.final, "Cosine: final", 0)

    def __call__(self, step: Any) -> Any:
        done = np.minimum(step / self.steps, 1.0)
        return self.final + (self.rate - self.final) * (1 + np.cos(math.pi * done)) / 2


@dataclass(frozen=True)
class Warmup:
    """A straight line up from 0 in the first `steps` steps, to what `after` begins with.

    `after` is a rate or a schedule, and counts its own steps from the end of the warm-up. The first
    update has rate ``after(0) / steps``, not 0.

    >>> [round(float(Warmup(4, after=0.1)(k)), 4) for k in range(6)]
    [0.025, 0.05, 0.075, 0.1, 0.1, 0.1]
    """

    steps: int
    after: float | Callable[[Any], Any]

    def __post_init__(self) -> None:
        whole(self.steps, "Warmup: steps")
        if not callable(self.after):
            number(self.after, "Warmup: after", 0)

    def __call__(self, step: Any) -> Any:
        later = np.maximum(step - self.steps, 0)
        rate = self.after(later) if callable(self.after) else self.after
        return rate * np.minimum((step + 1) / self.steps, 1.0)
