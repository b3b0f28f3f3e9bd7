"""vmap: a function of one example becomes a function of a whole batch, and still runs once.

It takes the arguments apart, finds in every leaf the axis along which the examples lie, runs the
function on values that hide that axis (`batch`), and moves that axis to its place in the results.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from typing import Any

import numpy as np

from ..arrays.dispatch import is_foreign, operand
from ..arrays.tensor import Tensor
from ..base.errors import NotDifferentiableError, ShapeError, counted
from ..base.made import makes
from ..base.shapes import shape_of
from ..base.trees import Leaf, Nothing, Structure, describe, flatten, paths, unflatten
from ..engine.arguments import argument_names, called, check_request, name_of, result_leaf
from ..engine.batching import Batched, a_result, is_batched
from ..rules.conforming import stacked
from ..rules.primitive import Traced, new_level


@makes
def vmap(
    f: Callable[..., Any],
    in_axes: Any = 0,
    out_axes: Any = 0,
    fallback: str | None = None,
    axis_size: int | None = None,
) -> Callable[..., Any]:
    """`f`, written for one example, runs once for a whole batch.

    `in_axes` is the axis along which each argument holds its examples: an int for all arguments, or
    a tuple with one entry for each. An entry is an int, `None` (shared by all examples), or a nest
    that mirrors the top of the argument, as far down as the axes differ. `out_axes` is the axis of
    the examples in the result, in the same forms; `None` marks a part that is the same for all.
    Arrays passed by keyword hold their examples along axis 0; numbers and strings are passed on.
    `axis_size` gives the number of examples where no argument is mapped.

    Inside `f` a value has the shape of one example. What cannot be computed for all examples at
    once is refused by name: ``if x > 0``, ``x[x > 0]``, a row without a batch rule. With
    ``fallback="loop"`` it is computed for one example after the other, and the results are stacked.
    A random number that `f` draws is the same for every example: draw a stack of them, and map over
    it.

    Raises `ShapeError` for batch sizes that differ, an axis that does not exist, nothing to map
    over, or `in_axes` or `out_axes` of another structure, and `NotDifferentiableError` for what is
    refused.

    >>> import numpy as np, autodiff as ad
    >>> ad.vmap(lambda w, x: w @ x, in_axes=(None, 0))(np.ones(2), np.arange(6.0).reshape(3, 2))
    array([1., 5., 9.])

    Per-example gradients, the shape of `w` behind the batch axis:

    >>> loss = lambda w, x, y: (w @ x - y) ** 2
    >>> ad.vmap(ad.grad(loss), (None, 0, 0))(np.ones(2), np.eye(2), np.zeros(2))
    array([[2., 0.],
           [0., 2.]])
    """
    check_request("vmap", f)
    if fallback not in (None, "loop"):
        raise ValueError(f'vmap: fallback={fallback!r} is neither None nor "loop"')
    check_axes(in_axes, "in_axes")
    check_axes(out_axes, "out_axes")
    if axis_size is not None and (not isinstance(axis_size, (int, np.integer)) or axis_size < 0):
        raise ShapeError(f"vmap: axis_size={axis_size!r:.40} is not a number of examples")

    @functools.wraps(f)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        call = Call(f, args, kwargs, in_axes, axis_size)
        try:
            return call.at_once(out_axes, fallback == "loop")
        except NotDifferentiableError:
            if fallback is None:
                raise
            return call.one_by_one(out_axes)

    return mapped


class Call:
    """One call of a mapped function: its leaves, the axis of each that holds examples (counted from
    the front; `None` where all share it), and how many examples there are."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        in_axes: Any,
        axis_size: int | None,
    ) -> None:
        self.f, self.args, self.kwargs = f, args, kwargs
        leaves, self.structure = flatten((args, kwargs))
        self.leaves = [operand(x) if is_foreign(x) else x for x in leaves]
        axes = axes_of_arguments(in_axes, args, f)
        by_keyword = self.leaves[len(axes) :]
        axes += [0 if has_axes(x) else None for x in by_keyword]
        self.axes = [None if axis is None else self._place(axis, k) for k, axis in enumerate(axes)]
        self.size = self._common_size(axis_size)

    def _name(self, k: int) -> str:
        """What a person calls the leaf number `k`: ``argument 0['w']``."""
        names = argument_names(self.args)
        for key, value in self.kwargs.items():
            names += paths(flatten(value)[1], f"argument {key!r}")
        return f"{names[k]} of {name_of(self.f)}"

    def _place(self, axis: Any, k: int) -> int:
        x = self.leaves[k]
        if not isinstance(x, (Traced, float, int, complex)) and not hasattr(x, "dtype"):
            raise ShapeError(
                f"vmap: {self._name(k)} is a {type(x).__name__} ({x!r:.40}), not an array to map "
                "over; give it None in in_axes"
            )
        shape = shape_of(operand(x))
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(
                f"vmap: {self._name(k)} has shape {shape}, so axis {axis} is out of bounds; "
                "give None in in_axes to what all examples share"
                + ("" if shape else ", and np.array(...) makes one array of a list of numbers")
            )
        return operator.index(axis) % len(shape)

    def _common_size(self, axis_size: int | None) -> int:
        mapped = [
            (k, shape_of(self.leaves[k]), axis)
            for k, axis in enumerate(self.axes)
            if axis is not None
        ]
        sizes = {shape[axis] for _, shape, axis in mapped}
        each = (
            f"{self._name(k)} has shape {shape}, with {shape[axis]} along axis {axis}"
            for k, shape, axis in mapped
        )
        if axis_size is not None and sizes <= {axis_size}:
            return axis_size
        if axis_size is not None:
            raise ShapeError(f"vmap: axis_size={axis_size}, but {'; '.join(each)}")
        if not sizes:
            raise ShapeError(
                f"vmap: no argument of {name_of(self.f)} has an axis to map over; give an array an "
                "int in in_axes, or pass axis_size"
            )
        if len(sizes) > 1:
            raise ShapeError(f"vmap: batch sizes differ: {'; '.join(each)}")
        return sizes.pop()

    def at_once(self, out_axes: Any, loop: bool) -> Any:
        """One run of `f`, on batched values."""
        node = Batched(new_level(), self.size, loop)
        y = self._run(
            [
                x if axis is None else Tensor(first(x, axis), node)
                for x, axis in zip(self.leaves, self.axes, strict=True)
            ]
        )
        results, structure = flatten(y)
        outside: list[Any] = []
        for y, axis, name in zip(*results_with_axes(results, structure, out_axes), strict=True):
            y = a_result(y, node)
            if axis is not None:
                stack = y.value if is_batched(y, node) else stacked(y, False, self.size)
                y = with_own_memory(last(stack, axis, name), [*self.leaves, *outside])
            elif is_batched(y, node):
                raise ShapeError(
                    f"vmap: out_axes=None for {name}, which was computed from mapped arguments; "
                    "give it an axis"
                )
            outside.append(y)
        return unflatten(structure, outside)

    def _run(self, leaves: Sequence[Any]) -> Any:
        args, kwargs = unflatten(self.structure, leaves)
        return called(self.f, args, kwargs)

    def one_by_one(self, out_axes: Any) -> Any:
        """A run of `f` for each example; the results stacked."""
        if not self.size:
            raise ShapeError(
                'vmap(..., fallback="loop"): an empty batch has no example to loop over'
            )
        runs = []
        for i in range(self.size):
            example = [
                x if axis is None else one_of(x, axis, i)
                for x, axis in zip(self.leaves, self.axes, strict=True)
            ]
            runs.append(flatten(self._run(example)))
        structure = runs[0][1]
        for _, other in runs:
            if other != structure:
                raise ShapeError(
                    f"vmap: the results differ in structure from example to example: "
                    f"{describe(structure)} and {describe(other)}"
                )
        rows = list(map(list, zip(*(results for results, _ in runs), strict=True)))
        outside = [
            together([result_leaf(as_array(y), "vmap: the function") for y in row], axis, name)
            for row, axis, name in zip(*results_with_axes(rows, structure, out_axes), strict=True)
        ]
        return unflatten(structure, outside)


