"""The few things that loops are written with: words, loads, stores, and maps on them.

A *word* is what one step of a loop computes with: `width` entries of one type, in a register. Truth
values are bytes in memory and bits in a register.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir

from ...base.bounded import cached
from ..ir.maps import PAIRS
from ..ir.program import BOOL
from .lanes import Lanes
from .strided import gathered, interleaved, shuffled
from .vector_math import EXPANSIONS

I1, I8, I32, I64 = (ir.IntType(n) for n in (1, 8, 32, 64))
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
POINTER = ir.PointerType()
FLOATS = {"f4": "float32", "f8": "float64"}
TYPES = {"b1": I1, "i4": I32, "i8": I64, "f4": FLOAT, "f8": DOUBLE}
ON_INTEGERS = ("add", "subtract", "multiply", "negative", "maximum", "minimum", "absolute")
SIGNS = {
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
}
DIRECT = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "negative",
    "sqrt",
    "absolute",
    "maximum",
    "minimum",
)
TESTS = ("isnan", "isinf", "isfinite")
LOGIC = {"logical_and": "and_", "logical_or": "or_", "logical_xor": "xor"}


@cache
def vector_bytes() -> int:
    """How wide a register of this machine is."""
    features = binding.get_host_cpu_features()
    return 64 if features.get("avx512f") else 32 if features.get("avx2") else 16


@cached(4096)
def kind_of(dtype: np.dtype[Any]) -> str:
    return f"{dtype.kind}{dtype.itemsize}"


def ir_type(dtype: np.dtype[Any]) -> ir.Type:
    return TYPES[kind_of(dtype)]


def memory_type(dtype: np.dtype[Any]) -> ir.Type:
    return I8 if dtype.itemsize == 1 else ir_type(dtype)


@cached(4096)
def can_map(function: str, operand: np.dtype[Any], dtype: np.dtype[Any]) -> bool:
    """Is there code for this function of operands of this type?"""
    if kind_of(operand) not in TYPES or kind_of(dtype) not in TYPES:
        return False
    if function in ("cast", "where"):
        return True
    if operand == BOOL:
        return function in LOGIC or function in ("logical_not", "equal", "not_equal")
    if operand.kind == "i":
        return function in ON_INTEGERS or function in SIGNS
    return any(function in known for known in (DIRECT, SIGNS, TESTS, EXPANSIONS))


def external(
    module: ir.Module, name: str, address: int, result: ir.Type, operands: Sequence[Any]
) -> ir.Function:
    """A function outside the module, by its address."""
    if name in module.globals:
        return module.globals[name]
    binding.add_symbol(name, address)
    return ir.Function(module, ir.FunctionType(result, [x.type for x in operands]), name)


class Word(NamedTuple):
    """`width` entries of one type, in a register."""

    ir: Any
    dtype: np.dtype[Any]
    width: int


class Code:
    """A builder of instructions on words. With `far`, elementary functions are called, where they
    would else stand in the loop themselves: for long loops, which are compiled in less time so.
    `functions` are those that will be asked for, if that is known."""

    def __init__(
        self, builder: ir.IRBuilder, far: bool = False, functions: Set[str | None] = frozenset()
    ) -> None:
        self.builder, self.far, self.functions = builder, far, functions
        self.module = builder.module

    # -- control ---------------------------------------------------------------------------------
    @contextmanager
    def loop(self, stop: int, start: int = 0, step: int = 1) -> Iterator[Any]:
        """``for i in range(start, stop, step)``, for a range that is not empty."""
        assert start < stop
        if start + step >= stop:  # one round only: no loop
            yield ir.Constant(I64, start)
            return
        builder = self.builder
        before = builder.block
        body = builder.append_basic_block("loop")
        builder.branch(body)
        builder.position_at_end(body)
        i = builder.phi(I64)
        i.add_incoming(ir.Constant(I64, start), before)
        yield i
        after = builder.add(i, ir.Constant(I64, step), flags=["nsw"])
        i.add_incoming(after, builder.block)
        end = builder.append_basic_block("done")
        builder.cbranch(builder.icmp_signed("<", after, ir.Constant(I64, stop)), body, end)
        builder.position_at_end(end)

    # -- memory ----------------------------------------------------------------------------------
    def times(self, i: Any, step: int) -> Any:
        if step == 1:
            return i
        return self.builder.mul(i, ir.Constant(I64, step)) if step else ir.Constant(I64, 0)

    def at(self, pointer: Any, place: Any, dtype: np.dtype[Any]) -> Any:
        return self.builder.gep(pointer, [place], source_etype=memory_type(dtype))

    def load(self, pointer: Any, dtype: np.dtype[Any], width: int) -> Word:
        element = memory_type(dtype)
        kind = element if width == 1 else ir.VectorType(element, width)
        x = self.builder.load(pointer, typ=kind, align=dtype.itemsize)
        if dtype == BOOL:
            x = self.builder.icmp_unsigned("!=", x, self.splat_ir(ir.Constant(I8, 0), width))
        return Word(x, dtype, width)

    def read(self, pointer: Any, step: int, dtype: np.dtype[Any], width: int) -> Word:
        """`width` entries, `step` apart."""
        if width == 1 or step == 1:
            return self.load(pointer, dtype, width)
        if step == 0:
            return self.splat(self.load(pointer, dtype, 1), width)
        x: Any = gathered(
            self.builder,
            lambda k: self.load(self.at(pointer, ir.Constant(I64, k), dtype), dtype, width).ir,
            step,
            width,
        )
        if x is not None:
            return Word(x, dtype, width)
        x = ir.Constant(ir.VectorType(ir_type(dtype), width), ir.Undefined)
        for k in range(width):
            place = self.at(pointer, ir.Constant(I64, k * step), dtype)
            one = self.load(place, dtype, 1).ir
            x = self.builder.insert_element(x, one, ir.Constant(I32, k))
        return Word(x, dtype, width)

    def store(self, x: Any, pointer: Any) -> None:
        self.builder.store(x, pointer)

    def write(self, word: Word, pointer: Any, step: int, dtype: np.dtype[Any]) -> None:
        x = word.ir
        if dtype == BOOL:
            kind = I8 if word.width == 1 else ir.VectorType(I8, word.width)
            x = self.builder.zext(x, kind)
        if word.width == 1 or step == 1:
            self.builder.store(x, pointer, align=dtype.itemsize)
            return
        if step == -1:
            back = [*reversed(range(word.width))]
            first = self.at(pointer, ir.Constant(I64, 1 - word.width), dtype)
            self.builder.store(shuffled(self.builder, x, x, back), first, align=dtype.itemsize)
            return
        for k in range(word.width):
            one = self.builder.extract_element(x, ir.Constant(I32, k))
            place = self.at(pointer, ir.Constant(I64, k * step), dtype)
            self.builder.store(one, place, align=dtype.itemsize)

    def write_in_turn(self, words: Sequence[Word], pointer: Any, dtype: np.dtype[Any]) -> None:
        """The first entry of every word, then the second of every one."""
        for k, x in enumerate(interleaved(self.builder, [w.ir for w in words])):
            place = self.at(pointer, ir.Constant(I64, k * words[0].width), dtype)
            self.builder.store(x, place, align=dtype.itemsize)

    def cell(self, start: Any, width: int) -> Any:
        """A register that changes in a loop (LLVM makes one of it), filled with one number."""
        with self.builder.goto_entry_block():
            kind = start.type if width == 1 else ir.VectorType(start.type, width)
            cell = self.builder.alloca(kind)
        self.builder.store(self.splat_ir(start, width), cell)
        return cell

    def get(self, cell: Any, width: int, dtype: np.dtype[Any]) -> Word:
        kind = ir_type(dtype) if width == 1 else ir.VectorType(ir_type(dtype), width)
        return Word(self.builder.load(cell, typ=kind), dtype, width)

    def put(self, cell: Any, word: Word) -> None:
        self.builder.store(word.ir, cell)

    # -- words -----------------------------------------------------------------------------------
    def splat_ir(self, x: Any, width: int) -> Any:
        if width == 1:
            return x
        if isinstance(x, ir.Constant):
            return ir.Constant(ir.VectorType(x.type, width), [x.constant] * width)
        kind = ir.VectorType(x.type, width)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), x, ir.Constant(I32, 0))
        mask = ir.Constant(ir.VectorType(I32, width), [0] * width)
        return self.builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), mask)

    def splat(self, word: Word, width: int) -> Word:
        return Word(self.splat_ir(word.ir, width), word.dtype, width)

    def constant(self, x: Any, dtype: np.dtype[Any], width: int) -> Word:
        value = float(x) if dtype.kind == "f" else int(x)
        return Word(self.splat_ir(ir.Constant(ir_type(dtype), value), width), dtype, width)

    def across(self, function: str, word: Word) -> Word:
        """All entries of a word combined into one, halves first."""
        width, x = word.width, word.ir
        while width > 1:
            width //= 2
            undefined = ir.Constant(x.type, ir.Undefined)
            kind = ir.VectorType(I32, width)
            low = self.builder.shuffle_vector(x, undefined, ir.Constant(kind, list(range(width))))
            high = self.builder.shuffle_vector(
                x, undefined, ir.Constant(kind, list(range(width, 2 * width)))
            )
            if width == 1:
                zero = ir.Constant(I32, 0)
                low, high = (self.builder.extract_element(h, zero) for h in (low, high))
            pair = [Word(h, word.dtype, width) for h in (low, high)]
            x = self.map(function, pair).ir
        return Word(x, word.dtype, 1)

    # -- maps ------------------------------------------------------------------------------------
    def map(
        self, function: str, operands: Sequence[Word], dtype: np.dtype[Any] | None = None
    ) -> Word:
        first = operands[0]
        dtype = first.dtype if dtype is None else dtype
        width = first.width
        values = [w.ir for w in operands]
        if function == "cast":
            return Word(self.cast(first, dtype), dtype, width)
        if function == "where":
            return Word(self.builder.select(*values), dtype, width)
        if first.dtype == BOOL:
            return Word(self.on_truth(function, values), dtype, width)
        if first.dtype.kind == "i":
            return Word(self.on_integers(function, values), dtype, width)
        return Word(
            self.on_floats(function, values, FLOATS[kind_of(first.dtype)], width), dtype, width
        )

    def cast(self, word: Word, dtype: np.dtype[Any]) -> Any:
        before, after = word.dtype, dtype
        element = ir_type(after)
        kind = element if word.width == 1 else ir.VectorType(element, word.width)
        x, b = word.ir, self.builder
        if before == after:
            return x
        if after == BOOL:
            zero = self.constant(0, before, word.width).ir
            if before.kind == "f":
                return b.fcmp_unordered("!=", x, zero)
            return b.icmp_signed("!=", x, zero)
        if before == BOOL:
            return b.uitofp(x, kind) if after.kind == "f" else b.zext(x, kind)
        if before.kind == after.kind == "f":
            return b.fpext(x, kind) if after.itemsize > before.itemsize else b.fptrunc(x, kind)
        if before.kind == "f":
            return b.fptosi(x, kind)
        if after.kind == "f":
            return b.sitofp(x, kind)
        return b.sext(x, kind) if after.itemsize > before.itemsize else b.trunc(x, kind)

    def on_truth(self, function: str, values: list[Any]) -> Any:
        if function == "logical_not":
            return self.builder.not_(values[0])
        if function in LOGIC:
            return getattr(self.builder, LOGIC[function])(*values)
        return self.builder.icmp_unsigned(SIGNS[function], *values)

    def on_integers(self, function: str, values: list[Any]) -> Any:
        b = self.builder
        if function in SIGNS:
            return b.icmp_signed(SIGNS[function], *values)
        if function in ("maximum", "minimum"):
            first = b.icmp_signed(">" if function == "maximum" else "<", *values)
            return b.select(first, *values)
        if function == "negative":
            return b.neg(values[0])
        if function == "absolute":
            zero = values[0].type(0 if isinstance(values[0].type, ir.IntType) else None)
            return b.select(b.icmp_signed("<", values[0], zero), b.neg(values[0]), values[0])
        return {"add": b.add, "subtract": b.sub, "multiply": b.mul}[function](*values)

    def on_floats(self, function: str, values: list[Any], dtype: str, width: int) -> Any:
        lanes = Lanes(self.builder, dtype, width)
        direct: Any = {
            "add": lanes.add,
            "subtract": lanes.sub,
            "multiply": lanes.mul,
            "divide": lanes.div,
            "negative": lanes.neg,
            "sqrt": lanes.sqrt,
            "absolute": lanes.abs,
        }.get(function)
        if direct is not None:
            return direct(*values)
        if function in ("maximum", "minimum"):  # nan wins
            a, b = values
            wins = (lanes.gt if function == "maximum" else lanes.lt)(a, b)
            return lanes.select(self.builder.or_(wins, lanes.isnan(a)), a, b)
        if function in SIGNS:
            if function == "not_equal":
                return lanes.ne(*values)
            return self.builder.fcmp_ordered(SIGNS[function], *values)
        if function == "isnan":
            return lanes.isnan(values[0])
        if function == "isinf":
            return lanes.eq(lanes.abs(values[0]), float("inf"))
        if function == "isfinite":
            return lanes.lt(lanes.abs(values[0]), float("inf"))
        if function in PAIRS and self.both_at_once(function, width):
            return self.one_of_both(function, dtype, width, values[0])
        return self.builder.call(self.expansion(function, dtype, width, values), values)

    def both_at_once(self, function: str, width: int) -> bool:
        """Is the other one of the pair wanted too, and neither of them written out here?"""
        called = width == 1 or self.far
        return called and (PAIRS[function] in self.functions or (width == 1 and not self.functions))

    def one_of_both(self, function: str, dtype: str, width: int, x: Any) -> Any:
        """By a function that computes both of a pair: where a derivative asks for the other one,
        LLVM sees the same call."""
        names = sorted((function, PAIRS[function]))
        name = f"{'_and_'.join(names)}.{dtype}x{width}"
        made = self.module.globals.get(name)
        if made is None:
            both = ir.LiteralStructType([x.type, x.type])
            made = ir.Function(self.module, ir.FunctionType(both, [x.type]), name)
            made.linkage = "internal"
            for attribute in ("nounwind", "noinline", "readnone"):
                made.attributes.add(attribute)
            inside = ir.IRBuilder(made.append_basic_block("entry"))
            result = ir.Constant(both, ir.Undefined)
            for k, each in enumerate(names):
                y = EXPANSIONS[each](Lanes(inside, dtype, width), made.args[0])
                result = inside.insert_value(result, y, k)
            inside.ret(result)
        return self.builder.extract_value(self.builder.call(made, [x]), names.index(function))

    def expansion(self, function: str, dtype: str, width: int, values: list[Any]) -> Any:
        """One function of the module per elementary function, format and width."""
        near = width > 1 and not self.far
        name = f"{function}.{dtype}x{width}{'' if near else '.far'}"
        if name in self.module.globals:
            return self.module.globals[name]
        lanes = Lanes(self.builder, dtype, width)
        result = lanes.mask_type if function == "signbit" else lanes.type
        kind = ir.FunctionType(result, [v.type for v in values])
        made = ir.Function(self.module, kind, name)
        made.linkage = "internal"
        made.attributes.add("nounwind")
        made.attributes.add("alwaysinline" if near else "noinline")
        inside = ir.IRBuilder(made.append_basic_block("entry"))
        inside.ret(EXPANSIONS[function](Lanes(inside, dtype, width), *made.args))
        return made
