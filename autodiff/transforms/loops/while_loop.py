"""`while_loop`: a plain Python loop, which a program holds as one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...base.trees import unflatten
from ...base.warnings_off import quiet
from ...engine.arguments import check_function
from ...primitives import loops as rows
from ...programs.closed import example
from ...rules.primitive import is_in_program, payload
from .nests import Like, given, in_program, is_batched, program_of, truth
from .while_row import While


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """``val = body_fun(val)`` as long as ``cond_fun(val)`` is true.

    Outside of `trace` and `jit` this is a Python loop; inside, both functions are traced once.
    Under `vmap` each example stops by itself: what is finished stays as it is. Both modes
    differentiate through the rounds that were made, in compiled code too. A reverse sweep there
    keeps some of the carries, computes the others again, and does not store every round.

    Raises `ShapeError` where `body_fun` returns another structure, shape or dtype than that of
    `init_val`. The signature is that of ``jax.lax.while_loop``.

    >>> import autodiff as ad
    >>> halve = lambda x: ad.while_loop(lambda v: v > 1, lambda v: v / 2, x)
    >>> float(halve(12.0)), float(ad.grad(halve)(12.0))
    (0.75, 0.0625)
    """
    check_function(cond_fun, "while_loop(cond_fun, body_fun, init_val)")
    check_function(body_fun, "while_loop(cond_fun, body_fun, init_val)")
    carry, structure = given(init_val, "while_loop: init_val")
    like = Like(carry, structure)

    def holds(carry: Sequence[Any]) -> Any:
        return truth(cond_fun(unflatten(structure, carry)), "while_loop: what cond_fun returned")

    def step(carry: Sequence[Any]) -> list[Any]:
        new = body_fun(unflatten(structure, carry))
        return like.leaves(new, "while_loop: what body_fun returned", "init_val")

    while not in_program(carry):
        going = holds(carry)
        if is_in_program(going):
            break
        if not np.any(payload(going)):
            return unflatten(structure, carry)
        if is_batched(going):
            with quiet():  # what is said of finished examples
                new = step(carry)
            carry = [np.where(going, x, old) for x, old in zip(new, carry, strict=True)]
        else:
            carry = step(carry)
    examples = list(map(example, carry))
    test = program_of(lambda *c: [holds(c)], examples, "while_loop")
    body = program_of(lambda *c: step(c), examples, "while_loop")
    operands = [*carry, *test.forget_closed(), *body.forget_closed()]
    results = rows.while_loop(*operands, loop=While(test, body, len(carry)))
    return unflatten(structure, list(results))
