"""The step of training, compiled: the same arrays in and out, and several times as quick."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import autodiff as ad

from ..optim import Optimizer
from .draws import Draw, Given, drawn
from .step import make_step


class CompiledStep:
    """A step through `autodiff.jit`, for one shape of batch. What changes from step to step without
    being an array of the run is an argument of the program: the learning rate, and every random
    number that the step draws."""

    def __init__(
        self,
        objective: Callable[..., Any],
        optimizer: Optimizer,
        max_norm: float | None,
        backend: str,
        draws: list[Draw],
    ) -> None:
        def step(p: Any, state: Any, buffers: Any, x: Any, y: Any, rate: Any, numbers: Any) -> Any:
            at_rate = copy.copy(optimizer)
            at_rate.learning_rate = rate
            given = Given(draws, numbers)
            found = make_step(objective, at_rate, max_norm)(p, state, buffers, x, y, given)
            given.all_used()
            return found

        self.optimizer, self.backend, self.draws = optimizer, backend, draws
        self.compiled = ad.jit(step, backend=backend, pure=True)

    def __call__(self, parameters: Any, state: Any, buffers: Any, x: Any, y: Any, rng: Any) -> Any:
        rate = self.optimizer.rate_at(state["step"])
        return self.compiled(parameters, state, buffers, x, y, rate, drawn(rng, self.draws))
