"""A compiled program as a person would write it down: operators, names, no buffers.

What is needed once, and is short, stands where it is needed.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ...base.shapes import Shape
from ...programs.engine_source import EngineSource
from ...programs.literals import array, literal, unwritable_loop
from ...programs.neat import neat
from ...programs.standalone import Line, refusing
from ..ir.maps import UFUNCS
from ..ir.program import Program, Value, number, type_text
from ..ir.views import contiguous, layout
from .source import Source, transposed

LONG = 44  # characters of an expression that has a line of its own
OPERATORS = {
    "add": "({} + {})",
    "subtract": "({} - {})",
    "multiply": "({} * {})",
    "divide": "({} / {})",
    "power": "({} ** {})",
    "negative": "(-{})",
    "remainder": "({} % {})",
    "less": "({} < {})",
    "less_equal": "({} <= {})",
    "greater": "({} > {})",
    "greater_equal": "({} >= {})",
    "equal": "({} == {})",
    "not_equal": "({} != {})",
}
BINARY = {f for f, u in UFUNCS.items() if isinstance(u, np.ufunc) and u.nin == 2 and hasattr(np, f)}
WHOLE = ("map", "reduce", "product", "gather", "part")  # one expression each


class Readable(Source):
    """Writes `lines` for a file, with the helpers and constants that `source` collects for it."""

    def __init__(self, program: Program, source: EngineSource, inputs: Sequence[str]) -> None:
        self.source, self.given = source, list(inputs)
        self.written: list[Line] = []
        self.count = 0
        self.uses: Counter[int] = Counter()
        for v in program.values:
            if v.op != "view":
                self.uses.update(id(layout(x)[0]) for x in v.inputs)
        self.smaller: dict[int, Value] = {}
        self.uses.update(2 * [id(layout(v)[0]) for v in program.outputs])
        super().__init__(program, self.driver)

    def arguments(self) -> list[str]:
        return self.given

    def name(self, v: Value) -> str:
        if id(v) in self.results:
            places = [k for k, y in enumerate(self.program.outputs) if layout(y)[0] is v]
            return self.source.fresh(f"y{places[0] + 1}" if len(self.results) > 1 else "y")
        self.count += 1
        return self.source.fresh(f"v{self.count}")

    def out(self, v: Value, k: int) -> str:
        return ""

    def release(self, v: Value, k: int) -> None:
        """There are no buffers."""

    def function(self, stem: str, function: Any) -> str:
        return self.source.text_of(function, stem)

    def named(self, x: Any, letter: str) -> str:
        return self.source.value(x, letter)

    def driver(self, v: Value) -> Any:
        raise unwritable_loop(v.function)

    def owned(self, text: str) -> str:
        return text

    def array(self, base: Value) -> str:
        if base.ndim == 0:
            return self.constant(number(base), base.weak)
        name = self.names[id(base)] = self.source.value(base.params["value"], "c")
        return name

    # -- instructions ----------------------------------------------------------------------------
    def emit(self, v: Value, k: int) -> None:
        with refusing(v.function or v.op):
            if v.op == "place":
                self.names[id(v)] = self.write_place(v, k)
                pairs = [line.split(" = ", 1) for line in self.lines]
                self.written += [Line(f"{neat(place)} = {neat(x)}") for place, x in pairs]
                self.lines.clear()
                return
            text = neat(getattr(self, f"write_{v.op}")(v, k))
        if re.fullmatch(r"[\d.e+-]+", text):
            self.names[id(v)] = f"({text})"
            return
        short = v.op in WHOLE and len(text) <= LONG
        if short and self.uses[id(v)] == 1:
            self.names[id(v)] = text if text.isidentifier() else f"({text})"
            return
        name = self.names[id(v)] = self.name(v)
        self.written.append(
            Line(f"{name} = {text}", "" if v.dtype.hasobject else type_text(self.stored(v)))
        )

    def write_map(self, v: Value, k: int) -> str:
        template, strong = OPERATORS.get(v.function), not all(x.weak for x in v.inputs)
        if v.function == "where":
            template, strong = "np.where({}, {}, {})", True
        elif v.function in BINARY and template is None and strong:
            template = f"np.{v.function}({{}}, {{}})"
        if template is None or not (strong or v.weak) or (v.weak and not self.never_raises(v)):
            return super().write_map(v, k)
        full = any(0 not in layout(x)[2] and x.shape == v.shape for x in v.inputs)
        return template.format(*(self.entry(x, v, broadcast=not full) for x in v.inputs))

    def cast(self, v: Value, operand: str, k: int) -> str:
        known = number(v.inputs[0])
        if v.weak and known is not None:
            return literal(v.dtype.type(known).item())
        text = operand.removeprefix("(").removesuffix(")")
        if v.dtype == float and text.startswith("np.power(") and text.endswith(").item()"):
            return text.removesuffix(".item()")  # a number of NumPy's before it was Python's
        return super().cast(v, operand, k)

    def never_raises(self, v: Value) -> bool:
        """Does Python compute of these numbers of its own what NumPy does?"""
        if v.function in ("add", "subtract", "multiply", "negative"):
            return True
        divisor = number(v.inputs[1]) if v.function == "divide" else None
        return bool(divisor)

    def entry(self, x: Value, v: Value, broadcast: bool) -> str:
        """An operand of a map; a number without its type, where the others say it."""
        others = [y for y in v.inputs if y is not x and y.dtype != bool and not y.weak]
        types = [y.dtype for y in others if number(y) is None]
        known = number(x)
        if known is not None and not x.weak and isinstance(known, np.generic):
            plain = known.item()
            if known.dtype.kind in "ifc" and any(
                np.result_type(dtype, plain) == np.result_type(dtype, known.dtype) == dtype
                for dtype in types
            ):
                text = literal(plain)
                return text if x.shape == () or not broadcast else self.operand(x, broadcast)
        text = self.operand(x, broadcast)
        of_python = x.is_map("cast") and x.inputs[0].weak and x.inputs[0].dtype == x.dtype
        if of_python and text.startswith("(np.float64(") and x.dtype in types:
            return text.removeprefix("(np.float64").removesuffix(")")  # the other one's type rules
        return text

    def stored(self, base: Value) -> Value:
        return self.smaller.get(id(base), base)

    def write_product(self, v: Value, k: int) -> str:
        """A single product of matrices or vectors, as such."""
        (stack, rows, cols), a, b = v.shape, *v.inputs
        if stack != 1 or id(v) in self.results:
            return super().write_product(v, k)
        first = without(a, (0, 1) if rows == 1 else (0,))
        second = without(b, (0, 2) if cols == 1 else (0,))
        shape = tuple(n for n in (rows, cols) if n != 1)
        return self.smaller_than(v, shape, f"{self.operand(first)} @ {self.operand(second)}")

    def write_solution(self, v: Value, k: int) -> str:
        """A single linear system, as such."""
        *_, a, columns = v.inputs
        if v.shape[0] != 1 or id(v) in self.results:
            return super().write_solution(v, k)
        a = without(transposed(a) if v.params["transposed"] else a, (0,))
        if v.function == "inv":
            return self.smaller_than(v, v.shape[1:], f"{self.call_row('inv', a)}.T")
        if columns.shape[1] == 1:
            one = self.call_row(v.function, a, without(columns, (0, 1)))
            return self.smaller_than(v, v.shape[2:], one)
        many = self.call_row(v.function, a, without(transposed(columns), (0,)))
        return self.smaller_than(v, v.shape[1:], f"{many}.T")

    write_substitution = write_solution

    def write_cholesky(self, v: Value, k: int) -> str:
        if v.shape[0] != 1 or id(v) in self.results:
            return super().write_cholesky(v, k)
        which = {"upper": True} if v.params["upper"] else {}
        text = self.call_row("cholesky", without(v.inputs[0], (0,)), **which)
        return self.smaller_than(v, v.shape[1:], text)

    def smaller_than(self, v: Value, shape: Shape, text: str) -> str:
        """The text of a value that is stored in fewer axes."""
        self.smaller[id(v)] = Value(v.op, (), {}, shape, v.dtype)
        return text

    def special(self, name: str) -> str:
        module, _, function = name.rpartition(".")
        return self.source.text_of(getattr(importlib.import_module(module), function), function)

    def write_call(self, v: Value, k: int) -> str:
        row, static, params = v.params["row"], v.params["static"], v.params["params"]
        given = iter(self.operand(x) for x in v.inputs)
        total = len(v.inputs) + len(static)
        operands = [
            self.named(static[j], "s") if j in static else next(given) for j in range(total)
        ]
        tracked = iter(x.shape for x in v.inputs)
        shapes = [() if j in static else next(tracked) for j in range(total)]
        return self.source.call(row, operands, params, shapes)

    def write_place(self, v: Value, k: int) -> str:
        (first, *others), places = v.inputs, v.params["places"]
        if not v.shape:
            return super().write_place(v, k)
        joined = self.joined(v)
        if joined:
            self.lines.append(f"{(name := self.name(v))} = {joined}")
            return name
        whole = not others and places[0] == (0, contiguous(v.shape)) and first.shape == v.shape
        if not whole:
            return super().write_place(v, k)
        known = number(first)
        if isinstance(known, np.generic) and known.dtype == v.dtype:
            self.lines.append(f"{(name := self.name(v))} = {array(np.full(v.shape, known))}")
            return name
        name, text, base = self.name(v), self.operand(first), layout(first)[0]
        same = first.dtype == v.dtype and not first.weak
        alone = base.op not in ("input", "constant") and self.uses[id(base)] == 1
        if not (same and alone and base.size == v.size) or "broadcast_to(" in text:
            text = f"np.array({text}{'' if same else f', {literal(v.dtype.name)}'})"
        self.lines.append(f"{name} = {neat(text)}")
        return name

    def joined(self, v: Value) -> str:
        """Arrays one after the other; "" if they are not."""
        row, start = prod(v.shape[1:]), 0
        for x, (offset, strides) in zip(v.inputs, v.params["places"], strict=True):
            fits = x.shape[1:] == v.shape[1:] and strides == contiguous(v.shape)
            if not fits or offset != start or x.dtype != v.dtype or x.weak:
                return ""
            start += x.size
        if len(v.inputs) < 2 or start != v.size or not row:
            return ""
        return neat(f"np.concatenate(({', '.join(map(self.operand, v.inputs))}))")

    def made(self, v: Value, k: int) -> str:
        return self.new(v)

    def finished(self, text: str) -> str:
        return neat(text)


def without(v: Value, axes: tuple[int, ...]) -> Value:
    """A value without some axes of size 1."""
    base, offset, strides = layout(v)
    kept = [k for k in range(v.ndim) if k not in axes]
    params = {"offset": offset, "strides": tuple(strides[k] for k in kept)}
    return Value("view", (base,), params, tuple(v.shape[k] for k in kept), v.dtype)
