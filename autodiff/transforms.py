"""The transforms: functions in, functions out, in either mode and to any order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .batch import batch_map
from .containers import Structure, describe, flatten, flatten_like, paths, unflatten
from .dispatch import gather
from .errors import AutodiffError, NotDifferentiableError, ShapeError
from .forward import Dual, tangent_of
from .kinds import aval_of, cast, full
from .primitive import ONE, ZERO, Traced, new_level
from .primitives import shaping
from .reverse import TapeNode, sweep
from .shapes import size_of
from .tensor import Tensor


# -- arguments and results ---------------------------------------------------------------------
def differentiable(x: Any, what: str) -> Any:
    """A leaf as something to differentiate in: integers become floats, the rest is refused."""
    if isinstance(x, (Traced, float, complex)) and not isinstance(x, np.ndarray):
        return x
    if isinstance(x, bool):
        raise NotDifferentiableError(f"{what} is a bool; make it a float, or leave it out of argnums")
    if isinstance(x, int):
        return float(x)
    dtype = getattr(x, "dtype", None)
    kind = getattr(dtype, "kind", None)
    if kind is None:
        raise NotDifferentiableError(
            f"{what} is a {type(x).__name__} ({x!r:.40}), not a number or an array; "
            "convert it, or leave it out of argnums"
        )
    if kind in "iu":
        return x.astype(np.float64)
    if kind in "fc":
        return x
    cure = "convert it to numbers, with x.astype(float)" if kind in "OUS" else "make it a float"
    raise NotDifferentiableError(f"{what} has dtype {dtype}; {cure}, or leave it out of argnums")


def chosen(argnums: Any, args: Sequence[Any], f: Callable[..., Any]) -> tuple[int, ...]:
    """`argnums` as a tuple of positions, checked against the arguments given."""
    numbers = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    for k in numbers:
        if not isinstance(k, (int, np.integer)) or isinstance(k, bool):
            raise NotDifferentiableError(f"argnums={argnums!r}: must be an int or a tuple of ints")
        if not -len(args) <= k < len(args):
            raise NotDifferentiableError(
                f"argnums={argnums!r}: {name_of(f)} was called with {len(args)} positional "
                f"argument{'s' if len(args) != 1 else ''}; pass argument {k} by position"
            )
    found = tuple(int(k) % len(args) for k in numbers)
    if len(set(found)) != len(found):
        raise NotDifferentiableError(f"argnums={argnums!r} names an argument twice")
    return found


def name_of(f: Callable[..., Any]) -> str:
    return getattr(f, "__name__", type(f).__name__)


def split_aux(result: Any, has_aux: bool, f: Callable[..., Any]) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ShapeError(f"has_aux=True: {name_of(f)} must return (value, aux), got {result!r:.60}")
    return result


def result_leaf(y: Any, what: str) -> Any:
    """A result as a number or an array; an object array of tracked scalars is gathered."""
    if isinstance(y, (Traced, float, int, complex)):
        return y
    dtype = getattr(y, "dtype", None)
    if dtype is None:
        raise NotDifferentiableError(f"{what} returned {y!r:.60}, not a number or an array")
    if dtype.kind == "O":
        return gather(y)
    if dtype.kind not in "biufc":
        raise NotDifferentiableError(f"{what} returned an array of dtype {dtype}")
    return y


def release(tree: Any, level: int) -> Any:
    """`tree` (an aux result) with this level's tracking taken off."""
    leaves, structure = flatten(tree)
    return unflatten(
        structure,
        [x.value if isinstance(x, Traced) and x.node.level == level else x for x in leaves],
    )


def check_like(t: Any, y: Any, what: str, of: str) -> Any:
    """A tangent or cotangent checked against the shape and dtype of the value it belongs to."""
    if isinstance(t, (bool, str)) or not isinstance(t, (Traced, float, int, complex, np.generic)) and not hasattr(t, "dtype"):
        raise ShapeError(f"{what} is {t!r:.40}, not a number or an array like {of}")
    like, found = aval_of(y), aval_of(t)
    if found.shape != like.shape:
        raise ShapeError(f"{what} has shape {found.shape}, but {of} has shape {like.shape}")
    kind = "f" if found.dtype is None else found.dtype.kind
    if kind not in "iufc":
        raise ShapeError(f"{what} has dtype {found.dtype}, but {of} has dtype {like.dtype}")
    if kind == "c" and (like.dtype is None or like.dtype.kind != "c"):
        raise ShapeError(f"{what} is complex, but {of} is real ({like.dtype or 'float'})")
    if isinstance(t, (int, float, complex)) and not isinstance(t, np.generic):
        return t if like.dtype is None else like.dtype.type(t)
    return cast(t, like.dtype if like.dtype is not None else np.dtype(np.float64))


