"""Convex losses of linear scores, minimised by SciPy with our gradients and Hessian products.

    scores Z = X W^T + b;   minimise  mean loss(Z) + l2/2 |W|^2 + l1 |W|_1

The search runs in standardised features, where the loss is better conditioned; the penalties stay
those of the given features, so the minimum is the same.
Source: Nocedal and Wright, Numerical Optimization (2006), chapters 7 and 9.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning

from .scores import LinearScores

SOLVERS = ("newton", "lbfgs")
FACTORED = 1000  # unknowns up to which a Hessian is factored: beyond, products with it are quicker

HALVINGS = 0.5 ** np.arange(12)


class Search(NamedTuple):
    """How to look for the minimum, and in whose name to warn when it was not reached."""

    solver: str
    tol: float
    max_iter: int
    owner: str


class Scaling(NamedTuple):
    """Features as the search sees them: ``(X - centre) / scale``."""

    centre: Any
    scale: Any

    @classmethod
    def of(cls, X: Any, weights: Any, centred: bool, l2: float = 0.0) -> Scaling:
        """Features of mean 0 and variance about 1; `weights` of the samples sum to 1.

        With an L2 penalty the scale is that of the diagonal of the Hessian, variance + l2. A
        constant feature is left at scale 1.
        """
        centre = weights @ X if centred else np.zeros(X.shape[1])
        variance = weights @ (X - centre) ** 2
        rounding = (10 * np.finfo(X.dtype).eps) ** 2 * (weights @ X**2)
        variance = np.where(variance > rounding, variance, 0.0) + l2
        return cls(centre, np.sqrt(np.where(variance > 0, variance, 1.0)))


def fit_scores(
    loss: Callable[[Any], Any],
    X: Any,
    outputs: int,
    weights: Any,
    *,
    fit_intercept: bool,
    search: Search,
    l1: float = 0.0,
    l2: float = 0.0,
    symmetric: bool = False,
) -> tuple[Any, Any, int]:
    """``(W, b, iterations)`` with W of shape (outputs, features) and b of shape (outputs,).

    `loss` maps scores (samples, outputs) to one convex loss per sample; `weights`, one per sample,
    are normalised to sum to 1. A `symmetric` loss stays the same when one number is added to all
    scores of a sample, as that of a softmax: of the equal minima, it is the one whose rows have
    sum 0, or with an L1 penalty whose intercepts have.
    """
    weights = weights / np.sum(weights)
    centre, scale = Scaling.of(X, weights, fit_intercept, l2)
    features = (X - centre) / scale
    width = X.shape[1]
    design = np.column_stack([features, np.ones(len(X))]) if fit_intercept else features
    shrunk = np.zeros(design.shape[1])
    shrunk[:width] = l2 / 2 / scale**2
    summed = np.full(design.shape[1], float(symmetric))  # else there would be no one minimum
    if l1:
        summed[:width] = 0.0

    def penalty(columns: Any) -> Any:
        return shrunk * np.sum(columns**2, axis=1) + summed * np.sum(columns, axis=1) ** 2

    f = LinearScores(loss, weights, design, outputs, penalty)
    strength = np.zeros((outputs, design.shape[1]))
    strength[:, :width] = l1 / scale
    theta, iterations = minimise(f, strength.ravel(), search)
    rows = theta.reshape(outputs, -1)
    W = rows[:, :width] / scale
    b = rows[:, width] if fit_intercept else np.zeros(outputs)
    return W, b - W @ centre, max(iterations, 1)


def minimise(smooth: LinearScores, strength: Any, search: Search) -> tuple[Any, int]:
    """The minimum of ``smooth(x) + strength @ abs(x)``, from 0 on, and the iterations it took."""
    start = np.zeros(len(strength))
    if np.any(strength):
        x, iterations = sparse(smooth, strength, search)
        if search.solver == "newton":
            x, more = polished(smooth, x, strength, search)
            iterations += more
    elif search.solver == "newton":
        x, iterations = newton(smooth, start, np.ones(len(start), bool), 0 * start, search)
    else:
        result = lbfgs(smooth.value_and_gradient, start, None, search)
        x, iterations = result.x, result.nit
    if iterations >= search.max_iter:
        warnings.warn(
            f"{search.owner} stopped after max_iter={search.max_iter} iterations, before the "
            f"gradient was below tol={search.tol:g}; raise max_iter, or standardise the features",
            ConvergenceWarning,
            stacklevel=2,
        )
    return x, iterations


def newton(f: LinearScores, x: Any, free: Any, slope: Any, search: Search) -> tuple[Any, int]:
    """Newton's method for ``f(x) + slope @ x`` over the entries of `x` that are `free`.

    It factors the Hessian, or where that is too large or singular multiplies by it.
    """
    iterations = 0
    if np.any(free) and np.sum(free) <= FACTORED:
        x, iterations, done = damped(f, x, free, slope, search)
        if done:
            return x, iterations
    if not np.any(free) or iterations >= search.max_iter:
        return x, iterations
    left = search._replace(max_iter=search.max_iter - iterations)
    x, more = in_trust_region(f, x, free, slope, left)
    return x, iterations + more


def damped(f: LinearScores, x: Any, free: Any, slope: Any, search: Search) -> tuple[Any, int, bool]:
    """Newton steps, halved until the gradient is smaller: ``(x, iterations, whether it is there)``.

    The gradient decides, not the value, which near a minimum shows no difference once `x` is right
    to half of its digits. A factor serves as long as it makes the gradient ten times smaller. When
    even a short step along a new one does not help, rounding is all that is left.
    """

    def at(x: Any) -> tuple[Any, float, Any]:
        gradient, hessian = f.gradient_and_hessian(x)
        gradient = (gradient + slope)[free]
        return gradient, float(np.linalg.norm(gradient)), hessian

    gradient, norm, hessian = at(x)
    factor = None
    for iteration in range(search.max_iter):
        if norm <= search.tol:
            return x, iteration, True
        fresh = factor is None
        if fresh:
            H = hessian() if np.all(free) else hessian()[np.ix_(free, free)]
            H[np.diag_indices_from(H)] += 1e-13 * np.max(np.diagonal(H))
            try:
                factor = cho_factor(H, overwrite_a=True, check_finite=False)
            except np.linalg.LinAlgError:
                return x, iteration, False
        step = cho_solve(factor, -gradient, check_finite=False)
        for size in HALVINGS if fresh else HALVINGS[:1]:
            closer = x.copy()
            closer[free] += size * step
            found = at(closer)
            if found[1] < (1 - size / 4) * norm:
                break
        else:
            if fresh:
                return x, iteration, norm < np.sqrt(search.tol)
            factor = None
            continue
        if found[1] > norm / 10:
            factor = None
        x, (gradient, norm, hessian) = closer, found
    return x, search.max_iter, True


def in_trust_region(
    f: LinearScores, x: Any, free: Any, slope: Any, search: Search
) -> tuple[Any, int]:
    """Newton's method by conjugate gradients in a trust region, and full steps at its end."""

    def place(values: Any) -> Any:
        whole = x.copy()
        whole[free] = values
        return whole

    def value_and_gradient(values: Any) -> Any:
        whole = place(values)
        y, gradient = f.value_and_gradient(whole)
        return y + slope @ whole, (gradient + slope)[free]

    def product(values: Any, direction: Any) -> Any:
        whole = np.zeros_like(x)
        whole[free] = direction
        return f.hessian_product(place(values), whole)[free]

    result = minimize(
        value_and_gradient,
        x[free],
        jac=True,
        hessp=product,
        method="trust-ncg",
        options={"gtol": search.tol, "maxiter": search.max_iter},
    )
    if result.nit >= search.max_iter:
        return place(result.x), result.nit
    return place(sharpened(value_and_gradient, product, result.x, search.tol)), result.nit


