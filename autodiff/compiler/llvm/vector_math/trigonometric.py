"""Sine, cosine and tangent.

    x = n pi/2 + r,  |r| <= pi/4,    sin(r) = r + r z P(z),    cos(r) = 1 - z/2 + z^2 Q(z),  z = r^2

and n mod 4 says which of the two, and with which sign. Up to 10^5, n has 17 bits; pi/2 in three
pieces, subtracted by fused operations, leaves r right to its last bit even beside a multiple of
pi/2: the first difference is exact, because its bits lie between those of the rounded pi/2 and 1
(Cody and Waite, 1980). Without fusing, four pieces so short that n times each is exact do the same.
Larger arguments, if any lane has one, go to large_angles.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from . import large_angles
from .terms import (
    Term,
    bits,
    constants,
    copysign,
    expansion,
    fma,
    from_bits,
    narrowed,
    nearest_integer,
    polynomial,
    select,
    two_sum,
    when_any,
    whole_narrowed,
    widened,
)

REDUCED_UP_TO = 1e5


def reduced(x: Term) -> tuple[Term, Term | None, Term]:
    """r, what it lacks to its last bit (`None`: nothing), and n."""
    lanes = x.lanes
    if not lanes.fused and lanes.dtype == "float32":  # 24 bits are too few for short pieces
        r, _, n = reduced(widened(x))
        return narrowed(r, x), None, whole_narrowed(n, x)
    n, whole = nearest_integer(x, constants(x, "TWO_OVER_PI")[0])
    if lanes.fused:
        r = x
        for piece in constants(x, "HALF_PI"):
            r = fma(-n, piece, r)
        return r, None, whole
    first, second, third, fourth = constants(x, "HALF_PI_SHORT")
    r, low = two_sum(x - n * first, -n * second)
    r, lower = two_sum(r, -n * third)
    return r, (low + lower) - n * fourth, whole


def sine(r: Term, low: Term | None) -> Term:
    """Of a reduced argument. Its sign is that of r, also at -0."""
    z = r * r
    y = fma(r * z, polynomial(z, "SIN"), r if low is None else low)
    return copysign(y if low is None else r + y, r)


def cosine(r: Term, low: Term | None) -> Term:
    z = r * r
    return fma(z, fma(z, polynomial(z, "COS"), -0.5), 1.0 if low is None else 1 - r * low)


def with_sign_of_quadrant(y: Term, n: Term) -> Term:
    """-y in the third and the fourth quadrant."""
    return from_bits(bits(y) ^ ((n & 2) << (n.lanes.format.int_type.width - 2)))


def circular(x: Term, finish: Callable[[Term, Term | None, Term], Term]) -> Term:
    """`finish(r, low, n)`, by the reduction that the size of the angle needs."""
    size = abs(x)

    def large() -> Term:
        return select(size < math.inf, finish(*reduced_large(x)), math.nan)

    return when_any(size > REDUCED_UP_TO, large, finish(*reduced(x)))


def reduced_large(x: Term) -> tuple[Term, Term | None, Term]:
    if x.lanes.dtype == "float64":
        return large_angles.reduced(x)
    r, _, n = large_angles.reduced(widened(x))
    return narrowed(r, x), None, whole_narrowed(n, x)


@expansion("sin")
def sin(x: Term) -> Term:
    def finish(r: Term, low: Term | None, n: Term) -> Term:
        even = (n & 1).equals(0)
        return with_sign_of_quadrant(select(even, sine(r, low), cosine(r, low)), n)

    return circular(x, finish)


@expansion("cos")
def cos(x: Term) -> Term:
    def finish(r: Term, low: Term | None, n: Term) -> Term:
        even = (n & 1).equals(0)
        return with_sign_of_quadrant(select(even, cosine(r, low), sine(r, low)), n.plus(1))

    return circular(x, finish)


@expansion("tan")
def tan(x: Term) -> Term:
    """sin / cos in even quadrants, -cos / sin in odd ones."""

    def finish(r: Term, low: Term | None, n: Term) -> Term:
        s, c = sine(r, low), cosine(r, low)
        even = (n & 1).equals(0)
        return select(even, s, -c) / select(even, c, s)

    return circular(x, finish)
