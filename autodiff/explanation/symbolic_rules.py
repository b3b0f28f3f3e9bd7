"""The chain rule in symbols: a row's own derivative rule, traced on names instead of numbers.

To print how dy/df3 comes about from dy/df5, the vjp of `sin` is called with a leaf named "dy/df5"
for the cotangent and one named "f3" for the input. What it computes is a graph, and its text is the
rule: ``dy/df5 * cos(f3)``. So what is printed is the rule that computes, by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays.tensor import Tensor
from ..base.errors import NotDifferentiableError
from ..base.shapes import Shape
from ..engine.graph import TraceLevel, TraceNode, ancestors
from ..engine.reverse_mode import transposed_jvp, transposed_vjp
from ..programs.text import TEXT, Style, Text, expression, operation
from ..programs.tracing import Graph
from ..rules.primitive import ONE, SUM, ZERO, Structural, Traced, new_level, payload

LONGEST = 110  # a rule that takes more characters is given as a product with its Jacobian
MAX_NODES = 60
OPAQUE = object()  # what a rule makes that works on numbers only, as one written with SciPy may


class Derivative(str):
    """The name of a derivative, ``dy/df4``, that knows its two parts."""

    __slots__ = ("over", "under")
    over: str
    under: str

    def __new__(cls, over: Any, under: Any) -> Derivative:
        name = super().__new__(cls, f"d{grouped(str(over))}/d{grouped(str(under))}")
        name.over, name.under = str(over), str(under)
        return name

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # for copies
        return self.over, self.under


def grouped(name: str) -> str:
    """``params['W']`` in brackets after a `d`; a plain name as it is."""
    return name if name.isidentifier() or name.startswith("(") else f"({name})"


class Term:
    """One contribution of the chain rule: what the rule of `through` made of the derivatives that
    it was given, each `carried` one with the input it belongs to."""

    def __init__(
        self,
        root: Any,
        through: TraceNode,
        carried: Sequence[tuple[Derivative, TraceNode]],
        like: Any,
        backward: bool,
    ) -> None:
        self.root = root  # a traced value, a constant, or structural
        self.through = through
        self.carried = carried
        self.shape = np.shape(payload(like))
        self.backward = backward

    @property
    def plain(self) -> bool:
        """Whether the derivative is handed on unchanged: such terms are written first."""
        if isinstance(self.root, Traced):
            return self.root.node.primitive is None
        return self.root is ONE

    def written(
        self, style: Style, decisions: dict[str, bool] | None = None, whole: bool = False
    ) -> Text:
        """The term in symbols; one that is too long to read as a product with its Jacobian. With
        `whole` both branches of a choice are written, as they are for any numbers."""
        row = self.through.primitive
        if row is None or row.kind != "choice":
            decisions = None  # a guard against dividing by zero, say, is not worth a remark
        shown = term_text(self.root, self.shape, TEXT, decisions, whole)
        if shown is None or len(shown.loose) > LONGEST:
            parts = [
                style.by_jacobian(self.through.name or "", x.name or "", d, self.backward)
                for d, x in self.carried
            ]
            return joined(parts)
        if style is not TEXT:
            shown = term_text(self.root, self.shape, style, None, whole)
        assert shown is not None
        return shown


class Symbols:
    """Leaves for one rule: traced values that are printed as a name."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.level = TraceLevel(new_level())

    def leaf(self, name: str, value: Any) -> Tensor:
        return Tensor(value, TraceNode(self.level, None, (), {}, value, name))

    def operands(self, node: TraceNode) -> list[Any]:
        """The inputs of an operation: nodes and constant arrays as leaves with their names."""
        known: dict[int, Any] = {}
        for x in node.inputs:
            if id(x) in known:
                continue
            if isinstance(x, TraceNode):
                known[id(x)] = self.leaf(x.name or "", x.value)
            elif isinstance(x, np.ndarray) and x.ndim:
                known[id(x)] = self.leaf(self.graph.operand(x).loose, x)
            else:
                known[id(x)] = x
        return [known[id(x)] for x in node.inputs]

    def result(self, node: TraceNode) -> Any:
        if node.primitive is not None and node.primitive.multiple:
            whole = self.graph.expression(node).loose
            names = {part.params["index"]: part.name for part in self.graph.parts(node)}
            return tuple(
                self.leaf(names.get(k) or f"{whole}[{k}]", v) for k, v in enumerate(node.value)
            )
        return self.leaf(node.name or "", node.value)


