"""The laws that every row of the table obeys, each a function that raises where a case breaks it.

`test_rows` tries them on the rows as they are, `test_mutations` on rows made 1 % wrong: a law that
nothing could break would say nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from strategies import Case, is_float

from autodiff import NotDifferentiableError, grad, jacfwd, jacrev, jvp, vjp, vmap
from autodiff.arrays.tensor import Tensor
from autodiff.base.trees import flatten, unflatten
from autodiff.checking.finite_differences import slope_at_zero
from autodiff.engine.graph import TraceLevel, TraceNode
from autodiff.rules.primitive import new_level

ROUNDING = 1e-9  # of a derivative, relative to the largest entry, where NumPy rounds to 2e-16
EXACT_KINDS = ("elementwise", "flat", "choice")  # batching repeats each entry's arithmetic


# -- first order -----------------------------------------------------------------------------------
def forward_mode_is_finite_difference(case: Case, rng: np.random.Generator) -> None:
    t = directions(case.inputs, rng)
    close(jvp(case, case.inputs, t)[1], *slopes(case, case.inputs, t), "forward mode")


def reverse_mode_is_transpose_of_forward_mode(case: Case, rng: np.random.Generator) -> None:
    """<g, J t> = <J^T g, t>: holds at ties, kinks and bounds too."""
    t = directions(case.inputs, rng)
    y, y_dot = jvp(case, case.inputs, t)
    g = directions(y, rng)
    x_bar = vjp(case, *case.inputs)[1](g)
    pushed, size = inner(g, y_dot)
    pulled, other_size = inner(x_bar, t)
    if np.isfinite(size) and np.isfinite(other_size):
        gap = abs(pushed - pulled)
        assert gap <= ROUNDING * max(size, other_size), f"<g, J t> {pushed}, <J^T g, t> {pulled}"
    else:  # a vertical tangent: infinite in both modes
        assert np.isfinite(size) == np.isfinite(other_size)


def jacobians_agree(case: Case, rng: np.random.Generator) -> None:
    """All rows in one batched reverse sweep, all columns in one forward sweep: the same matrix.
    (A complex function has a Jacobian only if it is holomorphic: tests of complex numbers.)"""
    ends = [*case.inputs, *flatten(case(*case.inputs))[0]]
    if any(np.asarray(a).dtype.kind == "c" for a in ends):
        return
    places = tuple(range(len(case.inputs)))
    rows, columns = jacrev(case, places)(*case.inputs), jacfwd(case, places)(*case.inputs)
    close(columns, rows, 0.0, "jacfwd and jacrev")
    blocks = flatten(rows)[0]
    if not all(np.all(np.isfinite(b)) for b in blocks):
        return
    t = directions(case.inputs, rng)
    y_dots = flatten(jvp(case, case.inputs, t)[1])[0]
    for k, y_dot in enumerate(y_dots):
        mine = blocks[k * len(places) : (k + 1) * len(places)]
        product = sum(np.tensordot(b, d, np.ndim(d)) for b, d in zip(mine, t, strict=True))
        close(product, y_dot, 0.0, "J t and forward mode")


# -- second order ----------------------------------------------------------------------------------
def second_order_in_all_four_nestings(case: Case, rng: np.random.Generator) -> None:
    """H t by forward over reverse, reverse over reverse, reverse over forward, and u^T H t by
    forward over forward, all against a finite difference of the gradient of <g, f>."""
    x = case.inputs
    t, u = directions(x, rng), directions(x, rng)
    g = directions(case(*x), rng)

    def gradient(*x: Any) -> Any:
        return vjp(case, *x)[1](g)

    def slope(*x: Any) -> Any:
        return total(g, jvp(case, x, t)[1])

    expected, error = slopes(gradient, x, t)
    close(jvp(gradient, x, t)[1], expected, error, "forward over reverse")
    close(vjp(gradient, *x)[1](t), expected, error, "reverse over reverse")
    close(vjp(slope, *x)[1](1.0), expected, error, "reverse over forward")
    curvature, size = inner(u, expected)
    slack = inner(u, error)[1] + ROUNDING * size
    close(jvp(slope, x, u)[1], curvature, slack, "forward over forward")


# -- what meets a row in a program -----------------------------------------------------------------
def constants_reach_a_row_in_every_form(case: Case, rng: np.random.Generator) -> None:
    """``3 * f(x)`` sends 3 back, ``1 - f(x)`` a structural -1, ``np.sum(f(x))`` a 1 without a
    shape: each is the cotangent that it broadcasts to."""
    y, pullback = vjp(case, *case.inputs)
    parts = flatten(y)[0]
    if any(np.asarray(a).dtype.kind == "c" for a in (*case.inputs, *parts)):
        return
    for c in (1, -1, 3, -2.5, True):

        def scaled(*x: Any, c: Any = c) -> Any:
            each = flatten(case(*x))[0]
            return sum(c * (np.sum(part) if np.ndim(part) else part) for part in each)

        found = grad(scaled, tuple(range(len(case.inputs))))(*case.inputs)
        close(found, pullback(constant(y, c)), 0.0, f"{c} as a cotangent")


def integers_beside_are_the_floats_they_are(case: Case, dtype: Any) -> None:
    """A constant argument may be of integers or truth values, which wrap around or are or-ed when
    they are added: derivatives are floats."""
    for k in case.wanted:
        others = tuple(j for j in case.wanted if j != k)
        whole = np.asarray(100 * np.real(case.args[k])).astype(np.int64).astype(dtype)[()]
        if not others or np.asarray(case.args[k]).dtype.kind == "c":
            continue

        def total_of(*x: Any, given: Any, others: Any = others, k: int = k) -> Any:
            args = [given if j == k else a for j, a in enumerate(case.args)]
            for j, a in zip(others, x, strict=True):
                args[j] = a
            y = case.row(*args, **case.params)
            return sum(np.sum(np.real(part)) for part in flatten(y)[0])

        def thrice(*x: Any, given: Any, f: Any = total_of) -> Any:
            return -f(*x, given=given) - f(*x, given=given) - f(*x, given=given)

        x = tuple(case.args[j] for j in others)
        slope = grad(thrice, tuple(range(len(x))))
        close(slope(*x, given=whole), slope(*x, given=whole.astype(float)), 0.0, "integers beside")


# -- dtypes, shapes, bits --------------------------------------------------------------------------
def gradients_have_the_inputs_dtype_and_shape(case: Case, dtypes: Sequence[Any]) -> None:
    """Each in its own, beside others of other dtypes; tangents in that of the value."""
    pairs = zip(case.inputs, dtypes, strict=True)
    x = tuple(a if a.__class__ is float else in_dtype(a, dtype) for a, dtype in pairs)
    try:
        plain = case(*x)
    except TypeError:  # LAPACK has no half precision, and SciPy no extended one
        return
    y, pullback = vjp(case, *x)
    for before, bar in zip(x, pullback(constant(y, 0.5)), strict=True):
        same_type(bar, before, "gradient")
    for value, dot in zip(*(flatten(z)[0] for z in jvp(case, x, constant(x, 0.5))), strict=True):
        same_type(dot, value, "tangent")
    for value, expected in zip(flatten(y)[0], flatten(plain)[0], strict=True):
        same_type(value, expected, "value")


def single_precision_agrees_with_double(case: Case, rng: np.random.Generator) -> None:
    t = directions(case.inputs, rng)
    small = [tuple(in_dtype(a, np.float32) for a in x) for x in (case.inputs, t)]
    y_dot = jvp(case, case.inputs, t)[1]
    close(jvp(case, *small)[1], y_dot, 1e-3 * size_of(y_dot), "float32")


def watching_never_changes_a_value(case: Case) -> None:
    """Plain, taped, dual, traced and batched evaluation: NumPy's own bits."""
    with np.errstate(all="ignore"):
        expected = case.by_numpy()
        same_bits(case.row(*case.args, **case.params), expected, "plain")
        same_bits(traced(case), expected, "traced")
        x = case.inputs
        if not x:
            return
        same_bits(vjp(case, *x)[0], expected, "taped")
        same_bits(jvp(case, x, constant(x, 1.0))[0], expected, "dual")
        if case.row.kind in EXACT_KINDS:  # a sum over a stack may add in another order
            stacks = [np.asarray(a)[None] for a in x]
            alone, structure = flatten(vmap(case, fallback="loop")(*stacks))
            same_bits(unflatten(structure, [y[0] for y in alone]), expected, "batched")


