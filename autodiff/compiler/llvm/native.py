"""A program as one native function: every step a function of its own, called in order.

Buffers that no result needs share one workspace: a buffer's place is free again after its last use.
The workspace is made once and handed from call to call; a call that finds it taken (another thread
is inside) makes its own.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from llvmlite import ir

from ..ir.maps import of_python_integers
from ..ir.program import BOOL, Program, Value
from ..ir.views import layout
from ..scheduling.schedule import LEAVES, SYSTEMS, Schedule, Step
from .bands import Bands, Member, emit_bands, product_of_band, with_bands, zero
from .code import I8, I32, I64, POINTER, TYPES, Code, can_map, kind_of
from .gathers import emit_gather, emit_scatter
from .loops import Loops
from .nested import Nested, emit_nested, native
from .products.blas import emit_product, own
from .products.blocking import Product, scratch_bytes
from .products.lapack import emit_system
from .products.symmetric import emit_symmetric, is_symmetric, symmetric_scratch
from .reductions import NEUTRAL
from .running_sums import emit_scan

ALIGNMENT = 64
MOST_CALLS = 64  # steps that are calls in a row; more of them are a list
INSIDE: WeakKeyDictionary[ir.Module, dict[int, Any]] = WeakKeyDictionary()  # by the program
MOST_INLINED = 12  # functions of loops; if there are more, they are called


def is_native(v: Value) -> bool:
    """Is there code for this instruction?"""
    if v.op in LEAVES or v.op == "view":
        return True
    if v.op == "nested" or (v.op == "part" and v.inputs[0].op == "nested"):
        return native(v, is_native)
    if any(kind_of(x.dtype) not in TYPES for x in (v, *v.inputs)):
        return False
    if of_python_integers(v):
        return False
    if v.op == "map":
        return can_map(v.function, v.inputs[-1].dtype, v.dtype)
    if v.op == "reduce":
        return v.function in NEUTRAL and v.dtype != BOOL
    if v.op == "product":
        return v.dtype.kind == "f"
    return v.op in ("place", "gather", "scatter", "scan", *SYSTEMS)


class Memory:
    """Where every buffer is: an argument, a result, a constant, or a place in the workspace."""

    def __init__(self, program: Program, schedule: Schedule) -> None:
        self.arguments = {id(v): k for k, v in enumerate(program.inputs)}
        self.results = {id(v): k for k, v in enumerate(program.outputs)}
        self.offsets: dict[int, int] = {}
        self.constants: dict[Any, np.ndarray[Any, Any]] = {}
        self.products: dict[int, Product] = {}  # those that our own code computes
        self.scratch: dict[int, Value] = {}  # by the product that needs it
        self.size = 0
        self.plan(schedule)

    def scratch_of(self, step: Step) -> list[Value]:
        """Room that only this step uses."""
        if step.kind == "bands":
            return [
                room for m in step.bands.members for room in self.scratch_of_band(step.bands, m)
            ]
        if step.kind == "nested":
            return self.room(id(step.values[0]), step.nested.scratch)
        if step.kind != "product":
            return []
        (v,) = step.values
        key = id(v)
        if is_symmetric(v):
            size = symmetric_scratch(v)
        else:
            product = own(v)
            if product is None:
                return []
            size = scratch_bytes(product)
            self.products[key] = product
        return self.room(key, size)

    def scratch_of_band(self, bands: Bands, m: Member) -> list[Value]:
        if m.step.kind != "product":
            return []
        (v,) = m.step.values
        products = [product_of_band(v, bands.rows, n) for n in bands.lengths]
        return self.room(id(v), max(map(scratch_bytes, products)))

    def room(self, key: int, size: int) -> list[Value]:
        if not size:
            return []
        self.scratch[key] = Value("scratch", (), {}, (size,), np.dtype(np.uint8))
        return [self.scratch[key]]

    def plan(self, schedule: Schedule) -> None:
        shares = {
            key: step.bands.rows // step.bands.length
            for step in schedule.steps
            if step.kind == "bands"
            for key in step.bands.local
        }
        last: dict[int, int] = {}
        made: dict[int, int] = {}
        known: dict[int, Value] = {}
        for k, step in enumerate(schedule.steps):
            for v in [*touched(step, schedule), *self.scratch_of(step)]:
                known[id(v)] = v
                made.setdefault(id(v), k)
                last[id(v)] = k
        free: list[tuple[int, int]] = []  # (offset, size), sorted by offset
        ends: dict[int, list[int]] = {}
        for key, k in last.items():
            ends.setdefault(k, []).append(key)
        sizes: dict[int, int] = {}
        begins: dict[int, list[int]] = {}
        for key, k in made.items():
            begins.setdefault(k, []).append(key)
        for k in range(len(schedule.steps)):
            for key in begins.get(k, ()):
                v = known[key]
                if key in self.results or key in self.arguments:
                    continue
                if v.op == "constant":
                    self.constant(v)
                    continue
                size = v.size * v.dtype.itemsize // shares.get(key, 1)
                sizes[key] = -(-max(size, 1) // ALIGNMENT) * ALIGNMENT
                self.offsets[key] = self.take(free, sizes[key])
            for key in ends.get(k, ()):
                if key in sizes:
                    give_back(free, self.offsets[key], sizes[key])

    def constant(self, v: Value) -> np.ndarray[Any, Any]:
        """The array of a known value, which lives as long as the program."""
        if id(v) not in self.constants:
            self.constants[id(v)] = np.ascontiguousarray(v.params["value"])
        return self.constants[id(v)]

    def take(self, free: list[tuple[int, int]], size: int) -> int:
        for j, (offset, room) in enumerate(free):
            if room >= size:
                free[j : j + 1] = [(offset + size, room - size)] if room > size else []
                return offset
        offset = self.size
        if free and free[-1][0] + free[-1][1] == self.size:  # grow the last gap
            offset = free.pop()[0]
        self.size = offset + size
        return offset


def give_back(free: list[tuple[int, int]], offset: int, size: int) -> None:
    """A gap, made one with the gaps that it touches."""
    k = bisect(free, (offset, size))
    if k < len(free) and offset + size == free[k][0]:
        size += free.pop(k)[1]
    if k and sum(free[k - 1]) == offset:
        k -= 1
        start, room = free.pop(k)
        offset, size = start, room + size
    free.insert(k, (offset, size))


def touched(step: Step, schedule: Schedule) -> list[Value]:
    """The buffers that a step reads or writes."""
    if step.kind == "loops":
        return list(step.loops.buffers)
    if step.kind == "bands":
        found = [b for loops in step.bands.loops.values() for b in loops.buffers]
        alone = [m.step for m in step.bands.members if m.step.kind != "loops"]
        return [*found, *(b for s in alone for b in touched(s, schedule))]
    (v,) = step.values
    if step.kind == "nested":
        return [*v.params["parts"], *(layout(x)[0] for x in v.inputs)]
    found = [v] if step.kind != "numpy" or id(v) in schedule.stored else []
    if step.kind != "zero":
        found += [layout(x)[0] for x in v.inputs]
    return [b for b in found if b.op != "constant" or b.ndim or step.kind != "numpy"]


def emit_program(module: ir.Module, program: Program, schedule: Schedule) -> Memory:
    """The loops of all steps, as functions that steps share where they can; where buffers are."""
    for step in schedule.steps:
        if step.kind == "loops":
            step.loops = Loops(step, schedule)
    steps = [s for s in schedule.steps if s.kind != "loops" or s.loops.is_needed]
    if len(steps) <= MOST_CALLS:
        steps = with_bands(steps, map(id, program.outputs))
    schedule.steps = steps
    known: dict[Any, ir.Function] = {}
    for step in steps:
        if step.kind == "loops":
            step.loops.compile(module, known)
        elif step.kind == "bands":
            step.bands.compile(module, schedule, known)
        elif step.kind == "nested":
            step.nested = Nested(module, step.values[0], emit_inside)
    if len(known) > MOST_INLINED:
        for function in known.values():
            function.attributes.add("noinline")
    return Memory(program, schedule)


def emit_inside(module: ir.Module, program: Program) -> tuple[ir.Function, Memory]:
    """The program of a loop or a branch as a function, and its memory; each only once."""
    known = INSIDE.setdefault(module, {})
    if id(program) in known:
        return known[id(program)]
    schedule = Schedule(program, is_native)
    memory = emit_program(module, program, schedule)
    function = Body(module, memory, schedule.steps, module.get_unique_name("inside")).function
    function.linkage = "internal"
    known[id(program)] = function, memory
    return function, memory


class Body:
    """Emits the steps from `first` to `last` as one function."""

    def __init__(self, module: ir.Module, memory: Memory, steps: Sequence[Step], name: str) -> None:
        kind = ir.FunctionType(I32, [POINTER, POINTER, POINTER])
        self.function = ir.Function(module, kind, name)
        self.memory = memory
        self.code = Code(ir.IRBuilder(self.function.append_basic_block("entry")))
        self.known: dict[int, Any] = {}
        self.error = no_error(self.code)
        for step in steps:
            self.emit(step)
        self.code.builder.ret(self.code.builder.load(self.error, typ=I32))

    def address(self, v: Value) -> Any:
        """Where a buffer begins."""
        key = id(v)
        if key not in self.known:
            self.known[key] = self._address(v)
        return self.known[key]

    def _address(self, v: Value) -> Any:
        builder, memory, key = self.code.builder, self.memory, id(v)
        arguments, results, workspace = self.function.args
        for table, places in ((results, memory.results), (arguments, memory.arguments)):
            if key in places:
                slot = builder.gep(table, [ir.Constant(I64, places[key])], source_etype=POINTER)
                return builder.load(slot, typ=POINTER)
        if key in memory.offsets:
            place = ir.Constant(I64, memory.offsets[key])
            return builder.gep(workspace, [place], source_etype=I8)
        return ir.Constant(I64, memory.constant(v).ctypes.data).inttoptr(POINTER)

    def emit(self, step: Step) -> None:
        code = self.code
        if step.kind == "loops":
            step.loops.passed.call(code, step.loops.function, self.address)
            return
        if step.kind == "bands":
            emit_bands(code, step.bands, self.address, self.memory.scratch)
            return
        (v,) = step.values
        room = self.memory.scratch.get(id(v))
        scratch = ir.Constant(POINTER, None) if room is None else self.address(room)
        product = self.memory.products.get(id(v))
        if step.kind == "nested":
            emit_nested(code, v, step.nested, self.address, self.error, scratch)
            return
        emit_alone(code, step.kind, v, self.address, self.error, product, scratch)


def no_error(code: Code) -> Any:
    """Where a function notes what went wrong."""
    error = code.builder.alloca(I32)
    code.builder.store(ir.Constant(I32, 0), error)
    return error


def emit_alone(
    code: Code,
    kind: str,
    v: Value,
    address: Callable[[Value], Any],
    error: Any,
    product: Product | None,
    scratch: Any,
) -> None:
    """A step that is one instruction."""
    if kind == "zero":
        zero(code, v, address(v))
    elif kind == "product" and is_symmetric(v):
        emit_symmetric(code, v, address, scratch)
    elif kind == "product":
        emit_product(code, v, address, product, scratch)
    elif kind == "gather":
        emit_gather(code, v, address, error)
    elif kind == "scan":
        emit_scan(code, v, address)
    elif kind in SYSTEMS:
        emit_system(code, v, address, error)
    else:
        zero(code, v, address(v))
        emit_scatter(code, v, address, error)