def pulled(node: TraceNode, wanted: Sequence[int], cotangent: Any, symbols: Symbols) -> list[Any]:
    """The rule of `node` in reverse mode: for each wanted input what it sends back."""
    row, operands, y = node.primitive, symbols.operands(node), symbols.result(node)
    assert row is not None
    with np.errstate(all="ignore"):
        try:
            if row.forward_only:
                return list(transposed_jvp(row, y, operands, wanted, node.params)(cotangent))
            return list(row.vjp(y, operands, wanted, node.params)(cotangent))
        except NotDifferentiableError:
            return [OPAQUE] * len(wanted)


def pushed(node: TraceNode, tangents: Sequence[Any], symbols: Symbols) -> Any:
    """The rule of `node` in forward mode."""
    row, operands, y = node.primitive, symbols.operands(node), symbols.result(node)
    assert row is not None
    with np.errstate(all="ignore"):
        try:
            if row.backward_only:
                return transposed_vjp(row, y, operands, tangents, node.params)
            return row.jvp(y, operands, tangents, node.params)
        except NotDifferentiableError:
            return (OPAQUE,) * len(node.value) if row.multiple else OPAQUE


# -- what a rule made, as text -------------------------------------------------------------------
def term_text(
    root: Any,
    shape: Shape,
    style: Style,
    decisions: dict[str, bool] | None = None,
    whole: bool = False,
) -> Text | None:
    """The expression behind `root`, everything inlined; `None` if it is too long to read, or there
    is none.

    A choice that falls the same way in every entry shows the branch taken, and adds why to
    `decisions`, unless the `whole` is asked for.
    """
    if root is OPAQUE:
        return None
    if root.__class__ is Structural:
        text = style.constant(root.factor)
        return style.repeated(text, shape) if shape and root is not ZERO else text
    if not isinstance(root, Traced):
        return style.constant(root)
    nodes = ancestors([root.node])
    if len(nodes) > MAX_NODES:
        return None
    reading = Reading(style, whole)
    for node in nodes:
        assert isinstance(node, TraceNode)
        reading.reasons[node] = {}
        text = reading.texts[node] = reading.text_of(node)
        if style is TEXT and len(text.loose) > 4 * LONGEST:
            return None
    if decisions is not None:
        decisions |= reading.reasons[root.node]
    return spread_over(root.node, reading.texts[root.node], style)


class Reading:
    """The graph of a rule being turned into text: what is known so far, in which style."""

    def __init__(self, style: Style, whole: bool) -> None:
        self.style, self.whole = style, whole
        self.texts: dict[TraceNode, Text] = {}
        self.reasons: dict[
            TraceNode, dict[str, bool]
        ] = {}  # conditions on the way, and if they hold

    def __call__(self, x: Any) -> Text:
        return self.texts[x] if isinstance(x, TraceNode) else self.style.constant(x)

    def text_of(self, node: TraceNode) -> Text:
        if node.primitive is None:
            return self.style.leaf(node.name) if node.name else self.style.constant(node.value)
        if not self.whole and node.primitive.form == "branches" and (taken := self.branch(node)):
            return taken
        for x in node.inputs:
            self.reasons[node] |= self.reasons[x] if isinstance(x, TraceNode) else {}
        simplify = SIMPLER.get(node.primitive.name)
        simpler = simplify(node, self) if simplify else None
        return simpler or operation(node, self, self.style)

    def branch(self, node: TraceNode) -> Text | None:
        """The branch of a choice that falls one way in every entry."""
        condition, a, b = node.inputs
        holds = uniform(condition)
        if holds is None:
            return None
        taken = a if holds else b
        if isinstance(taken, TraceNode):
            self.reasons[node] |= self.reasons[taken]
        # The absence of a tie needs no remark.
        if isinstance(condition, TraceNode) and (holds or not is_row(condition, "equal")):
            self.reasons[node][self(condition).loose] = holds
        return self(taken)


def value_of(x: Any) -> Any:
    return payload(x.value if isinstance(x, TraceNode) else x)


def uniform(condition: Any) -> bool | None:
    """What a condition says if it says the same in every entry."""
    seen = np.asarray(value_of(condition))
    if seen.size and np.all(seen):
        return True
    return None if np.any(seen) else False


def _or(node: Any, reading: Reading) -> Text | None:
    a, b = node.inputs
    for this, other in ((b, a), (a, b)):
        if asks_for_nan(this) if reading.whole else uniform(this) is False:
            return reading(other)
    return None


def asks_for_nan(x: Any) -> bool:
    """``a != a``, and such conditions together: not a word about them."""
    if is_row(x, "not_equal"):
        return x.inputs[0] is x.inputs[1]
    return is_row(x, "bitwise_and") and all(map(asks_for_nan, x.inputs))


