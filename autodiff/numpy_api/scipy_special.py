"""SciPy's own Python functions, which first turn their arguments into plain arrays.

To do so NumPy asks an object for `__array__`. A tracked value does not have it, and NumPy builds an
object array of tracked scalars, on which NumPy's functions work. Most functions of scipy.special,
scipy.fft and scipy.linalg do not, and their errors speak of object arrays. So the caller that asks
is identified, and refused with the cure.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np

from ..arrays.dispatch import FUNCTIONS
from ..arrays.refusals import RULE
from ..arrays.views import example
from ..base.errors import refuse
from ..base.shapes import memory_order
from ..rules.primitive import bare

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
OBJECTS = np.dtype(object)
WRITE = f"write it with functions that are NumPy ufuncs, or {RULE}"
CURES = {
    "scipy.special": WRITE,
    "scipy.fft": "use np.fft",
    "scipy.spatial": f"use np.linalg.norm(x[:, None] - y, axis=-1), or {RULE}",
    "scipy.linalg": f"use autodiff.linalg or np.linalg, or {RULE}",
}


def array_protocol(x: Any) -> Any:
    """``x.__array__``: as a rule, an AttributeError. A Python function of SciPy's that asks for it
    and cannot work on an array of objects is refused. A sparse matrix, in ``A @ x``, is told that
    `x` is not an array, so that it leaves the product to `x`."""
    if bare(x) is not x:
        return partial(np.array, x.value)
    frame: Any = sys._getframe(1)
    while frame is not None and module_of(frame).startswith(("autodiff.", "numpy.")):
        frame = frame.f_back
    if is_sparse_product(frame):
        return partial(as_one_object, x)
    refuse_inside_scipy(frame)
    if not x.size:
        return partial(without_entries, x)
    if x.dtype.kind == "c":
        raise refuse(
            "np.array(...) of complex tracked values: arrays of objects have no imaginary part",
            "use np.array([...], like=x) with a tracked array x, or np.stack([...])",
        )
    array = example(x)
    check_strides(array)
    if x.dtype.kind == "u" or (x.dtype.kind in "fi" and x.dtype.itemsize < OBJECTS.itemsize):
        raise refuse(
            f"np.array(...) of tracked {x.dtype} values: an array of objects would not have that "
            "dtype beside other arrays",
            "use np.array([...], like=x) with a tracked array x, or np.stack([...]), or leave "
            "np.asarray out: x is an array",
        )
    x.node.looked_at("np.asarray(x)")  # an array of objects would have another dtype
    if not array.flags.c_contiguous:
        return partial(in_memory_order, x)
    raise AttributeError("__array__")


def without_entries(x: Any, dtype: Any = None, copy: Any = None) -> Any:
    return np.zeros(x.shape, dtype or x.dtype)


def in_memory_order(x: Any, dtype: Any = None, copy: Any = None) -> Any:
    """The tracked scalars as `x` lies in memory: columns first, say, with gaps and axes that do not
    move where it has them."""
    array = example(x)
    axes = memory_order(array)
    once = tuple(slice(None) if step else slice(1) for step in array.strides)
    held = np.array(np.copy(np.transpose(x[once], axes), "C"), object)
    if not array.transpose(axes).flags.c_contiguous:
        loose = np.empty((*held.shape, 2), object)[..., 0]
        loose[...] = held
        held = loose
    shown = np.broadcast_to(np.transpose(held, np.argsort(axes)), x.shape)
    return shown.copy("K") if copy else shown


def check_strides(array: Any) -> None:
    """Refuse np.lib.stride_tricks.as_strided where an array of objects has other strides."""
    frame: Any = sys._getframe(1)
    while frame is not None and module_of(frame).startswith(("autodiff.", "numpy.")):
        if frame.f_code.co_name == "as_strided" and not (
            array.flags.c_contiguous and array.itemsize == OBJECTS.itemsize
        ):
            raise refuse(
                "np.lib.stride_tricks.as_strided of a tracked value with gaps, or of another size "
                "than a double",
                "index it, or use np.lib.stride_tricks.sliding_window_view",
            )
        frame = frame.f_back


def is_sparse_product(frame: Any) -> bool:
    return (
        frame is not None
        and frame.f_code.co_name == "_matmul_dispatch"
        and module_of(frame).startswith("scipy.sparse.")
    )


def as_one_object(x: Any, *args: Any, **kwargs: Any) -> Any:
    """An array without axes that holds `x`, as NumPy makes of any object that it does not know."""
    whole = np.empty((), object)
    whole[()] = x
    return whole


def refuse_inside_scipy(frame: Any) -> None:
    """Refuse a Python function of scipy.special, scipy.fft or scipy.linalg that asks for plain
    arrays."""
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
