"""Nests of arrays as a whole: taken apart, put back, mapped, and laid out as one vector.

A nest is what every transform takes: lists, tuples, named tuples, dicts, dataclasses, and classes
given to :func:`autodiff.register_container`, nested in any way. Anything else is a leaf.

Two rules hold everywhere. The leaves of a dict come in the order in which they were put in, so
nests with the same keys in another order have their leaves in another order too; `map` goes by the
keys. (``jax.tree_util`` sorts the keys.) And None is an empty nest, not a leaf: it is skipped, and
put back in its place, as in ``jax.tree_util`` and optax.

Leaves may be tracked values: all of this can be differentiated, batched and compiled.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np

from .base import trees
from .base.errors import ShapeError, counted
from .base.module_names import names_of
from .base.shapes import shape_of
from .base.trees import Structure, paths
from .base.warnings_off import quiet
from .primitives.require import require
from .rules.primitive import Traced, payload

__all__ = ["Structure", "flatten", "flatten_like", "map", "ravel", "unflatten"]
__getattr__, __dir__ = names_of(__name__, __all__)


each = builtins.map


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """The leaves of a nest, as a list, and its structure, which compares with ``==``.

    A nest that contains itself is refused with a `ShapeError`.

    >>> import autodiff as ad
    >>> leaves, structure = ad.tree.flatten({"w": [1.0, 2.0], "b": None})
    >>> leaves, structure.size
    ([1.0, 2.0], 2)
    """
    return trees.flatten(tree)


def flatten_like(tree: Any, structure: Structure, what: str = "the nest") -> list[Any]:
    """The leaves of a nest of this structure, in its order; dicts may hold their keys in another.

    Any other nest is refused with a `ShapeError`, which calls it `what` and says where it differs.

    >>> import autodiff as ad
    >>> _, structure = ad.tree.flatten({"w": 1.0, "b": 2.0})
    >>> ad.tree.flatten_like({"b": 20.0, "w": 10.0}, structure)
    [10.0, 20.0]
    """
    return trees.flatten_like(tree, structure, what)


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """The nest of this structure with these leaves. Raises `ShapeError` unless there are
    ``structure.size`` of them.

    >>> import autodiff as ad
    >>> _, structure = ad.tree.flatten({"w": [1.0, 2.0], "b": None})
    >>> ad.tree.unflatten(structure, [3.0, 4.0])
    {'w': [3.0, 4.0], 'b': None}
    """
    if not isinstance(structure, Structure):
        raise TypeError(
            f"tree.unflatten: {structure!r:.40} is not a structure; "
            "write unflatten(structure, leaves)"
        )
    leaves = list(leaves)
    if len(leaves) != structure.size:
        raise ShapeError(
            f"tree.unflatten: the structure takes "
            f"{counted(structure.size, 'leaf', 'leaves')}, not {len(leaves)}: "
            f"{trees.describe(structure):.200}"
        )
    return trees.unflatten(structure, leaves)


def map(f: Callable[..., Any], tree: Any, *rest: Any) -> Any:  # noqa: A001 - as tree.map it is clear
    """A nest like `tree` of what `f` returns for each leaf, and for those of `rest` at its place.

    The nests in `rest` must have the structure of `tree`; a `ShapeError` says where one differs.

    >>> import autodiff as ad
    >>> ad.tree.map(lambda p, g: p - 0.1 * g, {"w": 1.0, "b": (2.0,)}, {"b": (5.0,), "w": 10.0})
    {'w': 0.0, 'b': (1.5,)}
    """
    if not callable(f):
        raise TypeError(f"tree.map: {f!r:.40} is not a function; write map(f, tree)")
    leaves, structure = trees.flatten(tree)
    others = [flatten_like(t, structure, f"tree.map: nest {k}") for k, t in enumerate(rest, 1)]
    return trees.unflatten(structure, list(each(f, leaves, *others)))


def ravel(tree: Any) -> tuple[Any, Callable[[Any], Any]]:
    """All numbers of a nest as one vector, and the function that puts such a vector back.

    The vector has shape (n,), each leaf in C order, and the dtype that NumPy promotes the leaves to
    (Python numbers are weak; without leaves it is empty and of float64). ``unravel(vector)`` gives
    each leaf its shape and dtype again, in memory of its own; a Python number stays one. It raises
    a `ShapeError` for a vector of another shape, and for numbers that a leaf cannot hold: fractions
    and numbers out of range in a leaf of integers, imaginary parts in a real one.

    >>> import numpy as np, autodiff as ad
    >>> parameters = {"w": np.array([[1.0, 2.0]], np.float32), "b": 3.0}
    >>> vector, unravel = ad.tree.ravel(parameters)
    >>> vector
    array([1., 2., 3.], dtype=float32)
    >>> unravel(2 * vector)
    {'w': array([[2., 4.]], dtype=float32), 'b': 6.0}
    """
    leaves, structure = trees.flatten(tree)
    names = list(paths(structure, "tree"))
    kinds = list(each(_kind, leaves, names))
    shapes = [shape_of(x) for x in leaves]
    ends = list(accumulate([prod(shape) for shape in shapes], initial=0))
    dtype = np.result_type(*(k() if isinstance(k, type) else k for k in kinds or [float]))

    def unravel(vector: Any) -> Any:
        """The nest with the numbers of this vector."""
        vector = vector if isinstance(vector, Traced) else np.asarray(vector)
        if vector.shape != (ends[-1],):
            raise ShapeError(
                f"unravel takes a vector of shape ({ends[-1]},), not one of shape {vector.shape}"
            )
        parts = [vector[a:b].reshape(s) for a, b, s in zip(ends, ends[1:], shapes, strict=False)]
        return trees.unflatten(structure, list(each(_restored, parts, kinds, names)))

    flat = [_flat(x, dtype, name) for x, name in zip(leaves, names, strict=True)]
    return np.concatenate([np.zeros(0, dtype), *flat]), unravel


PYTHON = (bool, int, float, complex)


def _kind(x: Any, name: str) -> Any:
    """A leaf's dtype, or its type if it is a number of Python's."""
    kind = type(payload(x))
    dtype = kind if kind in PYTHON else getattr(x, "dtype", None)
    if dtype is None or np.dtype(dtype).kind not in "biufc":
        raise ShapeError(
            f"tree.ravel: {name} is a {kind.__name__}, neither a number nor an array of numbers; "
            "leave it out of the nest"
        )
    return dtype


def _flat(x: Any, dtype: Any, name: str) -> Any:
    try:
        x = x if hasattr(x, "dtype") else np.asarray(x, dtype)
    except OverflowError as error:
        raise ShapeError(f"tree.ravel: {name}: {error}; make it a float, or an array") from None
    return np.ravel(x if x.dtype == dtype else x.astype(dtype))


def _restored(x: Any, kind: Any, name: str) -> Any:
    """A part of a vector, turned back into its leaf."""
    wanted = np.dtype(kind)
    is_cut = x.dtype.kind == "c" and wanted.kind != "c"
    if x.dtype != wanted and (wanted.kind in "biu" or is_cut):
        real = np.real(x)
        with quiet():  # a number that does not fit comes back as another
            fits = np.equal(x, real.astype(wanted).astype(x.dtype) if wanted.kind != "f" else real)
        message = f"unravel: {name} is of {wanted}, which cannot hold these numbers"
        require(fits, ShapeError(message))
        x = real
    if isinstance(x, Traced):
        return x if x.dtype == wanted else x.astype(wanted)
    x = x.astype(wanted)  # a copy: the vector and the nest may both be written to
    return x.item() if isinstance(kind, type) else x[()]
