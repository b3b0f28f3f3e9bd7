"""`vspace`: what the arrays and nests that are like a value have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ...base.shapes import size_of
from ...base.trees import flatten, flatten_like, unflatten
from ...rules.conforming import aval_of


class VSpace:
    """The space of the arrays and nests that are like a value."""

    def __init__(self, value: Any) -> None:
        leaves, self.structure = flatten(value)
        self.likes = [aval_of(x) for x in leaves]
        self.dtypes = [float_like(like.dtype) for like in self.likes]
        self.size = sum(size_of(like.shape) for like in self.likes)
        self.iscomplex = any(dtype.kind == "c" for dtype in self.dtypes)
        if self.structure.size == 1 and not self.structure.parts:
            self.shape, self.dtype, self.ndim = (
                self.likes[0].shape,
                self.dtypes[0],
                len(self.likes[0].shape),
            )

    def each(self, make: Callable[..., Any], *values: Any) -> Any:
        """The value whose leaves are ``make(shape, dtype, *leaves of the values)``."""
        columns = zip(self.likes, self.dtypes, *map(self.leaves, values), strict=True)
        made = [make(like.shape, dtype, *leaves) for like, dtype, *leaves in columns]
        return unflatten(self.structure, made)

    def leaves(self, value: Any) -> list[Any]:
        return flatten_like(value, self.structure, "a value")

    def fitted(self, value: Any) -> list[Any]:
        """The leaves of a value of this space, in its shapes."""
        return flatten(self.each(lambda shape, _, x: reshaped(x, shape), value))[0]

    def zeros(self) -> Any:
        return self.each(np.zeros)

    def ones(self) -> Any:
        return self.each(np.ones)

    def randn(self) -> Any:
        draw = np.random.standard_normal  # as np.random.seed has it
        return self.each(
            lambda shape, dtype: np.asarray(
                draw(shape) + 1j * draw(shape) if dtype.kind == "c" else draw(shape), dtype
            )
        )

    def standard_basis(self) -> Iterator[Any]:
        for k, (like, dtype) in enumerate(zip(self.likes, self.dtypes, strict=True)):
            for place in np.ndindex(*like.shape):
                for unit in (1.0, 1j) if dtype.kind == "c" else (1.0,):
                    leaves = flatten(self.zeros())[0]
                    leaves[k][place] = unit
                    yield unflatten(self.structure, leaves)

    def add(self, x: Any, y: Any) -> Any:
        return self.each(lambda _, __, a, b: a + b, x, y)

    def scalar_mul(self, x: Any, a: Any) -> Any:
        return self.each(lambda _, __, part: part * a, x)

    def inner_prod(self, x: Any, y: Any) -> Any:
        pairs = zip(flatten(x)[0], flatten(y)[0], strict=True)
        return sum(np.real(np.vdot(a, b)) for a, b in pairs)

    def covector(self, x: Any) -> Any:
        return self.each(lambda _, __, part: np.conj(part), x)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, VSpace) and (self.structure, self.likes) == (
            other.structure,
            other.likes,
        )

    __hash__ = None  # type: ignore[assignment]


def float_like(dtype: Any) -> Any:
    return dtype if dtype is not None and dtype.kind in "fc" else np.dtype(float)


def vspace(value: Any) -> VSpace:
    return VSpace(value)


def reshaped(x: Any, shape: tuple[int, ...]) -> Any:
    """`x` in that shape, where only axes of length 1 differ; else as it is, and the engine says
    what is wrong."""
    found = np.shape(x)
    same = found != shape and [n for n in found if n != 1] == [n for n in shape if n != 1]
    return np.reshape(x, shape) if same else x
