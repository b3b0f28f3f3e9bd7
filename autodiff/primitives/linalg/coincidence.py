"""Values that coincide: where eigenvectors and singular vectors are a choice, not a function.

The derivative of vectors divides by the differences of values. Where two values coincide, any
rotation among their vectors is as good as the one LAPACK chose, so the vectors have no derivative.
A function that does not depend on the choice has one nevertheless, but a sweep cannot tell:

- what looks at the values alone, or at vectors of other values, is differentiated as anywhere else;
- a reverse sweep that comes back through vectors of coinciding values raises `UndecidedError`; forward
  mode, which does not know what will be done with them, gives them the derivative nan and leaves a
  note. The transform then runs the function again with the values set apart: `autodiff.engine.repeated_eigenvalues`,
  docs/decisions/006-repeated-eigenvalues.md.

Two values coincide when LAPACK cannot tell them apart: a few roundings of the largest.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from ...base.errors import NotDifferentiableError, refuse
from ...rules.kinds import flat, special
from ...rules.primitive import ZERO, Traced
from .helpers import aligned_to_first, dagger, mT

ROUNDINGS = 8  # times the size of the matrix: the error of computed values, in units of eps


# The `Splitting` of a second run of the function; None in the first run.
SPLITTING: ContextVar[Any] = ContextVar("splitting", default=None)
NOTES: ContextVar[list[Exception] | None] = ContextVar("notes", default=None)


def with_splitting(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose values may coincide: in a run that sets values apart, its own are set
    apart."""

    def call(a: Any, **params: Any) -> Any:
        result, splitting = function(a, **params), SPLITTING.get()
        return result if splitting is None else splitting.set_apart(result)

    return call


class UndecidedError(NotDifferentiableError):
    """A sweep met vectors of coinciding values, and cannot tell whether their choice matters."""


class notes:  # noqa: N801 - read as a statement
    """``with notes() as found:`` where forward mode notes each time that it gave vectors the
    derivative nan."""

    __slots__ = ("found", "outer", "token")

    def __enter__(self) -> list[Exception]:
        self.outer, self.found = NOTES.get(), list[Exception]()
        self.token = NOTES.set(self.found)
        return self.found

    def __exit__(self, *_: Any) -> None:
        NOTES.reset(self.token)
        if self.outer is not None:  # the nan may be in the derivative of a derivative alone
            self.outer += self.found


def coincide(rows: Any, cols: Any) -> Any:
    """Which pairs of the values `rows` (..., m, 1) and `cols` (..., 1, n) are the same."""
    size = np.maximum(largest(rows), largest(cols))
    n = max(rows.shape[-2], cols.shape[-1])
    return np.abs(cols - rows) <= ROUNDINGS * n * np.finfo(cols.dtype).eps * size


def largest(m: Any) -> Any:
    return np.max(np.abs(m), axis=(-2, -1), keepdims=True, initial=0)


def considerable(m: Any, like: Any) -> Any:
    """Which entries are more than rounding errors of computations with `like`."""
    return np.abs(m) > np.sqrt(np.finfo(m.dtype).eps) * largest(like)


def clash(where: Any, rows: Any, cols: Any, of: str) -> NotDifferentiableError:
    """The error for the first pair in `where`, named as the values of the function `of`."""
    place = tuple(int(k) for k in np.argwhere(where)[0])
    i, j = place[-2:]
    first, second = (abs(np.broadcast_to(x, where.shape)[place]) for x in (rows, cols))
    kind = "singular value" if of.endswith("svd") else "eigenvalue"
    if rows.shape[-2] == 1 and not np.any(rows):
        which = f"{kind} number {j} is zero"
    elif i == j:
        which = f"the vectors of {kind} number {i}, {second:.6g}, have a free phase"
    else:
        which = f"{kind}s number {i} and {j}, {first:.6g} and {second:.6g}, coincide"
    return refuse(
        f"{of}: {which}, and this derivative depends, or may depend, on the choice of "
        "vectors there",
        "use a function without vectors (eigvalsh, norm, det, solve, the matrix itself), or add a "
        "small matrix that sets the values apart",
    )


