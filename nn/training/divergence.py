"""A loss that is nan or infinite ends the run, with what `autodiff.diagnose` finds in its step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad

from .history import History
from .run import Run


class DivergedError(ArithmeticError):
    """The loss became nan or infinite. `history` has the epochs before, `diagnosis` the report of
    `autodiff.diagnose`; the model has the weights of its last whole epoch."""

    def __init__(self, message: str, history: History, diagnosis: Any) -> None:
        super().__init__(message)
        self.history = history
        self.diagnosis = diagnosis


def diverged(
    objective: Callable[..., Any], run: Run, x: Any, y: Any, value: Any, place: str
) -> DivergedError:
    """The error for a step on the batch (x, y) whose loss is `value`.

    If the parameters are not finite themselves, the step before spoilt them: then that step, with
    its own batch, is the one to look into.
    """
    spoilt = [name for name, p in run.parameters.items() if not np.all(np.isfinite(p))]
    message = f"the loss became {value} in {place}"
    if spoilt:
        message += f": the update before it made {', '.join(spoilt)} nan or infinite"
    at, buffers, x, y = run.last if spoilt and run.last else (run.parameters, run.buffers, x, y)

    def loss(parameters: Any) -> Any:
        return objective(parameters, buffers, x, y, run.rng)[0]

    cure = "lower the learning rate, scale the features, or clip the gradients with max_norm"
    diagnosis = None
    try:
        with np.errstate(all="ignore"):
            diagnosis = ad.diagnose(loss, at)
        found = str(diagnosis)
    except ad.AutodiffError as error:
        found = f"diagnose could not look into it: {error}"
    return DivergedError(f"{message}; {cure}\n{found}", run.history, diagnosis)
