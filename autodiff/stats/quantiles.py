"""Quantiles without a formula: the value is a root that is found, its derivative is implicit.

From F(z, shapes) = q it follows that dz = (dq - dF) / f, with dF that of the shapes alone. F and f
are formulas, so the rule holds for every order. The root is found by halving a bracket, and then by
Newton's method on log F, which is nearly a straight line in a tail.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..transforms.custom.rule import custom_rule
from ..transforms.gradients import jvp

HALVINGS, STEPS = 48, 3


def inverted(
    log_tail: Callable[..., Any],
    log_density: Callable[..., Any],
    bracket: Callable[..., tuple[Any, Any]],
    *,
    lower: bool,
) -> Any:
    """The inverse of exp(log_tail), a lower or an upper tail. Quantiles lie between the two
    functions of the shapes in `bracket`; where both are positive, halves are geometric."""

    def value(q: Any, *shapes: Any) -> Any:
        with np.errstate(all="ignore"):
            least, most = (x + 0 * q for x in bracket(*shapes))
            low, high = least, most
            for _ in range(HALVINGS):
                middle = np.where(low > 0, np.sqrt(low) * np.sqrt(high), (low + high) / 2)
                beyond = (log_tail(middle, *shapes) > np.log(q)) == lower
                low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
            z = (low + high) / 2
            for _ in range(STEPS):
                y = log_tail(z, *shapes)
                step = (y - np.log(q)) * np.exp(y - log_density(z, *shapes))
                moved = z - step if lower else z + step
                z = np.where((moved > least) & (moved < most), moved, z)
        return np.where(np.isnan(q), q, z)[()]

    rule = custom_rule(value)

    def tangent(primals: Any, z: Any, tangents: Any) -> Any:
        (_, *shapes), (q_dot, *moved) = primals, tangents
        density = np.exp(log_density(z, *shapes))

        def tail(*shapes: Any) -> Any:
            return np.exp(log_tail(z, *shapes))

        fixed = jvp(tail, tuple(shapes), tuple(moved))[1]
        return (q_dot - fixed) / (density if lower else -density)

    rule.defjvp(tangent)
    return lambda q, *shapes: rule(*np.broadcast_arrays(q, *shapes))
