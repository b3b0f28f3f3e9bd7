"""Why a row gave an inf or a nan where it was given none, and what is usually done about it.

A cure reads the operation's surroundings, as far as they are known: for log(softmax(x)) there is a
better one than for log(x).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...programs.numbers import number
from ...rules.kinds import Elementwise, local
from ...rules.primitive import Interval, Structural
from .finding import entries
from .site import Site, has, row_name

PRODUCTS = ("dot", "vecdot", "inner", "matmul", "einsum")
SUMMING = ("sum", "masked_sum")
SQUARES = ("square", "monomial", "multiply", "power")
LOGARITHMS = ("log", "log2", "log10")
POWERS = ("monomial", "power", "float_power")
HELPERS = "autodiff.special"
ROUND = (
    "the square without its root: x @ x for norm(x)**2, np.var(x) for std(x)**2, a**2 + b**2 for "
    "hypot(a, b)**2, np.real(z)**2 + np.imag(z)**2 for abs(z)**2; a norm itself has no second "
    "derivative at 0, np.sqrt(x @ x + eps**2) has one"
)
SELECT = "select with np.where before the operation, and again after it"

Explanation = tuple[str, str]


def is_pole(site: Site) -> bool:
    """Whether an inf is the function's own value, and not a number too large for the dtype."""
    name, values = row_name(site), site.values
    if name == "divide":
        return bool(np.any(np.equal(values[1], 0)))
    if name in (*POWERS, "reciprocal"):
        return bool(np.any(np.equal(values[0], 0)))
    domain = site.primitive.domain
    if not isinstance(domain, Interval) or len(values) != 1:
        return False
    a = np.real(values[0])
    return bool(np.any((a <= domain.low) | (a >= domain.high)))


# -- values ----------------------------------------------------------------------------------------
def of_value(site: Site) -> Explanation:
    """Cause and cure of a value that is not finite, though the operands are."""
    explain = VALUES.get(row_name(site))
    if explain is not None:
        return explain(site)
    if outside := outside_domain(site):
        return outside, "keep the argument inside the domain, with np.clip or np.where"
    if not has(np.isnan, site.y):
        return too_large(site)
    return f"{row_name(site)} of these operands is not a number", SELECT


def too_large(site: Site) -> Explanation:
    dtype = np.asarray(site.y[0] if isinstance(site.y, tuple) else site.y).dtype
    cause = f"the result is larger than the largest {dtype}, {float(np.finfo(dtype).max):.2g}"
    return cause, "work with logarithms, scale the numbers, or use a wider dtype"


def outside_domain(site: Site) -> str:
    domain = site.primitive.domain
    domains = [domain] * len(site.values) if isinstance(domain, Interval) else list(domain)
    for interval, name, value in zip(domains, site.names, site.values, strict=False):
        value, (low, high, _) = np.asarray(value), interval
        if value.dtype.kind != "f" or (low, high) == (-math.inf, math.inf):
            continue
        outside = (value <= low) | (value >= high)
        if np.any(outside):
            domain_shown = f"({low:g}, {high:g})"
            return f"{shown(name, value, outside)}; {row_name(site)} is defined on {domain_shown}"
    return ""


def shown(name: str, value: Any, mask: Any) -> str:
    """``x = -1 in 3 of 10 entries, first at [4]``: the value where the mask marks it first."""
    mask = np.asarray(mask)
    first = np.broadcast_to(value, mask.shape)[mask].ravel()[0]
    return f"{name} = {number(first)} {entries(mask)}".rstrip()


def _divide(site: Site) -> Explanation:
    (a, b), names, shape = site.values, site.names, np.shape(site.y)
    zero = np.broadcast_to(np.equal(b, 0), shape)
    if not np.any(zero):
        return too_large(site)
    both = zero & np.broadcast_to(np.equal(a, 0), shape)
    what, mask = ("0 / 0", both) if np.any(both) else ("division by zero", zero)
    cause = f"{what}: {shown(names[1], b, mask)}"
    if site.made_by(("sin",)):
        return cause, "np.sinc(x / np.pi) for sin(x) / x"
    b = names[1] if names[1].isidentifier() else "b"
    return cause, (
        f"divide by np.where({b} == 0, 1, {b}){'' if b == names[1] else ' for a divisor b'} and "
        "choose the value there with an outer np.where, or add a small constant to the divisor"
    )


