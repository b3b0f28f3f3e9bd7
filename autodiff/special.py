"""Stable building blocks: softmax, logsumexp, the logistic function and kin, as plain functions.

They are right, with their derivatives of every order, where exp overflows and at infinities, in
single and double precision. Arguments are numbers, arrays or tracked values; a plain argument gives
a plain result. Signatures are those of the functions of the same names in jax.nn and in
scipy.special (SciPy's own Python functions do not accept tracked values). `polygamma`,
`multigammaln` and the exact `gelu` need SciPy.
"""

from __future__ import annotations

import importlib
import math
import operator
from typing import Any

import numpy as np

from .arrays.dispatch import operand
from .base.errors import MissingExtraError, ShapeError, refuse
from .base.module_names import names_of
from .base.selecting import where
from .base.shapes import negative_axes, shape_of
from .numpy_api.arguments import as_dtype
from .primitives import activations as rows, stable
from .primitives.require import require
from .primitives.shaping import stop_gradient
from .primitives.special import gamma
from .primitives.special.borrowed import special
from .rules.primitive import Traced

__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "log1mexp",
    "log1pexp",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "multigammaln",
    "one_hot",
    "polygamma",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "xlog1py",
    "xlogy",
]
__getattr__, __dir__ = names_of(__name__, __all__, "scipy.special")


def real(x: Any, function: str) -> Any:
    """`x` as a real operand: integers become floats, complex numbers are refused."""
    x = operand(x)
    dtype = np.result_type(x) if not isinstance(x, Traced) else x.dtype
    if dtype.kind == "c":
        raise refuse(f"{function} of a complex number", "write it with np.exp and np.log")
    return as_dtype(x, np.float64) if dtype.kind in "biu" else x


# -- the logistic function -----------------------------------------------------------------------
def sigmoid(x: Any) -> Any:
    """The logistic function 1 / (1 + exp(-x)), entry by entry.

    Its slope never cancels: at x = 40 it is exp(-40), not 0.

    >>> import autodiff as ad
    >>> ad.special.sigmoid(0.0), ad.grad(ad.special.sigmoid)(0.0)
    (np.float64(0.5), np.float64(0.25))
    """
    return stable.sigmoid(real(x, "sigmoid"))


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) = -softplus(-x), entry by entry: about x where x is very negative.

    >>> import autodiff as ad
    >>> ad.special.log_sigmoid(-1000.0)
    np.float64(-1000.0)
    """
    return -stable.softplus(-real(x, "log_sigmoid"))


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), entry by entry; its derivative is :func:`sigmoid`.

    >>> import autodiff as ad
    >>> ad.special.softplus(1000.0), ad.grad(ad.special.softplus)(1000.0)
    (np.float64(1000.0), np.float64(1.0))
    """
    return stable.softplus(real(x, "softplus"))


log1pexp = softplus


def log1mexp(x: Any) -> Any:
    """log(1 - exp(-x)) for x > 0, entry by entry; -inf at 0.

    Source: Maechler, Accurately computing log(1 - exp(-|a|)) (2012).

    >>> import autodiff as ad
    >>> ad.special.log1mexp(1e-20)
    np.float64(-46.051701859880914)
    """
    return stable.log1mexp(real(x, "log1mexp"))


def xlogy(x: Any, y: Any) -> Any:
    """x log(y), entry by entry, and 0 where x = 0, whatever y is.

    The derivative in `y` is x / y, and 0 at x = y = 0; in `x` it is log(y), so -inf at y = 0.

    >>> import autodiff as ad
    >>> float(ad.grad(ad.special.xlogy, 1)(3.0, 1.5)), float(ad.grad(ad.special.xlogy, 1)(0.0, 0.0))
    (2.0, 0.0)
    """
    return stable.xlogy(real(x, "xlogy"), real(y, "xlogy"))


def xlog1py(x: Any, y: Any) -> Any:
    """x log(1 + y), entry by entry, and 0 where x = 0, whatever y is.

    The derivative in `y` is x / (1 + y), and 0 at x = 0, y = -1; in `x` it is log(1 + y).

    >>> import autodiff as ad
    >>> ad.special.xlog1py(2.0, 1e-20)
    np.float64(2e-20)
    """
    return stable.xlog1py(real(x, "xlog1py"), real(y, "xlog1py"))


