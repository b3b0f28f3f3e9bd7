"""Complex numbers: real, imag, angle, and the sign of a complex number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arrays.dispatch import UFUNCS, implements, operand
from ..primitives import complex as rows
from ..rules.primitive import TABLE


@implements(np.iscomplexobj)
def iscomplexobj(x: Any) -> bool:
    return bool(x.dtype.kind == "c")


@implements(np.isrealobj)
def isrealobj(x: Any) -> bool:
    return not iscomplexobj(x)


@implements(np.real)
def real(val: Any) -> Any:
    return rows.real(val) if iscomplexobj(val) else val


@implements(np.imag)
def imag(val: Any) -> Any:
    return rows.imag(val) if iscomplexobj(val) else np.zeros_like(val)


@implements(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    z = operand(z)
    y = np.arctan2(np.imag(z), np.real(z))
    return y * (180 / math.pi) if deg else y


def sign(x: Any) -> Any:
    """Flat for real numbers; z / |z| for complex ones, and 0 at 0."""
    return rows.complex_sign(x) if iscomplexobj(x) else TABLE["sign"](x)


UFUNCS[np.sign] = sign
