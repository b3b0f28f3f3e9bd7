"""The points at which engines disagree, each as functions, a point, and the agreed derivative.

`docs/conventions.md` is written from this table and the engine's own answers by `make docs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autodiff as ad
from nn.functional import elu, leaky_relu, relu

INF, NAN = np.inf, np.nan
ZEROS = np.zeros(2)


@dataclass(frozen=True)
class Case:
    """`f` at `x` has derivative `expected`: for a vector the gradient of the sum of f's entries."""

    text: str
    f: Callable[[Any], Any]
    x: Any
    expected: Any


@dataclass(frozen=True)
class Convention:
    point: str
    cases: tuple[Case, ...]


def at(text: str, f: Callable[[Any], Any], x: Any, expected: Any) -> Case:
    if not isinstance(x, float):
        x, expected = np.asarray(x, dtype=float), np.asarray(expected, dtype=float)
    return Case(text, f, x, expected)


def slope(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The gradient of the sum of f's entries, whose own gradient is the second derivative."""
    return ad.grad(lambda x: np.sum(f(x)))


TIED = [1.0, 3.0, 3.0, 2.0, 3.0]
SINGULAR = [[1.0, 2.0], [2.0, 4.0]]
# fmt: off - one case a line
CONVENTIONS = (
    Convention(
        "abs and norms at 0",
        (
            at("abs(x) at 0", np.abs, 0.0, 0.0),
            at("norm(x) at 0", np.linalg.norm, ZEROS, ZEROS),
            at("norm(x, 1) at 0", lambda x: np.linalg.norm(x, 1), ZEROS, ZEROS),
            at("norm(x, 3) at 0", lambda x: np.linalg.norm(x, 3), ZEROS, ZEROS),
            at("norm(x, inf) at 0", lambda x: np.linalg.norm(x, INF), ZEROS, ZEROS),
            at(
                "norm(X) at 0, Frobenius",
                lambda x: np.linalg.norm(x),
                np.zeros((2, 2)),
                np.zeros((2, 2)),
            ),
        ),
    ),
    Convention(
        "norms whose squares overflow or underflow: the direction of x",
        (
            at("norm(x) at (3e200, 4e200)", np.linalg.norm, [3e200, 4e200], [0.6, 0.8]),
            at("norm(x) at (3e-200, -4e-200)", np.linalg.norm, [3e-200, -4e-200], [0.6, -0.8]),
        ),
    ),
    Convention(
        "relu, leaky relu and elu at 0",
        (
            at("relu(x) at 0", relu, 0.0, 0.0),
            at("leaky_relu(x) at 0", leaky_relu, 0.0, 1.0),
            at("elu(x) at 0", elu, 0.0, 1.0),
        ),
    ),
    Convention(
        "maximum and minimum at a tie",
        (
            at("maximum(x, 1) at 1", lambda x: np.maximum(x, 1.0), 1.0, 0.5),
            at("minimum(x, 1) at 1", lambda x: np.minimum(x, 1.0), 1.0, 0.5),
            at("maximum(x, x) at 2", lambda x: np.maximum(x, x), 2.0, 1.0),
            at("minimum(x, x) at 2", lambda x: np.minimum(x, x), 2.0, 1.0),
            at("fmax(x, 1) at 1", lambda x: np.fmax(x, 1.0), 1.0, 0.5),
        ),
    ),
    Convention(
        "second derivatives where the first one jumps: nan at a round tip, else that of the pieces",
        (
            at("grad(norm)(x) at 0", slope(np.linalg.norm), ZEROS, [NAN, NAN]),
            at("grad(norm)(x, 3) at 0", slope(lambda x: np.linalg.norm(x, 3)), ZEROS, [NAN, NAN]),
            at("grad(norm^2)(x) at 0", slope(lambda x: np.linalg.norm(x) ** 2), ZEROS, [NAN, NAN]),
            at("grad(x @ x)(x) at 0", slope(lambda x: x @ x), ZEROS, [2, 2]),
            at("grad(hypot)(x0, x1) at (0, 0)", slope(np.hypot.reduce), ZEROS, [NAN, NAN]),
            at("grad(std)(x) at (2, 2)", slope(np.std), [2.0, 2.0], [NAN, NAN]),
            at("grad(var)(x) at (2, 2)", slope(np.var), [2.0, 2.0], ZEROS),
            at("grad(abs)(x) at 0", slope(np.abs), 0.0, 0.0),
            at("grad(norm)(x, 1) at 0", slope(lambda x: np.linalg.norm(x, 1)), ZEROS, ZEROS),
            at("grad(relu)(x) at 0", slope(relu), 0.0, 0.0),
            at("grad(maximum)(x, 1) at 1", slope(lambda x: np.maximum(x, 1.0)), 1.0, 0.0),
            at("grad(clip)(x, 0, 1) at 0", slope(lambda x: np.clip(x, 0.0, 1.0)), 0.0, 0.0),
        ),
    ),
    Convention(
        "max and min of an array with ties: shared evenly",
        (
            at("max(x) at (1, 3, 3, 2, 3)", np.max, TIED, [0, 1 / 3, 1 / 3, 0, 1 / 3]),
            at("min(x) at (1, 1, 2)", np.min, [1.0, 1.0, 2.0], [0.5, 0.5, 0]),
        ),
    ),
    Convention(
        "sort and median: the permutation at the value",
        (
            at(
                "sort(x) . (1, 2, 3) at (3, 1, 2)",
                lambda x: np.sort(x) @ np.array([1.0, 2, 3]),
                [3.0, 1.0, 2.0],
                [3, 1, 2],
            ),
            at(
                "x[argsort(x)] . (1, 2, 3) at (3, 1, 2)",
                lambda x: x[np.argsort(x)] @ np.array([1.0, 2, 3]),
                [3.0, 1.0, 2.0],
                [3, 1, 2],
            ),
            at("median(x) at (4, 1, 3, 2)", np.median, [4.0, 1.0, 3.0, 2.0], [0, 0, 0.5, 0.5]),
            at("median(x) at (4, 1, 3)", np.median, [4.0, 1.0, 3.0], [0, 0, 1]),
        ),
    ),
    Convention(
        "clip exactly at a bound",
        (
            at("clip(x, 0, 1) at 0", lambda x: np.clip(x, 0.0, 1.0), 0.0, 1.0),
            at("clip(x, 0, 1) at 1", lambda x: np.clip(x, 0.0, 1.0), 1.0, 1.0),
            at("clip(x, 0, 1) at 2", lambda x: np.clip(x, 0.0, 1.0), 2.0, 0.0),
        ),
    ),
    Convention(
        "where: the untaken branch contributes exactly 0",
        (
            at(
                "where(x == 0, 1, sin(x) / x) at 0",
                lambda x: np.where(x == 0, 1, np.sin(x) / x),
                0.0,
                0.0,
            ),
            at("where(x < 1, x, sqrt(x)) at 0", lambda x: np.where(x < 1, x, np.sqrt(x)), 0.0, 1.0),
            at(
                "where(x < 1, x, log(x)) at (-1, 0, 2)",
                lambda x: np.where(x < 1, x, np.log(x)),
                [-1.0, 0.0, 2.0],
                [1, 1, 0.5],
            ),
            at(
                "sqrt(where(x > 0, x, 0)) at (0, 4)",
                lambda x: np.sqrt(np.where(x > 0, x, 0)),
                [0.0, 4.0],
                [0, 0.25],
            ),
            at(
                "where(x > 0, x, exp(-1000 x)) at (1, -1)",
                lambda x: np.where(x > 0, x, np.exp(-1000 * np.minimum(x, 0) * 0)),
                [1.0, -1.0],
                [1, 0],
            ),
        ),
    ),
    Convention(
        "sqrt at 0: the IEEE value",
        (
            at("sqrt(x) at 0", np.sqrt, 0.0, INF),
            at("sqrt(sum(x^2)) at 0", lambda x: np.sqrt(np.sum(x**2)), ZEROS, [NAN, NAN]),
        ),
    ),
    Convention(
        "powers at 0",
        (
            at("x^0 at 0", lambda x: x**0, 0.0, 0.0),
            at("x^1 at 0", lambda x: x**1, 0.0, 1.0),
            at("x^2 at 0", lambda x: x**2, 0.0, 0.0),
            at("power(x, 0) at 0", lambda x: np.power(x, 0.0), 0.0, 0.0),
            at("power(x, 1) at 0", lambda x: np.power(x, 1.0), 0.0, 1.0),
            at("0^y in y at 2", lambda y: np.power(0.0, y), 2.0, 0.0),
            at("0^y in y at 0.5", lambda y: 0.0**y, 0.5, 0.0),
        ),
    ),
    Convention(
        "std of a constant", (at("std(x) at (2, 2, 2)", np.std, [2.0, 2.0, 2.0], [0, 0, 0]),)
    ),
    Convention(
        "hypot: 0 at the origin, no overflow",
        (
            at("hypot(x0, x1) at (0, 0)", lambda x: np.hypot(x[0], x[1]), ZEROS, ZEROS),
            at(
                "hypot(x0, x1) at (3e200, 4e200)",
                lambda x: np.hypot(x[0], x[1]),
                [3e200, 4e200],
                [0.6, 0.8],
            ),
        ),
    ),
    Convention(
        "arctan2: nan at the origin, no overflow",
        (
            at("arctan2(x0, x1) at (0, 0)", lambda x: np.arctan2(x[0], x[1]), ZEROS, [NAN, NAN]),
            at(
                "arctan2(x0, x1) at (3e200, 4e200)",
                lambda x: np.arctan2(x[0], x[1]),
                [3e200, 4e200],
                [4 / 25 * 1e-200, -3 / 25 * 1e-200],
            ),
        ),
    ),
    Convention("sinc at 0", (at("sinc(x) at 0", np.sinc, 0.0, 0.0),)),
    Convention(
        "prod, cumprod and det with zeros: exact",
        (
            at("prod(x) at (0, 2, 3)", np.prod, [0.0, 2.0, 3.0], [6, 0, 0]),
            at("prod(x) at (0, 0, 3)", np.prod, [0.0, 0.0, 3.0], [0, 0, 0]),
            at(
                "sum(cumprod(x)) at (2, 0, 3)",
                lambda x: np.sum(np.cumprod(x)),
                [2.0, 0.0, 3.0],
                [1, 8, 0],
            ),
            at("det(X) at [[1, 2], [2, 4]]", np.linalg.det, SINGULAR, [[4, -2], [-2, 1]]),
        ),
    ),
    Convention(
        "logaddexp and logsumexp of -inf",
        (
            at(
                "logaddexp(x0, x1) at (-inf, -inf)",
                lambda x: np.logaddexp(x[0], x[1]),
                [-INF, -INF],
                ZEROS,
            ),
            at(
                "logaddexp(x0, x1) at (0, -inf)",
                lambda x: np.logaddexp(x[0], x[1]),
                [0.0, -INF],
                [1, 0],
            ),
            at("logaddexp.reduce(x) at (-inf, -inf)", np.logaddexp.reduce, [-INF, -INF], ZEROS),
        ),
    ),
    Convention(
        "flat functions",
        (
            at("floor(x) at 1.5", np.floor, 1.5, 0.0),
            at("ceil(x) at 1.5", np.ceil, 1.5, 0.0),
            at("rint(x) at 1.5", np.rint, 1.5, 0.0),
            at("sign(x) at 0", np.sign, 0.0, 0.0),
            at("heaviside(x, 0.5) at 1", lambda x: np.heaviside(x, 0.5), 1.0, 0.0),
            at("x > 0 as a number, at 1", lambda x: np.where(x > 0, 1.0, 0.0), 1.0, 0.0),
            at("argmax(x) at (1, 2)", lambda x: np.argmax(x) * 1.0, [1.0, 2.0], [0, 0]),
        ),
    ),
    Convention(
        "a reduction in which initial= wins",
        (
            at("max(x, initial=9) at (1, 2)", lambda x: np.max(x, initial=9.0), [1.0, 2.0], [0, 0]),
            at("min(x, initial=0) at (1, 2)", lambda x: np.min(x, initial=0.0), [1.0, 2.0], [0, 0]),
        ),
    ),
    Convention(
        "a repeated index: cotangents add up",
        (
            at("sum(x[[0, 0, 1]]) at (1, 2)", lambda x: np.sum(x[[0, 0, 1]]), [1.0, 2.0], [2, 1]),
            at(
                "take(x, [1, 1]) at (1, 2)",
                lambda x: np.sum(np.take(x, [1, 1])),
                [1.0, 2.0],
                [0, 2],
            ),
        ),
    ),
    Convention(
        "repeated eigenvalues and singular values",
        (
            at(
                "sum(eigvalsh(X)) at 2 I",
                lambda x: np.sum(np.linalg.eigvalsh(x)),
                2 * np.eye(2),
                np.eye(2),
            ),
            at(
                "sum(svdvals(X)) at 2 I",
                lambda x: np.sum(np.linalg.svd(x, compute_uv=False)),
                2 * np.eye(2),
                np.eye(2),
            ),
        ),
    ),
)
# fmt: on