def finished(bar: Any, x: Any) -> Any:
    """A cotangent of an input as it is handed out: in its shape and dtype, writable, its own."""
    if bar is ZERO:
        return zeros_for(x)
    if bar.__class__ is x.__class__ is np.float64:
        return bar
    like = aval_of(x)
    if like.shape == ():
        return cast(full(bar, like), like.dtype)
    bar = cast(full(bar, like), like.dtype)
    if isinstance(bar, np.ndarray) and not (bar.flags.writeable and bar.flags.owndata):
        bar = bar.copy()
    return bar


def zeros_for(x: Any) -> Any:
    return 0.0 if isinstance(x, float) and not isinstance(x, np.generic) else np.zeros_like(x)


# -- reverse mode ------------------------------------------------------------------------------
class Tape:
    """One run of `f` in reverse mode: its results, and the nodes of its inputs and outputs."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], argnums: tuple[int, ...], has_aux: bool
    ) -> None:
        level = new_level()
        call = list(args)
        self.inputs: list[Any] = []
        self.leaves: list[TapeNode] = []
        self.structures: list[Structure] = []
        for k in argnums:
            leaves, structure = flatten(args[k])
            names = paths(structure, f"argument {k} of {name_of(f)}")
            values = [differentiable(x, name) for x, name in zip(leaves, names, strict=True)]
            nodes = [TapeNode(level) for _ in values]
            call[k] = unflatten(structure, list(map(Tensor, values, nodes)))
            self.inputs += values
            self.leaves += nodes
            self.structures.append(structure)
        y, aux = split_aux(f(*call, **kwargs), has_aux, f)
        self.aux = release(aux, level)
        results, self.structure = flatten(y)
        self.outputs: list[Any] = []
        self.nodes: list[TapeNode | None] = []
        for leaf in results:
            leaf = result_leaf(leaf, name_of(f))
            tracked = isinstance(leaf, Traced) and leaf.node.level == level
            self.outputs.append(leaf.value if tracked else leaf)
            self.nodes.append(leaf.node if tracked else None)

    def value(self) -> Any:
        return unflatten(self.structure, self.outputs)

    def pull(self, cotangents: Sequence[Any], keep: bool) -> tuple[Any, ...]:
        """One cotangent per differentiated argument, in its structure."""
        seeds = [(n, c) for n, c in zip(self.nodes, cotangents, strict=True) if n is not None]
        with np.errstate(all="ignore"):  # a derivative that is inf or nan is an answer
            found = sweep(seeds, self.leaves, keep)
        bars = list(map(finished, found, self.inputs))
        parts, start = [], 0
        for structure in self.structures:
            parts.append(unflatten(structure, bars[start : start + structure.size]))
            start += structure.size
        return tuple(parts)


def value_and_grad(
    f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns ``(f(...), gradient)`` from one forward run and one reverse sweep.

    `argnums`: the argument, or tuple of arguments, to differentiate in. With `has_aux`, `f` returns
    ``(value, aux)`` and the result is ``((value, aux), gradient)``. The value must be a real scalar.

    >>> import autodiff as ad
    >>> ad.value_and_grad(lambda x: x**3)(2.0)
    (8.0, 12.0)
    """

    @functools.wraps(f)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
        seed = scalar_seed(tape, f)
        gradients = tape.pull([seed], keep=False)
        gradient = gradients if isinstance(argnums, (tuple, list)) else gradients[0]
        value = tape.value()
        return ((value, tape.aux), gradient) if has_aux else (value, gradient)

    return differentiated


def scalar_seed(tape: Tape, f: Callable[..., Any]) -> Any:
    """dy/dy = 1 for a function that returns one real scalar; anything else is refused."""
    if tape.structure.size != 1 or tape.structure.parts:
        raise ShapeError(
            f"grad needs a function that returns one scalar; {name_of(f)} returned "
            f"{describe(tape.structure)}; use autodiff.jacobian, or autodiff.vjp"
        )
    shape, dtype = aval_of(tape.outputs[0])
    if shape != ():
        raise ShapeError(
            f"grad needs a function that returns one scalar; {name_of(f)} returned an array of "
            f"shape {shape}; use autodiff.jacobian for its Jacobian, or return np.sum(...)"
        )
    if dtype is not None and dtype.kind == "c":
        raise ShapeError(
            f"grad needs a real result; {name_of(f)} returned a complex number; "
            "return np.real(...) or np.abs(...), or use autodiff.vjp"
        )
    return ONE


