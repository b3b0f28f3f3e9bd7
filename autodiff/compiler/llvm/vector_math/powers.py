"""Powers and roots: power, monomial, cbrt, hypot.

    |a|^b = exp(b log |a|)

An error in the logarithm is multiplied by b log |a|, up to 745, so the logarithm is computed in
two parts with 10 bits to spare: the series 2 s + 2/3 s^3 + ... has its first two terms in double
length (Dekker, A floating-point technique for extending the available precision, 1971). float32 is
computed in float64, where one part is enough.
"""

from __future__ import annotations

import math
from typing import Any

from .exponential import NORMAL, exp_near_zero, reduced, scaled_by_bits
from .logarithm import exponent_and_mantissa, log_of_parts
from .terms import (
    Term,
    constants,
    copysign,
    expansion,
    fast_two_sum,
    floor,
    fma,
    isnan,
    ldexp,
    maximum,
    minimum,
    narrowed,
    polynomial,
    power_of_two,
    product_difference,
    rint,
    select,
    sqrt,
    to_int,
    two_product,
    two_sum,
    when_any,
    widened,
)

Pair = tuple[Term, Term]  # a sum of two numbers, the second far smaller


def times(a: Pair, b: Pair) -> Pair:
    high, low = two_product(a[0], b[0])
    return high, low + fma(a[0], b[1], a[1] * b[0])


def long_log(k: Term, m: Term) -> Pair:
    """k ln 2 + log(m) to about 63 bits."""
    f = m - 1
    d = 2 + f
    inverse = 1 / d
    s = f * inverse
    d_low = f - (d - 2)
    s_low = (product_difference(f, s, d) - s * d_low) * inverse
    z, z_low = times((s, s_low), (s, s_low))
    third = constants(k, "TWO_THIRDS")
    q, q_low = fast_two_sum(k.constant(third[0]), z * polynomial(z, "LONG_LOG"))
    cubic, cubic_low = times(times((s, s_low), (z, z_low)), (q, q_low + third[1]))
    y, y_low = fast_two_sum(2 * s, cubic)
    high, low = constants(k, "LN2")
    total, lost = two_sum(k * high, y)
    return fast_two_sum(total, lost + (y_low + fma(2.0, s_low, cubic_low) + k * low))


def long_exp_product(b: Term, logarithm: Pair) -> Pair:
    """b log(a), cut off where exp is 0 or infinite anyway (log(a) is 0 or at least 2^-54)."""
    b = minimum(2.0**80, maximum(-(2.0**80), b))
    high, low = two_product(b, logarithm[0])
    low = fma(b, logarithm[1], low)
    limit = 2 * NORMAL["float64"]
    inside = abs(high) < limit
    return minimum(limit, maximum(-limit, high)), select(inside, low, 0.0)


def positive_power(a: Term, b: Term, shift: float | Term = 0.0) -> Term:
    """(2^-shift a)^b for a positive normal `a` and a finite `b`."""
    if a.lanes.dtype == "float32":
        limit = 2 * NORMAL["float32"]
        k, m = exponent_and_mantissa(widened(a))
        k = k - (widened(shift) if isinstance(shift, Term) else shift)
        p = widened(b) * log_of_parts(k, m - 1, 0.0)
        r, n = reduced(minimum(limit, maximum(-limit, p)))
        return narrowed(scaled_by_bits(exp_near_zero(r), n), a)
    k, m = exponent_and_mantissa(a)
    p, p_low = long_exp_product(b, long_log(k - shift, m))
    r, n = reduced(p)
    return ldexp(exp_near_zero(r + p_low), n)


@expansion("power", "float_power")
def power(a: Term, b: Term) -> Term:
    least = a.lanes.format.least_normal
    usual = (a >= least) & (a < math.inf) & (abs(b) < math.inf)
    return when_any(~usual, lambda: special_power(a, b), positive_power(a, b))


