"""Matrix equations: AX + XB = Q (Sylvester), AX + XA^H = Q and AXA^H - X + Q = 0 (Lyapunov), and the
Riccati equations of control, whose derivatives are Lyapunov equations.

The derivative of a linear one is an equation of the same kind. The first two are solved
in the basis in which A and B are triangular: Bartels and Stewart, Solution of the matrix equation
AX + XB = C (1972). Where eigenvalues of A and -B meet there is no solution; SciPy perturbs the
matrices there, and these rows say so.
Source: Kitagawa, An algorithm for solving the matrix equation X = FXF' + S (1977).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...rules.kinds import special
from .helpers import LinAlgError, aligned, conj, dagger, mT
from .scipy import of_each, scipy_linalg, scipys
from .solve import solve


def triangular_sylvester(r: Any, s: Any, f: Any, *, dagger: bool, name: str) -> Any:
    """The solution of RY + YS = F, or RY + YS^H = F, with R and S as Schur's form has them."""
    (trsyl,) = scipy_linalg(name).get_lapack_funcs(("trsyl",), (r, s, f))
    y, scale, info = trsyl(r, s, f, tranb="C" if dagger else "N")
    if info:
        raise LinAlgError(
            "singular: an eigenvalue of A and one of B (or A^H) add up to zero, so the "
            "equation does not have a unique solution"
        )
    return y * scale


# -- Sylvester -------------------------------------------------------------------------------------
@of_each("solve_sylvester")
def _sylvester(a: Any, b: Any, q: Any) -> Any:
    if not a.size or not b.size:
        return np.empty(q.shape, np.result_type(a, b, q))
    # LAPACK takes triangular matrices alone as complex ones: those of real ones have blocks.
    form = "complex" if any(x.dtype.kind == "c" for x in (a, b, q)) else "real"
    schur = scipy_linalg("solve_sylvester").schur
    (r, u), (s, v) = schur(a, output=form), schur(dagger(b), output=form)
    f = (dagger(u) @ q) @ v
    return u @ triangular_sylvester(r, s, f, dagger=True, name="solve_sylvester") @ dagger(v)


def _sylvester_jvp(tangents: Any, primals: Any, x: Any) -> Any:
    (a_dot, b_dot, q_dot), (a, b, _) = tangents, primals
    return sylvester(a, b, q_dot - a_dot @ x - x @ b_dot)


def _sylvester_vjp(x_bar: Any, primals: Any, x: Any) -> Any:
    a, b, _ = primals
    q_bar = sylvester(mT(a), mT(b), x_bar)
    return [-q_bar @ mT(x), -mT(x) @ q_bar, q_bar]


sylvester = special(
    "scipy.linalg.solve_sylvester",
    _sylvester,
    forward=_sylvester_jvp,
    backward=_sylvester_vjp,
    text="solve_sylvester({a}, {b}, {c})",
    batch=aligned,
)


# -- Lyapunov --------------------------------------------------------------------------------------
@of_each("solve_continuous_lyapunov")
def _lyapunov(a: Any, q: Any) -> Any:
    if not a.size:
        return np.empty(q.shape, np.result_type(a, q))
    form = "complex" if any(x.dtype.kind == "c" for x in (a, q)) else "real"
    name = "solve_continuous_lyapunov"
    r, u = scipy_linalg(name).schur(a, output=form)
    y = triangular_sylvester(r, r, dagger(u) @ (q @ u), dagger=True, name=name)
    return u @ y @ dagger(u)


def _lyapunov_jvp(tangents: Any, primals: Any, x: Any) -> Any:
    (a_dot, q_dot), (a, _) = tangents, primals
    return lyapunov(a, q_dot - a_dot @ x - x @ dagger(a_dot))


def _lyapunov_vjp(x_bar: Any, primals: Any, x: Any) -> Any:
    a, _ = primals
    q_bar = lyapunov(mT(a), x_bar)
    return [-q_bar @ mT(x) - conj(mT(q_bar) @ x), q_bar]


lyapunov = special(
    "scipy.linalg.solve_continuous_lyapunov",
    _lyapunov,
    forward=_lyapunov_jvp,
    backward=_lyapunov_vjp,
    text="solve_continuous_lyapunov({a}, {b})",
    batch=aligned,
)


def _discrete_jvp(tangents: Any, primals: Any, x: Any, *, method: Any) -> Any:
    (a_dot, q_dot), (a, _) = tangents, primals
    change = q_dot + a_dot @ (x @ dagger(a)) + (a @ x) @ dagger(a_dot)
    return discrete_lyapunov(a, change, method=method)


def _discrete_vjp(x_bar: Any, primals: Any, x: Any, *, method: Any) -> Any:
    a, _ = primals
    q_bar = discrete_lyapunov(mT(a), x_bar, method=method)
    a_bar = q_bar @ mT(x @ dagger(a)) + conj(mT(q_bar) @ (a @ x))
    return [a_bar, q_bar]


discrete_lyapunov = special(
    "scipy.linalg.solve_discrete_lyapunov",
    scipys("solve_discrete_lyapunov", like=1),
    forward=_discrete_jvp,
    backward=_discrete_vjp,
    text="solve_discrete_lyapunov({a}, {b})",
    batch=aligned,
)


# -- Riccati ---------------------------------------------------------------------------------------
# Of the stabilising solution X, and the closed loop A - B K that it gives.
def _change(tangents: Any, k: Any, left: Any) -> Any:
    """left (dA - dB K) and its conjugate transpose, with dQ + K^H dR K."""
    a_dot, b_dot, q_dot, r_dot = tangents
    one_side = left @ (a_dot - b_dot @ k)
    return one_side + dagger(one_side) + q_dot + dagger(k) @ r_dot @ k


def _riccati_jvp(tangents: Any, primals: Any, x: Any) -> Any:
    """A^H X + X A - X B R^-1 B^H X + Q = 0, with K = R^-1 B^H X."""
    a, b, _, r = primals
    k = solve(r, dagger(b) @ x)
    return lyapunov(dagger(a - b @ k), -_change(tangents, k, x))


def _discrete_riccati_jvp(tangents: Any, primals: Any, x: Any) -> Any:
    """A^H X A - X - A^H X B K + Q = 0, with K = (R + B^H X B)^-1 B^H X A."""
    a, b, _, r = primals
    k = solve(r + dagger(b) @ x @ b, dagger(b) @ x @ a)
    closed = dagger(a - b @ k)
    return discrete_lyapunov(closed, _change(tangents, k, closed @ x), method=None)


riccati = special(
    "scipy.linalg.solve_continuous_are",
    scipys("solve_continuous_are", like=0),
    forward=_riccati_jvp,
    text="solve_continuous_are({a}, {b}, {c}, {d})",
    batch=aligned,
)
discrete_riccati = special(
    "scipy.linalg.solve_discrete_are",
    scipys("solve_discrete_are", like=0),
    forward=_discrete_riccati_jvp,
    text="solve_discrete_are({a}, {b}, {c}, {d})",
    batch=aligned,
)
