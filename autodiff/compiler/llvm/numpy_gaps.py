"""What native code lacks: NumPy computes it between two native parts, on arrays prepared once.

A run owns a workspace. The arrays that a gap reads and writes there are views made once for all
calls; only those of arguments and results are made anew.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...base.errors import AutodiffError, ShapeError
from ...base.warnings_off import quiet
from ..ir.maps import PYTHON_OPERATORS, UFUNCS, of_python_integers
from ..ir.program import Value, number
from ..ir.views import contiguous, layout
from ..numpy_source.running import driver
from .entry import ERRORS
from .native import ALIGNMENT, Memory

Arrays = Sequence[np.ndarray[Any, Any]]
Finder = Callable[[Arrays, Arrays], Any]  # of arguments and results


class Run:
    """A workspace, and the gaps as functions that read and write there. One call at a time."""

    def __init__(self, memory: Memory, parts: Sequence[Any]) -> None:
        self.memory = memory
        whole = np.empty(memory.size + ALIGNMENT, np.uint8)
        start = -whole.ctypes.data % ALIGNMENT
        self.workspace = whole[start:]
        self.base = whole.ctypes.data + start
        self.objects: dict[int, Any] = {}  # what a row with several results returned
        self.parts: list[Any] = [self.gap(x) if isinstance(x, Value) else x for x in parts]
        self.is_gap = [isinstance(x, Value) for x in parts]

    def __call__(self, given: Arrays, made: Arrays) -> None:
        arguments, results = table(given), table(made)
        with quiet():
            for is_gap, part in zip(self.is_gap, self.parts, strict=True):
                if is_gap:
                    part(given, made)
                elif error := part(arguments, results, self.base):
                    kind, text = next(what for bit, what in ERRORS.items() if error & bit)
                    raise kind(text)
        self.objects.clear()

    # -- arrays ----------------------------------------------------------------------------------
    def buffer(self, v: Value) -> Finder:
        memory, key = self.memory, id(v)
        if key in memory.results:
            k = memory.results[key]
            return lambda given, made: made[k]
        if key in memory.arguments:
            k = memory.arguments[key]
            return lambda given, made: given[k]
        if key in memory.offsets:
            start = memory.offsets[key]
            part = self.workspace[start : start + v.size * v.dtype.itemsize]
            array = part.view(v.dtype).reshape(v.shape)
        else:
            array = v.params["value"]
        return lambda given, made: array

    def array(self, v: Value) -> Finder:
        """Where a value stands, seen as it is."""
        known = number(v)
        if known is not None:
            fixed = np.broadcast_to(known, v.shape)
            return lambda given, made: fixed
        base, offset, strides = layout(v)
        whole = self.buffer(base)
        steps = tuple(s * v.dtype.itemsize for s in strides)

        def view(given: Arrays, made: Arrays) -> Any:
            flat = whole(given, made).reshape(-1)[offset:]
            return as_strided(flat, v.shape, steps, writeable=False)

        if id(base) not in (*self.memory.arguments, *self.memory.results):
            prepared = view((), ())
            return lambda given, made: prepared
        if not offset and strides == contiguous(base.shape) and v.shape == base.shape:
            return whole
        return view

    def operand(self, v: Value) -> Finder:
        """An argument of a row: a Python number stays one."""
        find = self.array(v)
        if v.shape:
            return find
        if v.weak:
            return lambda given, made: find(given, made).item()
        return lambda given, made: find(given, made)[()]

    # -- instructions ----------------------------------------------------------------------------
    def gap(self, v: Value) -> Callable[[Arrays, Arrays], None]:
        """One instruction, from where its operands are to where its result belongs."""
        compute = self.part(v) if v.op == "part" else evaluator(v)
        finders = [] if v.op == "part" else [self.operand(x) for x in v.inputs]
        if v.op == "nested" or (v.op == "call" and v.params["row"].multiple):

            def keep(given: Arrays, made: Arrays) -> None:
                self.objects[id(v)] = compute(*[find(given, made) for find in finders])

            return keep
        target = self.buffer(v)
        row = (v.inputs[0] if v.op == "part" else v).params.get("function", "")

        def fill(given: Arrays, made: Arrays) -> None:
            result = compute(*[find(given, made) for find in finders])
            if np.shape(result) != v.shape and v.op in ("call", "part"):
                raise ShapeError(  # residuals of least squares come and go with the rank
                    f"{row}: the result has shape {np.shape(result)}, but the program was traced "
                    f"for {v.shape}; the shape depends on the data: leave this call out of jit"
                )
            if v.op in ("call", "part") and np.iscomplexobj(result) != (v.dtype.kind == "c"):
                found = np.asarray(result).dtype
                raise AutodiffError(
                    f"{row}: the result is of type {found}, but the program was traced for "
                    f"{v.dtype}; whether it is complex depends on the data: pass a complex array, "
                    "or leave this call out of jit"
                )
            target(given, made)[...] = result

        return fill

    def part(self, v: Value) -> Callable[[], Any]:
        whole, k = id(v.inputs[0]), v.params["index"]
        return lambda: self.objects[whole][k]


def table(arrays: Arrays) -> Any:
    return (ctypes.c_void_p * max(len(arrays), 1))(*(a.ctypes.data for a in arrays))


def evaluator(v: Value) -> Callable[..., Any]:
    """One instruction by NumPy."""
    if v.op == "map":
        return mapped(v)
    if v.op == "reduce":
        reduction, axes = getattr(np, v.function), v.params["axes"]
        return lambda x: reduction(x, axis=axes)
    if v.op == "product":
        return np.matmul
    if v.op == "scan":
        running = getattr(np, v.function)
        return lambda x: running(x, axis=1)
    if v.op == "gather":
        return lambda x, *indices: x[indices]
    if v.op == "scatter":
        return lambda updates, *indices: scattered(v, updates, indices)
    if v.op == "place":
        return lambda *parts: placed(v, parts)
    if v.op == "nested":
        return driver(v)
    value, static, params = v.params["row"].value, v.params["static"], v.params["params"]
    if not static:
        return lambda *operands: value(*operands, **params)
    count = len(v.inputs) + len(static)

    def with_static(*operands: Any) -> Any:
        given = iter(operands)
        return value(*(static[k] if k in static else next(given) for k in range(count)), **params)

    return with_static


def mapped(v: Value) -> Callable[..., Any]:
    if of_python_integers(v):
        return v.dtype.type if v.function == "cast" else PYTHON_OPERATORS[v.function]
    if v.function == "cast":
        return lambda x: np.asarray(x).astype(v.dtype)
    return np.where if v.function == "where" else UFUNCS[v.function]


def scattered(v: Value, updates: Any, indices: Any) -> Any:
    out = np.zeros(v.shape, v.dtype)
    np.add.at(out, indices, updates)
    return out


def placed(v: Value, parts: Sequence[Any]) -> Any:
    out = np.zeros(v.size, v.dtype)
    for x, (offset, strides) in zip(parts, v.params["places"], strict=True):
        steps = tuple(s * v.dtype.itemsize for s in strides)
        as_strided(out[offset:], np.shape(x), steps)[...] = x
    return out.reshape(v.shape)
