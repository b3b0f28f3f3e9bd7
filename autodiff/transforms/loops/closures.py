"""A function with other values in the place of the tracked ones that it closes over.

What a branch computes has to be part of the branch, also where it uses nothing but values from
outside. So it runs as a copy, whose variables, globals and defaults hold handles of the branch.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from ...base.trees import flatten, unflatten
from ...rules.primitive import Traced

LIBRARIES = ("autodiff", "numpy", "scipy")


def replaced(x: Any, swap: Callable[[Traced], Any], known: dict[int, Any] | None = None) -> Any:
    """`x` with ``swap(t)`` for every tracked `t` in it; `x` itself where there is none."""
    known = {} if known is None else known
    if isinstance(x, Traced):
        return swap(x)
    if id(x) in known:
        return known[id(x)]
    known[id(x)] = x  # a function that reaches itself
    if isinstance(x, FunctionType):
        found: Any = function(x, swap, known)
    elif isinstance(x, MethodType):
        held = [replaced(part, swap, known) for part in (x.__func__, x.__self__)]
        found = MethodType(*held) if differ(held, (x.__func__, x.__self__)) else x
    elif type(x) is functools.partial:
        parts = (x.func, x.args, x.keywords)
        held = [replaced(part, swap, known) for part in parts]
        found = functools.partial(held[0], *held[1], **held[2]) if differ(held, parts) else x
    else:
        leaves, structure = flatten(x)
        if len(leaves) == 1 and leaves[0] is x:
            return x
        held = [replaced(leaf, swap, known) for leaf in leaves]
        found = unflatten(structure, held) if differ(held, leaves) else x
    known[id(x)] = found
    return found


def function(f: FunctionType, swap: Callable[[Traced], Any], known: dict[int, Any]) -> Any:
    if f.__module__ and f.__module__.partition(".")[0] in LIBRARIES:
        return f
    cells = f.__closure__ or ()
    held = [contents(cell) for cell in cells]
    inside = [tuple(replaced(part, swap, known) for part in one) for one in held]
    names = [n for n in dict.fromkeys(names_in(f.__code__)) if n in f.__globals__]
    outside = [f.__globals__[n] for n in names]
    changed = [replaced(g, swap, known) for g in outside]
    given = f.__defaults__, f.__kwdefaults__
    defaults = [replaced(part, swap, known) for part in given]
    same = [not differ(a, b) for a, b in zip(inside, held, strict=True)]
    if all(same) and not differ(changed, outside) and not differ(defaults, given):
        return f
    scope = {**f.__globals__, **dict(zip(names, changed, strict=True))}
    own = tuple(
        cell if one else CellType(*now) for cell, one, now in zip(cells, same, inside, strict=True)
    )
    copy = FunctionType(
        f.__code__, scope if differ(changed, outside) else f.__globals__, f.__name__, None, own
    )
    copy.__defaults__, copy.__kwdefaults__ = defaults
    copy.__dict__.update(f.__dict__)
    return copy


def differ(a: Any, b: Any) -> bool:
    return any(x is not y for x, y in zip(a, b, strict=True))


def contents(cell: CellType) -> tuple[Any, ...]:
    """What a variable holds: one thing, or nothing yet."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def names_in(code: CodeType) -> Iterator[str]:
    """The names that a function, and those inside of it, may look up among the globals."""
    yield from code.co_names
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from names_in(part)