def _logarithm(site: Site) -> Explanation:
    name, a = site.names[0], np.real(site.values[0])
    edge = -1 if row_name(site) == "log1p" else 0
    below = np.less(a, edge)
    what = "a number below" if np.any(below) else ""
    argument = f"{what} 0".strip() if edge == 0 else f"1 + x for x = {edge} or less"
    cause = f"log of {argument}: {shown(name, a, below if np.any(below) else np.equal(a, edge))}"
    return cause, log_cure(site)


def log_cure(site: Site) -> str:
    quotient = site.made_by(("divide",))
    if site.made_by(("softmax",)) or (quotient and site.made_by(("exp",), of=quotient)):
        return f"{HELPERS}.log_softmax(x), which never forms the softmax that underflows to 0"
    if site.made_by(("expit", "sigmoid")) or (
        quotient and site.made_by(("exp",), of=quotient, at=1)
    ):
        return f"{HELPERS}.log_sigmoid(x), which never forms the sigmoid that underflows to 0"
    total = site.made_by(SUMMING)
    if total is not None and site.made_by(("exp", "exp2"), of=total):
        return f"{HELPERS}.logsumexp(x) for log(sum(exp(x)))"
    if site.used_by(("multiply",)):
        return f"{HELPERS}.xlogy(a, b) for a * log(b), which is 0 at a = 0; else keep it above 0"
    if (row := row_name(site)) == "log1p":
        return "keep the argument above -1, or np.where around both"
    least = np.finfo(np.asarray(site.y).dtype).tiny
    return (
        f"keep the argument above 0: np.{row}(np.maximum(x, {least:.3g})), or np.where around both"
    )


def _exp(site: Site) -> Explanation:
    dtype, name = np.asarray(site.y).dtype, row_name(site)
    limit = math.log(float(np.finfo(dtype).max)) / (math.log(2) if name == "exp2" else 1)
    reached = f"{site.names[0]} reaches {number(np.max(np.real(site.values[0])))}"
    return f"{reached}, and {dtype} ends at {name}({limit:.5g})", exp_cure(site)


def exp_cure(site: Site) -> str:
    if site.used_by(SUMMING, LOGARITHMS):
        return f"{HELPERS}.logsumexp(x) for log(sum(exp(x)))"
    if site.used_by(SUMMING, ("divide",)):
        return f"{HELPERS}.softmax(x) for exp(x) / sum(exp(x)), or subtract the largest entry first"
    if site.used_by(("log1p",)) or site.used_by(("add",), LOGARITHMS):
        return "np.logaddexp(a, b) for log(exp(a) + exp(b)): with a = 0 it is softplus"
    if site.used_by(("add",), ("divide", "reciprocal", "monomial")):
        return f"{HELPERS}.sigmoid(x), or scipy.special.expit, for 1 / (1 + exp(-x))"
    return f"work with logarithms ({HELPERS}.logsumexp), or subtract the largest entry first"


def _root(site: Site) -> Explanation:
    a = np.asarray(site.values[0])
    if not has(np.isnan, site.y):
        return too_large(site)
    cause = f"the root of a negative number: {shown(site.names[0], a, a < 0)}"
    return cause, "np.sqrt(np.maximum(x, 0)) if it is negative by rounding alone"


def _power(site: Site) -> Explanation:
    a, name = np.asarray(site.values[0]), site.names[0]
    if has(np.isnan, site.y):
        cause = f"a negative number to a power that is not an integer: {shown(name, a, a < 0)}"
        return cause, "np.abs of the base, or np.cbrt for a cube root"
    if np.any(a == 0):
        cause = f"0 to a negative power: {shown(name, a, a == 0)}"
        return cause, "np.where on the base, and on the result; or add a small constant"
    return too_large(site)


