"""The elementwise rows: NumPy's ufuncs, each with one partial derivative per input.

A partial's arguments are what it remembers: `a`, `b` the inputs, `y` the output.
Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), chapters 3 and 4.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..base import selecting
from ..rules.conforming import align_all
from ..rules.kinds import choice, elementwise, flat, special
from ..rules.primitive import (
    CALL,
    COMPARISON,
    MINUS_ONE,
    NON_NEGATIVE,
    ONE,
    POSITIVE,
    POWER,
    PRODUCT,
    REAL,
    SUM,
    UNARY,
    ZERO,
    Interval,
)

LN2, LN10 = math.log(2.0), math.log(10.0)


# Python's own operators, so that a Python float stays the weak scalar it is in plain NumPy; where
# Python would raise, IEEE's inf or nan, as NumPy gives.
def _divide(a: Any, b: Any) -> Any:
    try:
        return a / b
    except ZeroDivisionError:
        return np.divide(a, b)


def _modulo(a: Any, b: Any) -> Any:
    try:
        return a % b
    except ZeroDivisionError:
        return np.remainder(a, b)


def _pow(a: Any, *, exponent: Any) -> Any:
    try:
        return a**exponent
    except (ZeroDivisionError, OverflowError):
        if a.__class__ not in (int, float):  # NumPy's own refusal: 300 is not an int8
            raise
        return np.power(float(a), exponent)


def _monomial_partial(a: Any, *, exponent: Any) -> Any:
    if exponent == 0:
        return ZERO
    if exponent == 1:
        return ONE
    return exponent * (a if exponent == 2 else a ** (exponent - 1))


# x**0 is the constant 1, also at x = 0; 0**y is the constant 0 for y > 0.
def _power_a(a: Any, b: Any) -> Any:
    return b * np.power(a, np.where((a == 0) & (b == 0), 1, b - 1))


def _power_b(a: Any, y: Any) -> Any:
    one = y.dtype.type(1)  # the logarithm of a number of y's type, which may be complex or longer
    return y * np.log(np.where(a == 0, one, a))


def share(a: Any, y: Any, base_power: Any) -> Any:
    """The part exp(a - y) that `a` has in y = log(exp(a) + exp(b) + ...): never overflows, and 0
    where everything is -inf. (At a = y = inf the difference would be nan.)"""
    difference = np.where((a == y) & np.isinf(y), 0, a - y)
    return np.where(y == -np.inf, 0, base_power(difference))


def _sech_squared(a: Any) -> Any:
    """1 / cosh^2: 0 where cosh is beyond the largest number."""
    if np.iscomplexobj(a):  # whose cosh is nan there: by the exponential that is at most 1
        small = np.exp(-2 * np.where(np.real(a) < 0, -a, a))
        return 4 * small / (1 + small) ** 2
    with np.errstate(over="ignore"):
        secant = 1 / np.cosh(a)
    return secant * secant


# One row a line, its columns aligned: the odd row should stand out.
# fmt: off
add       = elementwise("add",      operator.add, ONE, ONE,       numpy=np.add,      text="{a} + {b}", binds=SUM,
                        form="sum", operator="({} + {})")
subtract  = elementwise("subtract", operator.sub, ONE, MINUS_ONE, numpy=np.subtract, text="{a} - {b}", binds=SUM,
                        form="sum", operator="({} - {})")
multiply  = elementwise("multiply", operator.mul, lambda b: b, lambda a: a,
                        numpy=np.multiply, text="{a} * {b}", latex=r"{a} \, {b}", binds=PRODUCT,
                        form="product", operator="({} * {})")
divide    = elementwise("divide", _divide, lambda b: 1 / b, lambda b, y: -y / b, domain=(REAL, POSITIVE),
                        numpy=np.divide, text="{a} / {b}", latex=r"\frac{{{a}}}{{{b}}}", binds=PRODUCT,
                        form="quotient", operator="({} / {})")
negative  = elementwise("negative", operator.neg, MINUS_ONE, numpy=np.negative, text="-{a}", binds=UNARY,
                        form="alike", operator="(-{})", silent=True)
positive  = elementwise("positive", operator.pos, ONE,       numpy=np.positive, text="{a}",  binds=UNARY,
                        form="alike", operator="(+{})", silent=True)

# Added for accuracy, speed and a readable picture: x**2 with a constant exponent has one partial, 2 x.
monomial  = elementwise("monomial", _pow, _monomial_partial, domain=POSITIVE,
                        text="{a}^{exponent}", latex="{{{a}}}^{{{exponent}}}", binds=POWER,
                        form="power", operator="({} ** {exponent})")
power     = elementwise("power", np.power, _power_a, _power_b, domain=(POSITIVE, REAL),
                        text="{a}^{b}", latex="{{{a}}}^{{{b}}}", binds=POWER)
# Not a cast and then `power`: the two differ in the last bit where NumPy has a faster loop for one.
float_power = elementwise("float_power", np.float_power, _power_a, _power_b, domain=(POSITIVE, REAL),
                        text="{a}^{b}", latex="{{{a}}}^{{{b}}}", binds=POWER)

square     = elementwise("square",     np.square,     lambda a: 2 * a, text="{a}^2", latex="{{{a}}}^2", binds=POWER)
sqrt       = elementwise("sqrt",       np.sqrt,       lambda y: 0.5 / y, domain=NON_NEGATIVE, latex=r"\sqrt{{{a}}}")
cbrt       = elementwise("cbrt",       np.cbrt,       lambda y: 1 / (3 * y * y), kinks=(0.0,), latex=r"\sqrt[3]{{{a}}}")
reciprocal = elementwise("reciprocal", np.reciprocal, lambda y: -y * y, domain=POSITIVE, text="1 / {a}",
                         latex=r"\frac{{1}}{{{a}}}", binds=PRODUCT)

exp       = elementwise("exp",   np.exp,   lambda y: y, latex="e^{{{a}}}")
exp2      = elementwise("exp2",  np.exp2,  lambda y: y * LN2, latex="2^{{{a}}}")
expm1     = elementwise("expm1", np.expm1, lambda a: np.exp(a))
log       = elementwise("log",   np.log,   lambda a: 1 / a, domain=POSITIVE)
log2      = elementwise("log2",  np.log2,  lambda a: 1 / (a * LN2), domain=POSITIVE, latex=r"\log_2 {a}")
log10     = elementwise("log10", np.log10, lambda a: 1 / (a * LN10), domain=POSITIVE, latex=r"\log_{{10}} {a}")
log1p     = elementwise("log1p", np.log1p, lambda a: 1 / (1 + a), domain=Interval(-1.0, math.inf))

sin       = elementwise("sin", np.sin, lambda a: np.cos(a))
cos       = elementwise("cos", np.cos, lambda a: -np.sin(a))
tan       = elementwise("tan", np.tan, lambda y: 1 + y * y, domain=Interval(-math.pi / 2, math.pi / 2))
# Added for accuracy: (1 - a)(1 + a) does not cancel near the ends of the domain, as 1 - a^2 does; the
# slope of that product would cancel near 0.
one_minus_square = elementwise("one_minus_square", lambda a: (1 - a) * (1 + a), lambda a: -2 * a, text="(1 - {a}) * (1 + {a})",
                               latex=r"\left(1 - {a}\right) \left(1 + {a}\right)", binds=PRODUCT)
arcsin    = elementwise("arcsin", np.arcsin, lambda a:  1 / np.sqrt(one_minus_square(a)), domain=Interval(-1.0, 1.0))
arccos    = elementwise("arccos", np.arccos, lambda a: -1 / np.sqrt(one_minus_square(a)), domain=Interval(-1.0, 1.0))
arctan    = elementwise("arctan", np.arctan, lambda a: 1 / (1 + a * a))

sinh      = elementwise("sinh", np.sinh, lambda a: np.cosh(a))
cosh      = elementwise("cosh", np.cosh, lambda a: np.sinh(a))
# Added for accuracy: 1 - tanh^2 is 0 from a = 19 on, where 1 / cosh^2 is 4 exp(-2 a).
tanh      = elementwise("tanh", np.tanh, lambda a: sech_squared(a))
sech_squared = elementwise("sech_squared", _sech_squared, lambda a, y: -2 * np.tanh(a) * y,
                           text="sech({a})^2", latex=r"\operatorname{{sech}}^2\left({a}\right)")
arcsinh   = elementwise("arcsinh", np.arcsinh, lambda a: 1 / (np.sqrt(a * a + 1) if np.iscomplexobj(a) else np.hypot(a, 1)))
arccosh   = elementwise("arccosh", np.arccosh, lambda a: 1 / (np.sqrt(a - 1) * np.sqrt(a + 1)), domain=Interval(1.0, math.inf))
arctanh   = elementwise("arctanh", np.arctanh, lambda a: 1 / one_minus_square(a), domain=Interval(-1.0, 1.0))

deg2rad   = elementwise("deg2rad", np.deg2rad, lambda: math.pi / 180)
radians   = elementwise("radians", np.radians, lambda: math.pi / 180)
rad2deg   = elementwise("rad2deg", np.rad2deg, lambda: 180 / math.pi)
degrees   = elementwise("degrees", np.degrees, lambda: 180 / math.pi)

absolute  = elementwise("absolute", np.absolute, lambda a: _direction(a), kinks=(0.0,), text="|{a}|",
                        latex=r"\left|{a}\right|")
fabs      = elementwise("fabs", np.fabs, lambda a: np.sign(a), kinks=(0.0,), text="|{a}|", latex=r"\left|{a}\right|")
# a / b, where b is the size of what a belongs to: 0 at the origin, the subgradient of least norm of
# the size. There it jumps, so that its own slope is nan, and with it the curvature of the size.
direction = elementwise("direction", lambda a, b: a / safe(b), lambda b: 1 / b, lambda b, y: -y / b, domain=(REAL, POSITIVE),
                        text="{a} / {b}", latex=r"\frac{{{a}}}{{{b}}}", binds=PRODUCT)
# hypot(0, 0) has slope 0 likewise. Added for accuracy, sine and arctan2_slope: nothing in them overflows
# as a^2 + b^2 does, and their slopes, unlike those of the quotients, do not cancel.
hypot     = elementwise("hypot", np.hypot, lambda a, b: sine(b, a), lambda a, b: sine(a, b), kinks="origin")
sine      = elementwise("sine", lambda a, b: _sine(a, b), lambda a, b, y: -y * (sine(b, a) / np.hypot(a, b)),
                        lambda a, b: sine(b, a) * (sine(b, a) / np.hypot(a, b)), domain=(POSITIVE, REAL),
                        text="{b} / hypot({a}, {b})", latex=r"{b} / \sqrt{{{a}^2 + {b}^2}}", binds=PRODUCT)
arctan2   = elementwise("arctan2", np.arctan2, lambda a, b: arctan2_slope(a, b), lambda a, b: -arctan2_slope(b, a), domain=(REAL, POSITIVE))
arctan2_slope = elementwise("arctan2_slope", lambda a, b: _arctan2_slope(a, b), lambda a, b, y: -2 * y * arctan2_slope(b, a),
                        lambda a, b, y: (arctan2_slope(b, a) - y) * (arctan2_slope(b, a) + y), domain=(REAL, POSITIVE),
                        text="{b} / ({a}^2 + {b}^2)", latex=r"\frac{{{b}}}{{{a}^2 + {b}^2}}", binds=PRODUCT)
copysign  = elementwise("copysign", np.copysign, lambda a, b: np.sign(a) * np.copysign(1, b), ZERO, kinks=(0.0,))
remainder = elementwise("remainder", _modulo, ONE, lambda a, b: -np.floor_divide(a, b), numpy=np.remainder,
                        domain=(REAL, POSITIVE), kinks="multiples", text="{a} % {b}", latex=r"{a} \bmod {b}", binds=PRODUCT,
                        operator="({} % {})")
fmod      = elementwise("fmod", np.fmod, ONE, lambda a, b: -np.trunc(a / b), domain=(REAL, POSITIVE), kinks="multiples")

# The part behind the point, which keeps its sign: x - trunc(x) would make a 0.0 of the -0.0 of -2.0.
modf_fraction = elementwise("modf_fraction", lambda a: np.modf(a)[0], ONE, kinks="integers")
# Added for accuracy: std and norms are the root of a sum of squares, whose minimal-norm subgradient at 0 is 0.
root      = elementwise("root", lambda a: np.sqrt(a), lambda y: 0.5 * direction(y != 0, y), domain=NON_NEGATIVE,
                        kinks=(0.0,), text="sqrt({a})", latex=r"\sqrt{{{a}}}")

where     = choice("where", selecting.where, lambda c, a, b, y: c, lambda s, _, a_dot, b_dot: selecting.where(s, a_dot, b_dot),
                   None, lambda y_bar, s, a: selecting.where(s, y_bar, 0), lambda y_bar, s, b: selecting.where(s, 0, y_bar),
                   batch="elementwise", form="branches")
# The step itself is flat; its value at the jump is the second argument.
heaviside = choice("heaviside", np.heaviside, lambda a, b, y: a == 0, lambda s, _, b_dot: selecting.where(s, b_dot, 0),
                   None, lambda y_bar, s, b: selecting.where(s, y_bar, 0), batch="elementwise")
# Linear in the mantissa; scaled by the same power of two rather than multiplied, which could overflow.
ldexp     = special("ldexp", np.ldexp, entries="entry", batch=lambda row, size, args, flags: row(*align_all(args, flags)),
                    forward=lambda tangents, primals, y: np.ldexp(tangents[0], primals[1]),
                    backward=lambda y_bar, primals, y: [np.ldexp(y_bar, primals[1]), ZERO],
                    text="{a} * 2^{b}", latex=r"{a} \cdot 2^{{{b}}}", binds=PRODUCT)
# fmt: on


def safe(size: Any) -> Any:
    return np.where(size == 0, 1, size)


def _in_scale(a: Any, b: Any) -> tuple[Any, Any, Any]:
    """`a` and `b` over the larger of their sizes, and by what they were multiplied: what is made of
    them does not depend on its last digits."""
    size = np.maximum(np.abs(a), np.abs(b))
    scale = 1 / np.maximum(size, np.finfo(size.dtype).tiny)
    return a * scale, b * scale, scale


def _sine(a: Any, b: Any) -> Any:
    u, v, _ = _in_scale(a, b)
    return v * (1 / safe(np.sqrt(u * u + v * v)))  # which the two sines of a program share


def _arctan2_slope(a: Any, b: Any) -> Any:
    u, v, scale = _in_scale(a, b)
    return v / (u * u + v * v) * scale


def _direction(a: Any) -> Any:
    """The derivative of |a|: the sign of a real number, conj(a) / |a| for a complex one, 0 at 0."""
    if not np.iscomplexobj(a):
        return np.sign(a)
    return direction(np.conj(a), np.abs(a))


def _extremum(name: str, value: Any, first_wins: Any) -> Any:
    """Ties share evenly: maximum(x, c) at x = c has derivative 1/2, maximum(x, x) in all 1."""

    def selector(a: Any, b: Any, y: Any) -> Any:
        return first_wins(a, b), a == b

    def select(chosen: Any, a_dot: Any, b_dot: Any) -> Any:
        first, tie = chosen
        return selecting.where(tie, (a_dot + b_dot) / 2, selecting.where(first, a_dot, b_dot))

    def scatter_first(y_bar: Any, chosen: Any, a: Any) -> Any:
        first, tie = chosen
        return selecting.where(tie, y_bar / 2, selecting.where(first, y_bar, 0))

    def scatter_second(y_bar: Any, chosen: Any, b: Any) -> Any:
        first, tie = chosen
        return selecting.where(tie, y_bar / 2, selecting.where(first, 0, y_bar))

    return choice(
        name,
        value,
        selector,
        select,
        scatter_first,
        scatter_second,
        batch="elementwise",
        kinks="ties",
    )


# NaN wins in maximum and minimum, and loses in fmax and fmin. NumPy orders complex numbers, Python
# does not: `a > b` of two of Python's would raise.
maximum = _extremum("maximum", np.maximum, lambda a, b: np.greater(a, b) | (a != a))
minimum = _extremum("minimum", np.minimum, lambda a, b: np.less(a, b) | (a != a))
fmax = _extremum("fmax", np.fmax, lambda a, b: np.greater(a, b) | (b != b))
fmin = _extremum("fmin", np.fmin, lambda a, b: np.less(a, b) | (b != b))


def _clip_selector(a: Any, low: Any, high: Any, y: Any) -> Any:
    """Where the result is the low bound, and where the high one; a value at its bound is kept."""
    at_low = np.less(a, -np.inf if low is None else low)
    at_high = np.greater(a if low is None else np.maximum(a, low), np.inf if high is None else high)
    return np.logical_and(at_low, np.logical_not(at_high)), at_high


def _batch_clip(row: Any, size: int, args: Any, flags: Any) -> Any:
    """Every bound that is there with as many example axes as the largest example has."""
    given = [k for k, a in enumerate(args) if a is not None]
    aligned = align_all([args[k] for k in given], [flags[k] for k in given])
    bounds = dict(zip(given, aligned, strict=True))
    return row(*(bounds.get(k) for k in range(3)))


clip = choice(
    "clip",
    np.clip,
    _clip_selector,
    lambda s, a_dot, low_dot, high_dot: selecting.where(
        s[1], high_dot, selecting.where(s[0], low_dot, a_dot)
    ),
    lambda y_bar, s, a: selecting.where(s[0] | s[1], 0, y_bar),
    lambda y_bar, s, low: selecting.where(s[0], y_bar, 0),
    lambda y_bar, s, high: selecting.where(s[1], y_bar, 0),
    batch=_batch_clip,
    kinks="bounds",
    entries="entry",
)

# name: how it is written, how tightly that binds, and the same in LaTeX
_WRITTEN: dict[str, tuple[str, int, str]] = {
    "equal": ("{a} == {b}", COMPARISON, "{a} = {b}"),
    "not_equal": ("{a} != {b}", COMPARISON, r"{a} \ne {b}"),
    "less": ("{a} < {b}", COMPARISON, "{a} < {b}"),
    "less_equal": ("{a} <= {b}", COMPARISON, r"{a} \le {b}"),
    "greater": ("{a} > {b}", COMPARISON, "{a} > {b}"),
    "greater_equal": ("{a} >= {b}", COMPARISON, r"{a} \ge {b}"),
    "floor_divide": ("{a} // {b}", PRODUCT, r"\left\lfloor {a} / {b} \right\rfloor"),
    "bitwise_and": ("{a} & {b}", SUM, r"{a} \wedge {b}"),
    "bitwise_or": ("{a} | {b}", SUM, r"{a} \vee {b}"),
    "invert": ("~{a}", UNARY, r"\neg {a}"),
}
for _ufunc in (
    *(np.floor, np.ceil, np.trunc, np.rint, np.sign, np.signbit, np.floor_divide),
    *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
    *(np.isfinite, np.isinf, np.isnan, np.logical_and, np.logical_or, np.logical_xor),
    *(np.logical_not, np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert),
    *(np.left_shift, np.right_shift, np.spacing, np.gcd, np.lcm, np.bitwise_count),
):
    _text, _binds, _latex = _WRITTEN.get(_ufunc.__name__, (None, CALL, None))
    flat(_ufunc.__name__, _ufunc, batch="elementwise", text=_text, binds=_binds, latex=_latex)
flat("isclose", np.isclose, batch="elementwise")
flat("round", np.round, batch="trailing")
flat("exponent", lambda a: np.frexp(a)[1], batch="trailing")
