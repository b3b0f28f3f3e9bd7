"""Functions of a vector: the numbers in a nest as one, and derivatives in the parameters.

A row may depend on its arguments only, so what a user's function closes over has to become an
argument. Tracing it once finds those values: they are the constants of its program that another
transform is watching.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from ..base.errors import NotDifferentiableError, ShapeError, refuse
from ..base.shapes import Shape, size_of
from ..base.trees import Structure, describe, flatten, unflatten
from ..programs.tracing import is_numeric
from ..rules.conforming import aval_of, cast
from ..rules.primitive import ZERO, Traced, nodes_of, payload
from ..transforms.gradients import jvp, vjp


class Layout:
    """How the numbers of a nest lie in one vector: its structure, and the shape of each leaf."""

    def __init__(self, tree: Any, what: str) -> None:
        leaves, structure = flatten(tree)
        if not leaves or not all(map(is_numeric, leaves)):
            raise NotDifferentiableError(f"{what} must be made of numbers, not {tree!r:.60}")
        self.hold(leaves, structure)

    def hold(self, leaves: Sequence[Any], structure: Structure) -> Self:
        self.structure = structure
        self.avals = [aval_of(x) for x in leaves]
        self.sizes = [size_of(a.shape) for a in self.avals]
        return self

    @classmethod
    def of(cls, leaves: Sequence[Any], structure: Structure) -> Layout:
        """The layout of leaves and structure, as they were saved."""
        return cls.__new__(cls).hold(leaves, structure)

    @property
    def size(self) -> int:
        return sum(self.sizes)

    @property
    def is_array(self) -> bool:
        """One array or number, in no container."""
        return not self.structure.parts and len(self.avals) == 1

    def split(self, vector: Any) -> list[Any]:
        """The leaves whose entries stand in `vector`, in their shapes and dtypes."""
        leaves, start = [], 0
        for aval, size in zip(self.avals, self.sizes, strict=True):
            whole = len(self.avals) == 1
            part = vector if whole else vector[start : start + size]
            leaf = np.reshape(part, aval.shape) if aval.shape else part[0]
            # A leaf of a narrower dtype than its neighbours has it back; integers stay floats.
            leaves.append(leaf if whole or not is_narrow(aval) else cast(leaf, aval.dtype))
            start += size
        return leaves

    def nest(self, vector: Any) -> Any:
        return unflatten(self.structure, self.split(vector))

    def join(self, tree: Any, what: str) -> Any:
        """The numbers of `tree`, which has this layout, as one vector."""
        leaves, structure = flatten(tree)
        shapes = [np.shape(x) if not isinstance(x, Traced) else x.shape for x in leaves]
        if structure != self.structure or shapes != [a.shape for a in self.avals]:
            raise ShapeError(
                f"{what} has {shown(structure, shapes)}, expected "
                f"{shown(self.structure, [a.shape for a in self.avals])}"
            )
        return joined(leaves)


def is_narrow(aval: Any) -> bool:
    return aval.dtype is not None and aval.dtype.kind in "fc"


def shown(structure: Structure, shapes: Sequence[Shape]) -> str:
    if not structure.parts and len(shapes) == 1:
        return f"shape {shapes[0]}"
    return f"structure {describe(structure)} with shapes {', '.join(map(str, shapes))}"


def joined(leaves: Sequence[Any]) -> Any:
    vectors = [np.reshape(x, (-1,)) for x in leaves]
    return vectors[0] if len(vectors) == 1 else np.concatenate(vectors)


class Tracked:
    """A nest as its tracked values, in a list, and a way to put others in their places."""

    def __init__(self, tree: Any) -> None:
        self.leaves, self.structure = flatten(tree)
        self.places = [k for k, x in enumerate(self.leaves) if isinstance(x, Traced)]
        self.values = [self.leaves[k] for k in self.places]
        self.leaves = [None if isinstance(x, Traced) else x for x in self.leaves]

    @classmethod
    def of(cls, structure: Structure, leaves: list[Any], places: list[int]) -> Tracked:
        """What was saved; the tracked values of that time are not part of it."""
        self = cls.__new__(cls)
        self.structure, self.leaves, self.places, self.values = structure, leaves, places, []
        return self

    @property
    def count(self) -> int:
        return len(self.places)

    def nest(self, values: Sequence[Any]) -> Any:
        return unflatten(self.structure, filled_in(self.leaves, self.places, values))


def is_batched(x: Any) -> bool:
    """Does `x`, or what is under it, differ from example to example?"""
    return any(node.batch_axis for node in nodes_of(x))


def plain(x: Any, what: str) -> Any:
    """The number or array under every transform that watches `x`."""
    if is_batched(x):
        raise refuse(
            f"{what} differs from example to example under vmap", "pass it in as an argument"
        )
    return payload(x)


# -- functions of an unknown and of parameters ----------------------------------------------------
class Map:
    """A function of a vector `x` and of parameters `p`, which differentiates in the parameters."""

    def __call__(self, x: Any, *p: Any) -> Any:
        raise NotImplementedError  # pragma: no cover - every subclass overrides it

    def push(self, x: Any, p: Sequence[Any], tangents: Sequence[Any]) -> Any:
        """The derivative in the parameters, applied to their tangents."""
        places = [k for k, (a, t) in enumerate(zip(p, tangents, strict=True)) if moves(a, t)]
        if not places:
            return ZERO
        primals, directions = (tuple(v[k] for k in places) for v in (p, tangents))
        return jvp(lambda *chosen: self(x, *filled_in(p, places, chosen)), primals, directions)[1]

    def pull(self, x: Any, p: Sequence[Any], cotangent: Any) -> list[Any]:
        """Its transpose: one cotangent for each parameter."""
        places = [k for k, a in enumerate(p) if moves(a)]
        bars: list[Any] = [ZERO] * len(p)
        if places:
            primals = [p[k] for k in places]
            _, pullback = vjp(lambda *chosen: self(x, *filled_in(p, places, chosen)), *primals)
            for k, bar in zip(places, pullback(cotangent), strict=True):
                bars[k] = bar
        return bars


def moves(a: Any, tangent: Any = None) -> bool:
    """Is there anything to differentiate in: a number that is not an integer, with a tangent?"""
    dtype = aval_of(a).dtype
    return tangent is not ZERO and a.__class__ is not int and (dtype is None or dtype.kind in "fc")


def filled_in(p: Sequence[Any], places: Sequence[int], chosen: Sequence[Any]) -> list[Any]:
    full = list(p)
    for k, value in zip(places, chosen, strict=True):
        full[k] = value
    return full
