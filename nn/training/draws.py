"""The random numbers of a step as its arguments: noted once, and then drawn before each run of it.

A compiled step would draw once, when it is traced, and use the same numbers in every run. So its
plain form runs with a generator that notes every draw; whoever runs the compiled one makes the same
draws first, in the same order, and passes the numbers in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.extend import refuse
from autodiff.tree import flatten

Draw = tuple[str, tuple[Any, ...], dict[str, Any]]  # a method of a generator, and its arguments

PLAIN = (bool, int, float, str, type(None), type, np.generic, np.dtype)
METHODS = [name for name, f in vars(np.random.Generator).items() if name[0] != "_" and callable(f)]


class Noted(np.random.Generator):  # type: ignore[misc]
    """A generator that notes in `draws` what is drawn from it."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng.bit_generator)
        self.source = rng
        self.draws: list[Draw] = []


class Given(np.random.Generator):  # type: ignore[misc]
    """A generator that answers the draws that were noted with `numbers`, and no other."""

    def __init__(self, draws: Sequence[Draw], numbers: Sequence[Any]) -> None:
        super().__init__(np.random.PCG64(0))  # never drawn from
        self.left = list(zip(draws, numbers, strict=True))

    def all_used(self) -> None:
        """Refuse a step that drew less than was noted."""
        if self.left:
            raise changing(self.left[0][0][0])


def noting(name: str) -> Callable[..., Any]:
    def method(self: Noted, *args: Any, **kwargs: Any) -> Any:
        leaves = flatten((args, kwargs))[0]
        if name in ("shuffle", "spawn") or not all(isinstance(leaf, PLAIN) for leaf in leaves):
            raise refuse(
                f"rng.{name} of an array, or of a value that the step computes, cannot be drawn "
                "before the step runs",
                "draw standard numbers of a given size and scale them: x + s * rng.normal(size=n)",
            )
        self.draws.append((name, args, kwargs))
        return getattr(self.source, name)(*args, **kwargs)

    return method


def giving(name: str) -> Callable[..., Any]:
    def method(self: Given, *args: Any, **kwargs: Any) -> Any:
        if not self.left or self.left[0][0] != (name, args, kwargs):
            raise changing(name)
        return self.left.pop(0)[1]

    return method


for _name in METHODS:
    setattr(Noted, _name, noting(_name))
    setattr(Given, _name, giving(_name))


def changing(name: str) -> Exception:
    return refuse(
        f"a step no longer draws with rng.{name} what it drew before",
        "draw the same kinds and sizes of numbers at every step, or leave out jit",
    )


def drawn(rng: np.random.Generator, draws: Sequence[Draw]) -> list[Any]:
    """The numbers of one step, in the order in which it asks for them."""
    return [getattr(rng, name)(*args, **kwargs) for name, args, kwargs in draws]
