"""The pattern of a Jacobian or a Hessian, from the traced program of the function."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import NotDifferentiableError, ShapeError
from ..base.shapes import shape_of, size_of
from ..base.trees import Structure, flatten, unflatten
from ..engine.arguments import all_differentiable, check_request, chosen, name_of
from ..engine.graph import TraceNode
from ..programs.closed import example
from ..programs.tracing import traced
from ..rules.conforming import aval_of
from ..rules.primitive import Traced
from ..transforms.gradients import grad
from ..transforms.jacobians import finish
from .pattern import Pattern
from .programs import through
from .sets import Sets, check_size, listed, singletons


class Blocks(NamedTuple):
    """A pattern of all results by all arguments, and what they are."""

    pattern: Pattern
    structure: Structure  # of the results
    structures: list[Structure]  # of the arguments
    outputs: list[tuple[int, ...]]  # shapes
    inputs: list[tuple[int, ...]]

    @property
    def aux(self) -> None:
        return None

    def parts(self) -> list[list[tuple[Pattern, Any]]]:
        """For each result and argument their block, and where its entries are in the pattern."""
        rows, cols = slices(self.outputs), slices(self.inputs)
        return [[self.pattern.block(r, c) for c in cols] for r in rows]

    def nest(self, blocks: list[list[Any]], argnums: Any) -> Any:
        return finish(blocks, self, argnums, False)


def slices(shapes: Sequence[tuple[int, ...]]) -> list[slice]:
    ends = np.cumsum([0, *map(size_of, shapes)]).tolist()
    return [slice(a, b) for a, b in pairwise(ends)]


def sparsity(f: Callable[..., Any], *args: Any, argnums: Any = 0, at: bool = False) -> Any:
    """Where the Jacobian of `f` may have entries that are not zero, as a :class:`Pattern`.

    It is found in the program of `f`, without a derivative: exact where the structure of the
    program is, else too large, never too small. It holds for all real arguments of these shapes;
    integers and truth values, such as arrays of indices, are part of the program. With `at`, it is
    the pattern at this point: of a choice (``np.where``, ``max``, ``sort``) what is chosen there.

    Rows count the entries of the result, columns those of the argument, in the order of ``ravel``.
    For nests, and several arguments, the result is the same nest of patterns as that of
    :func:`jacobian`. A function that looks at a value (``if x > 0``) raises
    `NotDifferentiableError`, unless `at` is true.

    >>> import numpy as np, autodiff as ad
    >>> ad.sparsity(lambda x: np.cumsum(x), np.zeros(3)).dense().astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    >>> ad.sparsity(lambda x: np.max(x), np.array([1.0, 3.0]), at=True).cols
    array([1])
    """
    check_request("sparsity", f, argnums)
    found = blocks_of(f, args, {}, argnums, at)
    return found.nest([[p for p, _ in row] for row in found.parts()], argnums)


def hessian_sparsity(f: Callable[..., Any], *args: Any, argnums: Any = 0, at: bool = False) -> Any:
    """Where the Hessian of a scalar function may have entries that are not zero, as a
    :class:`Pattern`: which entries of the argument interact. The rest is as for :func:`sparsity`.

    >>> import numpy as np, autodiff as ad
    >>> ad.hessian_sparsity(lambda x: np.sum(x**4) + x[0] * x[2], np.zeros(3)).dense().astype(int)
    array([[1, 0, 1],
           [0, 1, 0],
           [1, 0, 1]])
    """
    check_request("hessian_sparsity", f, argnums)
    found = symmetric_blocks_of(f, args, {}, argnums, at)
    return found.nest([[p for p, _ in row] for row in found.parts()], argnums)


def symmetric_blocks_of(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    argnums: Any,
    at: bool = False,
) -> Blocks:
    """The pattern of the gradient's program; what it has on one side only is zero."""
    places = chosen(argnums, args, f)
    found = blocks_of(grad(f, places), args, kwargs, places, at)
    return symmetric_of(found, isinstance(argnums, (tuple, list)))


