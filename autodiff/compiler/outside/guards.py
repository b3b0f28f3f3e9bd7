"""Guards: is what a version of the program read still so? Asked at each call, so it is quick.

Everything is compared by identity; where that fails, the walk is done again, and its key tells
whether anything has changed. Arrays that were constants of the program are compared by contents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import is_
from typing import Any

import numpy as np

from ...programs.tracing import is_numeric
from ..ir.leaves import kind_of_leaf
from .kinds import Owner, Same, contents_of, raw, value_of
from .places import ANY, GONE, Entries, Guard, Place
from .walking import Walk

Check = Callable[[], bool]


class Key:
    """What a walk found, with its hash, which is computed once."""

    __slots__ = ("found", "hash")

    def __init__(self, found: tuple[Any, ...]) -> None:
        self.found, self.hash = found, hash(found)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Key) and self.found == other.found)

    def __hash__(self) -> int:
        return self.hash


class World:
    """All that a function reached, at one moment, and how to see whether it is still there:
    `guards`, which compiled code can ask, other `checks`, and the places of the `inputs`."""

    def __init__(self, walk: Walk, leaves: Iterable[Any]) -> None:
        self.walk = walk
        self.inputs = [place_of(owner, key) for owner, key, _ in walk.inputs]
        self.same = self.same_arrays(leaves)
        self.key = Key((*walk.found, self.same))
        found = [*self.found()]
        self.guards = [x for x in found if isinstance(x, (Guard, Entries))]
        self.checks = [x for x in found if not isinstance(x, (Guard, Entries))]
        self.kinds = [kind_of_leaf(x) for x in self.arrays()]

    def found(self) -> Iterator[Guard | Entries | Check]:
        for owner in self.walk.owners.values():
            if not owner.never_changes:
                yield from checks_of(owner)
        for x, _, saved in self.walk.contents:
            yield same_contents(x, saved)
        for owner, key in self.walk.aliases:
            yield same_object(self.inputs[owner.inputs[key]], place_of(owner, key))

    def check(self) -> bool:
        """Is all as it was, but for the values of the inputs? It may raise one of `GONE`."""
        return all(guard() for guard in self.guards) and all(check() for check in self.checks)

    def holds(self) -> bool:
        """The same, with inputs of the kinds that they were."""
        try:
            return self.check() and all(
                x.__class__ is kind.cls and is_numeric(x) and kind_of_leaf(x) == kind
                for x, kind in zip(self.arrays(), self.kinds, strict=True)
            )
        except GONE:
            return False

    def arrays(self) -> list[Any]:
        """The inputs beside the arguments."""
        return [place.now() for place in self.inputs]

    def same_arrays(self, leaves: Iterable[Any]) -> tuple[int, ...]:
        """Which arrays are one object, among the arguments and outside, if a program asks that."""
        if not self.walk.compares:
            return ()
        return same_objects((*leaves, *self.arrays(), *(x for x, _, _ in self.walk.contents)))

    def comparing(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """`run`, which is handed the inputs too, if the same arrays are one object as before."""
        if len(self.same) < 2:
            return run
        constants = [x for x, _, _ in self.walk.contents]

        def comparing(*given: Any) -> Any:
            now = same_objects((*given, *constants))
            return run(*given) if now == self.same else NotImplemented

        return comparing

    def guarded(self, run: Callable[..., Any]) -> Callable[..., Any]:
        """`run` with the inputs behind its arguments; `NotImplemented` where something is gone."""

        def guarded(*args: Any) -> Any:
            try:
                given = self.arrays() if self.check() else None
            except GONE:
                given = None
            return NotImplemented if given is None else run(*args, *given)

        return guarded


PLACES = {
    "mapping": "entry",
    "sequence": "item",
    "tuple": "item",
    "cell": "contents",
    "slots": "slot",
}


def place_of(owner: Owner, key: Any) -> Place:
    return Place(PLACES[owner.kind], owner.thing, key)


def checks_of(owner: Owner) -> Iterator[Guard | Entries | Check]:
    """What must be so for an owner to hold what it held."""
    x, kind = owner.thing, owner.kind
    size, keys, values = len(owner.keys), owner.keys[:], owner.values[:]
    at_once = owner.whole or (kind == "sequence" and not owner.inputs)
    if kind == "mapping" and owner.whole:
        known = [ANY if key in owner.inputs else v for key, v in zip(keys, values, strict=True)]
        yield Entries(x, keys, known)
    elif kind == "mapping":
        yield from (Guard(Place("entry", x, name), Same) for name in owner.absent)
    elif kind == "sequence" and at_once:
        parts = raw(x).__iter__
        yield lambda: raw(x).__len__(x) == size and all(map(is_, parts(x), values))
    elif kind == "sequence":
        yield lambda: raw(x).__len__(x) == size
    elif kind == "set":
        members = {*map(id, values)}
        yield lambda: {*map(id, raw(x).__iter__(x))} == members
    elif kind == "variable":
        (v,) = values
        yield lambda: value_of(x) is v
    elif kind == "named":
        yield lambda: all(getattr(x, k, Same) is v for k, v in zip(keys, values, strict=True))
    elif kind == "function":
        names = ("__code__", "__defaults__", "__kwdefaults__", "__dict__")
        for name, v in zip(names, values, strict=True):
            yield Guard(Place("attribute", x, name), v)
    elif kind == "object":
        for how, v in zip(("class", "attributes"), values, strict=True):
            yield Guard(Place(how, x, ""), v)
    elif kind == "class":
        yield Guard(Place("order", x, ""), values[0])
    if kind in ("mapping", "sequence", "cell", "slots") and not at_once:
        for key, v in zip(keys, values, strict=True):
            if key not in owner.inputs:
                yield Guard(place_of(owner, key), v)


def same_contents(x: np.ndarray[Any, Any], saved: tuple[Any, ...]) -> Check:
    return lambda: contents_of(x) == saved


def same_object(first: Place, second: Place) -> Check:
    return lambda: first.now() is second.now()


def same_objects(arrays: Iterable[Any]) -> tuple[int, ...]:
    """For each of these arrays, without what is none: where the same object stands first."""
    first: dict[int, int] = {}
    ids = [id(x) for x in arrays if x.__class__ is np.ndarray]
    return tuple(first.setdefault(x, k) for k, x in enumerate(ids))
