"""NumPy's namespace, for programs that fill arrays: ``import autodiff.numpy as np``.

Outside of transforms its functions are NumPy's. While one runs in this thread, the functions that
make arrays make such as take tracked values by assignment.

>>> import autodiff as ad
>>> import autodiff.numpy as np
>>> def f(x):
...     y = np.zeros(3)
...     y[1] = x
...     return np.sum(y**2)
>>> ad.grad(f)(2.0)
np.float64(4.0)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from ..base.module_names import no_name
from .creating import CREATING

globals().update(CREATING)


def __getattr__(name: str) -> Any:
    if name == "random":
        return import_module(".random", __name__)
    if not hasattr(np, name):
        raise no_name("autodiff.numpy", name, __dir__())
    return getattr(np, name)


def __dir__() -> list[str]:
    return dir(np)
