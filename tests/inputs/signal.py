"""Inputs for the rows over samples of a function: interpolation, convolution and correlation."""

from __future__ import annotations

import numpy as np
from strategies import Case, Draw, inputs_for

from autodiff.rules.primitive import Primitive


@inputs_for("interp")
def interp(draw: Draw, row: Primitive) -> Case:
    knots = draw.integer(1, 4)
    xp = np.arange(knots) - 1.0 + 0.1 * draw.rng.random(knots)
    x, fp, ends = draw.array(draw.shape()), draw.values((knots,)), draw.values((2,))
    return Case(row, (x, xp, fp, *ends))


@inputs_for("convolve", "correlate")
def two_signals(draw: Draw, row: Primitive) -> Case:
    n, m = draw.integer(1, 4), draw.integer(1, 4)
    mode = draw.one_of(("full", "same", "valid"))
    return Case(row, (draw.values((n,)), draw.values((m,))), {"mode": mode})