# -- axes ------------------------------------------------------------------------------------------
def check_axes(axes: Any, what: str) -> None:
    """Refuse what can never be an axis, before the function is called."""
    for axis in flatten(axes)[0]:
        try:
            if isinstance(axis, (bool, np.bool_)):
                raise TypeError
            operator.index(axis)
        except TypeError:
            raise ShapeError(
                f"vmap: {what}={axes!r:.60}: {axis!r:.40} is not an axis (an int or None)"
            ) from None


def axes_of_arguments(in_axes: Any, args: Sequence[Any], f: Callable[..., Any]) -> list[Any]:
    """One axis per leaf of the positional arguments."""
    if flatten(in_axes)[1].kind in (Leaf, Nothing):
        in_axes = (in_axes,) * len(args)
    if not isinstance(in_axes, (tuple, list)):
        raise ShapeError(
            f"vmap: in_axes={in_axes!r:.60} is neither an int, None, nor a tuple with one entry "
            "for each argument"
        )
    if len(in_axes) != len(args):
        raise ShapeError(
            f"vmap: in_axes has {counted(len(in_axes), 'entry', 'entries')} for "
            f"{counted(len(args), 'positional argument')} of "
            f"{name_of(f)}"
        )
    return [
        axis
        for k, (axes, arg) in enumerate(zip(in_axes, args, strict=True))
        for axis in axes_of_leaves(axes, flatten(arg)[1], f"in_axes[{k}]", f"argument {k}")
    ]


