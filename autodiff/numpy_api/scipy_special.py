"""SciPy's own Python functions, which turn their arguments into plain arrays before anything else.

NumPy asks an object for `__array__` then. For a tracked value it is not there, and NumPy builds an
object array of tracked scalars, on which its functions work. Most of scipy.special, scipy.fft and
scipy.linalg do not, and say so in terms of object arrays; so who asks is looked at, and refused
with the cure.
"""

from __future__ import annotations

import sys
from functools import partial
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
    "solve_banded",
)
# What scipy.spatial.distance does in C, which may take objects for numbers: squareform crashes.
IN_C = ("cdist", "pdist", "squareform")
WRITE = f"write it with functions that are NumPy ufuncs, or {RULE}"
CURES = {
    "scipy.special": WRITE,
    "scipy.fft": "use np.fft",
    "scipy.spatial": f"use np.linalg.norm(x[:, None] - y, axis=-1), or {RULE}",
    "scipy.linalg": f"use autodiff.linalg or np.linalg, or {RULE}",
}


def array_protocol(x: Any) -> Any:
    """What ``x.__array__`` is: not there, as a rule. A Python function of SciPy's that asks for it
    and cannot work on an array of objects is refused; a sparse matrix, in ``A @ x``, is told that
    `x` is no array, so that it leaves the product to `x`."""
    frame: Any = sys._getframe(1)
    while frame is not None and module_of(frame).startswith(("autodiff.", "numpy.")):
        frame = frame.f_back
    if is_sparse_product(frame):
        return partial(as_one_object, x)
    refuse_inside_scipy(frame)
    if x.dtype.kind == "c":
        raise refuse(
            "np.array(...) of complex tracked values: arrays of objects have no imaginary part",
            "use np.array([...], like=x) with a tracked array x, or np.stack([...])",
        )
    raise AttributeError("__array__")


def is_sparse_product(frame: Any) -> bool:
    return (
        frame is not None
        and frame.f_code.co_name == "_matmul_dispatch"
        and module_of(frame).startswith("scipy.sparse.")
    )


def as_one_object(x: Any, *args: Any, **kwargs: Any) -> Any:
    """An array of no axes that holds `x`: what NumPy makes of anything that it does not know."""
    whole = np.empty((), object)
    whole[()] = x
    return whole


def refuse_inside_scipy(frame: Any) -> None:
    """Refuse to be taken apart by a Python function of scipy.special, scipy.fft or scipy.linalg."""
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
    if home == "scipy.spatial":
        if function not in IN_C:
            return
        home = "scipy.spatial.distance"
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
    return CURES[".".join(home.split(".")[:2])]


def module_of(frame: Any) -> str:
    return frame.f_globals.get("__name__", "")


FUNCTIONS["__array__"] = array_protocol
