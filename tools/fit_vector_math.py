"""Fits the polynomials of the compiled tier's elementary functions and prints them as a module.

    python tools/fit_vector_math.py > autodiff/compiler/llvm/vector_math/coefficients.py

Each is the polynomial of its degree with the least largest relative error in the function that it
serves, found by Remez's exchange in 60 digits; the comment behind it is that error before rounding,
as a power of two. Sources: Remez (1934); Muller, Elementary Functions (3rd ed., 2016), chapter 3.
"""

from __future__ import annotations

import struct
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import mpmath as mp

mp.mp.dps = 60
Function = Callable[[Any], Any]


class Fit(NamedTuple):
    """`target` on [low, high]; an error in it times `weight` is the relative error that counts."""

    name: str
    target: Function
    weight: Function
    low: Any
    high: Any
    degrees: tuple[int, int]  # for float64, for float32


def remez(fit: Fit, degree: int) -> tuple[list[Any], Any]:
    """The coefficients, lowest first, and the largest weighted error."""
    count = degree + 2
    middle, half = (fit.high + fit.low) / 2, (fit.high - fit.low) / 2
    nodes = [middle - half * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]
    grid = [middle - half * mp.cos(mp.pi * i / 600) for i in range(601)]
    known = [(x, fit.target(x), fit.weight(x)) for x in grid]
    for _ in range(12):
        rows = [
            [x**k for k in range(degree + 1)] + [(-1) ** i / fit.weight(x)]
            for i, x in enumerate(nodes)
        ]
        *coefficients, level = mp.lu_solve(
            mp.matrix(rows), mp.matrix([fit.target(x) for x in nodes])
        )
        errors = [w * (g - mp.polyval(coefficients[::-1], x)) for x, g, w in known]
        nodes = extremes(grid, errors, count)
        worst = max(abs(e) for e in errors)
        if worst <= abs(level) * mp.mpf("1.01"):
            break
    return coefficients, worst


def quotient(fit: Fit, above: int, below: int) -> tuple[list[Any], list[Any], Any]:
    """P / Q through Chebyshev's nodes, which is nearly the best of its degrees, and its error."""
    count = above + below + 1
    middle, half = (fit.high + fit.low) / 2, (fit.high - fit.low) / 2
    nodes = [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    values = [fit.target(x) for x in nodes]
    rows = [
        [x**k for k in range(above + 1)] + [-g * x**k for k in range(1, below + 1)]
        for x, g in zip(nodes, values, strict=True)
    ]
    solution = list(mp.lu_solve(mp.matrix(rows), mp.matrix(values)))
    p, q = solution[: above + 1], [mp.mpf(1), *solution[above + 1 :]]
    grid = [middle - half * mp.cos(mp.pi * i / 600) for i in range(601)]
    worst = max(
        abs(fit.weight(x) * (fit.target(x) - mp.polyval(p[::-1], x) / mp.polyval(q[::-1], x)))
        for x in grid
    )
    return p, q, worst


def extremes(grid: Sequence[Any], errors: Sequence[Any], count: int) -> list[Any]:
    """The largest error of each run of one sign: the next nodes."""
    runs: list[tuple[Any, Any]] = []
    for x, e in zip(grid, errors, strict=True):
        if runs and mp.sign(e) == mp.sign(runs[-1][0]):
            if abs(e) > abs(runs[-1][0]):
                runs[-1] = (e, x)
        else:
            runs.append((e, x))
    while len(runs) > count:  # the ends are the ones that may be left out
        runs.pop(0 if abs(runs[0][0]) < abs(runs[-1][0]) else -1)
    if len(runs) < count:
        raise ArithmeticError(f"{len(runs)} alternations where {count} are needed")
    return [x for _, x in runs]


def taylor_safe(function: Function, at_zero: Any) -> Function:
    """`function`, and its limit where 0 / 0 stands."""
    return lambda x: mp.mpf(at_zero) if x == 0 else function(x)


def odd(function: Function) -> Function:
    """P of z = x^2 in function(x) = x + x z P(z)."""
    return lambda z: (function(mp.sqrt(z)) / mp.sqrt(z) - 1) / z


def odd_weight(function: Function) -> Function:
    return taylor_safe(lambda z: z * mp.sqrt(z) / function(mp.sqrt(z)), 0)


def tiny(low: Any) -> Any:
    """Fits begin a hair beside 0, where the quotients are 0 / 0."""
    return low + mp.mpf(10) ** -12


def scaled_erfc(t: Any) -> Any:
    """(1 + 2 x) exp(x^2) erfc(x) at x = K (1 + t) / (1 - t): bounded on the half line."""
    if t == 1:
        return 2 / mp.sqrt(mp.pi)
    x = ERFC_CENTRE * (1 + t) / (1 - t)
    if x > 1000:  # the asymptotic series
        s = mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(12))
        return (1 + 2 * x) * s / (x * mp.sqrt(mp.pi))
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def expm1_tail(r: Any) -> Any:
    return (mp.expm1(r) - r) / r**2


