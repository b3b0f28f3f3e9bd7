"""The transforms: functions in, functions out, in either mode and to any order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays.dispatch import unboxed
from ..arrays.tensor import Tensor
from ..base.errors import NotDifferentiableError, ShapeError, counted
from ..base.made import made, makes
from ..base.shapes import shape_of, size_of
from ..base.trees import LEAF, Structure, describe, flatten, flatten_like, unflatten
from ..engine.arguments import (
    all_differentiable,
    called,
    check_like,
    check_request,
    chosen,
    name_of,
    names_for,
    result_leaf,
    split_aux,
    zeros_for,
)
from ..engine.forward_mode import tangent_of
from ..engine.fused.forward import DUAL
from ..engine.graph import is_at
from ..primitives import shaping
from ..primitives.linalg.coincidence import notes
from ..rules.conforming import aval_of, conform_tangent, is_scalar
from ..rules.primitive import ONE, ZERO, new_level, nodes_of, payload
from .tape import Tape


# -- reverse mode ------------------------------------------------------------------------------
@makes
def value_and_grad(
    f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """A function that returns ``(f(...), gradient)`` from one forward run and one reverse sweep.

    `argnums`: the argument, or tuple of arguments, to differentiate in. With `has_aux`, `f` returns
    ``(value, aux)`` and the result is ``((value, aux), gradient)``. The value must be a real
    scalar; in a complex argument z = x + iy the gradient is df/dx - i df/dy. With `holomorphic`,
    arguments and value are complex and the result is the complex derivative. The gradient has the
    shape, dtype and structure of its argument; integers count as floats.

    Raises `ShapeError` for a value that is not a real scalar, and `NotDifferentiableError` for an
    argument that is not a number, or an operation that has no derivative; the message says what to
    write instead.

    >>> import autodiff as ad
    >>> ad.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    check_request("value_and_grad", f, argnums)

    @functools.wraps(f)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        tape, gradient = swept(f, argnums, has_aux, holomorphic, args, kwargs)
        value = tape.value()
        return ((value, tape.aux), gradient) if has_aux else (value, gradient)

    return differentiated


def swept(
    f: Callable[..., Any],
    argnums: Any,
    has_aux: bool,
    holomorphic: bool,
    args: Sequence[Any],
    kwargs: dict[str, Any],
) -> tuple[Tape, Any]:
    """The tape of a scalar function, and its gradient."""
    tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
    gradients = tape.pull([scalar_seed(tape, f, holomorphic)], keep=holomorphic)
    if holomorphic:
        check_holomorphic(f, gradients, tape.pull([1j], keep=False))
    return tape, gradients if isinstance(argnums, (tuple, list)) else gradients[0]


def check_pullback(f: Callable[..., Any], tape: Tape) -> None:
    """The same for results of any shape, pulled back together."""
    check_complex_ends(f, tape.inputs, tape.outputs)
    seeds = [unlike(y) for y in tape.outputs]
    check_holomorphic(f, *(tape.pull([c * s for s in seeds], keep=True) for c in (1, 1j)))


def unlike(x: Any) -> Any:
    """A complex direction in the shape of `x` of which no two entries are alike."""
    shape, dtype = aval_of(x)
    return np.exp(1j * np.arange(1, size_of(shape) + 1)).reshape(shape).astype(dtype)


def check_holomorphic(f: Callable[..., Any], slopes: Any, turned: Any) -> None:
    """The Cauchy-Riemann equations: i times a direction, or cotangent, gives i times the slope."""
    for g, t in zip(flatten(slopes)[0], flatten(turned)[0], strict=True):
        for node in (*nodes_of(g), *nodes_of(t)):
            node.looked_at("holomorphic=True")
        g, t = np.asarray(payload(g)), np.asarray(payload(t))
        finite = np.isfinite(g) & np.isfinite(t)
        close = np.sqrt(np.finfo(g.dtype).eps) * np.max(np.abs(g[finite]), initial=0)
        if np.any(np.abs(t - 1j * g)[finite] > close):
            raise NotDifferentiableError(
                f"holomorphic=True: {name_of(f)} is not holomorphic: its derivative depends on the "
                "direction, as that of conj, real, imag and abs does; leave holomorphic out and "
                "return a real number, or use autodiff.vjp"
            )


def described(structure: Structure) -> str:
    """What a function returned in place of a number, and what to do about it."""
    if not structure.size:
        return f"{describe(structure)}: is a `return` missing?"
    cure = "use autodiff.jacobian or autodiff.vjp, or has_aux=True for the other results"
    return f"{describe(structure)}, {counted(structure.size, 'result')}; {cure}"


def scalar_seed(tape: Tape, f: Callable[..., Any], holomorphic: bool) -> Any:
    """dy/dy = 1 for a function that returns one scalar, real unless `holomorphic`."""
    if tape.structure is LEAF and is_scalar(tape.outputs[0]) and not holomorphic:
        return ONE
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
            "return np.real(...) or np.abs(...), use autodiff.vjp, or pass holomorphic=True if the "
            "function is holomorphic"
        )
    if holomorphic:
        check_complex_ends(f, tape.inputs, tape.outputs)
    return ONE


def check_complex_ends(
    f: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]
) -> None:
    if not all(map(np.iscomplexobj, (*inputs, *outputs))):
        before, after = ([str(aval_of(x).dtype or "float") for x in xs] for xs in (inputs, outputs))
        raise ShapeError(
            "holomorphic=True needs complex arguments and a complex result; "
            f"{name_of(f)} maps {before} to {after[0] if len(after) == 1 else after}"
        )


