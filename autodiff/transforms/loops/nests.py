"""The nests that loops carry: their leaves as arrays, and a check that they stay what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ...base.errors import NotDifferentiableError, ShapeError
from ...base.shapes import PYTHON_SCALARS
from ...base.trees import Structure, describe, flatten, paths
from ...engine.arguments import result_leaf
from ...programs.closed import Program, for_all_values
from ...programs.tracing import is_numeric
from ...rules.conforming import aval_of
from ...rules.primitive import Traced, is_in_program, nodes_of, payload


class Like:
    """What a nest is like: its structure, and the shape and dtype of each leaf."""

    def __init__(self, leaves: Sequence[Any], structure: Structure) -> None:
        self.structure, self.avals = structure, list(map(aval_of, leaves))

    def leaves(self, tree: Any, what: str, before: str) -> list[Any]:
        """The leaves of a nest that is like this one; any other is refused by name."""
        found, structure = taken(tree, what)
        if structure != self.structure:
            raise ShapeError(
                f"{what} has the structure {describe(structure)}, but {before} has "
                f"{describe(self.structure)}; return the same structure each time"
            )
        names = paths(self.structure, what)
        for x, aval, name in zip(found, self.avals, names, strict=True):
            now = aval_of(x)
            if now.shape != aval.shape:
                raise ShapeError(
                    f"{name} has shape {now.shape}, but {before} has {aval.shape}; return the "
                    "same shapes each time"
                )
            if now.dtype != aval.dtype:
                start = f"start with {now.dtype}, or " if before.startswith("init") else ""
                raise ShapeError(
                    f"{name} has dtype {now.dtype}, but {before} has {aval.dtype}; {start}return "
                    f"x.astype({str(aval.dtype)!r})"
                )
        return found


def taken(tree: Any, what: str) -> tuple[list[Any], Structure]:
    """The leaves of a nest of numbers, as arrays and scalars of NumPy; and its structure."""
    leaves, structure = flatten(tree)
    return [strong(result_leaf(x, what)) for x in leaves], structure


def given(tree: Any, what: str) -> tuple[list[Any], Structure]:
    """The same of an argument of the user's."""
    leaves, structure = flatten(tree)
    for x, name in zip(leaves, paths(structure, what), strict=True):
        if not is_numeric(x) and not isinstance(x, bool):
            raise NotDifferentiableError(
                f"{name} is {x!r:.60}, not a number or an array; let the function close over it"
            )
    return list(map(strong, leaves)), structure


def strong(x: Any) -> Any:
    """A Python number as NumPy's, so that it has one dtype in every round."""
    kind = payload(x).__class__
    if kind not in PYTHON_SCALARS and kind is not bool:
        return x
    dtype = np.dtype(kind)
    return x.astype(dtype) if isinstance(x, Traced) else dtype.type(x)


def in_program(leaves: Sequence[Any]) -> bool:
    """Is one of them part of a program that is written down?"""
    return any(map(is_in_program, leaves))


def is_batched(x: Any) -> bool:
    """Does `x` differ from example to example?"""
    return any(node.batch_axis for node in nodes_of(x))


def program_of(
    f: Callable[..., Any], examples: Sequence[Any], name: str, lift: Any = None
) -> Program:
    """The program of a round, or of a branch."""
    with naming(name):
        return for_all_values(f, examples, name, lift)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Say of an error in whose program it is."""
    try:
        yield
    except Exception as error:
        error.add_note(f"(in a function of {name}, which is traced once, for all values)")
        raise


def truth(x: Any, what: str) -> Any:
    """What a predicate returned: one truth value."""
    x = result_leaf(x, what)
    aval = aval_of(x)
    if aval.shape != ():
        raise ShapeError(
            f"{what} has shape {aval.shape}, not one truth value; use np.all or np.any, or "
            "np.where to choose entry by entry"
        )
    return x if payload(x).__class__ in (bool, np.bool_) else x != 0
