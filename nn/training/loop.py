"""The loop: epochs of steps, with curves, callbacks, checkpoints and a bar around the pure step."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autodiff.tree import flatten, unflatten

from ..modules import Module
from ..optim import Optimizer
from ..requirements import positive, whole
from . import checkpoint as checkpoints
from .bar import Bar
from .batches import Source, source_of
from .divergence import diverged
from .history import History
from .run import Callback, Run
from .step import Loss, Means, in_evaluation, metrics_of, objective_of
from .tiers import Steps


def fit(
    model: Module,
    loss: Loss,
    X: Any,
    y: Any = None,
    *,
    optimizer: Optimizer,
    batch_size: int | None = None,
    epochs: int = 10,
    validation: Any = None,
    callbacks: Sequence[Callable[[Run], Any]] = (),
    metric: Any = "auto",
    penalty: Callable[[Any], Any] | None = None,
    max_norm: float | None = None,
    shuffle: bool | None = None,
    seed: int | np.random.Generator = 0,
    checkpoint: Any = None,
    resume: bool = False,
    progress: bool = True,
    jit: bool | str = "auto",
) -> History:
    """Train a model in place and return its :class:`History`.

    Data: arrays `X` and `y` with one row per example, memory-mapped if they are large, cut into
    batches of `batch_size` (32) that are shuffled anew in every epoch unless ``shuffle=False``; or,
    without `y`, an iterable of batches ``(x, y)`` that can be gone through once per epoch.
    `validation` is a pair (X, y) or such an iterable. Floats are cast to the parameters' dtype.

    `loss(prediction, y)` is a mean over the batch; `penalty(parameters)`, a function of the dict of
    arrays, is added to it; gradients of norm above `max_norm` are scaled down to it. `metric` is a
    function of (prediction, y), "accuracy" or None; by default accuracy if y is of integers.

    Each of `callbacks` is called with the :class:`Run` after every epoch. `seed` decides the order
    of the batches and all that is random in the model. With `checkpoint`, a path, the run is
    written there after every epoch; with ``resume=True`` it goes on from there if the file exists,
    and ends in the same bits as if it had never been interrupted.

    Steps (gradient, clipping, update) are compiled by :func:`autodiff.jit` once there have been
    enough of them to repay it: after 16 batches of one shape as NumPy source, after 3000 by LLVM,
    if llvmlite is installed. What cannot be compiled stays plain; ``history.steps`` says which, and
    why. ``jit=True`` (or "llvm", "numpy") compiles from the first step and raises if it cannot,
    ``jit=False`` never does. Sums are added in another order, and the difference grows with
    training: after a few epochs curves and weights agree within 1e-8 in doubles and 1e-4 in single
    precision (tests/nn/test_compiled_runs.py). Dropout, and whatever else draws from a module's
    ``rng``, draws the same numbers either way. Settings, learning rates and the loss may
    change between epochs.

    Ctrl-C ends training after the step it is in; the model keeps what it has learnt. A loss of nan
    or infinity raises :class:`DivergedError`. Afterwards the model is in evaluation mode.

    >>> import numpy as np
    >>> from nn import Dense, losses, optim
    >>> X = np.linspace(-1, 1, 64)[:, np.newaxis]
    >>> model = Dense(1, 1, np.random.default_rng(0))
    >>> optimizer = optim.SGD(0.1)
    >>> history = fit(model, losses.mse, X, 3 * X + 1, optimizer=optimizer, epochs=100,
    ...               progress=False)
    >>> model.weight.round(3), model.bias.round(3)
    (array([[3.]]), array([1.]))
    """
    epochs = whole(epochs, "fit: epochs")
    if max_norm is not None:
        positive(max_norm, "fit: max_norm")
    check_parts(model, loss, optimizer, callbacks)
    check_path(checkpoint, resume)
    dtype = float_type(model)
    source = source_of(X, y, batch_size, shuffle, dtype, "fit")
    held_out = validation_source(validation, dtype)
    settings = {"optimizer": type(optimizer).__name__, **source.settings}
    run = new_run(model, optimizer, seed, callbacks)
    if resume and Path(checkpoint).exists():
        checkpoints.load(checkpoint, run, settings)
    objective = objective_of(model, loss, penalty)
    steps = Steps(run, objective, optimizer, max_norm, jit)
    bar = Bar(progress, epochs, source.steps, run.history.epochs)
    try:
        while run.history.epochs < epochs and not run.stop:
            values = one_epoch(run, source, steps, objective, metric, bar)
            run.into_model()
            if held_out is not None:
                found = evaluated(model, loss, held_out, metric, run.rng)
                values |= {f"validation_{name}": value for name, value in found.items()}
            run.history.append(values)
            bar.epoch(run.history.epochs, values)
            for callback in run.callbacks:
                callback(run)
            steps.notice()  # before the run is written, so that it goes on to the bit
            if checkpoint is not None:
                checkpoints.save(checkpoint, run, settings)
        run.history.stopped = run.stop or f"all {epochs} epochs done"
    except KeyboardInterrupt:
        run.into_model()
        run.history.stopped = "interrupted"
    finally:
        run.history.steps = steps.report
        bar.close()
        model.eval()
    for callback in run.callbacks:
        if isinstance(callback, Callback):
            callback.end(run)
    return run.history


def check_parts(model: Any, loss: Any, optimizer: Any, callbacks: Any) -> None:
    """Refuse what is not a model, loss, optimiser or list of callbacks, before anything is
    trained."""
    if not isinstance(model, Module):
        raise TypeError(f"fit: model must be a Module, not {model!r:.60}")
    if not callable(loss):
        raise TypeError(f"fit: loss must be a function of (prediction, y), not {loss!r:.60}")
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"fit: optimizer must be one of nn.optim, such as Adam(0.001), not {optimizer!r:.60}"
        )
    if not isinstance(callbacks, Sequence) or not all(map(callable, callbacks)):
        raise TypeError(f"fit: callbacks must be a list of functions, not {callbacks!r:.60}")


def check_path(checkpoint: Any, resume: bool) -> None:
    """Refuse a checkpoint that could not be written, before an epoch is spent on it."""
    if checkpoint is None:
        if resume:
            raise ValueError("fit: resume=True needs the path of a checkpoint")
    elif not Path(os.path.realpath(checkpoint)).parent.is_dir():
        raise FileNotFoundError(f"fit: there is no directory for the checkpoint {checkpoint}")


def new_run(
    model: Module,
    optimizer: Optimizer,
    seed: int | np.random.Generator,
    callbacks: Sequence[Callable[[Run], Any]],
) -> Run:
    parameters = {name: array.copy() for name, array in model.named_parameters()}
    buffers = {name: np.array(array) for name, array in model.named_buffers()}
    rng = np.random.default_rng(seed)
    run = Run(model, parameters, optimizer.init(parameters), buffers, rng, list(callbacks))
    for callback in run.callbacks:
        if isinstance(callback, Callback):
            callback.begin(run)
    return run


def one_epoch(
    run: Run,
    source: Source,
    steps: Steps,
    objective: Callable[..., Any],
    metric: Any,
    bar: Bar,
) -> dict[str, float]:
    """The means over the batches of one epoch, each measured before its update."""
    means, start = Means(), time.perf_counter()
    number = run.history.epochs + 1
    run.model.train()
    steps.begin_epoch()
    for k, (x, y) in enumerate(source.batches(run.rng)):
        with np.errstate(all="ignore"):  # a loss that is not finite is noticed here
            parameters, state, buffers, value, prediction = steps(x, y)
        if not math.isfinite(value):
            raise diverged(objective, run, x, y, value, f"epoch {number}, batch {k + 1}")
        run.last = run.parameters, run.buffers, x, y
        run.parameters, run.state, run.buffers = parameters, state, buffers
        found = {name: f(prediction, y) for name, f in metrics_of(metric, prediction, y).items()}
        means.add({"loss": value, **found}, len(x))
        bar.step(number, means)
    return {**means.values(), "seconds": time.perf_counter() - start}


def evaluate(
    model: Module,
    loss: Loss,
    X: Any,
    y: Any = None,
    *,
    batch_size: int | None = None,
    metric: Any = "auto",
) -> dict[str, float]:
    """The mean loss, and the metric, of a model in evaluation mode; data as for :func:`fit`."""
    if y is not None and batch_size is None:
        batch_size = 1024
    shuffle = None if y is None else False
    source = source_of(X, y, batch_size, shuffle, float_type(model), "evaluate")
    return evaluated(model, loss, source, metric, np.random.default_rng(0))


def evaluated(
    model: Module, loss: Loss, source: Source, metric: Any, rng: np.random.Generator
) -> dict[str, float]:
    means = Means()
    with in_evaluation(model):
        for x, y in source.batches(rng):
            prediction = model(x)
            found = {
                name: f(prediction, y) for name, f in metrics_of(metric, prediction, y).items()
            }
            means.add({"loss": loss(prediction, y), **found}, len(y))
    return means.values()


def predict(model: Module, X: Any, batch_size: int = 1024) -> Any:
    """The model's values for the rows of `X`, in evaluation mode, batch by batch: an array, or the
    nest of arrays that the model returns."""
    source = source_of(X, X, batch_size, False, float_type(model), "predict")
    with in_evaluation(model):
        batches = source.batches(np.random.default_rng(0))
        values = [flatten(model(x)) for x, _ in batches]
    columns = zip(*(leaves for leaves, _ in values), strict=True)
    return unflatten(values[0][1], [np.concatenate(column) for column in columns])


def validation_source(validation: Any, dtype: Any) -> Source | None:
    """A tuple is a pair of arrays (X, y), any other iterable gives batches."""
    if validation is None:
        return None
    pair = isinstance(validation, (tuple, list)) and len(validation) == 2
    if pair and (isinstance(validation, tuple) or hasattr(validation[0], "shape")):
        X, y = validation
        return source_of(X, y, 1024, False, dtype, "fit: validation")
    if not isinstance(validation, Iterable) or isinstance(validation, np.ndarray):
        raise TypeError(
            "fit: validation must be a pair (X, y), or an iterable of batches, not "
            f"{validation!r:.60}"
        )
    return source_of(validation, None, None, None, dtype, "fit: validation")


def float_type(model: Module) -> Any:
    """The dtype of the parameters, the widest if they differ."""
    arrays = model.parameters()
    if not arrays:
        raise ValueError(
            f"{type(model).__name__} has no parameters: no attribute is an array of floats; "
            "write np.zeros(n), not np.zeros(n, int)"
        )
    return np.result_type(*arrays)
