"""What a trace has changed outside of the function: found by comparison, and refused by name.

Most of it are copies. What is reached through a class is not copied: what has changed there is put
back, since a call that is refused, or traced twice, must not leave anything behind.
"""

from __future__ import annotations

import types
from collections.abc import Container, Sequence
from typing import Any

import numpy as np

from .guards import World, checks_of
from .kinds import CONTENTS, Owner, Same, contents_of, holds, items_of, raw
from .library import OutsideError
from .places import GONE, Guard

OF_FUNCTIONS = ("__code__", "__defaults__", "__kwdefaults__", "__name__", "__qualname__", "__doc__")


class Slots:
    """The slots of a copy, to be compared."""

    def __init__(self, x: Any, slots: Sequence[Any]) -> None:
        self.x, self.slots = x, slots


def held(x: Any) -> list[tuple[Any, ...]]:
    """What a copy holds now, by key; without what Python notes in a module for itself."""
    if isinstance(x, dict):
        own = (str, "__warningregistry__")
        return [pair for pair in items_of(x) if (type(pair[0]), pair[0]) != own]
    if isinstance(x, types.CellType):
        return [("", x.cell_contents)] if filled(x) else []
    if isinstance(x, types.FunctionType):
        return [(name, getattr(x, name)) for name in OF_FUNCTIONS]
    if isinstance(x, Slots):
        return [(s.__name__, s.__get__(x.x)) for s in x.slots if holds(s, x.x)]
    if isinstance(x, list):
        return list(enumerate_(x))
    return [(v,) for v in sorted(x, key=repr)]


def enumerate_(x: list[Any]) -> Any:
    return ((v,) for v in list.__iter__(x))


def filled(cell: Any) -> bool:
    return holds(CONTENTS, cell)


def difference(before: Any, now: Any, path: str) -> str:
    """The path of what differs."""
    old, new = dict(p for p in before if len(p) == 2), dict(p for p in now if len(p) == 2)
    names = [k for k in {**old, **new} if old.get(k, CONTENTS) is not new.get(k, CONTENTS)]
    if not names or names == [""]:
        return path
    return (
        f"{path}[{names[0]!r}]"
        if not str(names[0]).isidentifier()
        else f"{path}.{names[0]}".lstrip(".")
    )


def check_unchanged(watched: Sequence[tuple[Any, Any, str]]) -> None:
    """Refuse what no longer holds what it held: a thing, what that was, and its path."""
    for x, before, path in watched:
        now = held(x)
        if len(now) != len(before) or any(
            a is not b for p, q in zip(before, now, strict=True) for a, b in zip(p, q, strict=True)
        ):
            raise changing(difference(before, now, path))


def changing(what: str) -> OutsideError:
    return OutsideError(
        f"jit: the function changes {what}, which is outside of it: a compiled call would not; "
        "return the new value instead, or leave this function out of jit"
    )


def changed_in(owner: Owner) -> str | None:
    """The path of what an owner no longer holds as it was."""
    for check in checks_of(owner):
        try:
            if check():
                continue
        except GONE:
            pass
        name = check.place.name if isinstance(check, Guard) else None
        if not isinstance(name, str) or owner.kind != "mapping":
            return owner.path
        module = "" if owner.path else f" of the module {owner.thing.get('__name__')}"
        return f"{owner.path}.{name}".lstrip(".") + module
    return None


def changed(world: World) -> str | None:
    """The path of something outside that is no longer what it was."""
    paths = (changed_in(owner) for owner in world.walk.owners.values())
    arrays = (path for x, path, saved in world.walk.contents if contents_of(x) != saved)
    return next((path for path in (*paths, *arrays) if path is not None), None)


def put_back(world: World, copied: Container[int]) -> None:
    """Undo what was changed of lists, dicts, sets, arrays, cells and attributes without a copy."""
    fixed = world.walk.fixed
    for owner in world.walk.owners.values():
        key = id(owner.thing)
        names = {k for k in (*owner.keys, *owner.absent) if (key, k) in fixed}  # of a module
        if (key not in copied or names) and changed_in(owner) is not None:
            restore(owner, names if key in copied else None)
    for x, _, saved in world.walk.contents:
        if id(x) not in copied and contents_of(x) != saved and x.shape == saved[0]:
            x[...] = np.frombuffer(saved[2], saved[1]).reshape(saved[0])


def restore(owner: Owner, names: Container[Any] | None) -> None:
    """Make an owner hold again what it held, or these names of it."""
    x, kind = owner.thing, owner.kind
    if kind == "sequence":
        raw(x).clear(x)
        raw(x).extend(x, owner.values)
    elif kind == "set":
        raw(x).clear(x)
        raw(x).update(x, owner.values)
    elif kind == "cell" and owner.values[0] is not Same:
        x.cell_contents = owner.values[0]
    elif kind == "mapping" and (owner.of is not None or isinstance(x, dict)):
        thing: Any = x if owner.of is None else owner.of
        put: Any = raw(x).__setitem__ if owner.of is None else type.__setattr__
        drop: Any = raw(x).pop if owner.of is None else type.__delattr__
        known = dict(zip(owner.keys, owner.values, strict=True))
        now = raw(x).copy(x)
        for name in {*now} - {*known} if owner.whole else owner.absent & now.keys():
            if names is None or name in names:
                drop(thing, name)
        for name, value in known.items():
            if now.get(name, GONE) is not value and (names is None or name in names):
                put(thing, name, value)
