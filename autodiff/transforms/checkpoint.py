"""Checkpoints: keep the inputs of a part of the program, and run it again in the reverse sweep.

    forward     x ----> [ f ] ----> y ---->         the tape of f is dropped when f is done
    reverse     x <---- [ f ] <---- y_bar           f runs once more, on the same level, and
                                                    the sweep goes on through its new tape

The new tape joins the old one exactly where the first did, closures included, so a sweep meets the
same operations in the same order: the gradient has the same bits. Source: Chen, Xu, Zhang and
Guestrin, Training Deep Nets with Sublinear Memory Cost (2016); Griewank and Walther, Evaluating
Derivatives (2008), chapter 12.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays.dispatch import unboxed
from ..base.errors import AutodiffError, refuse
from ..base.made import makes
from ..base.trees import flatten, unflatten
from ..engine.arguments import check_function, name_of, whole
from ..engine.forward_mode import Dual
from ..engine.graph import next_order
from ..engine.reverse_mode import FREED, TapeNode
from ..rules.primitive import ZERO, Primitive, Traced, payload


@makes
def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, whose intermediate values are not kept for the reverse sweep but computed again in it.

    Values and gradients have the same bits as those of `f`; memory falls to the arguments and
    results of `f`, at the cost of one more run. `f` may close over tracked values, and checkpoints
    may be nested; forward mode passes through. The second run must do what the first one did: a
    function that draws different random numbers, for example, raises `AutodiffError`.

    >>> import numpy as np, autodiff as ad
    >>> block = ad.checkpoint(lambda x: np.sin(np.sin(np.sin(x))))
    >>> ad.grad(lambda x: np.sum(block(x)))(np.zeros(2))
    array([1., 1.])
    """
    check_function(f, "checkpoint(f)(x)")

    @functools.wraps(f)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        again = Again(f, args, kwargs)
        start = next_order()
        result = f(*args, **kwargs)
        leaves, structure = flatten(result)
        opened = list(map(unboxed, leaves))
        if any(x is not y for x, y in zip(leaves, opened, strict=True)):
            leaves, result = opened, unflatten(structure, opened)
        made = [x.node for x in taped(leaves) if was_made(x.node, start)]
        again.values = [payload(x) for x in leaves] if made else []
        for level in {node.level for node in made}:
            cut(level, leaves, start, again)
        return result

    return checkpointed


def cut(level: int, leaves: Sequence[Any], start: int, again: Again) -> None:
    """Drop the tape of this level between the results and what was there before `start`."""
    nodes = [x.node for x in taped(leaves) if x.node.level == level]
    places: dict[Any, int] = {}  # of results that were made inside: each node once
    for place, node in enumerate(nodes):
        if was_made(node, start):
            places.setdefault(node, place)
    inside, outside = surroundings(places, start)
    if any(node.leaf for node in inside):
        raise refuse(
            "a tensor made inside a checkpoint would be made again in the reverse sweep, and "
            "its gradient would be lost",
            "make it outside, and pass it as an argument",
        )
    recomputed = Recomputed(level, STANDS_FOR_MANY, outside)
    recomputed.order, recomputed.again = start, again
    recomputed.places = list(places.values())
    for k, node in enumerate(places):
        node.pullback, node.inputs = Deposit(k, len(places)), [recomputed]
    for node in inside:
        if node.keeps and node not in places:  # a picture goes on showing it
            node.pullback, node.inputs = None, FREED


def was_made(node: Any, start: int) -> bool:
    """Whether it was computed since `start`: a constant was not."""
    return node.order > start and node.pullback is not None


def surroundings(results: Any, start: int) -> tuple[list[Any], list[Any]]:
    """The nodes made since `start` that `results` depend on, and the older ones that those use."""
    inside: dict[Any, None] = dict.fromkeys(results)
    outside: dict[Any, None] = {}
    stack = list(inside)
    while stack:
        for node in stack.pop().inputs:
            if node in FREED:
                continue
            if node.order < start:
                outside[node] = None
            elif node not in inside:
                inside[node] = None
                stack.append(node)
    return list(inside), list(outside)


class Deposit:
    """The pullback of a result of a checkpoint: its cotangent waits for those of the others."""

    __slots__ = ("count", "k")

    def __init__(self, k: int, count: int) -> None:
        self.k = k
        self.count = count

    def __call__(self, y_bar: Any) -> list[Any]:
        return [tuple(y_bar if k == self.k else ZERO for k in range(self.count))]


STANDS_FOR_MANY = Primitive("checkpoint", unflatten)