def _reshape(node: Any, reading: Reading) -> Text | None:
    """The same shape is the same thing; new axes of size 1 read as an index."""
    (a,) = node.inputs
    before, after = np.shape(value_of(a)), np.shape(payload(node.value))
    if before == after:
        return reading(a)
    if set(after) <= {1} and before == ():
        return reading(a)
    kept = iter(range(len(before)))
    key, k = [], next(kept, None)
    for size in after:
        if k is not None and size == before[k]:
            key.append(":")
            k = next(kept, None)
        elif size == 1:
            key.append("None")
        else:
            return None
    return None if k is not None else Text(f"{reading(a).loose}[{', '.join(key)}]")


def _spread(node: Any, reading: Reading) -> Text | None:
    return reading(node.inputs[0])  # NumPy broadcasts as it multiplies


def _cast(node: Any, reading: Reading) -> Text | None:
    before, after = np.asarray(value_of(node.inputs[0])), np.asarray(payload(node.value))
    return reading(node.inputs[0]) if before.dtype.kind == after.dtype.kind else None


def _index(node: Any, reading: Reading) -> Text | None:
    """(A @ v[..., None])[..., 0] is A @ v."""
    (a,) = node.inputs
    if not is_index(node, Ellipsis, 0) or not is_row(a, "matmul"):
        return None
    matrix, column = a.inputs
    if not is_index(column, Ellipsis, None):
        return None
    operands = [reading(matrix), reading(column.inputs[0])]
    return expression(a.primitive, {}, operands, style=reading.style)


def _multiply(node: Any, reading: Reading) -> Text | None:
    """1 * v is v, 0 * v nothing, and u[..., None] * v an outer product."""
    for factor, v in (node.inputs, node.inputs[::-1]):
        if isinstance(factor, float) and factor in (0, 1):
            return reading(v) if factor else Text("0")
    for k, column in enumerate(node.inputs):
        row = node.inputs[1 - k]
        if is_index(column, Ellipsis, None) or is_index(column, slice(None), None):
            u = column.inputs[0]
            if is_index(row, Ellipsis, None, slice(None)):
                row = row.inputs[0]
            if np.ndim(value_of(u)) == np.ndim(value_of(row)) == 1:
                return reading.style.outer(reading(u), reading(row))
    return None


def is_index(x: Any, *key: Any) -> bool:
    """Whether `x` is an array indexed with exactly this key, which has no array in it."""
    if not is_row(x, "index") or len(x.params["key"]) != len(key):
        return False
    pairs = zip(x.params["key"], key, strict=True)
    return all(type(found) is type(k) and found == k for found, k in pairs)


def is_row(x: Any, name: str) -> bool:
    return isinstance(x, TraceNode) and x.primitive is not None and x.primitive.name == name


def _sum(node: Any, reading: Reading) -> Text | None:
    """A term that the engine filled in for a structural zero."""
    a, b = node.inputs
    if reading(b).loose == "0":
        return reading(a)
    return reading(b) if reading(a).loose == "0" and is_row(node, "add") else None


def _divide(node: Any, reading: Reading) -> Text | None:
    """How many share a maximum is an integer, and mostly 1."""
    if reading.whole:
        return None
    a, b = node.inputs
    count = np.asarray(value_of(b))
    alone = isinstance(b, TraceNode) and count.dtype.kind in "iu" and np.all(count == 1)
    return reading(a) if alone else None


# Rules are written for arrays of any shape; these say the same shorter where they can.
SIMPLER: dict[str, Callable[[Any, Reading], Text | None]] = {
    "bitwise_or": _or,
    "logical_or": _or,
    "add": _sum,
    "divide": _divide,
    "index": _index,
    "multiply": _multiply,
    "reshape": _reshape,
    "subtract": _sum,
    "broadcast_to": _spread,
    "cast": _cast,
}


def spread_over(node: TraceNode, text: Text, style: Style) -> Text:
    """A result that is its operand repeated says so: ``dy/ds * ones(3)``."""
    while node.primitive is not None and node.primitive.name in ("cast", "reshape"):
        node = node.inputs[0]
    if node.primitive is None or node.primitive.name != "broadcast_to":
        return text
    return style.repeated(text, np.shape(payload(node.value)))


def joined(terms: Sequence[Text]) -> Text:
    """The sum of the terms; what is exactly zero is left out."""
    shown = [t for t in terms if t.loose != "0"] or [Text("0")]
    out = shown[0].loose
    for t in shown[1:]:
        out += f" - {t.loose[1:].lstrip()}" if t.loose.startswith("-") else f" + {t.loose}"
    return Text(out, SUM if len(shown) > 1 else shown[0].binds)
