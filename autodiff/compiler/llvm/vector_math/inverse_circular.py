"""The inverse circular and hyperbolic functions.

    arctan(t) = t + t z P(z),  z = t^2,  |t| <= tan(pi/8)
    arctan(q) = pi/4 + arctan((q - 1) / (q + 1)) = pi/2 - arctan(1/q)
    arcsin(x) = x + x z P(z),  z = x^2,  |x| <= 1/2
    arcsin(x) = pi/2 - 2 arcsin(sqrt((1 - x) / 2))

The hyperbolic ones are logarithms, written with log1p so that nothing is lost near 0. (Cody and
Waite, 1980; Kahan, Branch cuts for complex elementary functions, 1987.)
"""

from __future__ import annotations

import math

from .logarithm import log1p
from .terms import (
    Term,
    constants,
    copysign,
    expansion,
    fma,
    is_negative,
    isnan,
    maximum,
    minimum,
    polynomial,
    select,
    sqrt,
)

EIGHTH_TURN = math.tan(math.pi / 8)


def arctan_reduced(t: Term, base: Term) -> Term:
    """base pi/4 + arctan(t), for base = 0, 1, ..., 4."""
    high, low = constants(t, "QUARTER_PI")
    z = t * t
    return fma(base, high, fma(t * z, polynomial(z, "ARCTAN"), base * low) + t)


@expansion("arctan")
def arctan(x: Term) -> Term:
    size = abs(x)
    far, middle = size > 1 / EIGHTH_TURN, size > EIGHTH_TURN
    above = select(far, -1.0, select(middle, size - 1, size))
    below = select(far, size, select(middle, size + 1, 1.0))
    base = select(far, 2.0, select(middle, 1.0, 0.0))
    return copysign(arctan_reduced(above / below, base), x)


@expansion("arctan2")
def arctan2(a: Term, b: Term) -> Term:
    """The angle of the point (b, a): that of the smaller side to the larger, and mirrored."""
    wide, tall = abs(b), abs(a)
    steep = tall > wide
    large, small = maximum(tall, wide), minimum(tall, wide)
    overflows = large > 2.0 ** (a.lanes.format.bias - 1)  # large + small might
    factor = select(overflows, 0.25, 1.0)
    large, small = large * factor, small * factor
    equal = large == small
    turned = (small > EIGHTH_TURN * large) | (equal & (large > 0))
    t = select(turned, small - large, small) / select(turned, small + large, large)
    t = select(equal, 0.0, t)  # 0 / 0 and inf / inf
    base = select(turned, 1.0, 0.0)

    # pi/2 minus it above the diagonal; pi minus that on the left
    t, base = select(steep, -t, t), select(steep, 2 - base, base)
    left = is_negative(b)
    t, base = select(left, -t, t), select(left, 4 - base, base)
    return select(isnan(a) | isnan(b), a + b, copysign(arctan_reduced(t, base), a))


def arcsin_parts(size: Term) -> tuple[Term, Term]:
    """Whether |x| <= 1/2, and the arcsine of |x| or of sqrt((1 - |x|) / 2)."""
    near = size <= 0.5
    z = select(near, size * size, 0.5 * (1 - size))
    s = select(near, size, sqrt(z))
    return near, fma(s * z, polynomial(z, "ARCSIN"), s)


@expansion("arcsin")
def arcsin(x: Term) -> Term:
    near, y = arcsin_parts(abs(x))
    high, low = constants(x, "HALF_PI")[:2]
    return copysign(select(near, y, high - (2 * y - low)), x)


@expansion("arccos")
def arccos(x: Term) -> Term:
    near, y = arcsin_parts(abs(x))
    high, low = constants(x, "HALF_PI")[:2]
    signed = copysign(y, x)
    return select(near, high - (signed - low), select(x < 0, 2 * (high - (y - low)), 2 * y))


@expansion("arcsinh")
def arcsinh(x: Term) -> Term:
    """log1p of x + sqrt(x^2 + 1) - 1 = x + x^2 / (1 + sqrt(x^2 + 1)); for large x, log(2 x)."""
    size = abs(x)
    huge = size > 2.0**30
    excess = size * (size / (1 + sqrt(fma(size, size, 1.0))))
    y = log1p(select(huge, size - 1, size + excess))
    return copysign(select(huge, y + math.log(2.0), y), x)


@expansion("arccosh")
def arccosh(x: Term) -> Term:
    t = x - 1
    huge = x > 2.0**30
    y = log1p(select(huge, t, t + sqrt(t * (t + 2))))
    return select(x < 1, math.nan, select(huge, y + math.log(2.0), y))


@expansion("arctanh")
def arctanh(x: Term) -> Term:
    size = abs(x)
    return copysign(0.5 * log1p(2 * size / (1 - size)), x)
