"""Convex losses of linear scores, minimised by Newton's method or L-BFGS with our derivatives.

    scores Z = X W^T + b;   minimise  mean loss(Z) + l2/2 |W|^2 + l1 |W|_1

The search runs in standardised features, where the loss is better conditioned; the penalties stay
those of the given features, so the minimum is the same.
Source: Nocedal and Wright, Numerical Optimization (2006), chapters 7 and 9.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
from scipy.sparse.linalg import LinearOperator, cg
from sklearn.exceptions import ConvergenceWarning

from .scores import LinearScores, SampleWise

SOLVERS = ("newton", "lbfgs")
DIRECT = 100  # unknowns up to which a factor of the Hessian is cheaper than products with it,
COPIED = 2**22  # if all columns of the samples' blocks, at once, have no more entries than these
FACTORED = 2000  # unknowns up to which a Hessian may be factored
PRODUCTS = 10  # in one step, before a factor is the cheaper way

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
    loss: SampleWise,
    targets: Any,
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

    ``loss(scores, targets)`` maps scores (..., outputs, samples) and `targets`, whose last axis is
    that of the samples, to one convex loss per sample; `weights`, one per sample, are normalised to
    sum to 1. A `symmetric` loss stays the same when one number is added to all
    scores of a sample, as that of a softmax: of the equal minima, it is the one whose rows have
    sum 0, or with an L1 penalty whose intercepts have.
    """
    weights = weights / np.sum(weights)
    centre, scale = Scaling.of(X, weights, fit_intercept, l2)
    features = (X - centre) / scale
    width = X.shape[1]
    design = np.column_stack([features, np.ones(len(X))]) if fit_intercept else features
    stiffness = np.zeros((design.shape[1], outputs, outputs))
    stiffness[:width] = (l2 / scale**2)[:, np.newaxis, np.newaxis] * np.eye(outputs)
    if symmetric:  # there would be no one minimum
        stiffness[width if l1 else 0 :] += 2.0
    f = LinearScores(loss, targets, weights, design, stiffness)
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

    Steps are halved until the gradient is smaller. The gradient decides, not the value, which near
    a minimum shows no difference once `x` is right to half of its digits. Where even a short step
    does not help, rounding is all that is left.
    """
    few = np.count_nonzero(free) <= DIRECT and f.outputs**2 * len(f.design) <= COPIED
    steps = NewtonSteps(f, free, few)

    def at(x: Any) -> tuple[Any, float, Any]:
        if few:
            gradient, hessian = f.gradient_and_hessian(x)
        else:
            gradient, hessian = f.value_and_gradient(x)[1], functools.partial(f.hessian, x)
        gradient = (gradient + slope)[free]
        return gradient, float(np.linalg.norm(gradient)), hessian

    gradient, norm, hessian = at(x)
    for iteration in range(search.max_iter):
        if norm <= search.tol:
            return x, iteration
        accuracy = max(min(0.3, math.sqrt(norm)), search.tol / norm / 2)
        step = steps.solve(x, hessian, -gradient, accuracy)
        for size in HALVINGS:
            closer = x.copy()
            closer[free] += size * step
            found = at(closer)
            if found[1] < (1 - size / 4) * norm:
                break
        else:
            return x, iteration if norm < math.sqrt(search.tol) else search.max_iter
        x, (gradient, norm, hessian) = closer, found
    return x, search.max_iter


class NewtonSteps:
    """Solutions of H step = target, `direct` by a factor of the Hessian, or by products with it.

    The first steps need few products. Once one needs many, the Hessian there is factored in single
    precision: a preconditioner for that step and those after it, whose Hessians differ little. What
    even that does not help is left to factors in double precision.
    """

    def __init__(self, f: LinearScores, free: Any, direct: bool) -> None:
        self.f, self.free, self.direct = f, free, direct
        self.preconditioner: Any = None
        self.limit = PRODUCTS if np.count_nonzero(free) <= FACTORED else None

    def solve(self, x: Any, hessian: Callable[[Any], Any], target: Any, accuracy: float) -> Any:
        """The step at `x`; products leave a residual of norm ``accuracy * |target|``."""
        if self.direct:
            factor = self.factor(hessian(np.float64))
            if factor is not None:
                return cho_solve(factor, target, check_finite=False)
            self.direct, self.preconditioner, self.limit = False, None, None
        step, unfinished = self.by_products(x, target, np.zeros_like(target), accuracy)
        if unfinished and self.limit:
            rough = self.factor(hessian(np.float32))
            if rough is not None:
                self.preconditioner = LinearOperator(
                    (len(target), len(target)),
                    lambda v: cho_solve(rough, v.astype(np.float32), check_finite=False),
                    dtype=float,
                )
                step, unfinished = self.by_products(x, target, step, accuracy)
            if unfinished:
                self.direct = True
                return self.solve(x, hessian, target, accuracy)
        return step

    def by_products(self, x: Any, target: Any, step: Any, accuracy: float) -> tuple[Any, bool]:
        """Conjugate gradients from `step` on, and whether their limit ended them."""
        product, whole = self.f.products(x), np.zeros_like(x)

        def along(v: Any) -> Any:
            whole[self.free] = v
            return product(whole)[self.free]

        step, left = cg(
            LinearOperator((len(target), len(target)), along, dtype=float),
            target,
            step,
            rtol=accuracy,
            maxiter=self.limit,
            M=self.preconditioner,
        )
        return step, left > 0

    def factor(self, H: Any) -> Any:
        """The Cholesky factor of the Hessian in the free entries; None if it is not positive
        definite. What rounding may have taken away is added to its diagonal."""
        H = H if np.all(self.free) else H[np.ix_(self.free, self.free)]
        diagonal = np.einsum("jj->j", H)
        diagonal += 500 * np.finfo(H.dtype).eps * np.max(diagonal)
        try:
            return cho_factor(H, overwrite_a=True, check_finite=False)
        except np.linalg.LinAlgError:
            return None


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
