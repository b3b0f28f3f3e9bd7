"""SciPy's Bessel functions in their argument; the derivative in the order is not known.

    J_v' = (J_(v-1) - J_(v+1)) / 2       Y, H the same; I with a plus, K with a plus and the sign turned

The scaled ones, exp(-|z|) I_v and exp(z) K_v, vary slowly, and that formula subtracts nearly equal
numbers as z grows; there the logarithmic derivative is a quotient of hypergeometric functions.
Source: Abramowitz and Stegun (1964), 9.1.27, 9.6.26, 13.6.3 and 13.6.21.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.errors import refuse
from ...rules.primitive import POSITIVE
from .borrowed import borrowed, special

ORDER = "its order"


def _ive_slope(v: Any, z: Any, y: Any) -> Any:
    """I_v' = (I_(v-1) + I_(v+1)) / 2 for small z; for large z, y (v/z - r), where by Kummer's formula
    r = 1F1(v + 3/2; 2 v + 2; -2 z) / 1F1(v + 1/2; 2 v + 1; -2 z)."""
    if np.iscomplexobj(z):
        raise refuse(
            "scipy.special.ive: exp(-|Re z|) has no complex derivative", "use scipy.special.iv"
        )
    x = np.abs(z)
    far = (
        (x > 10) & np.greater_equal(v, 0) & (v * np.log10(np.maximum(x, 1)) < 250) & np.less(v, 30)
    )
    v_far, x_far = np.where(far, v, 0), np.where(far, x, 10)
    r = special.hyp1f1(v_far + 1.5, 2 * v_far + 2, -2 * x_far) / special.hyp1f1(
        v_far + 0.5, 2 * v_far + 1, -2 * x_far
    )
    near = (special.ive(v - 1, z) + special.ive(v + 1, z)) / 2 - np.sign(z) * y
    return np.where(far, np.sign(z) * y * (v_far / x_far - r), near)


def _kve_slope(v: Any, z: Any, y: Any) -> Any:
    """K_v' = -(K_(v-1) + K_(v+1)) / 2 for small z; for large z, y (v/z - r), where
    r = (2 v + 1) U(v + 3/2; 2 v + 2; 2 z) / U(v + 1/2; 2 v + 1; 2 z)."""
    near = y - (special.kve(v - 1, z) + special.kve(v + 1, z)) / 2
    if np.iscomplexobj(z):
        return near
    v = np.abs(v)
    far = np.greater(z, 20 + v * v / 2) & (v * np.log10(np.maximum(z, 1)) < 250)
    v, x = np.where(far, v, 0), np.where(far, z, 20)
    r = (
        (2 * v + 1)
        * special.hyperu(v + 1.5, 2 * v + 2, 2 * x)
        / special.hyperu(v + 0.5, 2 * v + 1, 2 * x)
    )
    return np.where(far, y * (v / x - r), near)


def _written(letter: str) -> str:
    return rf"{letter}_{{{{{{a}}}}}}\left({{b}}\right)"


# fmt: off
# yn and kn cut the fraction of their order off.
jv = borrowed("jv", ORDER, lambda a, b: (special.jv(a - 1, b) - special.jv(a + 1, b)) / 2, latex=_written("J"), domain=POSITIVE)
yv = borrowed("yv", ORDER, lambda a, b: (special.yv(a - 1, b) - special.yv(a + 1, b)) / 2, latex=_written("Y"), domain=POSITIVE)
yn = borrowed("yn", ORDER, lambda a, b: (special.yv(np.trunc(a) - 1, b) - special.yv(np.trunc(a) + 1, b)) / 2, latex=_written("Y"), domain=POSITIVE)
iv = borrowed("iv", ORDER, lambda a, b: (special.iv(a - 1, b) + special.iv(a + 1, b)) / 2, latex=_written("I"), domain=POSITIVE)
kv = borrowed("kv", ORDER, lambda a, b: -(special.kv(a - 1, b) + special.kv(a + 1, b)) / 2, latex=_written("K"), domain=POSITIVE)
kn = borrowed("kn", ORDER, lambda a, b: -(special.kv(np.trunc(a) - 1, b) + special.kv(np.trunc(a) + 1, b)) / 2, latex=_written("K"), domain=POSITIVE)
ive = borrowed("ive", ORDER, lambda a, b, y: _ive_slope(a, b, y), domain=POSITIVE)
kve = borrowed("kve", ORDER, lambda a, b, y: _kve_slope(a, b, y), domain=POSITIVE)
hankel1 = borrowed("hankel1", ORDER, lambda a, b: (special.hankel1(a - 1, b) - special.hankel1(a + 1, b)) / 2, domain=POSITIVE)
hankel2 = borrowed("hankel2", ORDER, lambda a, b: (special.hankel2(a - 1, b) - special.hankel2(a + 1, b)) / 2, domain=POSITIVE)

j0 = borrowed("j0", lambda a: -special.j1(a), latex=r"J_0\left({a}\right)")
j1 = borrowed("j1", lambda a: (special.j0(a) - special.jv(2, a)) / 2, latex=r"J_1\left({a}\right)")
y0 = borrowed("y0", lambda a: -special.y1(a), domain=POSITIVE, latex=r"Y_0\left({a}\right)")
y1 = borrowed("y1", lambda a: (special.y0(a) - special.yv(2, a)) / 2, domain=POSITIVE, latex=r"Y_1\left({a}\right)")
i0 = borrowed("i0", lambda a: special.i1(a), latex=r"I_0\left({a}\right)")
i1 = borrowed("i1", lambda a: (special.i0(a) + special.iv(2, a)) / 2, latex=r"I_1\left({a}\right)")
k0 = borrowed("k0", lambda a: -special.k1(a), domain=POSITIVE, latex=r"K_0\left({a}\right)")
k1 = borrowed("k1", lambda a: -(special.k0(a) + special.kv(2, a)) / 2, domain=POSITIVE, latex=r"K_1\left({a}\right)")

i0e = borrowed("i0e", lambda a, y: _ive_slope(0, a, y), kinks=(0.0,))
i1e = borrowed("i1e", lambda a, y: _ive_slope(1, a, y), kinks=(0.0,))
k0e = borrowed("k0e", lambda a, y: _kve_slope(0, a, y), domain=POSITIVE)
k1e = borrowed("k1e", lambda a, y: _kve_slope(1, a, y), domain=POSITIVE)
# fmt: on
