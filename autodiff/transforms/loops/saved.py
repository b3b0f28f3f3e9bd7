"""What the rows of loops and branches hold, as parts that can be saved, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...base.errors import AutodiffError
from ...programs.closed import Program
from .cond_row import Cond
from .scan_row import Scan
from .while_row import While


def loop_form(x: Any) -> tuple[str, list[Any]] | None:
    """The name of a kind of loop, and its parts; `None` for anything else."""
    match x:
        case Scan():
            flags = [x.reverse, x.counted]
            return "scan", [x.program, x.carries, x.xs, x.length, *flags, x.name]
        case While():
            return "while", [x.test, x.body, x.carries]
        case Cond():
            return "cond", [x.yes, x.no]
    return None


def check(program: Any, inputs: int, outputs: int | None) -> None:
    """Refuse what cannot be the program of a loop."""
    if not isinstance(program, Program):
        raise TypeError(f"{program!r:.40} where a program should be")
    graph = program.graph
    if len(graph.inputs) < inputs or (outputs is not None and len(graph.outputs) < outputs):
        raise AutodiffError(f"the program of a loop takes {len(graph.inputs)} operands")


def whole(*numbers: Any) -> None:
    if not all(type(n) is int and n >= 0 for n in numbers):
        raise TypeError(f"{numbers!r:.40} where numbers of carries should be")


def _scan(
    program: Any, carries: Any, xs: Any, length: Any, reverse: Any, counted: Any, name: Any
) -> Scan:
    whole(carries, xs, 0 if length is None else length)
    check(program, 1 + carries + xs, carries)
    if not isinstance(name, str) or (length is None and counted is not True):
        raise TypeError(f"a scan named {name!r:.40} of {length!r:.40} rounds")
    return Scan(program, carries, xs, length, bool(reverse), bool(counted), name)


def _while(test: Any, body: Any, carries: Any) -> While:
    whole(carries)
    check(test, carries, 1)
    check(body, carries, carries)
    return While(test, body, carries)


def _cond(yes: Any, no: Any) -> Cond:
    check(yes, 0, None)
    check(no, 0, len(yes.graph.outputs))
    return Cond(yes, no)


LOOPS: dict[str, Callable[..., Any]] = {"scan": _scan, "while": _while, "cond": _cond}
