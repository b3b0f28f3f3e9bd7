"""Expressions as text: a row's own template, with brackets only where a reader needs them.

    multiply, {a} * {b}, on `x + 1` and `cos(x)`   ->   (x + 1) * cos(x)

LaTeX is a second style of the same.
"""

from __future__ import annotations

import inspect
import string
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..base.bounded import cached
from ..base.printable import printable
from ..base.shapes import Shape
from ..engine.graph import TraceNode
from ..rules.conforming import Aval
from ..rules.primitive import CALL, POWER, PRODUCT, SUM, UNARY, Primitive, payload
from .numbers import number, summary

LETTERS = string.ascii_lowercase
MANY = 6  # operands of one call that are written out
OPENING, CLOSING = "([{|,'", ")]}|,'"


class Text(NamedTuple):
    """A printed expression, how tightly it binds, and its form inside a product: ``2*x``."""

    loose: str
    binds: int = CALL
    tight: str = ""

    @property
    def compact(self) -> str:
        return self.tight or self.loose


class Style:
    """How templates are chosen and brackets are set; LaTeX is another style."""

    # Spaces that a factor does without: 2*x.
    times: tuple[tuple[str, str], ...] = ((" * ", "*"), (" / ", "/"))

    def template(self, row: Primitive, params: dict[str, Any], shapes: Sequence[Shape]) -> str:
        params = from_the_front(params, shapes)
        return chosen_template(row.text, params, shapes) or self.call(row, params, len(shapes))

    def call(self, row: Primitive, params: dict[str, Any], count: int) -> str:
        """``name({a}, {b}, axis=-1)``: what a row without a template of its own looks like."""
        slots = [f"{{{c}}}" for c in LETTERS[:count]]
        if count > MANY:
            slots[MANY - 2 : -1] = ["..."]
        given = [f"{k}={escaped(param(v))}" for k, v in params.items() if told(v)]
        return f"{escaped(called(row))}({', '.join(slots + given)})"

    def bracket(self, text: str) -> str:
        return f"({text})"

    def constant(self, value: Any) -> Text:
        """A number as it is; an array in short."""
        value = payload(value)
        if value is None:
            return Text("None")
        if isinstance(value, Aval):  # a tape keeps of a large constant only this
            return Text(f"<{param(tuple(value.shape))} array>")
        if np.ndim(value) == 0:
            shown = number(value)
            return Text(shown, UNARY if shown.startswith("-") else CALL)
        flat = np.ravel(value)
        if flat.size and flat[0] in (0, 1) and np.all(flat == flat[0]):
            return Text(f"{'ones' if flat[0] else 'zeros'}({', '.join(map(str, value.shape))})")
        if flat.size <= MANY:
            return Text(summary(value))
        return Text(f"<{param(tuple(value.shape))} array>")

    def parameter(self, value: Any) -> str:
        return param(value)

    def name(self, name: str) -> Text:
        return Text(name)

    def leaf(self, name: str) -> Text:
        """A value, or a derivative, that a rule is given."""
        return Text(name)

    def by_jacobian(self, made: str, source: str, carried: str, backward: bool) -> Text:
        """The chain rule for a whole operation: its Jacobian times the derivative carried on."""
        jacobian = f"d{made}/d({source})"
        return Text(f"{f'({jacobian})^T' if backward else jacobian} . {carried}", PRODUCT)

    def outer(self, u: Text, v: Text) -> Text:
        return Text(f"outer({u.loose}, {v.loose})")

    def omitted(self, count: int) -> Text:
        return Text(f"... {count} more terms ...")

    def repeated(self, text: Text, shape: Shape) -> Text:
        """The same number in every entry of an array."""
        if not shape:
            return text
        ones = f"ones({', '.join(map(str, shape))})"
        if text.loose == "1":
            return Text(ones)
        return Text(f"{text.loose} * {ones}", PRODUCT, f"{text.compact}*{ones}")


TEXT = Style()


def called(row: Primitive) -> str:
    """The name of a row without the module it comes from: ``erf`` for scipy.special.erf."""
    return row.name.rpartition(".")[2]


def from_the_front(params: dict[str, Any], shapes: Sequence[Shape]) -> dict[str, Any]:
    """Parameters with their axes counted as people do; rows count them from the end."""
    axis, ndim = params.get("axis"), len(shapes[0]) if shapes else 0
    if isinstance(axis, int) and -ndim <= axis < 0:
        return {**params, "axis": axis + ndim}
    if isinstance(axis, tuple) and all(isinstance(k, int) and -ndim <= k < 0 for k in axis):
        return {**params, "axis": tuple(k + ndim for k in axis)}
    return params


