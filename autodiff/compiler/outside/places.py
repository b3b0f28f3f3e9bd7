"""Places outside a function where an object stands, and whether it is still the same object.

Most of what a program read is an entry of a dict: a global, an attribute, a name of a class. So
most guards are a `Place` with what stood there; llvm/guarded.py asks them all in one step.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .kinds import CONTENTS, Same, attributes_of, holds, items_of, raw

# The ways to read a place. Where there is nothing they answer `Same`, or raise one of `GONE`.
GONE = (KeyError, IndexError, ValueError, AttributeError)


class Place(NamedTuple):
    """An "entry" of a dict, an "item" of a list or tuple, what a cell "contains", what is in a
    "slot", the "class" of an object or its "attributes", the "order" in which a class looks up
    names, or an "attribute" of a function."""

    how: str
    holder: Any
    name: Any

    def now(self) -> Any:
        """What stands there, `Same` if nothing does."""
        return READ[self.how](self.holder, self.name)


class Guard(NamedTuple):
    """What must stand in a place; `Same`: nothing."""

    place: Place
    value: Any

    def __call__(self) -> bool:
        return self.place.now() is self.value


class Entries(NamedTuple):
    """All entries of a dict, in their order; an input of the program may be anything: `ANY`."""

    holder: dict[Any, Any]
    keys: list[Any]
    values: list[Any]

    def __call__(self) -> bool:
        items = items_of(self.holder)
        return len(items) == len(self.values) and all(
            key is k and (x is ANY or x is v)
            for (key, v), k, x in zip(items, self.keys, self.values, strict=True)
        )


ANY = Same(None)
READ = {
    "entry": lambda d, key: raw(d).get(d, key, Same),
    "item": lambda x, k: raw(x).__getitem__(x, k),
    "contents": lambda cell, _: cell.cell_contents if holds(CONTENTS, cell) else Same,
    "slot": lambda x, slot: slot.__get__(x) if holds(slot, x) else Same,
    "attribute": getattr,
    "class": lambda x, _: type(x),
    "attributes": lambda x, _: attributes_of(x),
    "order": lambda c, _: c.__mro__,
}
