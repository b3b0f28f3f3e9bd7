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
from numpy.lib.stride_tricks import as_strided

from ..errors import ShapeError
from .entry import ERRORS, Entry, python_function
from .leaves import Kind, own_result
from .listed import Listed
from .maps import UFUNCS
from .native import MOST_CALLS, Body, emit_program, is_native
from .program import Program, Value, number
from .schedule import Schedule, Step
from .views import layout

MOST_POINTERS = 500  # that calls in a row hand over
LONG = 200_000  # entries times maps from which other Python threads may run meanwhile


@cache
def target() -> tuple[Any, str, str]:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    features = binding.get_host_cpu_features().flatten()
    return binding.Target.from_default_triple(), binding.get_host_cpu_name(), features


def machine() -> Any:
    """This machine. An engine owns the one it is given, so that each gets a new one."""
    kind, cpu, features = target()
    return kind.create_target_machine(cpu=cpu, features=features, opt=3, jit=True)


@cache
def data_layout() -> str:
    return str(machine().target_data)


class Module:
    """One LLVM module, optimised and loaded."""

    def __init__(self, source: str, speed: int = 2) -> None:
        host = machine()
        module = binding.parse_assembly(source)
        options = binding.create_pipeline_tuning_options(speed_level=speed)
        options.loop_vectorization = options.slp_vectorization = False
        builder = binding.create_pass_builder(host, options)
        builder.getModulePassManager().run(module, builder)
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
        work = sum(v.size for s in steps for v in (*s.values, *s.reductions))
        entry = Entry(
            self.ir,
            body,
            self.inputs,
            self.outputs,
            self.memory.size,
            work > LONG,
            "entry",
        )
        self.module = Module(str(self.ir))
        address = self.module.address("entry")
        return python_function(address, "compiled", (entry.keep, self.memory, self.module))

    def body(self, steps: list[Step], name: str) -> ir.Function:
        """Native steps as one function: calls in a row, or a list, if they are many."""
        pointers = sum(len(s.nest.passed.given) for s in steps if s.kind == "loops")
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
        return self.interpret

    def interpret(self, *leaves: Any) -> Any:
        if len(leaves) != len(self.inputs) or not all(
            spec.fits(x) for x, spec in zip(leaves, self.inputs, strict=True)
        ):
            return NotImplemented
        given = []
        for x, spec in zip(leaves, self.inputs, strict=True):
            array = np.ascontiguousarray(x, dtype=spec.dtype).reshape(spec.shape)
            given.append(array)
        made = [np.empty(spec.shape, spec.dtype) for spec in self.outputs]
        workspace = np.empty(self.memory.size + 64, np.uint8)
        start = -workspace.ctypes.data % 64
        store = Store(self, given, made, workspace[start:])
        arguments, results = table(given), table(made)
        base = workspace.ctypes.data + start
        for part in self.parts:
            if isinstance(part, Value):
                store.compute(part)
            elif error := part(arguments, results, base):
                kind, text = next(what for bit, what in ERRORS.items() if error & bit)
                raise kind(text)
        objects = [own_result(y, spec) for y, spec in zip(made, self.outputs, strict=True)]
        return objects[0] if len(objects) == 1 else tuple(objects)


def table(arrays: Sequence[np.ndarray[Any, Any]]) -> Any:
    return (ctypes.c_void_p * max(len(arrays), 1))(*(a.ctypes.data for a in arrays))


class Store:
    """The buffers of one run, as arrays."""

    def __init__(self, compiled: Compiled, given: Any, made: Any, workspace: Any) -> None:
        self.compiled, self.given, self.made = compiled, given, made
        self.workspace = workspace
        self.objects: dict[int, Any] = {}  # what a row with several results returned

    def buffer(self, v: Value) -> Any:
        memory, key = self.compiled.memory, id(v)
        if key in memory.results:
            return self.made[memory.results[key]]
        if key in memory.arguments:
            return self.given[memory.arguments[key]]
        if key in memory.offsets:
            start = memory.offsets[key]
            part = self.workspace[start : start + v.size * v.dtype.itemsize]
            return part.view(v.dtype).reshape(v.shape)
        return v.params["value"]

    def array(self, v: Value) -> Any:
        known = number(v)
        if known is not None:
            return np.broadcast_to(known, v.shape)
        base, offset, strides = layout(v)
        flat = self.buffer(base).reshape(-1)[offset:]
        steps = tuple(s * v.dtype.itemsize for s in strides)
        return as_strided(flat, v.shape, steps, writeable=False)

    def operand(self, v: Value) -> Any:
        """An argument of a row: a Python number stays one."""
        array = self.array(v)
        return array if v.shape else array.item() if v.weak else array[()]

    def compute(self, v: Value) -> None:
        if v.op == "part":
            result = self.objects[id(v.inputs[0])][v.params["index"]]
        else:
            result = computed(v, [self.operand(x) for x in v.inputs])
            if isinstance(result, tuple):
                self.objects[id(v)] = result
                return
        if v.op in ("call", "part") and np.shape(result) != v.shape:
            row = (v.inputs[0] if v.op == "part" else v).params["function"]
            raise ShapeError(  # residuals of least squares come and go with the rank
                f"{row}: a result of shape {np.shape(result)} in a program traced for {v.shape}: "
                "it depends on the data; leave this call out of jit"
            )
        self.buffer(v)[...] = result


def computed(v: Value, operands: list[Any]) -> Any:
    """One instruction by NumPy."""
    with np.errstate(all="ignore"):
        if v.op == "map":
            return mapped(v, operands)
        if v.op == "reduce":
            return getattr(np, v.function)(operands[0], axis=v.params["axes"])
        if v.op == "product":
            return np.matmul(*operands)
        if v.op == "gather":
            return operands[0][tuple(operands[1:])]
        if v.op == "scatter":
            out = np.zeros(v.shape, v.dtype)
            np.add.at(out, tuple(operands[1:]), operands[0])
            return out
        if v.op == "place":
            return placed(v, operands)
        given = iter(operands)
        static = v.params["static"]
        count = len(operands) + len(static)
        arguments = [static[k] if k in static else next(given) for k in range(count)]
        return v.params["row"].value(*arguments, **v.params["params"])


def mapped(v: Value, operands: list[Any]) -> Any:
    if v.function == "cast":
        return np.asarray(operands[0]).astype(v.dtype)
    if v.function == "where":
        return np.where(*operands)
    return UFUNCS[v.function](*operands)


def placed(v: Value, operands: list[Any]) -> Any:
    out = np.zeros(v.size, v.dtype)
    for x, (offset, strides) in zip(operands, v.params["places"], strict=True):
        steps = tuple(s * v.dtype.itemsize for s in strides)
        as_strided(out[offset:], np.shape(x), steps)[...] = x
    return out.reshape(v.shape)
