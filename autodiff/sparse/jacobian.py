"""Sparse Jacobians and Hessians as functions, which keep the pattern of each kind of arguments."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..base.errors import AutodiffError, NotDifferentiableError
from ..base.made import ByName, Learnt
from ..base.trees import exactly, flatten
from ..base.warnings_off import quiet
from ..compiler.outside.kinds import WatchedFromOutsideError
from ..compiler.outside.library import OutsideError
from ..compiler.outside.worlds import Outside
from ..engine.arguments import check_request, chosen, name_of
from ..rules.conforming import aval_of
from ..rules.primitive import Traced, is_in_program
from ..transforms.gradients import grad
from .pattern import Pattern
from .picture import spy
from .plan import Plan, Run
from .sparsity import symmetric_of, traced_blocks

MOST = 16  # plans of one function; of one more, that not used for longest is forgotten


class SparseJacobian(ByName, partial):  # type: ignore[type-arg]
    """A function that returns sparse Jacobians, or Hessians; see :func:`sparse_jacobian`.

    `pattern`, `colors` (a colour for each column and for each row, -1 where no sweep needs it) and
    `sweeps` are those of the latest call.
    """

    def __new__(cls, f: Callable[..., Any], *_: Any, **__: Any) -> SparseJacobian:
        return super().__new__(cls, f)

    def __init__(
        self,
        f: Callable[..., Any],
        argnums: Any = 0,
        pattern: Any = None,
        has_aux: bool = False,
        way: str = "jacobian",
    ) -> None:
        functools.update_wrapper(self, f, updated=())
        kept = Kept(f, argnums, pattern, has_aux, way)
        partial.__setstate__(self, (call, (kept, f), {}, self.__dict__))  # type: ignore[attr-defined]

    @property
    def _kept(self) -> Kept:
        kept: Kept = self.args[0]
        return kept

    def recipe(self) -> tuple[Any, tuple[Any, ...]]:
        return SparseJacobian, self._kept.made_of

    @property
    def pattern(self) -> Any:
        """Where the entries are, as a :class:`Pattern`, of all arguments and results together."""
        return self._kept.latest("pattern").blocks.pattern

    @property
    def colors(self) -> tuple[Any, Any]:
        coloring = self._kept.latest("colors").coloring
        return coloring.columns, coloring.rows

    @property
    def sweeps(self) -> int:
        """How many directions one call takes."""
        return self._kept.latest("sweeps").coloring.sweeps

    def report(self) -> str:
        """The sweeps and the memory, beside those of the dense matrix."""
        plan = self._kept.latest("report()")
        (n, m), pattern, coloring = plan.blocks.pattern.shape, self.pattern, plan.coloring
        return (
            f"{pattern.nnz} entries of {n} x {m}: {coloring.forward} sweeps forwards and "
            f"{coloring.backward} backwards in place of {min(n, m)}; "
            f"{12 * pattern.nnz + 4 * n} bytes in place of {8 * n * m}"
        )

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Compare with a product in a random direction, and raise `AutodiffError` where an entry is
        missing from a pattern that was given."""
        check(self._kept, self._kept.f, args, kwargs)

    def _repr_svg_(self) -> str:
        plan = self._kept.latest("a picture")
        by_row = not plan.coloring.forward
        return spy(plan.blocks.pattern, plan.coloring[by_row], by_row)

    def __repr__(self) -> str:
        kept = self._kept
        return f"<sparse {'Hessian' if kept.symmetric else 'Jacobian'} of {name_of(kept.f)}>"


class Kept(Learnt):
    """The plans of one function, for each kind of arguments and each world outside of them."""

    def __init__(self, *made_of: Any) -> None:
        self.made_of = made_of
        self.f, self.argnums, given, self.has_aux, self.way = made_of
        self.symmetric = self.way == "hessian"
        self.given = None if given is None else Pattern.of(given)
        self.plans: OrderedDict[Any, Plan] = OrderedDict()
        self.outside = Outside(self.f)
        self.plan: Plan | None = None

    def latest(self, what: str) -> Plan:
        if self.plan is None:
            raise AutodiffError(
                f"{what} of a sparse derivative does not exist before the first call, which "
                "decides shapes; call the function first, or use autodiff.sparsity"
            )
        return self.plan

    def plan_for(
        self, f: Any, args: Sequence[Any], kwargs: dict[str, Any], places: Any
    ) -> tuple[Plan, Callable[..., Any]]:
        """A plan, and what is differentiated: `f`, or its gradient. Where the plan is for this call
        alone, that is the program of which it has the pattern."""
        if self.symmetric:
            f = grad(f, places, self.has_aux)
        leaves, structure = flatten((tuple(args), kwargs))
        if any(map(is_in_program, leaves)):  # which keeps its own versions
            return self.made(f, args, kwargs, places)[0], f
        key = self.key(leaves, structure)
        plan = None if key is None else self.plans.get(key)
        if plan is None:
            plan, program, holds = self.made(f, args, kwargs, places)
            if holds and key is not None:
                self.plans[key] = plan
                if len(self.plans) > MOST:
                    self.plans.popitem(last=False)
            elif not self.has_aux:
                f = quietly(program) if self.symmetric else program
        else:
            self.plans.move_to_end(key)
        self.plan = plan
        return plan, f

    def key(self, leaves: Sequence[Any], structure: Any) -> Any:
        """What a pattern holds for: shapes, types, integers, and what is read outside. None where
        that cannot be told, or may be random."""
        try:
            world = self.outside.now(leaves, structure)
            if world.walk.generators:
                return None
            paths = {path for _, _, path in world.walk.inputs}
            if paths:  # arrays too: the zeros of a constant are part of a pattern
                world = self.outside.now(leaves, structure, paths)
            key = structure, exactly(structure), tuple(map(kind_of, leaves)), world.key
            hash(key)
        except (OutsideError, WatchedFromOutsideError, TypeError):
            return None
        return key

    def made(
        self, f: Any, args: Sequence[Any], kwargs: dict[str, Any], places: Any
    ) -> tuple[Plan, Callable[..., Any], bool]:
        """A plan, the program of which it has the pattern, and whether it holds for all values."""
        function = functools.wraps(f)(lambda *a, **k: f(*a, **k)[0]) if self.has_aux else f
        found = partial(traced_blocks, function, args, kwargs, places, at=False, given=self.given)
        try:
            (blocks, program), holds = found(abstract=True), True
        except NotDifferentiableError:  # it looks at a value
            (blocks, program), holds = found(abstract=False), False
        if self.symmetric:
            blocks = symmetric_of(blocks, isinstance(self.argnums, (tuple, list)))
        return Plan(blocks, self.way), program, holds


