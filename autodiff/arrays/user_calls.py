"""The call that the user's code is making, read off its source, so that an error can write the cure
down in the user's own words: ``np.max(np.stack([x, y]))`` for ``np.max([x, y])``."""

from __future__ import annotations

import ast
import builtins
import linecache
import sys
from itertools import islice
from types import FrameType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import is_ours, user_frame

LISTS = (list, tuple, ast.List, ast.Tuple)
NUMBERS = (float, int, np.number, ast.Constant)


def makes_array(function: Any) -> bool:
    return any(function is f for f in (np.array, np.asarray, np.asanyarray))


class Call(NamedTuple):
    """``np.max([x, y])``: its text, what is called (None where that is not a plain name) and, where
    NumPy would make arrays of objects of its lists, the same with the lists joined; else ``""``.
    `home` is the module of the Python function that it runs, where that is known."""

    text: str
    function: Any = None
    mended: str = ""
    home: str = ""


class Store(NamedTuple):
    """``a[0] = ...``: its left side, and the array that is written into, where it has a name."""

    text: str
    array: Any


def asking(conversion: str) -> Call | Store | None:
    """The user's call or assignment that led to `conversion` (``"__float__"``, say) of a tracked
    value; `None` if a function of this package asked for it, or the source is not available."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name != conversion:
        frame = frame.f_back
    frame = frame and frame.f_back
    users, home = user_frame(), ""
    while frame is not None and frame is not users:
        if is_ours(frame):
            return None
        home = module_of(frame)
        frame = frame.f_back
    call = None if frame is None else under_way(frame, frame.f_lasti)
    return call._replace(home=home) if isinstance(call, Call) else call


def module_of(frame: FrameType) -> str:
    return frame.f_globals.get("__name__") or ""


def under_way(frame: FrameType, instruction: int) -> Call | Store | None:
    """The call, or the assignment into an array, that an instruction of `frame` belongs to."""
    node, text = expression(frame, instruction)
    if isinstance(node, ast.Subscript):
        return Store(text, named(node.value, frame))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return Call(text, str.__mod__)
    if not isinstance(node, ast.Call):
        return None
    function = named(node.func, frame)
    if makes_array(function):
        return Call(text, function, joined(node, text, frame))
    mended = text.encode()  # columns count bytes
    for part, one in reversed([m for x in node.args for m in mends(x, text, frame)]):
        mended = mended[: part.col_offset] + one.encode() + mended[part.end_col_offset :]
    changed = mended.decode()
    return Call(text, function, changed if changed != text else "")


def expression(frame: FrameType, instruction: int) -> tuple[ast.expr | None, str]:
    """The expression that an instruction belongs to, and its text."""
    where = next(islice(frame.f_code.co_positions(), instruction // 2, None), (None,) * 4)
    first, last, start, end = where
    if first is None or last is None or start is None or end is None:
        return None, ""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)[first - 1 : last]
    parts = [line.encode() for line in lines] or [b""]
    parts[-1] = parts[-1][:end]  # columns count bytes; the last line may be the first as well
    parts[0] = parts[0][start:]
    text = " ".join(part.decode(errors="replace").strip() for part in parts)
    try:
        if first != last:  # in one line, then
            text = ast.unparse(ast.parse(text, mode="eval"))
        return ast.parse(text, mode="eval").body, text
    except SyntaxError:  # the file has changed since it was loaded
        return None, ""


def named(node: ast.expr, frame: FrameType) -> Any:
    """The object that ``f`` or ``np.linalg.det`` names, found without running the user's code."""
    if isinstance(node, ast.Name):
        for scope in (frame.f_locals, frame.f_globals, vars(builtins)):
            if node.id in scope:
                return scope[node.id]
    elif isinstance(node, ast.Attribute):
        owner = named(node.value, frame)
        if isinstance(owner, (ModuleType, np.random.Generator, np.random.RandomState)):
            return getattr(owner, node.attr, None)
    return None


def mends(node: ast.expr, text: str, frame: FrameType) -> list[tuple[ast.expr, str]]:
    """The lists and arrays of objects that stand in an argument, operands of it perhaps, each with
    what it is as one tracked array."""
    one = joined(node, text, frame)
    if one:
        return [(node, one)]
    parts: list[ast.expr] = []
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp):
        parts = [node.operand]
    elif isinstance(node, ast.Call) and is_numpys(named(node.func, frame)):
        parts = node.args
    return [found for part in parts for found in mends(part, text, frame)]


def is_numpys(function: Any) -> bool:
    home = getattr(function, "__module__", None) or ""
    return isinstance(function, np.ufunc) or home.partition(".")[0] == "numpy"


def joined(argument: ast.expr, text: str, frame: FrameType) -> str:
    """The text that joins a list of tracked values into one tracked array; ``""`` for other
    arguments."""
    written, value = ast.get_source_segment(text, argument), named(argument, frame)
    if isinstance(argument, ast.Call) and makes_array(named(argument.func, frame)):
        return joined(argument.args[0], text, frame) if argument.args else ""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return f"np.stack({written})" if value.ndim == 1 else f"np.block({written}.tolist())"
    entries = argument.elts if isinstance(argument, (ast.List, ast.Tuple)) else value
    if not isinstance(entries, (list, tuple)) or all(isinstance(x, NUMBERS) for x in entries):
        return ""
    nested = any(isinstance(x, LISTS) for x in entries)
    return f"np.block({written})" if nested else f"np.stack({written})"
