"""The functions of scipy.linalg that NumPy lacks, on plain arrays and on tracked values.

SciPy's own take a tracked value apart and are refused. These have their names, their signatures and
their numbers; arguments may be stacks of matrices, whose leading axes broadcast. What NumPy has too
(inv, det, svd, qr, norm, ...) is differentiated as `np.linalg`.

`overwrite_a` and `overwrite_b` are permissions, of which no use is made; `check_finite` is SciPy's.
Except for the special matrices, the functions need SciPy.
"""

from .equations import (
    solve,
    solve_banded,
    solve_continuous_are,
    solve_continuous_lyapunov,
    solve_discrete_are,
    solve_discrete_lyapunov,
    solve_sylvester,
    solve_triangular,
)
from .factors import cho_factor, cho_solve, cholesky, eigh, lu, lu_factor, lu_solve, polar
from .functions import (
    coshm,
    cosm,
    expm,
    expm_frechet,
    logm,
    sinhm,
    sinm,
    sqrtm,
    tanhm,
    tanm,
)
from .matrices import block_diag, circulant, companion, hankel, khatri_rao, toeplitz

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "circulant",
    "companion",
    "coshm",
    "cosm",
    "eigh",
    "expm",
    "expm_frechet",
    "hankel",
    "khatri_rao",
    "logm",
    "lu",
    "lu_factor",
    "lu_solve",
    "polar",
    "sinhm",
    "sinm",
    "solve",
    "solve_banded",
    "solve_continuous_are",
    "solve_continuous_lyapunov",
    "solve_discrete_are",
    "solve_discrete_lyapunov",
    "solve_sylvester",
    "solve_triangular",
    "sqrtm",
    "tanhm",
    "tanm",
    "toeplitz",
]
