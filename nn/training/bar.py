"""One progress bar for a whole run: the epoch, its means so far, and the time that is left."""

from __future__ import annotations

import time
from typing import Any

import autodiff as ad

from .history import shown
from .step import Means

EVERY = 0.1  # seconds between two updates


class Bar:
    """A tqdm bar over all steps of a run, or, switched off, nothing."""

    def __init__(self, on: bool, epochs: int, steps: int, done: int) -> None:
        """`steps` in an epoch, 0 if unknown; `done` epochs of `epochs` lie behind."""
        self.epochs, self.pending, self.last = epochs, 0, 0.0
        self.held_out: dict[str, float] = {}  # what the last validation gave
        self.bar: Any = None
        if on:
            try:
                from tqdm import tqdm
            except ImportError:
                raise ad.MissingExtraError(
                    "the progress bar needs tqdm: pip install tqdm, or progress=False"
                ) from None
            total = steps * epochs or None
            self.bar = tqdm(total=total, initial=steps * done, unit="step", dynamic_ncols=True)

    def step(self, epoch: int, means: Means) -> None:
        """One more step; the text is renewed ten times a second."""
        if self.bar is None:
            return
        self.pending += 1
        now = time.perf_counter()
        if now - self.last >= EVERY:
            self.last = now
            self.show(epoch, means.values())

    def epoch(self, epoch: int, values: dict[str, float]) -> None:
        """The end of an epoch, with all its values."""
        if self.bar is not None:
            self.held_out = {n: v for n, v in values.items() if n.startswith("validation")}
            self.show(epoch, values)

    def show(self, epoch: int, values: dict[str, float]) -> None:
        found = {name: v for name, v in {**values, **self.held_out}.items() if name != "seconds"}
        self.bar.set_description(f"epoch {epoch}/{self.epochs}", refresh=False)
        text = ", ".join(f"{name.replace('_', ' ')} {shown(v)}" for name, v in found.items())
        self.bar.set_postfix_str(text, refresh=False)
        self.flush()

    def flush(self) -> None:
        self.bar.update(self.pending)
        self.pending = 0

    def close(self) -> None:
        if self.bar is not None:
            self.flush()
            self.bar.close()
