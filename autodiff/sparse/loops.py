"""Sets through loops and branches: round by round, or until nothing changes; both branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .by_kind import UNKNOWN, everything
from .sets import Sets, listed, one_table, union

Through = Callable[..., list[Any]]


def run(program: Any, sets: Sequence[Any], known: Sequence[Any], through: Through) -> list[Any]:
    inputs = program.graph.inputs
    fixed = {x: v for x, v in zip(inputs, known, strict=True) if v is not UNKNOWN}
    return through(program.graph, dict(zip(inputs, sets, strict=True)), fixed)


def scan(
    loop: Any, operands: Sequence[Any], known: Sequence[Any], likes: Any, through: Through
) -> tuple[Any, ...]:
    """Round by round, where their number is known; else until nothing changes."""
    _, carry, xs, closed = loop.parts(operands)
    numbers, carried, values, constants = loop.parts(known)
    _, like, _, _ = loop.parts(likes)
    if numbers and any(n is UNKNOWN for n in numbers):
        if loop.ys:
            return everything_of(loop, operands, likes)
        x_all = [x and everything([x]) for x in xs]
        xs_now = [
            x and Sets(np.broadcast_to(x.ids, a.shape[1:]), x.table)
            for x, a in zip(x_all, loop.parts(likes)[2], strict=True)
        ]
        kept = [UNKNOWN] * (1 + len(carry) + len(xs))

        def again(now: Sequence[Any]) -> list[Any]:
            return run(loop.program, [None, *now, *xs_now, *closed], [*kept, *constants], through)

        return tuple(until_settled(again, carry, like))
    start, count = map(int, numbers) if numbers else (0, loop.length or 0)
    order = range(count)[::-1] if loop.reverse else range(count)
    ys: list[list[Any]] = [[None] * count for _ in range(loop.ys)]
    for j in order:
        now = [x and x.moved(x.ids[j]) for x in xs]
        here = [x if x is UNKNOWN else x[j] for x in values]
        sets = [None, *carry, *now, *closed]
        fixed = [np.int64(start + j), *carried, *here, *constants]
        found = run(loop.program, sets, fixed, through)
        carry, carried = found[: loop.carries], [UNKNOWN] * loop.carries
        for all_y, y in zip(ys, found[loop.carries :], strict=True):
            all_y[j] = y
    blanks = loop.blank_ys()
    return (*carry, *(stacked(y, b.shape) for y, b in zip(ys, blanks, strict=True)))


def stacked(parts: Sequence[Any], shape: tuple[int, ...]) -> Any:
    if all(p is None for p in parts):
        return None
    ids, table = one_table(parts)
    out = np.zeros(shape, np.intp)
    for k, one in enumerate(ids):
        if one is not None:
            out[k] = one
    return Sets(out, table)


def until_settled(again: Callable[..., list[Any]], carry: Sequence[Any], likes: Any) -> list[Any]:
    """The union over any number of rounds."""
    carry = list(carry)
    while True:
        found = again(carry)
        grown = [union([a, b], like.shape) for a, b, like in zip(carry, found, likes, strict=False)]
        if all(map(alike, grown, carry)):
            return grown
        carry = grown


def alike(a: Any, b: Any) -> bool:
    """Do these stand for the same sets?"""
    if a is None or b is None:
        return a is b
    return all(np.array_equal(x, y) for x, y in zip(listed(a), listed(b), strict=True))


def while_loop(
    loop: Any, operands: Sequence[Any], known: Sequence[Any], likes: Any, through: Through
) -> tuple[Any, ...]:
    carry, _, of_body = loop.parts(operands)
    _, _, constants = loop.parts(known)

    def again(now: Sequence[Any]) -> list[Any]:
        unknown = [UNKNOWN] * len(now)
        return run(loop.body, [*now, *of_body], [*unknown, *constants], through)

    return tuple(until_settled(again, carry, loop.parts(likes)[0]))


def cond(
    loop: Any, operands: Sequence[Any], known: Sequence[Any], likes: Any, through: Through
) -> tuple[Any, ...]:
    found = [
        run(program, sets, values, through)
        for program, sets, values in zip(
            loop.both, loop.parts(operands), loop.parts(known), strict=True
        )
    ]
    shapes = [np.shape(y) for y in loop.yes.examples_of_results()]
    return tuple(union(pair, shape) for *pair, shape in zip(*found, shapes, strict=True))


def everything_of(loop: Any, operands: Sequence[Any], likes: Any) -> tuple[Any, ...]:
    one = everything(operands)
    assert one is not None
    carry = [a.shape for a in loop.parts(likes)[1]]
    shapes = [*carry, *(y.shape for y in loop.blank_ys())]
    return tuple(Sets(np.broadcast_to(one.ids, shape), one.table) for shape in shapes)


LOOPS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "scan": scan,
    "while_loop": while_loop,
    "cond": cond,
}