def traced(case: Case) -> Any:
    level = TraceLevel(new_level())
    args = [
        Tensor(a, TraceNode(level, None, (), {}, a)) if k in case.wanted else a
        for k, a in enumerate(case.args)
    ]
    y = case.row(*args, **case.params)
    leaves, structure = flatten(y)
    return unflatten(structure, [a.value if isinstance(a, Tensor) else a for a in leaves])


def arguments_are_left_alone(case: Case, rng: np.random.Generator) -> None:
    """No sweep writes into its inputs, and a pullback gives the same answer twice."""
    before = [np.array(a, copy=True) for a in case.inputs]
    y, pullback = vjp(case, *case.inputs)
    g = directions(y, rng)
    copies = [np.array(a, copy=True) for a in flatten(g)[0]]
    first, second = pullback(g), pullback(g)
    jvp(case, case.inputs, directions(case.inputs, rng))
    after = [*case.inputs, *flatten(g)[0], *first]
    for a, b in zip(after, [*before, *copies, *second], strict=True):
        same_bits(a, b, "after the sweep")


def sweeps_leave_no_reference_cycles(case: Case, rng: np.random.Generator) -> None:
    """Without the garbage collector, everything a sweep made is freed when it is dropped."""
    t = directions(case.inputs, rng)
    g = directions(case(*case.inputs), rng)
    gc.disable()
    gc.freeze()  # what is older than this test is not looked at
    try:
        jvp(case, case.inputs, t)
        vjp(case, *case.inputs)[1](g)
        vjp(lambda *x: vjp(case, *x)[1](g), *case.inputs)[1](t)
        found = gc.collect()
    finally:
        gc.unfreeze()
        gc.enable()
    assert found == 0, f"{found} objects in reference cycles"


