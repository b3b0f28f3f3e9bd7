"""What NumPy's other ufuncs mean at every entry: rounding, signs, remainders, choices, comparisons.

Maximum and minimum keep nan, fmax and fmin avoid it; remainder has the sign of the divisor and fmod
that of the dividend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .terms import (
    Term,
    ceil,
    copysign,
    expansion,
    floor,
    is_negative,
    isnan,
    library,
    rint,
    select,
    trunc,
)

FORMULAS: dict[tuple[str, ...], Callable[..., Any]] = {
    ("add",): lambda a, b: a + b,
    ("subtract",): lambda a, b: a - b,
    ("multiply",): lambda a, b: a * b,
    ("divide",): lambda a, b: a / b,
    ("negative",): lambda a: -a,
    ("positive",): lambda a: a,
    ("reciprocal",): lambda a: 1 / a,
    ("absolute", "fabs"): lambda a: abs(a),
    ("copysign",): copysign,
    ("floor",): floor,
    ("ceil",): ceil,
    ("trunc",): trunc,
    ("rint",): rint,
    ("signbit",): is_negative,
    ("isnan",): isnan,
    ("isinf",): lambda a: abs(a) == math.inf,
    ("isfinite",): lambda a: abs(a) < math.inf,
    ("equal",): lambda a, b: a == b,
    ("not_equal",): lambda a, b: a != b,
    ("less",): lambda a, b: a < b,
    ("less_equal",): lambda a, b: a <= b,
    ("greater",): lambda a, b: a > b,
    ("greater_equal",): lambda a, b: a >= b,
    ("deg2rad", "radians"): lambda a: a * (a.constant(math.pi) / 180),
    ("rad2deg", "degrees"): lambda a: a * (a.constant(180.0) / math.pi),
}
for _names, _formula in FORMULAS.items():
    expansion(*_names)(_formula)


# -- truth -----------------------------------------------------------------------------------------
def truth(a: Term) -> Term:
    """Whether a number is not 0; a truth value is one already."""
    return a if a.ir.type == a.lanes.mask_type else a != 0


@expansion("logical_not")
def logical_not(a: Term) -> Term:
    return ~truth(a)


@expansion("logical_and")
def logical_and(a: Term, b: Term) -> Term:
    return truth(a) & truth(b)


@expansion("logical_or")
def logical_or(a: Term, b: Term) -> Term:
    return truth(a) | truth(b)


@expansion("logical_xor")
def logical_xor(a: Term, b: Term) -> Term:
    return truth(a) ^ truth(b)


@expansion("where")
def where(c: Term, a: Term, b: Term) -> Term:
    return select(truth(c), a, b)


# -- choices ---------------------------------------------------------------------------------------
@expansion("maximum")
def numpy_maximum(a: Term, b: Term) -> Term:
    return select((a >= b) | isnan(a), a, b)


@expansion("minimum")
def numpy_minimum(a: Term, b: Term) -> Term:
    return select((a <= b) | isnan(a), a, b)


@expansion("fmax")
def fmax(a: Term, b: Term) -> Term:
    return select((a >= b) | isnan(b), a, b)


@expansion("fmin")
def fmin(a: Term, b: Term) -> Term:
    return select((a <= b) | isnan(b), a, b)


@expansion("sign")
def sign(a: Term) -> Term:
    return select(a > 0, 1.0, select(a < 0, -1.0, select(isnan(a), a, 0.0)))


@expansion("heaviside")
def heaviside(a: Term, b: Term) -> Term:
    return select(a == 0, b, select(a < 0, 0.0, select(a > 0, 1.0, a)))


# -- quotients -------------------------------------------------------------------------------------
@expansion("fmod")
def fmod(a: Term, b: Term) -> Term:
    return library("fmod", a, b)


@expansion("remainder")
def remainder(a: Term, b: Term) -> Term:
    rest = fmod(a, b)
    moved = select((b < 0) ^ (rest < 0), rest + b, rest)
    return select(rest == 0, copysign(0.0, b), moved)


@expansion("floor_divide")
def floor_divide(a: Term, b: Term) -> Term:
    """(a - remainder) / b, which is nearly whole, made whole; a / b where b is 0."""
    rest = fmod(a, b)
    quotient = (a - rest) / b
    quotient = select((rest != 0) & ((b < 0) ^ (rest < 0)), quotient - 1, quotient)
    below = floor(quotient)
    whole = select(quotient - below > 0.5, below + 1, below)
    whole = select(quotient == 0, copysign(0.0, a / b), whole)
    return select(b == 0, a / b, whole)


@expansion("modf_fraction")
def modf_fraction(a: Term) -> Term:
    return copysign(select(abs(a) == math.inf, 0.0, a - trunc(a)), a)


@expansion("shifted")
def shifted(a: Term, b: Term) -> Term:
    return select(a == b, 0.0, a - b)


# -- the gamma function, by the C library ----------------------------------------------------------
@expansion("scipy.special.gammaln")
def gammaln(a: Term) -> Term:
    return select(a == -math.inf, a, library("lgamma", a))  # the C library says inf there


@expansion("scipy.special.gamma")
def gamma(a: Term) -> Term:
    """Nan at minus infinity, as the C library has it too."""
    return library("tgamma", a)
