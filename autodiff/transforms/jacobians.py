"""Jacobians and Hessians: all rows, or all columns, in one batched sweep."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.above import above
from ..base.errors import NotDifferentiableError
from ..base.made import makes
from ..base.shapes import size_of
from ..base.trees import LEAF, Structure, flatten, unflatten
from ..base.warnings_off import quiet
from ..engine.arguments import (
    argument_names,
    check_request,
    chosen,
    differentiable,
    finish_all,
    name_of,
)
from ..engine.batching import batch_map
from ..engine.reverse_mode import TapeNode, sweep
from ..engine.strong_zeros import concrete, selected
from ..rules.conforming import aval_of
from ..rules.primitive import Traced
from .gradients import (
    check_holomorphic,
    check_pullback,
    grad,
    jvp,
    push,
    scalar_seed,
    unlike,
)
from .tape import Tape


def sparse_by(way: str, *request: Any) -> Callable[..., Any]:
    """The same Jacobian or Hessian as sparse arrays."""
    found: Callable[..., Any] = above("sparse_by")(way, *request)
    return found


def basis(x: Any) -> Any:
    """All unit directions of `x`, stacked along a first axis."""
    shape, dtype = aval_of(x)
    n = size_of(shape)
    return np.eye(n, dtype=dtype or np.float64).reshape(n, *shape)


def in_unit_directions(
    f: Callable[..., Any], stacks: Sequence[Any], size: int, inputs: Sequence[Any]
) -> list[Any]:
    """`f`, linear, on stacks of unit directions, in one batched sweep.

    The zeros of a unit direction are strong zeros, which matters only where a derivative is
    infinite (or another transform is watching, and its derivative may be): else the plain sweep is
    cheaper.
    """

    def strongly(*directions: Any) -> Any:
        return f(*(selected(d, d != 0) for d in directions))

    if not any(isinstance(x, Traced) for x in inputs):
        results: list[Any] = batch_map(f, stacks, size, loop=True)
        seen = [concrete(r) for r in results]
        if not any(r is None or np.isnan(np.sum(r)) for r in seen):
            return results
    return batch_map(strongly, stacks, size, loop=True)


def block(stack: Any, inner: tuple[int, ...], outer: tuple[int, ...], rows_first: bool) -> Any:
    """A Jacobian block of shape (*y.shape, *x.shape) from a stack of rows, or of columns."""
    if rows_first:
        return np.reshape(stack, (*outer, *inner))
    return np.reshape(np.moveaxis(stack, 0, -1), (*inner, *outer))


@makes
def jacrev(
    f: Callable[..., Any],
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    sparse: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by reverse mode: all rows in one batched sweep. Best where outputs are few.

    For ``y = f(x)`` the result has shape ``(*y.shape, *x.shape)``; for nests, a nest of the
    result's structure whose leaves are nests of the argument's structure. Complex arguments with
    real results give df/dx - i df/dy as in :func:`grad`; `holomorphic` functions their complex
    derivative; other complex functions raise `NotDifferentiableError`. The dtype is that of `x`.

    With `sparse`, each leaf is a ``scipy.sparse.csr_array``: see :func:`sparse_jacobian`.

    >>> import numpy as np, autodiff as ad
    >>> ad.jacrev(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    check_request("jacrev", f, argnums)
    if sparse:
        return sparse_by("jacrev", f, argnums, has_aux, holomorphic)

    @functools.wraps(f)
    def jacobian_rows(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
        check_complex("jacrev", tape.outputs, holomorphic, "jacfwd")
        if holomorphic:
            check_pullback(f, tape)
        return finish(tape.resolve(reverse_blocks), tape, argnums, has_aux)

    return jacobian_rows


def check_complex(name: str, one_way: Sequence[Any], holomorphic: bool, other: str) -> None:
    """Unit directions span a complex space only over the complex numbers: refuse what is not
    holomorphic where they would miss half of the derivative."""
    if any(map(np.iscomplexobj, one_way)) and not holomorphic:
        raise NotDifferentiableError(
            f"{name}: complex {'results' if name == 'jacrev' else 'arguments'}; use {other}, pass "
            "holomorphic=True if the function is holomorphic, or take real and imaginary parts"
        )


def reverse_blocks(tape: Tape) -> list[list[Any]]:
    """One list per output leaf, with one Jacobian block per input leaf."""
    blocks = []
    for node, y in zip(tape.nodes, tape.outputs, strict=True):
        shape = aval_of(y).shape
        if node is None:
            blocks.append([block_of_zeros(shape, x) for x in tape.inputs])
            continue

        def rows(y_bar: Any, node: TapeNode = node) -> list[Any]:
            with quiet():
                found = sweep([node], [y_bar], tape.leaves, keep=True)
            return finish_all(found, tape.inputs)

        stacks = in_unit_directions(rows, [basis(y)], size_of(shape), tape.inputs)
        blocks.append(
            [
                block(s, aval_of(x).shape, shape, True)
                for s, x in zip(stacks, tape.inputs, strict=True)
            ]
        )
    return blocks


def block_of_zeros(shape: tuple[int, ...], x: Any) -> Any:
    like = aval_of(x)
    return np.zeros((*shape, *like.shape), like.dtype or np.float64)


@makes
def jacfwd(
    f: Callable[..., Any],
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    sparse: bool = False,
) -> Callable[..., Any]:
    """The Jacobian by forward mode: all columns in one batched sweep. Best where inputs are few.

    Shapes, nests and errors as for :func:`jacrev`; the dtype is that of `y`.

    >>> import numpy as np, autodiff as ad
    >>> ad.jacfwd(lambda t: np.array([1.0, 2.0]) * t)(3.0)
    array([1., 2.])
    """
    check_request("jacfwd", f, argnums)
    if sparse:
        return sparse_by("jacfwd", f, argnums, has_aux, holomorphic)

    @functools.wraps(f)
    def jacobian_columns(*args: Any, **kwargs: Any) -> Any:
        places = chosen(argnums, args, f)
        leaves, structure = flatten(tuple(args[k] for k in places))
        names = [f"{name} of {name_of(f)}" for name in argument_names(args, places)]
        inputs = [differentiable(x, name) for x, name in zip(leaves, names, strict=True)]
        check_complex("jacfwd", inputs, holomorphic, "jacrev")
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

        if holomorphic and any(map(np.iscomplexobj, inputs)):
            along = [unlike(x) if np.iscomplexobj(x) else np.zeros_like(x) for x in inputs]
            turned = [1j * t if np.iscomplexobj(t) else t for t in along]
            check_holomorphic(f, columns(*along), columns(*turned))
        sizes = [size_of(aval_of(x).shape) for x in inputs]
        total = sum(sizes)
        stacks = in_unit_directions(columns, list(directions(inputs, sizes, total)), total, inputs)
        outputs, out_structure = flatten(record["value"])
        blocks = []
        for stack, y in zip(stacks, outputs, strict=True):
            row, start = [], 0
            for x, n in zip(inputs, sizes, strict=True):
                row.append(
                    block(stack[start : start + n], aval_of(y).shape, aval_of(x).shape, False)
                )
                start += n
            blocks.append(row)
        holder = _Result(out_structure, structure.parts, record["value"], record["aux"])
        return finish(blocks, holder, argnums, has_aux)

    return jacobian_columns


def directions(inputs: Sequence[Any], sizes: Sequence[int], total: int) -> Any:
    """For each input a stack of `total` tangents: unit directions in its own slots, else zero."""
    start = 0
    for x, n in zip(inputs, sizes, strict=True):
        shape, dtype = aval_of(x)
        stack: Any = np.zeros((total, n), dtype or np.float64)
        stack[start : start + n] = np.eye(n, dtype=dtype or np.float64)
        yield stack.reshape(total, *shape)
        start += n


class _Result:
    def __init__(
        self, structure: Structure, structures: Sequence[Structure], value: Any, aux: Any
    ) -> None:
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


@makes
def jacobian(
    f: Callable[..., Any],
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    sparse: bool = False,
) -> Callable[..., Any]:
    """The Jacobian, by whichever mode needs fewer directions: reverse mode where the results have
    fewer entries than the arguments, else forward mode (which runs `f` a second time). Shapes,
    nests and errors as for :func:`jacrev`.

    >>> import numpy as np, autodiff as ad
    >>> ad.jacobian(lambda x: np.array([[1.0, 2.0], [3.0, 4.0]]) @ x)(np.array([5.0, 6.0]))
    array([[1., 2.],
           [3., 4.]])
    >>> ad.jacobian(lambda x: x**2, sparse=True)(np.array([1.0, 2.0])).toarray()
    array([[2., 0.],
           [0., 4.]])
    """
    check_request("jacobian", f, argnums)
    if sparse:
        return sparse_by("jacobian", f, argnums, has_aux, holomorphic)
    columns = jacfwd(f, argnums, has_aux, holomorphic)

    @functools.wraps(f)
    def jacobian_either(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
        n_in = sum(size_of(aval_of(x).shape) for x in tape.inputs)
        n_out = sum(size_of(aval_of(y).shape) for y in tape.outputs)
        complex_in, complex_out = (
            any(map(np.iscomplexobj, xs)) and not holomorphic for xs in (tape.inputs, tape.outputs)
        )
        if complex_in or (n_out <= n_in and not complex_out):
            check_complex("jacrev", tape.outputs, holomorphic, "autodiff.vjp")
            if holomorphic:
                check_pullback(f, tape)
            return finish(tape.resolve(reverse_blocks), tape, argnums, has_aux)
        return columns(*args, **kwargs)

    return jacobian_either


@makes
def hessian(
    f: Callable[..., Any],
    argnums: Any = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    sparse: bool = False,
) -> Callable[..., Any]:
    """The Hessian, forward over reverse, all columns in one batched sweep.

    Shape ``(*x.shape, *x.shape)`` for a scalar function, and a Hessian for each entry of any other:
    ``(*y.shape, *x.shape, *x.shape)``. Nests, complex arguments and `holomorphic` as for
    :func:`jacrev`. With `sparse`, of a scalar function alone, each block is a
    ``scipy.sparse.csr_array``, from the sweeps of a star colouring.

    >>> import numpy as np, autodiff as ad
    >>> ad.hessian(lambda x: x[0] ** 2 * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    check_request("hessian", f, argnums)
    if sparse:
        return sparse_by("hessian", f, argnums, has_aux, holomorphic)

    @functools.wraps(f)
    def slopes(*args: Any, **kwargs: Any) -> Any:
        tape = Tape(f, args, kwargs, chosen(argnums, args, f), has_aux)
        if tape.structure.size and not is_scalar(tape):
            check_complex("jacrev", tape.outputs, holomorphic, "autodiff.vjp")
            if holomorphic:
                check_pullback(f, tape)
            return finish(tape.resolve(reverse_blocks), tape, argnums, has_aux)
        found = tape.pull([scalar_seed(tape, f, holomorphic)], keep=holomorphic)
        if holomorphic:
            check_holomorphic(f, found, tape.pull([1j], keep=False))
        gradient = found if isinstance(argnums, (tuple, list)) else found[0]
        return (gradient, tape.aux) if has_aux else gradient

    return jacfwd(slopes, argnums, has_aux, holomorphic)


def is_scalar(tape: Tape) -> bool:
    return tape.structure is LEAF and aval_of(tape.outputs[0]).shape == ()


def hvp(f: Callable[..., Any], x: Any, v: Any) -> Any:
    """Hessian times vector, ``H(x) @ v``, forward over reverse, without forming the Hessian.

    `v` has the shape and structure of `x`, and so has the result; another shape, and a function
    that is not scalar, raise `ShapeError`. A function of several arguments takes them as one tuple.

    >>> import numpy as np, autodiff as ad
    >>> ad.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return jvp(grad(f), (x,), (v,))[1]
