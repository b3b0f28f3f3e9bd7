"""One step of training as a pure function of arrays, and a model's values without training.

    step(parameters, state, buffers, x, y, rng)
        -> parameters, state, buffers, loss, prediction

Nothing outside is touched and no branch depends on a value, so the whole step can be compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import autodiff as ad

from ..modules import Module, functional_call
from ..optim import Optimizer, clip_by_norm

Loss = Callable[[Any, Any], Any]


def objective_of(
    model: Module, loss: Loss, penalty: Callable[[Any], Any] | None = None
) -> Callable[..., Any]:
    """``objective(parameters, buffers, x, y, rng)``: the loss, and ``(prediction, buffers)``."""

    def objective(parameters: Any, buffers: Any, x: Any, y: Any, rng: Any) -> Any:
        prediction, kept = functional_call(model, parameters, buffers, x, rng=rng)
        value = loss(prediction, y)
        if penalty is not None:
            value = value + penalty(parameters)
        return value, (prediction, kept)

    return objective


def make_step(
    objective: Callable[..., Any], optimizer: Optimizer, max_norm: float | None = None
) -> Callable[..., Any]:
    """The step of one batch: the gradient of `objective`, clipped to `max_norm`, and the update."""
    differentiated = ad.value_and_grad(objective, has_aux=True)

    def step(parameters: Any, state: Any, buffers: Any, x: Any, y: Any, rng: Any) -> Any:
        found, gradients = differentiated(parameters, buffers, x, y, rng)
        value, (prediction, buffers) = found
        if max_norm is not None:
            gradients = clip_by_norm(gradients, max_norm)
        parameters, state = optimizer.update(parameters, gradients, state)
        return parameters, state, buffers, value, prediction

    return step


class Means:
    """Averages over examples of what is known batch by batch."""

    def __init__(self) -> None:
        self.sums: dict[str, float] = {}
        self.examples = 0

    def add(self, values: dict[str, Any], examples: int) -> None:
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value) * examples
        self.examples += examples

    def values(self) -> dict[str, float]:
        return {name: total / self.examples for name, total in self.sums.items()}


def accuracy(prediction: Any, y: Any) -> float:
    """The share of labels that are predicted: the largest of the logits (n, classes) for a class
    (n,) or one-hot codes (n, classes), else the sign of each logit for labels 0 or 1, -1 or 1.

    >>> accuracy(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0]))
    0.5
    """
    if np.shape(prediction)[:-1] == np.shape(y):
        return float(np.mean(np.argmax(prediction, axis=-1) == y))
    if np.shape(prediction) != np.shape(y):
        raise ad.ShapeError(
            f"accuracy: predictions of shape {np.shape(prediction)} for labels of shape "
            f"{np.shape(y)}"
        )
    if np.ndim(y) > 1 and np.shape(y)[-1] > 1 and is_one_hot(y):
        return float(np.mean(np.argmax(prediction, axis=-1) == np.argmax(y, axis=-1)))
    return float(np.mean(np.greater(prediction, 0) == np.greater(y, 0)))


def is_one_hot(y: Any) -> bool:
    """Is there one 1 in every row, and 0 elsewhere?"""
    one = np.equal(y, 1)
    return bool(np.all(one | np.equal(y, 0)) and np.all(np.sum(one, axis=-1) == 1))


def metrics_of(metric: Any, prediction: Any, y: Any) -> dict[str, Callable[[Any, Any], Any]]:
    """The curves beside the loss, by name; accuracy by itself where the targets are integers, and
    the prediction is one array."""
    if metric == "auto":
        labelled = np.asarray(y).dtype.kind in "biu" and hasattr(prediction, "shape")
        return {"accuracy": accuracy} if labelled else {}
    if metric is None:
        return {}
    if metric == "accuracy":
        return {"accuracy": accuracy}
    if not callable(metric):
        raise TypeError(
            f"metric={metric!r} must be 'accuracy', None, or a function of (prediction, y)"
        )
    return {getattr(metric, "__name__", "metric"): metric}


@contextmanager
def in_evaluation(model: Module) -> Iterator[None]:
    """The model with every module in evaluation mode, and afterwards as it was."""
    modes = [(module, module.training) for _, module in model.named_modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
