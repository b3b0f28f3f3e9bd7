"""SciPy's own Python functions, which turn their arguments into plain arrays before anything else.

NumPy asks an object for `__array__` then. For a tracked value it is not there, and NumPy builds an
object array of tracked scalars, on which its functions work. Most of scipy.special and scipy.fft do
not, and say so in terms of object arrays; so who asks is looked at, and refused with the cure.
"""

from __future__ import annotations

import sys
from typing import Any

from ..dispatch import FUNCTIONS
from ..errors import refuse

# The functions of autodiff.special that stand for SciPy's Python functions.
NAMESAKES = ("log_softmax", "logsumexp", "multigammaln", "polygamma", "softmax")
WRITE = (
    "write it with functions that are NumPy ufuncs, "
    "or give it a derivative with autodiff.custom_rule"
)


def refuse_inside_scipy() -> None:
    """Refuse to be taken apart by a Python function of scipy.special or scipy.fft."""
    frame: Any = sys._getframe(1)
    while frame is not None and module_of(frame).startswith(("autodiff.", "numpy.")):
        frame = frame.f_back
    function, module = "", ""
    while frame is not None and module_of(frame).startswith("scipy."):
        function, module = frame.f_code.co_name, module_of(frame)
        frame = frame.f_back
    home = ".".join(module.split(".")[:2])
    if home not in ("scipy.special", "scipy.fft"):
        return
    called = f"{home}.{function}"
    if not hasattr(sys.modules[home], function):  # a decorator, say
        called = f"a function of {home}"
    cure = "use np.fft" if home == "scipy.fft" else WRITE
    if home == "scipy.special" and function in NAMESAKES:
        cure = f"use autodiff.special.{function}"
    raise refuse(f"{called} turns its arguments into plain arrays", cure)


def module_of(frame: Any) -> str:
    return frame.f_globals.get("__name__", "")


FUNCTIONS["__array__"] = refuse_inside_scipy
