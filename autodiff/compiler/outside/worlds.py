"""What a function has reached so far: one world for each set of objects among its arguments, seen
anew when a guard fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ...base.containers import Node
from ...base.shapes import PYTHON_SCALARS
from ...base.trees import Structure
from ...programs.tracing import is_numeric
from . import library
from .guards import World
from .kinds import VALUES
from .walking import Walk

MOST_WORLDS = 32
OF_A_CALL = 3  # containers: of arguments, of named arguments, and of both


class Outside:
    """The worlds of one function, and which values of them shape its programs."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.worlds: dict[Any, World] = {}
        self.plain: set[str] = set()  # paths of values that are constants
        self.moving: set[str] = set()  # paths of numbers that have changed, and are inputs

    def now(self, leaves: Any, structure: Structure, plain: Iterable[str] = ()) -> World:
        """The world as it is, walked again if it is no longer what it was."""
        around = [*beside(leaves, structure)]
        key = tuple([id(x) for x, _ in around])
        before = self.worlds.get(key)
        is_known = before is not None and not plain and before.holds()
        if before is not None and is_known and before.same == before.same_arrays(leaves):
            return before
        numbers = {} if before is None else before.walk.numbers
        chosen = {*self.plain, *plain}
        if plain and before is not None:
            chosen |= before.walk.plain
        walk = Walk(chosen, numbers, self.moving)
        if before is not None:
            walk.knowing(before.walk)
        roots = [(self.f, getattr(self.f, "__name__", "f"), False)]
        roots += [(x, getattr(x, "__name__", "self"), fixed) for x, fixed in around]
        world = World(walk.go(roots), leaves)
        check_compared(walk, leaves, structure)
        self.moving |= walk.moving
        if len(self.worlds) >= MOST_WORLDS:
            self.worlds.clear()
        self.worlds[key] = world
        return world

    def forget(self) -> None:
        """After an error of the user's: nothing was learnt from it."""
        self.worlds.clear()

    def settle(self, world: World) -> None:
        """Remember which values had to be constants, now that this made a program."""
        self.plain |= world.walk.plain

    def with_fewer_inputs(self, world: World, leaves: Any, structure: Structure) -> World | None:
        """After a trace that failed: first numbers are constants, then small arrays and those of
        integers, then all."""
        inputs = world.walk.inputs
        for chosen in (is_number, is_small, lambda x: True):
            paths = {
                path
                for (owner, key, path), x in zip(inputs, world.arrays(), strict=True)
                if chosen(x)
            }
            if paths:
                return self.now(leaves, structure, paths)
        return None


def check_compared(walk: Walk, leaves: Any, structure: Structure) -> None:
    """Refuse `is` where it would not say what it says in a plain call."""
    if not walk.compares:
        return
    containers = sum(isinstance(node, Node) for node in structure.nodes)
    if containers > OF_A_CALL:
        raise library.OutsideError(
            "jit: the function asks by `is` whether two things are one, and is given a list, tuple "
            "or dict, which is made anew for compiled code; pass its parts instead"
        )
    if any(id(x) in walk.fixed for x in leaves if x.__class__ is np.ndarray):
        raise library.OutsideError(
            "jit: the function asks by `is` whether two arrays are one, and is given an array that "
            "a class holds too; compare with np.array_equal, or pass a copy"
        )


def is_number(x: Any) -> bool:
    return not hasattr(x, "shape") or x.shape == ()


def is_small(x: Any) -> bool:
    return x.size <= 64 or x.dtype.kind in "iub"


def beside(leaves: Any, structure: Structure) -> Iterable[tuple[Any, bool]]:
    """The objects among the arguments that are looked into: what is no number, and the classes of
    registered containers with what they hold beside their parts; and whether they are fixed."""
    for x in leaves:
        inside = getattr(x, "value", None) if x.__class__.__name__ == "Static" else x
        if inside is not x and not callable(inside):
            continue  # static: a part of the program by its value
        if not is_numeric(inside) or inside is not x:
            yield inside, inside is not x
    for part in structure.nodes:
        if isinstance(part, Node):
            if not library.is_library(part.kind):
                yield part.kind, True
            for x in part.data if isinstance(part.data, (tuple, list)) else (part.data,):
                if x.__class__ not in VALUES and x.__class__ not in PYTHON_SCALARS:
                    yield x, True
