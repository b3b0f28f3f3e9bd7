"""Objects and containers, opened: what a `walk` (walking.py) goes on to from them."""

from __future__ import annotations

import collections
import enum
import functools
import types
from typing import Any

from . import library
from .kinds import VALUES_OF, Same, attributes_of, holds, items_of, raw, slots_of
from .namespaces import walk_class


def walk_container(walk: Any, x: Any, cls: Any, path: str, fixed: bool) -> None:
    """The class of an object, what it holds as a built-in class does, and its attributes."""
    walk.found.append(Same(cls))
    walk_class(walk, cls, cls.__name__, made=False)
    if isinstance(x, enum.Enum) or not library.copyable(cls):
        fixed = True
        walk.fixed.add(id(x))
    known = True
    for value in VALUES_OF:  # of a class of the user's
        if isinstance(x, value):
            walk.found.append((value, value.__repr__(x)))
    if isinstance(x, BaseException):
        walk.named(x, ("args",), path)
    if isinstance(x, collections.defaultdict):
        walk.named(x, ("default_factory",), path, fixed)
    if isinstance(x, (dict, types.MappingProxyType)):
        items = items_of(x)
        owner = walk.owner("mapping", x, path)
        owner.whole = True
        walk.found.append(("of", len(items)))
        for key, _ in items:
            walk.visit(key, path, True)
        placed = {*owner.keys}  # as attributes of an object, whose `__dict__` this is
        for key, value in items:
            if key in placed:  # in the order of the dict
                k = owner.keys.index(key)
                owner.keys.append(owner.keys.pop(k))
                owner.values.append(owner.values.pop(k))
            else:
                walk.place(owner, key, value, f"{path}[{key!r:.40}]", fixed)
    elif isinstance(x, (list, tuple, collections.deque)):
        parts = list(raw(x).__iter__(x))
        walk.found.append(("of", len(parts)))
        walk.found.append(x.maxlen if isinstance(x, collections.deque) else None)
        owner = walk.owner("tuple" if isinstance(x, tuple) else "sequence", x, path)
        for k, value in enumerate(parts):
            walk.place(owner, k, value, f"{path}[{k}]", fixed or isinstance(x, collections.deque))
    elif isinstance(x, (set, frozenset)):
        owner = walk.owner("set", x, path)
        owner.values = list(raw(x).__iter__(x))
        walk.found.append(("of", len(owner.values)))
        for value in sorted(owner.values, key=repr):
            walk.visit(value, path, True)
    else:
        known = False
    attributes = attributes_of(x)
    if not library.is_library(cls) and cls.__flags__ & library.HEAP:
        walk.owner("object", x, path).values = [cls, attributes]  # it may be given others
    slots = slots_of(cls)
    if attributes is None and not slots and not known and library.is_library(cls):
        raise library.refused(
            path, f"a {cls.__name__}, whose state cannot be seen", "pass what is read of it as an "
            "argument, or write jit(f, pure=True) if it never changes",
        )  # fmt: skip
    whole = walk.any_name or not library.is_plain_class(cls)
    walk_instance(walk, x, cls, attributes, slots, path, fixed, whole)


def walk_instance(
    walk: Any, x: Any, cls: Any, d: Any, slots: Any, path: str, fixed: bool, whole: bool
) -> None:
    """The attributes of an object: those that are named, or the whole of them."""
    for name in walk.names:
        kept = next((vars(c)[name] for c in cls.__mro__ if name in vars(c)), None)
        if isinstance(kept, functools.cached_property) and name not in (d or ()):
            raise library.refused(
                f"{path}.{name}", "a cached property that is not computed yet",
                f"read {name} once before the first call, or make it a property",
            )  # fmt: skip
    if d is not None:
        owner = walk.owner("mapping", d, path)
        walk.found.append(owner.path)  # it may be shared with another object
        owner.whole |= whole
        owner.absent = frozenset(walk.names - d.keys())
        found = list(d) if whole else [n for n in d if n in walk.names]
        for name in [n for n in found if n not in owner.keys]:
            walk.found.append(name)
            walk.place(owner, name, d[name], f"{path}.{name}", fixed)
    for name, slot in slots:
        if whole or name in walk.names:
            owner = walk.owner("slots", x, path)
            value = slot.__get__(x, cls) if holds(slot, x) else Same
            walk.place(owner, slot, value, f"{path}.{name}", fixed)
            walk.found.append(name)
