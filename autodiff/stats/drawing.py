"""Draws as functions of the parameters: for a fixed state of the generator, smooth ones.

A draw of a family without shapes is loc + scale z, with SciPy's z. One with shapes is the quantile
of a uniform number, ppf(u, shapes), so that its derivative is that of the quantile, implicit in the
distribution function. SciPy's own draws of such families are loops that reject numbers: they jump
with the shapes, and a derivative would not be theirs.
Source: Figurnov, Mohamed and Mnih, Implicit reparameterization gradients (2018).
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ..base.errors import MissingExtraError, refuse
from ..base.shapes import shape_of
from ..rules.primitive import Traced


def drawn(
    family: Any, given: dict[str, Any], real: dict[str, Any], size: Any, random_state: Any
) -> Any:
    """`given` as the user wrote it: SciPy wants whole numbers to be integers."""
    called = f"{family.name}.rvs"
    if family.step:
        if any(isinstance(x, Traced) for x in given.values()):
            raise refuse(
                f"{called}: a draw of a discrete family jumps, and has no derivative",
                "draw with plain parameters, and use logpmf for the derivative of an expectation",
            )
        given = {key: given[key] for key in family.parameters}
        return scipys(family.name, called).rvs(**given, size=size, random_state=random_state)
    if size is None:
        size = np.broadcast_shapes(*map(shape_of, given.values())) or None
    theirs = scipys("uniform" if family.shapes else family.name, called)
    z = theirs.rvs(size=1 if size is None else size, random_state=random_state)
    if size is None:
        z = z[0]
    if family.shapes:
        z = family.ppf(z, *(real[key] for key in family.shapes))
    return real["loc"] + real["scale"] * z


def scipys(name: str, called: str) -> Any:
    try:
        return getattr(importlib.import_module("scipy.stats"), name)
    except ImportError:
        raise MissingExtraError(f"{called} needs SciPy: pip install scipy") from None
