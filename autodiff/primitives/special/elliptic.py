"""SciPy's elliptic integrals and functions, in the amplitude and in the parameter m = k^2.

The derivatives of the textbook in m, as (E - (1 - m) K) / (2 m (1 - m)), cancel near m = 0. The complete
integrals are hypergeometric functions, whose derivatives are such functions again; the incomplete
ones are Carlson's R_F, whose slopes are his R_D. Second derivatives in m are not known there.
Source: DLMF 19.4, 19.5, 19.25 and 22.13; Carlson, Numerical computation of elliptic integrals (1995).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...rules.primitive import Interval, register
from .borrowed import Borrowed, borrowed, borrowed_several, special

EPS = float(np.finfo(float).eps)
BELOW_ONE = Interval(-math.inf, 1.0)
TWICE = "its parameter m a second time"


def _ellipk_slope(m: Any) -> Any:
    """Far on the left, where SciPy's 2F1 loses digits, the textbook's form does not cancel."""
    left = np.less(m, -10)
    far = np.where(left, m, -10)
    textbook = (special.ellipe(far) / (1 - far) - special.ellipk(far)) / (2 * far)
    return np.where(
        left, textbook, math.pi / 8 * special.hyp2f1(1.5, 1.5, 2.0, np.where(left, 0, m))
    )


def _ellipe_slope(m: Any) -> Any:
    return -math.pi / 8 * special.hyp2f1(0.5, 1.5, 2.0, m)


def _ellipkm1_by_log(p: Any) -> Any:
    """p dK/dp = -pi/8 2F1(1/2, 1/2; 2; 1 - p), for p to 1: nothing is lost near p = 0, where 2F1 is
    nearly constant, though its own slope has a logarithm of p."""
    return -math.pi / 8 * special.hyp2f1(0.5, 0.5, 2.0, np.minimum(1 - p, 1 - EPS))


def _ellipkm1_slope(p: Any) -> Any:
    far = np.greater(p, 11)
    near = np.where(far, 1, p)
    return np.where(far, -_ellipk_slope(1 - np.where(far, p, 11)), _ellipkm1_by_log(near) / near)


# fmt: off
ellipk   = borrowed("ellipk",   lambda a: _ellipk_slope(a), domain=BELOW_ONE, latex=r"K\left({a}\right)")
ellipe   = borrowed("ellipe",   lambda a: _ellipe_slope(a), domain=BELOW_ONE, latex=r"E\left({a}\right)")
ellipkm1 = borrowed("ellipkm1", lambda a: _ellipkm1_slope(a), domain=Interval(0.0, 2.0))
# fmt: on


# -- incomplete ------------------------------------------------------------------------------------
def _in_halves(phi: Any) -> tuple[Any, Any]:
    """How many half turns are nearest to the amplitude, and the rest of it."""
    turns = np.rint(phi / math.pi)
    return turns, phi - turns * math.pi


def _whole(turns: Any, slope: Any) -> Any:
    """The part of the half turns, each twice the complete integral: 0 without half turns, even
    where that integral is infinite."""
    return np.where(np.equal(turns, 0), 0, 2 * turns * slope)


def _first_by_m(phi: Any, m: Any) -> Any:
    """dF/dm = s^3 R_D(c^2, 1, 1 - m s^2) / 6 within a half turn."""
    turns, phi = _in_halves(phi)
    s, c = np.sin(phi), np.cos(phi)
    return _whole(turns, _ellipk_slope(m)) + s**3 / 6 * special.elliprd(c * c, 1.0, 1 - m * s * s)


def _second_by_m(phi: Any, m: Any) -> Any:
    """dE/dm = -s^3 R_D(c^2, 1 - m s^2, 1) / 6 within a half turn."""
    turns, phi = _in_halves(phi)
    s, c = np.sin(phi), np.cos(phi)
    return _whole(turns, _ellipe_slope(m)) - s**3 / 6 * special.elliprd(c * c, 1 - m * s * s, 1.0)


def _delta(phi: Any, m: Any) -> Any:
    return np.sqrt(1 - m * np.sin(phi) ** 2)


# fmt: off
ellipkinc_by_m = register(Borrowed("ellipkinc_by_m", _first_by_m,  lambda a, b:  np.sin(a) ** 2 / (2 * _delta(a, b) ** 3), TWICE, domain=Interval(-1.0, 1.0)))
ellipeinc_by_m = register(Borrowed("ellipeinc_by_m", _second_by_m, lambda a, b: -np.sin(a) ** 2 / (2 * _delta(a, b)), TWICE, domain=Interval(-1.0, 1.0)))
ellipkinc = borrowed("ellipkinc", lambda a, b: 1 / _delta(a, b), lambda a, b: ellipkinc_by_m(a, b), domain=Interval(-1.0, 1.0))
ellipeinc = borrowed("ellipeinc", lambda a, b: _delta(a, b),     lambda a, b: ellipeinc_by_m(a, b), domain=Interval(-1.0, 1.0))
# fmt: on


def _by_argument(u: Any, m: Any, sn: Any, cn: Any, dn: Any, ph: Any) -> tuple[Any, ...]:
    return cn * dn, -sn * dn, -m * sn * cn, dn


def _by_parameter(u: Any, m: Any, sn: Any, cn: Any, dn: Any, ph: Any) -> tuple[Any, ...]:
    """F(ph, m) = u fixes the amplitude: dph/dm = -dn dF/dm."""
    turn = -dn * ellipkinc_by_m(ph, m)
    return cn * turn, -sn * turn, -(sn * sn / 2 + m * sn * cn * turn) / dn, turn


ellipj = borrowed_several("ellipj", _by_argument, _by_parameter, domain=Interval(0.0, 1.0))


def _agm_slope(a: Any, b: Any, y: Any) -> Any:
    """agm(a, b) = pi (a + b) / (4 K(1 - p)) with p = 4 a b / (a + b)^2, in a."""
    whole = a + b
    p = 4 * (a / whole) * (b / whole)
    return y / whole * (1 - _ellipkm1_by_log(p) / special.ellipkm1(p) * ((b - a) / a))


agm = borrowed(
    "agm",
    lambda a, b, y: _agm_slope(a, b, y),
    lambda a, b, y: _agm_slope(b, a, y),
    domain=Interval(0.0, math.inf),
)
