"""Classes, modules and what has no code to read: what a `walk` (walking.py) goes on to from them.
They are reached by names, and refused by what they ask."""

from __future__ import annotations

import functools
import random
import types
from typing import Any

import numpy as np

from . import library
from .kinds import MAKING, SAID, UNREAD, Same

UNREAD_OF_MODULES = ("__builtins__", "__loader__", "__spec__", "__dict__", "__cached__")
METHODS = (staticmethod, classmethod, functools.partialmethod, property)


def walk_class(walk: Any, c: type, path: str, made: bool = True) -> None:
    """A class of the user's: its operators, and what is named; of others only what it asks.
    Where none of its objects may be `made`, its constructor is left out."""
    if made and c not in walk.made:
        walk.made.add(c)
        walk.again = True
    walk.found.append(Same(c))
    check_class(walk, c, path)
    walk.any_name |= c.__module__ == "operator" and made
    if made and library.is_unseeded(c):
        raise library.refused(
            path, "which may begin with new numbers at each call", "make it outside"
        )
    walk.bare |= c is np.ndarray
    if library.is_library(c):
        return
    if not library.is_library(type(c)):
        walk.visit(type(c), path, True)
    walk.owner("class", c, path).values = [c.__mro__]
    walk.found.append(tuple(map(Same, c.__mro__)))
    walk.named(c, [name for name in SAID if name in walk.names], path)
    whole = walk.any_name or not library.is_plain_class(c)
    for part in c.__mro__:
        if library.is_library(part):
            continue
        scope = vars(part)
        owner = walk.owner("mapping", scope, part.__name__)
        owner.of = part
        if owner.keys:
            continue
        owner.absent = frozenset(walk.names - scope.keys())
        for name, value in list(scope.items()):
            operator_ = name[:2] == "__" and (callable(value) or isinstance(value, METHODS))
            if name in MAKING and not makes(walk, c):
                continue
            if name not in UNREAD and (whole or operator_ or name in walk.names):
                walk.found.append(name)
                walk.place(owner, name, value, f"{part.__name__}.{name}", True)


def makes(walk: Any, c: type) -> bool:
    """May the program make objects of a class, by its name or as ``type(self)(...)``?"""
    return walk.typed or "__class__" in walk.names or any(issubclass(m, c) for m in walk.made)


def check_class(walk: Any, c: type, path: str) -> None:
    for part in c.__mro__:
        asked = library.world_of(part)
        for name in sorted(walk.names.intersection(asked)):
            raise library.refused(f"{path}.{name}", asked[name])


def walk_module(walk: Any, m: types.ModuleType, path: str, fixed: bool) -> None:
    walk.found.append(Same(m))
    if not library.is_library(m):
        owner = walk.owner("mapping", vars(m), path)
        owner.absent |= walk.names - vars(m).keys()
        named = walk.names & vars(m).keys()
        if "__getattr__" in vars(m):
            named = {*named, "__getattr__"}
        for name in list(vars(m)) if walk.any_name else sorted(named):
            if name not in UNREAD_OF_MODULES:
                walk.variable(owner, name, f"{path}.{name}", fixed)
        return
    asked = library.world_of(m)
    anything = walk.any_name and m is not np
    for name in sorted(asked if anything else walk.names.intersection(asked)):
        if fixed:
            raise library.refused(f"{path}.{name}", asked[name])
        walk.bent[id(m)] = path, asked  # a copy of it refuses what is read indeed
    if m is random or m is np.random:
        walk.bent[id(m)] = path, {}
        walk.visit(random._inst if m is random else np.random.mtrand._rand, path, fixed)  # type: ignore[attr-defined]
        if fixed and "default_rng" in walk.names:
            raise unseeded(path)
    if m.__name__.partition(".")[0] in ("autodiff", "nn"):
        return
    walk.any_name |= m.__name__ in library.LOOKS_INTO
    for name in sorted(walk.names):
        value = vars(m).get(name)
        if isinstance(value, types.ModuleType):
            walk.visit(value, f"{path}.{name}", fixed)
            if id(value) in walk.bent:
                walk.bent.setdefault(id(m), (path, {}))
        elif value.__class__ in (float, int):  # math.pi, which may be assigned to
            owner = walk.owner("mapping", vars(m), path)
            walk.place(owner, name, value, f"{path}.{name}", True)
        elif isinstance(value, type) and (
            library.world_of(value) or value is np.ndarray or library.is_unseeded(value)
        ):
            walk.visit(value, f"{path}.{name}", True)


def unseeded(path: str) -> Exception:
    return library.refused(
        f"{path}.default_rng in a method", "which may begin with new numbers each time",
        "make the generator outside, and keep it in an attribute",
    )  # fmt: skip


def walk_builtin(walk: Any, x: Any, path: str, fixed: bool) -> None:
    walk.found.append((getattr(x, "__name__", ""), type(x)))
    asked = library.asks(x)
    if asked:
        raise library.refused(path, asked)
    if fixed and x is np.random.default_rng:
        raise unseeded(path)
    walk.any_name |= getattr(x, "__name__", "") in library.LOOKS_UP
    walk.typed |= getattr(x, "__name__", "") in library.ASKS_KIND
    walk.compares |= getattr(x, "__name__", "") in library.IS
    owner = getattr(x, "__self__", None)
    if owner is None or isinstance(owner, (types.ModuleType, type)):
        walk.found.append(Same(x))
    else:
        walk.visit(owner, path, fixed)


def walk_cached(walk: Any, x: Any, path: str) -> None:
    """A function behind `functools.lru_cache`: its results are what they were, so it must read
    nothing that could have changed."""
    walk.found.append(Same(x))
    asked = walk.names & {"cache_info", "cache_clear"}
    if asked:
        raise library.refused(f"{path}.{min(asked)}", "which every call changes", "do that outside")
    if not library.reads_arguments_alone(x.__wrapped__):
        raise library.refused(
            path, "which functools.lru_cache remembers, though it reads more than its arguments",
            "leave lru_cache out, or let it read nothing else",
        )  # fmt: skip
    walk.visit(x.__wrapped__, path, True)
