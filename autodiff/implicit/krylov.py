"""Solvers that only ever apply the operator: conjugate gradients and GMRES.

Source: Hestenes and Stiefel (1952); Saad and Schultz, GMRES (1986); Golub and Van Loan, Matrix
Computations (2013), chapter 11.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def cg(
    apply: Callable[[Any], Any], b: Any, tol: float = 1e-13, max_iterations: int | None = None
) -> Any:
    """``x`` with ``apply(x) = b`` by conjugate gradients: A symmetric and positive definite.

    It ends at ``|A x - b| <= tol |b|``, or after `max_iterations` (ten for each unknown).

    >>> import numpy as np
    >>> from autodiff.implicit import cg
    >>> cg(lambda x: np.array([2.0, 4.0]) * x, np.array([1.0, 1.0])).round(12)
    array([0.5 , 0.25])
    """
    x = np.zeros_like(b)
    r = b - apply(x)
    direction, r2 = r, np.vdot(r, r).real
    goal = (tol * np.linalg.norm(b)) ** 2
    for _ in range(max_iterations or 10 * b.size):
        if r2 <= goal:
            break
        image = apply(direction)
        curvature = np.vdot(direction, image).real
        if not curvature > 0:  # not positive definite, or at the end of precision
            break
        step = r2 / curvature
        x = x + step * direction
        r = r - step * image
        previous, r2 = r2, np.vdot(r, r).real
        direction = r + (r2 / previous) * direction
    return x


def gmres(
    apply: Callable[[Any], Any],
    b: Any,
    tol: float = 1e-13,
    restart: int = 100,
    max_restarts: int = 20,
) -> Any:
    """``x`` with ``apply(x) = b`` by GMRES, restarted after `restart` steps: any regular A.

    It ends at ``|A x - b| <= tol |b|``, or after `max_restarts`.

    >>> import numpy as np
    >>> from autodiff.implicit import gmres
    >>> gmres(lambda x: np.array([[0.0, 2.0], [1.0, 0.0]]) @ x, np.array([1.0, 1.0])).round(12)
    array([1. , 0.5])
    """
    x = np.zeros_like(b)
    goal = tol * np.linalg.norm(b)
    for _ in range(max_restarts):
        r = b - apply(x)
        if np.linalg.norm(r) <= goal:
            break
        step = cycle(apply, r, goal, min(restart, b.size))
        if not np.all(np.isfinite(step)):
            break
        x = x + step
    return x


def cycle(apply: Callable[[Any], Any], r: Any, goal: float, steps: int) -> Any:
    """The best correction within the first `steps` Krylov spaces of A and r: Arnoldi's basis Q with
    A Q_k = Q_(k+1) H, so that |r - A Q_k z| = ||r| e_1 - H z|."""
    size = np.linalg.norm(r)
    basis = [r / size]
    H = np.zeros((steps + 1, steps), r.dtype)
    z: Any = np.zeros(0, r.dtype)
    for k in range(steps):
        w = apply(basis[k])
        for _ in range(2):  # twice is enough to keep the basis orthogonal
            for j, q in enumerate(basis):
                part = np.vdot(q, w)
                H[j, k] += part
                w = w - part * q
        length = np.linalg.norm(w)
        H[k + 1, k] = length
        e1 = np.zeros(k + 2, r.dtype)
        e1[0] = size
        z = np.linalg.lstsq(H[: k + 2, : k + 1], e1, rcond=None)[0]
        left = np.linalg.norm(e1 - H[: k + 2, : k + 1] @ z)
        if left <= goal or not length > 1e-15 * np.linalg.norm(H[: k + 1, k]):
            break
        basis.append(w / length)
    return np.stack(basis[: z.size], axis=-1) @ z
