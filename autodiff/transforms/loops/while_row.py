"""The parameter of the row `while_loop`: the programs of its condition and of a round.

    operands    carry, of_test, of_body       what they close over
    results     carry

The JVP carries tangents along. The VJP counts the rounds, and is that of a loop with so many.
Where the condition differs from example to example, what is finished stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...base.warnings_off import quiet
from ...primitives import loops as rows
from ...programs.closed import Program
from ...rules.primitive import ZERO, Pullback
from .batches import chosen, over_stacks, stack
from .memo import Memo, every_other, owned, split, spread
from .nests import program_of
from .scan_row import Scan
from .sweeps import filled, pushed, zeros_like

Flags = Sequence[bool]


class While(Memo):
    """A condition, and a round with so many carries."""

    def __init__(self, test: Program, body: Program, carries: int) -> None:
        self.test, self.body, self.carries = test, body, carries
        self.sizes = [carries, *(len(p.graph.inputs) - carries for p in (test, body))]

    def __repr__(self) -> str:
        return "while_loop"

    def __str__(self) -> str:
        return "rounds"

    def parts(self, operands: Sequence[Any]) -> tuple[list[Any], ...]:
        """carry, of_test, of_body."""
        return split(operands, self.sizes)

    def run(self, *operands: Any) -> Any:
        def test(*numbers: Any) -> Any:
            return self.test.results(numbers)

        def body(*numbers: Any) -> Any:
            return self.body.results(numbers)

        return self.through(test, body, operands)

    def through(self, test: Any, body: Any, operands: Sequence[Any]) -> Any:
        """The value, where these functions are the two programs."""
        carry, of_test, of_body = self.parts(operands)
        while test(*carry, *of_test)[0]:
            carry = body(*carry, *of_body)
        return tuple(map(owned, carry))

    def examples_of_operands(self) -> list[Any]:
        return [*self.test.examples, *self.body.examples[self.carries :]]

    def outline(self, operands: Sequence[Any]) -> Any:
        return tuple(map(zeros_like, self.parts(operands)[0]))

    # -- derivatives ---------------------------------------------------------------------------
    @property
    def rounds(self) -> Scan:
        """The same rounds, where their number is known."""

        def numbered(k: Any, *numbers: Any) -> Any:
            return self.body.results(numbers)

        def make() -> Scan:
            program = program_of(numbered, [np.int64(0), *self.body.examples], "while_loop")
            return Scan(program, self.carries, 0, None, counted=True, name="while_loop")

        scan: Scan = self.memo("rounds", make)
        return scan

    def with_test(self, body: Program, carries: int) -> While:
        """Another body, whose first carries are those of this loop."""

        def test(*numbers: Any) -> Any:
            return self.test.results([*numbers[: self.carries], *numbers[carries:]])

        carry = body.examples[:carries]
        program = program_of(test, [*carry, *self.test.examples[self.carries :]], "while_loop")
        return While(program, body, carries)

    def push(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        carry, of_test, of_body = self.parts(primals)
        c_dot, _, p_dot = self.parts(tangents)
        flags = [t is not ZERO for t in (*c_dot, *p_dot)]
        carried, _ = self.rounds.active(flags)
        flags[: self.carries] = carried
        loop = self.memo(("push", *flags), lambda: self.pusher(flags))
        dots = [filled(t, x) for t, x, f in zip(c_dot, carry, carried, strict=True) if f]
        asked = zip(p_dot, of_body, flags[self.carries :], strict=True)
        more = [filled(t, x) for t, x, f in asked if f]
        results = rows.while_loop(*carry, *dots, *of_test, *of_body, *more, loop=loop)
        return tuple(spread(results[self.carries :], carried))

    def pusher(self, flags: Flags) -> While:
        n = self.carries
        carried, asked = flags[:n], flags[n:]
        sizes = [n, sum(carried), self.sizes[2], sum(asked)]

        def both(*numbers: Any) -> Any:
            c, c_dot, p, p_dot = split(numbers, sizes)
            ys, dots = pushed(self.body, [*c, *p], spread([*c_dot, *p_dot], flags))
            return [*ys, *(t for t, f in zip(dots, carried, strict=True) if f)]

        c, p = split(self.body.examples, [n, self.sizes[2]])
        zeros = [
            [zeros_like(x) for x, f in zip(group, moves, strict=True) if f]
            for group, moves in ((c, carried), (p, asked))
        ]
        body = program_of(both, [*c, *zeros[0], *p, *zeros[1]], "while_loop")
        loop = self.with_test(body, n + sum(carried))
        operands = [n, sum(carried), self.sizes[1] + self.sizes[2], sum(asked)]
        loop.extends = self.key, every_other(operands), list(range(n))
        return loop

    @property
    def counting(self) -> While:
        """This loop, and the number of its rounds."""

        def count(*numbers: Any) -> Any:
            c, (rounds, *p) = numbers[: self.carries], numbers[self.carries :]
            return [*self.body.results([*c, *p]), rounds + np.int64(1)]

        def make() -> While:
            c, p = split(self.body.examples, [self.carries, self.sizes[2]])
            body = program_of(count, [*c, np.int64(0), *p], "while_loop")
            loop = self.with_test(body, self.carries + 1)
            operands = [self.carries, 1, self.sizes[1] + self.sizes[2]]
            loop.extends = self.key, every_other(operands), list(range(self.carries))
            return loop

        loop: While = self.memo("counting", make)
        return loop

    def pull(self, primals: Sequence[Any], wanted: Sequence[int]) -> Pullback:
        carry, of_test, of_body = self.parts(primals)
        places = [
            *range(self.carries),
            *(None for _ in of_test),
            *range(self.carries, len(primals)),
        ]
        asked = [2 + p for p in (places[k] for k in wanted) if p is not None]

        def pullback(y_bar: Any) -> list[Any]:
            zero = np.int64(0)
            *_, rounds = rows.while_loop(*carry, zero, *of_test, *of_body, loop=self.counting)
            pull = self.rounds.pull([zero, rounds, *carry, *of_body], asked)
            found = iter(pull(y_bar))
            return [ZERO if places[k] is None else next(found) for k in wanted]

        return pullback

    # -- stacks of examples --------------------------------------------------------------------
    def batched(self, size: int, args: Sequence[Any], flags: Flags) -> Any:
        groups = self.parts(flags)
        of_carry, loop = self.memo(("batched", size, *flags), lambda: self.mapped(size, groups))
        carry, of_test, of_body = self.parts(args)
        pairs = zip(carry, groups[0], of_carry, strict=True)
        carry = [stack(x, f, size) if g else x for x, f, g in pairs]
        more = of_test if loop.sizes[2] > self.sizes[2] else []
        with quiet():  # what is said of finished examples
            results = rows.while_loop(*carry, *of_test, *more, *of_body, loop=loop)
        return tuple(stack(y, f, size) for y, f in zip(results, of_carry, strict=True))

    def mapped(self, size: int, groups: Sequence[Flags]) -> tuple[list[bool], While]:
        """Which carries become stacks, and the loop."""
        of_carry = list(groups[0])
        while True:
            loop, differ, found = self.on_stacks(size, of_carry, groups[1], groups[2])
            carried = [a or b or differ for a, b in zip(of_carry, found, strict=True)]
            if carried == of_carry:
                return of_carry, loop
            of_carry = carried

    def on_stacks(
        self, size: int, of_carry: Flags, of_test: Flags, of_body: Flags
    ) -> tuple[While, bool, list[bool]]:
        """The loop on stacks, whether examples stop by themselves, and which results are stacks."""
        differ: list[bool] = []
        found: list[bool] = []

        def goes_on(*numbers: Any) -> Any:
            (going,), differ[:] = over_stacks(self.test, size, numbers, [*of_carry, *of_test])
            return going

        def body(*numbers: Any) -> Any:
            sizes = [self.carries, self.sizes[1] if differ[0] else 0, self.sizes[2]]
            c, t, p = split(numbers, sizes)
            results, found[:] = over_stacks(self.body, size, [*c, *p], [*of_carry, *of_body])
            pairs = zip(results, found, of_carry, strict=True)
            results = [stack(y, f, size) if g else y for y, f, g in pairs]
            if not differ[0] or not all(of_carry):
                return results
            going = goes_on(*c, *t)
            return [chosen(going, y, x) for y, x in zip(results, c, strict=True)]

        values = zip(self.test.examples, [*of_carry, *of_test], strict=True)
        c, t = split([stack(x, not f, size) for x, f in values], self.sizes[:2])
        values = zip(self.body.examples[self.carries :], of_body, strict=True)
        p = [stack(x, not f, size) for x, f in values]
        test = program_of(lambda *a: [np.any(goes_on(*a))], [*c, *t], "while_loop")
        round_ = program_of(body, [*c, *(t if differ[0] else []), *p], "while_loop")
        return While(test, round_, self.carries), differ[0], found
