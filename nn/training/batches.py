"""Where a model's examples come from: arrays, cut into shuffled batches, or batches made elsewhere.

An array may be memory-mapped and wider than memory: only the rows of one batch are read at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

import autodiff as ad

from ..requirements import whole

Batch = tuple[Any, ...]  # (x, y)


@dataclass(frozen=True)
class Arrays:
    """Features and targets with one row per example, in batches of `size` rows.

    Arrays in memory have been checked; those on disk are, batch by batch, as they are read.
    """

    X: Any
    y: Any
    size: int
    shuffle: bool
    dtype: Any

    @property
    def steps(self) -> int:
        """How many batches make an epoch."""
        return -(-len(self.X) // self.size)

    @property
    def settings(self) -> dict[str, Any]:
        """What must be the same for a run to go on as it began."""
        return {"examples": len(self.X), "batch_size": self.size, "shuffle": self.shuffle}

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        """Every example once; the last batch may be smaller."""
        n = len(self.X)
        order = rng.permutation(n) if self.shuffle else None
        for start in range(0, n, self.size):
            rows = (
                slice(start, start + self.size)
                if order is None
                else order[start : start + self.size]
            )
            yield tuple(
                as_batch(array[rows], self.dtype, "a batch", isinstance(array, np.memmap))
                for array in (self.X, self.y)
            )


@dataclass(frozen=True)
class Made:
    """Batches ``(x, y)`` from an iterable, which must start over in every epoch."""

    source: Iterable[Batch]
    dtype: Any

    @property
    def steps(self) -> int:
        """How many batches make an epoch, 0 if only going through them tells."""
        return len(self.source) if isinstance(self.source, Sized) else 0

    @property
    def settings(self) -> dict[str, Any]:
        """What must be the same for a run to go on as it began."""
        return {}

    def batches(self, rng: np.random.Generator) -> Iterator[Batch]:
        seen = 0
        for batch in self.source:
            if not isinstance(batch, (tuple, list)) or len(batch) != 2:
                raise TypeError(f"batch {seen} must be a pair (x, y), not {batch!r:.60}")
            checked_lengths(*batch, f"batch {seen}")
            yield tuple(as_batch(part, self.dtype, f"batch {seen}", True) for part in batch)
            seen += 1
        if not seen:
            raise ValueError(
                "this epoch has no batches; a generator runs out after the first epoch: pass a "
                "list, or an object whose __iter__ starts over"
            )


Source = Arrays | Made


def source_of(
    X: Any, y: Any, size: int | None, shuffle: bool | None, dtype: Any, what: str
) -> Source:
    """Arrays where `y` is given, else an iterable of batches."""
    if y is None:
        if size is not None or shuffle is not None:
            raise ValueError(
                f"{what}: batch_size and shuffle are for arrays; without y, X is an iterable whose "
                "batches are used as they are"
            )
        if not isinstance(X, Iterable) or isinstance(X, np.ndarray):
            raise TypeError(f"{what}: y is missing; without it X must be an iterable of (x, y)")
        return Made(X, dtype)
    X, y = (as_array(a, f"{what}: {name}") for a, name in ((X, "X"), (y, "y")))
    checked_lengths(X, y, what)
    for name, array in (("X", X), ("y", y)):
        if not isinstance(array, np.memmap):
            check_finite(array, f"{what}: {name}")
    size = whole(32 if size is None else size, f"{what}: batch_size")
    return Arrays(X, y, size, True if shuffle is None else bool(shuffle), dtype)


def as_array(a: Any, what: str) -> Any:
    """An array, or what has its shape; lists become arrays."""
    if hasattr(a, "shape"):
        return a
    try:
        return np.asarray(a)
    except ValueError as error:
        raise ad.ShapeError(
            f"{what} is not an array: are its rows of the same length? {error}"
        ) from None


def checked_lengths(x: Any, y: Any, what: str) -> None:
    shapes = np.shape(x), np.shape(y)
    if not all(shapes):
        raise ad.ShapeError(f"{what}: x and y must be arrays with one row per example")
    if shapes[0][0] != shapes[1][0]:
        raise ad.ShapeError(f"{what}: {shapes[0][0]} examples but {shapes[1][0]} targets")
    if not shapes[0][0]:
        raise ad.ShapeError(f"{what}: x and y have no examples")


def as_batch(part: Any, dtype: Any, what: str, check: bool) -> Any:
    """The rows of one batch in memory, floats in the parameters' dtype."""
    part = np.asarray(part)
    if check:
        check_finite(part, what)
    return part.astype(dtype, copy=False) if part.dtype.kind == "f" else part


def check_finite(array: Any, what: str) -> None:
    """Refuse nan and infinity. An activation like relu would pass over them in silence."""
    if array.dtype.kind in "OSU":
        cure = (
            "np.unique(labels, return_inverse=True)[1] numbers the classes of a column"
            if array.dtype.kind in "SU"
            else "is an entry missing, or not a number? Otherwise write .astype(float)"
        )
        raise TypeError(f"{what} has dtype {array.dtype}, not numbers; {cure}")
    if array.dtype.kind in "fc" and not np.isfinite(np.sum(array)):
        bad = ~np.isfinite(array)
        if np.any(bad):  # a sum of finite numbers may overflow
            where = tuple(int(k) for k in np.argwhere(bad)[0])
            raise ValueError(
                f"{what} has {np.sum(bad)} entries nan or infinite, the first at {where}"
            )
