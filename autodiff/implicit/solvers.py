"""The solvers that are used where the user passes none: Newton's method and Anderson's mixing.

They have the form of SciPy's solvers, and of a user's own: ``solver(f, x0)``. The caller checks
whether the result is a solution.
Source: Nocedal and Wright, Numerical Optimization (2006), chapters 3, 7 and 11; Walker and Ni,
Anderson Acceleration for Fixed-Point Iterations (2011).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..transforms.gradients import grad, jvp
from ..transforms.jacobians import hvp, jacobian
from .krylov import gmres
from .linear import DIRECT, norm
from .traced_equations import Layout, plain

Function = Callable[[Any], Any]
ROUNDS = 100


def on_vectors(f: Function, x0: Any, name: str, like: bool = True) -> tuple[Function, Any, Layout]:
    """`f` as a function of one vector, and `x0` as such a vector, with their layout; with `like`,
    the results of `f` have the layout of `x0` and are a vector too."""
    layout = Layout(x0, f"{name}: x0")
    vector = layout.join(x0, f"{name}: x0")
    if vector.dtype.kind != "f":
        vector = vector.astype(np.float64)

    def vectorised(x: Any) -> Any:
        y = f(layout.nest(x))
        return layout.join(y, f"{name}: the result of f") if like else y

    return vectorised, vector, layout


def numbers(x: Any) -> Any:
    """The array under whatever outer transform watches what `f` closes over."""
    return np.asarray(plain(x, "a value that f closes over"))


def newton(f: Function, x0: Any) -> Any:
    """`x` with ``f(x) = 0``, from `x0`, by Newton's method with a line search.

    `x0` and `f(x)` are numbers, arrays or nests of the same shapes. Up to 1000 unknowns the
    Jacobian is formed, beyond GMRES applies it.

    >>> from autodiff.implicit import newton
    >>> newton(lambda x: x**2 - 2, 1.0)
    np.float64(1.4142135623730951)
    """
    g, x, layout = on_vectors(f, x0, "newton")
    with np.errstate(all="ignore"):
        r = numbers(g(x))
        for _ in range(ROUNDS):
            step = newton_step(g, x, r)
            x, r, moved = shorten(g, x, r, step)
            if not moved:
                break
    return layout.nest(x)


def newton_step(g: Function, x: Any, r: Any) -> Any:
    if x.size > DIRECT:
        return gmres(lambda v: numbers(jvp(g, (x,), (v,))[1]), r, 1e-6)
    J = numbers(jacobian(g)(x))
    try:
        return np.linalg.solve(J, r)
    except np.linalg.LinAlgError:
        return np.linalg.lstsq(J, r, rcond=None)[0]


def shorten(g: Function, x: Any, r: Any, step: Any) -> tuple[Any, Any, bool]:
    """The first of the points x - step, x - step / 2, ... at which the residual falls enough; x
    itself, and False, where rounding leaves none."""
    size, t = norm(r), 1.0
    while size > 0 and t * norm(step) > 1e-3 * np.finfo(x.dtype).eps * norm(x):
        new = x - t * step
        left = numbers(g(new))
        if norm(left) <= (1 - 1e-4 * t) * size and norm(left) < size:
            return new, left, True
        t /= 2
    return x, r, False


def minimize(f: Function, x0: Any) -> Any:
    """A local minimum of `f`, from `x0`, by Newton's method with a line search.

    The Hessian's eigenvalues are replaced by their absolute values, so that every step leads
    downhill; beyond 1000 unknowns steps are found by conjugate gradients on Hessian times vector.

    >>> from autodiff.implicit import minimize
    >>> minimize(lambda x: (x - 3.0) ** 4 + x**2, 1.0).round(12)
    np.float64(2.0)
    """
    g, x, layout = on_vectors(f, x0, "minimize", like=False)
    slope = grad(g)
    with np.errstate(all="ignore"):
        value, r = numbers(g(x)), numbers(slope(x))
        for _ in range(ROUNDS):
            step = downhill_step(g, x, r)
            moved, t = False, 1.0
            while norm(r) > 0 and t * norm(step) > 1e-3 * np.finfo(x.dtype).eps * norm(x):
                new = x - t * step
                new_value, new_r = numbers(g(new)), numbers(slope(new))
                # Near the minimum rounding hides that f falls: then its slope has to.
                noise = 4 * np.finfo(x.dtype).eps * np.abs(value)
                falls = new_value <= value - 1e-4 * t * np.dot(r, step)
                if falls or (new_value <= value + noise and norm(new_r) < norm(r)):
                    moved = bool(np.any(new != x))
                    x, value, r = new, new_value, new_r
                    break
                t /= 2
            if not moved:
                break
    return layout.nest(x)


def downhill_step(g: Function, x: Any, r: Any) -> Any:
    if x.size > DIRECT:
        return truncated_cg(lambda v: numbers(hvp(g, x, v)), r)
    H = numbers(jacobian(grad(g))(x))
    if not np.all(np.isfinite(H)):
        return r
    sizes, Q = np.linalg.eigh((H + H.T) / 2)
    floor = np.finfo(x.dtype).eps * np.max(np.abs(sizes))
    return Q @ ((Q.T @ r) / np.maximum(np.abs(sizes), floor or 1.0))


def truncated_cg(apply: Function, r: Any) -> Any:
    """About H^-1 r by conjugate gradients, as far as H curves upwards."""
    step, left, direction = np.zeros_like(r), r, r
    r2 = start = np.dot(r, r)
    for _ in range(r.size):
        image = apply(direction)
        curvature = np.dot(direction, image)
        if not curvature > 0:
            break
        length = r2 / curvature
        step, left = step + length * direction, left - length * image
        previous, r2 = r2, np.dot(left, left)
        if r2 <= 1e-12 * start:
            break
        direction = left + (r2 / previous) * direction
    return step if np.any(step) else r


def anderson(f: Function, x0: Any, memory: int = 5) -> Any:
    """`x` with ``x = f(x)``, from `x0`, by fixed-point iteration with Anderson's mixing: each new
    point is the combination of the last few whose residual is least.

    >>> import numpy as np
    >>> from autodiff.implicit import anderson
    >>> anderson(np.cos, 1.0).round(12)
    np.float64(0.739085133215)
    """
    g, x, layout = on_vectors(f, x0, "anderson")
    points: list[Any] = []
    residuals: list[Any] = []
    best, least, idle = x, np.inf, 0
    with np.errstate(all="ignore"):
        for _ in range(100 * ROUNDS):
            image = numbers(g(x))
            r = image - x
            size = norm(r)
            if not np.isfinite(size):
                break
            if size < least:
                best, least, idle = x, size, 0
            else:
                idle += 1
            if size == 0 or idle > 10 * memory:  # rounding leaves nothing to gain
                break
            points, residuals = [*points[-memory:], image], [*residuals[-memory:], r]
            if len(points) > 1:
                changes = np.stack([a - r for a in residuals[:-1]], axis=-1)
                moves = np.stack([a - image for a in points[:-1]], axis=-1)
                image = image - moves @ np.linalg.lstsq(changes, r, rcond=1e-10)[0]
            x = image
    return layout.nest(best)
