"""The native function as a Python function: arguments checked, results made, nothing in between.

CPython calls it directly, with the objects themselves (METH_FASTCALL). It looks into a float or an
array as C code does, and answers `NotImplemented` to anything that is not just what the program was
compiled for: another shape, type or memory order. Then Python takes the slow path.
Sources: Python/C API reference, "Common Object Structures"; NumPy C-API, "Python types and
C-structures" (the layout of PyArrayObject is part of its binary interface).
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from llvmlite import ir

from ..ir.leaves import Kind
from .code import DOUBLE, I8, I32, I64, POINTER, external, memory_type
from .gathers import OUT_OF_BOUNDS
from .products.lapack import INDEFINITE, NO_INVERSE, SINGULAR

HEADER = object.__basicsize__  # bytes before an object's own fields
TYPE = HEADER - 8
DATA, NDIM, DIMENSIONS, DESCRIPTION, FLAGS = (HEADER + k for k in (0, 8, 16, 40, 48))
BYTE_ORDER, TYPE_NUMBER = HEADER + 10, HEADER + 12  # of a description
SWAPPED = ord(np.dtype(float).newbyteorder().byteorder)
IN_ORDER = 0x1 | 0x100  # C-contiguous and aligned
EMPTY, SCALAR = 184, 60  # PyArray_Empty and PyArray_Scalar in NumPy's table of functions
METH_FASTCALL, METH_KEYWORDS = 0x80, 0x2
C = ctypes.pythonapi
ERRORS: dict[int, tuple[type[Exception], str]] = {  # what the bits of a body's result mean
    OUT_OF_BOUNDS: (IndexError, "an index is out of bounds"),
    SINGULAR: (np.linalg.LinAlgError, "np.linalg.solve: Singular matrix"),
    NO_INVERSE: (np.linalg.LinAlgError, "np.linalg.inv: Singular matrix"),
    INDEFINITE: (np.linalg.LinAlgError, "np.linalg.cholesky: Matrix is not positive definite"),
}


def address_of(function: Any) -> int:
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


def numpy_function(index: int) -> int:
    from numpy._core import _multiarray_umath

    get = C.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = get(_multiarray_umath._ARRAY_API, None)
    return int(ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))[index] or 0)


class Emitter:
    """Writes a function that Python calls, and that calls Python's and NumPy's functions. Behind
    its `self`, the arguments and their number it may be given further pointers: `more`."""

    def __init__(self, module: ir.Module, name: str, more: int = 0) -> None:
        self.module = module
        kind = ir.FunctionType(POINTER, [POINTER, POINTER, I64, *more * [POINTER]])
        self.function = ir.Function(module, kind, name)
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        self.keep: list[Any] = []  # what the code points to
        self.refused = self.function.append_basic_block("refused")
        with self.builder.goto_block(self.refused):
            self.builder.ret(self.call("Py_NewRef", POINTER, [self.object(NotImplemented)]))
        self.failed = self.function.append_basic_block("failed")
        with self.builder.goto_block(self.failed):
            self.builder.ret(ir.Constant(POINTER, None))

    def call(self, name: str, result: ir.Type, operands: list[Any]) -> Any:
        function = external(
            self.module, f"python.{name}", address_of(getattr(C, name)), result, operands
        )
        return self.builder.call(function, operands)

    def call_numpy(self, index: int, operands: list[Any]) -> Any:
        address = numpy_function(index)
        function = external(self.module, f"numpy.{index}", address, POINTER, operands)
        return self.builder.call(function, operands)

    def object(self, x: Any) -> Any:
        self.keep.append(x)
        return ir.Constant(I64, id(x)).inttoptr(POINTER)

    def text(self, s: str) -> Any:
        buffer = ctypes.create_string_buffer(s.encode())
        self.keep.append(buffer)
        return ir.Constant(I64, ctypes.addressof(buffer)).inttoptr(POINTER)

    def field(self, obj: Any, offset: int, kind: ir.Type) -> Any:
        place = self.builder.gep(obj, [ir.Constant(I64, offset)], source_etype=I8)
        return self.builder.load(place, typ=kind)

    def need(self, condition: Any) -> None:
        good = self.builder.append_basic_block("good")
        self.builder.cbranch(condition, good, self.refused).set_weights([1000, 1])
        self.builder.position_at_end(good)

    def exists(self, obj: Any) -> Any:
        """An object that was made; else the error that its maker set is raised."""
        good = self.builder.append_basic_block("made")
        is_there = self.builder.icmp_unsigned("!=", obj, ir.Constant(POINTER, None))
        self.builder.cbranch(is_there, good, self.failed).set_weights([1000, 1])
        self.builder.position_at_end(good)
        return obj

    def table(self, size: int) -> Any:
        return self.builder.alloca(POINTER, max(size, 1))

    def put(self, table: Any, k: Any, x: Any) -> None:
        place = ir.Constant(I64, k) if isinstance(k, int) else k
        slot = self.builder.gep(table, [place], source_etype=POINTER)
        self.builder.store(x, slot)


class Entry(Emitter):
    """Emits ``PyObject *entry(PyObject *self, PyObject *const *args, Py_ssize_t count)``."""

    def __init__(
        self,
        module: ir.Module,
        body: ir.Function,
        inputs: list[Kind],
        outputs: list[Kind],
        workspace: int,
        long: bool,
        name: str,
    ) -> None:
        super().__init__(module, name)
        _, self.given, count = self.function.args
        self.need(self.builder.icmp_signed("==", count, ir.Constant(I64, len(inputs))))
        arguments = self.table(len(inputs))
        for k, spec in enumerate(inputs):
            self.put(arguments, k, self.argument(k, spec))
        results = self.table(len(outputs))
        made = [self.result(spec) for spec in outputs]
        for k, (_, data) in enumerate(made):
            self.put(results, k, data)
        error = self.run(body, arguments, results, workspace, long)
        bad = self.builder.icmp_signed("!=", error, ir.Constant(I32, 0))
        with self.builder.if_then(bad, likely=False):
            for obj, _ in made:
                if obj is not None:
                    self.call("Py_DecRef", ir.VoidType(), [obj])
            for bit, (kind, text) in ERRORS.items():
                noted = self.builder.and_(error, ir.Constant(I32, bit))
                with self.builder.if_then(
                    self.builder.icmp_signed("!=", noted, ir.Constant(I32, 0))
                ):
                    given = [self.object(kind), self.text(text)]
                    self.call("PyErr_SetString", ir.VoidType(), given)
            self.builder.ret(ir.Constant(POINTER, None))
        objects = [
            self.scalar(spec, data) if obj is None else obj
            for (obj, data), spec in zip(made, outputs, strict=True)
        ]
        self.builder.ret(objects[0] if len(objects) == 1 else self.tuple_of(objects))

    # -- arguments -------------------------------------------------------------------------------
    def argument(self, k: int, spec: Kind) -> Any:
        """Where the data of argument `k` begin."""
        slot = self.builder.gep(self.given, [ir.Constant(I64, k)], source_etype=POINTER)
        obj = self.builder.load(slot, typ=POINTER)
        kind = self.field(obj, TYPE, POINTER)
        self.need(self.builder.icmp_unsigned("==", kind, self.object(spec.cls)))
        if spec.cls is np.ndarray:
            return self.array(obj, spec)
        if spec.cls is int or spec.cls is bool:
            value = self.call("PyLong_AsLongLong", I64, [obj])
            wrong = self.builder.icmp_signed("==", value, ir.Constant(I64, -1))
            with self.builder.if_then(wrong, likely=False):
                error = self.call("PyErr_Occurred", POINTER, [])
                there = self.builder.icmp_unsigned("!=", error, ir.Constant(POINTER, None))
                with self.builder.if_then(there):  # beyond 64 bits: another kind of number
                    self.call("PyErr_Clear", ir.VoidType(), [])
                    self.builder.branch(self.refused)
                    self.builder.position_at_end(self.builder.append_basic_block("never"))
            cell = self.builder.alloca(I64)
            kind = memory_type(spec.dtype)
            self.builder.store(self.builder.trunc(value, kind) if kind != I64 else value, cell)
            return cell
        # A float, and every scalar of NumPy, holds its number right behind the header.
        place = self.builder.gep(obj, [ir.Constant(I64, HEADER)], source_etype=I8)
        return place

    def array(self, obj: Any, spec: Kind) -> Any:
        b = self.builder
        found = self.field(
            obj, DESCRIPTION, POINTER
        )  # one of many for a type: pickle makes its own
        number = self.field(found, TYPE_NUMBER, I32)
        self.need(b.icmp_signed("==", number, ir.Constant(I32, spec.dtype.num)))
        order = self.field(found, BYTE_ORDER, I8)
        self.need(b.icmp_unsigned("!=", order, ir.Constant(I8, SWAPPED)))
        ndim = self.field(obj, NDIM, I32)
        self.need(b.icmp_signed("==", ndim, ir.Constant(I32, len(spec.shape))))
        if spec.shape:
            sizes = self.field(obj, DIMENSIONS, POINTER)
            fits: Any = None
            for j, n in enumerate(spec.shape):
                size = self.field(sizes, 8 * j, I64)
                one = b.icmp_signed("==", size, ir.Constant(I64, n))
                fits = one if fits is None else b.and_(fits, one)
            self.need(fits)
        flags = b.and_(self.field(obj, FLAGS, I32), ir.Constant(I32, IN_ORDER))
        self.need(b.icmp_signed("==", flags, ir.Constant(I32, IN_ORDER)))
        return self.field(obj, DATA, POINTER)

    # -- results ---------------------------------------------------------------------------------
    def result(self, spec: Kind) -> tuple[Any, Any]:
        """A new array and where its data begin; for a scalar, only a place."""
        if spec.cls is not np.ndarray:
            cell = self.builder.alloca(I64)
            return None, cell
        sizes = (ctypes.c_int64 * max(len(spec.shape), 1))(*spec.shape)
        self.keep.append(sizes)
        shape = ir.Constant(I64, ctypes.addressof(sizes)).inttoptr(POINTER)
        kind = self.call("Py_NewRef", POINTER, [self.object(np.dtype(spec.dtype))])
        zero = ir.Constant(I32, 0)
        obj = self.call_numpy(EMPTY, [ir.Constant(I32, len(spec.shape)), shape, kind, zero])
        self.exists(obj)
        return obj, self.field(obj, DATA, POINTER)

    def scalar(self, spec: Kind, data: Any) -> Any:
        b = self.builder
        if spec.cls is float:
            return self.exists(self.call("PyFloat_FromDouble", POINTER, [b.load(data, typ=DOUBLE)]))
        if spec.cls is bool:
            return self.call("PyBool_FromLong", POINTER, [b.zext(b.load(data, typ=I8), I64)])
        if spec.cls is int:
            return self.exists(self.call("PyLong_FromLongLong", POINTER, [b.load(data, typ=I64)]))
        kind = self.object(np.dtype(spec.dtype))
        return self.exists(self.call_numpy(SCALAR, [data, kind, ir.Constant(POINTER, None)]))

    def tuple_of(self, objects: list[Any]) -> Any:
        whole = self.exists(self.call("PyTuple_New", POINTER, [ir.Constant(I64, len(objects))]))
        for k, x in enumerate(objects):
            self.call("PyTuple_SetItem", I32, [whole, ir.Constant(I64, k), x])
        return whole

    # -- the call --------------------------------------------------------------------------------
    def run(
        self, body: ir.Function, arguments: Any, results: Any, workspace: int, long: bool
    ) -> Any:
        b = self.builder
        empty = ir.Constant(POINTER, None)
        if not workspace:
            return self.unlocked(body, [arguments, results, empty], long)
        kept = Workspace()
        self.keep.append(kept)
        shelf = ir.Constant(I64, ctypes.addressof(kept.address)).inttoptr(ir.PointerType(I64))
        zero, size = ir.Constant(I64, 0), ir.Constant(I64, workspace)
        taken = b.atomic_rmw("xchg", shelf, zero, ordering="acquire")
        before = b.block
        missing = b.icmp_unsigned("==", taken, zero)
        with b.if_then(missing, likely=False):
            made = self.exists(
                self.call("PyMem_RawMalloc", POINTER, [b.add(size, ir.Constant(I64, 64))])
            )
            fresh = b.ptrtoint(made, I64)
            inside = b.block
        place = b.phi(I64)
        place.add_incoming(taken, before)
        place.add_incoming(fresh, inside)
        mask = ir.Constant(I64, -64)
        start = b.inttoptr(b.and_(b.add(place, ir.Constant(I64, 63)), mask), POINTER)
        error = self.unlocked(body, [arguments, results, start], long)
        other = b.atomic_rmw("xchg", shelf, place, ordering="release")
        with b.if_then(b.icmp_unsigned("!=", other, zero), likely=False):
            self.call("PyMem_RawFree", ir.VoidType(), [b.inttoptr(other, POINTER)])
        return error

    def unlocked(self, body: ir.Function, operands: list[Any], long: bool) -> Any:
        """The body; if it runs for long, other threads may use the interpreter meanwhile."""
        if not long:
            return self.builder.call(body, operands)
        state = self.call("PyEval_SaveThread", POINTER, [])
        error = self.builder.call(body, operands)
        self.call("PyEval_RestoreThread", ir.VoidType(), [state])
        return error


class Workspace:
    """Memory that native code hands from call to call, by its address; freed with the code."""

    def __init__(self) -> None:
        self.address = ctypes.c_int64(0)  # 0 before the first call, and while a call is inside

    def __del__(self) -> None:
        C.PyMem_RawFree(ctypes.c_void_p(self.address.value))


class MethodDefinition(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def python_function(address: int, name: str, needs: Any, flags: int = METH_FASTCALL) -> Any:
    """A built-in function of Python at this address. Definition, code and whatever else it `needs`
    must outlive it: it holds them as its self, which is let go of last."""
    definition = MethodDefinition(name.encode(), address, flags, None)
    make = C.PyCFunction_NewEx
    make.restype = ctypes.py_object
    make.argtypes = [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    return make(ctypes.addressof(definition), (definition, needs), None)
