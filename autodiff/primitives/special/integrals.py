"""SciPy's integrals and solutions of second order equations: many have several results at once.

An integral's slope is its integrand; of a solution y and its slope y', the second one follows from
the first by the equation, as Airy's y'' = x y.
Source: Abramowitz and Stegun (1964), 5.2, 7.3, 9.9, 10.4, 11.1, 12.1 and 19.1; DLMF 7.7 and 11.4.
"""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from ...base.errors import refuse
from ...rules.primitive import POSITIVE, REAL
from .bessel import ORDER
from .borrowed import borrowed, borrowed_several, special
from .elementary import scaled_ierfc

HALF_PI, SQRT2, SQRT_PI = math.pi / 2, math.sqrt(2.0), math.sqrt(math.pi)
A = "its parameter a"


# -- integrals -------------------------------------------------------------------------------------
def _sine_over(a: Any) -> Any:
    """sin(a) / a: near 0 by sinc, whose derivatives do not cancel; elsewhere a / pi would round."""
    near = np.abs(a) < 1
    far = np.where(near, 1, a)
    return np.where(near, np.sinc(np.where(near, a, 0) / math.pi), np.sin(far) / far)


def _sinhc(a: Any) -> Any:
    """sinh(a) / a, whose derivatives do not cancel near 0."""
    return special.hyp0f1(1.5, a * a / 4)


# fmt: off
sici    = borrowed_several("sici",    lambda a, *_: (_sine_over(a), np.cos(a) / a), domain=POSITIVE)
shichi  = borrowed_several("shichi",  lambda a, *_: (_sinhc(a), np.cosh(a) / a), domain=POSITIVE)
fresnel = borrowed_several("fresnel", lambda a, *_: (np.sin(HALF_PI * a * a), np.cos(HALF_PI * a * a)))
itj0y0  = borrowed_several("itj0y0",  lambda a, *_: (special.j0(a), special.y0(a)), domain=POSITIVE)
iti0k0  = borrowed_several("iti0k0",  lambda a, *_: (special.i0(a), special.k0(a)), domain=POSITIVE)
itstruve0    = borrowed("itstruve0",    lambda a: special.struve(0, a), domain=POSITIVE)
itmodstruve0 = borrowed("itmodstruve0", lambda a: special.modstruve(0, a), domain=POSITIVE)

# -- solutions of equations ------------------------------------------------------------------------
airy = borrowed_several("airy", lambda x, a, a1, b, b1: (a1, x * a, b1, x * b))
pbdv = borrowed_several("pbdv", ORDER, lambda v, x, y, y1: (y1, (x * x / 4 - v - 0.5) * y))
pbwa = borrowed_several("pbwa", A, lambda a, x, y, y1: (y1, (a - x * x / 4) * y))
# fmt: on


# ker x + i kei x is Macdonald's K_0 at exp(i pi / 4) x. SciPy has it to fewer digits, but for small
# x, where the real part would drown the other one.
TURN = cmath.exp(0.25j * math.pi)


def _macdonald(x: Any, small: Any, part: Any, n: int) -> Any:
    """The n-th derivative of ker or kei, the real or imaginary `part`; `small` where x < 2."""
    near = np.less(x, 2)
    z = TURN * np.where(near, 2, x)
    slope = -special.kv(1, z) if n == 1 else (special.kv(0, z) + special.kv(2, z)) / 2
    return np.where(near, small, part(TURN**n * slope))


def _kelvin_second(other: Any, slope: Any, x: Any, at_zero: float) -> Any:
    """From y'' + y' / x = `other`; at 0 both terms are half of it."""
    origin = np.equal(x, 0)
    return np.where(origin, at_zero, other - slope / np.where(origin, 1, x))


