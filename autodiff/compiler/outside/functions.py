"""Functions, opened: what a `walk` (walking.py) goes on to from their names, cells and defaults."""

from __future__ import annotations

import builtins
import gc
import importlib
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base.made import ByName
from ...rules.primitive import Traced
from . import library
from .code import reads_of
from .holders import walk_instance
from .kinds import (
    CONTENTS,
    DISPATCH,
    SAID,
    Same,
    Wrapper,
    attributes_of,
    holds,
    slots_of,
)
from .namespaces import walk_class

EMPTY: list[Any] = []  # what cannot be known may be a list
MAY_HOLD = (np.ndarray, Traced, list, dict, tuple, set, frozenset)


def walk_callable(walk: Any, x: Any, cls: Any, path: str, fixed: bool) -> None:
    """An object that calls a function; what was made by us has notes of its own beside."""
    walk.found.append(Same(cls))
    for part in (x._f,) if isinstance(x, Wrapper) else (x.func, x.args, x.keywords):
        walk.visit(part, path, fixed)
    if not library.is_library(cls):
        walk_class(walk, cls, cls.__name__, made=False)
    whole = walk.any_name and not isinstance(x, ByName)
    walk_instance(walk, x, cls, attributes_of(x), slots_of(cls), path, fixed, whole)


def walk_function(walk: Any, f: Any, path: str, fixed: bool) -> None:
    if f.__code__ is DISPATCH:
        walk_dispatching(walk, f, path, fixed)
        return
    if library.is_library(f):
        asked = library.asks(f)
        if asked:
            raise library.refused(path, asked)
        walk.any_name |= f.__module__ in library.LOOKS_INTO
        walk.found.append(f.__code__ if f.__closure__ else Same(f))
    else:
        walk.found.append(f.__code__)
        walk_variables(walk, f, fixed)
        walk.named(f, [name for name in SAID if name in walk.names], path)
        owner = walk.owner("mapping", f.__dict__, path)
        owner.whole = walk.any_name
        for name in [n for n in f.__dict__ if walk.any_name or n in walk.names]:
            walk.place(owner, name, f.__dict__[name], f"{path}.{name}", fixed)
    for name, cell in zip(f.__code__.co_freevars, f.__closure__ or (), strict=True):
        if (id(cell), "cell") in walk.owners:
            if fixed and id(cell) not in walk.fixed:
                walk.fixed.add(id(cell))
                walk.again = True
            continue
        if fixed:
            walk.fixed.add(id(cell))
        owner = walk.owner("cell", cell, name)
        owner.never_changes = library.is_library(f)
        if not holds(CONTENTS, cell):
            walk.found.append("empty")
            owner.keys, owner.values = ["contents"], [Same]
        else:
            walk.place(owner, "contents", cell.cell_contents, name, id(cell) in walk.fixed)
    if not library.is_library(f) or f.__closure__:
        owner = walk.owner("function", f, path)
        owner.never_changes = library.is_library(f)
        owner.values = [f.__code__, f.__defaults__, f.__kwdefaults__, f.__dict__]
        walk.visit(f.__defaults__, f"the defaults of {path}", fixed)
        walk.visit(f.__kwdefaults__, f"the defaults of {path}", fixed)


def walk_dispatching(walk: Any, f: Any, path: str, fixed: bool) -> None:
    """A function of functools.singledispatch: those that it chooses from, without its cache."""
    if fixed:
        raise library.refused(
            path, "of functools.singledispatch, which a method would ask for the class of a "
            "tracked value", "call it in a function that is not a method",
        )  # fmt: skip
    walk.found.append(Same(f))
    (registry,) = gc.get_referents(f.registry)  # a dict, of which that is a proxy
    walk.visit(registry, f"{path}.registry", fixed)


def walk_variables(walk: Any, f: Any, fixed: bool) -> None:
    """The globals and the modules that a function of the user's names."""
    reads = reads_of(f.__code__)
    walk.names |= reads.attributes
    walk.any_name |= reads.any_name
    walk.compares |= not reads.attributes.isdisjoint(library.IS)
    if not walk.compares and f.__name__ != "__eq__":  # where `is` is a short way to say equal
        known = named_from(f)
        walk.compares = not all(any(map(known, sides)) for sides in reads.compared)
    walk.typed |= not reads.attributes.isdisjoint(library.ASKS_KIND)
    for name in sorted(library.HIDDEN & reads.attributes):
        raise library.refused(f"{name} of a function", "where anything may be found")
    scope, absent = f.__globals__, set()
    owner = walk.owner("mapping", scope, "")
    for name in reads.variables:
        if name in scope:
            walk.variable(owner, name, name, fixed)
        else:
            absent.add(name)
            if fixed:
                walk.fixed.add((id(scope), name))
            walk.any_name |= name in library.LOOKS_UP
            walk.typed |= name in library.ASKS_KIND
            if name in library.BUILTINS and name in library.world_of(builtins):
                raise library.refused(name, library.world_of(builtins)[name])
    owner.absent |= absent
    for name in reads.modules:
        try:
            module = importlib.import_module(name)
            walk.place(walk.owner("mapping", sys.modules, ""), name, module, name, True)
        except (ImportError, TypeError):  # as `import` will find itself; or it is relative
            if f.__globals__.get("__package__"):
                walk_relative(walk, name, f)


def walk_relative(walk: Any, name: str, f: Any) -> None:
    try:
        module = importlib.import_module(f".{name}", f.__globals__["__package__"])
    except ImportError:
        return
    walk.visit(module, name, True)


def named_from(f: Any) -> Callable[[tuple[str, ...]], bool]:
    """Whether a chain of names in a function leads to what is certainly neither an array nor what
    holds some: a class, a function, a member of an enum."""
    cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))

    def known(chain: tuple[str, ...]) -> bool:
        name, *attributes = chain
        if name in cells:
            x: Any = cells[name].cell_contents if holds(CONTENTS, cells[name]) else EMPTY
        else:
            x = f.__globals__.get(name, library.BUILTINS.get(name, EMPTY))
        for attribute in attributes:
            x = getattr(x, attribute, EMPTY) if isinstance(x, (types.ModuleType, type)) else EMPTY
        return not isinstance(x, MAY_HOLD)

    return known
