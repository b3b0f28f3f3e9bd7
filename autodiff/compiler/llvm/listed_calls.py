"""A program of many steps as a list that a loop goes through, rather than as calls in a row.

LLVM needs more than linear time to compile thousands of calls in one function, and none for a list.

    functions   step t calls function number which[t] with table + begins[t]
    table       for each pointer that a step needs: bases[source] + offset, computed at each call
    bases       nothing, the workspace, the arguments, the results

Steps that do the same to other buffers call the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from ..ir.program import Value, hashable
from ..ir.views import layout
from ..scheduling.schedule import Step
from .code import I32, I64, POINTER, Code
from .native import ALIGNMENT, Memory, emit_alone, no_error
from .nested import emit_nested
from .products.symmetric import is_symmetric

ABSOLUTE, WORKSPACE, FIRST = 0, 1, 2  # what a pointer is counted from; then arguments, and results
Place = tuple[Value, int]  # a buffer, and a place in it in bytes


class Listed:
    """The steps as one function of arguments, results and workspace."""

    def __init__(self, module: ir.Module, memory: Memory, steps: Sequence[Step], name: str) -> None:
        self.module, self.memory = module, memory
        kind = ir.FunctionType(I32, [POINTER, POINTER, POINTER])
        self.function = ir.Function(module, kind, name)
        self.known: dict[Any, int] = {}
        self.functions: list[ir.Function] = []
        self.which: list[int] = []
        self.begins: list[int] = []
        self.pointers: list[tuple[int, int]] = []  # what each is counted from, and how far
        for step in steps:
            self.enter(step)
        self.table = -(-memory.size // ALIGNMENT) * ALIGNMENT
        memory.size = self.table + len(self.pointers) * 8
        self.emit()

    def enter(self, step: Step) -> None:
        """Put a step on the list."""
        if step.kind == "loops":
            loops = step.loops
            places = [(b, start * b.dtype.itemsize) for b, start in loops.passed.given]
            key: Any = id(loops.function)

            def emit(code: Code, given: list[Any], error: Any) -> None:
                code.builder.call(loops.function, given)

            count = 0 if loops.passed.table else len(places)
        else:
            places, key, emit = self.alone(step)
            count = len(places)
        if key not in self.known:
            self.known[key] = len(self.functions)
            self.functions.append(self.function_of(count, emit))
        self.which.append(self.known[key])
        self.begins.append(len(self.pointers))
        self.pointers += [self.pointer(*place) for place in places]

    def function_of(self, count: int, emit: Callable[[Code, list[Any], Any], None]) -> ir.Function:
        """Reads `count` pointers of the table, or hands the table on, and runs a step."""
        kind = ir.FunctionType(I32, [POINTER])
        made = ir.Function(self.module, kind, f"listed.{len(self.functions)}")
        made.linkage = "internal"
        code = Code(ir.IRBuilder(made.append_basic_block("entry")))
        error = no_error(code)
        table = made.args[0]
        given = [self.entry(code, table, ir.Constant(I64, k)) for k in range(count)]
        emit(code, given or [table], error)
        code.builder.ret(code.builder.load(error, typ=I32))
        return made

    def alone(self, step: Step) -> tuple[list[Place], Any, Any]:
        """A step without loops: what stands for it in the function, which knows no offsets."""
        (v,) = step.values
        memory, kind = self.memory, step.kind
        product, room = memory.products.get(id(v)), memory.scratch.get(id(v))
        operands = () if kind == "zero" else v.inputs
        places: list[Place] = [(v, 0)]
        key: Any
        if kind == "nested" or (kind == "product" and is_symmetric(v)):
            like, key = v, id(v)
            parts = v.params["parts"] if kind == "nested" else ()
            bases = [*parts, *(layout(x)[0] for x in operands)]
            buffers = list({id(b): b for b in bases}.values())
            places = [] if kind == "nested" else places
            places += [(b, 0) for b in buffers]
        else:
            like, buffers = with_own_buffers(v, operands)
            layouts = [layout(x) for x in operands]
            places += [(b, offset * b.dtype.itemsize) for b, offset, _ in layouts]
            shapes = tuple((x.shape, x.dtype.str, layout(x)[2]) for x in operands)
            shapes_of_bases = tuple(b.shape for b, *_ in layouts)
            params = () if kind == "zero" else hashable(v.params)
            key = (kind, v.shape, v.dtype.str, shapes, shapes_of_bases, params, product)
        if room is not None:
            places.append((room, 0))

        def emit(code: Code, given: list[Any], error: Any) -> None:
            scratch = ir.Constant(POINTER, None) if room is None else given[-1]
            if kind == "nested":
                pointers = {id(b): p for b, p in zip(buffers, given, strict=False)}
                emit_nested(code, v, step.nested, lambda b: pointers[id(b)], error, scratch)
                return
            pointers = {id(b): p for b, p in zip((like, *buffers), given, strict=False)}
            emit_alone(code, kind, like, lambda b: pointers[id(b)], error, product, scratch)

        return places, key, emit

    def pointer(self, v: Value, offset: int) -> tuple[int, int]:
        memory, key = self.memory, id(v)
        if key in memory.arguments:
            return FIRST + memory.arguments[key], offset
        if key in memory.results:
            return FIRST + len(memory.arguments) + memory.results[key], offset
        if key in memory.offsets:
            return WORKSPACE, memory.offsets[key] + offset
        return ABSOLUTE, memory.constant(v).ctypes.data + offset

    # -- code ------------------------------------------------------------------------------------
    def entry(self, code: Code, table: Any, k: Any) -> Any:
        slot = code.builder.gep(table, [k], source_etype=POINTER)
        return code.builder.load(slot, typ=POINTER)

    def array(self, name: str, numbers: Sequence[int]) -> Any:
        """Numbers as an array that lives as long as the program."""
        made = self.memory.constants[name] = np.array(numbers, np.int64)
        return ir.Constant(I64, made.ctypes.data).inttoptr(POINTER)

    def emit(self) -> None:
        code = Code(ir.IRBuilder(self.function.append_basic_block("entry")))
        b = code.builder
        error = no_error(code)
        arguments, results, workspace = self.function.args
        counts = len(self.memory.arguments), len(self.memory.results)
        bases = b.alloca(I64, size=ir.Constant(I32, FIRST + sum(counts)))

        def number(place: Any, k: Any) -> Any:
            return b.gep(place, [k], source_etype=I64)

        given: list[Any] = [ir.Constant(I64, 0), b.ptrtoint(workspace, I64)]
        for table, count in zip((arguments, results), counts, strict=True):
            pointers = [self.entry(code, table, ir.Constant(I64, k)) for k in range(count)]
            given += [b.ptrtoint(pointer, I64) for pointer in pointers]
        for k, x in enumerate(given):
            b.store(x, number(bases, ir.Constant(I64, k)))
        table = b.gep(workspace, [ir.Constant(I64, self.table)], source_etype=ir.IntType(8))
        sources, offsets = zip(*self.pointers, strict=True)
        source, offset = self.array("sources", sources), self.array("offsets", offsets)
        with code.loop(len(sources)) as k:
            base = b.load(number(bases, b.load(number(source, k), typ=I64)), typ=I64)
            b.store(b.add(base, b.load(number(offset, k), typ=I64)), number(table, k))
        which, begins = self.array("which", self.which), self.array("begins", self.begins)
        with code.loop(len(self.which)) as k:
            first = number(table, b.load(number(begins, k), typ=I64))
            self.choose(code, b.load(number(which, k), typ=I64), first, error)
        b.ret(b.load(error, typ=I32))

    def choose(self, code: Code, which: Any, given: Any, error: Any) -> None:
        """Calls the function of this number."""
        b = code.builder
        after = b.append_basic_block("after")
        choice = b.switch(which, after)
        for k, function in enumerate(self.functions):
            block = b.append_basic_block(f"function{k}")
            choice.add_case(ir.Constant(I64, k), block)
            b.position_at_end(block)
            b.store(b.or_(b.load(error, typ=I32), b.call(function, [given])), error)
            b.branch(after)
        b.position_at_end(after)


def with_own_buffers(v: Value, operands: Sequence[Value]) -> tuple[Value, list[Value]]:
    """The same instruction on operands that each begin a buffer of their own; those buffers."""
    buffers, inputs = [], []
    for x in operands:
        base, _, strides = layout(x)
        buffers.append(Value("input", (), {}, base.shape, base.dtype))
        shown = {"offset": 0, "strides": strides}
        inputs.append(Value("view", (buffers[-1],), shown, x.shape, x.dtype))
    return Value(v.op, tuple(inputs), v.params, v.shape, v.dtype), buffers