def _product(site: Site) -> Explanation:
    if not has(np.isnan, site.y):
        return too_large(site)
    return "0 * inf is nan", "choose with np.where(mask, x, 0); do not multiply by a mask"


def _sum(site: Site) -> Explanation:
    if not has(np.isnan, site.y):
        return too_large(site)
    return "inf - inf is nan", "choose with np.where, or mask what is infinite before"


VALUES: dict[str, Callable[[Site], Explanation]] = {
    "divide": _divide,
    **dict.fromkeys((*LOGARITHMS, "log1p"), _logarithm),
    **dict.fromkeys(("exp", "exp2", "expm1"), _exp),
    **dict.fromkeys(("sqrt", "root"), _root),
    **dict.fromkeys(POWERS, _power),
    **dict.fromkeys(("multiply", *PRODUCTS), _product),
    **dict.fromkeys(("add", "subtract", *SUMMING), _sum),
}


# -- derivatives -----------------------------------------------------------------------------------
def of_derivative(site: Site) -> Explanation:
    """Cause and cure of a derivative that is not finite, though the values are."""
    name, mask = row_name(site), infinite_partial(site)
    if mask is None:
        return f"the derivative of {name} is not finite here", SELECT
    first = tuple(np.argwhere(mask)[0])
    at = ", ".join(
        f"{operand} = {number(np.broadcast_to(value, np.shape(mask))[first])}"
        for operand, value in zip(site.names, site.values, strict=True)
    )
    cause = f"the derivative of {name} is not finite at {at} {entries(mask)}".rstrip()
    return cause, derivative_cure(site, name)


def infinite_partial(site: Site) -> Any:
    """Where an elementwise row has a partial that is not finite, as a mask; `None` if nowhere."""
    row = site.primitive
    if not isinstance(row, Elementwise):
        return None
    shape = np.shape(site.y)
    mask = np.zeros(shape, bool)
    for i, partial in enumerate(row.partials):
        if not isinstance(partial, (str, Structural)):  # a string names an unknown derivative
            with np.errstate(all="ignore"):
                slope = local(partial, row.remembered(i, site.values, site.y), site.params)
            if not isinstance(slope, Structural):
                mask = mask | np.broadcast_to(~np.isfinite(slope), shape)
    return mask if np.any(mask) else None


def derivative_cure(site: Site, name: str) -> str:
    if name == "sqrt":
        return root_cure(site)
    if name in ("direction", "sine"):
        return ROUND
    if name == "arctan2":
        return "at (0, 0) the angle has no derivative: np.where on both arguments before arctan2"
    if name == "arccosh":
        return "keep the argument away from the end of the domain: np.maximum(x, 1.000001)"
    if name in ("arcsin", "arccos", "arctanh"):
        return "keep the argument away from the ends of the domain: np.clip(x, -0.999999, 0.999999)"
    if name in (*POWERS, "cbrt"):
        return "keep the base away from 0: np.where on the base, and on the result"
    if name in ("divide", "reciprocal"):
        return "keep the divisor away from 0: np.where on the divisor, and on the result"
    return SELECT


def root_cure(site: Site) -> str:
    total = site.made_by((*SUMMING, *PRODUCTS))
    if total is not None and (row_name(total) in PRODUCTS or site.made_by(SQUARES, of=total)):
        return "np.linalg.norm(x) for sqrt(sum(x**2)): its derivative at 0 is 0"
    if site.made_by(("square", "monomial")):
        return "np.abs(x) for sqrt(x**2): its derivative at 0 is 0"
    if site.made_by(("add",)):
        return "np.hypot(a, b) for sqrt(a**2 + b**2), or np.linalg.norm: their derivative at 0 is 0"
    return "np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), 0), or add a small constant inside"
