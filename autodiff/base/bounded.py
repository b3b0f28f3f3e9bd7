"""Caches that cannot grow without end: each has a limit, and `caches` shows all of them.

What grows with the programs that are run is either a table, `Bounded`, or the results of a
function, `cached`. A look-up costs what it costs in a dict, because a table does not record which
entries are used: a full one drops the older half, and what is still needed is made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakSet

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

K = TypeVar("K")
V = TypeVar("V")


class Bounded(dict[K, V]):
    """A dict of at most `limit` entries, which are written by ``cache[key] = value`` alone. Threads
    that write at the same moment may each exceed it by one entry, until the next write."""

    __slots__ = ("__weakref__", "limit", "name")
    # One cache is not another that happens to hold the same.
    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    def __init__(self, name: str, limit: int) -> None:
        super().__init__()
        self.name, self.limit = name, limit
        TABLES.add(self)

    def __setitem__(self, key: K, value: V) -> None:
        if len(self) >= self.limit and key not in self:
            for old in list(self)[: (len(self) + 1) // 2]:
                self.pop(old, None)
        super().__setitem__(key, value)


def cached(limit: int) -> Callable[[Callable[..., V]], _lru_cache_wrapper[V]]:
    """``functools.lru_cache`` that `caches` shows."""

    def decorate(function: Callable[..., V]) -> _lru_cache_wrapper[V]:
        remembering = lru_cache(limit)(function)
        FUNCTIONS.append(remembering)
        return remembering

    return decorate


TABLES: WeakSet[Bounded[Any, Any]] = WeakSet()
FUNCTIONS: list[_lru_cache_wrapper[Any]] = []


class Usage(NamedTuple):
    """How full the caches of one name are: how many there are, the most entries that one of them
    has, and how many it may have."""

    caches: int
    largest: int
    limit: int


def caches() -> dict[str, Usage]:
    """Every cache of the package by its name.

    >>> from autodiff.base.bounded import caches
    >>> all(used.largest <= used.limit for used in caches().values())
    True
    """
    found: dict[str, Usage] = {}
    for name, size, limit in sizes():
        before = found.get(name, Usage(0, 0, limit))
        found[name] = Usage(before.caches + 1, max(before.largest, size), limit)
    return dict(sorted(found.items()))


def sizes() -> Iterator[tuple[str, int, int]]:
    for table in list(TABLES):
        yield table.name, len(table), table.limit
    for function in FUNCTIONS:
        info = function.cache_info()
        assert info.maxsize is not None
        yield f"{function.__module__}.{function.__name__}", info.currsize, info.maxsize
