"""Solutions of equations: they are differentiated through the equation, never through the solver.

    F(x, p) = 0   =>   F_x dx + F_p dp = 0   =>   dx = -F_x^-1 (F_p dp)      `implicit_root`
    A(p) x  = b   =>   A dx = db - dA x                                      `linear_solve`

What F and A are, their derivatives and how they are solved is in the parameter `equation` or
`operator`, made by autodiff.implicit. Unknown and right-hand side are vectors.
Source: Krantz and Parks, The Implicit Function Theorem (2003), theorem 3.3.1; Blondel et al.,
Efficient and Modular Implicit Differentiation (2022), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..rules.conforming import conform_tangent
from ..rules.kinds import Special
from ..rules.primitive import ZERO, register


class Implicit(Special):
    """A special row that is told which tangents are zero: the equation may not have a derivative in
    a parameter that nobody differentiates."""

    def jvp(self, y: Any, primals: Sequence[Any], tangents: Sequence[Any], params: Any) -> Any:
        return conform_tangent(self.forward(tangents, primals, y, **params), y)

    def title(self, params: dict[str, Any]) -> str:
        (what,) = params.values()
        return f"{what!r}, whose solver handles one example at a time,"


def _root_jvp(tangents: Any, primals: Any, x: Any, *, equation: Any) -> Any:
    change = equation.push(x, primals, tangents)
    if change is ZERO:
        return ZERO
    return -linear_solve(change, x, *primals, operator=equation.slope)


def _root_vjp(x_bar: Any, primals: Any, x: Any, *, equation: Any) -> list[Any]:
    f_bar = -linear_solve(x_bar, x, *primals, operator=equation.slope.transposed)
    return equation.pull(x, primals, f_bar)


implicit_root = register(
    Implicit(
        "implicit_root",
        lambda *args, equation: equation.solve(*args),
        forward=_root_jvp,
        backward=_root_vjp,
    )
)


def _linear_solve_jvp(tangents: Any, primals: Any, x: Any, *, operator: Any) -> Any:
    (b_dot, *p_dot), (_, *p) = tangents, primals
    change = b_dot + -operator.push(x, p, p_dot)
    return ZERO if change is ZERO else linear_solve(change, *p, operator=operator)


def _linear_solve_vjp(x_bar: Any, primals: Any, x: Any, *, operator: Any) -> list[Any]:
    _, *p = primals
    b_bar = linear_solve(x_bar, *p, operator=operator.transposed)
    return [b_bar, *operator.pull(x, p, -b_bar)]


linear_solve = register(
    Implicit(
        "linear_solve",
        lambda b, *p, operator: operator.solve(b, *p),
        forward=_linear_solve_jvp,
        backward=_linear_solve_vjp,
        batch=lambda row, size, args, flags, *, operator: operator.batched(size, args, flags),
    )
)
