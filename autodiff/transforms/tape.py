"""One run of a function in reverse mode: what every transform that pulls back begins with."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from ..arrays.tensor import Tensor
from ..base.trees import Structure, flatten, unflatten, unflatten_each
from ..base.warnings_off import ERRORS, IGNORED
from ..engine.arguments import (
    all_differentiable,
    called,
    finish_all,
    name_of,
    result_leaf,
    split_aux,
)
from ..engine.fused.backward import TAPE
from ..engine.graph import is_at
from ..engine.repeated_eigenvalues import resolved
from ..engine.reverse_mode import TapeNode, sweep
from ..primitives.linalg.coincidence import UndecidedError
from ..rules.primitive import new_level


class Tape:
    """One run of `f` in reverse mode: its results, and the nodes of its inputs and outputs."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        argnums: tuple[int, ...],
        has_aux: bool,
    ) -> None:
        level, tape_node = new_level(), TAPE.get()
        self.made_of = f, args, kwargs, argnums, has_aux
        call = list(args)
        self.inputs: list[Any] = []
        self.leaves: list[TapeNode] = []
        self.structures: list[Structure] = []
        for k in argnums:
            leaves, structure = flatten(args[k])
            handles = []
            for x in all_differentiable(leaves, f, args, (k,)):
                node = tape_node(level)
                self.inputs.append(x)
                self.leaves.append(node)
                handles.append(Tensor(x, node))
            call[k] = unflatten(structure, handles)
            self.structures.append(structure)
        y, self.aux = called(f, call, kwargs), None
        if has_aux:
            y, self.aux = split_aux(y, level, f)
        results, self.structure = flatten(y)
        self.outputs: list[Any] = []
        self.nodes: list[TapeNode | None] = []
        for leaf in results:
            if is_at(leaf, level) or is_at(leaf := result_leaf(leaf, name_of(f), level), level):
                self.outputs.append(leaf.value)
                self.nodes.append(leaf.node)
            else:
                self.outputs.append(leaf)
                self.nodes.append(None)

    def value(self) -> Any:
        return unflatten(self.structure, self.outputs)

    def resolve(self, sweeps: Callable[..., Any], *given: Any) -> Any:
        """What ``sweeps(tape, *given)`` makes of this tape or, where eigenvalues coincide, of the
        tapes of repeated_eigenvalues.py."""
        try:
            return sweeps(self, *given)
        except UndecidedError as undecided:
            watched, _ = flatten((self.inputs, given))
            again = functools.partial(Tape, *self.made_of)
            return resolved(undecided, watched, again, lambda tape: sweeps(tape, *given))

    def pull(self, cotangents: Sequence[Any], keep: bool) -> tuple[Any, ...]:
        """One cotangent per differentiated argument, in its structure."""
        return self.resolve(Tape.pull_once, cotangents, keep)

    def pull_once(self, cotangents: Sequence[Any], keep: bool) -> tuple[Any, ...]:
        before = ERRORS.set(IGNORED)  # a derivative that is inf or nan is an answer
        try:
            bars = sweep(self.nodes, cotangents, self.leaves, keep)
        finally:
            ERRORS.reset(before)
        return unflatten_each(self.structures, finish_all(bars, self.inputs))
