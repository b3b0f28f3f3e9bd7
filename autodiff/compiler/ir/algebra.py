"""The algebra that keeps every IEEE value, and the two rewrites that round once more.

x * 1 is x and x - 0 is x for every x; x + 0 is not (-0 + 0 = 0), and x * 0 is not 0 (inf * 0). A
rule is asked before its instruction is made, and answers with another value or `None`. Powers with
small integers become products, division by few numbers multiplication by their reciprocals.
"""

from __future__ import annotations

import math

from .maps import Maps, Rule
from .program import Value, is_number, number

# Powers up to this are products: x^4 rounds three times, within the accuracy that `jit` states.
LARGEST_PRODUCT = 4


def _multiply(m: Maps, a: Value, b: Value) -> Value | None:
    for x, other in ((a, b), (b, a)):
        if is_number(x, 1):
            return other
        if is_number(x, -1) and x.dtype.kind == "f":
            return m.apply("negative", other)
        if x.is_map("negative"):  # the sign comes last, where sums take it up
            return m.apply("negative", m.apply("multiply", x.inputs[0], other))
        if other.is_map("multiply") and is_scale(x):
            for y, doubled in (other.inputs, other.inputs[::-1]):
                if is_doubling(doubled):
                    return m.apply("multiply", y, m.apply("multiply", doubled, x))
    return None


def is_doubling(v: Value) -> bool:
    """Is it 2, 4, 8, ..., by which a product is exact, if not infinite?"""
    x = number(v)
    return bool(x is not None and v.dtype.kind == "f" and x > 1 and math.frexp(x)[0] == 0.5)


def is_scale(v: Value) -> bool:
    """Is it a finite number x for which (2 a) x and a (2 x) overflow both or neither?"""
    x = number(v)
    return bool(x is not None and v.dtype.kind == "f" and 1 <= abs(x) < 2.0**64)


def _add(m: Maps, a: Value, b: Value) -> Value | None:
    for x, other in ((a, b), (b, a)):
        if is_number(x, -0.0) and x.dtype.kind == "f":
            return other
        if x.is_map("negative") and x.dtype.kind == "f":
            return m.apply("subtract", other, x.inputs[0])
        if (
            is_number(x, 0.0)
            and other.is_map("add")
            and any(is_number(y, 0.0) for y in other.inputs)
        ):
            return other  # a sum with 0 is never -0
    return None


def _subtract(m: Maps, a: Value, b: Value) -> Value | None:
    if is_number(b, 0.0):
        return a
    if b.is_map("negative"):
        return m.apply("add", a, b.inputs[0])
    return None


def _divide(m: Maps, a: Value, b: Value) -> Value | None:
    if a.is_map("negative"):
        return m.apply("negative", m.apply("divide", a.inputs[0], b))
    divisor = number(b)
    if divisor is not None and divisor.dtype.kind == "f" and divisor != 0:
        mantissa, exponent = math.frexp(divisor)
        if abs(mantissa) == 0.5 and abs(exponent) < 100:  # 1 / 2^k is exact
            inverse = m.builder.constant(1 / divisor)
            return m.apply("multiply", a, m.builder.spread(inverse, b.shape))
    elif m.reciprocals and b.dtype.kind == "f" and b.size * FEW <= a.size and number(a) is None:
        return by_reciprocal(m, a, b)
    return None


FEW = 8  # divisors are few if each divides at least as many entries
RANGE = {4: 120, 8: 1000, 16: 1000, 2: 14}  # 1 / b is a normal number for 2^-k < |b| < 2^k


def by_reciprocal(m: Maps, a: Value, b: Value) -> Value:
    """a / b for few b: one reciprocal each, and products, which round twice. A power of two keeps
    the reciprocal of a very small or large b a normal number."""
    dtype, k = b.dtype.type, RANGE[b.dtype.itemsize]
    one, low, high = (m.builder.constant(dtype(2.0**e)) for e in (0, -k, k))
    up, down = (m.builder.constant(dtype(2.0**e)) for e in (k // 2, -(k // 2)))
    size = m.apply("absolute", b)
    scale = m.where(
        m.apply("less", size, low), up, m.where(m.apply("greater", size, high), down, one)
    )
    inverse = m.apply("divide", one, m.apply("multiply", b, scale))
    return m.apply("multiply", m.apply("multiply", a, scale), inverse)


def _power(m: Maps, a: Value, b: Value) -> Value | None:
    exponent = number(b)
    if exponent is None or a.dtype.kind != "f":
        return None
    if exponent == 0.5 or exponent == -1:
        root = m.apply("sqrt", a) if exponent == 0.5 else m.apply("divide", one(m, a), a)
        return root
    if 0 <= exponent <= LARGEST_PRODUCT and exponent == int(exponent):
        return product_power(m, a, int(exponent))
    return None


def one(m: Maps, a: Value) -> Value:
    return m.builder.constant(a.dtype.type(1))


def product_power(m: Maps, a: Value, n: int) -> Value:
    """a^n by squaring."""
    if n == 0:
        return m.builder.spread(one(m, a), a.shape)
    y = a
    for bit in bin(n)[3:]:
        y = m.apply("multiply", y, y)
        if bit == "1":
            y = m.apply("multiply", y, a)
    return y


def _negative(m: Maps, a: Value) -> Value | None:
    return a.inputs[0] if a.is_map("negative") else None


def _logical_not(m: Maps, a: Value) -> Value | None:
    return a.inputs[0] if a.is_map("logical_not") else None


def _logical(neutral: bool) -> Rule:
    def rule(m: Maps, a: Value, b: Value) -> Value | None:
        for x, other in ((a, b), (b, a)):
            if number(x) is not None:
                return other if bool(number(x)) == neutral else x
        return a if a is b else None

    return rule


RULES: dict[str, Rule] = {
    "multiply": _multiply,
    "add": _add,
    "subtract": _subtract,
    "divide": _divide,
    "power": _power,
    "negative": _negative,
    "logical_not": _logical_not,
    "logical_and": _logical(True),
    "logical_or": _logical(False),
}
