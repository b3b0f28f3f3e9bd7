"""What a training run went through: its curves, epoch by epoch, and why it ended."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class History:
    """Curves by name, one value per epoch: "loss", "accuracy", "seconds", and with a validation
    set "validation_loss" and "validation_accuracy". `stopped` says why training ended, and `steps`
    how its steps were run: "plain" or compiled, by what, or why not.

    >>> history = History()
    >>> history.append({"loss": 2.0, "seconds": 0.1})
    >>> history["loss"], history.epochs
    ([2.0], 1)
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    stopped: str = ""
    steps: str = ""

    @property
    def epochs(self) -> int:
        """How many epochs are in it."""
        return max(map(len, self.curves.values()), default=0)

    def append(self, values: dict[str, float]) -> None:
        """Add one epoch."""
        for name, value in values.items():
            self.curves.setdefault(name, []).append(float(value))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.curves:
            raise KeyError(f"{name!r} is not among the curves: {', '.join(self.curves) or 'none'}")
        return self.curves[name]

    def __contains__(self, name: object) -> bool:
        return name in self.curves

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {shown(values[-1])}" for name, values in self.curves.items())
        ended = f"; {self.stopped}" if self.stopped else ""
        steps = f"; steps {self.steps}" if self.steps else ""
        return f"History of {self.epochs} epochs{': ' + last if last else ''}{ended}{steps}"


def shown(value: float) -> str:
    """A number of a curve, short."""
    return f"{value:.4g}"
