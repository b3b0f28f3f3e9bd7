"""Linear systems A x = b without a matrix: A is a function, which the engine transposes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base.errors import ConvergenceError, NotDifferentiableError
from ..engine.arguments import name_of
from ..engine.batching import batch_map
from ..engine.graph import TraceNode
from ..primitives import implicit as rows
from ..programs.closed import Program
from ..rules.primitive import Traced
from ..transforms.gradients import vjp
from ..transforms.jacobians import jacfwd
from .krylov import gmres
from .traced_equations import Layout, Map

DIRECT = 1000  # up to so many unknowns the matrix is formed and factorised
LinearSolver = Callable[[Callable[[Any], Any], Any], Any]


def precision(x: Any) -> float:
    """How near to zero a residual must be, relative to its terms, by default: five digits in double
    precision. Solvers that see only values of f do not reach more than half."""
    dtype = np.result_type(x)
    return float(np.finfo(dtype).eps) ** (1 / 3) if dtype.kind in "fc" else 1e-5


class Operator(Map):
    """``x -> A(p) x``, from vectors to vectors of the same length, and how to solve with it."""

    def __init__(
        self, program: Any, name: str, solver: LinearSolver | None, tol: float | None
    ) -> None:
        self.program, self.name, self.solver, self.tol = program, name, solver, tol

    def __call__(self, x: Any, *p: Any) -> Any:
        return self.program(x, *p)

    def matrix(self, dtype: Any, size: int, *p: Any) -> Any:
        """A as an array, one column for each unit vector, in one batched sweep."""
        zero = np.zeros(size, dtype)
        return jacfwd(lambda x: self(x, *p), holomorphic=zero.dtype.kind == "c")(zero)

    @property
    def transposed(self) -> Operator:
        return Transposed(self)

    def __repr__(self) -> str:
        return self.name

    # -- values --------------------------------------------------------------------------------
    def solve(self, b: Any, *p: Any) -> Any:
        if not b.size:
            return b
        direct = self.solver is None and b.size <= DIRECT
        x, scale = self.directly(b, *p) if direct else (self.by_solver(b, *p), norm(b))
        residual, tolerance = norm(self(x, *p) - b), (self.tol or precision(x)) * scale
        if not residual <= tolerance:  # nan too
            raise ConvergenceError(
                f"{self.name}: the solver's x does not satisfy A x = b: |A x - b| = "
                f"{residual:.3g}, the tolerance is {tolerance:.3g}; "
                + ("is A linear?" if direct else "let it iterate longer, or pass another solver")
            )
        return x

    def directly(self, b: Any, *p: Any) -> tuple[Any, float]:
        """x by elimination, and the size of the terms of A x - b."""
        a = self.matrix(b.dtype, b.size, *p)
        x = self.eliminated(a, b)
        return x, norm(b) + norm(a) * norm(x)

    def eliminated(self, a: Any, b: Any) -> Any:
        """One right-hand side for each matrix of a stack, or several for one; refused where a
        matrix is singular to working precision."""
        columns = b[..., None]
        try:
            if isinstance(a, Traced) or isinstance(b, Traced):
                return np.linalg.solve(a, columns)[..., 0]
            probe = np.random.default_rng(0).choice((-1.0, 1.0), b.shape)[..., None]
            both = np.concatenate([columns, probe.astype(b.dtype)], axis=-1)
            x, reach = np.moveaxis(np.linalg.solve(a, both), -1, 0)
        except np.linalg.LinAlgError:
            raise self.singular() from None
        # |A^-1 v| of a random v of signs is |A^-1| in the norm of Frobenius, on average.
        condition = np.linalg.norm(a, axis=(-2, -1)) * np.linalg.norm(reach, axis=-1)
        if not np.all(condition * np.finfo(b.dtype).eps < 0.1):
            raise self.singular()
        return x

    def singular(self) -> NotDifferentiableError:
        return NotDifferentiableError(
            f"{self.name} is singular, or nearly so: A x = b has no unique solution to "
            "differentiate"
        )

    def by_solver(self, b: Any, *p: Any) -> Any:
        x = (self.solver or gmres)(lambda v: self(np.asarray(v), *p), b)
        x = np.asarray(x[0] if isinstance(x, tuple) else x)  # SciPy's give (x, info)
        if x.size != b.size:
            raise ConvergenceError(
                f"{self.name}: the solver returned shape {x.shape} for a right-hand side of "
                f"{b.size} entries"
            )
        return x.reshape(b.shape).astype(np.result_type(b, x), copy=False)

    def batched(self, size: int, args: Sequence[Any], flags: Sequence[bool]) -> Any:
        """A stack of systems, or of right-hand sides, by elimination."""
        (b, *p), (_, *p_flags) = args, flags
        n = b.shape[-1]
        if self.solver is not None or n > DIRECT:
            return NotImplemented
        if any(p_flags):
            stacks = [a for a, flag in zip(p, p_flags, strict=True) if flag]

            def one(*examples: Any) -> Any:
                rest = iter(examples)
                chosen = [next(rest) if f else a for a, f in zip(p, p_flags, strict=True)]
                return self.matrix(b.dtype, n, *chosen)

            a = batch_map(one, stacks, size, loop=False)
        else:
            a = self.matrix(b.dtype, n, *p)
        return self.eliminated(a, b)


class Transposed(Operator):
    """``y -> A(p)^T y``: one reverse sweep through A, which is linear, so anywhere."""

    def __init__(self, of: Operator) -> None:
        self.of = of
        super().__init__(None, of.name, of.solver, of.tol)

    def __call__(self, y: Any, *p: Any) -> Any:
        return vjp(lambda x: self.of(x, *p), np.zeros_like(y))[1](y)[0]

    def matrix(self, dtype: Any, size: int, *p: Any) -> Any:
        return np.swapaxes(self.of.matrix(dtype, size, *p), -1, -2)

    def singular(self) -> NotDifferentiableError:
        return self.of.singular()

    @property
    def transposed(self) -> Operator:
        return self.of


def norm(x: Any) -> float:
    return float(np.linalg.norm(np.ravel(x)))


def linear_solve(
    A: Any, b: Any, solver: LinearSolver | None = None, tol: float | None = None
) -> Any:
    """``x`` with ``A(x) = b``, for a linear function A: differentiable in b, and in all that A
    closes over, in both modes and to any order.

    `b` is an array or a nest, and so is x; A maps such nests to such nests, and may also be a
    square array. Up to 1000 unknowns its matrix is formed in one batched sweep, and factorised;
    beyond, GMRES applies A alone. `solver(apply, b)` replaces both: :func:`autodiff.implicit.cg`,
    :func:`autodiff.implicit.gmres` or your own, on vectors. For the transposed systems of reverse
    mode it is called with the transpose of A.

    Raises `ConvergenceError` where ``|A(x) - b|`` is more than `tol` (6e-6 in double precision) of
    the terms that it is made of, as for an A that is not linear, and `NotDifferentiableError` where
    A is singular.

    >>> import numpy as np, autodiff as ad
    >>> def stiffness(u):  # -u'' on a grid
    ...     return 2 * u - np.append(u[1:], 0) - np.insert(u[:-1], 0, 0)
    >>> load = np.array([1.0, 0.0, 0.0])
    >>> ad.linear_solve(stiffness, load)
    array([0.75, 0.5 , 0.25])
    >>> ad.grad(lambda k: np.sum(ad.linear_solve(lambda u: k * stiffness(u), load)))(1.0).round(12)
    np.float64(-1.5)
    """
    apply = A if callable(A) else lambda x: np.matmul(A, x)
    name = f"linear_solve: {name_of(A) if callable(A) else 'the matrix'}"
    layout = Layout(b, "linear_solve: b")
    vector = layout.join(b, "b")
    if vector.dtype.kind not in "fc":
        vector = vector.astype(np.float64)
    zero = np.zeros(layout.size, vector.dtype)

    def on_vectors(x: Any) -> Any:
        return layout.join(apply(layout.nest(x)), f"{name}(x)")

    with np.errstate(all="ignore"):
        program = Program(on_vectors, [zero], name)
        (y,) = program.graph.outputs
        if np.iscomplexobj(y.value if isinstance(y, TraceNode) else y) and vector.dtype.kind != "c":
            vector = vector + 0j
            program = Program(on_vectors, [zero + 0j], name)
    closed = program.forget()
    x = rows.linear_solve(vector, *closed, operator=Operator(program, name, solver, tol))
    return layout.nest(x)
