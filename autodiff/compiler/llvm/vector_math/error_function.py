"""The error function: erf, erfc, erfcx, the normal distribution function.

    erf(x) = x + x P(x^2),                 |x| <= 1
    erfc(x) = exp(-x^2) Q(t) / (1 + 2 x),  x >= 0,  t = (x - 3) / (x + 3)

Q is bounded and smooth on the whole half line (Shepherd and Laframboise, 1981). exp(-x^2) gets the
part of x^2 that rounding loses, or its error would grow with x^2.
"""

from __future__ import annotations

import math

from .exponential import exp_near_zero, reduced
from .terms import (
    Term,
    copysign,
    expansion,
    fma,
    isnan,
    ldexp,
    minimum,
    polynomial,
    select,
    two_product,
)

CENTRE = 3.0
ERFC_IS_ZERO = {"float64": 27.5, "float32": 10.5}


def scaled(x: Term) -> Term:
    """exp(x^2) erfc(x) for x >= 0."""
    return 0.5 * polynomial((x - CENTRE) / (x + CENTRE), "ERFC") / (x + 0.5)


def exp_of_sum(x: Term, low: Term, factor: Term) -> Term:
    """exp(x + low) factor, for a `low` far smaller than x."""
    r, n = reduced(x)
    return ldexp(exp_near_zero(r + low) * factor, n)


def near_zero(x: Term) -> Term:
    """erf(x) for |x| <= 1."""
    return fma(x, polynomial(x * x, "ERF"), x)


def upper_tail(x: Term) -> Term:
    """erfc(x) for x >= 0."""
    x = minimum(ERFC_IS_ZERO[x.lanes.dtype], x)
    square, low = two_product(x, x)
    return exp_of_sum(-square, -low, scaled(x))


@expansion("scipy.special.erf")
def erf(x: Term) -> Term:
    size = abs(x)
    return select(size < 1, near_zero(x), copysign(1 - upper_tail(size), x))


@expansion("scipy.special.erfc")
def erfc(x: Term) -> Term:
    size = abs(x)
    y = upper_tail(size)
    return select(size < 0.5, 1 - near_zero(x), select(x < 0, 2 - y, y))


@expansion("scipy.special.erfcx")
def erfcx(x: Term) -> Term:
    """exp(x^2) erfc(x), which on the left is 2 exp(x^2) - exp(x^2) erfc(-x)."""
    size = abs(x)
    y = select(size < math.inf, scaled(size), 0.0)
    square, low = two_product(*[minimum(ERFC_IS_ZERO[x.lanes.dtype], size)] * 2)
    left = exp_of_sum(square, low, x.constant(2.0)) - y
    return select(x < 0, left, select(isnan(x), x, y))


@expansion("scipy.special.ndtr")
def ndtr(x: Term) -> Term:
    """erfc(-x / sqrt(2)) / 2, its square from x itself."""
    size = minimum(ERFC_IS_ZERO[x.lanes.dtype] * math.sqrt(2.0), abs(x))
    square, low = two_product(size, size)
    t = size * math.sqrt(0.5)
    y = 0.5 * exp_of_sum(-0.5 * square, -0.5 * low, scaled(t))
    near = 0.5 + 0.5 * near_zero(x * math.sqrt(0.5))
    return select(size < 0.5, near, select(x < 0, y, 1 - y))
