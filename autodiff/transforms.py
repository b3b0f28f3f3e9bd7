"""The transforms: functions in, functions out, in either mode and to any order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arguments import (
    all_differentiable,
    argument_names,
    called,
    check_like,
    check_request,
    chosen,
    finish_all,
    name_of,
    release,
    result_leaf,
    split_aux,
    zeros_for,
)
from .containers import Structure, describe, flatten, flatten_like, unflatten
from .errors import ShapeError
from .fitting import aval_of, conform_tangent
from .forward import DUAL, tangent_of
from .primitive import ONE, ZERO, Traced, new_level
from .primitives import shaping
from .primitives.linalg_coincidence import UndecidedError, notes
from .quiet import quiet
from .reverse import TAPE, TapeNode, sweep
from .shapes import shape_of, size_of
from .splitting import resolved
from .tensor import Tensor


def names_for(f: Callable[..., Any], args: Sequence[Any], places: Any = None) -> list[str]:
    """What errors call the leaves of the arguments: ``argument 0['W'] of loss``."""
    return [f"{name} of {name_of(f)}" for name in argument_names(args, places)]


# -- reverse mode ------------------------------------------------------------------------------
class Tape:
    """One run of `f` in reverse mode: its results, and the nodes of its inputs and outputs."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        argnums: tuple[int, ...],
        has_aux: bool,
    ) -> None:
        level, tape_node = new_level(), TAPE.get()
        self.made_of = f, args, kwargs, argnums, has_aux
        call = list(args)
        self.inputs: list[Any] = []
        self.leaves: list[TapeNode] = []
        self.structures: list[Structure] = []
        for k in argnums:
            leaves, structure = flatten(args[k])
            values = all_differentiable(leaves, functools.partial(names_for, f, args, (k,)))
            nodes = [tape_node(level) for _ in values]
            call[k] = unflatten(structure, list(map(Tensor, values, nodes)))
            self.inputs += values
            self.leaves += nodes
            self.structures.append(structure)
        y, aux = split_aux(called(f, call, kwargs), has_aux, f)
        self.aux = release(aux, level)
        results, self.structure = flatten(y)
        self.outputs: list[Any] = []
        self.nodes: list[TapeNode | None] = []
        for leaf in results:
            leaf = result_leaf(leaf, name_of(f), level)
            tracked = isinstance(leaf, Traced) and leaf.node.level == level
            self.outputs.append(leaf.value if tracked else leaf)
            self.nodes.append(leaf.node if tracked else None)

    def value(self) -> Any:
        return unflatten(self.structure, self.outputs)

    def resolve(self, sweeps: Callable[[Tape], Any], *watched: Any) -> Any:
        """What `sweeps` make of this tape; where eigenvalues coincide, of others: `splitting`."""
        try:
            return sweeps(self)
        except UndecidedError as undecided:
            again = functools.partial(Tape, *self.made_of)
            return resolved(undecided, (*self.inputs, *watched), again, sweeps)

    def pull(self, cotangents: Sequence[Any], keep: bool) -> tuple[Any, ...]:
        """One cotangent per differentiated argument, in its structure."""
        return self.resolve(lambda tape: tape.pull_once(cotangents, keep), *cotangents)

    def pull_once(self, cotangents: Sequence[Any], keep: bool) -> tuple[Any, ...]:
        seeds = [(n, c) for n, c in zip(self.nodes, cotangents, strict=True) if n is not None]
        with quiet():  # a derivative that is inf or nan is an answer
            found = sweep(seeds, self.leaves, keep)
        bars = finish_all(found, self.inputs)
        parts, start = [], 0
        for structure in self.structures:
            parts.append(unflatten(structure, bars[start : start + structure.size]))
            start += structure.size
        return tuple(parts)


