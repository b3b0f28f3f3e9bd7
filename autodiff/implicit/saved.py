"""What the rows of solutions and of loops hold, as parts that can be saved, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.errors import AutodiffError
from ..base.trees import Structure
from ..programs.closed import Program
from ..programs.tracing import Graph
from ..transforms.loops.saved import LOOPS, loop_form
from .krylov import cg, gmres
from .linear import Operator, Transposed
from .roots import KINDS, Equation, Problem, Slope
from .solvers import anderson, minimize, newton
from .traced_equations import Layout, Tracked

OURS = {f.__name__: f for f in (newton, minimize, anderson, cg, gmres)}


def held_form(x: Any) -> tuple[str, list[Any]] | None:
    """The name of a kind of object, and its parts; `None` for what no row here holds."""
    match x:
        case Equation():
            return "equation", [x.problem, x.program, x.layout, x.x0]
        case Slope():
            return "slope", [x.equation]
        case Transposed():
            return "transposed", [x.of]
        case Operator():
            return "operator", [x.program, x.name, called(x.solver), x.tol]
        case Problem():
            return "problem", [x.kind, x.label, called(x.solver), x.tol, called(x.linear_solver)]
        case Program():
            return "closed", [x.graph]
        case Layout():
            return "layout", [
                x.structure,
                [list(a.shape) for a in x.avals],
                [a.dtype for a in x.avals],
            ]
        case Tracked():
            return "tracked", [x.structure, x.leaves, x.places]
    return loop_form(x)


def held_again(kind: str) -> Callable[..., Any] | None:
    """What makes an object of the kind of this name from its parts."""
    return MAKERS.get(kind)


def called(solver: Any) -> Any:
    """One of our solvers by its name; one of the user's as it is."""
    return next((name for name, ours in OURS.items() if ours is solver), solver)


def solver_called(name: Any) -> Any:
    return OURS[name] if isinstance(name, str) else name


def check(*pairs: tuple[Any, Any]) -> None:
    for x, kind in pairs:
        if not isinstance(x, kind):
            raise TypeError(f"{x!r:.40} where a {kind} should be")


def _equation(problem: Any, program: Any, layout: Any, x0: Any) -> Equation:
    check((problem, Problem), (program, Program), (layout, Layout), (x0, Tracked))
    return Equation(problem, program, layout, x0)


def _slope(equation: Any) -> Slope:
    check((equation, Equation))
    return Slope(equation)


def _transposed(of: Any) -> Transposed:
    check((of, Operator))
    return Transposed(of)


def _operator(program: Any, name: Any, solver: Any, tol: Any) -> Operator:
    check((program, Program), (name, str), (tol, float | None))
    return Operator(program, name, solver_called(solver), tol)


def _problem(kind: Any, label: Any, solver: Any, tol: Any, linear_solver: Any) -> Problem:
    check((label, str), (tol, float | None))
    if kind not in KINDS:
        raise AutodiffError(f"{kind!r:.40} is not a kind of equation")
    return Problem(kind, label, solver_called(solver), tol, solver_called(linear_solver))


def _program(graph: Any) -> Program:
    check((graph, Graph))
    return Program.of(graph)


def _layout(structure: Any, shapes: Sequence[Any], dtypes: Sequence[Any]) -> Layout:
    check((structure, Structure))
    stand_ins = [
        0.0 if kind is None else np.broadcast_to(np.zeros((), kind), shape)
        for shape, kind in zip(shapes, dtypes, strict=True)
    ]
    return Layout.of(stand_ins, structure)


def _tracked(structure: Any, leaves: Any, places: Any) -> Tracked:
    check((structure, Structure), (leaves, list), (places, list))
    return Tracked.of(structure, leaves, places)


MAKERS: dict[str, Callable[..., Any]] = {
    "equation": _equation,
    "slope": _slope,
    "transposed": _transposed,
    "operator": _operator,
    "problem": _problem,
    "closed": _program,
    "layout": _layout,
    "tracked": _tracked,
    **LOOPS,
}
