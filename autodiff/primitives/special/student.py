"""Student's distribution function and its inverse, in their argument and in the degrees of freedom.

The density f is differentiated in the degrees of freedom n under the integral. Its large parts cancel
down to 1/n^2, since Student's distribution becomes the normal one; so they are taken out by hand,
with q = t^2 / n and r = q / (1 + q):

    d log f / dn = g'(n) - (log(1 + q) - r) / 2 + r / (2 n)      g = log of gamma((n+1)/2) / (gamma(n/2) sqrt(n/2))

The integral runs over the side of t on which this keeps its sign, in asinh(t / sqrt(n)).
Source: Abramowitz and Stegun (1964), 6.1.40 and 26.7.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...rules.kinds import elementwise
from ...rules.primitive import POSITIVE, REAL, Interval
from .borrowed import borrowed, special
from .gamma import polygamma_difference
from .incomplete import log_part
from .moments import DEPTH, by_chunks, cut_off, summed

LOG_SQRT_2PI = math.log(2 * math.pi) / 2
PROBABILITY = Interval(0.0, 1.0)
# log of gamma(x + 1/2) / (gamma(x) sqrt(x)) = -1/(8 x) + 1/(192 x^3) - 1/(640 x^5) + ...
HALF_STEP = (-1 / 8, 1 / 192, -1 / 640, 17 / 14336, -31 / 18432, 691 / 180224, -5461 / 425984)


# -- the density -----------------------------------------------------------------------------------
def _half_step(x: Any, *, order: int) -> Any:
    """The derivatives of that logarithm."""
    large = np.greater(x, 20)
    u, series = 1 / np.where(large, x, 20), 0.0
    for k in reversed(range(len(HALF_STEP))):
        rising = math.prod(range(2 * k + 1, 2 * k + 1 + order))
        series = series * (u * u) + HALF_STEP[k] * (-1) ** order * rising
    near = np.where(large, 20, x)
    if order:
        power = math.factorial(order - 1) * near**-order
        near = polygamma_difference(near, 0.5, order=order - 1) + (-1) ** order * power / 2
    else:
        near = special.gammaln(near + 0.5) - special.gammaln(near) - np.log(near) / 2
    return np.where(large, series * u ** (order + 1), near)


def _log_excess(q: Any) -> Any:
    """log(1 + q) - q / (1 + q) = r^2 / 2 + r^3 / 3 + ..."""
    r = q / (1 + q)
    small = np.less(r, 0.125)
    near, series = np.where(small, r, 0), 0.0
    for k in range(20, 1, -1):
        series = (series + 1 / k) * near
    return np.where(small, series * near, np.log1p(q) - r)


# fmt: off
half_step  = elementwise("half_step", _half_step, lambda a, *, order: half_step(a, order=order + 1), domain=POSITIVE,
                         text=lambda order: f"half_step({{a}}, {order})")
log_excess = elementwise("log_excess", _log_excess, lambda a: a / (1 + a) ** 2, domain=POSITIVE,
                         text="(log1p({a}) - {a} / (1 + {a}))")
# fmt: on


def log_student(v: Any, t: Any) -> Any:
    """The logarithm of the density; far out, where t^2 overflows, from log(t)."""
    s = np.abs(t) / np.sqrt(v)
    far = np.greater(s, 1e100)
    tail = np.where(far, 2 * np.log(np.where(far, s, 1)), np.log1p(np.where(far, 0, s) ** 2))
    return half_step(v / 2, order=0) - LOG_SQRT_2PI - (v + 1) / 2 * tail


def student_density(v: Any, t: Any) -> Any:
    return np.exp(log_student(v, t))


def _log_slopes(v: Any, r: Any, excess: Any, n: int, step: Any) -> list[Any]:
    """The first n derivatives of the logarithm of the density in v."""
    slopes = [step(v / 2, order=1) / 2 - excess / 2 + r / (2 * v)]
    for k in range(2, n + 1):
        high = _falling(r, k) * (v + 1) - _falling(r, k - 1) * (k / (k - 1) * v) - k * r
        scale = (-1) ** (k - 1) * math.factorial(k - 1) / v**k
        slopes.append(step(v / 2, order=k) / 2**k - scale * high / 2)
    return slopes[:n]


def _falling(r: Any, k: int) -> Any:
    """(1 - r)^k - 1 + k r."""
    total: Any = 0.0
    for j in range(k, 1, -1):
        total = (total + math.comb(k, j) * (-1) ** j) * r
    return total * r


def _ratio(v: Any, t: Any, n: int) -> Any:
    """The n-th derivative of the density in v, over the density."""
    q = t * t / v
    return _bell(_log_slopes(v, q / (1 + q), log_excess(q), n, half_step))


def _bell(slopes: list[Any]) -> Any:
    """The n-th derivative of a function, over it, from the n of its logarithm."""
    bell: list[Any] = [1.0]
    for k in range(len(slopes)):
        bell.append(sum(math.comb(k, j) * bell[k - j] * slopes[j] for j in range(k + 1)))
    return bell[-1]


# -- the distribution function ---------------------------------------------------------------------
def _student_moment(v: Any, t: Any, *, order: int) -> Any:
    return by_chunks(lambda v, t: _moment(v, t, order), v, t)


def _moment(v: Any, t: Any, order: int) -> Any:
    size = np.arcsinh(np.abs(t) / np.sqrt(v))  # in sinh, the density falls as cosh^-v

    def log_cosh(y: Any, size: Any) -> Any:
        """log(cosh(size + y) / cosh(size))"""
        near = np.abs(y) < 1
        z = np.where(near, y, 0)
        close = np.log1p(2 * np.sinh(z / 2) ** 2 + np.tanh(size) * np.sinh(z))
        whole = np.abs(size + y)
        far = whole - size + (np.log1p(np.exp(-2 * whole)) - np.log1p(np.exp(-2 * size)))
        return np.where(near, close, far)

    def slopes(y: Any, v: Any, n: int) -> list[Any]:
        low = np.minimum(np.abs(y), 18)
        excess = _log_excess(np.sinh(low) ** 2) + 2 * (np.abs(y) - low)
        return _log_slopes(v, np.tanh(y) ** 2, excess, n, _half_step)

    def fall(y: Any) -> tuple[Any, Any]:
        return v * log_cosh(y, size), v * np.tanh(size + y)

    outer = slopes(size, v, 1)[0] < 0
    end = np.where(outer, cut_off((DEPTH + v * math.log(2)) / v, fall), -size)

    def integrand(y: Any) -> Any:
        density = np.exp(-v[:, None] * log_cosh(y, size[:, None]))
        return density * _bell(slopes(size[:, None] + y, v[:, None], order))

    # what is beyond |t|, or the middle, whose integral has the other sign
    return -np.sign(t) * summed(end, -size, integrand) * np.hypot(np.sqrt(v), t)


def _student_moment_v(v: Any, t: Any, y: Any, *, order: int) -> Any:
    return student_moment(v, t, order=order + 1) - y * _ratio(v, t, 1)


def _student_moment_t(v: Any, t: Any, y: Any, *, order: int) -> Any:
    return _ratio(v, t, order) + y * ((v + 1) * t / (v + t * t))


# fmt: off
# The derivative of the distribution function in its degrees of freedom, over the density.
student_moment = elementwise("student_moment", _student_moment,
                             lambda a, b, y, *, order: _student_moment_v(a, b, y, order=order),
                             lambda a, b, y, *, order: _student_moment_t(a, b, y, order=order), domain=(POSITIVE, REAL),
                             text=lambda order: f"student_moment({{a}}, {{b}}, {order})")
# fmt: on


def _in_freedom(v: Any, t: Any) -> Any:
    endless = np.isinf(t)
    t = np.where(endless, 0, t)
    return np.where(endless, 0, student_density(v, t) * student_moment(v, t, order=1))


def _log_stdtr(v: Any, t: Any) -> Any:
    def chunk(v: Any, t: Any) -> Any:
        def deep(tiny: Any, is_below: Any) -> Any:
            inside = tiny & np.isfinite(t)
            n, s = np.where(inside, v, 3.0), np.where(inside, t, 9.0)
            return np.where(inside, log_student(n, s) + np.log(np.abs(_moment(n, s, 0))), -np.inf)

        return log_part(True, special.stdtr(v, t), special.stdtr(v, -t), deep)

    return by_chunks(chunk, v, t)


# fmt: off
stdtr     = borrowed("stdtr",   lambda a, b: _in_freedom(a, b), lambda a, b: student_density(a, b), domain=(POSITIVE, REAL))
stdtrit   = borrowed("stdtrit", lambda a, y: -student_moment(a, y, order=1), lambda a, y: 1 / student_density(a, y), domain=(POSITIVE, PROBABILITY))
log_stdtr = elementwise("log_stdtr", _log_stdtr,
                        lambda a, b, y: np.exp(log_student(a, b) - y) * student_moment(a, b, order=1),
                        lambda a, b, y: np.exp(log_student(a, b) - y), domain=(POSITIVE, REAL), text="log(stdtr({a}, {b}))")
# fmt: on