@makes
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

    @functools.wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        tape, g = swept(f, argnums, has_aux, holomorphic, args, kwargs)
        return (g, tape.aux) if has_aux else g

    return gradient


def vjp(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``(y, pullback)``; ``pullback(cotangent)`` is a tuple with one cotangent per primal.

    With `has_aux`, ``(y, pullback, aux)``. The pullback may be called any number of times. A
    cotangent has the structure, shape and dtype of `y`, and the results those of the primals; a
    cotangent of another structure or shape raises `ShapeError`.

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

    pullback = made(pullback, pullback_of, f, primals, has_aux)
    return (tape.value(), pullback, tape.aux) if has_aux else (tape.value(), pullback)


def pullback_of(f: Callable[..., Any], primals: Sequence[Any], has_aux: bool) -> Any:
    return vjp(f, *primals, has_aux=has_aux)[1]


# -- forward mode ------------------------------------------------------------------------------
def jvp(f: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """``(y, y_dot)``: the value and its derivative in the direction `tangents`, in one sweep.

    `primals` and `tangents` are tuples with one entry per argument. A tangent has the structure,
    shape and dtype of its primal, `y_dot` those of `y`; a mismatch raises `ShapeError`. With
    `has_aux`, ``(y, y_dot, aux)``.

    >>> import autodiff as ad
    >>> ad.jvp(lambda x: x**2, (3.0,), (1.0,))
    (9.0, 6.0)
    """
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise ShapeError(
            "jvp: primals and tangents must be tuples, one entry per argument: (x,), (dx,)"
        )
    if len(primals) != len(tangents):
        raise ShapeError(
            f"jvp: {counted(len(primals), 'primal')} but {counted(len(tangents), 'tangent')}"
        )
    leaves, structure = flatten(tuple(primals))
    values = all_differentiable(leaves, f, primals)
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
    level, dual = new_level(), DUAL.get()
    duals = [Tensor(x, dual(level, t)) for x, t in zip(values, directions, strict=True)]
    with notes() as undecided:
        y, aux = called(f, unflatten(structure, duals), {}), None
    if has_aux:
        y, aux = split_aux(y, level, f)
    results, out = flatten(y)
    outputs: list[Any] = []
    slopes: list[Any] = []
    for leaf in results:
        if not is_at(leaf, level):
            leaf = result_leaf(leaf, name_of(f), level)
        y, y_dot = tangent_of(leaf, level)
        outputs.append(y)
        slopes.append(zeros_for(y) if y_dot is ZERO else y_dot)
    if undecided and any(map(holds_nan, slopes)):
        outputs, slopes = by_reverse_mode(f, values, directions, structure, has_aux)
    value = unflatten(out, outputs)
    slope = unflatten(out, slopes)
    return (value, slope, aux) if has_aux else (value, slope)


def holds_nan(x: Any) -> bool:
    x = payload(x)
    return x is not ZERO and bool(np.any(np.isnan(x)))


def by_reverse_mode(
    f: Callable[..., Any],
    values: Sequence[Any],
    directions: Sequence[Any],
    structure: Structure,
    has_aux: bool,
) -> tuple[list[Any], list[Any]]:
    """Values and tangents where forward mode met coinciding eigenvalues, and cannot know how their
    vectors are used: a row of the Jacobian for each entry of the results."""
    args = unflatten(structure, values)
    tape = Tape(f, args, {}, tuple(range(len(args))), has_aux)
    tangents = []
    for y, bars in zip(tape.outputs, tape.resolve(rows_of_jacobian), strict=True):
        slopes = [sum(map(real_product, row, directions)) for row in bars]
        if np.iscomplexobj(y):  # the slopes of the real and of the imaginary part
            slopes = [re + 1j * im for re, im in zip(slopes[::2], slopes[1::2], strict=True)]
        y_dot = np.reshape(np.stack(slopes), shape_of(y)) if slopes else np.zeros_like(y)
        tangents.append(conform_tangent(y_dot, y))
    return tape.outputs, tangents


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


@makes
def elementwise_grad(f: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """dy_i/dx_i of a function that works on each entry alone, as an array of the shape of `x`.

    Every differentiated array, in several arguments or a nest, must have the shape of the result;
    another shape raises `ShapeError`.

    >>> import numpy as np, autodiff as ad
    >>> ad.elementwise_grad(np.tanh)(np.array([0.0]))
    array([1.])
    """

    check_request("elementwise_grad", f, argnums)

    @functools.wraps(f)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux=False)
        if tape.structure is not LEAF:
            raise ShapeError(
                f"elementwise_grad: {name_of(f)} returned {describe(tape.structure)}, not one array"
                "; use autodiff.jacobian"
            )
        y = aval_of(tape.outputs[0])
        for x in map(aval_of, tape.inputs):
            if x.shape != y.shape:
                raise ShapeError(
                    f"elementwise_grad: {name_of(f)} maps shape {x.shape} to {y.shape}, so it does "
                    "not work entry by entry; use autodiff.jacobian"
                )
        slopes = tape.pull([np.ones_like(tape.outputs[0])], keep=False)
        return slopes if isinstance(argnums, (tuple, list)) else slopes[0]

    return derivative


def stop_gradient(x: Any) -> Any:
    """`x` as a constant: its value, with every derivative cut, in a nest of any depth.

    >>> import autodiff as ad
    >>> ad.grad(lambda x: x * ad.stop_gradient(x))(3.0)
    3.0
    """
    leaves, structure = flatten(x)
    return unflatten(structure, [shaping.stop_gradient(unboxed(leaf)) for leaf in leaves])
