"""From a program to something that runs: code made by LLVM, with NumPy for what has no code.

A program without gaps is one native function that Python calls directly. Otherwise the steps
between two gaps are a native function each, and Python goes from one to the next.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding, ir
from llvmlite.binding import ffi

from ...base.forking import held_while_forking
from ..ir.leaves import Kind, own_result
from ..ir.program import Program
from ..scheduling.schedule import Schedule, Step
from .entry import Entry, python_function
from .listed_calls import Listed
from .native import MOST_CALLS, Body, emit_program, is_native
from .numpy_gaps import Run

MOST_POINTERS = 500  # that calls in a row hand over
LARGE = 2**20  # characters of a module from which LLVM chooses instructions in half of the time
held_while_forking(ffi.lib._lock._lock)  # llvmlite's own, also held where code is freed
LONG = 200_000  # entries times maps from which other Python threads may run meanwhile


@cache
def target() -> tuple[Any, str, str]:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    return binding.Target.from_default_triple(), binding.get_host_cpu_name(), features


def machine(opt: int = 3) -> Any:
    """This machine. An engine owns the one it is given, so that each gets a new one."""
    kind, cpu, features = target()
    return kind.create_target_machine(cpu=cpu, features=features, opt=opt, jit=True)


@cache
def data_layout() -> str:
    return str(machine().target_data)


@cache
def passes() -> tuple[Any, Any, Any, Any]:
    """What optimises modules: first calls are written out, then each function is simplified.

    LLVM does not free these objects, nor what they keep: made for each module, they would leave a
    megabyte behind each time."""
    host = machine()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = binding.create_pass_builder(host, options)
    inline = binding.create_new_module_pass_manager()
    inline.add_always_inliner_pass()
    return inline, builder.getFunctionPassManager(), builder, host


class Module:
    """One LLVM module, optimised and loaded."""

    def __init__(self, source: str) -> None:
        module = binding.parse_assembly(source)
        inline, simplify, builder, _ = passes()
        inline.run(module, builder)
        for function in module.functions:
            if not function.is_declaration:
                simplify.run(function, builder)
        host = machine(3 if len(source) < LARGE else 1)
        self.engine = binding.create_mcjit_compiler(module, host)
        self.engine.finalize_object()
        self.module = module

    def address(self, name: str) -> int:
        return int(self.engine.get_function_address(name))


def new_module() -> ir.Module:
    module = ir.Module("autodiff")
    module.triple = binding.get_default_triple()
    target()
    module.data_layout = data_layout()
    return module


class Compiled:
    """A program, compiled. Called with the leaves of the arguments, it returns those of the results
    (one alone as it is), or `NotImplemented` if they are not what it was compiled for."""

    def __init__(self, program: Program, inputs: Sequence[Kind], outputs: Sequence[Kind]) -> None:
        self.program = program
        self.inputs, self.outputs = list(inputs), list(outputs)
        self.schedule = Schedule(program, is_native)
        self.ir = new_module()
        self.memory = emit_program(self.ir, program, self.schedule)
        steps = self.schedule.steps
        self.gaps = [s for s in steps if s.kind == "numpy"]
        if self.gaps:
            self.run = self.with_gaps(steps)
        else:
            self.run = self.without_gaps(steps)

    def without_gaps(self, steps: list[Step]) -> Any:
        body = self.body(steps, "body")
        body.linkage = "internal"
        loops = any(s.kind == "nested" for s in steps)
        work = sum(v.size for s in steps for v in (*s.values, *s.reductions))
        entry = Entry(
            self.ir,
            body,
            self.inputs,
            self.outputs,
            self.memory.size,
            loops or work > LONG,
            "entry",
        )
        self.module = Module(str(self.ir))
        address = self.module.address("entry")
        return python_function(address, "compiled", (entry.keep, self.memory, self.module))

    def body(self, steps: list[Step], name: str) -> ir.Function:
        """Native steps as one function: calls in a row, or a list, if they are many."""
        pointers = sum(len(s.loops.passed.given) for s in steps if s.kind == "loops")
        in_row = any(s.kind == "bands" for s in steps)  # there are few steps then
        if not in_row and (len(steps) > MOST_CALLS or pointers > MOST_POINTERS):
            return Listed(self.ir, self.memory, steps, name).function
        return Body(self.ir, self.memory, steps, name).function

    # -- with gaps -------------------------------------------------------------------------------
    def with_gaps(self, steps: list[Step]) -> Any:
        parts: list[Any] = []
        for step in steps:
            if step.kind == "numpy":
                parts.append(step.values[0])
            elif parts and isinstance(parts[-1], list):
                parts[-1].append(step)
            else:
                parts.append([step])
        names: dict[int, str] = {}
        for k, part in enumerate(parts):
            if isinstance(part, list):
                names[k] = f"part{k}"
                self.body(part, names[k])
        self.module = Module(str(self.ir))
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
        self.parts = [
            kind(self.module.address(names[k])) if k in names else part
            for k, part in enumerate(parts)
        ]
        self.shelf: list[Run] = []
        return self.interpret

    def interpret(self, *leaves: Any) -> Any:
        """One part after the other, natively and by NumPy. What a run works with is handed from
        call to call; a call that finds none left (another thread is inside) makes its own."""
        if len(leaves) != len(self.inputs) or not all(
            spec.fits(x) for x, spec in zip(leaves, self.inputs, strict=True)
        ):
            return NotImplemented
        given = [
            np.ascontiguousarray(x, dtype=spec.dtype).reshape(spec.shape)
            for x, spec in zip(leaves, self.inputs, strict=True)
        ]
        made = [np.empty(spec.shape, spec.dtype) for spec in self.outputs]
        try:
            run = self.shelf.pop()
        except IndexError:
            run = Run(self.memory, self.parts)
        try:
            run(given, made)
        finally:
            self.shelf.append(run)
        objects = [own_result(y, spec) for y, spec in zip(made, self.outputs, strict=True)]
        return objects[0] if len(objects) == 1 else tuple(objects)
