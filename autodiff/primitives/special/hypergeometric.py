"""SciPy's hypergeometric functions in their argument: a family that differentiation only renumbers.

    d/dz 1F1(a; b; z) = a / b 1F1(a + 1; b + 1; z)

So a function written with one of them has derivatives of every order that do not cancel. Other rows
use this where the textbook's derivative would lose digits.
Source: Abramowitz and Stegun (1964), 13.4.8, 13.4.21, 15.2.1 and 5.1.26.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...rules.primitive import POSITIVE, Interval
from .borrowed import borrowed, special

A, B, C = "its parameter a", "its parameter b", "its parameter c"


def _expn_before(n: Any, x: Any, y: Any) -> Any:
    """E_(n-1) for the integer part of n; SciPy has none of order -1, which is E_0 (1 + 1/x)."""
    n = np.trunc(n)
    first = np.equal(n, 0)
    return np.where(first, y * (1 + 1 / x), special.expn(np.where(first, 0, n - 1), x))


# fmt: off
hyp0f1 = borrowed("hyp0f1", "its parameter v", lambda a, b: special.hyp0f1(a + 1, b) / a)
hyp1f1 = borrowed("hyp1f1", A, B, lambda a, b, c: a / b * special.hyp1f1(a + 1, b + 1, c))
hyp2f1 = borrowed("hyp2f1", A, B, C, lambda a, b, c, d: a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, d), domain=Interval(-math.inf, 1.0))
hyperu = borrowed("hyperu", A, B, lambda a, b, c: -a * special.hyperu(a + 1, b + 1, c), domain=POSITIVE)

# The exponential integrals.
expi   = borrowed("expi", lambda a:  np.exp(a) / a, domain=POSITIVE)
exp1   = borrowed("exp1", lambda a: -np.exp(-a) / a, domain=POSITIVE)
expn   = borrowed("expn", "its order n", lambda a, b, y: -_expn_before(a, b, y), domain=POSITIVE)
# fmt: on
