"""Python's own `while` on traced values as one loop of the program, where that is sure to be right.

At the test of a `while`, the traced values that the frame's variables reach become inputs of a
program of one round; the round runs, and at the next test what the variables reach are its results:

    while abs(x * x - a) > 1e-9:        carry   x, and the test's answer
        x = (x + a / x) / 2             closed  a, which the round has not changed

Then the loop is a row, `while_loop`, whose results the variables get, and Python leaves it. That is
right only if nothing but traced values changes from round to round. All else that the variables
reach is compared; what cannot be (an iterator, a generator, a file) means that the loop is written
out round by round, and so do a `break`, a decision inside, and a value that two variables share for
one round only.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..base.errors import REFUSALS
from ..base.trees import flatten
from ..engine.graph import TraceNode
from ..primitives import loops as rows
from ..programs.closed import Evaluation, Program, Record, example
from ..programs.tracing import Graph
from ..rules.primitive import payload
from ..transforms.loops.nests import program_of
from ..transforms.loops.while_row import While
from .frames import CannotFoldError, Place, State, asking

MOST_TRIES = 4  # tests at which a loop may begin: a first round makes values of its own


class UnfoldableError(Exception):
    """This was noticed too late: the trace begins again."""

    def __init__(self, place: Place) -> None:
        self.place = place


# -- the loop --------------------------------------------------------------------------------------
class Round:
    """One round that is being traced, for any values of the slots that the last round changed."""

    def __init__(
        self, frame: FrameType, place: Place, state: State, moving: list[Any], goes_on: Any
    ) -> None:
        self.frame, self.place, self.state, self.moving = frame, place, state, moving
        self.given = [state.slots[path] for path in moving]
        self.goes_on, self.done = goes_on, False
        self.before = [Tensor(x.value, x.node) for x in self.given]
        self.weak = [payload(x).__class__ is float for x in self.given]
        examples = [strong(example(x)) for x in self.given]
        self.record = Record([*examples, example(goes_on)], Evaluation(None))
        self.record.info.decide = self.decide
        for x, value, node in zip(self.given, examples, self.record.inputs, strict=False):
            x.value, x.node = value, node

    def decide(self, node: TraceNode) -> bool:
        """The answer to the next test, at which the loop is a row of the program."""
        if asking() != (self.frame, self.place):
            raise cannot()
        try:
            now = State(self.frame)
        except CannotFoldError:
            raise cannot() from None
        for x, old in zip(self.given, self.before, strict=True):
            found = x.value, x.node
            x.value, x.node = old.value, old.node
            old.value, old.node = found
        results = [now.slots[path] for path in self.moving if path in now.slots]
        ends = dict(zip(map(id, self.given), self.before, strict=True))
        ended = [ends.get(id(x), x) for x in results]
        moved = {path for path, first in now.shared().items() if first in self.moving}
        if now.rest != self.state.rest or now.shared() != self.state.shared():
            raise cannot()
        if now.changed(self.state) - moved:
            raise cannot()
        outputs = [strong(Tensor(x.value, x.node)) for x in ended]
        answer = truth(Tensor(node.value, node))
        outputs.append(answer if self.place.going else np.logical_not(answer))
        body = Program.of(
            self.record.graph("while", outputs, flatten(outputs)[1]), self.record.closed
        )
        pairs = zip(body.examples, body.examples_of_results(), strict=False)
        if any(not alike(x, y) for x, y in pairs):
            raise cannot()
        count = len(outputs)
        test = program_of(lambda *c: [c[-1]], body.examples[:count], "while")
        carry = [*map(strong, self.given), self.goes_on]
        loop = While(test, body, count)
        loop.guarded = True
        ends = rows.while_loop(*carry, *body.forget_closed(), loop=loop)
        for x, y, weak in zip(results, ends, self.weak, strict=False):
            if weak:
                weaken(y)
            x.value, x.node = y.value, y.node
        self.done = True
        return not self.place.going


def truth(x: Any) -> Any:
    """A traced truth value, as NumPy's."""
    is_one = payload(x).__class__ is np.bool_
    return x if is_one else np.reshape(np.not_equal(x, 0), ())


