"""Draws as functions of the parameters: SciPy's numbers, with a derivative.

A draw of a family without shapes is loc + scale z, and z is a constant. One with shapes is moved by
them along its quantile: z = ppf(u, shapes), with the u at which the draw fell held fixed. What is
added for that, ppf(u, shapes) less its own value, is 0, so that the numbers stay SciPy's.
Source: Figurnov, Mohamed and Mnih, Implicit reparameterization gradients (2018).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..base.errors import MissingExtraError, refuse
from ..base.shapes import shape_of
from ..numpy_api.arguments import concrete
from ..primitives.shaping import stop_gradient
from ..rules.primitive import Traced


def drawn(
    family: Any, given: dict[str, Any], real: dict[str, Any], size: Any, random_state: Any
) -> Any:
    """`given` as the user wrote it: SciPy wants whole numbers to be integers."""
    called = f"{family.name}.rvs"
    tracked = [key for key, x in given.items() if isinstance(x, Traced)]
    if family.step and tracked:
        raise refuse(
            f"{called}: a draw of a discrete family jumps, and has no derivative",
            "draw with plain parameters, and use logpmf for the derivative of an expectation",
        )
    cure = "draw standard numbers outside, and scale and shift them"
    plain = {
        key: concrete(x, f"{called} of {key}", cure)
        if key in family.shapes
        else np.ones(shape_of(x))
        for key, x in given.items()
    }
    plain["loc"] = np.zeros(shape_of(given["loc"]))
    try:
        theirs = getattr(importlib.import_module("scipy.stats"), family.name)
    except ImportError:
        raise MissingExtraError(f"{called} needs SciPy: pip install scipy") from None
    if family.step:
        plain.pop("scale")
    z = theirs.rvs(**plain, size=size, random_state=random_state)
    loc, scale = real["loc"], real["scale"]
    shapes = [real[key] for key in family.shapes]
    if any(isinstance(x, Traced) for x in shapes):
        z = moved(family, z, shapes)
    return z + given["loc"] if family.step else loc + scale * z


def moved(family: Any, z: Any, shapes: list[Any]) -> Any:
    """`z` with the derivative of the quantile in the shapes."""
    still = [stop_gradient(x) for x in shapes]
    below, above = family.cdf(z, *still), family.sf(z, *still)
    low = np.less(below, 0.5)
    quantile = np.where(
        low,
        family.ppf(np.where(low, below, 0.5), *shapes),
        family.isf(np.where(low, 0.5, above), *shapes),
    )
    return z + (quantile - stop_gradient(quantile))
