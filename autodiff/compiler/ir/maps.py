"""Functions at every entry: types as NumPy promotes them, constants folded, one order of memory."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...base.bounded import cached
from .program import BOOL, Builder, Value, is_number, number
from .views import contiguous, layout, memory_order, view


class Like:
    """A function of the table's, as a ufunc that has the types of another."""

    def __init__(self, value: Callable[..., Any], ufunc: np.ufunc) -> None:
        self.value, self.ufunc = value, ufunc

    def __call__(self, *operands: Any) -> Any:
        return self.value(*operands)

    def resolve_dtypes(self, dtypes: tuple[Any, ...]) -> tuple[np.dtype[Any], ...]:
        return tuple(self.ufunc.resolve_dtypes(dtypes))


# What the back ends must know how to compute; a function outside it is a `call` into the table.
ARITHMETIC = ("add", "subtract", "multiply", "divide", "negative", "power")
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
PREDICATES = (*COMPARISONS, "isnan", "isinf", "isfinite", "signbit")
LOGIC = ("logical_and", "logical_or", "logical_xor", "logical_not")
OTHERS = (
    *("sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan"),
    *("arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"),
    *("absolute", "hypot", "arctan2", "logaddexp", "logaddexp2", "copysign", "remainder", "fmod"),
    *("maximum", "minimum", "fmax", "fmin", "floor", "ceil", "trunc", "rint", "sign"),
    *("floor_divide", "heaviside", "deg2rad", "rad2deg", "ldexp"),
)
UFUNCS: dict[str, np.ufunc | Like] = {
    name: getattr(np, name) for name in (*ARITHMETIC, *PREDICATES, *LOGIC, *OTHERS)
}
CHEAP = {*ARITHMETIC[:5], *PREDICATES, *LOGIC, "where", "cast", "absolute", "maximum", "minimum"}
SHARED = {"sech_squared": "tanh"}  # a function, and another that does most of its work
PAIRS = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh"}  # computed together
PAIRS |= SHARED | {other: name for name, other in SHARED.items()}
SAME = {"square": "multiply", "fabs": "absolute", "degrees": "rad2deg", "radians": "deg2rad"}
BITS = {"bitwise_and": "logical_and", "bitwise_or": "logical_or", "bitwise_xor": "logical_xor"}
# Ufuncs of SciPy with code of their own; each enters UFUNCS when a program first uses it, so that
# nothing here imports SciPy.
SPECIAL = {
    f"scipy.special.{name}"
    for name in (
        *("erf", "erfc", "erfcx", "ndtr", "expit", "log_expit", "logit", "gammaln", "gamma"),
        *("xlogy", "xlog1py", "cbrt", "exp2", "expm1", "log1p"),
    )
}
# Rows that are no ufuncs and have code of their own; and the ufunc that has their types.
LIKE = {"sech_squared": np.tanh}
INTEGER = np.dtype(int)
COMMUTES = {"add", "multiply", "maximum", "minimum", "equal", "not_equal", *LOGIC[:3]}

Rule = Callable[..., Value | None]  # of maps and operands: another value for a map of them


