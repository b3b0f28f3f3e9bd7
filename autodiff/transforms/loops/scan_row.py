"""The parameter of the row `scan`: the program of a round, and the scans that differentiate it.

    operands    [start, rounds], carry, xs, closed      closed: what the function closes over
    a round     program(k, *carry, *x, *closed) -> (*carry, *y)
    results     carry, ys                       each y stacked, one entry a round

    JVP         a scan of the program's JVP
    VJP         a scan that also keeps the carry of each round, then one in the opposite order of
                the program's VJP
    vmap        a scan of the program on stacks

With `counted` the first operands are the number of the first round, else 0, and how many there are.
There are no ys then, and `length` is None, or ys have `length` entries of which those of other
rounds are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from ...primitives import loops as rows
from ...programs.closed import Program
from ...rules.conforming import aval_of, full
from ...rules.primitive import ZERO, Pullback
from .batches import chosen, over_stacks, stack
from .kept_carries import pull_counted
from .memo import Memo, every_other, owned, split, spread
from .nests import program_of
from .sweeps import filled, is_inexact, pulled, pushed, reached, zeros_like

Flags = Sequence[bool]


class Scan(Memo):
    """A program of a round with so many carries, and how its rounds follow each other."""

    def __init__(
        self,
        program: Program,
        carries: int,
        xs: int,
        length: int | None,
        reverse: bool = False,
        counted: bool = False,
        name: str = "scan",
    ) -> None:
        self.program, self.carries, self.xs = program, carries, xs
        self.length, self.reverse, self.counted, self.name = length, reverse, counted, name
        self.closed = len(program.graph.inputs) - 1 - carries - xs
        self.ys = len(program.graph.outputs) - carries

    def __repr__(self) -> str:
        return self.name

    def __str__(self) -> str:
        return "rounds" if self.counted else f"{self.length} rounds"

    def with_program(self, program: Program, carries: int, xs: int, reverse: bool) -> Scan:
        """Another program in as many rounds."""
        return Scan(program, carries, xs, self.length, reverse, self.counted, self.name)

    # -- operands ------------------------------------------------------------------------------
    def parts(self, operands: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
        """[start, rounds], carry, xs, closed."""
        return split(operands, [2 * self.counted, self.carries, self.xs, self.closed])  # type: ignore[return-value]

    def examples(self) -> tuple[Any, list[Any], list[Any], list[Any]]:
        """k, carry, x, closed: numbers as the first trace had them, or zeros."""
        k, *rest = self.program.examples
        return (k, *split(rest, [self.carries, self.xs, self.closed]))  # type: ignore[return-value]

    # -- the value -----------------------------------------------------------------------------
    def run(self, *operands: Any) -> Any:
        return self.through(lambda *numbers: self.program.results(numbers), operands)

    def through(self, program: Any, operands: Sequence[Any]) -> Any:
        """The value, where this function is the program."""
        rounds, carry, xs, closed = self.parts(operands)
        start, n = map(int, rounds) if rounds else (0, self.length or 0)
        ys = self.blank_ys()
        for j in reversed(range(n)) if self.reverse else range(n):
            results = program(np.int64(start + j), *carry, *(x[j] for x in xs), *closed)
            carry = results[: self.carries]
            for all_y, y in zip(ys, results[self.carries :], strict=True):
                all_y[j] = y
        return (*map(owned, carry), *ys)

    def examples_of_operands(self) -> list[Any]:
        """Numbers, or arrays without entries along the axis of rounds, of the types of operands."""
        k, carry, x, closed = self.examples()
        rounds = [k, k] if self.counted else []
        return [*rounds, *carry, *x, *closed]

    def outline(self, operands: Sequence[Any]) -> Any:
        """What comes out, in types and shapes alone."""
        _, carry, _, _ = self.parts(operands)
        return (*(np.zeros(np.shape(x), x.dtype)[()] for x in carry), *self.blank_ys())

    def blank_ys(self) -> list[Any]:
        avals = map(aval_of, self.program.examples_of_results()[self.carries :])
        return [np.zeros((self.length or 0, *a.shape), a.dtype) for a in avals]

    # -- derivatives ---------------------------------------------------------------------------
    def active(self, inputs: Flags) -> tuple[list[bool], list[bool]]:
        """Which carries and ys depend on the inputs (carry, x, closed) with such flags."""
        _, carry, x, closed = self.examples()
        now = [f and is_inexact(v) for f, v in zip(inputs, [*carry, *x, *closed], strict=True)]
        while True:
            moved = reached(self.program, [1 + k for k, f in enumerate(now) if f])
            results = self.program.examples_of_results()
            moved = [f and is_inexact(y) for f, y in zip(moved, results, strict=True)]
            carried = [a or b for a, b in zip(now, moved[: self.carries], strict=False)]
            if carried == now[: self.carries]:
                return carried, moved[self.carries :]
            now[: self.carries] = carried

    def push(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        """The tangents of all results."""
        rounds, *values = self.parts(primals)
        _, *directions = self.parts(tangents)
        flags = [t is not ZERO for t in chain(*directions)]
        carried, stacked = self.active(flags)
        flags[: self.carries] = carried
        moving = [flags[: self.carries], *split(flags[self.carries :], [self.xs, self.closed])]
        loop = self.memo(("push", *flags), lambda: self.pusher(moving))
        dots = [
            [filled(t, v) for t, v, f in zip(*group, strict=True) if f]
            for group in zip(directions, values, moving, strict=True)
        ]
        operands = [v for pair in zip(values, dots, strict=True) for v in chain(*pair)]
        results = rows.scan(*rounds, *operands, loop=loop)
        _, carry_dots, _, y_dots = split(
            results, [self.carries, sum(carried), self.ys, sum(stacked)]
        )
        return (*spread(carry_dots, carried), *spread(y_dots, stacked))

    def pusher(self, moving: Sequence[Flags]) -> Scan:
        """The scan of the program's JVP: primals and tangents, side by side."""
        carry, x, closed = moving
        sizes = [self.carries, sum(carry), self.xs, sum(x), self.closed, sum(closed)]
        flags = [*carry, *x, *closed]

        def both(k: Any, *numbers: Any) -> Any:
            c, c_dot, x_, x_dot, p, p_dot = split(numbers, sizes)
            tangents = spread([*c_dot, *x_dot, *p_dot], flags)
            ys, y_dots = pushed(self.program, [k, *c, *x_, *p], [ZERO, *tangents])
            chosen = [*carry, *self.active(flags)[1]]
            dots = [t for t, f in zip(y_dots, chosen, strict=True) if f]
            n = self.carries
            return [*ys[:n], *dots[: sum(carry)], *ys[n:], *dots[sum(carry) :]]

        k, *groups = self.examples()
        examples = [
            v
            for group, moves in zip(groups, moving, strict=True)
            for v in (*group, *(zeros_like(e) for e, f in zip(group, moves, strict=True) if f))
        ]
        program = program_of(both, [k, *examples], self.name)
        loop = self.with_program(program, sizes[0] + sizes[1], sizes[2] + sizes[3], self.reverse)
        results = [*sizes[:2], self.ys, 0]
        operands = [2 * self.counted, 0, *sizes]
        loop.extends = self.key, every_other(operands), every_other(results)
        return loop

    @cached_property
    def keeping(self) -> Scan:
        """This scan, with the carry that each round began with among its ys."""
        k, *groups = self.examples()

        def keep(k: Any, *numbers: Any) -> Any:
            return [*self.program.results([k, *numbers]), *numbers[: self.carries]]

        program = program_of(keep, [k, *chain(*groups)], self.name)
        loop = self.with_program(program, self.carries, self.xs, self.reverse)
        count = 2 * self.counted + self.carries + self.xs + self.closed
        loop.extends = self.key, list(range(count)), list(range(self.carries + self.ys))
        loop.guarded = self.guarded
        return loop

    def pull(self, primals: Sequence[Any], wanted: Sequence[int]) -> Pullback:
        if self.counted and self.length is None:
            return pull_counted(self, primals, wanted)
        rounds, _, xs, closed = self.parts(primals)
        places = {k - len(rounds) for k in wanted}
        flags = [k in places for k in range(len(primals) - len(rounds))]
        carried, stacked = self.active(flags)
        asked = [
            f and is_inexact(v) for f, v in zip(flags[self.carries :], [*xs, *closed], strict=True)
        ]
        loop = self.memo(("pull", *carried, *asked), lambda: self.puller(carried, asked, stacked))

        def pullback(y_bar: Any) -> list[Any]:
            kept = rows.scan(*primals, loop=self.keeping)
            before = kept[self.carries + self.ys :]
            likes = [*kept[: self.carries], *kept[self.carries : self.carries + self.ys]]
            bars = [
                full(bar, aval_of(y))
                for bar, y, f in zip(y_bar, likes, [*carried, *stacked], strict=True)
                if f
            ]
            n = sum(carried)
            sums = [zeros_like(v) for v, f in zip(closed, asked[self.xs :], strict=True) if f]
            found = rows.scan(
                *rounds, *bars[:n], *sums, *before, *xs, *bars[n:], *closed, loop=loop
            )
            c_bars, p_bars, x_bars = split(found, [n, len(sums), sum(asked[: self.xs])])
            back = [
                *spread(c_bars, carried),
                *spread(x_bars, asked[: self.xs]),
                *spread(p_bars, asked[self.xs :]),
            ]
            return [ZERO if k < len(rounds) else back[k - len(rounds)] for k in wanted]

        return pullback

    def puller(self, carried: Flags, asked: Flags, stacked: Flags) -> Scan:
        """The scan, in the opposite order, of the program's VJP."""
        of_x, of_closed = asked[: self.xs], asked[self.xs :]
        n = sum(carried)
        sizes = [n, sum(of_closed), self.carries, self.xs, sum(stacked), self.closed]
        wanted = [1 + k for k, f in enumerate([*carried, *asked]) if f]

        def back(k: Any, *numbers: Any) -> Any:
            c_bar, sums, c, x, y_bar, p = split(numbers, sizes)
            bars = spread([*c_bar, *y_bar], [*carried, *stacked])
            found = pulled(self.program, [k, *c, *x, *p], wanted, bars)
            c_bars, x_bars, p_bars = split(found, [n, sum(of_x), sizes[1]])
            return [*c_bars, *(s + bar for s, bar in zip(sums, p_bars, strict=True)), *x_bars]

        k, c, x, p = self.examples()
        ys = self.program.examples_of_results()[self.carries :]
        zeros = [
            [zeros_like(v) for v, f in zip(group, flags, strict=True) if f]
            for group, flags in ((c, carried), (p, of_closed), (ys, stacked))
        ]
        examples = [k, *zeros[0], *zeros[1], *c, *x, *zeros[2], *p]
        program = program_of(back, examples, self.name)
        return self.with_program(program, n + sizes[1], sum(sizes[2:5]), not self.reverse)

    def batched(self, size: int, args: Sequence[Any], flags: Flags) -> Any:
        """A scan of the program on stacks; where numbers of rounds differ, until the last is
        done."""
        rounds, carry, xs, closed = self.parts(args)
        differ, *groups = self.parts(flags)
        key = ("batched", size, *flags)
        of_carry, of_ys, loop = self.memo(key, lambda: self.mapped(size, groups, any(differ)))
        carry = [
            stack(x, f, size) if g else x
            for x, f, g in zip(carry, groups[0], of_carry, strict=True)
        ]
        xs = [np.moveaxis(x, 0, 1) if f else x for x, f in zip(xs, groups[1], strict=True)]
        if any(differ):
            start, count = (stack(x, f, size) for x, f in zip(rounds, differ, strict=True))
            closed, rounds = [*closed, start, count], [np.int64(0), np.max(count)]
        results = rows.scan(*rounds, *carry, *xs, *closed, loop=loop)
        ends, ys = results[: self.carries], results[self.carries :]
        ys = [np.moveaxis(y, 1, 0) if f else y for y, f in zip(ys, of_ys, strict=True)]
        flags = [*of_carry, *of_ys]
        return tuple(stack(y, f, size) for y, f in zip([*ends, *ys], flags, strict=True))

    def mapped(
        self, size: int, groups: Sequence[Flags], differ: bool
    ) -> tuple[list[bool], list[bool], Scan]:
        """Which carries and ys become stacks, and the scan."""
        of_carry = [f or differ for f in groups[0]]
        while True:
            program, found = self.on_stacks(size, [*of_carry, *groups[1], *groups[2]], differ)
            carried = [a or b for a, b in zip(of_carry, found, strict=False)]
            if carried == of_carry:
                loop = self.with_program(program, self.carries, self.xs, self.reverse)
                return of_carry, found[self.carries :], loop
            of_carry = carried

    def on_stacks(self, size: int, flags: Flags, differ: bool) -> tuple[Program, list[bool]]:
        """The program on stacks, and which of its results are stacks."""
        found: list[bool] = []
        more = [np.ones(size, np.int64)] * 2 if differ else []

        def one(k: Any, *numbers: Any) -> Any:
            values = numbers[: len(flags)]
            i = numbers[-2] + k if differ else k
            results, found[:] = over_stacks(self.program, size, [i, *values], [differ, *flags])
            for j in range(self.carries):
                if flags[j]:
                    results[j] = stack(results[j], found[j], size)
                if differ:
                    results[j] = chosen(k < numbers[-1], results[j], values[j])
            return results

        k, *groups = self.examples()
        values = zip(chain(*groups), flags, strict=True)
        examples = [k, *(stack(v, not f, size) for v, f in values), *more]
        return program_of(one, examples, self.name), found
