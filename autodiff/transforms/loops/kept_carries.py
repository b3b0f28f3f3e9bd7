"""The VJP of a loop whose number of rounds is known only when it runs.

Its carries cannot be stacked in an array of a fixed size, so some of them are kept, at equal
distances, and the others are computed again:

    forward     c0 ......... c_s ......... c_2s ......... end       every s-th carry is kept
    reverse     from one kept carry to the next, the same on a smaller scale, the last first

With K carries kept on each of two scales, a sweep through K^2 rounds computes each round three
times; beyond, the rounds between two carries of the smallest scale start from the first of them
each time. Source: Griewank and Walther, Evaluating Derivatives (2008), chapter 12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...primitives import loops as rows
from ...rules.conforming import aval_of, full
from ...rules.primitive import ZERO, Pullback
from .memo import split, spread
from .nests import program_of
from .sweeps import is_inexact, pulled, zeros_like

MOST_KEPT, FEWEST_KEPT = 1024, 16  # carries on each scale
BYTES = 2**26  # that they may take
ONE = np.int64(1)


def pull_counted(loop: Any, primals: Sequence[Any], wanted: Sequence[int]) -> Pullback:
    (start, rounds), carry, _, closed = loop.parts(primals)
    flags = [k in wanted for k in range(2, len(primals))]
    carried, _ = loop.active(flags)
    asked = [f and is_inexact(x) for f, x in zip(flags[loop.carries :], closed, strict=True)]

    def pullback(y_bar: Any) -> list[Any]:
        pairs = zip(y_bar, carry, carried, strict=True)
        bars = [full(bar, aval_of(x)) for bar, x, f in pairs if f]
        bars += [zeros_like(x) for x, f in zip(closed, asked, strict=True) if f]
        found = Back(loop, carried, asked).through(start, rounds, carry, closed, bars)
        c_bars, p_bars = split(found, [sum(carried), sum(asked)])
        back = [ZERO, ZERO, *spread(c_bars, carried), *spread(p_bars, asked)]
        return [back[k] for k in wanted]

    return pullback


class Back:
    """Takes `bars`, the cotangents of carries and what has been added up for `closed`, back through
    rounds of a loop."""

    def __init__(self, loop: Any, carried: Sequence[bool], asked: Sequence[bool]) -> None:
        self.loop, self.carried, self.asked = loop, carried, asked
        _, self.carry, _, self.closed = loop.examples()
        size = sum(zeros_like(x).nbytes for x in self.carry)
        self.kept = int(np.clip(BYTES // max(size, 1), FEWEST_KEPT, MOST_KEPT))
        self.scales = 2 if self.kept == MOST_KEPT else 3

    def through(
        self, start: Any, rounds: Any, carry: Any, closed: Any, bars: Any, scales: int | None = None
    ) -> Any:
        """Through so many rounds from the one numbered `start`, which began with `carry`."""
        scales = self.scales if scales is None else scales
        n, m = len(carry), len(bars)
        if not scales:

            def one_round(k: Any, *numbers: Any) -> Any:
                bars, c, p, (first,) = split(numbers, [m, n, len(closed), 1])
                now = self.advanced(first, k - first, c, p)
                return self.pulled(k, now, p, bars)

            return self.loop_of(one_round, bars, (), [*carry, *closed, start], None)(start, rounds)
        stride = np.maximum(divided(rounds, self.kept), ONE)
        parts = divided(rounds, stride)

        def ahead(j: Any, *numbers: Any) -> Any:
            c, p, (first, rounds, stride) = split(numbers, [n, len(closed), 3])
            done = j * stride
            now = self.advanced(first + done, np.minimum(stride, rounds - done), c, p)
            return [*now, *c]

        where = [*closed, start, rounds, stride]
        kept = self.loop_of(ahead, carry, (), where, self.kept, reverse=False)(np.int64(0), parts)[
            n:
        ]

        def part(j: Any, *numbers: Any) -> Any:
            bars, c, p, (first, rounds, stride) = split(numbers, [m, n, len(closed), 3])
            done = j * stride
            inside = np.minimum(stride, rounds - done)
            return self.through(first + done, inside, c, p, bars, scales - 1)

        return self.loop_of(part, bars, kept, where, self.kept)(np.int64(0), parts)

    def advanced(self, start: Any, rounds: Any, carry: Any, closed: Any) -> Any:
        return rows.scan(start, rounds, *carry, *closed, loop=self.loop)

    def pulled(self, k: Any, carry: Any, closed: Any, bars: Any) -> Any:
        c_bars, sums = split(bars, [sum(self.carried), sum(self.asked)])
        wanted = [1 + k for k, f in enumerate([*self.carried, *self.asked]) if f]
        found = pulled(
            self.loop.program, [k, *carry, *closed], wanted, spread(c_bars, self.carried)
        )
        c_bars, p_bars = split(found, [len(c_bars), len(sums)])
        return [*c_bars, *(s + bar for s, bar in zip(sums, p_bars, strict=True))]

    def loop_of(
        self,
        f: Callable[..., Any],
        carry: Sequence[Any],
        xs: Sequence[Any],
        closed: Sequence[Any],
        length: int | None,
        reverse: bool = True,
    ) -> Callable[[Any, Any], Any]:
        """The row of a round, as a function of the first round and the number of rounds."""
        firsts = [np.zeros(aval_of(x).shape[1:], aval_of(x).dtype)[()] for x in xs]
        examples = [np.int64(0), *map(zeros_like, carry), *firsts, *map(ones_like, closed)]
        program = program_of(f, examples, self.loop.name)
        loop = type(self.loop)(program, len(carry), len(xs), length, reverse, True, self.loop.name)
        loop.guarded = self.loop.guarded
        return lambda start, rounds: rows.scan(start, rounds, *carry, *xs, *closed, loop=loop)


def divided(a: Any, b: Any) -> Any:
    """The quotient of two numbers of rounds, rounded up."""
    return np.ceil(a / b).astype(np.int64)


def ones_like(x: Any) -> Any:
    """An example: 1 where it is a number, so that a matrix or a divisor is not zero throughout."""
    return zeros_like(x) + 1
