"""A training run as its callbacks see it, and the callback that stops it early."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..modules import Module
from ..requirements import number, one_of, whole
from .history import History


@dataclass
class Run:
    """The arrays of a run between two steps. A callback that sets `stop` to a reason ends it."""

    model: Module
    parameters: dict[str, Any]
    state: Any  # the optimiser's
    buffers: dict[str, Any]
    rng: np.random.Generator
    callbacks: Sequence[Callable[[Run], Any]]
    history: History = field(default_factory=History)
    stop: str = ""
    last: Any = None  # (parameters, buffers, x, y) of the step before
    batches: dict[str, int] = field(default_factory=dict)  # how many of each shape there have been

    def into_model(self) -> None:
        """Copy the run's parameters and buffers into its model."""
        self.model.load_state_dict({**self.parameters, **self.buffers})


class Callback:
    """What follows a run. A plain function of the run is enough; a class may also act before and
    after it, and name the arrays that a checkpoint must keep for it."""

    def begin(self, run: Run) -> None:
        """Before the first epoch."""

    def __call__(self, run: Run) -> None:
        """After each epoch: the model has its weights, ``run.history`` its curves."""

    def end(self, run: Run) -> None:
        """After the last epoch, and after Ctrl-C."""

    def state_dict(self) -> dict[str, Any]:
        """The arrays to keep in a checkpoint."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take back what `state_dict` gave."""


class EarlyStopping(Callback):
    """Stop when a curve has not got better by more than `min_delta` for `patience` epochs.

    `monitor` names the curve, by default "validation_loss"; `mode` says whether "min" or "max" is
    best. With `restore_best` the model ends with the weights of its best epoch, else its last.
    """

    def __init__(
        self,
        patience: int = 10,
        *,
        monitor: str = "validation_loss",
        mode: str = "min",
        min_delta: float = 0.0,
        restore_best: bool = True,
    ) -> None:
        self.patience = whole(patience, "EarlyStopping: patience")
        self.monitor = monitor
        self.mode = one_of(mode, "EarlyStopping: mode", ("min", "max"))
        self.min_delta = number(min_delta, "EarlyStopping: min_delta", 0)
        self.restore_best = restore_best
        self.forget()

    def forget(self) -> None:
        self.best, self.best_epoch, self.waited = math.inf, 0, 0
        self.weights: dict[str, Any] = {}

    def begin(self, run: Run) -> None:
        self.forget()

    def __call__(self, run: Run) -> None:
        if self.monitor == "validation_loss" and self.monitor not in run.history:
            raise KeyError(
                f"EarlyStopping: {self.monitor!r} is not among the curves: "
                f"{', '.join(run.history.curves)}; give fit validation=(X, y), or monitor='loss'"
            )
        value = run.history[self.monitor][-1] * (1 if self.mode == "min" else -1)
        self.waited = 0 if value < self.best - self.min_delta else self.waited + 1
        if value < self.best:
            self.best, self.best_epoch = value, run.history.epochs
            if self.restore_best:
                self.weights = run.model.state_dict()
        if self.waited >= self.patience:
            run.stop = f"{self.monitor} did not improve for {self.patience} epochs"

    def end(self, run: Run) -> None:
        if self.weights:
            run.model.load_state_dict(self.weights)

    def state_dict(self) -> dict[str, Any]:
        numbers = np.array([self.best, self.best_epoch, self.waited], np.float64)
        return {"numbers": numbers, **{f"weights/{k}": a for k, a in self.weights.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        best, best_epoch, waited = state["numbers"]
        self.best, self.best_epoch, self.waited = float(best), int(best_epoch), int(waited)
        self.weights = {
            name.removeprefix("weights/"): array
            for name, array in state.items()
            if name.startswith("weights/")
        }
