"""Straight-line LLVM code for one number or for a vector of them: the same calls emit either.

    lanes = Lanes(builder, "float64", 8)               # 8 doubles at a time; width 1 is scalar code
    y = lanes.add(lanes.mul(x, 2.0), 1.0)              # <8 x double>; Python numbers are splat
    y = lanes.select(lanes.lt(y, 0.0), lanes.neg(y), y)

Every operation is IEEE's and rounds by itself: no fast-math flag is set. `fma` rounds once where
the machine has the instruction (`fused`) and twice where it has not, because LLVM would then call a
library for it; an operation that must be exact on both says so, as `two_product` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

from llvmlite import binding, ir


class Format(NamedTuple):
    """An IEEE format: its types in LLVM and what its bits mean."""

    type: ir.Type
    int_type: ir.IntType
    fraction: int  # bits behind the leading one
    bias: int  # what is added to an exponent
    intrinsic: str  # how LLVM's intrinsics end
    library: str  # how the C library's functions end

    @property
    def least_normal(self) -> float:
        return 2.0 ** (1 - self.bias)


FORMATS = {
    "float64": Format(ir.DoubleType(), ir.IntType(64), 52, 1023, "f64", ""),
    "float32": Format(ir.FloatType(), ir.IntType(32), 23, 127, "f32", "f"),
}


@cache
def host_is_fused() -> bool:
    """Whether this machine multiplies and adds in one instruction."""
    try:
        features = binding.get_host_cpu_features()
    except RuntimeError:  # LLVM does not know how to ask on every machine
        return False
    return any(features.get(name) for name in ("fma", "neon", "vsx"))


class Lanes:
    """Emits operations on `width` numbers of `dtype` at the place where `builder` stands."""

    def __init__(
        self, builder: ir.IRBuilder, dtype: str, width: int = 1, *, fused: bool | None = None
    ) -> None:
        self.builder = builder
        self.dtype = dtype
        self.width = width
        self.fused = host_is_fused() if fused is None else fused
        self.format = FORMATS[dtype]
        self.type = self._vector(self.format.type)
        self.int_type = self._vector(self.format.int_type)
        self.mask_type = self._vector(ir.IntType(1))

    def _vector(self, element: ir.Type) -> ir.Type:
        return element if self.width == 1 else ir.VectorType(element, self.width)

    def like(self, dtype: str) -> Lanes:
        """As many numbers of another format, at the same place."""
        return Lanes(self.builder, dtype, self.width, fused=self.fused)

    # -- constants -------------------------------------------------------------------------------
    def _splat(self, vector: ir.Type, x: float) -> ir.Constant:
        return ir.Constant(vector, x if self.width == 1 else [x] * self.width)

    def const(self, x: float) -> ir.Constant:
        return self._splat(self.type, float(x))

    def integer(self, n: int) -> ir.Constant:
        return self._splat(self.int_type, n)

    def _value(self, x: Any) -> ir.Value:
        return self.const(x) if isinstance(x, (int, float)) else x

    # -- arithmetic ------------------------------------------------------------------------------
    def add(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fadd(self._value(a), self._value(b))

    def sub(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fsub(self._value(a), self._value(b))

    def mul(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fmul(self._value(a), self._value(b))

    def div(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fdiv(self._value(a), self._value(b))

    def neg(self, a: Any) -> ir.Value:
        return self.builder.fneg(self._value(a))

    def fma(self, a: Any, b: Any, c: Any) -> ir.Value:
        """a b + c, rounded once where the machine can."""
        return self.intrinsic("fma", a, b, c) if self.fused else self.add(self.mul(a, b), c)

    def sqrt(self, a: Any) -> ir.Value:
        return self.intrinsic("sqrt", a)

    def abs(self, a: Any) -> ir.Value:
        return self.intrinsic("fabs", a)

    def copysign(self, a: Any, sign: Any) -> ir.Value:
        return self.intrinsic("copysign", a, sign)

    def floor(self, a: Any) -> ir.Value:
        return self.intrinsic("floor", a)

    def ceil(self, a: Any) -> ir.Value:
        return self.intrinsic("ceil", a)

    def trunc(self, a: Any) -> ir.Value:
        return self.intrinsic("trunc", a)

    def rint(self, a: Any) -> ir.Value:
        """The nearest integer; ties to the even one."""
        return self.intrinsic("rint", a)

    def polynomial(self, x: Any, coefficients: Sequence[float]) -> ir.Value:
        """c0 + c1 x + c2 x^2 + ...: even and odd powers each by Horner's rule, side by side, which
        halves the chain of operations that wait for each other."""
        if len(coefficients) < 4:
            return self._horner(x, coefficients)
        square = self.mul(x, x)
        odd = self._horner(square, coefficients[1::2])
        return self.fma(odd, x, self._horner(square, coefficients[0::2]))

    def _horner(self, x: Any, coefficients: Sequence[float]) -> ir.Value:
        *rest, y = coefficients
        for c in reversed(rest):
            y = self.fma(y, x, c)
        return self._value(y)

    # -- exact sums and products: the rounded result and what rounding left out ------------------
    def two_sum(self, a: Any, b: Any) -> tuple[ir.Value, ir.Value]:
        """Knuth (1969): any order of magnitude."""
        high = self.add(a, b)
        of_b = self.sub(high, a)
        return high, self.add(self.sub(a, self.sub(high, of_b)), self.sub(b, of_b))

    def fast_two_sum(self, a: Any, b: Any) -> tuple[ir.Value, ir.Value]:
        """Dekker (1971): where `a` is the larger one, or 0."""
        high = self.add(a, b)
        return high, self.sub(b, self.sub(high, a))

    def two_product(self, a: Any, b: Any) -> tuple[ir.Value, ir.Value]:
        """By one fused operation; without it by Veltkamp's split into halves (Dekker, 1971)."""
        high = self.mul(a, b)
        if self.fused:
            return high, self.intrinsic("fma", a, b, self.neg(high))
        (a1, a2), (b1, b2) = self._halves(a), self._halves(b)
        error = self.sub(self.mul(a1, b1), high)
        error = self.add(self.add(error, self.mul(a1, b2)), self.mul(a2, b1))
        return high, self.add(error, self.mul(a2, b2))

    def product_difference(self, c: Any, a: Any, b: Any) -> ir.Value:
        """c - a b as if it were rounded once, where a b is close to c."""
        if self.fused:
            return self.intrinsic("fma", self.neg(a), b, c)
        high, low = self.two_product(a, b)
        return self.sub(self.sub(c, high), low)

    def _halves(self, a: Any) -> tuple[ir.Value, ir.Value]:
        shifted = self.mul(a, float(2 ** (self.format.fraction // 2 + 1) + 1))
        high = self.sub(shifted, self.sub(shifted, a))
        return high, self.sub(a, high)

    # -- masks -----------------------------------------------------------------------------------
    def lt(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fcmp_ordered("<", self._value(a), self._value(b))

    def le(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fcmp_ordered("<=", self._value(a), self._value(b))

    def gt(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fcmp_ordered(">", self._value(a), self._value(b))

    def ge(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fcmp_ordered(">=", self._value(a), self._value(b))

    def eq(self, a: Any, b: Any) -> ir.Value:
        return self.builder.fcmp_ordered("==", self._value(a), self._value(b))

    def ne(self, a: Any, b: Any) -> ir.Value:
        """True where either is nan."""
        return self.builder.fcmp_unordered("!=", self._value(a), self._value(b))

    def isnan(self, a: Any) -> ir.Value:
        return self.builder.fcmp_unordered("uno", a, a)

    def is_negative(self, a: Any) -> ir.Value:
        """Whether the sign bit is set: of -0.0 and of a negative nan too."""
        return self.builder.icmp_signed("<", self.bits(a), self.integer(0))

    def select(self, mask: ir.Value, a: Any, b: Any) -> ir.Value:
        return self.builder.select(mask, self._value(a), self._value(b))

    def maximum(self, a: Any, b: Any) -> ir.Value:
        """The larger one, and `b` where either is nan."""
        return self.select(self.gt(a, b), a, b)

    def minimum(self, a: Any, b: Any) -> ir.Value:
        """The smaller one, and `b` where either is nan."""
        return self.select(self.lt(a, b), a, b)

    def any(self, mask: ir.Value) -> ir.Value:
        """One truth value: whether any lane is true."""
        if self.width == 1:
            return mask
        together = ir.IntType(self.width)
        return self.builder.icmp_unsigned(
            "!=", self.builder.bitcast(mask, together), ir.Constant(together, 0)
        )

    def when_any(self, mask: ir.Value, rare: Callable[[], ir.Value], usual: ir.Value) -> ir.Value:
        """`rare()` where a lane of `mask` is true, computed in a block that is entered only if one
        is, and `usual` in the other lanes. The builder stands in a new block afterwards."""
        builder = self.builder
        before = builder.block
        inside, after = (builder.append_basic_block(name) for name in ("rare", "after"))
        branch = builder.cbranch(self.any(mask), inside, after)
        branch.set_weights([1, 1000])
        builder.position_at_end(inside)
        mixed = self.select(mask, rare(), usual)
        inside = builder.block
        builder.branch(after)
        builder.position_at_end(after)
        result = builder.phi(usual.type)
        result.add_incoming(usual, before)
        result.add_incoming(mixed, inside)
        return result

    # -- bits and integers -----------------------------------------------------------------------
    def bits(self, a: Any) -> ir.Value:
        return self.builder.bitcast(self._value(a), self.int_type)

    def from_bits(self, n: ir.Value) -> ir.Value:
        return self.builder.bitcast(n, self.type)

    def to_int(self, a: Any) -> ir.Value:
        """Towards zero; what does not fit is undefined."""
        return self.builder.fptosi(self._value(a), self.int_type)

    def convert(self, a: ir.Value, source: Lanes) -> ir.Value:
        """A value of `source`'s format in this one."""
        if source.dtype == self.dtype:
            return a
        cast = self.builder.fptrunc if self.dtype == "float32" else self.builder.fpext
        return cast(a, self.type)

    def nearest_integer(self, a: Any, factor: float = 1.0) -> tuple[ir.Value, ir.Value]:
        """The integer nearest to `a * factor`, as a number and as an integer, where it is below
        2^(fraction - 2): adding 1.5 * 2^fraction leaves it in the low bits."""
        magic = self.const(1.5 * 2.0**self.format.fraction)
        shifted = self.add(a, magic) if factor == 1.0 else self.fma(a, factor, magic)
        n = self.builder.sub(self.bits(shifted), self.bits(magic))
        return self.sub(shifted, magic), n

    def power_of_two(self, n: ir.Value) -> ir.Value:
        """2^n for an integer in the range of normal numbers: `n` becomes the exponent's bits."""
        biased = self.builder.add(n, self.integer(self.format.bias))
        return self.from_bits(self.builder.shl(biased, self.integer(self.format.fraction)))

    def ldexp(self, a: Any, n: ir.Value) -> ir.Value:
        """a 2^n for |n| up to twice the range of exponents, in two exact steps of half of it; the
        second rounds once if the result is subnormal."""
        half = self.builder.ashr(n, self.integer(1))
        rest = self.builder.sub(n, half)
        return self.mul(self.mul(a, self.power_of_two(half)), self.power_of_two(rest))

    # -- calls -----------------------------------------------------------------------------------
    def intrinsic(self, name: str, *operands: Any) -> ir.Value:
        """LLVM's own function of this name, on whole vectors."""
        shape = "" if self.width == 1 else f"v{self.width}"
        function = self._function(
            f"llvm.{name}.{shape}{self.format.intrinsic}", self.type, len(operands)
        )
        return self.builder.call(function, [self._value(a) for a in operands])

    def call(self, name: str, *operands: Any) -> ir.Value:
        """The C library's function of this name, lane by lane."""
        function = self._function(name + self.format.library, self.format.type, len(operands))
        return self.each(
            lambda *numbers: self.builder.call(function, numbers), *map(self._value, operands)
        )

    def each(self, emit: Callable[..., ir.Value], *operands: ir.Value) -> ir.Value:
        """What `emit` makes of the single numbers, lane by lane."""
        if self.width == 1:
            return emit(*operands)
        result: ir.Value = ir.Constant(self.type, ir.Undefined)
        for i in range(self.width):
            place = ir.Constant(ir.IntType(32), i)
            y = emit(*(self.builder.extract_element(v, place) for v in operands))
            result = self.builder.insert_element(result, y, place)
        return result

    def _function(self, name: str, operand: ir.Type, count: int) -> ir.Function:
        module = self.builder.module
        if name in module.globals:
            return module.globals[name]
        return ir.Function(module, ir.FunctionType(operand, [operand] * count), name)
