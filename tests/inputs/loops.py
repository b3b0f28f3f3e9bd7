"""Inputs for the rows of loops and branches: short rounds with a carry, xs, and closed values."""

from __future__ import annotations

from typing import Any

import numpy as np
from strategies import Case, Draw, inputs_for

from autodiff.programs.closed import for_all_values
from autodiff.rules.primitive import Primitive
from autodiff.transforms.loops.cond_row import Cond
from autodiff.transforms.loops.scan_row import Scan
from autodiff.transforms.loops.while_row import While


@inputs_for("scan")
def rounds(draw: Draw, row: Primitive) -> Case:
    n, m = draw.integer(1, 3), draw.integer(1, 3)
    args = (draw.rng.uniform(-1, 1, m), draw.rng.uniform(-1, 1, (n, m)), draw.rng.uniform(0.5, 1))

    def round_(k: Any, c: Any, x: Any, a: Any) -> list[Any]:
        new = np.sin(c) * a + x
        return [new, np.sum(new * x)]

    program = for_all_values(round_, [0, args[0], args[1][0], args[2]], "scan")
    loop = Scan(program, 1, 1, n, reverse=bool(draw.integer(0, 1)))
    return Case(row, args, {"loop": loop})


@inputs_for("while_loop")
def halving(draw: Draw, row: Primitive) -> Case:
    args = (draw.rng.uniform(3.0, 4.0), draw.rng.uniform(0.4, 0.6))
    test = for_all_values(lambda c: [c > 0.9], args[:1], "while_loop")
    body = for_all_values(lambda c, a: [c * a + 0.01 * np.sin(c)], args, "while_loop")
    return Case(row, args, {"loop": While(test, body, 1)})


@inputs_for("cond")
def branches(draw: Draw, row: Primitive) -> Case:
    a, b = draw.rng.uniform(0.5, 1.0, 2)
    yes = for_all_values(lambda a: [np.sin(a)], [a], "cond")
    no = for_all_values(lambda b: [b * b], [b], "cond")
    return Case(row, (np.bool_(draw.integer(0, 1)), a, b), {"loop": Cond(yes, no)})
