"""Nests of arguments and results, taken apart and put together along a structure that is known.

What `flatten` and `unflatten` find out at every call is decided once for each version here; a flat
list or dict is then one step of Python, whatever number of leaves it has.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from operator import itemgetter
from typing import Any

from ..base.trees import LEAF, NOTHING, Structure, of_leaves, unflatten

Opener = Callable[[Any, list[Any]], bool]

DEEP = 20  # containers in one another, beyond which a nest is walked with a stack


def opener(s: Structure) -> Opener | None:
    """What adds the leaves of a nest to a list, if the nest has this structure, and says whether it
    has. `None` for containers other than plain ones, and for deep nests."""
    return None if s.depth > DEEP else opener_of(s)


def opener_of(s: Structure) -> Opener | None:
    if s == NOTHING:
        return lambda nest, leaves: nest is None
    if s.kind not in (tuple, list, dict) or (s.kind is not dict and s.keys):
        return None
    if not all(isinstance(key, str) for key in s.keys):  # 1 and True are one key, not one number
        return None
    parts = [None if part == LEAF else opener_of(part) for part in s.parts]
    if any(part is None and inner != LEAF for part, inner in zip(parts, s.parts, strict=True)):
        return None
    if not any(parts):
        return flat_dict(s.keys) if s.kind is dict else flat_list(s.kind, len(parts))
    return nested(s.kind, s.keys, parts)


def flat_dict(keys: tuple[Any, ...]) -> Opener:
    def opened(nest: Any, leaves: list[Any]) -> bool:
        if nest.__class__ is dict and tuple(nest) == keys:
            leaves += nest.values()
            return True
        return False

    return opened


def flat_list(kind: Any, size: int) -> Opener:
    def opened(nest: Any, leaves: list[Any]) -> bool:
        if nest.__class__ is kind and len(nest) == size:
            leaves += nest
            return True
        return False

    return opened


def nested(kind: Any, keys: tuple[Any, ...], parts: list[Opener | None]) -> Opener:
    def opened(nest: Any, leaves: list[Any]) -> bool:
        if nest.__class__ is not kind or len(nest) != len(parts):
            return False
        if kind is dict:
            if tuple(nest) != keys:
                return False
            nest = nest.values()
        for part, x in zip(parts, nest, strict=True):
            if part is None:
                leaves.append(x)
            elif not part(x, leaves):
                return False
        return True

    return opened


def rebuilder(structure: Structure) -> Callable[[Any], Any] | None:
    """What makes the nest out of the leaves that native code returns: one as it is, several as a
    tuple. `None` if that is the nest already."""
    size = structure.size
    if structure == LEAF or (structure == of_leaves(tuple, size) and size > 1):
        return None
    if size == 1 or structure.depth > DEEP:
        return lambda found: unflatten(structure, [found] if size == 1 else found)
    return picker(structure, count()) or partial(unflatten, structure)


def picker(s: Structure, places: count[int]) -> Callable[[Any], Any] | None:
    """The same for plain tuples, lists and dicts, without looking at the structure again."""
    if s == LEAF:
        return itemgetter(next(places))
    if s.kind not in (tuple, list, dict) or (s.kind is not dict and s.keys):
        return None
    kind: Any = s.kind
    if s.parts and all(part == LEAF for part in s.parts):
        numbers = [next(places) for _ in s.parts]
        some = slice(numbers[0], numbers[-1] + 1)
        if kind is dict:
            return lambda leaves: dict(zip(s.keys, leaves[some], strict=True))
        return lambda leaves: kind(leaves[some])
    parts = [picker(part, places) for part in s.parts]
    if any(part is None for part in parts):
        return None
    if kind is dict:
        pairs = list(zip(s.keys, parts, strict=True))
        return lambda leaves: {k: part(leaves) for k, part in pairs}  # type: ignore[misc]
    if kind is list:
        return lambda leaves: [part(leaves) for part in parts]  # type: ignore[misc]
    return lambda leaves: tuple([part(leaves) for part in parts])  # type: ignore[misc]
