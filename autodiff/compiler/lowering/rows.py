"""From the table's rows to instructions: one short rule a row, and three that cover most of them.

A row that is a function of NumPy at every entry is a `map`. A row that only rearranges is a `view`,
which NumPy itself works out. A row whose value is written with other rows is traced, and lowered as
what it consists of. Any other row is a `call`: NumPy computes it, and `report` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from ...base.errors import AutodiffError, refuse
from ...base.shapes import PYTHON_SCALARS, reduced
from ...engine.graph import TraceNode
from ...programs.sketch import whole
from ...programs.tracing import Graph, traced
from ...rules.kinds import pick
from ...rules.primitive import TABLE
from ..ir.algebra import RULES
from ..ir.maps import (
    BITS,
    BOOL,
    LIKE,
    SAME,
    SPECIAL,
    UFUNCS,
    Like,
    fits,
    is_contiguous,
    promoting,
    weakly,
)
from ..ir.piece_maps import Piecewise, PiecewiseMaps, is_pattern
from ..ir.program import Builder, Value, number
from ..ir.views import contiguous, rearranged, region
from .factoring import reduced_over
from .twins import each

Rule = Callable[..., Any]  # a value; of a row with several results, a list; or `None`
LOWER: dict[str, Rule] = {}


def lowers(*names: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        LOWER.update(dict.fromkeys(names, rule))
        return rule

    return register


class Lowering:
    """The state of one translation: which instruction stands for which node."""

    def __init__(self, reciprocals: bool = True) -> None:
        self.builder = Builder()
        self.for_llvm = reciprocals
        self.maps = PiecewiseMaps(self.builder, RULES, reciprocals)
        self.values: dict[TraceNode, Any] = {}
        self.programs: dict[int, Any] = {}  # of loops and branches, by their parameter
        self.checks: list[Value] = []  # conditions of which every entry must be true
        self.decisions: list[Value] = []  # conditions that say which path the values lead along

    def input(self, position: int, example: Any) -> Value:
        weak = example.__class__ in PYTHON_SCALARS
        dtype = np.dtype(example.__class__) if weak else example.dtype
        return self.builder.make(
            "input", (), {"position": position}, np.shape(example), dtype, weak
        )

    def value(self, x: Any) -> Value:
        """The instruction for a node, or for a constant."""
        if isinstance(x, TraceNode):
            return self.values[x]
        if hasattr(x, "dtype") and x.dtype.hasobject:
            raise refuse("an integer beyond 64 bits", "make it a float")
        return self.builder.constant(x, weak=x.__class__ in PYTHON_SCALARS)

    def run(self, graph: Graph) -> None:
        each(graph, self.values, self.lowered)

    def lowered(self, node: TraceNode) -> Any:
        row, params = node.primitive, node.params
        assert row is not None
        if row is pick:
            return self.values[node.inputs[0]][params["index"]]
        found = None
        if not any(x is None for x in node.inputs):
            if row.multiple:
                return self.several(node)
            if np.size(node.value) == 0:
                return self.builder.constant(np.asarray(node.value))
            found = self.by_rule(node)
        if found is None:
            return self.call(node)
        expected = np.asarray(node.value)
        assert found.shape == expected.shape, (node.primitive, found.shape, expected.shape)
        weak = node.value.__class__ in PYTHON_SCALARS
        return found if weak else self.maps.cast(found, expected.dtype)

    def several(self, node: TraceNode) -> Any:
        """The results of a row that has several."""
        row, values = node.primitive, node.value
        assert row is not None
        rule: Any = LOWER.get(row.name)
        found = None
        if rule is not None and all(np.size(y) for y in values):
            found = rule(self, *map(self.value, node.inputs), **node.params)
        if found is None:
            return self.call(node)
        pairs = zip(found, values, strict=True)
        return [self.maps.cast(v, np.asarray(y).dtype) for v, y in pairs]

    def by_rule(self, node: TraceNode) -> Value | None:
        row = node.primitive
        assert row is not None
        rule = LOWER.get(row.name)
        if rule is not None:
            return rule(self, *map(self.value, node.inputs), **node.params)
        name = function_name(row)
        if name is not None:
            values = [self.value(x) for x in node.inputs]
            if (name in BITS or name == "invert") and any(v.dtype != BOOL for v in values):
                return None  # of integers
            return self.maps.apply(name, *values)
        if row.kind in ("elementwise", "linear", "special") and not isinstance(row.value, np.ufunc):
            return self.by_parts(node)
        return None

    def by_parts(self, node: TraceNode) -> Value | None:
        """A row whose value is written in NumPy, as the rows that it consists of."""
        row = node.primitive
        assert row is not None
        examples = [x.value if isinstance(x, TraceNode) else x for x in node.inputs]
        try:
            with np.errstate(all="ignore"):
                parts = traced(
                    lambda *xs: row.value(*xs, **node.params), examples, abstract=True, begin=whole
                )
        except (AutodiffError, TypeError, ValueError, AttributeError):
            return None
        if any(p.primitive is row for p in parts.operations):
            return None
        given = iter(node.inputs)
        inner = [
            x for x, held in zip(given, parts.held, strict=True) if isinstance(held, TraceNode)
        ]
        for place, x in zip(parts.inputs, inner, strict=True):
            self.values[place] = self.value(x)
        self.run(parts)
        (y,) = parts.outputs
        return self.value(y)

    def call(self, node: TraceNode) -> Any:
        """A row that NumPy computes when the program runs."""
        row = node.primitive
        assert row is not None
        static = {
            k: x
            for k, x in enumerate(node.inputs)
            if not isinstance(x, TraceNode) and not hasattr(x, "dtype")
        }
        inputs = [self.value(x) for k, x in enumerate(node.inputs) if k not in static]
        params = {"function": row.name, "row": row, "static": static, "params": node.params}
        if not row.multiple:
            y = np.asarray(node.value)
            weak = node.value.__class__ in PYTHON_SCALARS
            return self.builder.make("call", inputs, params, y.shape, y.dtype, weak)
        whole = self.builder.make("call", inputs, params, (), np.dtype(object))
        parts = [np.asarray(part) for part in node.value]
        return [
            self.builder.make("part", (whole,), {"index": k}, part.shape, part.dtype)
            for k, part in enumerate(parts)
        ]

    def own_results(self, results: Sequence[Value]) -> list[Value]:
        """Every result in a buffer of its own: no argument, constant, view or other result."""
        seen: set[int] = set()
        outputs: list[Value] = []
        for k, y in enumerate(results):
            if y.size and (id(y) in seen or y.op in ("input", "constant", "view")):
                whole = [(y, 0, contiguous(y.shape))]
                y = self.place(y.shape, whole, y.dtype, result=k)
            seen.add(id(y))
            outputs.append(y)
        return outputs

    # -- what rules are made of ------------------------------------------------------------------
    def rearrange(self, v: Value, f: Callable[[Any], Any]) -> Value:
        """`f` of a value that it only rearranges; where no view can show it, of a copy."""
        found = rearranged(self.builder, v, f)
        if found is None and not is_contiguous(v):
            found = rearranged(self.builder, self.copy(v), f)
        if found is None and not v.size:  # of no entries: nowhere to look
            return self.zeros(f(np.empty(v.shape, v.dtype)).shape, v.dtype)
        assert found is not None
        return found

    def copy(self, v: Value) -> Value:
        """`v` in a buffer of its own, in C order."""
        return self.place(v.shape, [(v, 0, contiguous(v.shape))], v.dtype)

    def reshape(self, v: Value, shape: tuple[int, ...]) -> Value:
        return v if v.shape == shape else self.rearrange(v, lambda p: np.reshape(p, shape))

    def place(
        self, shape: Any, parts: Sequence[Any], dtype: Any, result: int | None = None
    ) -> Value:
        """A new array: each part a value, and the offset and strides of where it is written. With
        `result` it is that result of the program, and no other instruction."""
        shape = tuple(shape)
        parts = [part for part in parts if part[0].size]
        pattern = any(is_pattern(v) for v, *_ in parts)
        parts = self.maps.piecewise.flat(shape, parts, last=result is not None)
        if not parts:
            return self.zeros(shape, dtype)
        places = tuple((offset, strides) for _, offset, strides in parts)
        covered = sum(v.size for v, *_ in parts) == int(np.prod(shape))
        params = {"places": places, "covered": covered, **Piecewise.mark(pattern)}
        if result is not None:
            params["result"] = result
        return self.builder.make("place", [v for v, *_ in parts], params, shape, dtype)

    def zeros(self, shape: Any, dtype: Any) -> Value:
        return self.builder.constant(np.zeros(shape, dtype))

    def scatter(self, updates: Value, indices: Sequence[Value], count: int, shape: Any) -> Value:
        """Zeros with `updates` added up at indices of the first `count` axes."""
        if not updates.size:
            return self.zeros(shape, updates.dtype)
        params = {"sizes": tuple(shape[:count])}
        return self.builder.make(
            "scatter", (updates, *indices), params, tuple(shape), updates.dtype
        )

    def reduce(self, function: str, v: Value, axes: Sequence[int]) -> Value:
        return reduced_over(self.maps, function, v, axes)


def function_name(row: Any) -> str | None:
    """The function of NumPy that a row computes at every entry, if it is one; or of SciPy."""
    value = row.value if row.operator is None else row.numpy
    if row.name in SPECIAL and isinstance(value, np.ufunc):
        UFUNCS[row.name] = value
        return row.name
    if row.name in LIKE:
        UFUNCS[row.name] = Like(value, LIKE[row.name])
        return row.name
    name = getattr(value, "__name__", "")
    if isinstance(value, np.ufunc) and getattr(np, name, None) is value:
        return name if name in UFUNCS or name in SAME or name in BITS or name == "invert" else None
    return None


# -- maps whose rows are written otherwise ---------------------------------------------------------
LOWER["positive"] = LOWER["stop_gradient"] = lambda low, a: a
LOWER["square"] = lambda low, a: low.maps.apply("multiply", a, a)
LOWER["reciprocal"] = lambda low, a: low.maps.apply("divide", low.builder.constant(1, True), a)
LOWER["root"] = lambda low, a: low.maps.apply("sqrt", a)
LOWER["where"] = lambda low, c, a, b: low.maps.where(c, a, b)
LOWER["cast"] = LOWER["truncate"] = lambda low, a, dtype: low.maps.cast(
    a,
    np.dtype(np.dtype(dtype).type),  # in the machine's byte order
)
LOWER["keep"] = lambda low, a, mask: low.maps.where(mask, a, low.builder.constant(0, True))


@lowers("monomial")
def _monomial(low: Lowering, a: Value, exponent: Any) -> Value:
    return low.maps.apply("power", a, low.builder.constant(exponent, True))


@lowers("float_power")
def _float_power(low: Lowering, a: Value, b: Value) -> Value:
    *loop, _ = np.float_power.resolve_dtypes((weakly(a), weakly(b), None))
    return low.maps.apply("power", low.maps.cast(a, loop[0]), low.maps.cast(b, loop[1]))


@lowers("clip")
def _clip(low: Lowering, a: Value, bottom: Value, top: Value) -> Value:
    dtype = np.result_type(*map(promoting, (a, bottom, top)))  # a weak one would lose digits
    y = low.maps.cast(a, dtype)
    for bound, name in ((bottom, "maximum"), (top, "minimum")):
        if fits(number(bound), y) or not bound.weak:  # else it binds no entry
            y = low.maps.apply(name, y, low.maps.cast(bound, dtype))
    return y


@lowers("real", "conj")
def _of_real(low: Lowering, a: Value) -> Value | None:
    return a if a.dtype.kind != "c" else None


# -- views -----------------------------------------------------------------------------------------
def _rearrangement(value: Callable[..., Any]) -> Rule:
    def rule(low: Lowering, a: Value, **params: Any) -> Value:
        return low.rearrange(a, lambda p: value(p, **params))

    return rule


for _name in ("reshape", "transpose", "flip", "diagonal", "windows", "broadcast_to"):
    LOWER[_name] = _rearrangement(TABLE[_name].value)


@lowers("concatenate")
def _concatenate(low: Lowering, *arrays: Value, axis: int) -> Value:
    dtype = np.result_type(*(v.dtype for v in arrays))
    shape = list(arrays[0].shape)
    shape[axis] = sum(v.shape[axis] for v in arrays)
    parts, start = [], 0
    for v in arrays:
        stop = start + v.shape[axis]
        key = (*(slice(None),) * (len(shape) + axis), slice(start, stop))
        start = stop
        if v.size:
            found = region(tuple(shape), itemgetter(key))
            assert found is not None
            parts.append((low.maps.cast(v, dtype), *found[:2]))
    return low.place(shape, parts, dtype)


@lowers("roll")
def _roll(low: Lowering, a: Value, *, shift: Sequence[int], axis: Sequence[int]) -> Value | None:
    found: Value | None = a
    for k, s in zip(axis, shift, strict=True):
        cut = -s % a.shape[k]
        keys = [(..., part, *(slice(None),) * (-k - 1)) for part in (slice(cut, None), slice(cut))]
        if cut and found is not None:
            parts = [low.rearrange(found, itemgetter(key)) for key in keys]
            found = _concatenate(low, *parts, axis=k)
    return found


# -- reductions ------------------------------------------------------------------------------------
def _reduction(function: str) -> Rule:
    def rule(
        low: Lowering, a: Value, *, axis: Any, keepdims: bool, dtype: Any = None
    ) -> Value | None:
        if dtype is None:  # NumPy adds small integers and booleans in int64
            probe = getattr(np, function)(np.ones(1, a.dtype))
            dtype = probe.dtype
        y = low.reduce(function, low.maps.cast(a, np.dtype(dtype)), axis)
        return low.reshape(y, reduced(a.shape, axis, keepdims))

    return rule


for _name in ("sum", "prod", "max", "min"):
    LOWER[_name] = _reduction(_name)


def _masked_reduction(function: str, neutral: float | None, combine: str) -> Rule:
    plain = LOWER[function]

    def rule(low: Lowering, a: Value, mask: Value, *initial: Value, **params: Any) -> Value | None:
        if number(mask) is None or not number(mask):
            if neutral is None and not initial:
                return None
            rest = initial[0] if neutral is None else low.builder.constant(neutral, True)
            a = low.maps.where(mask, a, low.maps.cast(rest, a.dtype))
        y = plain(low, a, **params)
        return low.maps.apply(combine, y, initial[0]) if initial and y is not None else y

    return rule


LOWER["masked_sum"] = _masked_reduction("sum", 0, "add")
LOWER["masked_prod"] = _masked_reduction("prod", 1, "multiply")
LOWER["masked_max"] = _masked_reduction("max", None, "maximum")
LOWER["masked_min"] = _masked_reduction("min", None, "minimum")
