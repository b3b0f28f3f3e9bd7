"""SciPy's own Python functions, which turn their arguments into plain arrays before anything else.

NumPy asks an object for `__array__` then. For a tracked value it is not there, and NumPy builds an
object array of tracked scalars, on which its functions work. Most of scipy.special, scipy.fft and
scipy.linalg do not, and say so in terms of object arrays; so who asks is looked at, and refused
with the cure.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..conversions import RULE
from ..dispatch import FUNCTIONS
from ..errors import refuse

# What scipy.linalg does in Python alone: these place and multiply entries, tracked ones too.
PLACING = ("block_diag", "companion", "hankel", "khatri_rao", "norm", "toeplitz")
# The functions of autodiff.special and autodiff.linalg that stand for SciPy's Python functions.
NAMESAKES = ("log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax")
LINALG_NAMESAKES = (
    *("cho_factor", "cho_solve", "cholesky", "circulant", "eigh", "lu", "lu_factor", "lu_solve"),
    *("coshm", "cosm", "expm", "expm_frechet", "logm", "sinhm", "sinm", "sqrtm", "tanhm", "tanm"),
    *("polar", "solve", "solve_continuous_are", "solve_continuous_lyapunov", "solve_discrete_are"),
    *("solve_discrete_lyapunov", "solve_sylvester", "solve_triangular"),
)
WRITE = f"write it with functions that are NumPy ufuncs, or {RULE}"
CURES = {
    "scipy.special": WRITE,
    "scipy.fft": "use np.fft",
    "scipy.linalg": f"use autodiff.linalg or np.linalg, or {RULE}",
}


def refuse_inside_scipy() -> None:
    """Refuse to be taken apart by a Python function of scipy.special, scipy.fft or scipy.linalg."""
    frame: Any = sys._getframe(1)
    while frame is not None and module_of(frame).startswith(("autodiff.", "numpy.")):
        frame = frame.f_back
    function, module = "", ""
    while frame is not None and module_of(frame).startswith("scipy."):
        if not module_of(frame).startswith("scipy._lib."):
            function, module = frame.f_code.co_name, module_of(frame)
        elif callable(wrapped := frame.f_locals.get("f")):  # a decorator, and what it decorates
            function, module = wrapped.__name__, wrapped.__module__
        frame = frame.f_back
    home = ".".join(module.split(".")[:2])
    if home not in CURES or (home == "scipy.linalg" and function in PLACING):
        return
    called = f"{home}.{function}"
    if not hasattr(sys.modules[home], function):  # a decorator, say
        called = f"a function of {home}"
    raise refuse(f"{called} turns its arguments into plain arrays", cure_for(home, function))


def cure_for(home: str, function: str) -> str:
    if home == "scipy.special" and function in NAMESAKES:
        return f"use autodiff.special.{function}"
    if home == "scipy.linalg" and function in LINALG_NAMESAKES:
        return f"use autodiff.linalg.{function}, or {RULE}"
    if home == "scipy.linalg" and hasattr(np.linalg, function):
        return f"use np.linalg.{function}, or {RULE}"
    return CURES[home]


def module_of(frame: Any) -> str:
    return frame.f_globals.get("__name__", "")


FUNCTIONS["__array__"] = refuse_inside_scipy
