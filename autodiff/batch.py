"""Batching: one sweep for a stack of examples, or for a stack of directions.

A batched value holds its examples along a first axis that the program does not see. Rows count axes
from the end, so most of them do for the stack, unchanged, what they do for one example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arguments import called, result_leaf
from .containers import Structure, flatten, unflatten
from .errors import ShapeError, refuse
from .fitting import stacked
from .graph import split
from .primitive import Primitive, new_level
from .shapes import negative_axis, shape_of
from .tensor import Tensor


class Batched:
    """The node of a batch: its level, the number of examples, and whether a Python loop over the
    examples may stand in for a row without a batch rule."""

    __slots__ = ("level", "loop", "size")
    batch_axis = True

    def __init__(self, level: int, size: int, loop: bool) -> None:
        self.level = level
        self.size = size
        self.loop = loop

    def record(self, primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
        values, tracked = split(self.level, args)
        flags = [i in tracked for i in range(len(args))]
        y = primitive.batched(self.size, values, flags, params)
        if y is NotImplemented:
            if not self.loop:
                raise refuse(
                    f"vmap: {primitive.name} has no batch rule", 'use vmap(..., fallback="loop")'
                )
            y = self.one_by_one(primitive, values, flags, params)
        if primitive.multiple:
            return tuple(Tensor(part, self) for part in y)
        return Tensor(y, self)

    def one_by_one(self, primitive: Primitive, values: Any, flags: Any, params: Any) -> Any:
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

    def check_concrete(self, what: str) -> None:
        raise refuse(
            f"{what} differs from example to example under vmap", "use np.where instead of `if`"
        )


def batch_map(f: Callable[..., Any], stacks: Sequence[Any], size: int, loop: bool) -> Any:
    """`f` on stacks of examples, each with the batch axis first; results likewise stacked."""
    node = Batched(new_level(), size, loop)
    results = f(*(Tensor(x, node) for x in stacks))
    leaves, structure = flatten(results)
    return unflatten(structure, [unbatched(y, node) for y in leaves])


def unbatched(y: Any, node: Batched) -> Any:
    """The stack behind a batched result; a result that is the same for all is repeated."""
    y = y if isinstance(y, Tensor) else np.asarray(y)
    y = result_leaf(y, "vmap: the function", node.level)
    if isinstance(y, Tensor) and y.node.level == node.level:
        return y.value
    return stacked(y, False, node.size)


def vmap(
    f: Callable[..., Any], in_axes: Any = 0, out_axes: int = 0, fallback: str | None = None
) -> Callable[..., Any]:
    """`f` for a whole batch at once: it is written for one example and runs once for all.

    `in_axes` says along which axis each argument holds its examples (`None`: shared by all); an
    entry may be a nest that mirrors the argument. `out_axes` is where results hold theirs. Rows
    without a batch rule are refused by name unless ``fallback="loop"``.

    >>> import numpy as np, autodiff as ad
    >>> ad.vmap(lambda w, x: w @ x, in_axes=(None, 0))(np.ones(2), np.arange(6.0).reshape(3, 2))
    array([1., 5., 9.])
    """
    if fallback not in (None, "loop"):
        raise ValueError(f'vmap: fallback={fallback!r} is neither None nor "loop"')

    def mapped(*args: Any) -> Any:
        axes = tuple(in_axes) if isinstance(in_axes, (tuple, list)) else (in_axes,) * len(args)
        if len(axes) != len(args):
            raise ShapeError(f"vmap: in_axes has {len(axes)} entries for {len(args)} arguments")
        leaves, structure = flatten(args)
        leaf_axes = [
            k
            for arg, ax in zip(args, axes, strict=True)
            for k in axes_of_leaves(ax, flatten(arg)[1])
        ]
        leaf_axes = [
            None if k is None else negative_axis(k, len(shape_of(x)), "vmap: in_axes")
            for x, k in zip(leaves, leaf_axes, strict=True)
        ]
        sizes = {shape_of(x)[k] for x, k in zip(leaves, leaf_axes, strict=True) if k is not None}
        if len(sizes) != 1:
            raise ShapeError(
                f"vmap: the mapped arguments have batch sizes {sorted(sizes)}; they must agree"
                if sizes
                else "vmap: at least one argument must have an axis to map over"
            )
        node = Batched(new_level(), sizes.pop(), fallback == "loop")
        inside = [
            x if k is None else Tensor(np.moveaxis(x, k, 0), node)
            for x, k in zip(leaves, leaf_axes, strict=True)
        ]
        results, out_structure = flatten(called(f, unflatten(structure, inside), {}))
        outside = [np.moveaxis(unbatched(y, node), 0, out_axes) for y in results]
        return unflatten(out_structure, outside)

    return mapped


def axes_of_leaves(axes: Any, structure: Structure) -> list[Any]:
    """One axis per leaf: a single entry stands for all leaves of an argument."""
    if axes is None or isinstance(axes, int):
        return [axes] * structure.size
    found: list[Any] = []
    children = list(axes.values()) if isinstance(axes, dict) else list(axes)
    if len(children) != len(structure.parts):
        raise ShapeError("vmap: in_axes does not mirror the structure of its argument")
    for axis, part in zip(children, structure.parts, strict=True):
        found.extend(axes_of_leaves(axis, part))
    return found
