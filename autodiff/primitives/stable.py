"""The rows behind softmax, logsumexp and the logistic function: right where exp overflows.

No difference of nearly equal numbers and no quotient of huge ones, at any order of derivative, from
-inf to inf. So the slope of the logistic function is a row of its own, and not y (1 - y): that is 0
from x = 37 on, where the slope is still exp(-x).
Source: Blanchard, Higham and Higham, Accurately computing the log-sum-exp and softmax functions (2021);
Maechler, Accurately computing log(1 - exp(-|a|)) (2012).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..base.selecting import where
from ..base.shapes import reduced, shape_of
from ..rules.conforming import align_all
from ..rules.kinds import elementwise, special
from ..rules.primitive import MINUS_ONE, ONE, POSITIVE, PRODUCT, REAL, SUM, ZERO, Interval
from .reductions import restored, text_over_axes
from .shaping import stop_gradient

LN2 = math.log(2.0)
Axes = tuple[int, ...]


# -- the logistic function -----------------------------------------------------------------------
def _sigmoid(a: Any) -> Any:
    small = np.exp(-np.abs(a))
    return where(np.less(a, 0), small, 1) / (1 + small)


def _sigmoid_slope(a: Any) -> Any:
    small = np.exp(-np.abs(a))
    return small / (1 + small) ** 2


def _softplus(a: Any) -> Any:
    return np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a)))


def _log1mexp(a: Any) -> Any:
    near = np.less(a, LN2)
    with np.errstate(divide="ignore", over="ignore"):  # log(0) is -inf; the branch not taken
        return np.where(near, np.log(-np.expm1(-a)), np.log1p(-np.exp(-a)))[()]


# fmt: off
sigmoid       = elementwise("sigmoid", _sigmoid, lambda a: sigmoid_slope(a), latex=r"\sigma\left({a}\right)")
sigmoid_slope = elementwise("sigmoid_slope", _sigmoid_slope, lambda a, y: -y * np.tanh(a / 2),
                            text="sigmoid'({a})", latex=r"\sigma'\left({a}\right)")
softplus      = elementwise("softplus", _softplus, lambda a: sigmoid(a))
log1mexp      = elementwise("log1mexp", _log1mexp, lambda a: inverse_expm1(a), domain=POSITIVE,
                            text="log(1 - exp(-{a}))", latex=r"\log\left(1 - e^{{-{a}}}\right)")
inverse_expm1 = elementwise("inverse_expm1", lambda a: 1 / np.expm1(a), lambda y: -y * (1 + y), domain=POSITIVE,
                            text="1 / expm1({a})", latex=r"1 / \left(e^{{{a}}} - 1\right)")
# fmt: on


# -- a log b, which is 0 at a = 0 whatever b is ----------------------------------------------------
def _xlogy(a: Any, b: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(a, 0) & ~np.isnan(b), 0, a * np.log(b))[()]


def _xlog1py(a: Any, b: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.equal(a, 0) & ~np.isnan(b), 0, a * np.log1p(b))[()]


def quotient(a: Any, b: Any) -> Any:
    """a / b, and 0 for 0 / 0: 0 log b is 0 for every b, and so is its slope."""
    return np.where(np.equal(a, 0) & np.equal(b, 0), 0, a / b)


xlogy = elementwise(
    "xlogy",
    _xlogy,
    lambda b: np.log(b),
    lambda a, b: quotient(a, b),
    domain=(REAL, POSITIVE),
    latex=r"{a} \log {b}",
    binds=PRODUCT,
    text="{a} * log({b})",
)
xlog1py = elementwise(
    "xlog1py",
    _xlog1py,
    lambda b: np.log1p(b),
    lambda a, b: quotient(a, 1 + b),
    domain=(REAL, Interval(-1.0, math.inf)),
    latex=r"{a} \log\left(1 + {b}\right)",
    binds=PRODUCT,
    text="{a} * log1p({b})",
)


# -- the logarithm of a sum of exponentials --------------------------------------------------------
def _difference(a: Any, b: Any) -> Any:
    if type(b) is np.ndarray and np.isfinite(b).all():
        return np.subtract(a, b)
    with np.errstate(invalid="ignore"):
        return np.where(np.equal(a, b), 0, np.subtract(a, b))[()]


shifted = elementwise(  # inf - inf is 0 here: softmax of [inf, 0] is [1, 0], not nan
    "shifted", _difference, ONE, MINUS_ONE, text="{a} - {b}", binds=SUM
)


def share(a: Any, b: Any, y: Any, rate: float = 1.0) -> Any:
    """The part of exp(a) in exp(a) + exp(b), 0 where both are 0: written as exp(a - y) its slope
    would cancel."""
    part = sigmoid(shifted(a, b) if rate == 1 else rate * shifted(a, b))
    return np.where(y == -np.inf, 0, part)


# fmt: off
logaddexp  = elementwise("logaddexp",  np.logaddexp,  lambda a, b, y: share(a, b, y),      lambda a, b, y: share(b, a, y))
logaddexp2 = elementwise("logaddexp2", np.logaddexp2, lambda a, b, y: share(a, b, y, LN2), lambda a, b, y: share(b, a, y, LN2))
# fmt: on


def centred(a: Any, axis: Axes) -> tuple[Any, Any]:
    """a - m for the largest entry m along `axis`, and m; m is 0 where every entry is -inf."""
    largest = np.max(stop_gradient(a), axis=axis, keepdims=True, initial=-np.inf)
    largest = np.where(largest == -np.inf, 0, largest)
    return shifted(a, largest), largest


def _logsumexp(a: Any, *, axis: Axes, keepdims: bool) -> Any:
    """The largest entries are counted, not summed: log1p(rest) keeps the digits that 1 + rest would
    lose."""
    largest = np.max(a, axis=axis, keepdims=True, initial=-np.inf)
    attained = a == largest
    with np.errstate(invalid="ignore"):
        rest = np.sum(np.where(attained, 0, np.exp(a - largest)), axis=axis, keepdims=True)
    how_many = np.maximum(np.sum(attained, axis=axis, keepdims=True, dtype=rest.dtype), 1)
    y = largest + (np.log1p(rest / how_many) + np.log(how_many))
    return y if keepdims else np.reshape(y, reduced(shape_of(a), axis, keepdims=False))[()]


# -- the part of each entry in that sum ------------------------------------------------------------
def _softmax(a: Any, *, axis: Axes) -> Any:
    terms = np.exp(centred(a, axis)[0])
    return terms / np.sum(terms, axis=axis, keepdims=True)


def _parts(a: Any, *, axis: Axes) -> Any:
    terms = np.exp(centred(a, axis)[0])
    total = np.sum(terms, axis=axis, keepdims=True)
    return terms / np.where(total == 0, 1, total)


def beside_largest(v: Any, y: Any, axis: Axes) -> Any:
    """`v` less its entry where y > 1/2, if there is one. Subtracting a constant from `v` does not
    change (diag(y) - y y^T) v or v - y . v, and this one leaves nothing to cancel: 1 - y is gone."""
    return v - np.sum(where(np.greater(y, 0.5), v, 0), axis=axis, keepdims=True)


def _softmax_slope(v: Any, y: Any, axis: Axes) -> Any:
    """(diag(y) - y y^T) v, the same in both modes."""
    v = beside_largest(v, y, axis)
    return y * (v - np.sum(y * v, axis=axis, keepdims=True))


def _shares(name: str, value: Any) -> Any:
    return special(
        name,
        value,
        forward=lambda tangents, primals, y, *, axis: _softmax_slope(tangents[0], y, axis),
        backward=lambda y_bar, primals, y, *, axis: [_softmax_slope(y_bar, y, axis)],
        text=lambda axis: "softmax({a})",
        batch="trailing",
    )


# Both added for accuracy: where one entry is nearly all of the sum, as compositions they would have
# slopes, and logsumexp curvatures, without digits. They differ where every entry is -inf: nan, and 0.
softmax = _shares("softmax", _softmax)
parts = _shares("parts", _parts)


def _logsumexp_jvp(tangents: Any, primals: Any, y: Any, *, axis: Axes, keepdims: bool) -> Any:
    return np.sum(parts(primals[0], axis=axis) * tangents[0], axis=axis, keepdims=keepdims)


def _logsumexp_vjp(y_bar: Any, primals: Any, y: Any, *, axis: Axes, keepdims: bool) -> Any:
    (a,) = primals
    return [restored(y_bar, shape_of(a), axis) * parts(a, axis=axis)]


# Added for accuracy: as a composition it would round 1 + rest, and say nan for an infinite entry.
logsumexp = special(
    "logsumexp",
    _logsumexp,
    forward=_logsumexp_jvp,
    backward=_logsumexp_vjp,
    text=text_over_axes("logsumexp"),
    batch="trailing",
)


# -- what is left of it: logarithms of a part ------------------------------------------------------
# Both added for speed: as compositions they take four rows and ten.
def _log_softmax(a: Any, *, axis: Axes) -> Any:
    below, _ = centred(a, axis)
    return below - _logsumexp(below, axis=axis, keepdims=True)


def _log_softmax_vjp(y_bar: Any, primals: Any, y: Any, *, axis: Axes) -> Any:
    (a,) = primals
    p = parts(a, axis=axis)
    bar = y_bar - p * np.sum(y_bar, axis=axis, keepdims=True)
    # The entries add up to 0: so the one with nearly all of the sum, which would cancel, is known.
    is_large = np.greater(p, 0.5)
    return [where(is_large, -np.sum(where(is_large, 0, bar), axis=axis, keepdims=True), bar)]


def _log_softmax_jvp(tangents: Any, primals: Any, y: Any, *, axis: Axes) -> Any:
    p = parts(primals[0], axis=axis)
    v = beside_largest(tangents[0], p, axis)
    return v - np.sum(p * v, axis=axis, keepdims=True)


log_softmax = special(
    "log_softmax",
    _log_softmax,
    forward=_log_softmax_jvp,
    backward=_log_softmax_vjp,
    text=lambda axis: "log_softmax({a})",
    batch="trailing",
)


# -log softmax(a) of the entry that `named`, booleans, is true at. Nothing is rounded away where that
# entry is nearly all of the sum, as it would be from the difference of logsumexp and the entry.
def _log_loss(a: Any, named: Any) -> Any:
    above = _difference(a, np.sum(where(named, a, 0), axis=-1, keepdims=True))
    return _logsumexp(above, axis=(-1,), keepdims=False)


def _log_loss_slope(a: Any, named: Any) -> Any:
    others = where(named, 0, _parts(a, axis=(-1,)))
    return where(named, -np.sum(others, axis=-1, keepdims=True), others)


def _log_loss_curvature(v: Any, primals: Any) -> Any:
    return _softmax_slope(v, parts(primals[0], axis=(-1,)), (-1,))


log_loss = special(
    "log_loss",
    _log_loss,
    forward=lambda tangents, primals, y: np.sum(log_loss_slope(*primals) * tangents[0], axis=-1),
    backward=lambda y_bar, primals, y: [y_bar[..., None] * log_loss_slope(*primals), ZERO],
    batch=lambda row, size, args, flags: row(*align_all(args, flags)),
)
log_loss_slope = special(
    "log_loss_slope",
    _log_loss_slope,
    forward=lambda tangents, primals, y: _log_loss_curvature(tangents[0], primals),
    backward=lambda y_bar, primals, y: [_log_loss_curvature(y_bar, primals), ZERO],
    batch=lambda row, size, args, flags: row(*align_all(args, flags)),
)
