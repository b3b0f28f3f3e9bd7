"""The logarithm and its relatives: log, log2, log10, log1p.

    x = 2^k m,  sqrt(1/2) <= m < sqrt(2),    log(x) = k ln 2 + log(m)
    f = m - 1,  s = f / (2 + f),             log(m) = 2 artanh(s) = 2 s + s z P(z),  z = s^2

2 s = f - s f, so that f itself, which is exact, carries the leading digits: log(m) = f - f^2/2 +
s (f^2/2 + z P(z)). (Tang, Table-driven implementation of the logarithm, 1990, without its table.)
"""

from __future__ import annotations

import math
from collections.abc import Callable

from .terms import (
    Term,
    bits,
    constants,
    copysign,
    expansion,
    fma,
    from_bits,
    polynomial,
    select,
    two_sum,
    when_any,
)


def exponent_and_mantissa(x: Term) -> tuple[Term, Term]:
    """k and m for a positive normal number."""
    lanes = x.lanes
    form = lanes.format
    root = Term(lanes, lanes.bits(lanes.const(math.sqrt(0.5))))
    one = Term(lanes, lanes.bits(lanes.const(1.0)))
    moved = bits(x).plus(one.minus(root))
    m = from_bits((moved & ((1 << form.fraction) - 1)).plus(root))
    # The biased exponent, put in the last bits of 2^fraction, is that number plus the exponent.
    base = 2.0**form.fraction
    based = Term(lanes, lanes.bits(lanes.const(base)))
    return from_bits(moved.shifted_right(form.fraction) | based) - (base + form.bias), m


def logarithm(x: Term, of_parts: Callable[[Term, Term], Term]) -> Term:
    """`of_parts(k, m)`; and if any lane is not a positive normal number, what IEEE says there."""
    form = x.lanes.format
    usual = of_parts(*exponent_and_mantissa(x))

    def special() -> Term:
        subnormal = x < form.least_normal
        shift = form.fraction + 2
        k, m = exponent_and_mantissa(select(subnormal, x * 2.0**shift, x))
        y = of_parts(k - select(subnormal, float(shift), 0.0), m)
        return guarded(x, y)

    return when_any(~((x >= form.least_normal) & (x < math.inf)), special, usual)


def log_of_sum(f: Term, correction: Term | float, fit: str) -> Term:
    """log(1 + f) + correction - f, for a small correction."""
    s = f / (2 + f)
    z = s * s
    half_square = 0.5 * f * f
    return s * fma(z, polynomial(z, fit), half_square) + correction - half_square


def guarded(x: Term, y: Term) -> Term:
    """`y` for positive finite x; otherwise what IEEE says of a logarithm."""
    return select(x > 0, select(x < math.inf, y, x), select(x == 0, -math.inf, math.nan))


@expansion("log")
def log(x: Term) -> Term:
    return logarithm(x, lambda k, m: log_of_parts(k, m - 1, 0.0))


def log_of_parts(k: Term, f: Term, correction: Term | float) -> Term:
    """k ln 2 + log(1 + f) + correction."""
    high, low = constants(k, "LN2")
    return k * high + (f + log_of_sum(f, fma(k, low, correction), "LOG"))


@expansion("log1p", "scipy.special.log1p")
def log1p(x: Term) -> Term:
    """log(u) + c / u, where u = 1 + x rounded and c is what the rounding left out: so little that
    1 / u = 2^-k / m needs no more than its first digits, 2^-k (2 - m)."""
    u, c = two_sum(1.0, x)
    k, m = exponent_and_mantissa(u)
    near = k == 0
    correction = c * reciprocal_power(u, m) * (2 - m)
    negligible = near | (x > 2.0**100)  # where 2^-k might not be a normal number
    y = log_of_parts(k, select(near, x, m - 1), select(negligible, 0.0, correction))
    outside = select(x == -1, -math.inf, select(x > 0, x, math.nan))
    return copysign(select((x > -1) & (x < math.inf), y, outside), x)


def reciprocal_power(u: Term, m: Term) -> Term:
    """m / u, a power of two."""
    lanes = u.lanes
    one = Term(lanes, lanes.bits(lanes.const(1.0)))
    return from_bits(one.plus(bits(m).minus(bits(u))))


def log1p_of_unit(x: Term) -> Term:
    """log(1 + x) for 0 <= x <= 1, without the exponent."""
    return x + log_of_sum(x, 0.0, "LOG_UNIT")


@expansion("log2")
def log2(x: Term) -> Term:
    factor, factor_low = constants(x, "LOG2_E")

    def of_parts(k: Term, m: Term) -> Term:
        y = log1p_of_mantissa(m)
        return k + fma(y, factor, y * factor_low)

    return logarithm(x, of_parts)


@expansion("log10")
def log10(x: Term) -> Term:
    factor, factor_low = constants(x, "LOG10_E")
    high, low = constants(x, "LOG10_2")

    def of_parts(k: Term, m: Term) -> Term:
        y = log1p_of_mantissa(m)
        return k * high + fma(y, factor, fma(y, factor_low, k * low))

    return logarithm(x, of_parts)


def log1p_of_mantissa(m: Term) -> Term:
    f = m - 1
    return f + log_of_sum(f, 0.0, "LOG")