# -- sums of exponentials --------------------------------------------------------------------------
def logsumexp(
    a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False
) -> Any:
    """log(sum(b * exp(a))) over `axis` (an int, a tuple of ints, or all axes), without overflow.

    `b`: weights that broadcast with `a`, and may be negative or zero; an entry of weight zero adds
    nothing, even where `a` is infinite. With `return_sign` the result is ``(y, sign)``, the
    logarithm of the sum's absolute value and its sign; without, a negative sum gives nan.

    The derivative in `a` is the softmax. It is 0 where every entry is -inf; entries of +inf share
    all of it evenly.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.logsumexp(np.array([1000.0, 1000.0]))
    np.float64(1000.6931471805599)
    >>> ad.grad(ad.special.logsumexp)(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    a = real(a, "logsumexp")
    if b is None:
        axes = negative_axes(axis, len(shape_of(a)))
        y = stable.logsumexp(a, axis=axes, keepdims=bool(keepdims))
        return (y, np.sign(np.exp(stop_gradient(y)))) if return_sign else y
    return weighted(a, real(b, "logsumexp"), axis, keepdims, return_sign)


def weighted(a: Any, b: Any, axis: Any, keepdims: bool, return_sign: bool) -> Any:
    """logsumexp with weights: the terms of the largest entry, and log1p of what the rest adds."""
    a, b = np.broadcast_arrays(a, b)
    counted = np.not_equal(b, 0)
    if not isinstance(b, Traced):
        a = np.where(counted, a, -np.inf)
    axes = negative_axes(axis, a.ndim)
    _, largest = stable.centred(np.where(counted, stop_gradient(a), -np.inf), axes)
    terms = b * np.exp(stable.shifted(a, largest))
    attained = a == largest
    top = np.sum(np.where(attained, terms, 0), axis=axes, keepdims=True)
    rest = np.sum(np.where(attained, 0, terms), axis=axes, keepdims=True)
    total = top + rest
    sign = np.sign(stop_gradient(total))
    size = np.abs(total) if return_sign else np.where(sign < 0, np.nan, total)

    near = np.abs(rest) < np.abs(top) / 2
    split = (top > 0) & near if not return_sign else near
    absent = ~np.any(counted & (a != -np.inf), axis=axes, keepdims=True)
    with np.errstate(divide="ignore"):  # log(0) is -inf: the sum may be exactly zero
        whole = np.log(np.where(split | absent, 1, size))
    parts = np.log(np.abs(np.where(split, top, 1))) + np.log1p(rest / np.where(split, top, np.inf))
    y = np.where(absent, -np.inf, np.where(split, parts, whole) + largest)
    results = [x if keepdims else np.squeeze(x, axes)[()] for x in (y, sign)]
    return tuple(results) if return_sign else results[0]


def softmax(x: Any, axis: Any = None) -> Any:
    """exp(x) / sum(exp(x)) over `axis` (an int, a tuple of ints, or all axes), without overflow.

    Entries of +inf share all of it evenly; where every entry is -inf the result is nan.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    x = real(x, "softmax")
    return stable.softmax(x, axis=negative_axes(axis, len(shape_of(x))))