def flat_rows_have_derivative_zero(case: Case, rng: np.random.Generator) -> None:
    y, y_dot = jvp(case, case.inputs, directions(case.inputs, rng))
    assert not np.any(y_dot)
    assert np.shape(y_dot) == np.shape(y)
    weights = directions(case.inputs, rng)

    def beside(*x: Any) -> Any:
        return total(weights, x) + np.sum(1.0 * case(*x))

    for bar, weight in zip(vjp(beside, *case.inputs)[1](1.0), weights, strict=True):
        same_bits(bar, weight, "a flat row contributed to a gradient")


# -- batching --------------------------------------------------------------------------------------
def batched_is_a_stacked_loop(case: Case, flags: Sequence[bool], rng: np.random.Generator) -> None:
    """vmap of the row, and of its pullback, equals one example at a time."""
    size = 3
    stacks = [
        np.stack([sibling(a, k) for k in range(size)]) if flag else a
        for a, flag in zip(case.args, flags, strict=True)
    ]

    def example(k: int) -> Case:
        args = tuple(s[k] if flag else s for s, flag in zip(stacks, flags, strict=True))
        return case._replace(args=args, only=case.wanted)

    def row(*args: Any) -> Any:
        return case.row(*args, **case.params)

    def slope(*args: Any) -> Any:
        at = case._replace(args=args, only=case.wanted)
        y, pullback = vjp(at, *at.inputs)
        return pullback(constant(y, 0.5))

    axes = tuple(0 if flag else None for flag in flags)
    functions: list[tuple[Callable[..., Any], Callable[[Case], Any]]] = [
        (row, lambda c: c.row(*c.args, **c.params))
    ]
    if case.inputs and not case.row.flat:
        functions.append((slope, lambda c: slope(*c.args)))
    for function, alone in functions:
        try:
            together = vmap(function, in_axes=axes)(*stacks)
        except NotDifferentiableError as refused:
            assert case.row.title(case.params) in str(refused), "a refusal names the row"
            together = vmap(function, in_axes=axes, fallback="loop")(*stacks)
        results = [flatten(alone(example(k)))[0] for k in range(size)]
        for k, stack in enumerate(flatten(together)[0]):
            close(stack, np.stack([r[k] for r in results]), 0.0, "vmap and a loop")


def sibling(a: Any, k: int) -> Any:
    """Another argument much like `a`: the domain, the order and a key's bounds hold for it too."""
    return a * (1 + 0.03 * k) if is_float(a) else np.roll(a, k)


# -- tools -----------------------------------------------------------------------------------------
def directions(likes: Any, rng: np.random.Generator) -> Any:
    """Random entries of size 1/2 to 1 in the structure of `likes`, complex where it is complex."""

    def one(a: Any) -> Any:
        shape = np.shape(a)
        entries = rng.uniform(0.5, 1, shape) * rng.choice((-1, 1), shape)
        if np.asarray(a).dtype.kind == "c":
            entries = entries * np.exp(2j * np.pi * rng.random(shape))
        return np.asarray(entries)[()]

    leaves, structure = flatten(likes)
    return unflatten(structure, list(map(one, leaves)))


