"""An operation on numbers that carry tangents, which may carry tangents, written out as Python.

What forward mode does to nested tangents depends only on their form: which levels there are, and
which kind of number or array is at each end. So for each form of the operands the rules run once,
on symbols; what they compute is written as one function, whose first lines check the form:

    a * b    if (a.__class__ is Tensor and (l0 := a.node.level) == b.node.level and ...):
                 v0 = x0 * x2
                 return (Tensor(v0, Dual(l0, x2 * x1 + x0 * x3)),)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...arrays.tensor import Tensor
from ...base.errors import AutodiffError
from ...base.warnings_off import quiet
from ...rules.primitive import ZERO, Traced, new_level
from ..forward_mode import Dual
from ..graph import TraceLevel, TraceNode, ancestors, is_at
from .operation import Derived, Source, chooses, is_complex, is_real, is_small

MOST = 8  # forms of one operation that are told apart
UNKNOWN: list[Any] = []  # the forms of classes of operands that were not met before


class FormError(Exception):
    """Operands for which a function cannot be written."""


class NestedDuals:
    """The form of some operands: what to check, and the same operands over symbols."""

    def __init__(self, operands: Sequence[Any], dual: type[Dual]) -> None:
        self.dual = dual  # the class of the nodes outside; the symbols run rules: plain ones
        self.trace = TraceLevel(new_level(), abstract=True)
        self.checks: list[str] = []
        self.inputs: list[TraceNode] = []  # what stands at the ends
        self.levels: dict[int, int] = {}  # their number, by the level of an operand
        self.names = [f"a{k}" for k in range(len(operands))]
        self.scope: dict[str, Any] = {"Tensor": Tensor, "Dual": dual, "ZERO": ZERO}
        found = sorted({level for x in operands for level in levels_of(x, dual)})
        self.inside = {level: new_level() for level in found}  # in the same order
        self.symbols = [self.symbol(x, name) for x, name in zip(operands, self.names, strict=True)]
        order = " < ".join(f"l{self.levels[level]}" for level in found)
        if len(found) > 1:
            self.checks.append(order)
        self.outside = {self.inside[level]: f"l{k}" for level, k in self.levels.items()}

    def symbol(self, x: Any, at: str, is_tangent: bool = False) -> Any:
        """`x` over symbols; `at` is how the function reads it."""
        if x.__class__ is Tensor and x.node.__class__ is self.dual:
            k, level = len(self.checks), x.node.level
            self.checks += [
                f"(t{k} := {at}).__class__ is Tensor",
                f"(n{k} := t{k}.node).__class__ is Dual",
            ]
            if level in self.levels:
                self.checks.append(f"n{k}.level == l{self.levels[level]}")
            else:
                number = self.levels[level] = len(self.levels)
                self.checks.append(f"(l{number} := n{k}.level) is not None")
            value = self.symbol(x.value, f"t{k}.value", is_tangent)
            tangent = x.node.tangent
            if tangent is ZERO:
                self.checks.append(f"n{k}.tangent is ZERO")
            else:
                tangent = self.symbol(tangent, f"n{k}.tangent", True)
            return Tensor(value, Dual(self.inside[level], tangent))
        if not is_real(x):
            raise FormError
        k = len(self.inputs)
        self.scope[f"kind{k}"] = x.__class__
        self.checks.append(f"(x{k} := {at}).__class__ is kind{k}")
        if x.__class__ is np.ndarray and not is_tangent:  # a tangent is like its value
            self.scope |= {f"shape{k}": x.shape, f"dtype{k}": x.dtype}
            self.checks += [f"x{k}.shape == shape{k}", f"x{k}.dtype == dtype{k}"]
        # Python's floats are the only numbers whose kind depends on their sign: (-1.5) ** 0.5.
        node = TraceNode(self.trace, None, (), {}, -1.5 if x.__class__ is float else x)
        self.inputs.append(node)
        return Tensor(node.value, node)

    def ends(self, y: Any) -> list[TraceNode]:
        """The symbols that a result is made of."""
        if is_at(y, self.trace.level):
            return [y.node]
        if y.__class__ is Tensor and y.node.__class__ is Dual:
            return self.ends(y.value) + self.ends(y.node.tangent)
        if isinstance(y, Traced):
            raise FormError
        return []

    def built(self, y: Any, source: Source) -> str:
        """How the function makes a result."""
        if y.__class__ is Tensor and y.node.__class__ is Dual:
            value, tangent = self.built(y.value, source), self.built(y.node.tangent, source)
            return f"Tensor({value}, Dual({self.outside[y.node.level]}, {tangent}))"
        return source.operand(y.node if y.__class__ is Tensor else y)


def levels_of(x: Any, dual: type[Dual]) -> list[int]:
    if x.__class__ is not Tensor or x.node.__class__ is not dual:
        return []
    return [x.node.level, *levels_of(x.value, dual), *levels_of(x.node.tangent, dual)]


def learn(derived: Derived, key: Any, operands: Sequence[Any], dual: type[Dual]) -> None:
    """Write a function for operands of this form, unless they are large, or the form has no
    function."""
    if derived.hopeless or not all(map(is_small, operands)):
        return
    forms: Any = derived.forms.get(key)
    if forms is None:
        forms = derived.forms[key] = []
    try:
        nested = NestedDuals(operands, dual)
        with quiet():
            results = derived.define(*nested.symbols)
        ends = [end for y in results for end in nested.ends(y)]
        operations = [n for n in ancestors(ends) if n.primitive is not None]
        if any(chooses(n) or is_complex(n) for n in operations):
            raise FormError
    except (FormError, AutodiffError, ArithmeticError):
        derived.forms[key] = tuple(forms)  # a tuple is final: other forms take the general way
        return
    source = Source(derived, nested.inputs, operations, ends)
    made = "".join(nested.built(y, source) + ", " for y in results)
    forms.append(source.function(nested.names, made, nested.checks, nested.scope))
