"""`scan` and `fori_loop`: plain Python loops, which a program holds as one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...base.errors import ShapeError
from ...base.trees import unflatten
from ...engine.arguments import check_function, whole
from ...primitives import loops as rows
from ...programs.closed import example
from ...rules.conforming import aval_of
from ...rules.primitive import Traced, payload
from .nests import Like, given, in_program, is_batched, program_of, taken
from .scan_row import Scan
from .while_loop import while_loop

Step = Callable[[Any, Sequence[Any], Sequence[Any]], tuple[list[Any], list[Any]]]


def scan(
    f: Callable[[Any, Any], Any],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """``carry, y = f(carry, x)`` for each `x` along the first axis of `xs`: the last carry, and
    all `y` stacked.

    `init`, `xs` and `y` are arrays, numbers or nests of them; ``xs=None`` with a `length` makes so
    many rounds with ``x = None``. With `reverse` the last `x` comes first, and each `y` stands
    where its `x` stood. Outside of `trace` and `jit` this is a Python loop. Inside, `f` is traced
    once, whatever the number of rounds, so it must not look at values: write `cond` for ``if``.
    It may close over tracked values. Python numbers in `init` become NumPy's.

    Raises `ShapeError` where a round returns a carry of another structure, shape or dtype, and
    where the leaves of `xs` differ in length. The signature is that of ``jax.lax.scan``.

    >>> import numpy as np, autodiff as ad
    >>> def step(total, x):
    ...     return total + x, total * x
    >>> total, products = ad.scan(step, 0.0, np.array([1.0, 2.0, 3.0]))
    >>> float(total), products
    (6.0, array([0., 2., 9.]))
    >>> float(ad.grad(lambda x: ad.scan(lambda c, _: (np.sin(c), None), x, length=3)[0])(0.0))
    1.0
    """
    check_function(f, "scan(f, init, xs)")
    carry, structure = given(init, "scan: init")
    x_leaves, x_structure = given(xs, "scan: xs")
    n = length_of(x_leaves, length)
    like = Like(carry, structure)
    seen: list[Like] = []  # what the ys are like

    def step(k: Any, carry: Sequence[Any], x: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        result = f(unflatten(structure, carry), unflatten(x_structure, x))
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise ShapeError(
                f"scan: f must return the pair (carry, y), not {result!r:.60}; "
                "return (carry, None) where there is nothing to stack"
            )
        new = like.leaves(result[0], "scan: the carry that f returned", "init")
        y = taken(result[1], "scan: the y that f returned")
        if not seen:
            seen.append(Like(*y))
        return new, seen[0].leaves(result[1], "scan: the y that f returned", "the first y")

    carry, ys = repeated(step, carry, x_leaves, n, (), reverse, "scan")
    return unflatten(structure, carry), unflatten(seen[0].structure, ys)


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any) -> Any:
    """``val = body_fun(i, val)`` for `i`, an int64, from `lower` to `upper`, not included.

    As :func:`scan` without `xs` and without results to stack. Bounds may be values of a program;
    then the number of rounds is not known before it runs, and a reverse sweep keeps some of the
    carries and computes the others again. The signature is that of ``jax.lax.fori_loop``.

    >>> import autodiff as ad
    >>> ad.fori_loop(0, 5, lambda i, total: total + i, 0)
    np.int64(10)
    >>> float(ad.grad(lambda x: ad.fori_loop(0, 3, lambda i, y: y * x, 1.0))(2.0))
    12.0
    """
    check_function(body_fun, "fori_loop(lower, upper, body_fun, init_val)")
    lower, upper = whole_number(lower, "lower"), whole_number(upper, "upper")
    carry, structure = given(init_val, "fori_loop: init_val")
    like = Like(carry, structure)

    def step(k: Any, carry: Sequence[Any], x: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        new = body_fun(lower + k if plain else k, unflatten(structure, carry))
        return like.leaves(new, "fori_loop: what body_fun returned", "init_val"), []

    plain = not in_program([lower, upper])
    if not plain:
        rounds = lower, np.maximum(upper - lower, 0)
        carry, _ = repeated(step, carry, [], None, rounds, False, "fori_loop")
    elif is_batched(lower) or is_batched(upper):
        return while_loop(
            lambda s: s[0] < upper, lambda s: (s[0] + 1, body_fun(*s)), (lower, init_val)
        )[1]
    else:
        n = max(int(payload(upper)) - int(payload(lower)), 0)
        carry, _ = repeated(step, carry, [], n, (), False, "fori_loop")
    return unflatten(structure, carry)


def repeated(
    step: Step,
    carry: list[Any],
    xs: list[Any],
    n: int | None,
    rounds: Sequence[Any],
    reverse: bool,
    name: str,
) -> tuple[list[Any], list[Any]]:
    """Carry and ys after all rounds: by a Python loop or, in a program, by one row."""
    if not rounds and not in_program([*carry, *xs]):
        found = plainly(step, carry, xs, n or 0, reverse)
        if found is not None:
            return found
    firsts = [example_of_first(x) for x in xs]

    def flat(k: Any, *numbers: Any) -> list[Any]:
        new, y = step(k, numbers[: len(carry)], numbers[len(carry) :])
        return [*new, *y]

    program = program_of(flat, [np.int64(0), *map(example, carry), *firsts], name)
    loop = Scan(program, len(carry), len(xs), n, reverse, bool(rounds), name)
    operands = [*rounds, *carry, *xs, *program.forget_closed()]
    if not loop.carries + loop.ys:
        return [], []
    results = rows.scan(*operands, loop=loop)
    return list(results[: len(carry)]), list(results[len(carry) :])


def plainly(
    step: Step, carry: list[Any], xs: list[Any], n: int, reverse: bool
) -> tuple[list[Any], list[Any]] | None:
    """The rounds one after the other; `None` where the first shows that they belong to a program:
    the step closes over a value of it."""
    stacks: list[list[Any]] = []
    order = range(n)
    for count, k in enumerate(reversed(order) if reverse else order):
        carry, y = step(np.int64(k), carry, [x[k] for x in xs])
        if not count:
            if in_program([*carry, *y]):
                return None
            stacks = [[] for _ in y]
        for stack, item in zip(stacks, y, strict=True):
            stack.append(item)
    if not n:  # a round tells what the ys would be like
        firsts = [np.zeros(aval_of(x).shape[1:], aval_of(x).dtype)[()] for x in xs]
        with np.errstate(all="ignore"):
            _, y = step(np.int64(0), carry, firsts)
        return carry, [np.zeros((0, *aval_of(v).shape), aval_of(v).dtype) for v in y]
    return carry, [np.stack(stack[::-1] if reverse else stack) for stack in stacks]


def length_of(xs: Sequence[Any], length: int | None) -> int:
    """How many rounds xs and length ask for."""
    if length is not None:
        length = whole(length, "scan: length")
        if length < 0:
            raise ValueError(f"scan: length={length} is negative")
    shapes = [aval_of(x).shape for x in xs]
    if () in shapes:
        raise ShapeError(
            "scan: a leaf of xs is a single number; each leaf has one entry a round along its "
            "first axis: pass an array (a list is a nest: np.array(xs))"
        )
    found = {shape[0] for shape in shapes} | ({length} if length is not None else set())
    if len(found) > 1:
        lengths = ", ".join(map(str, sorted(found)))
        raise ShapeError(f"scan: xs and length ask for different numbers of rounds: {lengths}")
    if not found:
        raise ShapeError("scan: neither xs nor length says how many rounds there are")
    return int(found.pop())


def example_of_first(x: Any) -> Any:
    """What one entry of an operand is like."""
    x = example(x)
    return x[0] if len(x) else np.zeros(x.shape[1:], x.dtype)[()]


def whole_number(x: Any, what: str) -> Any:
    """A bound as an integer of 64 bits."""
    kind = payload(x).__class__
    aval = aval_of(x) if kind is int or hasattr(payload(x), "dtype") else None
    if aval is None or aval.shape or (kind is not int and aval.dtype.kind not in "iu"):
        shown = f"{x!r:.40}" if aval is None or not isinstance(x, Traced) else "a tracked value"
        raise TypeError(f"fori_loop: {what} must be a whole number, not {shown}")
    return x.astype(np.int64) if isinstance(x, Traced) else np.int64(x)
