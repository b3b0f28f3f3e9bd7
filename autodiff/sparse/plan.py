"""One way to a sparse derivative: its pattern, its colours, and the sweeps that fill it in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from ..base.errors import NotDifferentiableError, ShapeError
from ..base.shapes import size_of
from ..base.trees import flatten
from ..base.warnings_off import quiet
from ..engine.arguments import argument_names, differentiable, finish_all, name_of
from ..engine.reverse_mode import sweep
from ..rules.conforming import aval_of
from ..rules.primitive import Traced
from ..transforms.gradients import push
from ..transforms.jacobians import in_unit_directions
from ..transforms.tape import Tape
from .coloring import Coloring, color_hessian, color_jacobian
from .entries import of_pattern
from .sparsity import Blocks, slices

Array = Any


class Plan:
    """The pattern of all blocks, its colours, and where each block's entries are."""

    def __init__(self, blocks: Blocks, way: str) -> None:
        self.blocks = blocks
        self.coloring: Coloring = (
            color_hessian(blocks.pattern)
            if way == "hessian"
            else color_jacobian(blocks.pattern, way)
        )

    @cached_property
    def parts(self) -> list[list[tuple[Any, Any]]]:
        return self.blocks.parts()

    @cached_property
    def places(self) -> Array:
        """Where the entries are in all sweeps, forward ones first, one after the other."""
        c, (n, m) = self.coloring, self.blocks.pattern.shape
        back = c.sweep >= c.forward
        return np.where(back, c.forward * n + (c.sweep - c.forward) * m, c.sweep * n) + c.place

    def seeds(self, colors: Array, count: int, shapes: Sequence[Any], likes: Any) -> list[Any]:
        """For each array a stack of directions: ones at the entries of a colour."""
        stacks = []
        for part, shape, like in zip(slices(shapes), shapes, likes, strict=True):
            dtype = aval_of(like).dtype or np.dtype(float)
            own = colors[part]
            stack = np.zeros((count, len(own)), dtype)
            there = np.flatnonzero(own >= 0)
            stack[own[there], there] = 1
            stacks.append(stack.reshape(count, *shape))
        return stacks

    def run(self, run: Run) -> tuple[list[list[Any]], Any]:
        """The blocks, and what the function returned beside its value."""
        c, stacks = self.coloring, []
        if c.forward or not c.backward:
            seeds = self.seeds(c.columns, c.forward, self.blocks.inputs, run.inputs)
            columns = run.columns(self.blocks)
            stacks.append(
                joined(in_unit_directions(columns, seeds, c.forward, run.inputs), c.forward)
            )
        if c.backward:
            stacks.append(joined(run.rows(self.blocks, partial(self.seeds, c.rows)), c.backward))
        data = (stacks[0] if len(stacks) == 1 else np.concatenate(stacks))[self.places]
        watched = any(isinstance(x, Traced) for x in run.inputs)  # though nothing depends on it
        return [
            [
                of_pattern(data if len(kept) == self.nnz else data[kept], part, watched)
                for part, kept in row
            ]
            for row in self.parts
        ], run.aux

    @property
    def nnz(self) -> int:
        return self.blocks.pattern.nnz


class Run:
    """A function at one point, and its two kinds of sweeps."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], kwargs: Any, places: Any, has_aux: bool
    ) -> None:
        self.made_of = f, args, kwargs, places, has_aux
        leaves, self.structure = flatten(tuple(args[k] for k in places))
        names = [f"{name} of {name_of(f)}" for name in argument_names(args, places)]
        self.inputs = [differentiable(x, name) for x, name in zip(leaves, names, strict=True)]
        refuse_complex(self.inputs)
        self.aux: Any = None

    def columns(self, blocks: Blocks) -> Callable[..., list[Any]]:
        """The slopes of all results in one direction."""
        f, args, kwargs, places, has_aux = self.made_of

        def at(*selected: Any) -> Any:
            call = list(args)
            for k, value in zip(places, selected, strict=True):
                call[k] = value
            return f(*call, **kwargs)

        def columns(*tangents: Any) -> list[Any]:
            value, slope, *aux = push(at, self.inputs, tangents, self.structure, has_aux)
            self.aux = aux[0] if aux else None
            check_results(flatten(value)[0], blocks, f)
            return flatten(slope)[0]

        return columns

    def rows(self, blocks: Blocks, seeds: Callable[..., list[Any]]) -> list[Any]:
        """The slopes in all arguments of weighted sums of results, in one batched sweep."""
        tape = Tape(*self.made_of)
        self.aux = tape.aux
        check_results(tape.outputs, blocks, self.made_of[0])

        def sweeps(tape: Tape) -> list[Any]:
            known = [k for k, node in enumerate(tape.nodes) if node is not None]

            def rows(*bars: Any) -> list[Any]:
                with quiet():
                    found = sweep([tape.nodes[k] for k in known], bars, tape.leaves, keep=True)
                return finish_all(found, tape.inputs)

            return in_unit_directions(rows, [stacks[k] for k in known], count, tape.inputs)

        count = int(np.max(seeds.args[0])) + 1  # type: ignore[attr-defined]
        stacks = seeds(count, blocks.outputs, tape.outputs)
        found: list[Any] = tape.resolve(sweeps)
        return found


def joined(stacks: Sequence[Any], count: int) -> Any:
    """Each sweep's entries one after the other, as one array."""
    flat = [np.reshape(s, (count, size_of(aval_of(s).shape) // max(count, 1))) for s in stacks]
    return np.reshape(flat[0] if len(flat) == 1 else np.concatenate(flat, 1), (-1,))


def refuse_complex(values: Sequence[Any]) -> None:
    if any(map(np.iscomplexobj, values)):
        raise NotDifferentiableError(
            "sparse=True takes real arguments and results; leave sparse out, or take real and "
            "imaginary parts"
        )


def check_results(results: Sequence[Any], blocks: Blocks, f: Callable[..., Any]) -> None:
    refuse_complex(results)
    found = [aval_of(y).shape for y in results]
    if found != blocks.outputs:
        raise ShapeError(
            f"the pattern of {name_of(f)} is for results of shapes {blocks.outputs}; they have "
            f"the shapes {found} now"
        )
