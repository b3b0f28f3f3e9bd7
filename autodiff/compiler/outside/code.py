"""What code may read by name: its globals, the attributes of anything, the modules it imports.

An attribute can be read only by a name that stands in the code, as an instruction or as a string
(for `getattr`). So the names bound what a function can reach, and nothing needs to be executed.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Iterator
from types import CodeType
from typing import Any, NamedTuple

from ...base.bounded import cached

GLOBALS = frozenset(
    ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS")
)
ATTRIBUTES = frozenset(
    ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "IMPORT_FROM", "LOAD_SUPER_ATTR")
)
LOOKING_UP = frozenset(("__dict__", "__getattribute__", "__getstate__"))
FIELD, STEP = re.compile(r"\{([^{}]*)"), re.compile(r"\.(\w+)")  # of a format: {x.a[0].b}
FORMATS = ("format", "format_map")


Chain = tuple[str, ...]  # Mode.SIN as ("Mode", "SIN")


class Reads(NamedTuple):
    """What one function may read, with the functions that are written inside of it."""

    variables: tuple[str, ...]
    attributes: frozenset[str]
    modules: tuple[str, ...]
    any_name: bool  # does it read attributes by names that do not stand in the code?
    compared: tuple[tuple[Chain, ...], ...]  # for each `is`: which of its sides have a name


@cached(2048)
def reads_of(code: CodeType) -> Reads:
    variables: dict[str, None] = {}
    attributes: set[str] = set()
    modules: dict[str, None] = {}
    compared: list[tuple[Chain, ...]] = []
    matches = False
    for part in nested(code):
        compared += comparisons(part, code.co_freevars if part is code else ())
        for i in dis.get_instructions(part):
            if i.opname in GLOBALS:
                variables[i.argval] = None
            elif i.opname in ATTRIBUTES:
                attributes.add(i.argval)
            elif i.opname == "IMPORT_NAME":
                modules[i.argval] = None
            matches |= i.opname == "MATCH_CLASS"  # by the names in __match_args__
        attributes.update(*map(identifiers, part.co_consts))
    any_name = matches or not LOOKING_UP.isdisjoint(attributes)
    names = frozenset(attributes)
    return Reads(tuple(variables), names, tuple(modules), any_name, tuple(compared))


def comparisons(code: CodeType, free: tuple[str, ...]) -> Iterator[tuple[Chain, ...]]:
    """The names of what each `is` compares, where they are global or `free`. Nothing of what is
    compared with a constant or a class, as in ``x is None`` and ``type(x) is type(y)``."""
    sides: list[Chain | None] = []
    for i in dis.get_instructions(code):
        name = i.opname
        if name == "IS_OP":
            known = [side for side in sides[-2:] if side is not None]
            if () not in known:
                yield tuple(known)
        if name == "LOAD_CONST":
            sides.append(())
        elif name == "LOAD_GLOBAL" or (name == "LOAD_DEREF" and i.argval in free):
            sides.append((i.argval,))
        elif name in ATTRIBUTES and i.argval == "__class__":
            sides[-1:] = [()]
        elif name in ATTRIBUTES and sides and sides[-1]:
            sides[-1] += (i.argval,)
        elif name == "CALL" and i.arg == 1 and sides[-2:-1] == [("type",)]:
            sides[-2:] = [()]
        elif name.startswith("LOAD_FAST"):
            sides += [None] * name.count("FAST")
        elif name not in ("NOP", "CACHE", "EXTENDED_ARG", "PRECALL", "PUSH_NULL"):
            sides += (None, None)  # something of two sides at most


def nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for x in code.co_consts:
        if isinstance(x, CodeType):
            yield from nested(x)


def fields(x: str) -> Iterator[str]:
    """The attributes that a format reads."""
    for field in FIELD.findall(x):
        yield from STEP.findall(field)


def identifiers(x: Any) -> Iterator[str]:
    """The names that a constant of the code may be, for `getattr` or a `case` pattern."""
    if isinstance(x, str):
        yield from fields(x)
        yield from (part for part in x.split(".") if part.isidentifier())
    elif isinstance(x, (tuple, frozenset)):
        for part in x:
            yield from identifiers(part)
