"""Polynomials by their coefficients, highest power first, as in numpy.poly*."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..arrays.dispatch import implements, operand
from ..base.errors import refuse
from ..base.shapes import ndim_of, shape_of
from ..primitives.indexing import set_at
from ..rules.primitive import payload
from .arguments import as_dtype, concrete, refuse_argument
from .indexing import strong_dtype


def coefficients(p: Any) -> Any:
    """A polynomial as a vector."""
    if isinstance(p, np.poly1d):
        raise refuse("a np.poly1d beside a tracked polynomial", "use its coefficients, p.coeffs")
    return np.atleast_1d(operand(p))


def points(x: Any) -> Any:
    """Where a polynomial is evaluated: numbers, not another polynomial."""
    if isinstance(x, np.poly1d):
        refuse_argument("np.polyval", "x", x, "give numbers")
    x = operand(x)
    return as_dtype(x, strong_dtype(x))


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Horner's scheme, as NumPy does it."""
    p, x = coefficients(p), points(x)
    y = np.zeros_like(x)
    for k in range(len(p)):
        y = y * x + p[k]
    return y


def aligned(a: Any, b: Any) -> tuple[Any, Any]:
    """Two vectors of coefficients with zeros in front of the shorter one."""
    n = max(len(a), len(b))
    padded = [np.concatenate((np.zeros(n - len(p), p.dtype), p)) for p in (a, b)]
    return padded[0], padded[1]


@implements(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    a, b = aligned(coefficients(a1), coefficients(a2))
    return a + b


@implements(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    a, b = aligned(coefficients(a1), coefficients(a2))
    return a - b


def without_leading_zeros(p: Any, function: str) -> Any:
    """How many coefficients a polynomial has is decided by their values."""
    first = np.flatnonzero(concrete(p, function))
    return p[first[0] :] if first.size else p[:0]


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    a, b = (without_leading_zeros(coefficients(p), "np.polymul") for p in (a1, a2))
    a, b = (p if len(p) else np.zeros(1) for p in (a, b))
    return np.convolve(a, b)


@implements(np.polydiv)
def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Quotient and remainder by long division, NumPy's own operations one by one."""
    u, v = coefficients(u) + 0.0, coefficients(v) + 0.0
    steps = max(len(u) - len(v) + 1, 0)
    scale = 1.0 / v[0]
    rest, quotient = u, []
    for k in range(steps):
        quotient.append(scale * rest[k])
        here = slice(k, k + len(v))
        rest = set_at(rest, rest[here] - quotient[k] * v, key=(here,))
    q = np.stack(quotient) if quotient else np.zeros(1)
    known = concrete(rest, "np.polydiv")
    first = 0
    while np.allclose(known[first], 0, rtol=1e-14) and first < len(known) - 1:
        first += 1
    return q, rest[first:]


@implements(np.polyder)
def polyder(p: Any, m: Any = 1) -> Any:
    m = int(m)
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = coefficients(p)
    for _ in range(m):
        p = p[:-1] * np.arange(len(p) - 1, 0, -1)
    return p


@implements(np.polyint)
def polyint(p: Any, m: Any = 1, k: Any = None) -> Any:
    m = int(m)
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    constants = np.atleast_1d(operand(0.0 if k is None else k))
    if len(constants) == 1 and m > 1:
        constants = np.broadcast_to(constants, (m,))
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    p = coefficients(p)
    for i in range(m):
        p = np.concatenate((p / np.arange(len(p), 0, -1), constants[i : i + 1]))
    return p


@implements(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """The coefficients of the polynomial with these zeros."""
    zeros = np.atleast_1d(operand(seq_of_zeros))
    if ndim_of(zeros) != 1:
        raise refuse(f"np.poly of a matrix of shape {shape_of(zeros)}", "pass np.linalg.eigvals(a)")
    zeros = as_dtype(zeros, np.dtype(np.mintypecode(zeros.dtype.char)))
    if zeros.dtype.kind == "c":
        raise refuse("np.poly of complex zeros", "multiply the factors with np.convolve")
    p: Any = np.ones(1, zeros.dtype)
    for k in range(len(zeros)):
        p = np.convolve(p, np.stack((np.ones((), zeros.dtype), -zeros[k])))
    return p


@implements(np.polyfit)
def polyfit(
    x: Any,
    y: Any,
    deg: Any,
    rcond: Any = None,
    full: bool = False,
    w: Any = None,
    cov: bool | str = False,
) -> Any:
    """Least squares with the powers of `x` scaled to length one, as NumPy does it."""
    order = int(deg) + 1
    x, y = operand(x) + 0.0, operand(y) + 0.0
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if ndim_of(x) != 1 or shape_of(x) == (0,) or not 1 <= ndim_of(y) <= 2:
        raise TypeError("expected a vector x that is not empty, and one or two axes of y")
    if len(x) != len(y):
        raise TypeError("expected x and y to have same length")
    rcond = len(x) * np.finfo(x.dtype).eps if rcond is None else rcond
    powers = np.vander(x, order)
    if w is not None:
        w = operand(w) + 0.0
        powers, y = powers * w[:, None], y * (w[:, None] if ndim_of(y) == 2 else w)
    scale = np.sqrt(np.sum(powers * powers, axis=0))
    powers = powers / scale
    p, residuals, rank, s = np.linalg.lstsq(powers, y, rcond)
    p = np.transpose(np.transpose(p) / scale)
    if full:
        return p, residuals, rank, s, rcond
    if np.any(payload(rank) != order):  # a warning, of any example of a batch
        warnings.warn("Polyfit may be poorly conditioned", np.exceptions.RankWarning, stacklevel=4)
    if not cov:
        return p
    spread = np.linalg.inv(np.dot(powers.T, powers)) / np.outer(scale, scale)
    if cov != "unscaled":
        if len(x) <= order:
            raise ValueError("the number of data points must exceed order to scale the covariance")
        factor = residuals / (len(x) - order)
        spread = spread * factor if ndim_of(y) == 1 else spread[:, :, None] * factor
    return p, spread
