"""The program of a round, or of a branch, on stacks of examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...arrays.tensor import Tensor
from ...base.shapes import ndim_of
from ...engine.batching import Batched, is_batched
from ...programs.closed import Program
from ...rules.conforming import align, stacked
from ...rules.primitive import Traced, new_level


def over_stacks(
    program: Program, size: int, values: Sequence[Any], flags: Sequence[bool]
) -> tuple[list[Any], list[bool]]:
    """The results of a program, of which the flagged inputs are stacks; and which results are."""
    node = Batched(new_level(), size, loop=False)
    inside = [Tensor(x, node) if f else x for x, f in zip(values, flags, strict=True)]
    results = program.results(inside)
    found = [is_batched(y, node) for y in results]
    return [y.value if f else y for y, f in zip(results, found, strict=True)], found


def stack(x: Any, is_stack: bool, size: int) -> Any:
    """`x` as a stack of examples of its own."""
    if is_stack:
        return x
    y = stacked(x, False, size)
    return y if isinstance(y, Traced) else np.array(y)


def chosen(condition: Any, new: Any, old: Any) -> Any:
    """Of each example one of two values."""
    return np.where(align(condition, ndim_of(new) - 1), new, old)
