"""Regions are sets of entries: what they share, lack and hold is what the sets do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autodiff.compiler.ir.regions import (
    IncomparableError,
    Region,
    clipped,
    listed,
    located,
    overlap,
    region_of,
    regions_of,
    whole,
    without,
)
from autodiff.compiler.ir.views import contiguous

SHAPE = (7, 9)


def random_key(rng: Any) -> tuple[slice, ...]:
    """A slice of every axis, forwards or backwards."""
    key = []
    for n in SHAPE:
        start, stop = sorted(rng.integers(0, n + 1, 2))
        key.append(slice(int(start), max(int(stop), int(start) + 1), int(rng.choice([1, 1, 1, 2]))))
    return tuple(key)


def shown(part: Any, buffer: Any) -> Region | None:
    """The region that a view of a buffer shows."""
    offset = (part.__array_interface__["data"][0] - buffer.ctypes.data) // buffer.itemsize
    strides = tuple(s // buffer.itemsize for s in part.strides)
    return region_of(SHAPE, offset, strides, part.shape)


def random_region(rng: Any) -> Region:
    buffer = np.zeros(SHAPE)
    n = int(rng.integers(0, 4))
    part = buffer[random_key(rng)] if n else np.diagonal(buffer, int(rng.integers(-4, 5)))
    part = part.T if n == 2 else np.flip(part) if n == 3 else part
    region = shown(part, buffer)
    if not part.size or region is None:
        return random_region(rng)
    assert region.size == part.size
    return region


def entries(region: Region) -> set[tuple[int, ...]]:
    return set(map(tuple, listed(region).tolist()))


@pytest.mark.parametrize("seed", range(300))
def test_two_regions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_region(rng), random_region(rng)
    inner = located(b, a)
    assert (inner is not None) == (entries(b) <= entries(a)) or not comparable(a, b)
    if inner is not None:
        assert entries(a.of(inner)) == entries(b)
    try:
        box = overlap(a, b)
    except IncomparableError:
        assert entries(a) & entries(b)
        return
    shared = set() if box is None else entries(a.part(box))
    assert shared == entries(a) & entries(b)
    left = without([a], b)
    assert sum(r.size for r in left) == len(entries(a) - entries(b))
    assert set().union(*map(entries, left)) == entries(a) - entries(b)


@pytest.mark.parametrize("seed", range(100))
def test_what_of_a_region_an_array_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, corner = random_region(rng), rng.integers(0, 4, 2)
    shape = tuple(int(n) for n in rng.integers(1, 5, 2))
    moved = Region(tuple(int(s - c) for s, c in zip(a.start, corner, strict=True)), *a[1:])
    box = clipped(moved, shape)
    found = set() if box is None else entries(moved.part(box))
    assert found == {
        i for i in entries(moved) if all(0 <= k < n for k, n in zip(i, shape, strict=True))
    }


def comparable(a: Region, b: Region) -> bool:
    """Do all steps of `b` stand among those of `a`, up to their sign?"""
    return all(s in a.steps or tuple(-d for d in s) in a.steps for s in b.steps)


def test_a_view_that_wraps_or_repeats_is_no_region() -> None:
    assert region_of((2, 3), 0, (2,), (3,)) is None  # 0 0, 0 2, then 1 1
    assert region_of((2, 3), 0, (0, 1), (2, 3)) is None
    assert region_of((2, 3), 0, contiguous((2, 3)), (2, 3)) == whole((2, 3))


@pytest.mark.parametrize(
    ("mask", "count"),
    [
        (np.eye(9, dtype=bool), 1),
        (np.eye(9, 8, -1, dtype=bool), 1),
        (np.eye(12, dtype=bool).reshape(12, 3, 4), 3),  # each a line: rows of x are few
        (np.eye(400, dtype=bool).reshape(400, 20, 20), 1),  # lines that repeat are a plane
        (np.eye(30, dtype=bool) | np.eye(30, k=1, dtype=bool) | np.eye(30, k=-1, dtype=bool), 3),
        (
            np.eye(90, 100, dtype=bool).reshape(90, 10, 10)
            | np.eye(90, 100, 10, dtype=bool).reshape(90, 10, 10),
            2,
        ),
        (np.zeros((5, 5), dtype=bool), 0),
    ],
)
def test_a_mask_as_regions(mask: Any, count: int) -> None:
    regions = regions_of(mask)
    assert regions is not None
    assert len(regions) == count
    found = np.zeros_like(mask)
    for r in regions:
        assert not found[tuple(listed(r).T)].any()
        found[tuple(listed(r).T)] = True
    assert np.array_equal(found, mask)


def test_a_mask_without_lines_is_no_few_regions() -> None:
    assert regions_of(np.random.default_rng(0).random((60, 60)) < 0.1) is None
