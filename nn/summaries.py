"""What a model is made of: the shapes and parameters of its modules, and the units that died."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import autodiff as ad

from .modules import Module
from .training.step import in_evaluation

Run = tuple[Module, Any, Any]  # a module, what went in, what came out


class Row(NamedTuple):
    """One module: its dotted name, how it was made, the shapes that went in and came out, the
    number of its own parameters, and the indices of its dead units."""

    name: str
    module: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    parameters: int
    dead: tuple[int, ...]


@dataclass(frozen=True, repr=False)
class Summary:
    """What :func:`summary` found: a :class:`Row` for each module that ran; ``str()`` is a table."""

    rows: tuple[Row, ...]
    parameters: int

    @property
    def dead(self) -> dict[str, tuple[int, ...]]:
        """The dead units of each module that has any."""
        return {row.name: row.dead for row in self.rows if row.dead}

    def __str__(self) -> str:
        cells = [("", "module", "input", "output", "parameters", "dead units")]
        for row in self.rows:
            of = f"{len(row.dead)} of {row.outputs[-1]}" if row.dead else ""
            count = f"{row.parameters:,}" if row.parameters else ""
            cells.append((row.name, row.module, str(row.inputs), str(row.outputs), count, of))
        cells.append(("", "", "", "", f"{self.parameters:,}", ""))
        widths = [max(len(line[k]) for line in cells) for k in range(6)]
        right = {4}  # numbers stand flush right
        return "\n".join(
            "  ".join(
                cell.rjust(w) if k in right else cell.ljust(w)
                for k, (cell, w) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in cells
        )

    __repr__ = __str__


def summary(model: Module, X: Any) -> Summary:
    """Run `model` in evaluation mode on the examples `X` and describe each of its modules.

    A unit of an activation (a place along the last axis of a module without parameters, whose
    output has the shape of its input) is dead when its derivative is exactly zero for all examples:
    no gradient passes it, so nothing before it learns from it. The counts belong to these examples,
    and to activations that are modules.

    >>> import numpy as np
    >>> from nn import Dense, ReLU, Sequential
    >>> rng = np.random.default_rng(0)
    >>> model = Sequential(Dense(2, 3, rng), ReLU(), Dense(3, 1, rng))
    >>> model[0].bias[1] = -100.0
    >>> print(summary(model, rng.normal(size=(5, 2))))
       module       input   output  parameters  dead units
    0  Dense(2, 3)  (5, 2)  (5, 3)           9
    1  ReLU         (5, 3)  (5, 3)              1 of 3
    2  Dense(3, 1)  (5, 3)  (5, 1)           4
                                            13
    """
    X = np.asarray(X)
    if not X.ndim or not len(X):
        raise ad.ShapeError("summary: X must be an array with one row per example, and not empty")
    runs: dict[str, Run] = {}
    with in_evaluation(model):
        with recording(model, runs):
            model(X)
        rows = [
            Row(name, titled(part), np.shape(x), np.shape(y), size_of(part), dead_units(part, x, y))
            for name, (part, x, y) in runs.items()
        ]
    return Summary(tuple(rows), size_of(model))


def titled(module: Module) -> str:
    settings = module.settings()
    return type(module).__name__ + (f"({settings})" if settings else "")


def size_of(module: Module) -> int:
    return sum(array.size for array in module.parameters())


def dead_units(module: Module, x: Any, y: Any) -> tuple[int, ...]:
    """The places along the last axis where no cotangent of `y` ever reaches `x`."""
    if module.parameters() or np.shape(x) != np.shape(y) or np.ndim(x) < 2:
        return ()
    _, pullback = ad.vjp(module.forward, x)
    # Positive and all different, so that nothing cancels.
    (x_bar,) = pullback(np.random.default_rng(0).uniform(1, 2, np.shape(y)).astype(y.dtype))
    units = np.all(x_bar.reshape(-1, np.shape(x)[-1]) == 0, axis=0)
    return tuple(int(k) for k in np.flatnonzero(units))


@contextmanager
def recording(model: Module, runs: dict[str, Run]) -> Iterator[None]:
    """Every module without modules inside it leaves its first run in `runs`."""
    with ExitStack() as stack:
        for name, module in model.named_modules():
            if len(module.named_modules()) == 1:
                vars(module)["forward"] = observed(name, module, runs)
                stack.callback(vars(module).pop, "forward")
        yield


def observed(name: str, module: Module, runs: dict[str, Run]) -> Callable[..., Any]:
    forward = module.forward

    def observe(*inputs: Any) -> Any:
        y = forward(*inputs)
        runs.setdefault(name, (module, inputs[0], y))
        return y

    return observe