def grad(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar function, as a function. Arguments as for :func:`value_and_grad`.

    The gradient has the shape, dtype and structure of its argument.

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda x: np.exp(2 * x))(0.0)
    2.0
    """
    both = value_and_grad(f, argnums, has_aux)

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
        raise ShapeError("jvp: primals and tangents must be tuples, one entry per argument: (x,), (dx,)")
    if len(primals) != len(tangents):
        raise ShapeError(f"jvp: {len(primals)} primals but {len(tangents)} tangents")
    leaves, structure = flatten(tuple(primals))
    names = [f"argument {p[1:]} of {name_of(f)}" for p in paths(structure, "")]
    values = [differentiable(x, name) for x, name in zip(leaves, names, strict=True)]
    given = flatten_like(tuple(tangents), structure, "jvp: tangents")
    directions = [
        check_like(t, x, f"the tangent of {name}", "its primal")
        for t, x, name in zip(given, values, names, strict=True)
    ]
    return push(f, values, directions, structure, has_aux)


def push(
    f: Callable[..., Any], values: Sequence[Any], directions: Sequence[Any], structure: Structure, has_aux: bool
) -> Any:
    level = new_level()
    duals = [Tensor(x, Dual(level, t)) for x, t in zip(values, directions, strict=True)]
    y, aux = split_aux(f(*unflatten(structure, duals)), has_aux, f)
    results, out = flatten(y)
    pairs = [tangent_of(result_leaf(leaf, name_of(f)), level) for leaf in results]
    value = unflatten(out, [y for y, _ in pairs])
    slope = unflatten(out, [zeros_for(y) if t is ZERO else t for y, t in pairs])
    return (value, slope, release(aux, level)) if has_aux else (value, slope)


# -- Jacobians and Hessians --------------------------------------------------------------------
def basis(x: Any) -> Any:
    """All unit directions of `x`, stacked along a first axis."""
    shape, dtype = aval_of(x)
    n = size_of(shape)
    return np.eye(n, dtype=dtype or np.float64).reshape(n, *shape)


def block(stack: Any, inner: tuple[int, ...], outer: tuple[int, ...], rows_first: bool) -> Any:
    """A Jacobian block of shape (*y.shape, *x.shape) from a stack of rows, or of columns."""
    if rows_first:
        return np.reshape(stack, (*outer, *inner))
    return np.reshape(np.moveaxis(stack, 0, -1), (*inner, *outer))


def jacrev(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian by reverse mode: all rows in one batched sweep. Best where outputs are few.

    For ``y = f(x)`` the result has shape ``(*y.shape, *x.shape)``; for nests, a nest of the result's
    structure whose leaves are nests of the argument's structure.

    >>> import numpy as np, autodiff as ad
    >>> ad.jacrev(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    @functools.wraps(f)
    def jacobian_rows(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
        return finish(reverse_blocks(tape), tape, argnums, has_aux)

    return jacobian_rows


def reverse_blocks(tape: Tape) -> list[list[Any]]:
    """One list per output leaf, with one Jacobian block per input leaf."""
    blocks = []
    for node, y in zip(tape.nodes, tape.outputs, strict=True):
        shape = aval_of(y).shape
        if node is None:
            blocks.append([block_of_zeros(shape, x) for x in tape.inputs])
            continue

        def rows(y_bar: Any, node: TapeNode = node) -> list[Any]:
            with np.errstate(all="ignore"):
                found = sweep([(node, y_bar)], tape.leaves, keep=True)
            return list(map(finished, found, tape.inputs))

        stacks = batch_map(rows, [basis(y)], size_of(shape), loop=True)
        blocks.append(
            [block(s, aval_of(x).shape, shape, True) for s, x in zip(stacks, tape.inputs, strict=True)]
        )
    return blocks


def block_of_zeros(shape: tuple[int, ...], x: Any) -> Any:
    like = aval_of(x)
    return np.zeros((*shape, *like.shape), like.dtype or np.float64)


def jacfwd(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian by forward mode: all columns in one batched sweep. Best where inputs are few.

    Shapes as for :func:`jacrev`.

    >>> import numpy as np, autodiff as ad
    >>> ad.jacfwd(lambda t: np.array([1.0, 2.0]) * t)(3.0)
    array([1., 2.])
    """

    @functools.wraps(f)
    def jacobian_columns(*args: Any, **kwargs: Any) -> Any:
        places = chosen(argnums, args, f)
        leaves, structure = flatten(tuple(args[k] for k in places))
        names = [f"argument {p[1:]} of {name_of(f)}" for p in paths(structure, "")]
        inputs = [differentiable(x, name) for x, name in zip(leaves, names, strict=True)]
        record: dict[str, Any] = {}

        def columns(*tangents: Any) -> list[Any]:
            def at(*selected: Any) -> Any:
                call = list(args)
                for k, value in zip(places, selected, strict=True):
                    call[k] = value
                return f(*call, **kwargs)

            pushed = push(at, inputs, tangents, structure, has_aux)
            record["value"], record["aux"] = pushed[0], pushed[2] if has_aux else None
            return flatten(pushed[1])[0]

        sizes = [size_of(aval_of(x).shape) for x in inputs]
        total = sum(sizes)
        stacks = batch_map(columns, list(directions(inputs, sizes, total)), total, loop=True)
        outputs, out_structure = flatten(record["value"])
        blocks = []
        for stack, y in zip(stacks, outputs, strict=True):
            row, start = [], 0
            for x, n in zip(inputs, sizes, strict=True):
                row.append(block(stack[start : start + n], aval_of(y).shape, aval_of(x).shape, False))
                start += n
            blocks.append(row)
        holder = _Result(out_structure, structure.parts, record["value"], record["aux"])
        return finish(blocks, holder, argnums, has_aux)

    return jacobian_columns


