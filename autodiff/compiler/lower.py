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

from ..errors import AutodiffError
from ..graph import TraceNode
from ..primitive import TABLE
from ..primitives.gathering import filled
from ..primitives.indexing import HOLE, is_basic
from ..shapes import PYTHON_SCALARS, reduced
from ..tracing import Graph, traced
from .maps import BITS, PYTHON, SAME, SPECIAL, UFUNCS, Maps, is_contiguous, number, weakly
from .program import Builder, Program, Value
from .views import contiguous, rearranged, region

Rule = Callable[..., "Value | None"]
LOWER: dict[str, Rule] = {}


def lowers(*names: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        LOWER.update(dict.fromkeys(names, rule))
        return rule

    return register


def program_of(graph: Graph, reciprocals: bool = True) -> Program:
    """A traced graph as a program; with `reciprocals`, few divisors are inverted once."""
    low = Lowering(reciprocals)
    inputs = []
    for k, node in enumerate(graph.inputs):
        v = low.input(k, node.value)
        inputs.append(v)
        low.values[node] = v
    low.run(graph)
    outputs = [low.value(y) for y in graph.outputs]
    return Program(graph.name, inputs, outputs)


class Lowering:
    """The state of one translation: which instruction stands for which node."""

    def __init__(self, reciprocals: bool = True) -> None:
        self.builder = Builder()
        self.maps = Maps(self.builder, reciprocals)
        self.values: dict[TraceNode, Any] = {}

    def input(self, position: int, example: Any) -> Value:
        weak = example.__class__ in PYTHON_SCALARS
        array = np.asarray(example)
        return self.builder.make(
            "input", (), {"position": position}, array.shape, array.dtype, weak
        )

    def value(self, x: Any) -> Value:
        """The instruction for a node, or for a constant."""
        if isinstance(x, TraceNode):
            return self.values[x]
        return self.builder.constant(x, weak=x.__class__ in PYTHON_SCALARS)

    def run(self, graph: Graph) -> None:
        for node in graph.operations:
            self.values[node] = self.lowered(node)

    def lowered(self, node: TraceNode) -> Any:
        row, params = node.primitive, node.params
        assert row is not None
        if row.name == "pick":
            return self.values[node.inputs[0]][params["index"]]
        found = None
        if not row.multiple and not any(x is None for x in node.inputs):
            if np.size(node.value) == 0:
                return self.builder.constant(np.asarray(node.value))
            found = self.by_rule(node)
        if found is None:
            return self.call(node)
        expected = np.asarray(node.value)
        assert found.shape == expected.shape, (node.primitive, found.shape, expected.shape)
        weak = node.value.__class__ in PYTHON_SCALARS
        return found if weak else self.maps.cast(found, expected.dtype)

    def by_rule(self, node: TraceNode) -> Value | None:
        row = node.primitive
        assert row is not None
        rule = LOWER.get(row.name)
        if rule is not None:
            return rule(self, *map(self.value, node.inputs), **node.params)
        name = function_name(row)
        if name is not None:
            return self.maps.apply(name, *map(self.value, node.inputs))
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
                parts = traced(lambda *xs: row.value(*xs, **node.params), examples, abstract=True)
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

    # -- what rules are made of ------------------------------------------------------------------
    def rearrange(self, v: Value, f: Callable[[Any], Any]) -> Value:
        """`f` of a value that it only rearranges; where no view can show it, of a copy."""
        found = rearranged(self.builder, v, f)
        if found is None and not is_contiguous(v):
            found = rearranged(self.builder, self.copy(v), f)
        assert found is not None
        return found

    def copy(self, v: Value) -> Value:
        """`v` in a buffer of its own, in C order."""
        return self.place(v.shape, [(v, 0, contiguous(v.shape))], v.dtype)

    def reshape(self, v: Value, shape: tuple[int, ...]) -> Value:
        return v if v.shape == shape else self.rearrange(v, lambda p: np.reshape(p, shape))

    def place(self, shape: Any, parts: Sequence[Any], dtype: Any) -> Value:
        """A new array: each part a value, and the offset and strides of where it is written."""
        parts = [part for part in parts if part[0].size]
        if not parts:
            return self.zeros(shape, dtype)
        places = tuple((offset, strides) for _, offset, strides in parts)
        covered = sum(v.size for v, *_ in parts) == int(np.prod(shape))
        params = {"places": places, "covered": covered}
        return self.builder.make("place", [v for v, *_ in parts], params, tuple(shape), dtype)

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
        axes = tuple(sorted(k % v.ndim for k in axes))
        if not axes:
            return v
        shape = tuple(n for k, n in enumerate(v.shape) if k not in axes)
        if function == "sum" and v.is_map("negative"):  # rounding is the same on both sides of 0
            return self.maps.apply("negative", self.reduce(function, v.inputs[0], axes))
        if not v.size:
            empty = getattr(np, function)(np.empty(v.shape, v.dtype), axis=axes)
            return self.builder.constant(empty)
        return self.builder.make(
            "reduce", (v,), {"function": function, "axes": axes}, shape, v.dtype
        )


def function_name(row: Any) -> str | None:
    """The function of NumPy that a row computes at every entry, if it is one; or of SciPy."""
    value = row.value
    if row.name in SPECIAL and isinstance(value, np.ufunc):
        UFUNCS[row.name] = value
        return row.name
    if value in PYTHON:
        return PYTHON[value]
    name = getattr(value, "__name__", "")
    if isinstance(value, np.ufunc) and getattr(np, name, None) is value:
        return name if name in UFUNCS or name in SAME or name in BITS or name == "invert" else None
    return None


# -- maps whose rows are written otherwise ---------------------------------------------------------
LOWER["divide"] = lambda low, a, b: low.maps.apply("divide", a, b)
LOWER["remainder"] = lambda low, a, b: low.maps.apply("remainder", a, b)
LOWER["positive"] = LOWER["stop_gradient"] = lambda low, a: a
LOWER["square"] = lambda low, a: low.maps.apply("multiply", a, a)
LOWER["reciprocal"] = lambda low, a: low.maps.apply("divide", low.builder.constant(1, True), a)
LOWER["root"] = lambda low, a: low.maps.apply("sqrt", a)
LOWER["where"] = lambda low, c, a, b: low.maps.where(c, a, b)
LOWER["cast"] = LOWER["truncate"] = lambda low, a, dtype: low.maps.cast(a, np.dtype(dtype))
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
    return low.maps.apply("minimum", low.maps.apply("maximum", a, bottom), top)


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


@lowers("index")
def _index(low: Lowering, a: Value, key: Any) -> Value | None:
    if is_basic(key):
        found = rearranged(low.builder, a, lambda p: p[(*key, ...) if Ellipsis not in key else key])
        return found if found is not None else None
    return take(low, a, np.arange(a.size).reshape(a.shape)[key])


def take(low: Lowering, a: Value, positions: Any) -> Value:
    """The entries of `a` at known positions."""
    flat = low.reshape(a, (a.size,))
    index = low.builder.constant(positions.astype(np.int64))
    return low.builder.make("gather", (flat, index), {"sizes": (a.size,)}, positions.shape, a.dtype)


@lowers("scatter_add")
def _scatter_add(low: Lowering, updates: Value, key: Any, shape: Any) -> Value | None:
    if is_basic(key):
        found = region(shape, lambda p: p[(*key, ...) if Ellipsis not in key else key])
        if found is not None:
            offset, strides, part = found
            updates = low.maps.broadcast(updates, part)
            return low.place(shape, [(updates, offset, strides)], updates.dtype)
    size = int(np.prod(shape))
    positions = np.arange(size).reshape(shape)[key]
    updates = low.maps.broadcast(updates, positions.shape)
    index = low.builder.constant(positions.astype(np.int64))
    return low.reshape(low.scatter(updates, [index], 1, (size,)), shape)


@lowers("gather")
def _gather(low: Lowering, a: Value, *indices: Value, key: Any) -> Value | None:
    """Indices in the first axes, each an array; the other axes are taken whole."""
    found = _index_arrays(low, indices, key)
    if found is None:
        return None
    block = np.broadcast_shapes(*(i.shape for i in found))
    given = [low.maps.broadcast(i, block) for i in found]
    params = {"sizes": a.shape[: len(found)]}
    shape = (*block, *a.shape[len(found) :])
    return low.builder.make("gather", (a, *given), params, shape, a.dtype)


@lowers("scatter")
def _scatter(low: Lowering, updates: Value, *indices: Value, key: Any, shape: Any) -> Value | None:
    found = _index_arrays(low, indices, key)
    if found is None:
        return None
    block = np.broadcast_shapes(*(i.shape for i in found))
    given = [low.maps.broadcast(i, block) for i in found]
    updates = low.maps.broadcast(updates, (*block, *shape[len(found) :]))
    return low.scatter(updates, given, len(found), shape)


def _index_arrays(low: Lowering, indices: Sequence[Value], key: Any) -> list[Value] | None:
    """The key of a gather as arrays of integers, if it is nothing else."""
    while key and isinstance(key[-1], slice) and key[-1] == slice(None):
        key = key[:-1]
    parts = []
    for k in filled(key, indices):
        v = k if isinstance(k, Value) else None
        if v is None and (k is HOLE or isinstance(k, (slice, type(None), type(Ellipsis)))):
            return None
        if v is None:
            v = low.builder.constant(np.asarray(k))
        if v.dtype.kind not in "iu":
            return None
        parts.append(low.maps.cast(v, np.dtype(np.int64)))
    return parts


@lowers("set_at")
def _set_at(low: Lowering, a: Value, updates: Value, key: Any) -> Value | None:
    if not is_basic(key):
        return None
    found = region(a.shape, lambda p: p[(*key, ...) if Ellipsis not in key else key])
    if found is None:
        return None
    offset, strides, part = found
    updates = low.maps.broadcast(low.maps.cast(updates, a.dtype), part)
    whole = (a, 0, contiguous(a.shape))
    return low.place(a.shape, [whole, (updates, offset, strides)], a.dtype)


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
