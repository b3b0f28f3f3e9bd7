"""Which steps of a run are compiled: those of a shape of batch that comes often enough to repay it.

    batches of the shape so far    0 ...      16 ...          3000 ...
    jit="auto"                     plain      NumPy source    LLVM
    jit=True                       LLVM, or NumPy source where llvmlite is not installed
    jit=False                      plain

Only the counts so far decide, not a clock: so a run is repeatable, and continues from a checkpoint,
to the bit. With "auto" a step that cannot be compiled stays plain.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from autodiff.extend import refuse

from ..optim import Optimizer
from ..requirements import one_of
from .compiled import CompiledStep
from .draws import Noted
from .run import Run
from .step import make_step

AUTO = ((16, "numpy"), (3000, "llvm"))  # compiling takes about as long as so many plain steps
SETTINGS = (bool, int, float, str, type(None))


def tiers_of(jit: Any) -> tuple[tuple[int, str], ...]:
    """After how many batches of a shape each back end takes over."""
    if jit is False:
        return ()
    there = find_spec("llvmlite") is not None
    if jit is True:
        return ((0, "llvm" if there else "numpy"),)
    if one_of(jit, "fit: jit", ("auto", "llvm", "numpy")) == "auto":
        return AUTO if there else AUTO[:1]
    return ((0, jit),)


def settings_of(run: Run, optimizer: Optimizer) -> list[Any]:
    """The plain attributes of the modules and the optimiser, but for the learning rate and what
    every epoch sets itself."""
    owners = [optimizer, *(module for _, module in run.model.named_modules())]
    return [
        (k, key, value)
        for k, owner in enumerate(owners)
        for key, value in vars(owner).items()
        if isinstance(value, SETTINGS) and key not in ("learning_rate", "training")
    ]


class Steps:
    """The steps of a run, plain or compiled.

    What a compiled loss reads from elsewhere it has read once. So the first batch of an epoch also
    goes through the plain loss. A step that no longer computes the same is compiled anew.
    """

    def __init__(
        self,
        run: Run,
        objective: Callable[..., Any],
        optimizer: Optimizer,
        max_norm: float | None,
        jit: bool | str,
    ) -> None:
        self.run, self.objective, self.optimizer, self.max_norm = (
            run,
            objective,
            optimizer,
            max_norm,
        )
        self.plain = make_step(objective, optimizer, max_norm)
        self.tiers = tiers_of(jit)
        self.demanded = jit != "auto"  # then it is an error if a step cannot be compiled
        self.compiled: dict[str, CompiledStep] = {}  # by shape
        self.backends: list[str] = []  # that have run a step, in order
        self.reason = ""  # why no more steps are compiled
        self.settings: Any = None
        self.looked = False  # at a batch of this epoch
        self.scale = 0.0  # the largest loss looked at
        eps = max(np.finfo(p.dtype).eps for p in run.parameters.values())
        self.tolerance = math.sqrt(eps)

    @property
    def report(self) -> str:
        """How the steps were run: for the history."""
        how = f"compiled ({', '.join(self.backends)})" if self.backends else "plain"
        return f"{how}, because {self.reason}" if self.reason else how

    def begin_epoch(self) -> None:
        """Look again at the first batch."""
        self.looked = False
        self.notice()

    def notice(self) -> None:
        """Begin again if settings were changed since the epoch began."""
        if self.tiers:
            settings = settings_of(self.run, self.optimizer)
            if self.settings not in (None, settings):
                self.forget()
            self.settings = settings

    def forget(self) -> None:
        """Begin again: what the compiled steps have read is out of date."""
        self.compiled.clear()
        self.run.batches.clear()

    def __call__(self, x: Any, y: Any) -> Any:
        """One step on the batch (x, y), as `make_step` returns it."""
        run = self.run
        batch = run.parameters, run.state, run.buffers, x, y, run.rng
        if not self.tiers:
            return self.plain(*batch)
        shape = json.dumps([x.shape, str(x.dtype), y.shape, str(y.dtype)])
        before = run.batches.get(shape, 0)
        run.batches[shape] = before + 1
        backend = next((b for least, b in reversed(self.tiers) if before >= least), None)
        step = self.compiled.get(shape)
        if backend and not self.reason and (step is None or step.backend != backend):
            return self.first(backend, shape, batch)
        if step is None:
            return self.plain(*batch)
        return step(*batch) if self.looked else self.checked(step, batch)

    def first(self, backend: str, shape: str, batch: Any) -> Any:
        """The first step by a new program, or the plain one, which may say better what is wrong."""
        state = self.run.rng.bit_generator.state
        try:
            step, found = self.program(backend, batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the plain step goes on
            failure = error
        else:
            self.compiled[shape] = step
            if backend not in self.backends:
                self.backends.append(backend)
            return found
        self.run.rng.bit_generator.state = state
        found = self.plain(*batch)
        if self.demanded:
            raise failure
        self.reason = f"{type(failure).__name__}: {str(failure).partition(chr(10))[0]}"
        return found

    def program(self, backend: str, batch: Any) -> tuple[CompiledStep, Any]:
        """A program that computes what the plain step does, and its first result."""
        value, draws = self.look(batch)
        again, _ = self.look(batch)
        if again != value and not math.isnan(value):
            raise refuse(
                f"one batch has two losses, {value} and then {again}",
                "draw random numbers from the module's attribute rng, and do not count calls; or "
                "train with jit=False",
            )
        step = CompiledStep(self.objective, self.optimizer, self.max_norm, backend, draws)
        found = step(*batch)
        if not self.agree(found[3], value):
            raise refuse(
                f"the compiled loss is {found[3]}, but the plain one {value}", "use jit=False"
            )
        return step, found

    def checked(self, step: CompiledStep, batch: Any) -> Any:
        """The compiled step, if it still computes what the plain loss does."""
        state = self.run.rng.bit_generator.state
        value, draws = self.look(batch)
        if draws == step.draws:
            found = step(*batch)
            if self.agree(found[3], value):
                return found
            self.run.rng.bit_generator.state = state
        self.forget()
        return self.plain(*batch)

    def look(self, batch: Any) -> tuple[Any, Any]:
        """The plain loss of a batch and what it draws, which the run's generator still has to."""
        parameters, _, buffers, x, y, rng = batch
        noted = Noted(copy.deepcopy(rng))
        value = self.objective(parameters, buffers, x, y, noted)[0]
        self.looked = True
        if math.isfinite(value):
            self.scale = max(self.scale, abs(value))
        return value, noted.draws

    def agree(self, found: Any, value: Any) -> bool:
        """Are two losses of one batch the same up to rounding, or not finite?"""
        difference = abs(found - value)
        return not math.isfinite(difference) or difference <= self.tolerance * self.scale
