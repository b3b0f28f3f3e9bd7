"""The values of a program that is traced for every value at once: sizes and types alone.

What nobody may look at does not have to be computed. The first time that an operation comes with
operands of these types, shapes and strides it is computed, and tells those of its result; from then
on the result is memory full of zeros, which the system gives only to who reads it. So a trace costs
neither the arithmetic nor the memory of the program. Small results are computed always.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from ..base.errors import AutodiffError
from ..base.shapes import Shape, memory_order
from ..engine.graph import TraceLevel
from ..rules.primitive import TABLE, Primitive

LARGE = 2**12  # entries of an operand from which an operation takes longer than looking it up
# Whose rows refuse a matrix of zeros, and give real or complex numbers as the entries have it.
FACTORING = (
    *(f"autodiff.primitives.linalg.{name}" for name in ("banded", "coincidence", "det", "eigen")),
    *(f"autodiff.primitives.linalg.{name}" for name in ("factor", "functions", "helpers", "lu")),
    *(f"autodiff.primitives.linalg.{name}" for name in ("scipy", "solve", "structured", "svd")),
    *("autodiff.primitives.linalg.sylvester", "numpy.linalg", "scipy.linalg"),
)
UNSURE = "scipy.special."  # rows of which some do not come back from infinity


class ValuesMatterError(AutodiffError):
    """An operation was met of which types and sizes do not say what comes out."""


class Sketch:
    """Evaluates the operations of one trace. `used` says whether a result has been left out, and
    `failed` whether something failed since then, even if the user's code has caught the error."""

    def __init__(self) -> None:
        self.used = self.failed = False
        self.known: dict[Any, tuple[Any, ...]] = {}
        self.held: list[Any] = []  # constants, so that their ids stay theirs

    def __call__(
        self, row: Primitive, values: Sequence[Any], tracked: Sequence[int], params: dict[str, Any]
    ) -> Any:
        if not self.used:
            return self.evaluated(row, values, tracked, params)
        try:
            if depends_on_values(row, values):
                raise ValuesMatterError
            return self.evaluated(row, values, tracked, params)
        except Exception:
            self.failed = True
            raise

    def evaluated(
        self, row: Primitive, values: Sequence[Any], tracked: Sequence[int], params: dict[str, Any]
    ) -> Any:
        if row.outlined:
            self.used = True
            return params["loop"].outline(values)
        if max((x.size for x in values if x.__class__ is np.ndarray), default=0) < LARGE:
            with np.errstate(all="ignore") if self.used else nullcontext():
                return row(*values, **params)
        key = self.key(row, values, tracked, params)
        if key in self.known:
            self.used = True
            found = [x.made() if isinstance(x, Blank) else x for x in self.known[key]]
            return tuple(found) if row.multiple else found[0]
        if row.kind == "elementwise" or row.batch == "elementwise":
            self.known[key] = (entry_by_entry(row, values, params),)
            return self.evaluated(row, values, tracked, params)
        with np.errstate(all="ignore"):
            y = row(*values, **params)
        results = y if row.multiple else (y,)
        arrays = [x for x in results if isinstance(x, np.ndarray)]
        if any(np.may_share_memory(x, v) for x in arrays for v in values):
            return y  # a view, which costs nothing
        self.known[key] = tuple(blank(x) if isinstance(x, np.ndarray) else x for x in results)
        return y

    def looked_at(self) -> None:
        """Somebody wants to see values."""
        if self.used:
            self.failed = True
            raise ValuesMatterError

    def key(self, row: Any, values: Any, tracked: Sequence[int], params: dict[str, Any]) -> Any:
        kinds = [kind(x) if k in tracked else self.exactly(x) for k, x in enumerate(values)]
        return row, *kinds, self.exactly(tuple(params.items()))

    def exactly(self, x: Any) -> Any:
        """A key for a constant: numbers by value, arrays and others by identity."""
        if isinstance(x, tuple):
            return tuple(map(self.exactly, x))
        if isinstance(x, slice):
            return slice, self.exactly((x.start, x.stop, x.step))
        if isinstance(x, (str, int, float, complex, bytes, np.generic, np.dtype, type(None))):
            return type(x), x
        self.held.append(x)
        return id(x)


def depends_on_values(row: Primitive, values: Sequence[Any]) -> bool:
    """May the row fail, or take for ever, on other values than the user's?"""
    if row.name.startswith(UNSURE):
        return not all(np.all(np.isfinite(x)) for x in values if getattr(x, "size", LARGE) < LARGE)
    if TABLE.get(row.name) is not row or row.name == "implicit_root":  # a function of the user's
        return True
    module = getattr(row.value, "__module__", None) or ""
    return row.kind in ("special", "flat") and module.startswith(FACTORING)


def whole(level: TraceLevel) -> tuple[()]:
    """Begins a sketch of a row by its parts. What SciPy computes of whole arrays ends it: that is a
    call, and not a program of their entries."""
    level.whole, level.evaluate = True, Sketch()
    return ()


class Blank(NamedTuple):
    """What an array is, without its entries."""

    dtype: np.dtype[Any]
    shape: Shape
    axes: tuple[int, ...]  # from the slowest to the fastest

    def made(self) -> np.ndarray[Any, Any]:
        array = np.zeros([self.shape[k] for k in self.axes], self.dtype)
        return array.transpose(np.argsort(self.axes)) if self.axes else array


def blank(x: np.ndarray[Any, Any]) -> Blank:
    return Blank(x.dtype, x.shape, memory_order(x))


def entry_by_entry(row: Primitive, values: Sequence[Any], params: dict[str, Any]) -> Blank:
    """What comes of the first entries along each axis tells the type, and how the result lies."""
    few = [x[(slice(2),) * x.ndim] if isinstance(x, np.ndarray) else x for x in values]
    with np.errstate(all="ignore"):
        y = np.asarray(row(*few, **params))
    return Blank(y.dtype, np.broadcast_shapes(*map(np.shape, values)), memory_order(y))


def kind(x: Any) -> Any:
    return (x.dtype, x.shape, x.strides) if isinstance(x, np.ndarray) else type(x)