def axes_of_leaves(axes: Any, structure: Structure, what: str, of: str) -> list[Any]:
    """One axis per leaf of a nest; an axis, or None, stands for all the leaves below it."""
    given, prefix = flatten(axes)
    found = _spread(prefix, structure, iter(given))
    if found is None:
        raise ShapeError(
            f"vmap: {what} does not mirror the structure of {of}: {describe(prefix)} and "
            f"{describe(structure)}"
        )
    return found


def _spread(prefix: Structure, structure: Structure, given: Iterator[Any]) -> list[Any] | None:
    """The axes of the leaves, in their order; `None` where the prefix has another structure."""
    if prefix.kind is Leaf:
        return [next(given)] * structure.size
    if prefix.kind is Nothing:
        return [None] * structure.size
    ours, theirs = keyed(prefix), keyed(structure)
    dicts = all(isinstance(k, type) and issubclass(k, dict) for k in (prefix.kind, structure.kind))
    if not (dicts or prefix.kind is structure.kind) or ours.keys() != theirs.keys():
        return None
    found = {key: _spread(below, theirs[key], given) for key, below in ours.items()}
    axes: list[Any] = []
    for key in theirs:
        part = found[key]
        if part is None:
            return None
        axes += part
    return axes


def keyed(structure: Structure) -> dict[Any, Structure]:
    """The parts of a nest by their keys: two dicts need not hold theirs in the same order."""
    parts = structure.parts
    keys = structure.keys if len(structure.keys) == len(parts) else range(len(parts))
    return dict(zip(keys, parts, strict=True))


def results_with_axes(
    results: Sequence[Any], structure: Structure, out_axes: Any
) -> tuple[Sequence[Any], list[Any], list[str]]:
    axes = axes_of_leaves(out_axes, structure, "out_axes", "the result")
    return results, axes, list(paths(structure, "the result"))


def has_axes(x: Any) -> bool:
    return bool(getattr(x, "dtype", None) is not None and x.shape)


def first(x: Any, axis: int) -> Any:
    """`x` with its examples along axis 0. (A program may yet re-point its own handle: a copy.)"""
    if axis:
        return np.moveaxis(x, axis, 0)
    return copy(x) if isinstance(x, Traced) else x


def last(stack: Any, axis: Any, name: str) -> Any:
    """A stack of results with its examples along `axis`."""
    ndim = len(shape_of(stack))
    if not -ndim <= axis < ndim:
        raise ShapeError(
            f"vmap: {name} has shape {shape_of(stack)[1:]} for one example, {ndim} axes with that "
            f"of the batch, so out_axes={axis} is out of bounds"
        )
    return np.moveaxis(stack, 0, axis) if axis not in (0, -ndim) else stack


def with_own_memory(y: Any, others: Sequence[Any]) -> Any:
    """A result that the caller may write into: it shares no memory with arguments, nor with another
    result."""
    if not isinstance(y, np.ndarray):
        return y
    shared = any(isinstance(x, np.ndarray) and np.may_share_memory(y, x) for x in others)
    return y.copy() if shared or not y.flags.writeable else y


def one_of(x: Any, axis: int, i: int) -> Any:
    """Example `i`, which a program may write into: a copy."""
    example = x[(*(slice(None),) * axis, i)]
    return example.copy() if isinstance(example, np.ndarray) else example


def as_array(y: Any) -> Any:
    return y if isinstance(y, Traced) else np.asarray(y)


def together(examples: list[Any], axis: int | None, name: str) -> Any:
    """The results of single examples as one."""
    if axis is None:
        raise ShapeError(f'vmap(..., fallback="loop"): out_axes=None for {name}; give it an axis')
    shapes = dict.fromkeys(map(shape_of, examples))
    if len(shapes) > 1:
        raise ShapeError(
            f"vmap: {name} differs in shape from example to example: "
            f"{' and '.join(map(str, shapes))}"
        )
    return last(np.stack(examples), axis, name)
