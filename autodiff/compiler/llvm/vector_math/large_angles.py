"""Angles of any size, reduced exactly: Payne and Hanek's method, lane by lane from a table.

x = M 2^e with a whole number M of 53 bits, so x 2/pi is M times 2^e 2/pi, and whole multiples of 4
in the second factor make no difference. What is left of it for each e stands in a table, in four
pieces of 53 bits: M times them, added with their rounding errors, is the quadrant and a fraction of
it that is right to its last bit. (Payne and Hanek, Radian reduction for trigonometric functions,
1983.)
"""

from __future__ import annotations

import ctypes
from functools import cache

from llvmlite import binding, ir

from ..lanes import Lanes
from .terms import (
    Term,
    bits,
    constants,
    copysign,
    fast_two_sum,
    fma,
    from_bits,
    rint,
    to_int,
    two_product,
    two_sum,
)

LEAST_EXPONENT = 16  # of the numbers that come here: all are above 2^16
GREATEST_EXPONENT = 1023
PIECES = 4
SYMBOL = "autodiff.two_over_pi"


def pi_scaled(digits: int) -> int:
    """pi 2^digits, by Machin's formula pi/4 = 4 arctan(1/5) - arctan(1/239)."""

    def arctan_of_inverse(n: int) -> int:
        power = total = (1 << (digits + 16)) // n
        k = 1
        while power:
            power //= -n * n
            k += 2
            total += power // k
        return total

    return (16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239)) >> 16


@cache
def table() -> ctypes.Array[ctypes.c_double]:
    """2^(e - 52) 2/pi without whole multiples of 4, in four pieces, for every exponent e."""
    kept = 53 * PIECES + 64  # bits behind the point
    digits = GREATEST_EXPONENT + kept
    unit = 1 << kept
    two_over_pi = (1 << (2 * digits + 1)) // pi_scaled(digits)
    numbers: list[float] = []
    for exponent in range(LEAST_EXPONENT, GREATEST_EXPONENT + 1):
        rest = two_over_pi >> (GREATEST_EXPONENT + 52 - exponent)
        rest = (rest + 2 * unit) % (4 * unit) - 2 * unit
        for _ in range(PIECES):
            piece = rest / unit
            numbers.append(piece)
            above, below = piece.as_integer_ratio()
            rest -= above * (unit // below)
    made = (ctypes.c_double * len(numbers))(*numbers)
    binding.add_symbol(SYMBOL, ctypes.addressof(made))
    return made


def looked_up(lanes: Lanes, index: Term) -> list[Term]:
    """The four pieces at each lane's index."""
    builder, module = lanes.builder, lanes.builder.module
    kind = ir.ArrayType(lanes.format.type, len(table()))
    if SYMBOL not in module.globals:
        ir.GlobalVariable(module, kind, SYMBOL).global_constant = True
    start = module.globals[SYMBOL]
    zero = ir.Constant(lanes.format.int_type, 0)
    found = []
    for piece in range(PIECES):
        place = (index << 2).plus(piece).ir

        def entry(i: ir.Value) -> ir.Value:
            return builder.load(builder.gep(start, [zero, i]), typ=lanes.format.type)

        found.append(Term(lanes, lanes.each(entry, place)))
    return found


def reduced(x: Term) -> tuple[Term, Term, Term]:
    """r in two parts and n of x = n pi/2 + r, for finite |x| > 2^16; anything for other numbers."""
    lanes = x.lanes
    fraction, bias = lanes.format.fraction, lanes.format.bias
    pattern = bits(x)
    index = (pattern.shifted_right(fraction) & (2 * bias + 1)).minus(bias + LEAST_EXPONENT)
    known = index.exceeds(-1) & ~index.exceeds(GREATEST_EXPONENT - LEAST_EXPONENT)
    index = index & Term(lanes, lanes.builder.sext(known.ir, lanes.int_type))
    whole = bits(x.constant(2.0**fraction))
    mantissa = copysign(from_bits((pattern & ((1 << fraction) - 1)) | whole), x)

    first, second, third, fourth = looked_up(lanes, index)
    y, y_low = two_product(mantissa, first)
    turns = rint(y)
    y, a = two_sum(y - turns, y_low)
    z, z_low = two_product(mantissa, second)
    y, b = two_sum(y, z)
    low, c = two_sum(a, b)
    low, d = two_sum(low, z_low)
    z, z_low = two_product(mantissa, third)
    low, e = two_sum(low, z)
    y, low = fast_two_sum(y, low)
    more = rint(y)
    y, low = two_sum(y - more, low)
    low = low + (c + d + e + fma(mantissa, fourth, z_low))

    half_pi, half_pi_low = constants(x, "HALF_PI")[:2]
    r, r_low = two_product(y, half_pi)
    return r, r_low + fma(y, half_pi_low, low * half_pi), to_int(turns).plus(to_int(more))
