"""What a frame of the user's asks and reaches: which `while` a test belongs to, and what the
variables hold, as something to compare from round to round."""

from __future__ import annotations

import ast
import dis
import inspect
import linecache
import sys
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..arrays.tensor import Tensor
from ..base.bounded import cached
from ..base.errors import is_users

MOST_PARTS = 1000  # that the variables of a frame reach
LARGE = 10_000_000  # bytes of an array that are compared
JUMPS = ("POP_JUMP", "TO_BOOL", "COMPARE_OP")
ATOMS = (bool, int, float, complex, str, bytes, np.generic, np.dtype, range, type(None), type(...))
FIXED = (type, ModuleType, np.ufunc)
RESTING = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR  # frames


class Place(NamedTuple):
    """A `while` in a code, and the answer to its test with which it goes on."""

    code: CodeType
    line: int
    column: int
    going: bool


class CannotFoldError(Exception):
    """The loop has to be written out round by round."""


# -- which `while` asks ----------------------------------------------------------------------------
def asking() -> tuple[FrameType, Place] | None:
    """The frame of the user's whose `while` asks for a truth value, if that is who asks."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_users(frame):
        last, frame = frame, frame.f_back
    if frame is None or last.f_code is not Tensor.__bool__.__code__:
        return None
    place = place_of(frame.f_code, frame.f_lasti)
    return None if place is None else (frame, place)


@cached(1000)
def place_of(code: CodeType, offset: int) -> Place | None:
    """The `while` whose test an instruction is; `None` for any other, and where a round may end in
    another way."""
    if code.co_flags & RESTING or not code.co_flags & inspect.CO_OPTIMIZED:  # or a module
        return None
    names = {x.offset: x.opname for x in dis.get_instructions(code)}
    if not names.get(offset, "").startswith(JUMPS):
        return None
    spot = [*code.co_positions()][offset // 2]
    for node in ast.walk(parsed(code.co_filename, code)):
        if not isinstance(node, ast.While):
            continue
        test, going = node.test, True
        while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, going = test.operand, not going
        span = (test.lineno, test.end_lineno, test.col_offset, test.end_col_offset)
        if span == spot and not isinstance(test, (ast.BoolOp, ast.IfExp)):
            return (
                None if any(leaving(node.body)) else Place(code, spot[0] or 0, spot[2] or 0, going)
            )
    return None


def leaving(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Each `break` of this loop, not of one inside."""
    pending: list[ast.AST] = [*body]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.Break, ast.Yield, ast.YieldFrom, ast.Await)):
            yield node
        elif isinstance(node, (ast.For, ast.While, ast.AsyncFor)):
            pending += node.orelse
        elif not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            pending += ast.iter_child_nodes(node)


@cached(64)
def parsed(filename: str, code: CodeType) -> ast.Module:
    """The source that a code was compiled from; an empty one if there is none."""
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError):
        return ast.Module([], [])


# -- what a frame reaches --------------------------------------------------------------------------
class State:
    """All that the variables of a frame reach: traced values by their place, and the rest as
    something to compare."""

    def __init__(self, frame: FrameType) -> None:
        self.slots: dict[tuple[Any, ...], Tensor] = {}
        self.rest: list[Any] = []
        self.seen: dict[int, Any] = {}
        for name, x in sorted(frame.f_locals.items()):
            self.walk(x, (name,))
        parts = {path: (x, x.node, x.value) for path, x in self.slots.items()}
        self.values = {path: tuple(map(id, found)) for path, found in parts.items()}
        self.held = parts  # so that their ids stay theirs

    def changed(self, before: State) -> set[tuple[Any, ...]]:
        """The slots with another value than before."""
        old = before.values
        return {path for path, x in self.values.items() if old.get(path) != x}

    def shared(self) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        """For each slot the first one with the same handle."""
        first: dict[int, tuple[Any, ...]] = {}
        return {path: first.setdefault(id(x), path) for path, x in self.slots.items()}

    def walk(self, x: Any, path: tuple[Any, ...]) -> None:
        if isinstance(x, Tensor):
            self.slots[path] = x
            return
        if isinstance(x, FIXED) or (isinstance(x, BuiltinFunctionType) and is_free(x)):
            self.rest.append((path, id(x)))
            return
        if isinstance(x, ATOMS):
            self.rest.append((path, type(x), repr(x)))
            return
        if id(x) in self.seen:
            self.rest.append((path, id(x)))
            return
        self.seen[id(x)] = x
        if len(self.seen) > MOST_PARTS:
            raise CannotFoldError
        self.inside(x, path)

    def inside(self, x: Any, path: tuple[Any, ...]) -> None:
        kind, own = type(x), id(x)
        parts: Any
        if kind is tuple or isinstance(x, tuple):
            own, parts = 0, enumerate(x)
        elif kind is list:
            parts = enumerate(x)
        elif kind is dict:
            parts = iter([*enumerate(x), *x.items()]) if all(map(is_name, x)) else no()
        elif kind is np.ndarray and not x.dtype.hasobject and x.nbytes <= LARGE:
            self.rest.append((path, own, x.dtype, x.shape, digest(x)))
            return
        elif isinstance(x, FunctionType):
            cells = [cell.cell_contents for cell in x.__closure__ or ()]
            parts = enumerate([*cells, x.__defaults__, x.__kwdefaults__])
        elif isinstance(x, (MethodType, BuiltinFunctionType)):
            own, parts = 0, enumerate([getattr(x, "__func__", x.__name__), x.__self__])
        elif kind is partial:
            parts = enumerate([x.func, x.args, x.keywords])
        elif is_plain(kind):
            parts = iter(vars(x).items())
        else:
            raise CannotFoldError
        self.rest.append((path, kind, own))
        for key, part in parts:
            self.walk(part, (*path, key))


def digest(x: np.ndarray[Any, Any]) -> bytes:
    return blake2b(x.tobytes()).digest()


def is_free(x: Any) -> bool:
    return x.__self__ is None or isinstance(x.__self__, ModuleType)


def is_name(x: Any) -> bool:
    return isinstance(x, str)


def no() -> Any:
    raise CannotFoldError


def is_plain(kind: type) -> bool:
    """Do its objects hold what their `__dict__` shows, and nothing else?"""
    written = [base for base in kind.__mro__ if base is not object]
    return all(base.__flags__ & 1 << 9 and "__slots__" not in vars(base) for base in written)
