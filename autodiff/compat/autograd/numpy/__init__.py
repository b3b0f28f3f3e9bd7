"""`autograd.numpy`: all names of NumPy, with `linalg`, `fft` and `random`."""

import sys

import numpy as np  # the one line that says where the names come from

globals().update({name: value for name, value in vars(np).items() if name[:2] != "__"})
for _part in ("linalg", "fft", "random"):
    sys.modules[f"{__name__}.{_part}"] = getattr(np, _part)
__getattr__, __dir__ = np.__getattr__, np.__dir__

from . import numpy_boxes, numpy_vjps  # noqa: E402, F401 - after the names they stand beside