def told(value: Any) -> bool:
    """Whether a parameter says more than its absence would."""
    return not (value is None or value is False or (isinstance(value, tuple) and not value))


def param(value: Any) -> str:
    """A parameter of a row, in short."""
    if isinstance(value, tuple) and len(value) == 1:
        return f"({param(value[0])},)"
    if isinstance(value, tuple):
        return f"({', '.join(map(param, value))})"
    if isinstance(value, (float, np.floating)):
        return number(value)
    if isinstance(value, np.ndarray):
        return summary(value)
    shown = printable(str(value))
    return shown if len(shown) <= 40 else f"<{type(value).__name__}>"


def escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def chosen_template(template: Any, params: dict[str, Any], shapes: Sequence[Shape]) -> str:
    """A row's template: a string, or what a function makes of the parameters."""
    if not callable(template):
        return template or ""
    if takes_shapes(template):
        return template(**params, shapes=shapes)
    return template(**params)


@cached(1024)
def takes_shapes(template: Callable[..., str]) -> bool:
    return "shapes" in inspect.signature(template).parameters


def expression(
    row: Primitive,
    params: dict[str, Any],
    operands: Sequence[Text],
    shapes: Sequence[Shape] = (),
    style: Style = TEXT,
) -> Text:
    """One application of `row`, written with the texts of its operands."""
    template = style.template(row, params, shapes or [()] * len(operands))
    if template == "{a}":
        return operands[0]
    pieces = parsed(template)
    loose, tight = "", ""
    for i, (before, slot) in enumerate(pieces):
        loose += before
        tight += before
        if slot is None:
            continue
        if slot not in LETTERS[: len(operands)]:
            # What is no parameter is LaTeX's own: {name} in a template that a function made.
            filler = style.parameter(params[slot]) if slot in params else f"{{{slot}}}"
            loose, tight = loose + filler, tight + filler
            continue
        after = pieces[i + 1][0] if i + 1 < len(pieces) else ""
        first = not loose.strip("{")
        operand = operands[LETTERS.index(slot)]
        shown, compact = operand.loose, operand.compact
        if brackets_needed(row, operand, before, after, first):
            shown = compact = style.bracket(compact)
        elif before == " + " and compact.startswith("-"):  # a + -b reads a - b
            loose, tight = loose[:-3] + " - ", tight[:-3] + " - "
            shown, compact = shown[1:].lstrip(), compact[1:].lstrip()
        elif before == r" \, " and compact[:1].isdigit():  # in LaTeX a thin space is no sign
            loose, tight = loose[:-4] + r" \cdot ", tight[:-4] + r" \cdot "
        loose += compact if row.binds in (PRODUCT, UNARY, POWER) else shown
        tight += compact
    if row.binds == PRODUCT:
        for spaced, close in style.times:
            tight = tight.replace(spaced, close)
    raised = loose.startswith(("\\frac", "e^", "2^"))  # in LaTeX: a product needs no brackets
    return Text(loose, POWER if raised else row.binds, tight)


@cached(1024)
def parsed(template: str) -> list[tuple[str, str | None]]:
    """A template as pairs of literal text and the slot that follows it."""
    pieces: list[tuple[str, str | None]] = []
    literal = ""
    for before, slot, _, _ in string.Formatter().parse(template):
        literal += before
        if slot is not None:
            pieces.append((literal, slot))
            literal = ""
    return [*pieces, (literal, None)]


def brackets_needed(row: Primitive, operand: Text, before: str, after: str, first: bool) -> bool:
    left, right = before.rstrip(" ")[-1:], after.lstrip(" ").removeprefix("\\right")[:1]
    if row.binds == POWER and first:
        return operand.binds <= POWER
    if left and right and left in OPENING and right in CLOSING:
        return False
    if first:
        return operand.binds < row.binds
    if operand.loose.startswith("-") and before != " + ":
        return True
    if row.binds in (SUM, PRODUCT):
        associative = before == " + " or row.form == "product"
        return operand.binds < row.binds or (operand.binds == row.binds and not associative)
    return operand.binds <= row.binds and operand.binds != CALL


def shape_of(x: Any) -> Shape:
    x = payload(x)
    if isinstance(x, tuple):  # what a row with several outputs returns
        return ()
    return x.shape if isinstance(x, Aval) else np.shape(x)


def operation(node: TraceNode, name: Callable[[Any], Text], style: Style = TEXT) -> Text:
    """One node as ``row(operands)``, each operand as `name` shows it."""
    assert node.primitive is not None
    shapes = [shape_of(x.value if isinstance(x, TraceNode) else x) for x in node.inputs]
    return expression(node.primitive, node.params, [name(x) for x in node.inputs], shapes, style)
