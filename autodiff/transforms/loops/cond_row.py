"""The parameter of the row `cond`: the programs of two branches.

    operands    pred, of_true, of_false      what each branch needs
    results     true(*of_true) if pred else false(*of_false)

The JVP is a branch between the JVPs, the VJP one between the VJPs. Where the predicate differs from
example to example, both run on all, and the results are selected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...base.warnings_off import quiet
from ...primitives import loops as rows
from ...programs.closed import Program
from ...rules.conforming import aval_of, full
from ...rules.primitive import ZERO, Pullback
from .batches import chosen, over_stacks, stack
from .memo import Memo, owned, split, spread
from .nests import program_of
from .sweeps import filled, is_inexact, pulled, pushed, reached, zeros_like

Flags = Sequence[bool]


class Cond(Memo):
    """Two programs with equal results."""

    def __init__(self, yes: Program, no: Program) -> None:
        self.yes, self.no = yes, no
        self.sizes = [len(p.graph.inputs) for p in (yes, no)]

    def __repr__(self) -> str:
        return "cond"

    def __str__(self) -> str:
        return "branches"

    @property
    def both(self) -> tuple[Program, Program]:
        return self.yes, self.no

    def parts(self, operands: Sequence[Any]) -> tuple[list[Any], ...]:
        """What the one branch needs, and what the other."""
        return split(operands[1:], self.sizes)

    def run(self, *operands: Any) -> Any:
        yes, no = (lambda *numbers, p=p: p.results(numbers) for p in self.both)
        return self.through(yes, no, operands)

    def through(self, yes: Any, no: Any, operands: Sequence[Any]) -> Any:
        """The value, where these functions are the two programs."""
        of_yes, of_no = self.parts(operands)
        return tuple(map(owned, yes(*of_yes) if operands[0] else no(*of_no)))

    def examples_of_operands(self) -> list[Any]:
        return [np.True_, *self.yes.examples, *self.no.examples]

    def outline(self, operands: Sequence[Any]) -> Any:
        return tuple(map(zeros_like, self.yes.examples_of_results()))

    def active(self, flags: Sequence[Flags]) -> list[bool]:
        """Which results depend on flagged operands, in one branch or the other."""
        found = [
            reached(p, [k for k, f in enumerate(flag) if f])
            for p, flag in zip(self.both, flags, strict=True)
        ]
        results = self.yes.examples_of_results()
        return [(a or b) and is_inexact(y) for a, b, y in zip(*found, results, strict=True)]

    def push(self, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, ...]:
        values, dots = self.parts(primals), self.parts(tangents)
        flags = [
            [t is not ZERO and is_inexact(x) for t, x in zip(*pair, strict=True)]
            for pair in zip(dots, values, strict=True)
        ]
        moving = self.active(flags)
        loop = self.memo(("push", *flags[0], *flags[1]), lambda: self.pusher(flags, moving))
        operands = [
            v
            for vs, ts, fs in zip(values, dots, flags, strict=True)
            for v in (*vs, *(filled(t, x) for x, t, f in zip(vs, ts, fs, strict=True) if f))
        ]
        return tuple(spread(rows.cond(primals[0], *operands, loop=loop), moving))

    def pusher(self, flags: Sequence[Flags], moving: Flags) -> Cond:
        def one(program: Program, flag: Flags) -> Program:
            n = len(flag)

            def dots(*numbers: Any) -> list[Any]:
                _, found = pushed(program, numbers[:n], spread(numbers[n:], flag))
                return [t for t, f in zip(found, moving, strict=True) if f]

            given = program.examples
            more = [zeros_like(x) for x, f in zip(given, flag, strict=True) if f]
            return program_of(dots, [*given, *more], "cond")

        return Cond(*map(one, self.both, flags))

    def pull(self, primals: Sequence[Any], wanted: Sequence[int]) -> Pullback:
        values = self.parts(primals)
        places = [k in wanted for k in range(1, len(primals))]
        flags = [
            [f and is_inexact(x) for f, x in zip(*pair, strict=True)]
            for pair in zip(split(places, self.sizes), values, strict=True)
        ]
        moving = self.active(flags)
        loop = self.memo(("pull", *flags[0], *flags[1]), lambda: self.puller(flags, moving))
        likes = self.yes.examples_of_results()

        def pullback(y_bar: Any) -> list[Any]:
            pairs = zip(y_bar, likes, moving, strict=True)
            bars = [full(bar, aval_of(y)) for bar, y, f in pairs if f]
            found = [*rows.cond(primals[0], *values[0], *bars, *values[1], *bars, loop=loop)]
            back = [ZERO, *spread(found, [*flags[0], *flags[1]])]
            return [back[k] for k in wanted]

        return pullback

    def puller(self, flags: Sequence[Flags], moving: Flags) -> Cond:
        """Each branch gives the cotangents of its operands, and zeros for the other's."""
        likes = [y for y, f in zip(self.yes.examples_of_results(), moving, strict=True) if f]
        zeros = [
            [zeros_like(x) for x, f in zip(p.examples, flag, strict=True) if f]
            for p, flag in zip(self.both, flags, strict=True)
        ]

        def one(which: int) -> Program:
            program, flag = self.both[which], flags[which]
            asked = [k for k, f in enumerate(flag) if f]

            def back(*numbers: Any) -> list[Any]:
                bars = spread(numbers[len(flag) :], moving)
                found = pulled(program, numbers[: len(flag)], asked, bars)
                return [*zeros[0], *found] if which else [*found, *zeros[1]]

            examples = [*program.examples, *map(zeros_like, likes)]
            return program_of(back, examples, "cond")

        return Cond(one(0), one(1))

    def batched(self, size: int, args: Sequence[Any], flags: Flags) -> Any:
        pred, values, parts = args[0], self.parts(args), self.parts(flags)
        pairs = zip(self.both, values, parts, strict=True)
        if flags[0]:
            with quiet():  # what one branch says of the other's examples
                found = [over_stacks(p, size, v, f) for p, v, f in pairs]
            yes, no = ([stack(y, f, size) for y, f in zip(*one, strict=True)] for one in found)
            return tuple(chosen(pred, a, b) for a, b in zip(yes, no, strict=True))
        loop = self.memo(("batched", size, *flags), lambda: self.mapped(size, parts))
        return rows.cond(pred, *values[0], *values[1], loop=loop)

    def mapped(self, size: int, parts: Sequence[Flags]) -> Cond:
        def one(program: Program, flag: Flags) -> Program:
            def on_stacks(*numbers: Any) -> list[Any]:
                found = over_stacks(program, size, numbers, flag)
                return [stack(y, f, size) for y, f in zip(*found, strict=True)]

            pairs = zip(program.examples, flag, strict=True)
            return program_of(on_stacks, [stack(x, not f, size) for x, f in pairs], "cond")

        return Cond(*map(one, self.both, parts))