def constant(likes: Any, value: float) -> Any:
    leaves, structure = flatten(likes)
    return unflatten(structure, [np.full_like(a, value)[()] for a in leaves])


def total(a: Any, b: Any) -> Any:
    """Re sum(a * b) over nests, differentiable; without a conjugate, as transposes are."""
    pairs = zip(flatten(a)[0], flatten(b)[0], strict=True)
    return sum((np.sum(np.real(np.multiply(p, q))) for p, q in pairs), 0.0)


def inner(a: Any, b: Any) -> tuple[float, float]:
    """`total`, and the sum of its terms' sizes."""
    pairs = zip(flatten(a)[0], flatten(b)[0], strict=True)
    terms = np.concatenate([np.ravel(np.multiply(p, q)) for p, q in pairs])
    with np.errstate(invalid="ignore"):  # inf - inf
        return float(np.sum(np.real(terms))), float(np.sum(np.abs(terms)))


def in_dtype(a: Any, dtype: Any) -> Any:
    """`a` in a real dtype, or in the complex one that belongs to it."""
    a = np.asarray(a)
    return a.astype(np.result_type(dtype, np.complex64) if a.dtype.kind == "c" else dtype)[()]


def slopes(function: Any, x: Sequence[Any], t: Sequence[Any]) -> tuple[Any, Any]:
    """The finite difference of `function` along `t`, and its error, in its result's structure."""
    leaves, structure = flatten(function(*x))
    ends = np.cumsum([np.size(a) for a in leaves])[:-1]

    def phi(h: float) -> Any:
        y = function(*(a + h * d for a, d in zip(x, t, strict=True)))
        return np.concatenate([np.ravel(a) for a in flatten(y)[0]])

    def shaped(vector: Any) -> Any:
        parts = zip(np.split(vector, ends), leaves, strict=True)
        return unflatten(structure, [np.reshape(p, np.shape(a)) for p, a in parts])

    slope, error, _ = slope_at_zero(phi)
    return shaped(slope), shaped(error)


def size_of(tree: Any) -> float:
    """The largest finite entry."""
    return max(
        (float(np.max(np.abs(a), where=np.isfinite(a), initial=0.0)) for a in flatten(tree)[0]),
        default=0.0,
    )


def close(found: Any, expected: Any, error: Any, what: str) -> None:
    """Entry by entry, within ten times the error (an estimate) and rounding of the largest. Where
    no finite difference could be taken, because the value is infinite, nothing is said."""
    found, expected = flatten(found)[0], flatten(expected)[0]
    errors = flatten(error)[0]
    errors = errors * len(found) if len(errors) == 1 else errors
    size = size_of(expected)
    for a, b, e in zip(found, expected, errors, strict=True):
        assert np.shape(a) == np.shape(b), f"{what}: shape {np.shape(a)}, expected {np.shape(b)}"
        allowed = ROUNDING * max(size, 1e-3) + 10 * np.minimum(e, 1e-4 * max(size, 1.0))
        with np.errstate(invalid="ignore"):  # inf - inf, where both are the same inf
            off = np.abs(np.subtract(a, b, dtype=np.result_type(a, b, np.float64)))
        same = (off <= allowed) | (a == b) | (np.isnan(b) & (np.isnan(a) | np.isinf(e)))
        assert np.all(same), f"{what}: {a}, expected {b}, allowed {allowed}"


def same_type(found: Any, expected: Any, what: str) -> None:
    a, b = np.asarray(found), np.asarray(expected)
    assert a.shape == b.shape, f"{what}: shape {a.shape}, expected {b.shape}"
    assert a.dtype == b.dtype, f"{what}: dtype {a.dtype}, expected {b.dtype}"


def same_bits(found: Any, expected: Any, what: str) -> None:
    found, expected = flatten(found)[0], flatten(expected)[0]
    for a, b in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        same_type(a, b, what)
        if a.dtype.kind == "f":  # all nans are one
            a, b = (np.where(np.isnan(x), np.full_like(x, np.nan), x) for x in (a, b))
        assert a.tobytes() == b.tobytes(), f"{what}: {a}, NumPy's is {b}"