def sharpened(
    value_and_gradient: Callable[..., Any], product: Callable[..., Any], x: Any, tol: float
) -> Any:
    """Full Newton steps while the gradient is above `tol` and they halve it.

    A trust region compares values, and near a minimum they show no difference once `x` is right to
    half of its digits; the gradient still does.
    """
    gradient = value_and_gradient(x)[1]
    while np.linalg.norm(gradient) > tol:
        curvature = LinearOperator((len(x), len(x)), functools.partial(product, x), dtype=float)
        closer = x + cg(curvature, -gradient, rtol=1e-4)[0]
        before, gradient = gradient, value_and_gradient(closer)[1]
        if not np.linalg.norm(gradient) < np.linalg.norm(before) / 2:
            break
        x = closer
    return x


def lbfgs(value_and_gradient: Callable[[Any], Any], x: Any, bounds: Any, search: Search) -> Any:
    return minimize(
        value_and_gradient,
        x,
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options={
            "gtol": search.tol,
            "ftol": 0.0,  # only the gradient decides
            "maxiter": search.max_iter,
            "maxfun": 20 * search.max_iter,
            "maxcor": 20,
        },
    )


def sparse(f: LinearScores, strength: Any, search: Search) -> tuple[Any, int]:
    """With an L1 penalty: x = u - v with u, v >= 0, where ``strength @ (u + v)`` is smooth and
    zeros are exact, since they lie on the bounds."""
    n = len(strength)

    def value_and_gradient(uv: Any) -> Any:
        y, gradient = f.value_and_gradient(uv[:n] - uv[n:])
        return (
            y + strength @ (uv[:n] + uv[n:]),
            np.concatenate([strength + gradient, strength - gradient]),
        )

    penalised = strength > 0
    positive = [(0.0 if p else None, None) for p in penalised]
    negative = [(0.0, None if p else 0.0) for p in penalised]
    result = lbfgs(value_and_gradient, np.zeros(2 * n), positive + negative, search)
    return result.x[:n] - result.x[n:], result.nit


def polished(f: LinearScores, x: Any, strength: Any, search: Search) -> tuple[Any, int]:
    """Newton's method over the entries that are not zero, where the penalty is linear as long as
    no sign changes; an entry whose sign would change is zero, and the others start again."""
    iterations = 0
    while True:
        signs = np.sign(x)
        better, more = newton(f, x, (x != 0) | (strength == 0), strength * signs, search)
        iterations += more
        crossed = (signs * better < 0) & (strength > 0)
        if not np.any(crossed):
            return better, iterations
        x = np.where(crossed, 0.0, x)
