"""Loops and branches as rows: what they repeat, and its derivatives, are programs of their own.

    scan          a known number of rounds, or a number that is an operand
    while_loop    rounds as long as a condition holds
    cond          one of two programs

The rows hold no rule. Their parameter `loop`, made by transforms/loops/, has the traced program of
a round; it runs that, and makes the loops that are the row's derivatives from the program's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..rules.primitive import Primitive, Pullback, register


class Loop(Primitive):
    """A row whose value, JVP, VJP and batch rule are answered by its parameter."""

    kind = "special"
    multiple = outlined = True

    def __init__(self, name: str) -> None:
        super().__init__(name, lambda *operands, loop: loop.run(*operands))

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        return params["loop"].push(primals, tangents)

    def vjp(self, y: Any, primals: Sequence[Any], wanted: Sequence[int], params: Any) -> Pullback:
        pullback: Pullback = params["loop"].pull(primals, wanted)
        return pullback

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool], params: Any) -> Any:
        return params["loop"].batched(size, args, flags)

    def title(self, params: dict[str, Any]) -> str:
        return repr(params["loop"])


scan = register(Loop("scan"))
while_loop = register(Loop("while_loop"))
cond = register(Loop("cond"))
