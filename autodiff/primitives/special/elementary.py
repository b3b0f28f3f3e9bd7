"""SciPy's error functions, logistic, entropy and power functions, each with its partials.

Where the derivative of the textbook subtracts nearly equal numbers, another form of it stands here,
and its comment says why. Measured against mpmath: tests/test_special.py.
Source: Abramowitz and Stegun (1964), chapters 4, 7 and 27.7; DLMF 7.18.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...rules.kinds import elementwise
from ...rules.primitive import POSITIVE, REAL, Interval
from ..elementwise import safe, sine
from ..stable import quotient, sigmoid, sigmoid_slope
from .borrowed import borrowed, borrowed_flat, special

LN2, LN10, DEGREE = math.log(2.0), math.log(10.0), math.pi / 180
SQRT2, SQRT_PI, SQRT_2PI = math.sqrt(2.0), math.sqrt(math.pi), math.sqrt(2 * math.pi)
PROBABILITY = Interval(0.0, 1.0)


# -- error functions -------------------------------------------------------------------------------
def _scaled_ierfc(a: Any, *, order: int) -> Any:
    """exp(a^2) i^n erfc(a), the n-fold integral of erfc from a to infinity, scaled.

    2 n f_n = f_(n-2) - 2 a f_(n-1) from f_(-1) = 2 / sqrt(pi), upwards, which cancels where a is
    large; there Gautschi's continued fraction for the ratios f_n / f_(n-1) is exact. Of complex
    numbers near the imaginary axis it needs those beyond its own poles, and few terms.
    """
    if np.iscomplexobj(a):
        far, terms = (np.abs(a) > 6.5) & (np.real(a) >= 0), 18
    else:
        far, terms = np.greater_equal(a, 1.5), 60
    x = np.where(far, 1, a)
    before, f = 2 / SQRT_PI, special.erfcx(x)
    for n in range(1, order + 1):
        before, f = f, (before - 2 * x * f) / (2 * n)
    if not np.any(far):
        return f

    x = np.where(far, a, 7)
    last = order + terms
    # x sqrt(1 + c / x^2), not sqrt(x^2 + c), which may be on the other side of the imaginary axis
    root = x * np.sqrt(1 + (2 * last + 2) / x / x)
    ratio, product = 1 / (x + root), special.erfcx(x)
    for n in range(last - 1, 0, -1):
        ratio = 1 / (2 * x + 2 * (n + 1) * ratio)
        if n <= order:
            product = product * ratio
    return np.where(far, product, f)


def mills(a: Any) -> Any:
    """phi(a) / Phi(a), the slope of log Phi; by erfcx, which does not underflow, on the left."""
    left = np.less(a, 5)
    by_erfcx = math.sqrt(2 / math.pi) / special.erfcx(-np.where(left, a, 0) / SQRT2)
    return np.where(left, by_erfcx, np.exp(-(a**2) / 2) / (SQRT_2PI * special.ndtr(a)))


# fmt: off
erf     = borrowed("erf",     lambda a:  2 / SQRT_PI * np.exp(-(a**2)), latex=r"\operatorname{{erf}}\left({a}\right)")
erfc    = borrowed("erfc",    lambda a: -2 / SQRT_PI * np.exp(-(a**2)), latex=r"\operatorname{{erfc}}\left({a}\right)")
erfi    = borrowed("erfi",    lambda a:  2 / SQRT_PI * np.exp(a**2))
erfinv  = borrowed("erfinv",  lambda y:  SQRT_PI / 2 * np.exp(y**2), domain=Interval(-1.0, 1.0))
erfcinv = borrowed("erfcinv", lambda y: -SQRT_PI / 2 * np.exp(y**2), domain=Interval(0.0, 2.0))
# 2 a y - 2 / sqrt(pi) cancels as a grows.
erfcx   = borrowed("erfcx",   lambda a: -2 * scaled_ierfc(a, order=1))
scaled_ierfc = elementwise("scaled_ierfc", _scaled_ierfc, lambda a, *, order: -2 * (order + 1) * scaled_ierfc(a, order=order + 1),
                           text=lambda order: f"exp({{a}}^2) * i{order}erfc({{a}})")
# 1 - 2 a y cancels as a grows.
dawsn   = borrowed("dawsn",   lambda a: special.hyp1f1(1.0, 0.5, -(a**2)))

ndtr      = borrowed("ndtr",      lambda a: np.exp(-(a**2) / 2) / SQRT_2PI, latex=r"\Phi\left({a}\right)")
log_ndtr  = borrowed("log_ndtr",  lambda a: mills(a), latex=r"\log \Phi\left({a}\right)")
ndtri     = borrowed("ndtri",     lambda y: SQRT_2PI * np.exp(y**2 / 2), domain=PROBABILITY)
ndtri_exp = borrowed("ndtri_exp", lambda y: 1 / mills(y), domain=Interval(-math.inf, 0.0))

# -- logistic --------------------------------------------------------------------------------------
expit     = borrowed("expit",     lambda a: sigmoid_slope(a), latex=r"\sigma\left({a}\right)")
log_expit = borrowed("log_expit", lambda a: sigmoid(-a),      latex=r"\log \sigma\left({a}\right)")
logit     = borrowed("logit",     lambda a: 1 / (a * (1 - a)), domain=PROBABILITY)
# fmt: on


# -- entropies and losses ----------------------------------------------------------------------------
def log_ratio(a: Any, b: Any) -> Any:
    """log(a / b): by log1p where a is near b, and without a quotient where that would overflow."""
    near = np.abs(a - b) < b / 2
    q = np.where(near, 1, a) / np.where(near, 1, b)
    fits = (q > 1e-290) & (q < 1e290)
    far = np.where(fits, np.log(np.where(fits, q, 1)), np.log(a) - np.log(b))
    return np.where(near, np.log1p(np.where(near, (a - b) / b, 0)), far)


def _inside(a: Any, b: Any, partial: Any) -> Any:
    """Outside their domain the entropies are constantly inf: no derivative is vouched for there."""
    return np.where(np.less(a, 0) | np.less(b, 0), np.nan, partial)


def _kl_b(a: Any, b: Any) -> Any:
    return np.where(np.equal(a, 0) & np.equal(b, 0), 1, (b - a) / b)


def _excess(a: Any, b: Any) -> Any:
    """hypot(a, b) - a for a >= 0, without cancellation."""
    return np.abs(b) * (np.abs(b) / safe(np.hypot(a, b) + a))


# fmt: off
xlogy    = borrowed("xlogy",    lambda b: np.log(b),   lambda a, b: quotient(a, b),     domain=(REAL, POSITIVE))
xlog1py  = borrowed("xlog1py",  lambda b: np.log1p(b), lambda a, b: quotient(a, 1 + b), domain=(REAL, Interval(-1.0, math.inf)))
entr     = borrowed("entr",     lambda a: -np.log(a) - 1, domain=POSITIVE)
rel_entr = borrowed("rel_entr", lambda a, b: _inside(a, b, log_ratio(a, b) + 1),
                                lambda a, b: _inside(a, b, -quotient(a, b)), domain=POSITIVE)
kl_div   = borrowed("kl_div",   lambda a, b: _inside(a, b, log_ratio(a, b)),
                                lambda a, b: _inside(a, b, _kl_b(a, b)), domain=POSITIVE)
huber    = borrowed("huber",    lambda a, b: _inside(a, 0, np.where(np.abs(b) <= a, 0, np.abs(b) - a)),
                                lambda a, b: _inside(a, 0, np.where(np.abs(b) <= a, b, a * np.sign(b))), domain=(POSITIVE, REAL))
pseudo_huber = borrowed("pseudo_huber",
                                lambda a, b: _inside(a, 0, _excess(a, b) * (_excess(a, b) / safe(np.hypot(a, b)))),
                                lambda a, b: _inside(a, 0, a * sine(a, b)), domain=(POSITIVE, REAL))
# fmt: on


# -- log(1 + a) / a --------------------------------------------------------------------------------
def _log1prel(a: Any, *, order: int) -> Any:
    """The derivatives of log(1 + a) / a: by its series near 0, where they are differences else."""
    near = np.abs(a) < 0.25
    x, series = np.where(near, a, 0), 0.0
    for k in range(order + 30, order - 1, -1):
        series = series * x + (-1) ** k * math.perm(k, order) / (k + 1)
    x = np.where(near, 1, a)
    y = np.log1p(x) / x
    for n in range(1, order + 1):
        y = ((-1) ** (n - 1) * math.factorial(n - 1) / (1 + x) ** n - n * y) / x
    return np.where(near, series, y)[()]


log1prel = elementwise(
    "log1prel",
    _log1prel,
    lambda a, *, order: log1prel(a, order=order + 1),
    domain=Interval(-1.0, math.inf),
    text=lambda order: f"(log1p({{a}}) / {{a}}){chr(39) * order}",
)


# -- powers and their inverses ---------------------------------------------------------------------
def _exprel_slope(a: Any) -> Any:
    """1F1(2; 3; a) / 2, whose derivatives do not cancel; SciPy's 1F1 never returns for huge
    numbers."""
    left, right = np.less(a, -1000), np.greater(a, 1000)
    u = 1 / np.where(left, a, -1)
    middle = special.hyp1f1(2.0, 3.0, np.where(left | right, 0, a)) / 2
    return np.where(right, np.inf * np.where(right, a, 1), np.where(left, u * u, middle))


def _boxcox_b(log_a: Any, b: Any) -> Any:
    """(a^b log a - y) / b cancels near b = 0; log(a)^2 times the slope of exprel does not. At a = 0,
    where log a is -inf, it is 1 / b^2."""
    at_zero = np.equal(log_a, -np.inf)
    finite = np.where(at_zero, 0, log_a)
    return np.where(at_zero, 1 / (b * b), finite * finite * _exprel_slope(b * finite))


def _inverse_boxcox_b(a: Any, b: Any) -> Any:
    """d/db of log(1 + a b) / b: by 2F1, which does not cancel near b = 0, and of which SciPy loses the
    digits where a b is large."""
    far = np.greater(a * b, 10)
    c, d = np.where(far, a, 5), np.where(far, b, 5)
    plain = (c / d) / (1 + c * d) - np.log1p(c * d) / d / d
    near = -a * a / 2 * special.hyp2f1(2.0, 2.0, 3.0, np.where(far, 0, -a * b))
    return np.where(far, plain, near)


def _spence_slope(a: Any) -> Any:
    """log(a) / (1 - a), and -1 at a = 1; near there by 2F1, whose derivatives do not cancel."""
    near = np.abs(a - 1) < 0.5
    far = np.log(np.where(near, 2, a)) / (1 - np.where(near, 2, a))
    return np.where(near, -special.hyp2f1(1.0, 1.0, 2.0, np.where(near, 1 - a, 0)), far)


# fmt: off
cbrt   = borrowed("cbrt",   lambda y: 1 / (3 * y * y), kinks=(0.0,), latex=r"\sqrt[3]{{{a}}}")
exp2   = borrowed("exp2",   lambda y: y * LN2,  latex="2^{{{a}}}")
exp10  = borrowed("exp10",  lambda y: y * LN10, latex="10^{{{a}}}")
expm1  = borrowed("expm1",  lambda a: np.exp(a))
log1p  = borrowed("log1p",  lambda a: 1 / (1 + a), domain=Interval(-1.0, math.inf))
cosm1  = borrowed("cosm1",  lambda a: -np.sin(a))
powm1  = borrowed("powm1",  lambda a, b: b * np.power(a, np.where(np.equal(a, 0) & np.equal(b, 0), 1, b - 1)),
                            lambda a, b: np.power(a, b) * np.log(np.where(np.equal(a, 0), 1, a)), domain=(POSITIVE, REAL))
sindg  = borrowed("sindg",  lambda a:  DEGREE * special.cosdg(a))
cosdg  = borrowed("cosdg",  lambda a: -DEGREE * special.sindg(a))
tandg  = borrowed("tandg",  lambda a:  DEGREE / special.cosdg(a) ** 2, domain=Interval(-90.0, 90.0))
cotdg  = borrowed("cotdg",  lambda a: -DEGREE / special.sindg(a) ** 2, domain=Interval(0.0, 180.0))
exprel = borrowed("exprel", lambda a: _exprel_slope(a))
spence = borrowed("spence", lambda a: _spence_slope(a), domain=POSITIVE)
boxcox       = borrowed("boxcox",       lambda a, b: np.power(a, b - 1),
                                        lambda a, b: _boxcox_b(np.log(a), b), domain=(POSITIVE, REAL))
boxcox1p     = borrowed("boxcox1p",     lambda a, b: np.exp((b - 1) * np.log1p(a)),
                                        lambda a, b: _boxcox_b(np.log1p(a), b), domain=(Interval(-1.0, math.inf), REAL))
inv_boxcox   = borrowed("inv_boxcox",   lambda a, b, y: y / (1 + a * b),
                                        lambda a, b, y: y * _inverse_boxcox_b(a, b), domain=POSITIVE)
inv_boxcox1p = borrowed("inv_boxcox1p", lambda a, b, y: (1 + y) / (1 + a * b),
                                        lambda a, b, y: (1 + y) * _inverse_boxcox_b(a, b), domain=POSITIVE)
lambertw     = borrowed("_lambertw",    lambda y: 1 / (np.exp(y) * (1 + y)), "its branch k", "its tolerance tol",
                                        name="lambertw", text="lambertw({a})", domain=POSITIVE)
# y / (1 + y), written so that the next derivative does not cancel where y is large.
wrightomega  = borrowed("wrightomega",  lambda y: np.where(np.abs(y) < 1, y / (1 + y), 1 - 1 / (1 + y)))
# fmt: on
borrowed_flat("round")