ERFC_CENTRE = mp.mpf(3)
LN2 = mp.log(2)
EXP_END = LN2 / 2 * mp.mpf("1.0001")
QUARTER = mp.pi / 4 * mp.mpf("1.01")  # rounding may choose the second nearest multiple of pi/2
ATAN_END = mp.tan(mp.pi / 8) ** 2 * mp.mpf("1.0001")
LOG_END = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.0001")

FITS = [
    # exp(r) = 1 + r + r^2 P(r); for exp(r) - 1 the error relative to r counts, also near 0
    Fit("EXP", expm1_tail, lambda r: r * r / mp.exp(r), -EXP_END, EXP_END + tiny(0), (9, 4)),
    Fit("EXPM1", expm1_tail, lambda r: r * r / mp.expm1(r), -EXP_END, EXP_END + tiny(0), (10, 5)),
    # sin(r) = r + r z P(z), cos(r) = 1 - z / 2 + z^2 P(z), with z = r^2
    Fit("SIN", odd(mp.sin), odd_weight(mp.sin), tiny(0), QUARTER**2, (5, 2)),
    Fit("COS", lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2,
        lambda z: z**2 / mp.cos(mp.sqrt(z)), tiny(0), QUARTER**2, (5, 2)),
    # log(1 + f) = 2 s + s z P(z), with s = f / (2 + f) and z = s^2
    Fit("LOG", lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z,
        lambda z: z * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))), tiny(0), LOG_END, (6, 2)),
    # the same for 0 <= f <= 1
    Fit("LOG_UNIT", lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z,
        lambda z: z * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))), tiny(0), mp.mpf("0.1112"), (9, 3)),
    # the same to 66 bits behind the first two terms: log(1 + f) = 2 s + s z (2/3 + z P(z))
    Fit("LONG_LOG", lambda z: ((2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z - mp.mpf(2) / 3) / z,
        lambda z: z**2 * mp.sqrt(z) / (2 * mp.atanh(mp.sqrt(z))), tiny(0), LOG_END, (6, 6)),
    Fit("SINH", odd(mp.sinh), odd_weight(mp.sinh), tiny(0), mp.mpf("1.0001"), (6, 3)),
    Fit("ARCTAN", odd(mp.atan), odd_weight(mp.atan), tiny(0), ATAN_END, (10, 4)),
    Fit("ARCSIN", odd(mp.asin), odd_weight(mp.asin), tiny(0), mp.mpf("0.2501"), (12, 5)),
    # erf(x) = x + x P(x^2) up to 1; erfc(x) = exp(-x^2) P(t) / (1 + 2 x), t = (x - K) / (x + K)
    Fit("ERF", lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1,
        lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)), tiny(0), mp.mpf("1.0001"), (12, 6)),
    Fit("ERFC", scaled_erfc, lambda t: 1 / scaled_erfc(t), mp.mpf(-1), mp.mpf(1), (24, 11)),
    # a first guess of the cube root of sqrt(1/2) <= m < 4 sqrt(2)
    Fit("CBRT", mp.cbrt, lambda m: 1 / mp.cbrt(m), mp.sqrt(0.5), 4 * mp.sqrt(2), (5, 5)),
]  # fmt: skip


