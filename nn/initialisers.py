"""How weights begin: drawn so that signals keep their size from layer to layer.

An initialiser is called as ``init(shape, rng, dtype)``. A shape of two axes is (inputs, outputs),
as in `Dense`; one of three is (output channels, input channels, kernel size), as in `Conv1d`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .requirements import generator, whole

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "he",
    "zeros",
]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs feed one unit, and how many units one input feeds."""
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) == 3:
        outputs, inputs, size = shape
        return inputs * size, outputs * size
    raise ValueError(
        f"a weight of shape {shape} has no fan-in; it needs (inputs, outputs) or "
        "(output channels, input channels, kernel size)"
    )


def checked(shape: Any, rng: Any, name: str) -> tuple[tuple[int, ...], np.random.Generator]:
    return tuple(whole(k, f"{name}: a size in shape {shape}") for k in shape), generator(rng, name)


def glorot_uniform(shape: Any, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
    """Uniform in (-u, u), u = sqrt(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio, Understanding the difficulty of training deep networks (2010).

    >>> import numpy as np
    >>> W = glorot_uniform((784, 256), np.random.default_rng(0))
    >>> bool(np.max(np.abs(W)) < np.sqrt(6 / (784 + 256)))
    True
    """
    shape, rng = checked(shape, rng, "glorot_uniform")
    bound = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-bound, bound, shape).astype(dtype)


def glorot_normal(shape: Any, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
    """Normal with mean 0 and variance 2 / (fan_in + fan_out). Source: as `glorot_uniform`.

    >>> import numpy as np
    >>> W = glorot_normal((1000, 50), np.random.default_rng(0))
    >>> round(float(W.std()), 3)
    0.044
    """
    shape, rng = checked(shape, rng, "glorot_normal")
    return rng.normal(0, math.sqrt(2 / sum(fans(shape))), shape).astype(dtype)


def he(shape: Any, rng: np.random.Generator, dtype: Any = np.float64) -> Any:
    """Normal with mean 0 and variance 2 / fan_in, for relu, which silences half of its inputs.

    Source: He, Zhang, Ren and Sun, Delving deep into rectifiers (2015).

    >>> import numpy as np
    >>> W = he((1000, 50), np.random.default_rng(0))
    >>> round(float(W.std()), 3)
    0.045
    """
    shape, rng = checked(shape, rng, "he")
    return rng.normal(0, math.sqrt(2 / fans(shape)[0]), shape).astype(dtype)


def zeros(shape: Any, rng: Any = None, dtype: Any = np.float64) -> Any:
    """All zero; `rng` is not used, but lets `zeros` replace any other initialiser.

    >>> import numpy as np
    >>> zeros((2,), dtype=np.float32)
    array([0., 0.], dtype=float32)
    """
    return np.zeros(shape, dtype)
