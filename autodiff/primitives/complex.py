"""The complex rows: real, imag and conj, linear over the real numbers.

Every other row is holomorphic: its rule multiplies by the complex derivative and takes no
conjugate. A cotangent g of z stands for the map dz -> Re(g dz), so that for a real f of z = x + iy
the gradient is df/dx - i df/dy (the convention of JAX and HIPS autograd), and

    Re(g Re(dz)) = Re(g dz)        real: the cotangent g passes as it is
    Re(g Im(dz)) = Re(-i g dz)     imag: -i g
    Re(g conj(dz)) = Re(conj(g) dz)  conj: conj(g)
"""

from __future__ import annotations

import numpy as np

from ..kinds import linear

real = linear("real", np.real, lambda y_bar, a: y_bar, batch="trailing", latex=r"\Re {a}")
imag = linear("imag", np.imag, lambda y_bar, a: -1j * y_bar, batch="trailing", latex=r"\Im {a}")
conj = linear(
    "conj",
    np.conjugate,
    lambda y_bar, a: np.conj(y_bar),
    batch="trailing",
    latex=r"\overline{{{a}}}",
)
