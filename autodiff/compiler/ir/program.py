"""A program of typed instructions: what tracing wrote down, in words few enough to compile.

| instruction          | what it is                                                            |
|----------------------|-----------------------------------------------------------------------|
| input, constant      | an argument of the program; a known array or number                   |
| map                  | one function of NumPy at every entry, operands broadcast              |
| view                 | the entries of one buffer in another order or shape: offset, strides  |
| place                | a new buffer, written part by part, zero where nothing is written     |
| reduce               | sum, max, min, prod over some axes                                    |
| product              | stacks of matrix products                                             |
| gather, scatter      | entries at indices that are known only when the program runs          |
| scan                 | running sums or products along the middle one of three axes           |
| factors, solution... | linear systems: `systems.py`                                          |
| nested               | a loop or a branch around programs of its own; a `part` is one result |
| call                 | any other row of the table, computed by NumPy                         |

Equal instructions are one instruction: the builder numbers values (Alpern, Wegman and Zadeck,
1988), so that a program never computes anything twice.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import numpy as np

from ...base.shapes import Shape

BOOL = np.dtype(bool)
WITHOUT_WAITING = ("input", "constant", "view", "map")  # each entry by itself


class Value:
    """One instruction, and the array that it makes. `weak`: a Python number, in NumPy 2's sense.
    `depth`: how many reductions, products and the like must be complete before it is."""

    __slots__ = ("depth", "dtype", "inputs", "number", "op", "params", "shape", "size", "weak")

    def __init__(
        self,
        op: str,
        inputs: tuple[Value, ...],
        params: dict[str, Any],
        shape: Shape,
        dtype: np.dtype[Any],
        weak: bool = False,
    ) -> None:
        self.op, self.inputs, self.params = op, inputs, params
        self.shape, self.dtype, self.weak = shape, dtype, weak
        self.size = prod(shape)
        self.number = 0
        self.depth: int = max((x.depth for x in inputs), default=0) + (op not in WITHOUT_WAITING)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def function(self) -> str:
        """Which function a `map`, `reduce` or `call` computes."""
        return str(self.params.get("function", ""))

    def is_map(self, function: str) -> bool:
        return self.op == "map" and self.params["function"] == function

    def __repr__(self) -> str:
        return f"v{self.number}: {type_text(self)} = {text(self)}"


class Builder:
    """Makes instructions, each only once."""

    def __init__(self) -> None:
        self._known: dict[Any, Value] = {}
        self.count = 0

    def make(
        self,
        op: str,
        inputs: Iterable[Value],
        params: dict[str, Any],
        shape: Shape,
        dtype: np.dtype[Any],
        weak: bool = False,
    ) -> Value:
        inputs = tuple(inputs)
        dtype = np.dtype(dtype.type)  # in the machine's byte order, as every argument arrives
        key = (op, tuple(map(id, inputs)), hashable(params), shape, dtype.str, weak)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = Value(op, inputs, params, shape, dtype, weak)
            self.count += 1
            found.number = self.count
        return found

    def constant(self, x: Any, weak: bool = False) -> Value:
        """A known value; an array with one number in every entry is that number, broadcast."""
        array = np.asarray(x)
        if not array.dtype.isnative:
            array = array.astype(array.dtype.type)
        if array.ndim and array.size and array.strides.count(0) == array.ndim:
            number = array[(0,) * array.ndim]
        elif array.size > 1 and array.size < 2**20 and _uniform(array):
            number = array.flat[0]
        else:
            number = None
        if number is None:
            key: Any = ("constant", array.shape, array.dtype.str, contents(array), weak)
            found = self._known.get(key)
            if found is None:
                array = np.array(array, order="C", copy=True)  # its owner may yet change it
                found = self._known[key] = Value(
                    "constant", (), {"value": array}, array.shape, array.dtype, weak
                )
                self.count += 1
                found.number = self.count
            return found
        return self.spread(self.constant(number), array.shape)

    def spread(self, v: Value, shape: Shape) -> Value:
        """`v`, a single number, in every entry of an array of this shape."""
        if v.shape == shape:
            return v
        return self.make(
            "view", (v,), {"offset": 0, "strides": (0,) * len(shape)}, shape, v.dtype, v.weak
        )


def number(v: Value) -> Any:
    """The one number in every entry of `v`, or `None`."""
    base = v.inputs[0] if v.op == "view" else v
    return base.params["value"][()] if base.op == "constant" and base.ndim == 0 else None


def is_number(v: Value, x: float) -> bool:
    """Is it this number, the sign of a zero included?"""
    found = number(v)
    return (
        found is not None
        and bool(found == x)
        and (v.dtype.kind != "f" or math.copysign(1, found) == math.copysign(1, x))
    )


def _uniform(array: np.ndarray[Any, Any]) -> bool:
    """Is every entry the same, to the bit? (0.0 and -0.0 differ; nan equals nan.)"""
    if array.dtype.hasobject:
        return False
    flat = np.ascontiguousarray(array).reshape(-1)
    first = flat[:1].tobytes()
    if flat[-1:].tobytes() != first:
        return False
    as_bytes = flat.view(np.uint8).reshape(flat.size, -1)
    return bool(np.all(as_bytes == as_bytes[0]))


def contents(array: np.ndarray[Any, Any]) -> bytes:
    """The bytes of an array, in C order, or of a large one a digest: a key keeps no second copy."""
    if array.nbytes < 2**12 or array.dtype.hasobject:
        return array.tobytes()
    return hashlib.blake2b(np.ascontiguousarray(array).view(np.uint8)).digest()


def hashable(x: Any) -> Any:
    """Parameters as a key: arrays by their bytes, functions by themselves."""
    if isinstance(x, str):
        return x
    if isinstance(x, dict):
        return tuple((k, hashable(v)) for k, v in sorted(x.items()))
    if type(x) is tuple and all(type(i) is int for i in x):
        return x
    if isinstance(x, (list, tuple)):
        return (type(x).__name__, *map(hashable, x))
    if isinstance(x, np.ndarray):
        return (x.shape, x.dtype.str, contents(x))
    if isinstance(x, slice):
        return ("slice", x.start, x.stop, x.step)
    if isinstance(x, (float, np.floating)):
        return (type(x).__name__, np.asarray(x).tobytes())
    try:
        hash(x)
    except TypeError:
        return ("object", id(x))
    return (type(x).__name__, x)


class Program:
    """Instructions in an order in which they can run, and which of them are the results."""

    def __init__(self, name: str, inputs: Sequence[Value], outputs: Sequence[Value]) -> None:
        self.name = name
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.values = needed(self.outputs)

    def __str__(self) -> str:
        """One line an instruction."""
        arguments = ", ".join(f"v{v.number}: {type_text(v)}" for v in self.inputs)
        lines = [f"    {v!r}" for v in self.values if v.op not in ("input", "constant")]
        results = ", ".join(map(operand_text, self.outputs))
        return "\n".join([f"program {self.name}({arguments})", *lines, f"    return {results}"])

    def verify(self) -> None:
        """Every operand is made before it is used, and maps have shapes that broadcast."""
        made: set[int] = {id(v) for v in self.inputs}
        for v in self.values:
            for x in v.inputs:
                if id(x) not in made:
                    raise AssertionError(f"{v!r} uses v{x.number}, which is not made yet")
            shapes = {x.shape for x in v.inputs}
            if v.op == "map" and shapes != {v.shape} and np.broadcast_shapes(*shapes) != v.shape:
                raise AssertionError(f"{v!r} does not have the shape of its operands")
            made.add(id(v))


def needed(outputs: Iterable[Value]) -> list[Value]:
    """What `outputs` are made of, operands first; the rest is dead code."""
    order: list[Value] = []
    done: set[int] = set()
    stack: list[tuple[Value, bool]] = [(v, False) for v in reversed(list(outputs))]
    while stack:
        v, opened = stack.pop()
        if opened:
            order.append(v)
        elif id(v) not in done:
            done.add(id(v))
            stack.append((v, True))
            stack.extend((x, False) for x in reversed(v.inputs) if id(x) not in done)
    return order


# -- as text ---------------------------------------------------------------------------------------
def type_text(v: Value) -> str:
    return f"{v.dtype}{list(v.shape)}" if v.shape else str(v.dtype)


def operand_text(v: Value) -> str:
    if v.op == "constant":
        value = v.params["value"]
        return repr(value.item()) if value.ndim == 0 else f"<{type_text(v)}>"
    if v.op == "view" and v.inputs[0].op == "constant" and v.inputs[0].ndim == 0:
        return f"{operand_text(v.inputs[0])} in {list(v.shape)}"
    return f"v{v.number}"


def text(v: Value) -> str:
    name = v.params.get("function", v.op)
    shown = [operand_text(x) for x in v.inputs]
    shown += [f"{k}={_short(p)}" for k, p in v.params.items() if k != "function"]
    return f"{name}({', '.join(shown)})"


def _short(p: Any) -> str:
    return f"<{p.dtype} {p.shape}>" if isinstance(p, np.ndarray) else f"{p!s:.60}"


def users(program: Program) -> dict[int, list[Value]]:
    """For each value the instructions that use it."""
    found: dict[int, list[Value]] = {id(v): [] for v in program.values}
    for v in program.values:
        for x in v.inputs:
            found.setdefault(id(x), []).append(v)
    return found
