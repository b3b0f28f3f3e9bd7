"""What the pictures show: an explanation with both derivatives on every box, or a tape."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from .chain import Derivative, Symbols, joined, pulled, term_text
from .graph import TraceNode
from .numpy_api.arguments import payload
from .picture import FORWARD, REVERSE, Arrow, Box, Line, Picture, collapsed, dot_source, render
from .primitive import ONE, ZERO, Structural
from .summary import brief
from .text import TEXT

if TYPE_CHECKING:
    from .explain import Explanation

NAMED = 34  # characters of an expression in a box
FEW = 3  # entries of a local derivative that are written out


def explanation_dot(explanation: Explanation) -> str:
    """The picture of an explanation in Graphviz's language."""
    return dot_source(explanation_picture(explanation))


def explanation_picture(explanation: Explanation) -> Picture:
    """One box per value, with both derivatives; one arrow per use, with the local derivative."""
    graph = explanation.graph
    outputs = {y for y in graph.outputs if isinstance(y, TraceNode)}
    boxes = []
    for node in [*graph.inputs, *graph.shown()]:
        kind = "input" if node.primitive is None else "output" if node in outputs else "operation"
        row = "" if node.primitive is None else source_of(node).primitive.name
        text = pretty(short(graph.expression(node).loose))
        found = lines(explanation, node)
        boxes.append(Box(node, str(node.name), text, found, kind, row, node.line))
    drawn = {box.key for box in collapsed(Picture(boxes, [])).boxes}
    arrows = []
    for node in graph.shown():
        made = source_of(node)
        for x in dict.fromkeys(x for x in made.inputs if isinstance(x, TraceNode)):
            label = local_derivative(explanation, x, made) if {x, node} <= drawn else ""
            arrows.append(Arrow(x, node, pretty(label)))
    return collapsed(Picture(boxes, arrows, caption(explanation)))


def source_of(node: TraceNode) -> Any:
    """The operation behind a value: one with several results for each of these."""
    return node.inputs[0] if node.inputs and is_whole(node.inputs[0]) else node


SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def pretty(text: str) -> str:
    """Text with the signs of mathematics: x^2 is x², A^T is Aᵀ, a * b is a·b."""
    text = re.sub(r"\^(-?\d+)(?![.\w])", lambda m: m[1].translate(SUPERSCRIPTS), text)
    return text.replace("^T", "ᵀ").replace(" * ", "·").replace("*", "·")


def is_whole(x: Any) -> bool:
    return isinstance(x, TraceNode) and x.primitive is not None and x.primitive.multiple


def short(text: str) -> str:
    return text if len(text) <= NAMED else text[: NAMED - 1] + "…"


def caption(explanation: Explanation) -> str:
    """What the derivatives on the boxes mean, where it is not dy/dx of numbers."""
    seeds = [s.seed for s in explanation.forward_sweeps if s.label not in names_of(s)]
    seeds += [s.seed for s in explanation.reverse_sweeps if s.label not in names_of(s)]
    seeds += [
        s.seed
        for s in explanation.reverse_sweeps
        if s.label in names_of(s) and np.shape(payload(s.ends[0].value))
    ]
    return "; ".join(seed.removeprefix("seed: ") for seed in seeds)


def names_of(sweep: Any) -> list[Any]:
    return [n.name for n in sweep.ends]


def lines(explanation: Explanation, node: TraceNode) -> list[Line]:
    """Value, tangents and adjoints of one box."""
    found = [Line("value", brief(node.value))]
    if node not in explanation.active:
        return found
    for sweep in explanation.forward_sweeps:
        if node in sweep.numbers:
            name = Derivative(node.name, sweep.label)
            found.append(Line(f"{curly(name)} →", brief(sweep.numbers[node]), FORWARD))
    for sweep in explanation.reverse_sweeps:
        if node in sweep.numbers:
            name = Derivative(sweep.label, node.name)
            found.append(Line(f"← {curly(name)}", brief(sweep.numbers[node]), REVERSE))
    return found


def curly(name: Derivative) -> str:
    return str(name).replace("d", "∂", 1).replace("/d", "/∂", 1)


def local_derivative(explanation: Explanation, x: TraceNode, node: TraceNode) -> str:
    """Symbol and number of d node / d x for a row that works entry by entry; else what the arrow
    makes of an adjoint: ``v ↦ W^T @ v``."""
    if x not in explanation.active or node not in explanation.active or is_whole(node):
        return ""
    symbols = Symbols(explanation.graph)
    wanted = [i for i, operand in enumerate(node.inputs) if operand is x]
    shape, ones = np.shape(payload(x.value)), np.ones_like(payload(node.value))[()]
    row = node.primitive
    entrywise = is_entrywise(node) and shape == np.shape(payload(node.value))
    variable = explanation.fresh("v")
    given: Any = symbols.leaf("1" if entrywise else variable, ones)
    if entrywise and row is not None and row.kind == "elementwise":
        given = ONE
    roots = [r for r in pulled(node, wanted, given, symbols) if r is not ZERO]
    texts = [term_text(r, () if entrywise else shape, TEXT) for r in roots]
    if any(t is None or len(t.loose) > NAMED for t in texts):
        return ""
    symbol = joined([t for t in texts if t is not None]).loose
    if not entrywise:
        return "1" if symbol == variable else f"{variable} ↦ {symbol}"
    total: Any = 0.0
    for root in roots:
        total = total + (root.factor if root.__class__ is Structural else payload(root))
    number = brief(total)
    plain = not any(c.isalpha() for c in symbol)  # the symbol is the number
    return symbol if plain or np.size(total) > FEW else f"{symbol} = {number}"


def is_entrywise(node: TraceNode) -> bool:
    row = node.primitive
    return row is not None and (row.kind == "elementwise" or row.batch == "elementwise")


__all__ = ["explanation_dot", "explanation_picture", "render"]