class Maps:
    """Makes `map` instructions; what it is given it broadcasts, casts, folds, and simplifies by
    `rules`, one a function."""

    cheap = CHEAP

    def __init__(
        self, builder: Builder, rules: Mapping[str, Rule], reciprocals: bool = True
    ) -> None:
        self.builder, self.rules, self.reciprocals = builder, rules, reciprocals

    def cast(self, v: Value, dtype: np.dtype[Any]) -> Value:
        if v.dtype == dtype:
            return v if not v.weak else self._strong(v)
        if number(v) is not None or v.op == "constant":
            return self._folded(lambda x: np.asarray(x).astype(dtype), [v], v.shape)
        if v.is_map("where") and all(number(x) is not None for x in v.inputs[1:]):
            c, a, b = v.inputs
            return self.where(c, self.cast(a, dtype), self.cast(b, dtype))
        turned = self._turned([v], v.shape, lambda x: self.cast(x, dtype))
        return self._make("cast", [v], dtype) if turned is None else turned

    def _strong(self, v: Value) -> Value:
        """The same numbers, no longer a Python number: only the type changes."""
        if number(v) is not None:
            return self.builder.spread(self.builder.constant(number(v)), v.shape)
        return self.builder.make("map", (v,), {"function": "cast"}, v.shape, v.dtype)

    def broadcast(self, v: Value, shape: tuple[int, ...]) -> Value:
        if v.shape == shape:
            return v
        base, offset, strides = layout(v)
        missing = len(shape) - v.ndim
        spread = tuple(
            0 if k < missing or v.shape[k - missing] == 1 else strides[k - missing]
            for k in range(len(shape))
        )
        return view(self.builder, base, offset, spread, shape, v.weak)

    def apply(self, name: str, *operands: Value) -> Value:
        """One of the functions above at every entry, as NumPy computes it."""
        name = SAME.get(name, name)
        if name == "multiply" and len(operands) == 1:
            operands = operands * 2
        if name in BITS and all(v.dtype == BOOL for v in operands):
            name = BITS[name]
        if name == "invert" and operands[0].dtype == BOOL:
            name = "logical_not"
        if name in LOGIC:
            operands = tuple(self.cast(v, BOOL) for v in operands)
        types = list(map(weakly, operands))
        if name in COMPARISONS:
            known = compared(name, operands)
            if known is not None:
                return self.builder.spread(self.builder.constant(known), common_shape(operands))
        if name in COMPARISONS and all(v.dtype.kind in "iub" for v in operands):
            pairs = zip(types, operands, strict=True)  # it may be beyond the other's type
            types = [v.dtype if t is int else t for t, v in pairs]
        *loop, dtype = types_of(name, *types)
        weak = all(v.weak for v in operands) and name in ARITHMETIC
        if weak:
            return self._weak(name, operands, loop, dtype)
        given = [self.cast(v, t) for v, t in zip(operands, loop, strict=True)]
        shape = common_shape(given)
        turned = self._turned(given, shape, partial(self.apply, name))
        if turned is not None:
            return turned
        found = self._simplified(name, given, shape, dtype)
        return self._make(name, given, dtype) if found is None else found

    def _weak(self, name: str, operands: Sequence[Value], loop: Any, dtype: Any) -> Value:
        """Arithmetic of Python numbers, which stay Python numbers."""
        if all(number(v) is not None for v in operands):
            return self._folded(UFUNCS[name], operands, (), weak=True)
        make = self.builder.make
        given = [
            v if v.dtype == t else make("map", (v,), {"function": "cast"}, (), np.dtype(t), True)
            for v, t in zip(operands, loop, strict=True)
        ]
        return make("map", given, {"function": name}, (), np.dtype(dtype), weak=True)

    def where(self, c: Value, a: Value, b: Value) -> Value:
        dtype = np.result_type(*map(promoting, (a, b)))
        a, b, c = self.cast(a, dtype), self.cast(b, dtype), self.cast(c, BOOL)
        shape = common_shape((c, a, b))
        turned = self._turned([c, a, b], shape, self.where)
        if turned is not None:
            return turned
        chosen = number(c)
        if chosen is not None:
            return self.broadcast(a if chosen else b, shape)
        if c.is_map("logical_not"):
            c, a, b = c.inputs[0], b, a
        if a.is_map("where") and a.inputs[0] is c:
            a = a.inputs[1]
        if b.is_map("where") and b.inputs[0] is c:
            b = b.inputs[2]
        if a is b:
            return self.broadcast(a, shape)
        if dtype == BOOL and is_number(a, True) and is_number(b, False):
            return self.broadcast(c, shape)
        if dtype == BOOL and is_number(a, False) and is_number(b, True):
            return self.broadcast(self.apply("logical_not", c), shape)
        if all(v.op == "constant" or number(v) is not None for v in (c, a, b)):
            return self._folded(np.where, [c, a, b], shape)
        return self._make("where", [c, a, b], dtype)

    def _turned(
        self, operands: Sequence[Value], shape: tuple[int, ...], again: Callable[..., Value]
    ) -> Value | None:
        """A map of transposed arrays as the transpose of a map, which runs in memory order."""
        small = tuple(n for n in shape if n != 1)
        if len(small) < 2:
            return None
        aligned = [self._aligned(v, shape) for v in operands]
        order = common_order(aligned, small)
        if order is None:
            return None
        y = again(*(permuted(self.builder, v, order) for v in aligned))
        y = permuted(self.builder, y, tuple(map(order.index, range(len(order)))))
        return y if small == shape else self._spaced(y, shape)

    def _make(self, name: str, operands: Sequence[Value], dtype: Any) -> Value:
        """The instruction itself, over a shape without axes of size 1: so it is the same one for
        rows, columns and vectors."""
        shape = common_shape(operands)
        operands = [self._aligned(v, shape) for v in operands]
        whole, shape = shape, tuple(n for n in shape if n != 1)
        if name in COMMUTES:  # one order, so that a * b and b * a are the same instruction
            operands = sorted(operands, key=lambda v: (number(v) is not None, v.number))
        y = self._instruction(name, operands, np.dtype(dtype), shape)
        return y if shape == whole else self._spaced(y, whole)

    def _instruction(self, name: str, operands: Sequence[Value], dtype: Any, shape: Any) -> Value:
        return self.builder.make("map", operands, {"function": name}, shape, dtype)

    def _spaced(self, v: Value, shape: tuple[int, ...]) -> Value:
        """`v` with axes of size 1 put in."""
        base, offset, strides = layout(v)
        given = iter(strides)
        return view(
            self.builder, base, offset, [0 if n == 1 else next(given) for n in shape], shape, v.weak
        )

    def _aligned(self, v: Value, shape: tuple[int, ...]) -> Value:
        """An operand without the axes that are 1 in the result, and without leading ones."""
        if not v.shape or (v.shape == shape and 1 not in shape):
            return v
        kept = shape[len(shape) - v.ndim :]
        pairs = [(n, s) for n, s, m in zip(v.shape, layout(v)[2], kept, strict=True) if m != 1]
        while pairs and pairs[0][0] == 1:
            del pairs[0]
        sizes = tuple(n for n, _ in pairs)
        if sizes == v.shape:
            return v
        base, offset, _ = layout(v)
        return view(self.builder, base, offset, [s for _, s in pairs], sizes, v.weak)

    def _folded(
        self, f: Callable[..., Any], operands: Sequence[Value], shape: Any, weak: bool = False
    ) -> Value:
        """The function of known numbers, computed now; of one number, once."""
        numbers = [number(v) for v in operands]
        with np.errstate(all="ignore"):
            if all(x is not None for x in numbers):
                y = self.builder.constant(np.asarray(f(*numbers)), weak)
                return self.builder.spread(y, shape)
            arrays = [
                v.params["value"] if x is None else np.broadcast_to(x, v.shape)
                for v, x in zip(operands, numbers, strict=True)
            ]
            return self.builder.constant(np.asarray(f(*arrays)))

    # -- algebra ---------------------------------------------------------------------------------
    def _simplified(self, name: str, operands: list[Value], shape: Any, dtype: Any) -> Value | None:
        known = [v.op == "constant" or number(v) is not None for v in operands]
        if all(known):
            return self._folded(UFUNCS[name], operands, shape)
        through = self._through_where(name, operands, known)
        if through is not None:
            return self.broadcast(through, shape)
        rule = self.rules.get(name)
        found = rule(self, *operands) if rule else None
        return None if found is None else self.broadcast(found, shape)

    def _through_where(self, name: str, operands: list[Value], known: list[bool]) -> Value | None:
        """f(where(c, 1, 0)) of two known numbers is where(c, f(1), f(0))."""
        if known.count(False) != 1:
            return None
        k = known.index(False)
        v = operands[k]
        if not v.is_map("where") or any(number(x) is None for x in v.inputs[1:]):
            return None
        if any(number(x) is None for j, x in enumerate(operands) if j != k):
            return None
        c, *branches = v.inputs
        results = [
            self.apply(name, *(x if j == k else o for j, o in enumerate(operands)))
            for x in branches
        ]
        return self.where(c, *results)


