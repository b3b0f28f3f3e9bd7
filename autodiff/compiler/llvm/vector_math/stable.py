"""Logistic functions and logarithms of sums, as the table's stable rows have them.

Each is a formula of the others that neither overflows nor cancels: Mächler, Accurately computing
log(1 - exp(-|a|)) (2012).
"""

from __future__ import annotations

import math

from .exponential import exp, exp2, expm1
from .logarithm import log, log1p, log1p_of_unit
from .terms import Term, expansion, isnan, maximum, select


@expansion("sigmoid", "scipy.special.expit")
def sigmoid(x: Term) -> Term:
    small = exp(-abs(x))
    return select(x < 0, small, 1.0) / (1 + small)


@expansion("sigmoid_slope")
def sigmoid_slope(x: Term) -> Term:
    small = exp(-abs(x))
    return small / ((1 + small) * (1 + small))


@expansion("softplus")
def softplus(x: Term) -> Term:
    y = maximum(x, 0.0) + log1p_of_unit(exp(-abs(x)))
    return select(isnan(x), x, y)


@expansion("scipy.special.log_expit")
def log_expit(x: Term) -> Term:
    return -softplus(-x)


@expansion("scipy.special.logit")
def logit(x: Term) -> Term:
    return log(x / (1 - x))


@expansion("logaddexp")
def logaddexp(a: Term, b: Term) -> Term:
    """Equal infinities have no difference, but a sum."""
    y = maximum(a, b) + log1p_of_unit(exp(-abs(a - b)))
    return select(a == b, a + math.log(2.0), y)


@expansion("logaddexp2")
def logaddexp2(a: Term, b: Term) -> Term:
    y = maximum(a, b) + log1p_of_unit(exp2(-abs(a - b))) * (1 / math.log(2.0))
    return select(a == b, a + 1, y)


@expansion("log1mexp")
def log1mexp(x: Term) -> Term:
    near = x < math.log(2.0)
    return select(near, log(-expm1(-x)), log1p(-exp(-x)))


@expansion("inverse_expm1")
def inverse_expm1(x: Term) -> Term:
    return 1 / expm1(x)


@expansion("xlogy", "scipy.special.xlogy")
def xlogy(a: Term, b: Term) -> Term:
    return select((a == 0) & ~isnan(b), 0.0, a * log(b))


@expansion("xlog1py", "scipy.special.xlog1py")
def xlog1py(a: Term, b: Term) -> Term:
    return select((a == 0) & ~isnan(b), 0.0, a * log1p(b))