# fmt: off
ber  = borrowed("ber",  lambda a: special.berp(a))
bei  = borrowed("bei",  lambda a: special.beip(a))
ker  = borrowed("ker",  lambda a: _macdonald(a, special.kerp(a), np.real, 1), domain=POSITIVE)
kei  = borrowed("kei",  lambda a: _macdonald(a, special.keip(a), np.imag, 1), domain=POSITIVE)
berp = borrowed("berp", lambda a, y: _kelvin_second(-special.bei(a), y, a, 0.0), domain=POSITIVE)
beip = borrowed("beip", lambda a, y: _kelvin_second(special.ber(a), y, a, 0.5), domain=POSITIVE)
kerp = borrowed("kerp", lambda a, y: _macdonald(a, _kelvin_second(-special.kei(a), y, a, 0.0), np.real, 2), domain=POSITIVE)
keip = borrowed("keip", lambda a, y: _macdonald(a, _kelvin_second(special.ker(a), y, a, 0.0), np.imag, 2), domain=POSITIVE)
# fmt: on


# -- Struve's functions ----------------------------------------------------------------------------
def _struve_slope(v: Any, x: Any, y: Any, function: Any, sign: int) -> Any:
    """Through order v + 1 where x is small, and else through order v - 1: each formula cancels
    where the other is used."""
    origin = np.equal(x, 0)
    rising = np.where(origin, 0, v * (y / np.where(origin, 1, x)))
    far = np.greater(x, 5)
    leading = np.power(np.where(far, 1, x) / 2, v) * special.rgamma(v + 1.5) / SQRT_PI
    near = rising + leading + sign * function(v + 1, x)
    return np.where(far, function(v - 1, x) - rising, near)


# fmt: off
struve    = borrowed("struve",    ORDER, lambda a, b, y: _struve_slope(a, b, y, special.struve, -1), domain=POSITIVE)
modstruve = borrowed("modstruve", ORDER, lambda a, b, y: _struve_slope(a, b, y, special.modstruve, 1), domain=POSITIVE)
# fmt: on


# -- Faddeeva's function and the Voigt profile -----------------------------------------------------
def _faddeeva_slope(z: Any) -> Any:
    """w(z) = erfcx(-i z)."""
    return 2j * scaled_ierfc(-1j * z, order=1)


def _voigt_argument(x: Any, sigma: Any, gamma: Any) -> Any:
    return (x + 1j * gamma) / (SQRT2 * sigma)


def _voigt(slope: Any, sigma: Any) -> Any:
    """The real part of a slope of w, over the width."""
    return np.real(slope) / (2 * SQRT_PI * sigma * sigma)


def _voigt_sigma(x: Any, sigma: Any, gamma: Any) -> Any:
    """dV/dsigma = sigma d^2V/dx^2, as of heat, with w'' = -8 exp(a^2) i^2 erfc(a) at a = -i z."""
    second = -8 * scaled_ierfc(-1j * _voigt_argument(x, sigma, gamma), order=2)
    return np.real(second) / (2 * SQRT2 * SQRT_PI * sigma * sigma)


def _on_the_real_line(name: str, z: Any, slope: Any) -> Any:
    """There jve and yve are jv and yv."""
    if np.iscomplexobj(z):
        raise refuse(
            f"scipy.special.{name}: exp(-|Im z|) has no complex derivative",
            f"use scipy.special.{name[:-1]}",
        )
    return slope


# fmt: off
wofz          = borrowed("wofz", lambda a: _faddeeva_slope(a))
voigt_profile = borrowed("voigt_profile", lambda a, b, c: _voigt(_faddeeva_slope(_voigt_argument(a, b, c)), b),
                         lambda a, b, c: _voigt_sigma(a, b, c),
                         lambda a, b, c: _voigt(1j * _faddeeva_slope(_voigt_argument(a, b, c)), b), domain=(REAL, POSITIVE, POSITIVE))
jve = borrowed("jve", ORDER, lambda a, b: _on_the_real_line("jve", b, (special.jve(a - 1, b) - special.jve(a + 1, b)) / 2), domain=POSITIVE)
yve = borrowed("yve", ORDER, lambda a, b: _on_the_real_line("yve", b, (special.yve(a - 1, b) - special.yve(a + 1, b)) / 2), domain=POSITIVE)
# fmt: on