def pieces(x: Any, count: int, bits: int) -> list[Any]:
    """`x` as a sum of numbers of so many bits each, the last as long as the format allows."""
    out = []
    for _ in range(count - 1):
        scale = mp.mpf(2) ** (bits - 1 - mp.floor(mp.log(abs(x), 2)))
        out.append(mp.floor(x * scale) / scale)
        x -= out[-1]
    return [*out, x]


def single(x: Any) -> float:
    return struct.unpack("f", struct.pack("f", float(x)))[0]


def numbers(values: Sequence[Any], dtype: str) -> str:
    cast = float if dtype == "float64" else single
    text = ", ".join(repr(cast(v)) for v in values)
    return textwrap.indent(textwrap.fill(text, 90) + ",\n", " " * 8)


def entry(name: str, by_dtype: dict[str, tuple[Sequence[Any], str]]) -> None:
    print(f"\n{name} = {{")
    for dtype, (values, comment) in by_dtype.items():
        print(f'    "{dtype}": ({comment}\n{numbers(values, dtype)}    ),')
    print("}")


def main() -> None:
    print(HEADER, end="")
    for fit in FITS:
        table = {}
        for dtype, degree in zip(("float64", "float32"), fit.degrees, strict=True):
            coefficients, error = remez(fit, degree)
            table[dtype] = (coefficients, f"  # 2^{float(mp.log(error, 2)):.1f}")
        entry(fit.name, table)
    # tanh(x) = x + x z P(z) / Q(z)
    fit = Fit("TANH", odd(mp.tanh), odd_weight(mp.tanh), tiny(0), mp.mpf("0.625") ** 2, (0, 0))
    p64, q64, error64 = quotient(fit, 2, 3)
    p32, q32, error32 = quotient(fit, 1, 1)
    behind = [f"  # 2^{float(mp.log(e, 2)):.1f}" for e in (error64, error32)]
    entry("TANH_ABOVE", {"float64": (p64, behind[0]), "float32": (p32, behind[1])})
    entry("TANH_BELOW", {"float64": (q64, behind[0]), "float32": (q32, behind[1])})
    # Three pieces for a machine that fuses; four short ones, whose multiples are exact, for others.
    half_pi = mp.pi / 2
    entry(
        "HALF_PI",
        {"float64": (pieces(half_pi, 3, 53), ""), "float32": (pieces(half_pi, 3, 24), "")},
    )
    entry("HALF_PI_SHORT", {"float64": (pieces(half_pi, 4, 33), "")})
    # The first piece times 0, 1, ..., 4 is exact.
    quarter = mp.pi / 4
    short = {"float64": (pieces(quarter, 2, 50), ""), "float32": (pieces(quarter, 2, 21), "")}
    entry("QUARTER_PI", short)
    # The first piece times an exponent is exact: 11 (8) bits are free.
    for name, value in (("LN2", LN2), ("LOG10_2", mp.log10(2))):
        table = {}
        for dtype, bits in (("float64", 41), ("float32", 15)):
            table[dtype] = (pieces(value, 2, bits), "")
        entry(name, table)
    rounded = {
        "LOG2_E": 1 / LN2,
        "LOG10_E": mp.log10(mp.e),
        "TWO_OVER_PI": 2 / mp.pi,
        "TWO_THIRDS": mp.mpf(2) / 3,
    }
    for name, value in rounded.items():
        table = {}
        for dtype, bits in (("float64", 53), ("float32", 24)):
            table[dtype] = (pieces(value, 2, bits), "")
        entry(name, table)


HEADER = '''"""The numbers of the elementary functions, lowest power first.

Printed by tools/fit_vector_math.py, which says how they were found.
Behind each polynomial stands its largest relative error in exact arithmetic.
"""

# fmt: off
'''

if __name__ == "__main__":
    main()
