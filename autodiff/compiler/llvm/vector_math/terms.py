"""Terms: LLVM values with operators, so that an expansion reads like the formula that it is.

    r = x - n * ln2            # each operator emits its one instruction
    y = fma(r, r, 1)
    y = select(x < 0, 1 / y, y)

A term is a vector of numbers, of integers or of truth values; its operators are those of its kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from ..lanes import Lanes
from . import coefficients


class Term:  # noqa: PLW1641 - `==` is an instruction, so there is no hash
    """An LLVM value and the lanes that compute with it."""

    __slots__ = ("ir", "lanes")

    def __init__(self, lanes: Lanes, value: ir.Value) -> None:
        self.lanes = lanes
        self.ir = value

    def _of(self, other: Any) -> Any:
        return other.ir if isinstance(other, Term) else other

    def constant(self, x: float) -> Term:
        """A number in every lane."""
        return Term(self.lanes, self.lanes.const(x))

    # -- numbers ---------------------------------------------------------------------------------
    def __add__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.add(self.ir, self._of(other)))

    def __radd__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.add(other, self.ir))

    def __sub__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.sub(self.ir, self._of(other)))

    def __rsub__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.sub(other, self.ir))

    def __mul__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.mul(self.ir, self._of(other)))

    def __rmul__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.mul(other, self.ir))

    def __truediv__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.div(self.ir, self._of(other)))

    def __rtruediv__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.div(other, self.ir))

    def __neg__(self) -> Term:
        return Term(self.lanes, self.lanes.neg(self.ir))

    def __abs__(self) -> Term:
        return Term(self.lanes, self.lanes.abs(self.ir))

    # -- comparisons -----------------------------------------------------------------------------
    def __lt__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.lt(self.ir, self._of(other)))

    def __le__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.le(self.ir, self._of(other)))

    def __gt__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.gt(self.ir, self._of(other)))

    def __ge__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.ge(self.ir, self._of(other)))

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return Term(self.lanes, self.lanes.eq(self.ir, self._of(other)))

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return Term(self.lanes, self.lanes.ne(self.ir, self._of(other)))

    # -- truth values and integers ---------------------------------------------------------------
    def _int(self, n: Any) -> ir.Value:
        return n.ir if isinstance(n, Term) else self.lanes.integer(n)

    def __and__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.builder.and_(self.ir, self._int(other)))

    def __or__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.builder.or_(self.ir, self._int(other)))

    def __xor__(self, other: Any) -> Term:
        return Term(self.lanes, self.lanes.builder.xor(self.ir, self._int(other)))

    def __invert__(self) -> Term:
        return Term(self.lanes, self.lanes.builder.not_(self.ir))

    def __lshift__(self, n: Any) -> Term:
        return Term(self.lanes, self.lanes.builder.shl(self.ir, self._int(n)))

    def shifted_right(self, n: Any) -> Term:
        """Logical: zeros come in."""
        return Term(self.lanes, self.lanes.builder.lshr(self.ir, self._int(n)))

    def plus(self, n: Any) -> Term:
        """The sum of integers."""
        return Term(self.lanes, self.lanes.builder.add(self.ir, self._int(n)))

    def minus(self, n: Any) -> Term:
        """The difference of integers."""
        return Term(self.lanes, self.lanes.builder.sub(self.ir, self._int(n)))

    def equals(self, n: Any) -> Term:
        """Where integers are equal."""
        return Term(self.lanes, self.lanes.builder.icmp_signed("==", self.ir, self._int(n)))

    def exceeds(self, n: Any) -> Term:
        """Where one integer is the greater."""
        return Term(self.lanes, self.lanes.builder.icmp_signed(">", self.ir, self._int(n)))


def lifted(method: str) -> Callable[..., Any]:
    """A method of `Lanes`, on terms: at least the first or the second operand is one."""

    def apply(*operands: Any) -> Any:
        lanes = next(a.lanes for a in operands if isinstance(a, Term))
        values = [a.ir if isinstance(a, Term) else a for a in operands]
        result = getattr(lanes, method)(*values)
        if isinstance(result, tuple):
            return tuple(Term(lanes, y) for y in result)
        return Term(lanes, result)

    return apply


fma, sqrt, copysign = lifted("fma"), lifted("sqrt"), lifted("copysign")
floor, ceil, rint, trunc = lifted("floor"), lifted("ceil"), lifted("rint"), lifted("trunc")
select, isnan, is_negative = lifted("select"), lifted("isnan"), lifted("is_negative")
maximum, minimum = lifted("maximum"), lifted("minimum")
two_sum, fast_two_sum, two_product = (
    lifted("two_sum"),
    lifted("fast_two_sum"),
    lifted("two_product"),
)
bits, from_bits = lifted("bits"), lifted("from_bits")
to_int = lifted("to_int")
nearest_integer, ldexp = lifted("nearest_integer"), lifted("ldexp")
power_of_two, product_difference = lifted("power_of_two"), lifted("product_difference")


def constants(x: Term, name: str) -> tuple[float, ...]:
    """The numbers of this name for the format of `x`."""
    return getattr(coefficients, name)[x.lanes.dtype]


def polynomial(x: Term, name: str) -> Term:
    """The fitted polynomial of this name at `x`."""
    return Term(x.lanes, x.lanes.polynomial(x.ir, constants(x, name)))


def widened(x: Term) -> Term:
    """The same numbers in float64."""
    wide = x.lanes.like("float64")
    return Term(wide, wide.convert(x.ir, x.lanes))


def narrowed(y: Term, like: Term) -> Term:
    """The same numbers in the format of another term."""
    return Term(like.lanes, like.lanes.convert(y.ir, y.lanes))


def whole_narrowed(n: Term, like: Term) -> Term:
    """The last bits of integers, as many as the format of another term has."""
    return Term(like.lanes, n.lanes.builder.trunc(n.ir, like.lanes.int_type))


def library(name: str, *operands: Term) -> Term:
    """The C library's function, lane by lane."""
    lanes = operands[0].lanes
    return Term(lanes, lanes.call(name, *(a.ir for a in operands)))


def when_any(mask: Term, rare: Callable[[], Term], usual: Term) -> Term:
    """`rare()` where `mask` holds; its code is passed by where no lane does."""
    return Term(usual.lanes, usual.lanes.when_any(mask.ir, lambda: rare().ir, usual.ir))


Expansion = Callable[..., ir.Value]
EXPANSIONS: dict[str, Expansion] = {}


def expansion(*names: str) -> Callable[[Callable[..., Term]], Callable[..., Term]]:
    """Enters a function of terms in the table of expansions, under the names of its rows."""

    def enter(formula: Callable[..., Term]) -> Callable[..., Term]:
        def emit(lanes: Lanes, *operands: ir.Value, **params: Any) -> ir.Value:
            return formula(*(Term(lanes, a) for a in operands), **params).ir

        for name in names:
            EXPANSIONS[name] = emit
        return formula

    return enter
