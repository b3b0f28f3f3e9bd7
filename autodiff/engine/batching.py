"""Batching: one sweep for a stack of examples, or for a stack of directions.

A batched value holds its examples along a first axis that the program does not see. Rows count axes
from the end, so most of them work on the stack unchanged.

    x            (5, 3)     five examples, as they are stored
    x.shape      (3,)       what the program sees
    sum(x, -1)   (5,)       the same row, the same axis, five answers
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays.refusals import LOOP, NO_BRANCH, refuse_to_look
from ..arrays.tensor import Tensor
from ..base.errors import ShapeError, refuse
from ..base.shapes import shape_of
from ..base.trees import flatten, unflatten
from ..rules.conforming import stacked
from ..rules.primitive import Node, Primitive, Traced, new_level
from .arguments import result_leaf


class Batched(Node):
    """The node of a batch: its level, the number of examples, and whether a Python loop over the
    examples may stand in for a row without a batch rule."""

    __slots__ = ("level", "loop", "size")
    batch_axis = True

    def __init__(self, level: int, size: int, loop: bool) -> None:
        self.level = level
        self.size = size
        self.loop = loop

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        level = self.level
        flags = [isinstance(a, Traced) and a.node.level == level for a in args]
        values = [a.value if flag else a for a, flag in zip(args, flags, strict=True)]
        try:
            y = primitive.batched(self.size, values, flags, params)
        except (IndexError, ValueError) as error:
            raise for_one_example(primitive, values, flags, params, error) from None
        if y is NotImplemented:
            if not self.loop:
                raise refuse(f"vmap: {primitive.title(params)} has no batch rule", f"use {LOOP}")
            y = self.one_by_one(primitive, values, flags, params)
        if primitive.multiple:
            return tuple(Tensor(part, self) for part in y)
        return Tensor(y, self)

    def one_by_one(self, primitive: Primitive, values: Any, flags: Any, params: Any) -> Any:
        if not self.size:
            raise ShapeError(
                f"vmap: {primitive.name} has no batch rule, and an empty batch has no example "
                "to loop over"
            )
        results = [
            primitive(*(v[k] if f else v for v, f in zip(values, flags, strict=True)), **params)
            for k in range(self.size)
        ]
        if primitive.multiple:
            return tuple(np.stack(part) for part in zip(*results, strict=True))
        return np.stack(results)

    def constant(self, value: Any) -> Tensor:
        """A handle on `value` at this level that is the same for every example."""
        return Tensor(stacked(value, False, self.size), self)

    def check_concrete(self, what: str, cure: str = NO_BRANCH) -> bool | None:
        complaint = "differs from example to example under vmap"
        if cure is NO_BRANCH:  # nothing but a loop over the examples runs a `while`
            cure = (
                f"use {LOOP}, which runs `if` and `while` for each example, or np.where for an `if`"
            )
        else:
            cure = f"{cure}, or {LOOP}"
        raise refuse_to_look(what, complaint, cure, self.level)


def batch_map(f: Callable[..., Any], stacks: Sequence[Any], size: int, loop: bool) -> Any:
    """`f` on stacks of examples, each with the batch axis first; results likewise stacked."""
    node = Batched(new_level(), size, loop)
    results = f(*(Tensor(x, node) for x in stacks))
    leaves, structure = flatten(results)
    return unflatten(structure, [unbatched(y, node) for y in leaves])


def unbatched(y: Any, node: Batched) -> Any:
    """The stack behind a batched result; a result that is the same for all is repeated."""
    y = a_result(y, node)
    if is_batched(y, node):
        return y.value
    return stacked(y, False, node.size)


def a_result(y: Any, node: Batched) -> Any:
    return result_leaf(
        y if isinstance(y, Traced) else np.asarray(y), "vmap: the function", node.level
    )


def is_batched(y: Any, node: Batched) -> bool:
    return isinstance(y, Traced) and y.node.level == node.level


def for_one_example(
    primitive: Primitive, values: Any, flags: Any, params: dict[str, Any], error: Exception
) -> Exception:
    """An error about shapes as a single example would have raised it."""
    if primitive.checks:
        return error
    example = [
        np.zeros(shape_of(v)[flag:], v.dtype) if flag or isinstance(v, Traced) else v
        for v, flag in zip(values, flags, strict=True)
    ]
    try:
        primitive(*example, **params)
    except (IndexError, ShapeError) as plainer:
        return plainer
    except (ArithmeticError, TypeError, ValueError):  # zeros may be wrong in ways of their own
        return error
    return error