def symmetric_of(found: Blocks, several: bool) -> Blocks:
    """The pattern of a Hessian from that of the gradient of several arguments."""
    pattern = found.pattern
    turned, _ = pattern.turned
    kept = ~turned.missing(pattern)
    if not kept.all():
        pattern = Pattern.at(pattern.rows[kept], pattern.cols[kept], pattern.shape)
    structure = found.structure if several else found.structure.parts[0]
    return found._replace(pattern=pattern, structure=structure)


def blocks_of(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    argnums: Any,
    at: bool = False,
) -> Blocks:
    try:
        return traced_blocks(f, args, kwargs, argnums, at, abstract=not at)[0]
    except NotDifferentiableError as error:
        if at or not error.cure:
            raise
        raise NotDifferentiableError(
            f"sparsity: the program of {name_of(f)} depends on a value ({error}); use np.where, "
            "autodiff.cond or autodiff.while_loop, or at=True for the pattern at this point"
        ) from error


def traced_blocks(
    f: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    argnums: Any,
    at: bool,
    abstract: bool,
    given: Pattern | None = None,
) -> tuple[Blocks, Callable[..., Any]]:
    """The pattern, and the program that it is of, as a function like `f`."""
    places = chosen(argnums, args, f)
    call, wanted, structures = list(args), [], []
    start = 0
    for k, x in enumerate(args):
        leaves, structure = flatten(x)
        if k in places:
            values = [example(y) for y in all_differentiable(leaves, f, args, (k,))]
            wanted.append(range(start, start + len(leaves)))
            structures.append((k, structure))
        else:
            values = [example(y) for y in leaves]
        call[k] = unflatten(structure, values)
        start += len(leaves)
    changing = {j for j, x in enumerate(flatten((tuple(args), kwargs))[0]) if isinstance(x, Traced)}
    leaves, structure = flatten(kwargs)

    @functools.wraps(f)
    def program(positional: Any, named: Any) -> Any:
        return f(*positional, **named)

    named = unflatten(structure, list(map(example, leaves)))
    with np.errstate(all="ignore"):  # it runs once more for the derivative, and warns there
        graph = traced(program, (tuple(call), named), abstract, checks=False)
    by_place = dict(zip((k for k, _ in structures), wanted, strict=True))
    columns = [graph.held[j] for k in places for j in by_place[k]]
    inputs = [shape_of(x.value) for x in columns]
    size = sum(map(size_of, inputs))
    sets: dict[Any, Sets | None] = {}
    for x, part in zip(columns, slices(inputs), strict=True):
        sets[x] = singletons(shape_of(x.value), part.start, size)
    fixed = {
        x: x.value
        for j, x in enumerate(graph.held)
        if isinstance(x, TraceNode) and j not in changing and x not in sets and is_part(x.value)
    }
    outputs = [shape_of(y.value if isinstance(y, TraceNode) else y) for y in graph.outputs]
    if given is None:
        pattern = joined(through(graph, sets, fixed, at), outputs, size)
    else:
        pattern = given
        shape = (sum(map(size_of, outputs)), size)
        if pattern.shape != shape:
            raise ShapeError(
                f"the pattern has shape {pattern.shape}; the derivative of {name_of(f)} has "
                f"shape {shape}"
            )
    in_order = dict(structures)
    found = [in_order[k] for k in places]
    blocks = Blocks(pattern, graph.out_structure, found, outputs, inputs)
    return blocks, lambda *positional, **named: graph(positional, named)


def is_part(x: Any) -> bool:
    """Is this argument part of the program, as indices and masks are?"""
    dtype = aval_of(x).dtype
    return (dtype.kind if dtype is not None else "iuf"[isinstance(x, float) * 2]) in "iub"


def joined(results: Sequence[Sets | None], shapes: Sequence[tuple[int, ...]], size: int) -> Pattern:
    """The sets of all results as one pattern, a row for each entry."""
    starts, members, total = [np.zeros(1, np.intp)], [], 0
    for found, shape in zip(results, shapes, strict=True):
        if found is None:
            starts.append(np.full(size_of(shape), total))
            continue
        lengths = np.diff(found.table.starts)[found.ids]
        check_size(total + int(lengths.sum()))
        own, some = listed(found)
        starts.append(own[1:] + total)
        members.append(some)
        total += len(some)
    cols = np.concatenate(members) if members else np.zeros(0, np.intp)
    every = np.concatenate(starts)
    return Pattern(every, cols, (len(every) - 1, size))
