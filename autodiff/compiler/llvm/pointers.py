"""What the function of a nest is handed: pointers to its buffers, or a table of many of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from ..ir.program import Value
from .code import I64, POINTER, Code
from .nest import Nest

MOST = 16  # pointers that are handed over one by one
BYTES = 8  # of a pointer


def room(size: int) -> Value:
    """Memory of the workspace, for a step alone."""
    return Value("scratch", (), {}, (size,), np.dtype(np.uint8))


class Pointers:
    """`given` lists buffers and where in each the pointer points: first those that the code of the
    nest knows by name, `direct`, with so many bytes for what it keeps for itself; then the runs of
    places that its repeats walk through."""

    def __init__(self, nest: Nest, kept: int = 0, runs: Sequence[tuple[Value, int]] = ()) -> None:
        self.direct = nest.direct
        self.kept = room(kept) if kept else None
        if self.kept is not None:
            self.direct.append(self.kept)
        self.given = [(b, nest.first.get(id(b), 0)) for b in self.direct]
        self.given += runs
        many = len(self.given) > MOST or runs
        self.table = room(len(self.given) * BYTES) if many else None

    @property
    def count(self) -> int:
        """How many operands the function has."""
        return len(self.given) if self.table is None else 1

    def buffers(self) -> list[Value]:
        """Everything that must be in memory while the nest runs."""
        used = {id(b): b for b, _ in self.given}
        return [*used.values(), *([] if self.table is None else [self.table])]

    def call(self, code: Code, function: ir.Function, address: Callable[[Value], Any]) -> None:
        """Emits the call, for buffers at these addresses."""
        pointers = [
            code.at(address(b), ir.Constant(I64, start), b.dtype) if start else address(b)
            for b, start in self.given
        ]
        if self.table is not None:
            table = address(self.table)
            for k, pointer in enumerate(pointers):
                slot = code.builder.gep(table, [ir.Constant(I64, k)], source_etype=POINTER)
                code.builder.store(pointer, slot)
            pointers = [table]
        code.builder.call(function, pointers)

    def taken(self, code: Code, function: ir.Function) -> dict[int, Any]:
        """Emits, at the beginning of the function, the reading of what it was handed."""
        given = list(function.args)
        if self.table is not None:
            slots = [
                code.builder.gep(given[0], [ir.Constant(I64, k)], source_etype=POINTER)
                for k in range(len(self.direct))
            ]
            given = [code.builder.load(slot, typ=POINTER) for slot in slots]
        return {id(b): p for b, p in zip(self.direct, given, strict=True)}
