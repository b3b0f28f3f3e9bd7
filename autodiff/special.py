"""Stable building blocks: softmax, logsumexp, the logistic function and kin, as plain functions.

They are right, with their derivatives of every order, where exp overflows and at infinities, in
single and double precision. Arguments are numbers, arrays or tracked values; a plain argument gives
a plain result. Signatures are those of the namesakes in scipy.special, whose Python functions take
a tracked value apart and are refused; only `polygamma` and `multigammaln` need SciPy.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .dispatch import operand
from .errors import refuse
from .numpy_api.arguments import as_dtype
from .primitive import Traced
from .primitives import gamma, stable
from .primitives.borrowed import special
from .primitives.demands import demand
from .primitives.shaping import stop_gradient
from .shapes import negative_axes, shape_of

__all__ = [
    "log1mexp",
    "log1pexp",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "multigammaln",
    "polygamma",
    "sigmoid",
    "softmax",
    "softplus",
    "xlog1py",
    "xlogy",
]


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

    `b`: weights that broadcast with `a`, some of them perhaps negative or zero; an entry of weight
    zero adds nothing, even where `a` is infinite. With `return_sign` the result is ``(y, sign)``,
    the logarithm of the sum's absolute value and its sign; without, a negative sum gives nan.

    The derivative in `a` is the softmax. Where every entry is -inf it is 0; an entry +inf has all
    of it, and several share it evenly.

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

    An entry +inf takes all, and several share evenly; where every entry is -inf the result is nan.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.softmax(np.array([1000.0, 1000.0]))
    array([0.5, 0.5])
    """
    x = real(x, "softmax")
    return stable.softmax(x, negative_axes(axis, len(shape_of(x))))


def log_softmax(x: Any, axis: Any = None) -> Any:
    """log(softmax(x, axis)), also where softmax underflows to 0.

    >>> import numpy as np, autodiff as ad
    >>> ad.special.log_softmax(np.array([1000.0, 0.0]))
    array([    0., -1000.])
    """
    x = real(x, "log_softmax")
    return stable.log_softmax(x, axis=negative_axes(axis, len(shape_of(x))))


# -- gamma functions that SciPy writes in Python ---------------------------------------------------
def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of the digamma function at `x`, entry by entry. Needs SciPy.

    `n` is an integer >= 0; no derivative is known in it.

    >>> import autodiff as ad
    >>> float(ad.special.polygamma(1, 1.0))  # pi^2 / 6
    1.6449340668482266
    """
    if isinstance(n, Traced):
        raise refuse("polygamma: no derivative is known in its order n", "pass n as an int")
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
        raise refuse("multigammaln: no derivative is known in its dimension d", "pass d as an int")
    a, d = real(a, "multigammaln"), operator.index(d)
    inside = np.logical_not(stop_gradient(a) <= (d - 1) / 2)
    a = demand(a, inside, f"multigammaln: a must be greater than (d - 1) / 2 = {(d - 1) / 2}")
    terms = np.stack([special.gammaln(a - (j - 1) / 2) for j in range(1, d + 1)])
    return d * (d - 1) / 4 * math.log(math.pi) + np.sum(terms, axis=0)
