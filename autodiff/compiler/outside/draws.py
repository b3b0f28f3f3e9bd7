"""Random numbers as inputs of a program: noted while it is traced, drawn again before each run.

The generator that the traced function sees draws from a twin, so that tracing uses up nothing.
Whoever runs the program makes the same draws, in the same order, from the real generator.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...arrays.tensor import Tensor
from ...base.trees import flatten, unflatten
from ...engine.graph import TraceLevel, TraceNode
from ...programs.closed import WITHIN
from ...programs.tracing import is_numeric
from .library import OutsideError, UndrawableError, refused
from .numbers import ask_python

PLAIN = (bool, int, float, str, type(None), type, np.generic, np.dtype)
STATEFUL = frozenset(
    "seed set_state get_state setstate getstate spawn shuffle jumped bit_generator "  # noqa: SIM905
    "set_bit_generator get_bit_generator".split()
)


class Draw(NamedTuple):
    """A call of a method of a generator, the one at this place in the walk's list."""

    place: int
    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Draws:
    """What one trace has drawn, and the inputs that stand for it."""

    def __init__(self) -> None:
        self.level: Any = None
        self.nodes: list[TraceNode] = []
        self.draws: list[Draw] = []
        self.strict = False  # was there an operation under np.errstate(all="raise")?

    def begin(self, level: TraceLevel) -> list[TraceNode]:
        self.level = level
        noted = level.observe

        def observe(node: TraceNode) -> None:
            if noted is not None:
                noted(node)
            ask_python(node)
            self.note_settings(node)

        level.observe = observe
        return self.nodes

    def note_settings(self, node: TraceNode) -> None:
        """Whether an operation is made under settings that compiled code does not heed."""
        self.strict |= not {"ignore", "warn"}.issuperset(np.geterr().values())

    def again(self, generators: Sequence[Any]) -> list[Any]:
        """The numbers of one run, drawn now."""
        return [
            leaf
            for place, method, args, kwargs in self.draws
            for leaf in flatten(getattr(generators[place], method)(*args, **kwargs))[0]
        ]


class Drawing:
    """What stands for a generator in a function that is traced."""

    def __init__(self, generator: Any, place: int, path: str, noted: Draws) -> None:
        self._of, self._place, self._path, self._noted = generator, place, path, noted
        self._twin = copy.deepcopy(generator)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # type: ignore[misc]  # so that isinstance(rng, np.random.Generator) says yes
        return type(self._of)

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":
            raise AttributeError(name)
        if name in STATEFUL or not callable(getattr(self._of, name, None)):
            raise refused(
                f"{self._path}.{name}", "which changes or shows the state of a generator",
                "do that outside, and draw standard numbers inside",
            )  # fmt: skip
        return partial(self._draw, name)

    def _draw(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if loop := WITHIN.get():
            raise refused(
                f"{self._path}.{name} in a function of {loop}",
                "which would be drawn once, and not in each round",
                "draw all numbers before, and pass them in as xs",
            )  # fmt: skip
        if not all(isinstance(x, PLAIN) for x in flatten((args, kwargs))[0]):
            raise UndrawableError(
                f"jit: the function draws {self._path}.{name} of an array, or of what the program "
                "computes, which cannot be drawn before it runs; draw standard numbers of a given "
                "size and scale them: x + s * rng.normal(size=n)"
            )
        leaves, structure = flatten(getattr(self._twin, name)(*args, **kwargs))
        if not all(map(is_numeric, leaves)):
            raise refused(f"{self._path}.{name}", "which draws what is not a number")
        noted = self._noted
        noted.draws.append(Draw(self._place, name, args, kwargs))
        nodes = [TraceNode(noted.level, None, (), {}, x) for x in leaves]
        noted.nodes += nodes
        return unflatten(structure, [Tensor(n.value, n) for n in nodes])


def seeded(*args: Any, **kwargs: Any) -> Any:
    """`np.random.default_rng` in a function that is traced: with a seed, the same at each call."""
    if (not args and not kwargs) or None in (*args, *kwargs.values()):
        raise refused(
            "np.random.default_rng() without a seed", "which is another generator at each call",
            "make it once, outside of the function",
        )  # fmt: skip
    return np.random.default_rng(*args, **kwargs)


def states() -> tuple[Any, ...]:
    """Of the generators that everyone shares."""
    return random.getstate(), state_of(np.random.mtrand._rand)


def state_of(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    legacy = isinstance(generator, np.random.RandomState)
    state = generator.get_state(legacy=False) if legacy else generator.bit_generator.state
    return [x.tobytes() if isinstance(x, np.ndarray) else x for x in flatten(state)[0]]


def check_drawn(before: Sequence[Any], now: Sequence[Any]) -> None:
    if any(a != b for a, b in zip(before, now, strict=True)):
        raise OutsideError(
            "jit: the function draws random numbers in a way that cannot be repeated (in a method "
            "of a class, or inside of a library); draw from a generator that is an argument or an "
            "attribute: self.rng.normal(size=n)"
        )