def compared(name: str, operands: Sequence[Value]) -> Any:
    """The one answer of a comparison with a Python integer that is beyond the other's type."""
    beyond = [
        v.weak and not fits(number(v), x) for v, x in zip(operands, operands[::-1], strict=True)
    ]
    if not any(beyond):
        return None
    given = [number(v) if b else v.dtype.type(0) for v, b in zip(operands, beyond, strict=True)]
    return UFUNCS[name](*given)


def fits(x: Any, v: Value) -> bool:
    """Can `v`, if its entries are whole numbers, hold the whole number `x`?"""
    if v.weak or v.dtype.kind not in "iub" or not isinstance(x, (int, np.integer)):
        return True
    limits = np.iinfo(INTEGER if v.dtype == BOOL else v.dtype)
    return bool(limits.min <= int(x) <= limits.max)


def common_order(operands: Sequence[Value], shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """The order of axes in which all arrays of this shape lie in memory, if not the usual one."""
    orders = {memory_order(v) for v in operands if v.shape == shape}
    usual = tuple(range(len(shape)))
    return orders.pop() if len(orders) == 1 and orders != {usual} else None


def permuted(builder: Builder, v: Value, order: tuple[int, ...]) -> Value:
    """`v`, which may have fewer axes, with its axes in another order."""
    base, offset, strides = layout(v)
    missing = len(order) - v.ndim
    shape = ((1,) * missing) + v.shape
    steps = ((0,) * missing) + strides
    return view(
        builder, base, offset, [steps[k] for k in order], tuple(shape[k] for k in order), v.weak
    )


@cached(4096)
def types_of(name: str, *operands: Any) -> tuple[np.dtype[Any], ...]:
    """The types in which a function is computed, and of its result, as NumPy promotes them."""
    found = tuple(UFUNCS[name].resolve_dtypes((*operands, None)))
    if any(t.hasobject for t in found):  # Python's integers have no end; NumPy compares objects
        return types_of(name, *(INTEGER if t is int else t for t in operands))
    return found


def common_shape(operands: Sequence[Value]) -> tuple[int, ...]:
    """The shape of operands, broadcast together."""
    shapes = {v.shape for v in operands}
    return np.broadcast_shapes(*shapes) if len(shapes) > 1 else shapes.pop()


# What a Python number is by its dtype; "u" and "O" are those of integers beyond int64.
WEAK: dict[str, Any] = {"f": float, "i": int, "u": int, "O": int, "b": BOOL, "c": complex}


def weakly(v: Value) -> Any:
    """The type of an operand for NumPy's promotion: a Python number is only its kind."""
    return WEAK[v.dtype.kind] if v.weak else v.dtype


# Python's integers have no end: what is computed of them must not wrap around.
PYTHON_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "negative": operator.neg,
    "power": operator.pow,
}


def of_python_integers(v: Value) -> bool:
    """Is it what Python computes of its integers, or one in a type that may not hold it?"""
    if v.op != "map" or v.dtype.kind not in "iu" or not all(x.weak for x in v.inputs):
        return False
    return v.function in PYTHON_OPERATORS if v.weak else v.function == "cast" and v.dtype != INTEGER


def promoting(v: Value) -> Any:
    """The same for `np.result_type`, which takes a Python number for a kind."""
    kind = weakly(v)
    return kind if isinstance(kind, np.dtype) else kind(0)


def is_contiguous(v: Value) -> bool:
    base, offset, strides = layout(v)
    return not offset and strides == contiguous(v.shape) and base.size == v.size