def _over_gaps(m: Any, rows: Any, cols: Any, like: Any, *, of: str, on_clash: str) -> Any:
    """m[i, j] / (cols[j] - rows[i]), and 0 where the two coincide. With ``on_clash="raise"``, m must
    be zero there, but for rounding errors of the size of `like`."""
    close = coincide(rows, cols)
    if on_clash == "raise" and np.any(clashes := close & considerable(m, like)):
        raise clash(clashes, rows, cols, of)
    return np.where(close, 0, m / np.where(close, 1, cols - rows)).astype(m.dtype, copy=False)


def _over_gaps_jvp(tangents: Any, primals: Any, y: Any, *, of: str, on_clash: str) -> Any:
    m_dot, rows_dot, cols_dot, like_dot = tangents
    _, rows, cols, _ = primals
    m_dot = m_dot - y * (cols_dot - rows_dot)
    return over_gaps(m_dot, rows, cols, like_dot, of=of, on_clash=on_clash)


def _over_gaps_vjp(y_bar: Any, primals: Any, y: Any, *, of: str, on_clash: str) -> Any:
    """The reverse sweep refuses to transpose what a forward rule left out; what was found to be
    zero stays zero."""
    _, rows, cols, _ = primals
    opposite = "raise" if on_clash == "zero" else "zero"
    m_bar = over_gaps(y_bar, rows, cols, y_bar, of=of, on_clash=opposite)
    return [m_bar, y * m_bar, -y * m_bar, ZERO]


over_gaps = special(
    "over_gaps", _over_gaps, forward=_over_gaps_jvp, backward=_over_gaps_vjp, batch=aligned_to_first
)


def _undecided(e: Any, rows: Any, cols: Any, *, of: str) -> Any:
    """Which coinciding values part along the direction whose E this is: E mixes their vectors, or
    moves them apart. The vectors that belong to the parted values were not chosen."""
    pairs = coincide(rows, cols) & ~np.eye(e.shape[-1], dtype=bool)
    if not pairs.any():
        return np.broadcast_to(pairs, e.shape)
    parting = diagonals(e) - mT(diagonals(e))
    pairs = pairs & (considerable(e, e) | considerable(parting, e))
    kept = NOTES.get()
    if pairs.any() and kept is not None:
        kept.append(clash(pairs, rows, cols, of))
    return pairs


undecided = flat("undecided", _undecided, batch=aligned_to_first)


def _decided(e: Any, rows: Any, cols: Any, *, of: str) -> Any:
    """True for each matrix; raises where coinciding values part along E."""
    parting = _undecided(e, rows, cols, of=of)
    if parting.any():
        raise clash(parting, rows, cols, of)
    return ~parting.any(axis=(-2, -1))


decided = flat("decided", _decided, batch=aligned_to_first)


def _guarded_vjp(y_bar: Any, primals: Any, y: Any, *, of: str, vectors: bool) -> Any:
    e, rows, cols = primals
    decided(e, rows, cols, of=of)
    decided(np.ones_like(y_bar) if vectors else y_bar, rows, cols, of=of)
    return [guarded(y_bar, rows, cols, of=of, vectors=vectors), ZERO, ZERO]


# E itself, on its way to the derivatives of eigenvalues and vectors of a general matrix. Two
# derivatives of a function of eigenvalues mix coinciding vectors even where each one does not, and
# no cotangent tells: a reverse sweep through E raises where its values part. On its way to `vectors`
# it raises wherever values coincide: of V f(w) V^-1 the sweep would see the diagonal alone.
guarded = special(
    "guarded",
    lambda e, rows, cols, *, of, vectors: e,
    forward=lambda tangents, primals, y, **which: guarded(tangents[0], *primals[1:], **which),
    backward=_guarded_vjp,
    batch=aligned_to_first,
)


