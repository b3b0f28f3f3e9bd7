"""Linearisation: run a function once, keep what its derivative needs, push any number of tangents.

Forward mode computes values and tangents side by side. When only the tangents are traced, what ends
up in the graph is the linear part of the program alone, with every value already in it as a
constant: partial evaluation without a pass of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..base.made import made
from ..base.trees import flatten, flatten_like, unflatten
from ..base.warnings_off import quiet
from ..engine.arguments import argument_names, check_like, differentiable, name_of
from ..primitives.linalg.coincidence import notes
from ..programs.tracing import traced
from .gradients import holds_nan, push


def linearize(f: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``(y, f_dot)``: the value, and the derivative of `f` at `primals` as a linear function.

    ``f_dot(*tangents)``, one tangent per primal in its structure, shape and dtype, equals
    ``jvp(f, primals, tangents)[1]`` but evaluates nothing of `f` again. It is a function like any
    other: ``vmap(f_dot)`` takes a stack of tangents, ``vjp(f_dot, *tangents)[1]`` is its transpose.
    ``f_dot.graph`` is its program (:class:`Graph`). With `has_aux`, ``(y, f_dot, aux)``. A tangent
    of the wrong structure or shape raises `ShapeError`.

    >>> import autodiff as ad
    >>> y, f_dot = ad.linearize(lambda x: x**3, 2.0)
    >>> y, f_dot(1.0), f_dot(10.0)
    (8.0, 12.0, 120.0)
    """
    leaves, structure = flatten(primals)
    names = [f"{n} of {name_of(f)}" for n in argument_names(primals)]
    values = [lasting(differentiable(x, n)) for x, n in zip(leaves, names, strict=True)]
    found: list[Any] = []

    def tangent(*directions: Any) -> Any:
        y, y_dot, *aux = push(f, values, directions, structure, has_aux)
        found.extend((y, *aux))
        return y_dot

    graph = traced(tangent, [np.zeros_like(x) for x in values], abstract=False)
    graph.name = f"{name_of(f)}_dot"

    def f_dot(*tangents: Any) -> Any:
        given = flatten_like(tangents, structure, f"the tangents of {name_of(f)}")
        checked = [
            check_like(t, x, f"the tangent of {name}", "its primal")
            for t, x, name in zip(given, values, names, strict=True)
        ]
        with quiet(), notes() as undecided:  # inf or nan is an answer
            y_dot = graph(*checked)
        if undecided and any(map(holds_nan, flatten(y_dot)[0])):
            raise undecided[0]
        return y_dot

    f_dot = made(f_dot, derivative_of, f, unflatten(structure, values), has_aux)
    f_dot.graph = graph  # type: ignore[attr-defined]
    y, *aux = found
    return (y, f_dot, *aux)


def derivative_of(f: Callable[..., Any], primals: Any, has_aux: bool) -> Any:
    return linearize(f, *primals, has_aux=has_aux)[1]


def lasting(x: Any) -> Any:
    """A primal that outlives the call: the program keeps it, and its owner may write into it."""
    return x.copy() if isinstance(x, np.ndarray) else x
