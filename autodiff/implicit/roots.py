"""Roots, fixed points and minima, differentiated through the equation that they satisfy.

The solver, whoever wrote it, sees plain numbers only. What it returns is checked, and then becomes
the value of the row `implicit_root`, whose derivative is the implicit function theorem.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..arrays.tensor import Tensor
from ..base.errors import ConvergenceError, NotDifferentiableError, ShapeError
from ..base.made import makes
from ..base.trees import flatten, unflatten
from ..engine.arguments import name_of
from ..primitives import implicit as rows
from ..programs.closed import Program
from ..programs.tracing import is_numeric
from ..rules.primitive import Traced
from ..transforms.gradients import grad, jvp
from ..transforms.jacobians import jacfwd
from .linear import LinearSolver, Operator, norm, precision
from .solvers import anderson, minimize, newton
from .traced_equations import Layout, Map, Tracked, is_batched, joined, plain

Task = Callable[[Any], Any]
Solver = Callable[[Task, Any], Any]


class Kind(NamedTuple):
    """What is solved: the equation F(x) = 0 that it comes to, for the function that the solver is
    given, how that is written, and the solver used by default."""

    equation: Callable[[Task, Any], Any]
    written: str
    solver: Solver


KINDS = {
    "root": Kind(lambda g, x: g(x), "f(x)", newton),
    "fixed_point": Kind(lambda g, x: g(x) - x, "f(x) - x", anderson),
    "argmin": Kind(lambda g, x: grad(g)(x), "grad f(x)", minimize),
}


class Problem(NamedTuple):
    """What is solved, of a function called `label`, and how: the same at every call."""

    kind: str
    label: str
    solver: Solver
    tol: float | None = None
    linear_solver: LinearSolver | None = None

    def __repr__(self) -> str:
        return f"{self.kind}({self.label})"

    @property
    def minimises(self) -> bool:
        return self.kind == "argmin"

    @property
    def written(self) -> str:
        return KINDS[self.kind].written

    def equation(self, g: Task, x: Any) -> Any:
        return KINDS[self.kind].equation(g, x)

    def solve(self, task: Task, x0: Any) -> Any:
        """What the solver returns, as a nest of plain floating-point numbers."""
        start = Layout(x0, "x0") if all(map(is_numeric, flatten(x0)[0])) else None

        def tolerant(x: Any) -> Any:
            """`task`, for SciPy's solvers too: they pass all unknowns as one vector, and expect
            such a result."""
            layout = start if start is not None and is_vector_of(x, start) else None
            y = task(x if layout is None else layout.nest(x))
            if self.minimises:
                self.check_scalar(y)
            if not any(isinstance(leaf, Traced) for leaf in flatten(x)[0]):
                y = self.untracked(y)
            return y if layout is None or self.minimises else joined(flatten(y)[0])

        x = self.solver(tolerant, x0)
        if type(x).__module__.partition(".")[0] == "scipy":
            x = x["x"] if "x" in x else x["root"]  # an OptimizeResult
        if start is not None and is_vector_of(x, start):
            x = start.nest(x)
        leaves, structure = flatten(self.untracked(x))
        if not leaves or not all(map(is_numeric, leaves)):
            raise ConvergenceError(f"{self}: the solver returned {x!r:.60}, not numbers")
        return unflatten(structure, [y if is_float(y) else np.float64(y) for y in leaves])

    def check_scalar(self, y: Any) -> None:
        leaves, structure = flatten(y)
        if len(leaves) != 1 or structure.parts or np.shape(plain(leaves[0], str(self))) != ():
            raise ShapeError(f"{self}: f must return one number, not {y!r:.60}")

    def untracked(self, tree: Any) -> Any:
        leaves, structure = flatten(tree)
        what = f"{self}: a value that f closes over"
        return unflatten(structure, [plain(y, what) for y in leaves])

    def check(self, F: Task, x: Any) -> None:
        """Refuse an `x` with ``|F(x)|`` larger than what F changes when x changes by `tol` of its
        size: this is measured along one direction, and does not depend on the units of f."""
        if x.dtype.kind == "c":
            raise NotDifferentiableError(
                f"{self}: the unknowns are complex; solve for real and imaginary parts"
            )
        rng, tol = np.random.default_rng(0), self.tol or precision(x)
        v = rng.choice((-1.0, 1.0), x.size) * rng.uniform(0.5, 1.5, x.size) * (1 + np.abs(x))
        with np.errstate(all="ignore"):
            r, change = map(self.untracked, jvp(F, (x,), (v.astype(x.dtype),)))
        residual, tolerance = norm(r), tol * norm(change)
        if not residual <= tolerance:  # nan too
            raise ConvergenceError(
                f"{self}: the solver's x does not satisfy {self.written} = 0: |{self.written}| = "
                f"{residual:.3g}, the tolerance is {tolerance:.3g} (tol={tol:.1g}); start it "
                "nearer, let it iterate longer, pass another solver, or pass a larger tol"
            )
        if self.minimises and np.dot(v, change) < -tol * norm(v) * norm(change):
            raise ConvergenceError(
                f"{self}: grad f(x) = 0, but f curves downwards there: the solver's x is not a "
                "minimum; start it elsewhere, or use root(grad(f)) if any stationary point will do"
            )


def is_float(x: Any) -> bool:
    return isinstance(x, (float, complex)) or np.asarray(x).dtype.kind in "fc"


def is_vector_of(x: Any, start: Layout) -> bool:
    """Are these the unknowns as one vector, where they have another shape?"""
    if not isinstance(x, (np.ndarray, Tensor)) or x.ndim != 1 or x.size != start.size:
        return False
    return not (start.is_array and start.avals[0].shape == x.shape)


class Equation(Map):
    """``F(x, *p) = 0`` for a vector `x`: the parameter of the row `implicit_root`, whose arguments
    are the tracked values among x0 and the parameters, and those that f closes over."""

    def __init__(
        self, problem: Problem, program: Program, layout: Layout, x0: Tracked, solution: Any = None
    ) -> None:
        self.problem, self.program, self.layout, self.x0 = problem, program, layout, x0
        self.solution = solution  # for the numbers at hand; None if it is yet to be found

    def __call__(self, x: Any, *p: Any) -> Any:
        return self.problem.equation(lambda v: self.program(v, *p[self.x0.count :]), x)

    def __repr__(self) -> str:
        return repr(self.problem)

    def solve(self, *p: Any) -> Any:
        """The value of the row: when a traced program runs again, solved again from its x0."""
        x = self.solution
        if x is None:
            starts, rest = p[: self.x0.count], p[self.x0.count :]

            def task(nest: Any) -> Any:
                y = self.program(self.layout.join(nest, "x"), *rest)
                return y if self.problem.minimises else self.layout.nest(y)

            x = self.layout.join(self.problem.solve(task, self.x0.nest(starts)), "the solution")
        self.problem.check(lambda v: self(v, *p), x)
        self.check_regular(x, p)
        return x

    def check_regular(self, x: Any, p: Any) -> None:
        """Refuse an `x` at which one step of Newton's method changes the Jacobian by a tenth: there
        it is singular, as at a double root, or x is too far from the solution."""
        r = self(x, *p)
        if not np.any(r):
            return
        step = self.slope.solve(r, x, *p)
        _, moved = jvp(lambda v: self(v, *p), (x - step,), (step,))
        if not norm(moved - r) <= 0.1 * norm(r):
            raise self.slope.singular()

    @property
    def slope(self) -> Operator:
        """``v -> F_x v`` at `x`, with the parameters `x` and `p`."""
        return Slope(self)


class Slope(Operator):
    """The Jacobian of an equation in its unknown."""

    def __init__(self, equation: Equation) -> None:
        self.equation = equation
        problem = equation.problem
        super().__init__(None, f"the Jacobian in {problem}", problem.linear_solver, None)

    def __call__(self, v: Any, *p: Any) -> Any:
        x, *rest = p
        return jvp(lambda x: self.equation(x, *rest), (x,), (v,))[1]

    def matrix(self, dtype: Any, size: int, *p: Any) -> Any:
        x, *rest = p
        return jacfwd(lambda x: self.equation(x, *rest))(x)

    def singular(self) -> NotDifferentiableError:
        problem = self.equation.problem
        return NotDifferentiableError(
            f"{problem}: the Jacobian of {problem.written} in x is singular at the solution, or "
            "nearly so; the solution has no derivative there"
        )


def implicitly(
    kind: str,
    f: Callable[..., Any],
    solver: Solver | None,
    tol: float | None,
    linear_solver: LinearSolver | None,
) -> Callable[..., Any]:
    """The function from a start and parameters to a solution."""
    for what, x in (("f", f), ("solver", solver), ("linear_solver", linear_solver)):
        if not callable(x) and (x is not None or what == "f"):
            raise TypeError(f"{kind}: {what}={x!r:.40} is not a function")
    if tol is not None and not tol > 0:
        raise ValueError(f"{kind}: tol={tol!r} must be positive")
    label = name_of(f)
    problem = Problem(kind, label, solver or KINDS[kind].solver, tol, linear_solver)

    def solve(x0: Any, *p: Any) -> Any:
        starts, given = Tracked(x0), Tracked(p)
        batched = any(map(is_batched, [*starts.values, *given.values]))
        if batched:  # vmap's loop will solve the examples one by one, each from its x0
            solution, numbers = x0, given.values
        else:
            numbers = [plain(x, f"{problem}: an argument") for x in given.values]
            now = given.nest(numbers)
            solution = problem.solve(lambda x: f(x, *now), problem.untracked(x0))
        layout = Layout(solution, f"{problem}: x0")

        def task(x: Any, *values: Any) -> Any:
            y = f(layout.nest(x), *given.nest(values))
            return y if problem.minimises else layout.join(y, f"{problem}: the result of f")

        x = layout.join(solution, f"{problem}: x0")
        program = Program(task, [x, *numbers], label)
        tracked = [*starts.values, *given.values, *program.forget()]
        equation = Equation(problem, program, layout, starts, None if batched else x)
        if not tracked:
            problem.check(equation, x)
            return solution
        try:
            return layout.nest(rows.implicit_root(*tracked, equation=equation))
        finally:
            equation.solution = None  # a program that runs again has other arguments

    solve.__name__ = repr(problem)
    return solve


@makes
def root(
    f: Callable[..., Any],
    solver: Solver | None = None,
    *,
    tol: float | None = None,
    linear_solver: LinearSolver | None = None,
) -> Callable[..., Any]:
    """A function ``solve(x0, *p)`` that gives the `x` with ``f(x, *p) = 0`` found from `x0`.

    It is differentiable in the parameters `p`, and in whatever `f` closes over, in both modes and
    to any order, by the implicit function theorem: ``dx = -F_x^-1 F_p dp``. The steps of the solver
    are not differentiated, and the derivative in `x0` is zero. `x`, `p` and `f(x, *p)`, which has
    the shapes of `x`, are numbers, arrays or nests.

    ``solver(g, x0)`` is :func:`autodiff.implicit.newton` or any other, of SciPy (``fsolve``,
    ``lambda g, ends: brentq(g, *ends)``) or your own. It gets the function ``g(x) = f(x, *p)`` of
    plain numbers and returns `x`. `linear_solver(apply, b)` solves the linear systems of the
    derivative: by default by elimination up to 1000 unknowns and by GMRES beyond.

    Raises `ConvergenceError` where ``|f(x)|`` is larger than the change of `f` when `x` changes by
    a relative `tol` (6e-6 in double precision), and `NotDifferentiableError` where a derivative is
    wanted and the Jacobian is singular. Source: Krantz and Parks, The Implicit Function Theorem
    (2003); Blondel et al., Efficient and Modular Implicit Differentiation (2022).

    >>> import autodiff as ad
    >>> cube_root = ad.root(lambda x, a: x**3 - a)
    >>> x = cube_root(1.0, 8.0)
    >>> round(float(x), 12), round(float(ad.grad(cube_root, 1)(1.0, 8.0)), 12)  # 1 / (3 x^2)
    (2.0, 0.083333333333)
    """
    return implicitly("root", f, solver, tol, linear_solver)


@makes
def fixed_point(
    f: Callable[..., Any],
    solver: Solver | None = None,
    *,
    tol: float | None = None,
    linear_solver: LinearSolver | None = None,
) -> Callable[..., Any]:
    """A function ``solve(x0, *p)`` that gives the `x` with ``x = f(x, *p)`` found from `x0`.

    As :func:`root` with ``f(x) - x``; the solver gets ``g(x) = f(x, *p)`` itself. The default is
    iteration with Anderson's mixing, :func:`autodiff.implicit.anderson`.

    >>> import numpy as np, autodiff as ad
    >>> kepler = ad.fixed_point(lambda E, M, e: M + e * np.sin(E))
    >>> round(float(kepler(1.0, 1.0, 0.5)), 12)
    1.498701133518
    >>> round(float(ad.grad(kepler, 1)(1.0, 1.0, 0.5)), 12)  # 1 / (1 - e cos E)
    1.037362021894
    """
    return implicitly("fixed_point", f, solver, tol, linear_solver)


@makes
def argmin(
    f: Callable[..., Any],
    solver: Solver | None = None,
    *,
    tol: float | None = None,
    linear_solver: LinearSolver | None = None,
) -> Callable[..., Any]:
    """A function ``solve(x0, *p)`` that gives the `x` that minimises ``f(x, *p)``, a number.

    As :func:`root` with the gradient of `f` in `x`; the solver gets ``g(x) = f(x, *p)`` itself:
    ``lambda g, x0: scipy.optimize.minimize(g, x0, jac=autodiff.grad(g))``. The default is Newton's
    method, :func:`autodiff.implicit.minimize`. The minimum is a local one, without constraints.

    >>> import numpy as np, autodiff as ad
    >>> X = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> def loss(w, penalty):
    ...     return np.sum((X @ w - 1) ** 2) + penalty * np.sum(w**2)
    >>> ridge = ad.argmin(loss)
    >>> ridge(np.zeros(2), 1.0).round(12)
    array([0.        , 0.28571429])
    >>> ad.jacobian(ridge, 1)(np.zeros(2), 1.0).round(12)
    array([ 0.11428571, -0.08979592])
    """
    return implicitly("argmin", f, solver, tol, linear_solver)