def skew(m: Any) -> Any:
    return (m - dagger(m)) / 2


def over_differences(coupling: Any, live: Any, values: Any, of: str) -> Any:
    """The skew part of a `coupling` of cotangents of vectors with vectors, over the differences of
    values: what comes back to E. Among coinciding ones that is 0 / 0: with the values set apart, it
    is the slope of the one over the slope of the other."""
    splitting = SPLITTING.get()
    if splitting is None:
        rows, cols = as_rows_and_cols(values)
        unmixed(live, rows, cols, of=of)
        return over_gaps(skew(coupling), rows, cols, coupling, of=of, on_clash="raise")
    (coupling, slope), (values, steps) = splitting.parts(coupling), splitting.parts(values)
    splitting.weigh(coupling, values)
    rows, cols = as_rows_and_cols(values)
    close = coincide(rows, cols) & ~np.eye(cols.shape[-1], dtype=bool)
    turning = np.where(close, 0, skew(coupling))
    apart = over_gaps(turning, rows, cols, coupling, of=of, on_clash="raise")
    rows, cols = as_rows_and_cols(steps)
    return np.where(close, skew(slope) / np.where(close, cols - rows, 1), apart)


def as_rows_and_cols(values: Any) -> tuple[Any, Any]:
    return values[..., :, None], values[..., None, :]


def without_splitting(x: Any) -> Any:
    """`x` itself, where a run set values apart."""
    splitting = SPLITTING.get()
    return x if splitting is None else splitting.parts(x)[0]


def live_columns(bar: Any) -> Any:
    """Which columns of a cotangent the program has used: a column that it left out by indexing, as
    V[:, -1] leaves out all but one, is known to be a strong zero (`selection`)."""
    live = bar.node.live if isinstance(bar, Traced) else None
    if live is None:
        return np.ones(bar.shape[-1:], dtype=bool)
    return np.any(live.array(), axis=-2)


def _unmixed(live: Any, rows: Any, cols: Any, *, of: str) -> Any:
    """Raise where vectors of coinciding values are looked at. Among values that are zero, singular
    vectors of either side turn on their own: there nothing can be set apart."""
    close = coincide(rows, cols) & ~np.eye(cols.shape[-1], dtype=bool)
    clashes = close & (live | mT(live))
    if clashes.any():
        error = clash(clashes, rows, cols, of)
        void = of.endswith("svd") and np.any(clashes & coincide(-rows, cols))
        if void:
            raise error
        undecided = UndecidedError(*error.args)
        undecided.cure = error.cure
        raise undecided
    return ~clashes.any(axis=(-2, -1))


unmixed = flat("unmixed", _unmixed, batch=aligned_to_first)


def diagonals(m: Any) -> Any:
    """The diagonal of `m` as a row."""
    return np.diagonal(m, axis1=-2, axis2=-1)[..., None, :]


# -- ties ------------------------------------------------------------------------------------------
def _share_ties(values: Any, x: Any) -> Any:
    """`x` averaged over exactly equal values, as max shares ties: a function of the values alone
    then has the derivative of least norm, whatever the vectors. Values set apart are not equal."""
    if SPLITTING.get() is not None:
        return np.broadcast_to(x, values.shape)
    equal = values[..., :, None] == values[..., None, :]
    count = np.sum(equal, axis=-1)
    if np.all(count <= 1):
        return x if x.shape == values.shape else np.broadcast_to(x, values.shape)
    return np.sum(np.where(equal, x[..., None, :], 0), axis=-1) / np.maximum(count, 1)


share_ties = special(
    "share_ties",
    _share_ties,
    forward=lambda tangents, primals, y: share_ties(primals[0], tangents[1]),
    backward=lambda y_bar, primals, y: [ZERO, share_ties(primals[0], y_bar)],
    batch=aligned_to_first,
)
