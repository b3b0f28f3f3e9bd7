"""Pictures of training, of losses and of decisions, drawn with matplotlib.

Every function draws into the axes it is given, or into a new figure, and returns the axes. Colours
of lines and text are those of matplotlib's current style, so that a dark one works as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autodiff as ad

from .modules import Module, functional_call
from .requirements import whole
from .training import History
from .training.step import Loss, in_evaluation

__all__ = [
    "COLOURS",
    "explain_loss",
    "plot_decision_regions",
    "plot_history",
    "plot_loss_surface",
]

# Okabe and Ito's colours, the blue a little lighter: told apart by all eyes, on light and on dark.
COLOURS = ("#1E88C8", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")


def pyplot() -> Any:
    return ad.extend.optional("matplotlib.pyplot", "plots need", "matplotlib")


def new_axes(ax: Any, size: tuple[float, float]) -> Any:
    return pyplot().subplots(figsize=size, layout="constrained")[1] if ax is None else ax


# -- training --------------------------------------------------------------------------------------
def plot_history(history: Any, axes: Sequence[Any] | None = None) -> list[Any]:
    """The curves of a :class:`History`, or of an estimator's ``history_``, over the epochs.

    One axes for each quantity (loss, accuracy, ...), with training solid and validation dashed. The
    best epoch of a validated loss is marked.
    """
    history = getattr(history, "history_", history)
    if not isinstance(history, History) or not history.epochs:
        raise ValueError("plot_history: this history has no epochs")
    names = [n for n in history.curves if not n.startswith("validation_") and n != "seconds"]
    if axes is None:
        size = (4.6 * len(names), 3.4)
        grid = pyplot().subplots(1, len(names), figsize=size, layout="constrained", squeeze=False)
        axes = list(grid[1][0])
    elif len(axes) != len(names):
        raise ValueError(f"plot_history: {len(axes)} axes for {len(names)} curves: {names}")
    epochs = np.arange(1, history.epochs + 1)
    for ax, name in zip(axes, names, strict=True):
        marker = "o" if history.epochs == 1 else None  # one point makes no line
        ax.plot(epochs, history[name], color=COLOURS[0], label="training", marker=marker)
        if (held_out := f"validation_{name}") in history:
            curve = history[held_out]
            ax.plot(epochs, curve, "--", color=COLOURS[1], label="validation", marker=marker)
            if name == "loss":
                best = int(np.argmin(curve))
                label = f"best: {curve[best]:.3g}, epoch {best + 1}"
                ax.plot(epochs[best], curve[best], "o", color=COLOURS[1], label=label)
            ax.legend(frameon=False)
        ax.set(xlabel="epoch", ylabel=name)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.grid(alpha=0.25)
    return list(axes)


# -- losses ----------------------------------------------------------------------------------------
def plot_loss_surface(
    loss: Callable[[Any, Any], Any],
    first: tuple[float, float],
    second: tuple[float, float],
    *,
    names: tuple[str, str] = ("first parameter", "second parameter"),
    resolution: int = 81,
    path: Any = None,
    log: bool = False,
    ax: Any = None,
) -> Any:
    """A heat map of ``loss(a, b)`` for `a` in the interval `first` and `b` in `second`.

    The least value on the grid is marked. `path`, of shape (steps, 2), is drawn over it: where an
    optimiser went. With `log`, colours follow the logarithm of a positive loss.
    """
    resolution = whole(resolution, "plot_loss_surface: resolution", 2)
    for name, (low, high) in (("first", first), ("second", second)):
        if not low < high:
            raise ValueError(f"plot_loss_surface: {name}={(low, high)} is not an interval")
    a, b = np.linspace(*first, resolution), np.linspace(*second, resolution)
    values = np.array([[float(loss(x, y)) for x in a] for y in b])
    if not np.any(np.isfinite(values)):
        raise ValueError("plot_loss_surface: the loss is finite nowhere on this grid")
    ax = new_axes(ax, (5.2, 4.2))
    shown = np.ma.masked_invalid(values)
    norm = None
    if log:
        if np.min(shown) <= 0:
            raise ValueError("plot_loss_surface: log=True needs a loss above 0 everywhere")
        from matplotlib.colors import LogNorm

        norm = LogNorm()
    picture = ax.pcolormesh(a, b, shown, cmap="viridis", norm=norm, shading="gouraud")
    lines = np.geomspace(shown.min(), shown.max(), 14) if log else 12
    ax.contour(a, b, shown, lines, colors="white", linewidths=0.6, alpha=0.7)
    ax.figure.colorbar(picture, ax=ax, label="loss")
    if path is not None:
        points = np.asarray(path, float)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ad.ShapeError(f"plot_loss_surface: path has shape {points.shape}, not (steps, 2)")
        ax.plot(*points.T, ".-", color=COLOURS[5], linewidth=1, markersize=4, label="path")
    j, i = np.unravel_index(np.argmin(shown), values.shape)
    ax.plot(
        a[i], b[j], "*", markersize=13, color="#F0E442", markeredgecolor="black",
        linestyle="none", label=f"least: {values[j, i]:.4g}",
    )  # fmt: skip
    ax.legend(loc="upper right", frameon=True, framealpha=0.85)
    ax.set(xlabel=names[0], ylabel=names[1], xlim=first, ylim=second)
    return ax


# -- decisions -------------------------------------------------------------------------------------
def plot_decision_regions(
    model: Any, X: Any, y: Any, *, resolution: int = 300, margin: float = 0.1, ax: Any = None
) -> Any:
    """Which class `model` decides for over the plane, with the examples on top.

    `model`: a fitted estimator, a module that gives logits (n, classes), (n, 1) or (n,), or a
    function from points (n, 2) to labels (n,). `X`: (examples, 2); `y`: (examples,). Examples that
    are decided wrongly have a cross. `margin` is how far the plane goes beyond the examples, as a
    share of their extent.
    """
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or y.shape != X.shape[:1] or not len(X):
        raise ad.ShapeError(
            f"plot_decision_regions: X has shape {X.shape} and y {y.shape}; they must be "
            "(examples, 2) and (examples,)"
        )
    resolution = whole(resolution, "plot_decision_regions: resolution", 2)
    decide = decision(model, y)
    low, high = X.min(axis=0), X.max(axis=0)
    room = margin * np.where(high > low, high - low, 1.0)
    sides = [
        np.linspace(start - r, end + r, resolution)
        for start, end, r in zip(low, high, room, strict=True)
    ]
    across, up = np.meshgrid(*sides)
    decided = np.asarray(decide(np.column_stack([across.ravel(), up.ravel()]).astype(X.dtype)))
    classes = np.unique(np.concatenate([np.unique(y), np.unique(decided)]))
    regions = np.searchsorted(classes, decided).reshape(across.shape)
    colours = [COLOURS[k % len(COLOURS)] for k in range(len(classes))]

    from matplotlib.colors import ListedColormap

    ax = new_axes(ax, (5.0, 4.2))
    limits = {"vmin": -0.5, "vmax": len(classes) - 0.5}
    ax.pcolormesh(across, up, regions, cmap=ListedColormap(colours), alpha=0.35, **limits)
    for k in range(len(classes) - 1):
        ax.contour(across, up, regions > k, [0.5], colors=[text_colour()], linewidths=0.8)
    wrong = np.asarray(decide(X)) != y
    for label, colour in zip(classes, colours, strict=True):
        mine = y == label
        ax.scatter(
            *X[mine].T, s=26, color=colour, edgecolors=text_colour(), linewidths=0.6,
            label=str(label),
        )  # fmt: skip
    if np.any(wrong):
        ax.scatter(
            *X[wrong].T, s=60, marker="x", color=text_colour(), linewidths=1.2,
            label=f"wrong: {np.sum(wrong)} of {len(y)}",
        )  # fmt: skip
    # In a fixed place: the search for the best is slow, and warns of it, where regions are ragged.
    ax.legend(loc="upper right", frameon=True, framealpha=0.85)
    ax.set(xlim=sides[0][[0, -1]], ylim=sides[1][[0, -1]])
    return ax


def text_colour() -> Any:
    """The colour of text in the current style: black on light, white on dark."""
    return pyplot().rcParams["text.color"]


def decision(model: Any, y: Any) -> Callable[[Any], Any]:
    """A function from points to labels."""
    if isinstance(model, Module):
        return lambda points: labels_of(model, points, np.unique(y))
    if hasattr(model, "predict"):
        return model.predict
    if callable(model):
        return model
    raise TypeError(
        f"plot_decision_regions: {model!r:.60} is not a module, an estimator or a function"
    )


def labels_of(model: Module, points: Any, classes: Any) -> Any:
    """The classes that logits point to: the largest of (n, classes), the sign of (n,)."""
    with in_evaluation(model):
        logits = np.asarray(model(points))
    if logits.ndim == 2 and logits.shape[1] > 1:
        largest = np.argmax(logits, axis=1)
        return largest if classes.dtype.kind in "iu" else classes[largest]
    if len(classes) != 2:
        raise ValueError(
            f"plot_decision_regions: one logit tells two classes apart, but y has {len(classes)}"
        )
    return classes[(logits.ravel() > 0).astype(int)]


# -- the graph of a loss ---------------------------------------------------------------------------
def explain_loss(model: Module, loss: Loss, x: Any, y: Any) -> ad.Explanation:
    """Every step of a model's loss on one batch, in both modes: :func:`autodiff.explain` of it.

    The inputs are the parameters, by name. ``.svg(path)`` draws the graph, ``.html(path)`` a page.

    >>> import numpy as np
    >>> from nn import Dense, losses
    >>> line = Dense(1, 1, np.random.default_rng(0))
    >>> explanation = explain_loss(line, losses.mse, np.ones((2, 1)), np.zeros((2, 1)))
    >>> [step.name for step in explanation.reverse][-1]
    "parameters['bias']"
    """

    def loss_of(parameters: Any) -> Any:
        prediction, _ = functional_call(model, parameters, {}, x)
        return loss(prediction, y)

    with in_evaluation(model):
        return ad.explain(loss_of, dict(model.named_parameters()))
