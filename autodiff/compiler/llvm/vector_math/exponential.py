"""The exponential and its relatives: exp, exp2, expm1, sinh, cosh, tanh
and its slope.

    x = n ln 2 + r,  |r| <= ln 2 / 2,    exp(x) = 2^n exp(r),    exp(r) = 1 + r + r^2 P(r)

n ln 2 is subtracted in two pieces, of which the first is exact (Cody and Waite, Software Manual for
the Elementary Functions, 1980). exp(r) - 1 is kept apart from the 1, so that expm1 and tanh lose
nothing near 0.
"""

from __future__ import annotations

import math

from .terms import (
    Term,
    bits,
    constants,
    copysign,
    expansion,
    fma,
    from_bits,
    ldexp,
    maximum,
    minimum,
    nearest_integer,
    polynomial,
    power_of_two,
    select,
    when_any,
)

# Within these arguments exp(x), and its every step, is a normal number.
NORMAL = {"float64": 708.0, "float32": 87.0}
LEAST = {"float64": -745.2, "float32": -104.0}  # where exp is 0
NEARLY_MINUS_ONE = {"float64": -40.0, "float32": -20.0}  # where exp(x) - 1 is -1


def reduced(x: Term) -> tuple[Term, Term]:
    """r and the integer n of x = n ln 2 + r."""
    high, low = constants(x, "LN2")
    n, whole = nearest_integer(x, constants(x, "LOG2_E")[0])
    return fma(-n, low, fma(-n, high, x)), whole


def exp_near_zero(r: Term) -> Term:
    return 1 + fma(r * r, polynomial(r, "EXP"), r)


def scaled_by_bits(y: Term, n: Term) -> Term:
    """y 2^n where that is a normal number: n is added to the bits of the exponent."""
    return from_bits(bits(y).plus(n << y.lanes.format.fraction))


@expansion("exp")
def exp(x: Term) -> Term:
    r, n = reduced(x)
    limit = NORMAL[x.lanes.dtype]
    y = exp_near_zero(r)

    def extreme() -> Term:
        inside = select(x < LEAST[x.lanes.dtype], 0.0, ldexp(y, n))
        return select(x > limit + 2, math.inf, inside)

    return when_any(~(abs(x) <= limit), extreme, scaled_by_bits(y, n))


@expansion("exp2", "scipy.special.exp2")
def exp2(x: Term) -> Term:
    lanes = x.lanes
    limit = lanes.format.bias + 2.0
    x = minimum(limit, maximum(-limit - lanes.format.fraction, x))
    n, whole = nearest_integer(x)
    high, low = constants(x, "LN2")
    r = fma(x - n, high, (x - n) * low)
    return ldexp(exp_near_zero(r), whole)


@expansion("expm1", "scipy.special.expm1")
def expm1(x: Term) -> Term:
    dtype = x.lanes.dtype
    r, n = reduced(maximum(NEARLY_MINUS_ONE[dtype], x))
    s = fma(r * r, polynomial(r, "EXPM1"), r)
    scale = power_of_two(n)
    y = copysign(fma(scale, s, scale - 1), x)  # the sign matters at -0.0 alone
    return when_any(x > NORMAL[dtype], lambda: exp(x), y)


def tanh_of(size: Term) -> tuple[Term, Term, Term]:
    """For |x|: is it near 0, what tanh differs by from |x| there and from 1 elsewhere, and tanh.

    1 - 2 / (exp(2 |x|) + 1), and near 0 |x| + |x| z P(z) / Q(z): they share the division."""
    bounded = minimum(NORMAL[size.lanes.dtype] / 2, size)
    r, n = reduced(bounded + bounded)
    e = scaled_by_bits(exp_near_zero(r), n)
    z = size * size
    near = size < 0.625
    above = select(near, z * polynomial(z, "TANH_ABOVE"), -2.0)
    below = select(near, polynomial(z, "TANH_BELOW"), 1 + e)
    scale = select(near, size, 1.0)
    return near, above / below, fma(scale, above / below, scale)


@expansion("tanh")
def tanh(x: Term) -> Term:
    return copysign(tanh_of(abs(x))[2], x)


@expansion("sech_squared")
def sech_squared(x: Term) -> Term:
    """1 - y^2 = (1 - y)(1 + y), of which 1 - y is known where it is small. LLVM sees that it has
    computed the most of it where tanh of the same number is wanted."""
    near, below_one, y = tanh_of(abs(x))
    far = select(abs(x) > NORMAL[x.lanes.dtype] / 2, 0.0, -below_one * (2 + below_one))
    return select(near, 1 - y * y, far)


def half_exp(x: Term) -> Term:
    """exp(x) / 2 for x >= 0, which overflows only where sinh and cosh do."""
    r, n = reduced(minimum(NORMAL[x.lanes.dtype] + 3, x))
    return ldexp(exp_near_zero(r), n.minus(1))


@expansion("sinh")
def sinh(x: Term) -> Term:
    size = abs(x)
    z = size * size
    near = fma(size * z, polynomial(z, "SINH"), size)
    half = half_exp(size)
    return copysign(select(size < 1, near, half - 0.25 / half), x)


@expansion("cosh")
def cosh(x: Term) -> Term:
    half = half_exp(abs(x))
    return half + 0.25 / half
