"""The sorting rows: the same numbers in another order. The derivative is that permutation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..fitting import stacked
from ..kinds import choice, flat
from ..primitive import Primitive
from .indexing import take_along_axis


def _inverse(permutation: Any, axis: int) -> Any:
    """The permutation that undoes one, in one pass where it is a plain array."""
    if not isinstance(permutation, np.ndarray):
        return np.argsort(permutation, axis=axis)
    places = np.arange(permutation.shape[axis]).reshape(-1, *(1,) * (-axis - 1))
    inverse = np.empty_like(permutation)
    np.put_along_axis(inverse, permutation, places, axis)
    return inverse


def _sorted_row(name: str, value: Callable[..., Any], permutation: Callable[..., Any]) -> Any:
    return choice(
        name,
        value,
        permutation,
        lambda s, a_dot, *, axis, **_: take_along_axis(a_dot, s, axis=axis),
        lambda y_bar, s, a, *, axis, **_: take_along_axis(y_bar, _inverse(s, axis), axis=axis),
        selects="",  # a permutation leaves nothing out
        batch="trailing",
        kinks="ties",
    )


def _partitioned(a: Any, y: Any, *, axis: int, **_: Any) -> Any:
    """The permutation that made `y` of `a`, worked out from both: argpartition may arrange the
    entries within a part in another way than partition does."""
    place = np.argsort(np.argsort(y, axis=axis, kind="stable"), axis=axis)
    return np.take_along_axis(np.argsort(a, axis=axis, kind="stable"), place, axis)


sort = _sorted_row(
    "sort",
    lambda a, *, axis, kind=None: np.sort(a, axis=axis, kind=kind),
    lambda a, y, *, axis, **_: np.argsort(a, axis=axis, kind="stable"),
)
partition = _sorted_row(
    "partition", lambda a, *, kth, axis: np.partition(a, kth, axis=axis), _partitioned
)


# -- flat ------------------------------------------------------------------------------------------
def _batch_search(row: Primitive, size: int, args: Any, flags: Any, **params: Any) -> Any:
    """NumPy searches in one sorted array only; where each example has its own, one by one."""
    sorted_array = 0 if row.name == "searchsorted" else 1
    if not flags[sorted_array]:
        return row(*args, **params)
    examples = zip(*(stacked(a, f, size) for a, f in zip(args, flags, strict=True)), strict=True)
    return np.stack([row(*example, **params) for example in examples])


flat("argsort", np.argsort, batch="trailing")
flat("argpartition", np.argpartition, batch="trailing")
flat("searchsorted", np.searchsorted, batch=_batch_search)
flat("digitize", np.digitize, batch=_batch_search)
