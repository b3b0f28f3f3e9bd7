"""Do both modes agree? One number of each, compared, not claimed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..rules.primitive import payload
from .steps import Sweep
from .symbolic_rules import Derivative


class Agreement:
    """<y_bar, J x_dot> from forward mode against <J^T y_bar, x_dot> from reverse mode."""

    def __init__(self, forward: Sweep, reverse: Sweep) -> None:
        self.derivative = Derivative(reverse.label, forward.label)
        self.forward = total(
            forward.numbers[y] * seed for y, seed in reverse.seeds.items() if y in forward.numbers
        )
        self.reverse = total(
            reverse.numbers[x] * seed for x, seed in forward.seeds.items() if x in reverse.numbers
        )
        both = [n for n in forward.numbers if n in reverse.numbers]
        # Terms may cancel, so rounding is measured against the largest sum of products on the way.
        with np.errstate(all="ignore"):
            sizes = [
                float(np.sum(np.abs(payload(forward.numbers[n]) * payload(reverse.numbers[n]))))
                for n in both
            ]
        self.scale = max((s for s in sizes if np.isfinite(s)), default=0.0)
        # What is complex has a pairing by real parts alone, unless the program is holomorphic.
        self.real_parts = np.iscomplexobj(self.forward) or np.iscomplexobj(self.reverse)
        self.forward, self.reverse = np.real(self.forward), np.real(self.reverse)
        precise = [np.asarray(payload(v)).dtype for v in forward.numbers.values()]
        self.epsilon = max((float(np.finfo(d).eps) for d in precise if d.kind in "fc"), default=0.0)

    @property
    def name(self) -> str:
        return f"the real part of {self.derivative}" if self.real_parts else self.derivative

    @property
    def error(self) -> float:
        """The relative difference; nan where a derivative is not finite."""
        difference = abs(self.forward - self.reverse)
        return float(difference / self.scale) if self.scale else float(difference)

    @property
    def holds(self) -> bool | None:
        """Whether they agree to rounding; `None` where a nan or inf leaves nothing to compare."""
        if not np.isfinite(self.forward) or not np.isfinite(self.reverse):
            return None
        return self.error <= 1000 * self.epsilon


def total(parts: Iterable[Any]) -> Any:
    """The sum of all entries: an inner product with ones."""
    found: Any = 0.0
    with np.errstate(all="ignore"):  # inf - inf is nan, which is said in words
        for part in parts:
            found = found + np.sum(payload(part))
    return found