class Recomputed(TapeNode):
    """Stands on the tape for everything that a checkpoint dropped; `inputs` are the older nodes
    that it used. When a sweep arrives, every younger operation has been swept."""

    __slots__ = ("again", "places")
    again: Again
    places: list[int]

    def arrive(self, cotangent: Any, found: dict[int, Any]) -> tuple[list[TapeNode], Sequence[Any]]:
        results = [x.node for x in taped(self.again()) if x.node.level == self.level]
        if self.places[-1] >= len(results):
            raise self.again.differs()
        return [results[k] for k in self.places], cotangent


class Again:
    """A call that can be repeated: arguments and closure are kept as they were before the first."""

    def __init__(self, f: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> None:
        self.f = f
        self.closure = [contents(cell) for cell in getattr(f, "__closure__", None) or ()]
        leaves, self.structure = flatten((args, kwargs))
        self.leaves = list(map(own, leaves))
        self.values: list[Any] = []  # what the first call returned

    def __call__(self) -> list[Any]:
        args, kwargs = unflatten(self.structure, list(map(own, self.leaves)))
        leaves, _ = flatten(self.function()(*args, **kwargs))
        leaves = list(map(unboxed, leaves))
        if len(leaves) != len(self.values) or not all(map(same, map(payload, leaves), self.values)):
            raise self.differs()
        return leaves

    def function(self) -> Callable[..., Any]:
        """`f` with variables of its own, as they were: a loop may have moved them on since."""
        f = self.f
        if not isinstance(f, types.FunctionType) or not self.closure:
            return f
        cells = tuple(types.CellType(*map(own, found)) for found in self.closure)
        frozen = types.FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, cells)
        frozen.__kwdefaults__ = f.__kwdefaults__
        return frozen

    def differs(self) -> AutodiffError:
        return AutodiffError(
            f"checkpoint: {name_of(self.f)} returned a different result when the reverse sweep "
            "ran it again; it must depend on its arguments alone: make random generators inside "
            "it from a seed, and do not change what it uses in place"
        )


def contents(cell: Any) -> tuple[Any, ...]:
    """What a variable of a closure holds: one thing, or nothing yet."""
    try:
        return (own(cell.cell_contents),)
    except ValueError:
        return ()


def own(x: Any) -> Any:
    """A handle that nobody else will re-point."""
    return copy(x) if isinstance(x, Traced) else x


def same(a: Any, b: Any) -> bool:
    """Whether two results have the same bits, as far as they are numbers."""
    if not isinstance(b, (np.ndarray, np.generic, float, int, complex)):
        return a.__class__ is b.__class__
    return np.array_equal(a, b, equal_nan=np.asarray(b).dtype.kind in "fc")


def taped(leaves: Sequence[Any]) -> Iterator[Any]:
    """Everything on a tape, of whichever level, in these results: beneath batches, beneath other
    tapes, and in the tangents of forward mode."""
    stack = list(reversed(leaves))
    while stack:
        x = stack.pop()
        if isinstance(x, Traced):
            if isinstance(x.node, TapeNode):
                yield x
            if isinstance(x.node, Dual):
                stack.append(x.node.tangent)
            stack.append(x.value)


@makes
def checkpoint_chain(
    blocks: Sequence[Callable[[Any], Any]], segments: int | None = None
) -> Callable[[Any], Any]:
    """The composition of `blocks`, the first one first, with checkpoints on the way.

    A block takes and returns one array, or one nest. A reverse sweep keeps the inputs of the
    segments and the tape of one segment: with the default of about sqrt(n) segments for n blocks,
    memory grows as sqrt(n), and each block runs once more at most. Raises ValueError unless
    ``1 <= segments <= n``.

    >>> import numpy as np, autodiff as ad
    >>> chain = ad.checkpoint_chain([np.sin] * 100)
    >>> float(ad.grad(chain)(0.0))
    1.0
    """
    if callable(blocks) or not isinstance(blocks, Iterable):
        raise TypeError(f"checkpoint_chain([f, g, ...])(x): {blocks!r:.40} is not a list")
    blocks = tuple(blocks)
    if not blocks:
        raise ValueError("checkpoint_chain([f, g, ...])(x): the list is empty")
    for block in blocks:
        check_function(block, "checkpoint_chain([f, g, ...])(x)")
    if segments is None:
        segments = round(math.sqrt(len(blocks)))
    segments = whole(segments, "checkpoint_chain: segments")
    if not 1 <= segments <= len(blocks):
        raise ValueError(f"checkpoint_chain: segments={segments} for {len(blocks)} blocks")
    ends = [len(blocks) * k // segments for k in range(segments + 1)]
    parts = [functools.partial(run, blocks[a:b]) for a, b in pairwise(ends)]

    def chain(x: Any) -> Any:
        for part in parts[:-1]:
            x = checkpoint(part)(x)
        return parts[-1](x)

    return chain


def run(blocks: Sequence[Callable[[Any], Any]], x: Any) -> Any:
    for block in blocks:
        x = block(x)
    return x
