"""The written function at work: its buffers, its results, and the loops around such functions.

Loops and branches are Python's own, around the functions of their programs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..ir.leaves import Kind
from ..ir.program import Program, Value
from .source import Source, load


def buffers_of(source: Source) -> list[np.ndarray[Any, Any]]:
    return [np.empty(shape, dtype) for _, shape, dtype in source.buffers]


class InNumpy:
    """A program that NumPy runs. Buffers are handed from call to call; a call that finds none left
    (another thread is inside) makes its own."""

    def __init__(self, program: Program, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        self.inputs = list(inputs)
        self.writer = Source(program, driver)
        kinds = iter(outputs)
        self.source = self.writer.text(lambda v, text: finished(v, text, next(kinds)))
        self.function = load(self.source, self.writer.globals)
        self.shelf: list[Any] = []

    def run(self, *leaves: Any) -> Any:
        if len(leaves) != len(self.inputs) or not all(
            spec.fits(x) for x, spec in zip(leaves, self.inputs, strict=True)
        ):
            return NotImplemented
        try:
            buffers = self.shelf.pop()
        except IndexError:
            buffers = buffers_of(self.writer)
        try:
            with np.errstate(all="ignore"):
                return self.function(buffers, *leaves)
        finally:
            self.shelf.append(buffers)


def finished(v: Value, text: str, spec: Any) -> str:
    """A result in its type: an array of its own, a scalar of NumPy or a number of Python."""
    if spec.cls is np.ndarray:
        return f"np.array({text})" if v.op in ("call", "part") or not spec.shape else text
    if v.op == "place":
        text += "[()]"
    return f"{spec.cls.__name__}({text})" if spec.cls in (float, int, bool, complex) else text


# -- loops and branches ----------------------------------------------------------------------------
class Round:
    """A program as a function of its operands, which returns a tuple."""

    def __init__(self, program: Program) -> None:
        self.writer = Source(program, driver)
        self.text = self.writer.text(lambda v, text: finished(v, text, kind_of(v)))
        self.function = load(self.text, self.writer.globals)
        self.single = len(program.outputs) == 1
        self.weak = [v.weak for v in program.inputs]

    def ready(self) -> Callable[..., Any]:
        """The function, with buffers for one run of the loop."""
        buffers, function = buffers_of(self.writer), self.function
        if self.single:
            return lambda *operands: (function(buffers, *operands),)
        return lambda *operands: function(buffers, *operands)


def kind_of(v: Value) -> Kind:
    return Kind(np.ndarray if v.shape else v.dtype.type, v.dtype, v.shape)


def driver(v: Value) -> Callable[..., tuple[Any, ...]]:
    """What computes a nested instruction."""
    rounds = [Round(program) for program in v.params["programs"]]
    return DRIVERS[v.params["function"]](v.params["loop"], rounds)


def _scan(loop: Any, rounds: Sequence[Round]) -> Any:
    def scan_rounds(*operands: Any) -> Any:
        return loop.through(rounds[0].ready(), operands)

    return scan_rounds


def _while(loop: Any, rounds: Sequence[Round]) -> Any:
    def while_rounds(*operands: Any) -> Any:
        return loop.through(*(r.ready() for r in rounds), operands)

    return while_rounds


def _cond(loop: Any, rounds: Sequence[Round]) -> Any:
    def branch(*operands: Any) -> Any:
        return loop.through(*(r.ready() for r in rounds), operands)

    return branch


DRIVERS: dict[str, Any] = {"scan": _scan, "while_loop": _while, "cond": _cond}