def special_power(a: Term, b: Term) -> Term:
    """Zeros, negative and subnormal numbers, infinities, nan: as C99 says (annex F.10.4.4)."""
    size = abs(a)
    form = a.lanes.format
    shift = form.fraction + 2.0
    subnormal = size < form.least_normal
    y = positive_power(select(subnormal, size * 2.0**shift, size), b, select(subnormal, shift, 0.0))
    grows = select(size > 1, b, -b) > 0
    endless = (size == 0) | (size == math.inf) | (abs(b) == math.inf)
    y = select(endless, select(grows, math.inf, 0.0), y)

    whole = rint(b) == b
    odd = whole & (rint(0.5 * b) != 0.5 * b)
    negative = copysign(1.0, a) < 0
    y = select(negative & odd, -y, y)
    y = select((a < 0) & (size < math.inf) & ~whole & (abs(b) < math.inf), math.nan, y)
    y = select(isnan(a) | isnan(b), a + b, y)
    one = (a == 1) | (b == 0) | ((size == 1) & (abs(b) == math.inf))
    return select(one, 1.0, y)


@expansion("monomial")
def monomial(a: Term, *, exponent: Any) -> Term:
    """a to a constant power: by multiplication where that is right to 2 units of the last place."""
    if exponent == 0.5:
        return sqrt(a)
    if exponent not in range(-3, 5):
        return power(a, a.constant(exponent))
    if exponent == 0:
        return a.constant(1.0)
    y = base = 1 / a if exponent < 0 else a
    for _ in range(abs(int(exponent)) - 1):
        y = y * base
    return y


@expansion("square")
def square(a: Term) -> Term:
    return a * a


@expansion("sqrt", "root")
def square_root(a: Term) -> Term:
    return sqrt(a)


@expansion("cbrt", "scipy.special.cbrt")
def cbrt(x: Term) -> Term:
    """The root of a mantissa by a polynomial, one step of Halley's method, one of Newton's whose
    residual is exact; the exponent is divided by three."""
    size = abs(x)
    form = x.lanes.format
    usual = (size >= form.least_normal) & (size < math.inf)

    def special() -> Term:
        shift = 54  # divisible by three
        y = cbrt_of_normal(size * 2.0**shift) * 2.0 ** (-shift // 3)
        return select((size == 0) | (size == math.inf) | isnan(x), size, y)

    return copysign(when_any(~usual, special, cbrt_of_normal(size)), x)


def cbrt_of_normal(x: Term) -> Term:
    k, m = exponent_and_mantissa(x)
    q = floor((k + 0.5) * (1 / 3))
    rest = k - 3 * q
    m = m * select(rest == 0, 1.0, select(rest == 1, 2.0, 4.0))
    y = polynomial(m, "CBRT")
    cube = y * y * y
    y = y * ((cube + 2 * m) / (2 * cube + m))
    high, low = two_product(y, y)
    y = y + (product_difference(m, high, y) - low * y) / (3 * high)
    return y * power_of_two(to_int(q))


@expansion("hypot")
def hypot(a: Term, b: Term) -> Term:
    if a.lanes.dtype == "float32":
        x, y = widened(a), widened(b)
        return infinite_or(a, b, narrowed(sqrt(fma(x, x, y * y)), a))
    large, small = maximum(abs(a), abs(b)), minimum(abs(b), abs(a))

    def scaled() -> Term:
        factor = select(large > 1, 2.0**-600, 2.0**600)
        x, y = large * factor, small * factor
        return infinite_or(a, b, sqrt(fma(x, x, y * y)) / factor)

    plain = sqrt(fma(large, large, small * small))
    return when_any(~((large > 2.0**-450) & (large < 2.0**500)), scaled, plain)


def infinite_or(a: Term, b: Term, y: Term) -> Term:
    """An infinity is infinitely long, also beside nan."""
    endless = (abs(a) == math.inf) | (abs(b) == math.inf)
    return select(endless, math.inf, select(isnan(a) | isnan(b), math.nan, y))
