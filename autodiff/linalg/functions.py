"""Functions of a square matrix: exponential, logarithm, square root, trigonometric, hyperbolic."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..primitives.linalg import functions as rows
from ..primitives.linalg.helpers import is_complex
from .arguments import square


def expm(A: Any) -> Any:
    """The matrix exponential of `A`, of shape (..., n, n).

    Source of its derivatives of every order: Al-Mohy and Higham (2009).

    >>> import numpy as np, autodiff as ad
    >>> turn = lambda t: ad.linalg.expm(t * np.array([[0.0, -1.0], [1.0, 0.0]]))
    >>> ad.grad(lambda t: turn(t)[1, 0])(0.0)  # of sin t
    np.float64(1.0)
    """
    return rows.expm(square(A, "expm"))


def expm_frechet(A: Any, E: Any, *, compute_expm: bool = True) -> Any:
    """``(expm(A), L(A, E))``, with the derivative of expm at `A` along `E`; only the derivative if
    `compute_expm` is false. Both have shape (..., n, n).

    >>> import numpy as np, autodiff as ad
    >>> A, E = np.array([[0.1, 0.2], [0.3, 0.4]]), np.eye(2)
    >>> slope = ad.linalg.expm_frechet(A, E, compute_expm=False)
    >>> np.allclose(slope, ad.jvp(ad.linalg.expm, (A,), (E,))[1])
    True
    """
    A, E = square(A, "expm_frechet"), square(E, "expm_frechet")
    slope = rows.expm_frechet(A, E)
    return (rows.expm(A), slope) if compute_expm else slope


def logm(A: Any) -> Any:
    """The principal logarithm of an invertible `A`, of shape (..., n, n): complex where a real `A`
    has negative eigenvalues. The derivative raises LinAlgError where `A` is singular.

    Source of its derivatives: Al-Mohy, Higham and Relton (2013).

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda A: np.trace(ad.linalg.logm(A)))(np.diag([2.0, 4.0]))  # of log det A
    array([[0.5 , 0.  ],
           [0.  , 0.25]])
    """
    return rows.logm(square(A, "logm"))


def sqrtm(A: Any) -> Any:
    """The principal square root of `A`, of shape (..., n, n): complex where a real `A` has negative
    eigenvalues. The derivative, a Sylvester equation, raises LinAlgError where `A` is singular.

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda A: np.trace(ad.linalg.sqrtm(A)))(np.diag([4.0, 16.0]))
    array([[0.25 , 0.   ],
           [0.   , 0.125]])
    """
    return rows.sqrtm(square(A, "sqrtm"))


def cosm(A: Any) -> Any:
    """The matrix cosine of `A`, of shape (..., n, n).

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda t: ad.linalg.cosm(t * np.eye(2))[0, 0])(0.0) + 0.0
    np.float64(0.0)
    """
    A = square(A, "cosm")
    if is_complex(A):
        return 0.5 * (expm(1j * A) + expm(-1j * A))
    return np.real(expm(1j * A))


def sinm(A: Any) -> Any:
    """The matrix sine of `A`, of shape (..., n, n).

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda t: ad.linalg.sinm(t * np.eye(2))[0, 0])(0.0)
    np.float64(1.0)
    """
    A = square(A, "sinm")
    if is_complex(A):
        return -0.5j * (expm(1j * A) - expm(-1j * A))
    return np.imag(expm(1j * A))


def tanm(A: Any) -> Any:
    """The matrix tangent of `A`, of shape (..., n, n).

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda t: ad.linalg.tanm(t * np.eye(2))[0, 0])(0.0)
    np.float64(1.0)
    """
    return np.linalg.solve(cosm(A), sinm(A))


def coshm(A: Any) -> Any:
    """The hyperbolic matrix cosine of `A`, of shape (..., n, n).

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda t: ad.linalg.coshm(t * np.eye(2))[0, 0])(0.0)
    np.float64(0.0)
    """
    A = square(A, "coshm")
    return 0.5 * (expm(A) + expm(-A))


def sinhm(A: Any) -> Any:
    """The hyperbolic matrix sine of `A`, of shape (..., n, n).

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda t: ad.linalg.sinhm(t * np.eye(2))[0, 0])(0.0)
    np.float64(1.0)
    """
    A = square(A, "sinhm")
    return 0.5 * (expm(A) - expm(-A))


def tanhm(A: Any) -> Any:
    """The hyperbolic matrix tangent of `A`, of shape (..., n, n).

    >>> import numpy as np, autodiff as ad
    >>> ad.grad(lambda t: ad.linalg.tanhm(t * np.eye(2))[0, 0])(0.0)
    np.float64(1.0)
    """
    return np.linalg.solve(coshm(A), sinhm(A))
