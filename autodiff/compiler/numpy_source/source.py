"""A program as one readable function of NumPy calls: what runs where LLVM is not installed.

Intermediate arrays are made once; every call writes into them again (`out=`). A buffer is used
again as soon as nothing needs what is in it, and a map writes over an operand that it is the last
to need.
"""

from __future__ import annotations

import importlib
import linecache
import weakref
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ...base.selecting import where
from ...base.shapes import Shape
from ...programs.literals import literal
from ...rules.primitive import TABLE
from ..ir.maps import LIKE, PYTHON_OPERATORS, SPECIAL, of_python_integers
from ..ir.program import Program, Value, number
from ..ir.views import contiguous, layout
from .spelling import _tuple, spelled

LEAVES = ("input", "constant")
serial = count(1)


def strided(a: Any, offset: int, shape: Shape, strides: tuple[int, ...]) -> Any:
    """Any view of an array in C order: strides are counted in entries."""
    flat = np.ascontiguousarray(a).reshape(-1)[offset:]
    return as_strided(flat, shape, tuple(s * a.itemsize for s in strides))


def own(a: Any) -> Any:
    """A result that is no view of a buffer, which will be written to again."""
    return a if getattr(a, "base", None) is None else np.array(a)


class Source:
    """Writes the function. ``driver(v)`` is the function that runs a loop or a branch."""

    def __init__(self, program: Program, driver: Callable[[Value], Any]) -> None:
        self.program, self.driver = program, driver
        self.names: dict[int, str] = {}
        self.globals: dict[str, Any] = {"np": np}
        self.lines: list[str] = []
        self.buffers: list[tuple[str, Shape, np.dtype[Any]]] = []
        self.free: dict[Any, list[str]] = {}
        self.held: dict[int, str] = {}  # which buffer an instruction's result is in
        self.results = {id(layout(v)[0]) for v in program.outputs}
        self.last = self.last_uses()
        self.names |= {
            id(v): name for v, name in zip(program.inputs, self.arguments(), strict=True)
        }
        for k, v in enumerate(program.values):
            if v.op not in (*LEAVES, "view", "factors"):  # NumPy keeps no factors
                self.emit(v, k)
                self.release(v, k)

    def last_uses(self) -> dict[int, int]:
        last: dict[int, int] = {}
        for k, v in enumerate(self.program.values):
            for x in v.inputs:
                last[id(layout(x)[0])] = k
            last.setdefault(id(v), k)
        return last

    # -- names ------------------------------------------------------------------------------------
    def arguments(self) -> list[str]:
        return [f"x{k}" for k in range(len(self.program.inputs))]

    def name(self, v: Value) -> str:
        return f"v{v.number}"

    def operand(self, v: Value, broadcast: bool = True) -> str:
        """An operand; without `broadcast`, axes along which it is repeated may be 1."""
        known = number(v)
        if known is not None and (v.shape == () or not broadcast):
            return self.constant(known, v.weak)
        base, offset, strides = layout(v)
        name = self.names.get(id(base)) or self.array(base)
        base = self.stored(base)
        if base is v:
            return name
        shape = tuple(n if s else 1 for n, s in zip(v.shape, strides, strict=True))
        once = Value("view", (base,), {"offset": offset, "strides": strides}, shape, v.dtype)
        plain = not offset and strides == contiguous(base.shape) and shape == base.shape
        text = name if plain or base.shape == () else self.view(name, once)
        repeated = shape != v.shape or base.shape == ()
        if not (broadcast and repeated):
            return text
        return f"np.broadcast_to({text}, {_tuple(v.shape)})"

    def stored(self, base: Value) -> Value:
        """The array that is in the variable of a value: the same numbers, perhaps in fewer axes."""
        return base

    def view(self, name: str, v: Value) -> str:
        return spelled(name, v, lambda: self.function("strided", strided))

    def constant(self, x: Any, weak: bool) -> str:
        if not weak and x.__class__ is np.bool_:
            return repr(bool(x))
        return literal(x.item() if weak and x.__class__ is not int else x)

    def array(self, base: Value) -> str:
        """A constant array: a name of the module that the function stands in."""
        if base.ndim == 0:
            return self.constant(number(base), base.weak)
        name = self.names[id(base)] = f"c{base.number}"
        self.globals[name] = base.params["value"]
        return name

    # -- buffers ---------------------------------------------------------------------------------
    def out(self, v: Value, k: int) -> str:
        """``, out=b3``: where the result of an instruction goes; results of the program are new."""
        if id(v) in self.results or v.shape == () or v.dtype.hasobject:
            return ""
        return f", out={self.buffer(v, k)}"

    def buffer(self, v: Value, k: int) -> str:
        key = (v.shape, v.dtype)
        name = self.inherited(v, k) or (self.free.get(key) or [""]).pop()
        if not name:
            name = f"b{len(self.buffers)}"
            self.buffers.append((name, *key))
        self.held[id(v)] = name
        return name

    def inherited(self, v: Value, k: int) -> str:
        """The buffer of an operand that nothing needs after this map, which may overwrite it."""
        if v.op != "map":
            return ""
        for x in v.inputs:
            base = layout(x)[0]
            alone = sum(layout(y)[0] is base for y in v.inputs) == sum(y is x for y in v.inputs)
            fits = x is base and x.shape == v.shape and x.dtype == v.dtype
            if fits and alone and self.last[id(x)] == k and id(x) in self.held:
                return self.held.pop(id(x))
        return ""

    def release(self, v: Value, k: int) -> None:
        for base in {id(layout(x)[0]): layout(x)[0] for x in v.inputs}.values():
            if self.last[id(base)] == k and id(base) in self.held and id(base) not in self.results:
                name = self.held.pop(id(base))
                self.free.setdefault((base.shape, base.dtype), []).append(name)

    # -- instructions ----------------------------------------------------------------------------
    def emit(self, v: Value, k: int) -> None:
        write: Callable[[Value, int], str] = getattr(self, f"write_{v.op}")
        text = write(v, k)
        name = self.names[id(v)] = self.name(v)
        self.lines.append(f"{name} = {text}")

    def write_map(self, v: Value, k: int) -> str:
        full = any(0 not in layout(x)[2] and x.shape == v.shape for x in v.inputs)
        operands = [self.operand(x, broadcast=not full) for x in v.inputs]
        if v.function == "cast":
            return self.cast(v, operands[0], k)
        if v.function == "where":
            return f"{self.function('where', where)}({', '.join(operands)})"
        if v.function in SPECIAL:
            return f"{self.special(v.function)}({', '.join(operands)}{self.out(v, k)})"
        if v.function in LIKE:
            name = self.function(v.function, TABLE[v.function].value)
            return f"{name}({', '.join(operands)})"
        if v.weak and of_python_integers(v):
            name = self.function(f"python_{v.function}", PYTHON_OPERATORS[v.function])
            return f"{name}({', '.join(operands)})"
        if v.weak:
            return f"np.{v.function}({', '.join(operands)}).item()"
        return f"np.{v.function}({', '.join(operands)}{self.out(v, k)})"

    def special(self, name: str) -> str:
        """What a ufunc of SciPy's is called in the text."""
        self.globals["scipy"] = importlib.import_module("scipy")
        return name

    def cast(self, v: Value, operand: str, k: int) -> str:
        if v.weak:
            return f"np.{v.dtype.name}({operand}).item()"
        if v.shape == ():
            return f"np.{v.dtype.name}({operand})"
        if v.inputs[0].dtype.kind == "c" and v.dtype.kind != "c":
            operand += ".real"
        return f"{operand}.astype({v.dtype.name!r})"

    def write_reduce(self, v: Value, k: int) -> str:
        (x,) = v.inputs
        axes = v.params["axes"]
        axis = "" if len(axes) == x.ndim else f", axis={axes[0] if len(axes) == 1 else axes}"
        if v.function in ("sum", "prod") and v.dtype.kind in "iu" and v.dtype.itemsize < 8:
            axis += f", dtype={v.dtype.name!r}"  # which np.sum would widen
        return f"np.{v.function}({self.operand(x)}{axis}{self.out(v, k)})"

    def write_scan(self, v: Value, k: int) -> str:
        return f"np.{v.function}({self.operand(v.inputs[0])}, axis=1{self.out(v, k)})"

    def write_product(self, v: Value, k: int) -> str:
        a, b = (self.operand(x) for x in v.inputs)
        return f"np.matmul({a}, {b}{self.out(v, k)})"

    def write_gather(self, v: Value, k: int) -> str:
        a, *indices = (self.operand(x) for x in v.inputs)
        return f"{a}[{', '.join(indices)}]"

    def write_scatter(self, v: Value, k: int) -> str:
        updates, *indices = (self.operand(x) for x in v.inputs)
        name = self.function("scattered", scattered)
        return f"{name}({updates}, ({', '.join(indices)},), {_tuple(v.shape)})"

    def write_solution(self, v: Value, k: int) -> str:
        *_, a, columns = v.inputs
        a = transposed(a) if v.params["transposed"] else a
        given = [a] if v.function == "inv" else [a, transposed(columns)]
        return self.call_row(v.function, *given) + ".swapaxes(1, 2)"

    write_substitution = write_solution

    def write_determinant(self, v: Value, k: int) -> str:
        return f"np.stack({self.call_row('slogdet', v.inputs[1])})"

    def write_cholesky(self, v: Value, k: int) -> str:
        return self.call_row("cholesky", *v.inputs, upper=v.params["upper"])

    def call_row(self, name: str, *operands: Value, **params: Any) -> str:
        name = self.function(name, TABLE[name].value)
        given = [*map(self.operand, operands), *(f"{k}={x!r}" for k, x in params.items())]
        return f"{name}({', '.join(given)})"

    def write_place(self, v: Value, k: int) -> str:
        made = self.made(v, k)
        name = self.name(v)
        self.lines.append(f"{name} = {made}")
        for x, (offset, strides) in zip(v.inputs, v.params["places"], strict=True):
            part = Value("view", (v,), {"offset": offset, "strides": strides}, x.shape, v.dtype)
            whole = not offset and strides == contiguous(v.shape) and x.shape == v.shape
            target = f"{name}[...]" if whole else self.view(name, part)
            if target.endswith(")"):
                target += "[...]"
            self.lines.append(f"{target} = {self.operand(x)}")
        return name

    def made(self, v: Value, k: int) -> str:
        """Where the parts of an array are put together."""
        if id(v) in self.results:
            return self.new(v)
        made = self.buffer(v, k)
        if not v.params["covered"]:
            self.lines.append(f"{made}.fill(0)")
        return made

    def new(self, v: Value) -> str:
        new = "np.empty" if v.params["covered"] else "np.zeros"
        return f"{new}({_tuple(v.shape)}, {literal(v.dtype.name)})"

    def write_call(self, v: Value, k: int) -> str:
        row, static = v.params["row"], v.params["static"]
        given = iter(self.operand(x) for x in v.inputs)
        total = len(v.inputs) + len(static)
        arguments = [
            self.named(static[j], "s") if j in static else next(given) for j in range(total)
        ]
        arguments += [f"{key}={self.named(x, 'p')}" for key, x in v.params["params"].items()]
        name = self.function("".join(c if c.isalnum() else "_" for c in row.name), row.value)
        text = f"{name}({', '.join(arguments)})"
        return text if row.multiple or not v.shape else self.owned(text)

    def owned(self, text: str) -> str:
        return f"{self.function('own', own)}({text})"

    def write_nested(self, v: Value, k: int) -> str:
        name = self.function(f"{v.function}_{v.number}", self.driver(v))
        return f"{name}({', '.join(self.operand(x) for x in v.inputs)})"

    def function(self, stem: str, function: Any) -> str:
        """The name of a function; another of the same name, as two custom rules may be, has a
        number."""
        name, k = stem, 1
        while self.globals.setdefault(name, function) is not function:
            k += 1
            name = f"{stem}_{k}"
        return name

    def named(self, x: Any, letter: str) -> str:
        """A parameter as text, or as a name where it has none."""
        if x is None or isinstance(x, (bool, int, str)):
            return repr(x)
        if isinstance(x, tuple) and all(isinstance(i, int) for i in x):
            return _tuple(x)
        name = f"{letter}{len(self.globals)}"
        self.globals[name] = x
        return name

    def write_part(self, v: Value, k: int) -> str:
        return self.owned(f"{self.operand(v.inputs[0])}[{v.params['index']}]")

    def text(self, result: Callable[[Value, str], str]) -> str:
        """The whole function; `result` writes a result in the type that it must have."""
        arguments = ", ".join(["buffers", *self.arguments()])
        body = list(self.lines)
        if self.buffers:
            body.insert(0, ", ".join(name for name, *_ in self.buffers) + ", = buffers")
        results = [result(v, self.operand(v)) for v in self.program.outputs]
        body.append(f"return {', '.join(results) or '()'}")
        return "\n".join([f"def compiled({arguments}):", *(f"    {line}" for line in body), ""])


def transposed(v: Value) -> Value:
    """Each matrix of a stack transposed."""
    base, offset, (stack, row, column) = layout(v)
    s, n, m = v.shape
    return Value(
        "view", (base,), {"offset": offset, "strides": (stack, column, row)}, (s, m, n), v.dtype
    )


def scattered(updates: Any, indices: tuple[Any, ...], shape: Shape) -> Any:
    """Zeros with `updates` added up at `indices`."""
    out = np.zeros(shape, updates.dtype)
    np.add.at(out, indices, updates)
    return out


def load(source: str, names: dict[str, Any]) -> Any:
    """The function that this text defines. The text is the compiler's own: names that it made up,
    numbers and words of its vocabulary; nothing of the user's stands in it."""
    file = f"<autodiff.jit, {next(serial)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    scope = dict(names)
    exec(compile(source, file, "exec"), scope)  # noqa: S102
    made = scope["compiled"]
    weakref.finalize(made, linecache.cache.pop, file, None)
    return made
