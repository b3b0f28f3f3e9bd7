"""Activations as plain functions of NumPy, composed of rows, with no derivative of their own.

Each takes any shape and gives the same shape and dtype; integers become floats. A nan stays a nan.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

import autodiff as ad
from autodiff.choosing import where
from autodiff.primitives import activations as rows
from autodiff.special import real

# Klambauer et al.: with these two numbers activations drift towards mean 0 and variance 1.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def relu(x: Any) -> Any:
    """max(x, 0), with derivative 0 at 0.

    >>> import autodiff as ad
    >>> float(ad.grad(relu)(0.0))
    0.0
    """
    return where(np.less_equal(x, 0), 0, x)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x >= 0, else slope * x; derivative 1 at 0.

    >>> import numpy as np
    >>> leaky_relu(np.array([-1.0, 0.0, 2.0]))
    array([-0.01,  0.  ,  2.  ])
    """
    if isinstance(slope, (int, float)):
        return rows.leaky_relu(real(x, "leaky_relu"), slope=slope)
    return where(np.greater_equal(x, 0), x, np.multiply(x, slope))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x >= 0, else alpha * (exp(x) - 1); derivative 1 at 0.

    Source: Clevert, Unterthiner and Hochreiter, Exponential Linear Units (2016).

    >>> import numpy as np
    >>> elu(np.array([-1.0, 0.0, 2.0])).round(4)
    array([-0.6321,  0.    ,  2.    ])
    """
    if isinstance(alpha, (int, float)):
        return rows.elu(real(x, "elu"), alpha=alpha, scale=1.0)
    above = np.greater_equal(x, 0)
    return where(above, x, alpha * np.expm1(where(above, 0, x)))


def selu(x: Any) -> Any:
    """scale * elu(x, alpha), with the two numbers that keep mean 0 and variance 1.

    Source: Klambauer et al., Self-Normalizing Neural Networks (2017).

    >>> import numpy as np
    >>> selu(np.array([-1.0, 0.0, 2.0])).round(4)
    array([-1.1113,  0.    ,  2.1014])
    """
    return rows.elu(real(x, "selu"), alpha=SELU_ALPHA, scale=SELU_SCALE)


def gelu(x: Any, approximate: str = "none") -> Any:
    """x * P(Z <= x) for a standard normal Z, or with ``approximate="tanh"`` a close likeness.

    The exact one needs SciPy. Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016).

    >>> round(float(gelu(1.0)), 6), round(float(gelu(1.0, approximate="tanh")), 6)
    (0.841345, 0.841192)
    """
    if approximate == "tanh":
        return rows.gelu_tanh(real(x, "gelu"))
    if approximate != "none":
        raise ValueError(f"gelu: approximate={approximate!r} must be 'none' or 'tanh'")
    try:
        special = importlib.import_module("scipy.special")
    except ImportError:
        raise ad.MissingExtraError(
            "gelu needs SciPy: pip install scipy, or use gelu(x, approximate='tanh')"
        ) from None
    return x * special.ndtr(x)


def silu(x: Any) -> Any:
    """x * sigmoid(x), also called swish. Source: Elfwing, Uchibe and Doya (2018).

    >>> import numpy as np
    >>> silu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    return x * ad.special.sigmoid(x)


def softplus(x: Any) -> Any:
    """log(1 + exp(x)): a smooth relu. Its derivative is `sigmoid`.

    >>> import numpy as np
    >>> softplus(np.array([-1000.0, 0.0, 3.0])).round(4)
    array([0.    , 0.6931, 3.0486])
    """
    return ad.special.softplus(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), the logistic function.

    >>> import numpy as np
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return ad.special.sigmoid(x)


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
