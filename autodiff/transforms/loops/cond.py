"""`cond`: a plain Python branch, which a program holds as one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...base.errors import refuse
from ...base.trees import unflatten
from ...base.warnings_off import quiet
from ...engine.arguments import check_function
from ...engine.graph import next_order
from ...primitives import loops as rows
from ...programs.closed import Program
from ...rules.primitive import is_in_program, nodes_of
from .closures import replaced
from .cond_row import Cond
from .nests import Like, is_batched, program_of, taken, truth


def cond(
    pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any
) -> Any:
    """``true_fun(*operands)`` if `pred` is true, else ``false_fun(*operands)``.

    Outside of `trace` and `jit` this is Python's ``if``; inside, both functions are traced, and
    one of them runs. Where `pred` differs from example to example under `vmap`, both run for all
    examples, and one result is selected for each, so that the other one contributes exactly zero
    to every derivative.

    Raises `ShapeError` where both run, or are traced, and their results differ in structure, shape
    or dtype. The signature is that of ``jax.lax.cond``.

    >>> import numpy as np, autodiff as ad
    >>> root = lambda x: ad.cond(x > 0, np.sqrt, lambda x: 0.0 * x, x)
    >>> float(ad.grad(root)(4.0)), float(ad.grad(root)(-1.0)), float(ad.jit(ad.grad(root))(4.0))
    (0.25, 0.0, 0.25)
    """
    check_function(true_fun, "cond(pred, true_fun, false_fun, *operands)")
    check_function(false_fun, "cond(pred, true_fun, false_fun, *operands)")
    chosen = truth(pred, "cond: pred")
    if is_in_program(chosen):
        return in_one_row(chosen, true_fun, false_fun, operands)
    if not is_batched(chosen):
        result = (true_fun if chosen else false_fun)(*operands)
        leaves, structure = taken(result, "cond: the result")
        return unflatten(structure, leaves)
    what = "cond: the result of false_fun"
    with quiet():  # what one branch says of the other's examples
        first, structure = taken(true_fun(*operands), "cond: the result of true_fun")
        second = Like(first, structure).leaves(false_fun(*operands), what, "the result of true_fun")
    pairs = zip(first, second, strict=True)
    return unflatten(structure, [np.where(chosen, a, b) for a, b in pairs])


def in_one_row(
    chosen: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], operands: Any
) -> Any:
    """The branches as programs; whatever is tracked in them is an operand of the row."""
    likes: list[Like] = []

    def branch(f: Callable[..., Any], what: str) -> Program:
        start = next_order()

        def lift(_: Any, lifted: Callable[[Any], Any]) -> Callable[[], list[Any]]:
            g, given = replaced(f, lifted), replaced(operands, lifted)

            def run() -> list[Any]:
                result = g(*given)
                if not likes:
                    likes.append(Like(*taken(result, what)))
                return likes[0].leaves(result, what, "the result of true_fun")

            return run

        program = program_of(f, (), "cond", lift)
        check_inside(program, start)
        return program

    yes = branch(true_fun, "cond: the result of true_fun")
    no = branch(false_fun, "cond: the result of false_fun")
    operands = [chosen, *yes.forget_closed(), *no.forget_closed()]
    results = rows.cond(*operands, loop=Cond(yes, no)) if likes[0].avals else ()
    return unflatten(likes[0].structure, list(results))


def check_inside(program: Program, start: int) -> None:
    """Refuse a branch that computed something from values that it closes over in a way in which
    they could not be found before: that would be computed whether or not the branch is taken."""
    for x in program.closed:
        if any(node.in_program and node.order > start for node in nodes_of(x)):  # type: ignore[attr-defined]
            raise refuse(
                "cond: a function computes with a tracked value that it reaches through an object",
                "pass the value as an operand: cond(pred, true_fun, false_fun, value)",
            )
