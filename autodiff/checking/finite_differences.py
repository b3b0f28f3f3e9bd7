"""Finite differences that know their own error: the second opinion that `check` asks for.

    D(h) = (phi(h) - phi(-h)) / 2h = phi'(0) + c2 h^2 + c4 h^4 + ...

Halving h and extrapolating removes c2, then c4, ...; what the last removal changed estimates what
is left. Where `phi` has a kink, its slopes to the left and right of 0 go on differing however small
the step, and that jump is part of the error: a finite difference across a kink proves nothing.

How far rounding moves phi, which may be a small difference of large terms, is measured: a smooth
function has almost no high differences between neighbouring points.

Source: Ridders, Advances in Engineering Software 4 (1982); Press et al., Numerical Recipes (2007),
chapter 5.7; More and Wild, Estimating Computational Noise, SIAM J. Sci. Comput. 33 (2011).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

HALVINGS = 13
ORDER = 4  # how many powers of h are removed at most
EPSILON = float(np.finfo(np.float64).eps)
NEIGHBOURS = 2.0**-24 * np.arange(7)  # far enough to round differently, near enough to be smooth
NOISE = 4  # the difference that shows noise alone
AMPLIFIED = 70**0.5  # by so much the fourth difference of independent errors exceeds them


class Slope(NamedTuple):
    """``phi'(0)``, the error of the estimate, and the size of the terms that phi is made of, which
    is more than that of phi where they cancel."""

    value: Any
    error: Any
    scale: Any


def slope_at_zero(phi: Callable[[float], Any], h: float = 0.125) -> Slope:
    """The slope of a function from a number to a vector, entry by entry.

    `h` is the largest step; the smallest is 1/4096 of it. An entry that no step could estimate (it
    is not a number, or grows without bound) has an infinite error.

    >>> import numpy as np
    >>> slope, error, scale = slope_at_zero(lambda t: np.array([np.exp(t), abs(t)]))
    >>> bool(abs(slope[0] - 1) < 1e-11 > error[0]), bool(error[1] >= 1)
    (True, True)
    """
    with np.errstate(all="ignore"):
        middle = np.asarray(phi(0.0))
        steps = [h / 2**k for k in range(HALVINGS)]
        sides = [(np.asarray(phi(t)), np.asarray(phi(-t))) for t in steps]
        size = np.max([np.abs(side) for pair in sides for side in pair], axis=0)
        size = np.where(np.isfinite(size), size, np.abs(middle))
        noise = np.maximum(EPSILON * size, noise_of(phi, steps[-1]))
        best = np.full(middle.shape, np.nan, np.result_type(middle, float))
        error = np.full(middle.shape, np.inf)
        row: list[Any] = []  # the extrapolations from the last step and 0, 1, 2, ... before it
        jump = np.inf
        for step, (right, left) in zip(steps, sides, strict=True):
            before, row = row, [(right - left) / (2 * step)]
            # h phi'' + O(h^3) where phi is smooth; the difference of the two slopes at a kink.
            previous, jump = jump, (right - 2 * middle + left) / step
            floor = np.abs(2 * jump - previous) + 2 * noise / step
            for k, coarser in enumerate(before[:ORDER]):
                finer = row[-1] + (row[-1] - coarser) / (4 ** (k + 1) - 1)
                total = floor + np.maximum(np.abs(finer - row[-1]), np.abs(finer - coarser))
                # A large step may agree with itself by chance; a small one that contradicts wins.
                better = (total < error) | (np.abs(finer - best) > 10 * (total + error))
                best, error = np.where(better, finer, best), np.where(better, total, error)
                row.append(finer)
        error = np.where(_diverges(sides[-5:], steps[-5:], noise), np.inf, error)
        return Slope(best, error, noise / EPSILON)


def noise_of(phi: Callable[[float], Any], at: float) -> Any:
    """By how much rounding moves phi, entry by entry, beside 0, where a kink may be, or a pole; 0
    where phi is not a number."""
    values = [np.asarray(phi(at + t)) for t in NEIGHBOURS]
    rough = np.abs(np.diff(values, NOISE, axis=0)) / AMPLIFIED
    return np.max(rough, axis=0, where=np.isfinite(rough), initial=0.0)


def _diverges(sides: Any, steps: Any, noise: Any) -> Any:
    """Where the slopes grow by more than a fifth with every halving: a vertical tangent, or a step.
    Growth of mere rounding errors does not count."""
    slopes = [np.abs(right - left) / (2 * h) for (right, left), h in zip(sides, steps, strict=True)]
    grows = [b > 1.2 * a for a, b in pairwise(slopes)]
    return np.all(grows, axis=0) & (slopes[-1] > 100 * noise / steps[-1])
