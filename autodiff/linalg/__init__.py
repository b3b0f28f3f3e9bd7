"""The functions of scipy.linalg that NumPy lacks, on plain arrays and on tracked values.

SciPy's own functions do not accept tracked values. These have the same names, signatures and
values; arguments may be stacks of matrices, whose leading axes broadcast. What NumPy has too (inv,
det, svd, qr, norm, ...) is differentiated as `np.linalg`.

`overwrite_a` and `overwrite_b` are accepted and ignored; `check_finite` is as in SciPy. Except for
the special matrices, the functions need SciPy.
"""

from ..base.module_names import names_of
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
__getattr__, __dir__ = names_of(__name__, __all__, "numpy.linalg")
