"""SciPy's orthogonal polynomials in their argument: Gegenbauer's differentiate into each other.

    d/dx C_n^(a) = 2 a C_(n-1)^(a+1)      Legendre's are C^(1/2), Chebyshev's U are C^(1)

An integer degree stays an integer, for which SciPy has recurrences of its own.
Source: Abramowitz and Stegun (1964), 22.5 and 22.8; DLMF 18.9.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .borrowed import borrowed, special

N, ALPHA, BETA = "its degree n", "its parameter alpha", "its parameter beta"


def lower(n: Any, polynomial: Any, *args: Any) -> Any:
    """A polynomial of degree n - 1, and 0 where n is 0. Of negative whole degrees SciPy's families
    follow no common rule, and no derivative is vouched for."""
    constant = np.equal(n, 0)
    below = polynomial(np.where(constant, 0, n - 1), *args)
    return np.where(constant, 0, np.where(np.less(n, 0) & np.equal(n, np.rint(n)), np.nan, below))


def gegenbauer(n: Any, alpha: Any, x: Any) -> Any:
    return lower(n, special.eval_gegenbauer, alpha, x)


def legendre_slope(n: Any, x: Any) -> Any:
    """P_n = P_(-1-n)."""
    return gegenbauer(np.where(np.less(n, 0), -1 - n, n), 1.5, x)


def chebyt_slope(n: Any, x: Any) -> Any:
    """n U_(n-1), with T_n = T_(-n)."""
    return np.abs(n) * lower(np.abs(n), special.eval_chebyu, x)


def chebyu_slope(n: Any, x: Any) -> Any:
    """2 C_(n-1)^(2), with U_n = -U_(-2-n)."""
    turned = np.less(n, -1)
    slope = gegenbauer(np.where(turned, -2 - n, np.where(np.equal(n, -1), 0, n)), 2.0, x)
    return np.where(turned, -2, 2) * slope


# fmt: off
eval_gegenbauer  = borrowed("eval_gegenbauer",  N, ALPHA, lambda a, b, c: 2 * b * gegenbauer(a, b + 1, c))
eval_legendre    = borrowed("eval_legendre",    N, lambda a, b: legendre_slope(a, b))
eval_chebyt      = borrowed("eval_chebyt",      N, lambda a, b: chebyt_slope(a, b))
eval_chebyu      = borrowed("eval_chebyu",      N, lambda a, b: chebyu_slope(a, b))
eval_chebyc      = borrowed("eval_chebyc",      N, lambda a, b: chebyt_slope(a, b / 2))
eval_chebys      = borrowed("eval_chebys",      N, lambda a, b: chebyu_slope(a, b / 2) / 2)
eval_sh_legendre = borrowed("eval_sh_legendre", N, lambda a, b: 2 * legendre_slope(a, 2 * b - 1))
eval_sh_chebyt   = borrowed("eval_sh_chebyt",   N, lambda a, b: 2 * chebyt_slope(a, 2 * b - 1))
eval_sh_chebyu   = borrowed("eval_sh_chebyu",   N, lambda a, b: 2 * chebyu_slope(a, 2 * b - 1))
eval_jacobi      = borrowed("eval_jacobi",      N, ALPHA, BETA, lambda a, b, c, d: (a + b + c + 1) / 2 * lower(a, special.eval_jacobi, b + 1, c + 1, d))
eval_genlaguerre = borrowed("eval_genlaguerre", N, ALPHA, lambda a, b, c: -lower(a, special.eval_genlaguerre, b + 1, c))
eval_laguerre    = borrowed("eval_laguerre",    N, lambda a, b: -lower(a, special.eval_genlaguerre, 1.0, b))
eval_hermite     = borrowed("eval_hermite",     N, lambda a, b: 2 * a * lower(a, special.eval_hermite, b))
eval_hermitenorm = borrowed("eval_hermitenorm", N, lambda a, b: a * lower(a, special.eval_hermitenorm, b))
# fmt: on