def quietly(gradient: Callable[..., Any]) -> Callable[..., Any]:
    """The program of a gradient, which may be inf or nan without a warning, as in the sweep."""

    def run(*args: Any, **kwargs: Any) -> Any:
        with quiet():
            return gradient(*args, **kwargs)

    return run


def kind_of(x: Any) -> Any:
    """Shape and type of a real number or array; anything else, as it is."""
    if isinstance(x, Traced):
        return "traced", aval_of(x)
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype, x.tobytes() if x.dtype.kind in "iub" else None
    return (type(x), None) if isinstance(x, (float, complex, np.floating)) else (type(x), x)


def call(kept: Kept, f: Any, *args: Any, **kwargs: Any) -> Any:
    places = chosen(kept.argnums, args, f)
    plan, function = kept.plan_for(f, args, kwargs, places)
    run = Run(function, args, kwargs, places, kept.has_aux)
    found, aux = plan.run(run)
    y = plan.blocks.nest(found, kept.argnums)
    return (y, aux) if kept.has_aux else y


def check(kept: Kept, f: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    places = chosen(kept.argnums, args, f)
    plan, function = kept.plan_for(f, args, kwargs, places)
    run = Run(function, args, kwargs, places, kept.has_aux)
    rng = np.random.default_rng(0)
    directions = [rng.uniform(0.5, 1.5, np.shape(x)) for x in run.inputs]
    slopes, _ = flatten(run.columns(plan.blocks)(*directions))
    blocks, _ = plan.run(run)
    for k, (slope, row) in enumerate(zip(slopes, blocks, strict=True)):
        products = [b @ np.ravel(t) for b, t in zip(row, directions, strict=True)]
        found, slope = sum(products), np.ravel(slope)
        close = np.sqrt(np.finfo(slope.dtype).eps) * np.max(np.abs(slope), initial=1)
        wrong = np.flatnonzero(np.abs(found - slope) > close)
        if len(wrong):
            raise AutodiffError(
                f"the pattern of {name_of(kept.f)} lacks an entry: row {wrong[0]} of result {k} "
                f"times a random direction is {slope[wrong[0]]:.6g}, and {found[wrong[0]]:.6g} by "
                "the pattern; leave pattern out to have it found"
            )


def sparse_jacobian(
    f: Callable[..., Any], pattern: Any = None, argnums: Any = 0, has_aux: bool = False
) -> SparseJacobian:
    """The Jacobian of `f` as a function that returns a ``scipy.sparse.csr_array``.

    The pattern is found at the first call (:func:`sparsity`), and kept for each set of shapes and
    types; integers in the arguments, and what `f` reads outside them, are compared at each call.
    Columns, or rows, that no row has together are one direction of one batched sweep. `pattern`
    gives a pattern instead, of all results by all arguments: a :class:`Pattern`, a sparse array, or
    a dense one. Then ``check(*args)`` compares a random product, and raises `AutodiffError` where
    the pattern lacks an entry. ``.pattern``, ``.colors`` and ``.sweeps`` are of the latest call.

    A row counts the entries of a result, a column those of an argument, in the order of ``ravel``;
    nests, and a tuple of `argnums`, give the nest of :func:`jacobian`. Complex numbers raise
    `NotDifferentiableError`; without SciPy a call raises `MissingExtraError`. Under
    :func:`jit` it is one compiled sweep, which writes the entries alone; where another transform is
    watching, and under :func:`vmap`, the result has ``.data``, ``.pattern`` and ``.toarray()``.

    >>> import numpy as np, autodiff as ad
    >>> slopes = ad.sparse_jacobian(lambda x: x[1:] * x[:-1])
    >>> slopes(np.array([1.0, 2.0, 3.0])).toarray()
    array([[2., 1., 0.],
           [0., 3., 2.]])
    >>> slopes.sweeps
    2
    """
    check_request("sparse_jacobian", f, argnums)
    return SparseJacobian(f, argnums, pattern, has_aux)


def sparse_by(
    way: str, f: Callable[..., Any], argnums: Any, has_aux: bool, holomorphic: bool
) -> SparseJacobian:
    """What `jacobian`, `jacfwd`, `jacrev` or `hessian` returns with ``sparse=True``."""
    if holomorphic:
        raise NotDifferentiableError(
            f"{way}: sparse=True takes real arguments and results; leave holomorphic or sparse out"
        )
    return SparseJacobian(f, argnums, None, has_aux, way)
