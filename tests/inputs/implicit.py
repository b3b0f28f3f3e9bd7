"""Inputs for the rows of implicit differentiation: equations that have one solution."""

from __future__ import annotations

from typing import Any

import numpy as np
from strategies import Case, Draw, inputs_for

from autodiff.implicit import newton
from autodiff.implicit.linear import Operator
from autodiff.implicit.roots import Equation, Problem
from autodiff.implicit.traced_equations import Layout, Tracked
from autodiff.programs.closed import Program
from autodiff.rules.primitive import Primitive


def cubic(x: Any, a: Any, W: Any) -> Any:
    return x + a * x**3 - W @ np.cos(x)


@inputs_for("implicit_root")
def equation(draw: Draw, row: Primitive) -> Case:
    n = draw.integer(1, 3)
    x0, args = np.zeros(n), (draw.rng.uniform(0.1, 1.0, n), draw.rng.uniform(-0.3, 0.3, (n, n)))
    problem = Problem("root", "cubic", newton)
    program = Program(cubic, [x0, *args], "cubic")
    return Case(row, args, {"equation": Equation(problem, program, Layout(x0, ""), Tracked(x0))})


def banded(x: Any, d: Any, c: Any) -> Any:
    return d * x + c * np.append(x[1:], 0)


@inputs_for("linear_solve")
def system(draw: Draw, row: Primitive) -> Case:
    n = draw.integer(1, 3)
    b, d = draw.rng.uniform(-1, 1, n), draw.rng.uniform(1.0, 2.0, n)
    args = (b, d, draw.rng.uniform(-1.0, 1.0))
    program = Program(banded, [np.zeros(n), *args[1:]], "banded")
    return Case(row, args, {"operator": Operator(program, "banded", None, None)})
