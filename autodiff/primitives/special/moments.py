"""Integrals of a distribution's tail against powers of a logarithm: derivatives in shapes.

In v, the logarithm of t against its end point x, the tails of the gamma and the beta distribution are

    P = pre M_0      M_n = integral of exp(e(v)) v^n dv from 0 to -infinity, or less that to +infinity

with pre = x density(x) and a concave e, e(0) = 0. A derivative in the shape puts one more factor v under
the integral, so that M_1 and up are the derivatives to every order, without a difference of nearly
equal numbers. The tail that does not contain the mean is the one that is summed: there v + log x - E,
with E the mean of log t, does not change its sign.

Each integral is cut off where exp(e) is 1e-19 and summed by Gauss's rule in w, v = sinh(w) - sinh(w0),
which is fine where e bends and coarse in the hundreds of units where it is a straight line.
Source: DLMF 8.2, 8.17; Davis and Rabinowitz, Methods of numerical integration (1984).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...rules.kinds import elementwise
from ...rules.primitive import POSITIVE, Interval
from .borrowed import special

DEPTH = 44.0  # exp(-44) is 1e-19
STEPS = 60  # of Newton's method, from beyond, at most: what is left over is some more of the tail
CHUNK = 2048  # entries at a time, each with all nodes


@cache
def gauss() -> tuple[Any, Any]:
    nodes, weights = np.polynomial.legendre.leggauss(96)
    return (nodes + 1) / 2, weights / 2


def by_chunks(f: Callable[..., Any], *args: Any) -> Any:
    """`f` of doubles without axes that matter, a few thousand at a time."""
    dtype = np.result_type(*args)
    arrays = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in args))
    shape = arrays[0].shape
    flat = [x.reshape(-1) for x in arrays]
    y = np.empty(flat[0].size)
    with np.errstate(all="ignore"):
        for k in range(0, y.size, CHUNK):
            y[k : k + CHUNK] = f(*(x[k : k + CHUNK] for x in flat))
    y = y.reshape(shape).astype(dtype if dtype.kind == "f" else np.float64, copy=False)
    return y if y.shape else y[()]


def summed(end: Any, bend: Any, integrand: Callable[[Any], Any]) -> Any:
    """The integral of `integrand` from 0 to `end`, which may be negative; it bends at `bend`."""
    nodes, weights = gauss()
    mirror = np.where(bend > 0, -1.0, 1.0)  # asinh of a positive number, which does not cancel
    b, h = np.abs(bend), mirror * end
    root = np.hypot(1, b)
    slope = 1 + (2 * b + h) / (np.hypot(1, b + h) + root)
    width = mirror * np.log1p(h * slope / (b + root))  # asinh(end - bend) - asinh(-bend)
    start = np.arcsinh(-bend)
    w = width[..., None] * nodes
    v = 2 * np.cosh(start[..., None] + w / 2) * np.sinh(w / 2)
    return np.sum(integrand(v) * np.cosh(start[..., None] + w) * weights, axis=-1) * width


def cut_off(v: Any, fall: Callable[[Any], tuple[Any, Any]]) -> Any:
    """Where a tail has fallen by DEPTH, from a `v` beyond; `fall` is convex, given with its slope."""
    for _ in range(STEPS):
        depth, slope = fall(v)
        step = (depth - DEPTH) / slope
        step = np.where((step > 0) & (step < v), step, 0)
        v = v - step
        if not np.any(step > v / 16):
            break
    return v


# -- gamma -----------------------------------------------------------------------------------------
def gamma_tail(a: Any, x: Any, lower: Any, order: int) -> Any:
    """The integral of exp(a v - x expm1(v)) v^order from 0 down where `lower`, else from 0 up; less
    the former is the lower tail."""
    down = np.where(lower, x + DEPTH, 0) / a
    excess = np.maximum(a - x, 0)
    wide = (excess + np.sqrt(excess * excess + 2 * DEPTH * x)) / x
    up = np.where(x < 1, np.minimum(wide, np.log1p(2000.0 / x)), wide)
    sign = np.where(lower, -1.0, 1.0)

    def fall(s: Any) -> tuple[Any, Any]:
        v = sign * s
        return x * np.expm1(v) - a * v, sign * (x * np.exp(v) - a)

    end = sign * cut_off(np.where(lower, down, up), fall)
    bend = np.log(np.maximum(a, 1)) - np.log(x)

    def integrand(v: Any) -> Any:
        return np.exp(a[:, None] * v - x[:, None] * np.expm1(v)) * v**order

    return summed(end, bend, integrand)


def _gamma_moment(a: Any, x: Any, *, order: int) -> Any:
    def chunk(a: Any, x: Any) -> Any:
        lower = np.log(x) <= special.psi(a)
        return -gamma_tail(a, x, lower, order)

    return by_chunks(chunk, a, x)


def _gamma_moment_x(a: Any, x: Any, y: Any, *, order: int) -> Any:
    """By parts."""
    rest = (a - x) * y
    if order == 0:
        return (1 - rest) / x
    return -(rest + order * gamma_moment(a, x, order=order - 1)) / x


# -- beta ------------------------------------------------------------------------------------------
def beta_tail(a: Any, b: Any, x: Any, lower: Any, orders: tuple[int, int]) -> Any:
    """The integral of (t/x)^a ((1-t)/(1-x))^b log(t/x)^m log((1-t)/(1-x))^n over the logit of t,
    below that of x where `lower`, else above. The lower one is the upper one of 1 - t."""
    y = 1 - x
    a, b = np.where(lower, b, a), np.where(lower, a, b)
    x, y = np.where(lower, y, x), np.where(lower, x, y)

    def logs(v: Any, x: Any, y: Any) -> tuple[Any, Any]:
        near = v < 1
        p = -np.where(
            near, np.log1p(y * np.expm1(-np.where(near, v, 0))), np.log(x + y * np.exp(-v))
        )
        far = v > 700
        return p, np.where(far, p - v, -np.log1p(x * np.expm1(np.where(far, 0, v))))

    def fall(v: Any) -> tuple[Any, Any]:
        p, q = logs(v, x, y)
        t = x * np.exp(p)
        return -(a * p + b * q), (a + b) * t - a

    height = -np.log(x)
    end = cut_off(height + (DEPTH + a * height) / b, fall)
    bend = np.log(np.maximum(a, 1)) - np.log(np.maximum(b, 1)) - (np.log(x) - np.log(y))
    a, b, x, y, lower = (z[:, None] for z in (a, b, x, y, lower))

    def integrand(v: Any) -> Any:
        p, q = logs(v, x, y)
        first, second = np.where(lower, q, p), np.where(lower, p, q)
        return np.exp(a * p + b * q) * first ** orders[0] * second ** orders[1]

    return summed(end, bend, integrand)


def _beta_moment(a: Any, b: Any, x: Any, *, orders: tuple[int, int], by: str) -> Any:
    def chunk(a: Any, b: Any, x: Any) -> Any:
        if by == "a":
            lower = np.log(x) <= -_digamma_step(a, b)
        else:
            lower = np.log1p(-x) >= -_digamma_step(b, a)
        return np.where(lower, 1, -1) * beta_tail(a, b, x, lower, orders)

    return by_chunks(chunk, a, b, x)


def _digamma_step(a: Any, b: Any) -> Any:
    """psi(a + b) - psi(a)."""
    return special.psi(a + b) - special.psi(a)


def _beta_moment_x(a: Any, b: Any, x: Any, y: Any, *, orders: tuple[int, int], by: str) -> Any:
    """By parts."""
    m, n = orders
    top = (1.0 if m == n == 0 else 0.0) - (a * (1 - x) - b * x) * y
    if m:
        top = top - m * (1 - x) * beta_moment(a, b, x, orders=(m - 1, n), by=by)
    if n:
        top = top + n * x * beta_moment(a, b, x, orders=(m, n - 1), by=by)
    return top / (x * (1 - x))


# fmt: off
UNIT = Interval(0.0, 1.0)
gamma_moment = elementwise("gamma_moment", _gamma_moment,
                           lambda a, b, *, order: gamma_moment(a, b, order=order + 1),
                           lambda a, b, y, *, order: _gamma_moment_x(a, b, y, order=order), domain=POSITIVE,
                           text=lambda order: f"gamma_moment({{a}}, {{b}}, {order})")
beta_moment  = elementwise("beta_moment", _beta_moment,
                           lambda a, b, c, *, orders, by: beta_moment(a, b, c, orders=(orders[0] + 1, orders[1]), by=by),
                           lambda a, b, c, *, orders, by: beta_moment(a, b, c, orders=(orders[0], orders[1] + 1), by=by),
                           lambda a, b, c, y, *, orders, by: _beta_moment_x(a, b, c, y, orders=orders, by=by),
                           domain=(POSITIVE, POSITIVE, UNIT),
                           text=lambda orders, by: f"beta_moment({{a}}, {{b}}, {{c}}, {orders}, {by})")
# fmt: on