def directions(inputs: Sequence[Any], sizes: Sequence[int], total: int) -> Any:
    """For each input a stack of `total` tangents: its unit directions in its own slots, else zero."""
    start = 0
    for x, n in zip(inputs, sizes, strict=True):
        shape, dtype = aval_of(x)
        stack = np.zeros((total, n), dtype or np.float64)
        stack[start : start + n] = np.eye(n, dtype=dtype or np.float64)
        yield stack.reshape(total, *shape)
        start += n


class _Result:
    def __init__(self, structure: Structure, structures: Sequence[Structure], value: Any, aux: Any) -> None:
        self.structure, self.structures, self._value, self.aux = structure, structures, value, aux

    def value(self) -> Any:
        return self._value


def finish(blocks: list[list[Any]], tape: Any, argnums: Any, has_aux: bool) -> Any:
    """Blocks as nests: the result's structure outside, the argument's inside."""
    rows = []
    for row in blocks:
        parts, start = [], 0
        for structure in tape.structures:
            parts.append(unflatten(structure, row[start : start + structure.size]))
            start += structure.size
        rows.append(tuple(parts) if isinstance(argnums, (tuple, list)) else parts[0])
    jacobian = unflatten(tape.structure, rows)
    return (jacobian, tape.aux) if has_aux else jacobian


def jacobian(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Jacobian, by whichever mode needs fewer directions: reverse mode where the results have
    fewer entries than the arguments, else forward mode (which runs `f` a second time).

    >>> import numpy as np, autodiff as ad
    >>> ad.jacobian(lambda x: np.array([[1.0, 2.0], [3.0, 4.0]]) @ x)(np.array([5.0, 6.0]))
    array([[1., 2.],
           [3., 4.]])
    """
    columns = jacfwd(f, argnums, has_aux)

    @functools.wraps(f)
    def jacobian_either(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
        n_in = sum(size_of(aval_of(x).shape) for x in tape.inputs)
        n_out = sum(size_of(aval_of(y).shape) for y in tape.outputs)
        if n_out <= n_in:
            return finish(reverse_blocks(tape), tape, argnums, has_aux)
        return columns(*args, **kwargs)

    return jacobian_either


def hessian(f: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The Hessian of a scalar function, forward over reverse, all columns in one batched sweep.

    >>> import numpy as np, autodiff as ad
    >>> ad.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    return jacfwd(grad(f, argnums, has_aux), argnums, has_aux)


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """Hessian times vector, ``H(x) @ v``, forward over reverse, without forming the Hessian.

    `v` has the shape and structure of `x`, and so has the result.

    >>> import numpy as np, autodiff as ad
    >>> ad.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return jvp(grad(f), (x,), (v,))[1]


def elementwise_grad(f: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """dy_i/dx_i of a function that works on each entry alone, as an array of the shape of `x`.

    >>> import numpy as np, autodiff as ad
    >>> ad.elementwise_grad(np.tanh)(np.array([0.0]))
    array([1.])
    """

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


__all__ = ["AutodiffError"]
