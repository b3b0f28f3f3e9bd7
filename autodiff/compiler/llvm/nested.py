"""Loops and branches as native code: their programs are functions, called in real loops.

A function of a program takes a table of pointers to its operands, one to its results, and a
workspace. From round to round only pointers change: what a round wrote as its carry is what the
next one reads, and x and y move on by one entry.

    scratch     [workspace of the programs][carry, and the next carry]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from ..ir.program import Program, Value
from ..ir.views import layout
from .code import I8, I32, I64, POINTER, Code

ALIGNMENT = 64
Emit = Callable[[ir.Module, Program], tuple[ir.Function, Any]]


class Nested:
    """The functions of a nested instruction, and the room that a call of it needs."""

    def __init__(self, module: ir.Module, v: Value, emit: Emit) -> None:
        found = [emit(module, program) for program in v.params["programs"]]
        self.functions = [function for function, _ in found]
        self.memories = [memory for _, memory in found]
        self.workspace = rounded(max(memory.size for memory in self.memories))
        loop = v.params["loop"]
        carries = getattr(loop, "carries", 0)
        self.sizes = [nbytes(part) for part in v.params["parts"][:carries]]
        self.scratch = self.workspace + 2 * sum(map(rounded, self.sizes))


def rounded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def nbytes(v: Value) -> int:
    return v.size * v.dtype.itemsize


def emit_nested(
    code: Code, v: Value, inside: Nested, address: Callable[[Value], Any], error: Any, scratch: Any
) -> None:
    emitter = Emitter(code, v, inside, address, error, scratch)
    {"scan": emitter.scan, "while_loop": emitter.while_loop, "cond": emitter.cond}[v.function]()


class Emitter:
    """Writes one nested instruction into a function."""

    def __init__(
        self,
        code: Code,
        v: Value,
        inside: Nested,
        address: Callable[[Value], Any],
        error: Any,
        scratch: Any,
    ) -> None:
        self.code, self.b, self.inside, self.error = code, code.builder, inside, error
        self.scratch, self.loop = scratch, v.params["loop"]
        self.operands = [self.offset(address(layout(x)[0]), 0) for x in v.inputs]
        self.inputs = list(v.inputs)
        self.parts = v.params["parts"]
        self.results = [address(part) for part in self.parts]

    # -- small things ----------------------------------------------------------------------------
    def number(self, n: int) -> Any:
        return ir.Constant(I64, n)

    def offset(self, pointer: Any, place: Any) -> Any:
        place = self.number(place) if isinstance(place, int) else place
        return self.b.gep(pointer, [place], source_etype=I8)

    def table(self, pointers: Sequence[Any]) -> Any:
        made = self.b.alloca(POINTER, size=max(len(pointers), 1))
        for k, pointer in enumerate(pointers):
            if pointer is not None:
                self.put(made, k, pointer)
        return made

    def put(self, table: Any, k: int, pointer: Any) -> None:
        self.b.store(pointer, self.b.gep(table, [self.number(k)], source_etype=POINTER))

    def entry(self, table: Any, k: int) -> Any:
        place = self.b.gep(table, [self.number(k)], source_etype=POINTER)
        return self.b.load(place, typ=POINTER)

    def copy(self, source: Any, target: Any, size: int) -> None:
        if not size:
            return
        if size in (1, 4, 8):
            kind = ir.IntType(8 * size)
            self.b.store(self.b.load(source, typ=kind, align=1), target, align=1)
            return
        move = self.code.module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
        self.b.call(move, [target, source, self.number(size), ir.Constant(ir.IntType(1), 0)])

    def call(self, which: int, operands: Any, results: Any) -> None:
        found = self.b.call(self.inside.functions[which], [operands, results, self.scratch])
        self.b.store(self.b.or_(self.b.load(self.error, typ=I32), found), self.error)

    @contextmanager
    def counting(self, count: Any) -> Iterator[Any]:
        """``for j in range(count)``, which may be empty."""
        b = self.b
        before = b.block
        head, body, end = (b.append_basic_block(name) for name in ("round", "inside", "over"))
        b.branch(head)
        b.position_at_end(head)
        j = b.phi(I64)
        j.add_incoming(self.number(0), before)
        b.cbranch(b.icmp_signed("<", j, count), body, end)
        b.position_at_end(body)
        yield j
        j.add_incoming(b.add(j, self.number(1), flags=["nsw"]), b.block)
        b.branch(head)
        b.position_at_end(end)

    def carried(self, initial: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """Where the carry is, and where the next one goes."""
        now, after, place = [], [], self.inside.workspace
        for pointer, size in zip(initial, self.inside.sizes, strict=True):
            now.append(self.offset(self.scratch, place))
            after.append(self.offset(self.scratch, place + rounded(size)))
            place += 2 * rounded(size)
            self.copy(pointer, now[-1], size)
        return now, after

    def swap(self, tables: Sequence[tuple[Any, int]], results: Any) -> None:
        """What was written is read next; operands begin with the carry at a place of each table."""
        for k in range(len(self.inside.sizes)):
            old, new = self.entry(tables[0][0], tables[0][1] + k), self.entry(results, k)
            for table, first in tables:
                self.put(table, first + k, new)
            self.put(results, k, old)

    def finish(self, table: Any, first: int) -> None:
        for k, size in enumerate(self.inside.sizes):
            self.copy(self.entry(table, first + k), self.results[k], size)

    # -- loops -----------------------------------------------------------------------------------
    def scan(self) -> None:
        b, loop = self.b, self.loop
        rounds, carry, xs, closed = loop.parts(self.operands)
        ys = self.results[loop.carries :]
        start, count = (
            (b.load(p, typ=I64) for p in rounds) if rounds else map(self.number, (0, loop.length))
        )
        counter = b.alloca(I64)
        now, after = self.carried(carry)
        given = self.table([counter, *now, *xs, *closed])
        made = self.table([*after, *ys])
        _, _, arrays, _ = loop.parts(self.inputs)
        x_steps = [nbytes(x) // (loop.length or 1) for x in arrays]
        y_steps = [nbytes(y) // (loop.length or 1) for y in self.parts[loop.carries :]]
        with self.counting(count) as i:
            j = b.sub(b.sub(count, self.number(1)), i) if loop.reverse else i
            b.store(b.add(start, j), counter)
            for k, (x, step) in enumerate(zip(xs, x_steps, strict=True)):
                place = self.offset(x, b.mul(j, self.number(step)))
                self.put(given, 1 + loop.carries + k, place)
            for k, (y, step) in enumerate(zip(ys, y_steps, strict=True)):
                self.put(made, loop.carries + k, self.offset(y, b.mul(j, self.number(step))))
            self.call(0, given, made)
            self.swap([(given, 1)], made)
        self.finish(given, 1)

    def while_loop(self) -> None:
        b = self.b
        carry, of_test, of_body = self.loop.parts(self.operands)
        now, after = self.carried(carry)
        answer = b.alloca(I64)
        tested, given = self.table([*now, *of_test]), self.table([*now, *of_body])
        truth, made = self.table([answer]), self.table(after)
        head, body, end = (b.append_basic_block(name) for name in ("test", "inside", "over"))
        b.branch(head)
        b.position_at_end(head)
        self.call(0, tested, truth)
        holds = b.icmp_unsigned("!=", b.load(answer, typ=I8), ir.Constant(I8, 0))
        fine = b.icmp_signed("==", b.load(self.error, typ=I32), ir.Constant(I32, 0))
        b.cbranch(b.and_(holds, fine), body, end)
        b.position_at_end(body)
        self.call(1, given, made)
        self.swap([(given, 0), (tested, 0)], made)
        b.branch(head)
        b.position_at_end(end)
        self.finish(given, 0)

    def cond(self) -> None:
        b = self.b
        of_yes, of_no = self.loop.parts(self.operands)
        made = self.table(self.results)
        tables = self.table(of_yes), self.table(of_no)
        pred = b.load(self.operands[0], typ=I8)
        holds = b.icmp_unsigned("!=", pred, ir.Constant(I8, 0))
        with b.if_else(holds) as (then, otherwise):
            with then:
                self.call(0, tables[0], made)
            with otherwise:
                self.call(1, tables[1], made)


def native(v: Value, is_native: Callable[[Value], bool]) -> bool:
    """Is there code for all that the programs consist of?"""
    if v.op == "part":
        return v.inputs[0].op == "nested" and is_native(v.inputs[0])
    return all(is_native(x) for program in v.params["programs"] for x in program.values)