def log_softmax(x: Any, axis: Any = None) -> Any:
    """log(softmax(x, axis)), also where softmax underflows to 0.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = real(x, "log_softmax")
    return stable.log_softmax(x, axis=negative_axes(axis, len(shape_of(x))))


# -- activations -----------------------------------------------------------------------------------
# Klambauer et al.: with these two numbers activations drift towards mean 0 and variance 1.
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def relu(x: Any) -> Any:
    """max(x, 0), entry by entry, with derivative 0 at 0.

    >>> import autodiff as ad
    >>> float(ad.grad(ad.special.relu)(0.0))
    0.0
    """
    return where(np.less_equal(x, 0), 0, x)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where x >= 0, else slope * x; derivative 1 at 0.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.leaky_relu(np.array([-1.0, 0.0, 2.0]))
    array([-0.01,  0.  ,  2.  ])
    """
    if isinstance(slope, (int, float)):
        return rows.leaky_relu(real(x, "leaky_relu"), slope=slope)
    return where(np.greater_equal(x, 0), x, np.multiply(x, slope))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where x >= 0, else alpha * (exp(x) - 1); derivative 1 at 0.

    Source: Clevert, Unterthiner and Hochreiter, Exponential Linear Units (2016).

    >>> import numpy as np, autodiff as ad
    >>> ad.special.elu(np.array([-1.0, 0.0, 2.0])).round(4)
    array([-0.6321,  0.    ,  2.    ])
    """
    if isinstance(alpha, (int, float)):
        return rows.elu(real(x, "elu"), alpha=alpha, scale=1.0)
    above = np.greater_equal(x, 0)
    return where(above, x, alpha * np.expm1(where(above, 0, x)))


def selu(x: Any) -> Any:
    """scale * elu(x, alpha), with the two constants that keep mean 0 and variance 1.

    Source: Klambauer et al., Self-Normalizing Neural Networks (2017).

    >>> import numpy as np, autodiff as ad
    >>> ad.special.selu(np.array([-1.0, 0.0, 2.0])).round(4)
    array([-1.1113,  0.    ,  2.1014])
    """
    return rows.elu(real(x, "selu"), alpha=SELU_ALPHA, scale=SELU_SCALE)


def gelu(x: Any, approximate: str = "none") -> Any:
    """x * P(Z <= x) for a standard normal Z, or with ``approximate="tanh"`` a close approximation.

    The exact form needs SciPy. Source: Hendrycks and Gimpel, Gaussian Error Linear Units (2016).

    >>> import autodiff as ad
    >>> float(ad.special.gelu(1.0).round(6)), float(ad.special.gelu(1.0, "tanh").round(6))
    (0.841345, 0.841192)
    """
    if approximate == "tanh":
        return rows.gelu_tanh(real(x, "gelu"))
    if approximate != "none":
        raise ValueError(f"gelu: approximate={approximate!r} must be 'none' or 'tanh'")
    try:
        ndtr = importlib.import_module("scipy.special").ndtr
    except ImportError:
        raise MissingExtraError(
            "gelu needs SciPy: pip install scipy, or use gelu(x, approximate='tanh')"
        ) from None
    return x * ndtr(x)


def silu(x: Any) -> Any:
    """x * sigmoid(x), also called swish. Source: Elfwing, Uchibe and Doya (2018).

    >>> import numpy as np, autodiff as ad
    >>> ad.special.silu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.2689,  0.    ,  0.7311])
    """
    return x * sigmoid(x)


# -- classes ---------------------------------------------------------------------------------------
def one_hot(labels: Any, classes: int, dtype: Any = np.float64) -> Any:
    """Rows of the unit matrix: integer labels (...) as an array (..., classes) of 0 and 1.

    A label outside of 0 .. classes - 1 is refused with a ValueError.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.], [1., 0., 0.]])
    """
    classes = operator.index(classes)
    if classes < 1:
        raise ValueError(f"one_hot: classes must be at least 1, not {classes}")
    if not isinstance(labels, Traced):
        labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"class labels must be integers, not {labels.dtype}; write labels.astype(int)"
        )
    if labels.size:
        low, high = np.min(labels), np.max(labels)
        message = f"label {{}} is not among the classes 0 .. {classes - 1}"
        require((low >= 0) & (high < classes), ValueError(message), np.where(low < 0, low, high))
    named = np.equal(labels[..., None], np.arange(classes))
    return named if dtype in (bool, np.bool_) else named.astype(dtype)


def softmax_cross_entropy(logits: Any, labels: Any) -> Any:
    """-log softmax(logits)[label] over the last axis: logits (..., classes), integer labels (...).

    It never overflows. Where the label's logit is by far the largest, neither it nor its
    derivatives are rounded to 0. Raises a `ShapeError` for labels of another shape.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.softmax_cross_entropy(np.array([[1000.0, 0.0], [50.0, 0.0]]), np.array([1, 0]))
    array([1.00000000e+03, 1.92874985e-22])
    """
    logits = real(logits, "softmax_cross_entropy")
    shape, given = shape_of(logits), np.shape(labels)
    if not shape or given != shape[:-1]:
        raise ShapeError(
            f"softmax_cross_entropy: labels of shape {given} for logits of shape {shape}; "
            "the last axis of the logits holds the classes, and the labels do not have it"
        )
    return stable.log_loss(logits, one_hot(labels, shape[-1], bool))


# -- gamma functions that SciPy writes in Python ---------------------------------------------------
def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of the digamma function at `x`, entry by entry. Needs SciPy.

    `n` is an integer >= 0; the derivative in `n` is not known.

    >>> import autodiff as ad
    >>> float(ad.special.polygamma(1, 1.0))  # pi^2 / 6
    1.6449340668482266
    """
    if isinstance(n, Traced):
        raise refuse("polygamma: the derivative in its order n is not known", "pass n as an int")
    n = operator.index(n)
    if n < 0:
        raise ValueError(f"polygamma: the order n={n} is negative")
    return gamma.polygamma(real(x, "polygamma"), order=n)


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the multivariate gamma function of dimension `d`, entry by entry of `a`,
    which must be greater than (d - 1) / 2. Needs SciPy.

    >>> import autodiff as ad
    >>> ad.grad(ad.special.multigammaln)(3.0, 2)
    np.float64(1.6259409757437102)
    """
    if isinstance(d, Traced):
        raise refuse(
            "multigammaln: the derivative in its dimension d is not known", "pass d as an int"
        )
    a, d = real(a, "multigammaln"), operator.index(d)
    inside = np.logical_not(stop_gradient(a) <= (d - 1) / 2)
    message = f"multigammaln: a must be greater than (d - 1) / 2 = {(d - 1) / 2}"
    require(inside, ShapeError(message))
    terms = np.stack([special.gammaln(a - (j - 1) / 2) for j in range(1, d + 1)])
    return d * (d - 1) / 4 * math.log(math.pi) + np.sum(terms, axis=0)
