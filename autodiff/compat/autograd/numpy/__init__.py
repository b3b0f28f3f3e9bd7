"""`autograd.numpy`: all names of NumPy, with `linalg`, `fft` and `random`."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np  # the one line that says where the names come from

from ....arrays.dispatch import leaves_of

globals().update({name: value for name, value in vars(np).items() if name[:2] != "__"})
for _part in ("linalg", "fft", "random"):
    sys.modules[f"{__name__}.{_part}"] = getattr(np, _part)
__getattr__, __dir__ = np.__getattr__, np.__dir__


def _of_iterables(join: Callable[..., Any]) -> Callable[..., Any]:
    """A function of a sequence of arrays; autograd's take an iterator or a dict's values, too."""

    @functools.wraps(join)
    def joined(arrays: Any, *args: Any, **kwargs: Any) -> Any:
        known = isinstance(arrays, (list, tuple)) or hasattr(arrays, "shape")
        return join(arrays if known else list(arrays), *args, **kwargs)

    return joined


def _of_nests(make: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes an array; of tracked numbers, in lists or not, a tracked one."""

    @functools.wraps(make)
    def made(a: Any, *args: Any, **kwargs: Any) -> Any:
        tracked = None if a.__class__ is np.ndarray else next(leaves_of(a), None)
        return make(a, *args, **kwargs, **({} if tracked is None else {"like": tracked}))

    return made


for _name in ("array", "asarray"):
    globals()[_name] = _of_nests(getattr(np, _name))
for _name in ("concatenate", "stack", "hstack", "vstack", "column_stack"):
    globals()[_name] = _of_iterables(getattr(np, _name))

from . import numpy_boxes, numpy_vjps  # noqa: E402, F401 - after the names they stand beside
