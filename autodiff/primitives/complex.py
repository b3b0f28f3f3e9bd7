"""The complex rows: real, imag, conj and the direction z / |z|, linear over the real numbers.

Every other row is holomorphic: its rule multiplies by the complex derivative and takes no
conjugate. A cotangent g of z stands for the map dz -> Re(g dz), so that for a real f of z = x + iy
the gradient is df/dx - i df/dy (the convention of JAX and HIPS autograd), and

    Re(g Re(dz)) = Re(g dz)        real: the cotangent g passes as it is
    Re(g Im(dz)) = Re(-i g dz)     imag: -i g
    Re(g conj(dz)) = Re(conj(g) dz)  conj: conj(g)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rules.kinds import linear, special

real = linear(
    "real", np.real, lambda y_bar, a: y_bar, batch="trailing", latex=r"\Re {a}", entries="entry"
)
imag = linear(
    "imag",
    np.imag,
    lambda y_bar, a: -1j * y_bar,
    batch="trailing",
    latex=r"\Im {a}",
    form="alike",  # of ones it is zero
    entries="entry",
)
conj = linear(
    "conj",
    np.conjugate,
    lambda y_bar, a: np.conj(y_bar),
    batch="trailing",
    latex=r"\overline{{{a}}}",
    entries="entry",
)


def _turn(y: Any, z: Any) -> Any:
    """i y / |z|, by which an angle is multiplied; 0 at the origin."""
    size = np.abs(z)
    return np.where(size == 0, 0, 1j * y / np.where(size == 0, 1, size))


# np.sign of a complex number: y = z / |z| turns by the angle Im(conj(y) dz) / |z|.
complex_sign = special(
    "complex_sign",
    np.sign,
    forward=lambda tangents, primals, y: _turn(y, *primals) * np.imag(np.conj(y) * tangents[0]),
    backward=lambda y_bar, primals, y: [-1j * np.conj(y) * np.real(y_bar * _turn(y, *primals))],
    batch="trailing",
    latex=r"\frac{{{a}}}{{\left|{a}\right|}}",
    text="sign({a})",
    entries="entry",
)
