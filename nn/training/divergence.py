"""A loss that is nan or infinite ends the run, with what `autodiff.diagnose` finds in its step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autodiff as ad

from .history import History


class DivergedError(ArithmeticError):
    """The loss became nan or infinite. `history` has the epochs before, `diagnosis` the report of
    `autodiff.diagnose`; the model has the weights of its last whole epoch."""

    def __init__(self, message: str, history: History, diagnosis: Any) -> None:
        super().__init__(message)
        self.history = history
        self.diagnosis = diagnosis


def diverged(
    objective: Callable[[Any], tuple[Any, Any]],
    now: dict[str, Any],
    before: dict[str, Any],
    value: Any,
    place: str,
    history: History,
) -> DivergedError:
    """The error for a step whose loss is `value`; `objective` maps parameters to it and more.

    If the parameters themselves are not finite, the step before spoilt them: then its parameters
    are the ones to look at.
    """
    find = getattr(ad, "diagnose", lambda f, at: None)
    spoilt = [name for name, array in now.items() if not np.all(np.isfinite(array))]
    message = f"the loss became {value} in {place}"
    if spoilt:
        message += (
            f": the update before it made {', '.join(spoilt)} nan or infinite; lower the learning "
            "rate, or clip the gradients with max_norm"
        )
    else:
        message += "; lower the learning rate, scale the features, or clip with max_norm"
    at = before if spoilt else now
    with np.errstate(all="ignore"):
        diagnosis = find(lambda parameters: objective(parameters)[0], at)
    return DivergedError(f"{message}\n{diagnosis}", history, diagnosis)
