"""Activations as plain functions of NumPy, most of them those of `autodiff.special`.

Each takes any shape and gives the same shape and dtype; integers become floats. A nan stays a nan.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad
from autodiff.special import elu, gelu, leaky_relu, relu, selu, sigmoid, silu, softplus

__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "logsumexp",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "step",
    "tanh",
]


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


def step(x: Any) -> Any:
    """1 where x >= 0, else 0: the unit of the perceptron. Its derivative is 0 everywhere.

    >>> import numpy as np
    >>> step(np.array([-2.0, 0.0, 2.0]))
    array([0., 1., 1.])
    """
    return np.heaviside(x, 1)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) over `axis`, without overflow.

    >>> import numpy as np
    >>> softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    return ad.special.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x, axis)), also where softmax underflows to 0.

    >>> import numpy as np
    >>> log_softmax(np.array([0.0, 1000.0]))
    array([-1000.,     0.])
    """
    return ad.special.log_softmax(x, axis=axis)


def logsumexp(x: Any, axis: int = -1, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over `axis`, without overflow.

    >>> import numpy as np
    >>> float(logsumexp(np.array([1000.0, 1000.0])).round(4))
    1000.6931
    """
    return ad.special.logsumexp(x, axis=axis, keepdims=keepdims)
