"""Sliding windows and their transpose, which adds overlapping windows back together.

Rows of their own for speed: an index with repeats would scatter entry by entry.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rules.kinds import linear


def _windows(a: Any, *, size: int, axis: int) -> Any:
    return np.lib.stride_tricks.sliding_window_view(a, size, axis)


def _overlapped(a: Any, *, size: int, axis: int) -> Any:
    """Window k starts at place k along `axis`, and its own entries are along the last axis."""
    axis -= 1  # the window has an axis of its own, the last
    shape = list(a.shape[:-1])
    count = a.shape[axis]
    shape[axis + 1] = count + size - 1
    out = np.zeros_like(a, shape=tuple(shape))
    tail = (slice(None),) * (-axis - 2)
    for k in range(size):
        out[(..., slice(k, k + count), *tail)] += a[..., k]
    return out


windows = linear(
    "windows",
    _windows,
    lambda y_bar, a, *, size, axis: overlapped(y_bar, size=size, axis=axis),
    text=lambda size, axis: f"windows({{a}}, {size}, axis={axis})",
    batch="trailing",
    entries="moved",
)
overlapped = linear(
    "overlapped",
    _overlapped,
    lambda y_bar, a, *, size, axis: windows(y_bar, size=size, axis=axis),
    text=lambda size, axis: f"overlap-add({{a}}, {size}, axis={axis})",
    batch="trailing",
    entries="added",
)
