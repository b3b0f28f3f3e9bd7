"""Implicit differentiation: what an equation defines is differentiated through the equation.

    F(x, p) = 0   =>   F_x dx + F_p dp = 0   =>   dx/dp = -F_x^-1 F_p

Forward mode solves one linear system with F_x, reverse mode one with its transpose, whatever found
x and however long it took. `root`, `fixed_point`, `argmin` and `linear_solve` are public names of
the package; the solvers that they use by default are here.
"""

from ..base.module_names import names_of
from .krylov import cg, gmres
from .linear import linear_solve
from .roots import argmin, fixed_point, root
from .solvers import anderson, minimize, newton

__all__ = [
    "anderson",
    "argmin",
    "cg",
    "fixed_point",
    "gmres",
    "linear_solve",
    "minimize",
    "newton",
    "root",
]
__getattr__, __dir__ = names_of(__name__, __all__)
