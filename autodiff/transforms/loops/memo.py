"""What the parameters of the rows share: derived loops made once, and lists by their parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from ...rules.primitive import ZERO


class Memo:
    """Remembers the loops that were derived from this one, so that equal loops are one.

    One that computes all that another one does tells of it in `extends`: the other one's `key`, at
    which places its operands stand here, and at which its results."""

    extends: tuple[object, list[int], list[int]] | None = None
    guarded = False  # does it make no round where the values lead along another path? (jit)

    @cached_property
    def key(self) -> object:
        return object()

    def memo(self, key: Any, make: Callable[[], Any]) -> Any:
        made = self.__dict__.setdefault("made", {})
        if key not in made:
            found = made[key] = make()
            for loop in found if isinstance(found, tuple) else (found,):
                if isinstance(loop, Memo):
                    loop.guarded = self.guarded
        return made[key]


def split(items: Sequence[Any], sizes: Iterable[int]) -> tuple[list[Any], ...]:
    """Lists of these sizes, one after the other."""
    found, start = [], 0
    for size in sizes:
        found.append(list(items[start : start + size]))
        start += size
    return tuple(found)


def every_other(sizes: Sequence[int]) -> list[int]:
    """The places of the first of these parts, of the third, and so on."""
    starts = [0, *accumulate(sizes)]
    return [k for i in range(0, len(sizes), 2) for k in range(starts[i], starts[i + 1])]


def spread(items: Iterable[Any], flags: Sequence[bool]) -> list[Any]:
    """Items at the flagged places, `ZERO` elsewhere."""
    supply = iter(items)
    return [next(supply) if f else ZERO for f in flags]


def owned(x: Any) -> Any:
    """A result that is not an operand."""
    return x.copy() if isinstance(x, np.ndarray) else x