def value_and_grad(
    f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """A function that returns ``(f(...), gradient)`` from one forward run and one reverse sweep.

    `argnums`: the argument, or tuple of arguments, to differentiate in. With `has_aux`, `f` returns
    ``(value, aux)`` and the result is ``((value, aux), gradient)``. The value must be a real
    scalar; in a complex argument z = x + iy the gradient is df/dx - i df/dy. With `holomorphic`,
    arguments and value are complex and the result is the complex derivative.

    >>> import autodiff as ad
    >>> ad.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    check_request("value_and_grad", f, argnums)

    @functools.wraps(f)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
        seed = scalar_seed(tape, f, holomorphic)
        gradients = tape.pull([seed], keep=False)
        gradient = gradients if isinstance(argnums, (tuple, list)) else gradients[0]
        value = tape.value()
        return ((value, tape.aux), gradient) if has_aux else (value, gradient)

    return differentiated


def described(structure: Structure) -> str:
    """What a function returned in place of a number, and what to do about it."""
    if not structure.size:
        return f"{describe(structure)}: is there a `return` missing?"
    cure = "use autodiff.jacobian or autodiff.vjp, or has_aux=True for what goes beside it"
    return f"{describe(structure)}, {structure.size} results; {cure}"


def scalar_seed(tape: Tape, f: Callable[..., Any], holomorphic: bool) -> Any:
    """dy/dy = 1 for a function that returns one scalar, real unless `holomorphic`."""
    if tape.structure.size != 1 or tape.structure.parts:
        raise ShapeError(
            f"grad needs a function that returns one scalar; {name_of(f)} returned "
            f"{described(tape.structure)}"
        )
    shape, dtype = aval_of(tape.outputs[0])
    if shape != ():
        raise ShapeError(
            f"grad needs a function that returns one scalar; {name_of(f)} returned an array of "
            f"shape {shape}; use autodiff.jacobian for its Jacobian, or return np.sum(...)"
        )
    is_complex = dtype is not None and dtype.kind == "c"
    if is_complex and not holomorphic:
        raise ShapeError(
            f"grad needs a real result; {name_of(f)} returned a complex number; "
            "return np.real(...) or np.abs(...), use autodiff.vjp, or say holomorphic=True if it is"
        )
    if holomorphic and not (is_complex and all(map(np.iscomplexobj, tape.inputs))):
        raise ShapeError(
            "holomorphic=True needs complex arguments and a complex result; "
            f"{name_of(f)} maps {[str(aval_of(x).dtype or 'float') for x in tape.inputs]} "
            f"to {dtype or 'float'}"
        )
    return ONE


def grad(
    f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function. Arguments as for :func:`value_and_grad`.

    The gradient has the shape, dtype and structure of its argument.

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda x: np.exp(2 * x))(0.0)
    np.float64(2.0)
    """
    check_request("grad", f, argnums)
    both = value_and_grad(f, argnums, has_aux, holomorphic)

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, g = both(*args, **kwargs)
        return (g, value[1]) if has_aux else g

    return gradient


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``(y, pullback)``; ``pullback(cotangent)`` is a tuple with one cotangent per primal.

    With `has_aux`, ``(y, pullback, aux)``. The pullback may be called any number of times.

    >>> import autodiff as ad
    >>> y, pullback = ad.vjp(lambda a, b: a * b, 2.0, 5.0)
    >>> pullback(1.0)
    (5.0, 2.0)
    """
    tape = Tape(f, primals, {}, tuple(range(len(primals))), has_aux)

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        given = flatten_like(cotangent, tape.structure, "the cotangent")
        checked = [
            check_like(c, y, "the cotangent", f"the result of {name_of(f)}")
            for c, y in zip(given, tape.outputs, strict=True)
        ]
        return tape.pull(checked, keep=True)

    return (tape.value(), pullback, tape.aux) if has_aux else (tape.value(), pullback)


# -- forward mode ------------------------------------------------------------------------------
def jvp(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """``(y, y_dot)``: the value and its derivative in the direction `tangents`, in one sweep.

    `primals` and `tangents` are tuples with one entry per argument. With `has_aux`,
    ``(y, y_dot, aux)``.

    >>> import autodiff as ad
    >>> ad.jvp(lambda x: x**2, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise ShapeError(
            "jvp: primals and tangents must be tuples, one entry per argument: (x,), (dx,)"
        )
    if len(primals) != len(tangents):
        raise ShapeError(f"jvp: {len(primals)} primals but {len(tangents)} tangents")
    leaves, structure = flatten(tuple(primals))
    values = all_differentiable(leaves, functools.partial(names_for, f, primals))
    given = flatten_like(tuple(tangents), structure, "jvp: tangents")
    try:
        directions = [check_like(t, x, "", "") for t, x in zip(given, values, strict=True)]
    except ShapeError:
        directions = [
            check_like(t, x, f"the tangent of {name}", "its primal")
            for t, x, name in zip(given, values, names_for(f, primals), strict=True)
        ]
    return push(f, values, directions, structure, has_aux)


def push(
    f: Callable[..., Any],
    values: Sequence[Any],
    directions: Sequence[Any],
    structure: Structure,
    has_aux: bool,
) -> Any:
    level = new_level()
    dual = DUAL.get()
    duals = [Tensor(x, dual(level, t)) for x, t in zip(values, directions, strict=True)]
    with notes() as undecided:
        y, aux = split_aux(called(f, unflatten(structure, duals), {}), has_aux, f)
    results, out = flatten(y)
    pairs = [tangent_of(result_leaf(leaf, name_of(f), level), level) for leaf in results]
    if undecided and any(holds_nan(t) for _, t in pairs):
        pairs = by_reverse_mode(f, values, directions, structure, has_aux)
    value = unflatten(out, [y for y, _ in pairs])
    slope = unflatten(out, [zeros_for(y) if t is ZERO else t for y, t in pairs])
    return (value, slope, release(aux, level)) if has_aux else (value, slope)


def holds_nan(x: Any) -> bool:
    while isinstance(x, Traced):
        x = x.value
    return x is not ZERO and bool(np.any(np.isnan(x)))


def by_reverse_mode(
    f: Callable[..., Any],
    values: Sequence[Any],
    directions: Sequence[Any],
    structure: Structure,
    has_aux: bool,
) -> list[tuple[Any, Any]]:
    """Values and tangents where forward mode met coinciding eigenvalues, and does not know what is
    done with their vectors: a row of the Jacobian for each entry of the results."""
    args = unflatten(structure, values)
    tape = Tape(f, args, {}, tuple(range(len(args))), has_aux)
    pairs = []
    for y, bars in zip(tape.outputs, tape.resolve(rows_of_jacobian), strict=True):
        slopes = [sum(map(real_product, row, directions)) for row in bars]
        if np.iscomplexobj(y):  # the slopes of the real and of the imaginary part
            slopes = [re + 1j * im for re, im in zip(slopes[::2], slopes[1::2], strict=True)]
        y_dot = np.reshape(np.stack(slopes), shape_of(y)) if slopes else np.zeros_like(y)
        pairs.append((y, conform_tangent(y_dot, y)))
    return pairs


def rows_of_jacobian(tape: Tape) -> list[list[Any]]:
    """For each result, the cotangents of the inputs for each of its entries."""
    found: list[list[Any]] = []
    for k, y in enumerate(tape.outputs):
        seeds: list[Any] = [ZERO] * len(tape.outputs)
        found.append([])
        for unit in np.eye(size_of(shape_of(y))):
            for factor in (1, -1j) if np.iscomplexobj(y) else (1,):
                seeds[k] = np.reshape(factor * unit, shape_of(y))[()]
                found[-1].append(flatten(tape.pull_once(seeds, keep=True))[0])
    return found


def real_product(bar: Any, t: Any) -> Any:
    return np.sum(np.real(bar * t))


def elementwise_grad(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """dy_i/dx_i of a function that works on each entry alone, as an array of the shape of `x`.

    >>> import numpy as np, autodiff as ad
    >>> ad.elementwise_grad(np.tanh)(np.array([0.0]))
    array([1.])
    """

    check_request("elementwise_grad", f, argnums)

    @functools.wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux=False)
        if len(tape.outputs) != 1 or len(tape.inputs) != 1:
            raise ShapeError("elementwise_grad: one array in, one array out; use autodiff.jacobian")
        x, y = aval_of(tape.inputs[0]), aval_of(tape.outputs[0])
        if x.shape != y.shape:
            raise ShapeError(
                f"elementwise_grad: {name_of(f)} maps shape {x.shape} to {y.shape}, so it does not "
                "work entry by entry; use autodiff.jacobian"
            )
        return tape.pull([np.ones_like(tape.outputs[0])], keep=False)[0]

    return derivative


def stop_gradient(x: Any) -> Any:
    """`x` as a constant: its value, with every derivative cut, in a nest of any depth.

    >>> import autodiff as ad
    >>> ad.grad(lambda x: x * ad.stop_gradient(x))(3.0)
    3.0
    """
    leaves, structure = flatten(x)
    return unflatten(structure, [shaping.stop_gradient(leaf) for leaf in leaves])