def strong(x: Any) -> Any:
    """A Python float as NumPy's."""
    if payload(x).__class__ is not float:
        return x
    return x.astype(np.float64) if isinstance(x, Tensor) else np.float64(x)


def weaken(x: Tensor) -> None:
    """Let what Python sees of a result be a Python float, as it would be after a Python loop."""
    while isinstance(x.value, Tensor):
        x = x.value
    x.node.value = x.value = float(x.value)


def alike(x: Any, y: Any) -> bool:
    same = np.shape(x) == np.shape(y) and np.result_type(x) == np.result_type(y)
    return same and type(x) is type(y)


def cannot() -> CannotFoldError:
    error = CannotFoldError()
    if REFUSALS.pending is not None:
        REFUSALS.pending.append(error)
    return error


class Whiles:
    """The tests of `while` that one trace has met, in each frame."""

    def __init__(self, unfoldable: set[Place]) -> None:
        self.unfoldable = unfoldable
        self.states: dict[tuple[int, Place], list[Any]] = {}  # the first node, and each state
        self.rounds: list[Round] = []
        self.folded = 0

    def begin(self, test: Tensor, held: list[Any]) -> bool | None:
        """The answer to a test that begins a round for all values; `None` if it is a decision. The
        loop makes no round where what is `held` of this path does not hold: it might not end."""
        found = asking()
        if found is None or found[1] in self.unfoldable:
            return None
        frame, place = found
        first, *states = known = self.states.setdefault((id(frame), place), [test.node.order])
        if len(states) > MOST_TRIES or (self.rounds and not self.rounds[-1].done):
            return None
        try:
            now = State(frame)
        except CannotFoldError:
            now = None
        known.append(now)
        if now is None or not states or states[-1] is None or states[-1].rest != now.rest:
            return None
        shared = now.shared()  # two names of one value, before and after a round, are one slot
        moving = sorted({shared[path] for path in now.changed(states[-1])}, key=repr)
        if not moving or shared != states[-1].shared():
            return None
        for x in map(now.slots.__getitem__, moving):
            if is_linked(x) or made_at(x) <= first:
                return None
            if payload(x).__class__ in (int, bool, complex):
                return None
        known[1:] = [now]  # no more is needed, and they hold values
        goes_on = truth(test) if place.going else np.logical_not(truth(test))
        for x in held:
            goes_on = np.logical_and(goes_on, x)
        self.rounds.append(Round(frame, place, now, moving, goes_on))
        return place.going

    def check(self) -> None:
        """Begin again if the trace ended in a round."""
        if self.rounds and not self.rounds[-1].done:
            raise UnfoldableError(self.rounds[-1].place)

    def settle(self, graph: Graph) -> None:
        """Begin again if a Python float became NumPy's where that makes a difference."""
        weak = [r.place for r in self.rounds if any(r.weak)]
        if weak and not all(map(is_double, values_of(graph))):
            raise UnfoldableError(weak[0])
        self.states.clear()
        self.folded = len(self.rounds)
        self.rounds.clear()


def values_of(graph: Graph) -> Iterator[Any]:
    for node in graph.nodes:
        yield node.value
        for x in node.inputs:
            yield x.value if isinstance(x, TraceNode) else x


def is_double(x: Any) -> bool:
    dtype = getattr(x, "dtype", None)
    return dtype is None or dtype.char in "?dlqD"


def made_at(x: Tensor) -> int:
    """When the trace made the number behind a value."""
    while isinstance(x.value, Tensor):
        x = x.value
    return x.node.order if isinstance(x.node, TraceNode) else 0


def is_linked(x: Tensor) -> bool:
    """Does it show the memory of another one, or another that of it?"""
    return getattr(x, "_link", None) is not None or bool(getattr(x, "_views", None))
