"""What the pictures show: both modes with both derivatives on every box, or a tape."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..base.trees import LEAF
from ..engine.graph import ORDER, GraphNode, TraceLevel, TraceNode
from ..programs.names import variables
from ..programs.numbers import brief
from ..programs.text import TEXT
from ..programs.tracing import Graph, label
from ..rules.conforming import Aval
from ..rules.primitive import ONE, ZERO, Structural, payload
from .both_sweeps import BothModes
from .graphviz_text import (
    FORWARD,
    REVERSE,
    Arrow,
    Box,
    Line,
    Picture,
    collapsed,
    dot_source,
    render,
)
from .steps import Sweep
from .symbolic_rules import Derivative, Symbols, grouped, joined, pulled, term_text

NAMED = 34  # characters of an expression in a box
LET_GO = "the tape no longer holds its large values"
LONG_NAME = 20  # characters of a name in a derivative
FEW = 3  # entries of a local derivative that are written out


def picture_of_both_modes(both: BothModes) -> Picture:
    """One box per value, with both derivatives; one arrow per use, with the local derivative."""
    graph = both.graph
    outputs = {y for y in graph.outputs if isinstance(y, TraceNode)}
    boxes = []
    for node in [*graph.inputs, *graph.shown()]:
        kind = "input" if node.primitive is None else "output" if node in outputs else "operation"
        row = "" if node.primitive is None else source_of(node).primitive.name
        boxes.append(Box(node, str(node.name), "", (), kind, row, node.line))
    boxes = detailed(graph, boxes, lambda node: lines(both, node))
    drawn = {box.key for box in boxes if box.lines}
    arrows = []
    for node in graph.shown():
        made = source_of(node)
        for x in dict.fromkeys(x for x in made.inputs if isinstance(x, TraceNode)):
            label = local_derivative(both, x, made) if {x, node} <= drawn else ""
            arrows.append(Arrow(x, node, pretty(label), not {x, node} <= both.active))
    return collapsed(Picture(boxes, arrows, caption(both)))


def detailed(
    graph: Graph, boxes: Sequence[Box], lines: Callable[[TraceNode], list[Line]]
) -> list[Box]:
    """The boxes, with expressions and lines in those that will not be folded."""
    drawn = {box.key for box in collapsed(Picture(list(boxes), [])).boxes}

    def full(box: Box) -> Box:
        text = pretty(short(graph.expression(box.key).loose))
        return replace(box, expression=text, lines=lines(box.key))

    return [full(box) if box.key in drawn else box for box in boxes]


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


def caption(both: BothModes) -> str:
    """What the derivatives on the boxes mean, where it is not dy/dx of numbers."""
    sweeps: list[Sweep] = [*both.forward_sweeps, *both.reverse_sweeps]
    return "; ".join(s.seed.removeprefix("seed: ") for s in sweeps if not of_one_number(s))


def of_one_number(sweep: Sweep) -> bool:
    """Whether a sweep starts from a single number, and its seed is dx/dx = 1 or dy/dy = 1."""
    return len(sweep.ends) == 1 and np.shape(payload(sweep.ends[0].value)) == ()


def lines(both: BothModes, node: TraceNode) -> list[Line]:
    """Value, tangents and adjoints of one box."""
    found = [Line("value", brief(node.value))]
    if node not in both.active:
        return found
    for forward in both.forward_sweeps:
        if node in forward.numbers:
            label = f"{curly(forward.derivative(node))} →"
            found.append(Line(label, brief(forward.numbers[node]), FORWARD))
    for reverse in both.reverse_sweeps:
        if node in reverse.numbers:
            label = f"← {curly(reverse.derivative(node))}"
            found.append(Line(label, brief(reverse.numbers[node]), REVERSE))
    return found


def curly(name: Derivative) -> str:
    return f"∂{brief_name(grouped(name.over))}/∂{brief_name(grouped(name.under))}"


def brief_name(name: str) -> str:
    """A long name by its two ends, that of a parameter in a nest by its last, which tells it apart;
    the box of the value has it whole."""
    if len(name) <= LONG_NAME:
        return name
    return f"…{name[-LONG_NAME:]}" if "[" in name else f"{name[:10]}…{name[-6:]}"


def local_derivative(both: BothModes, x: TraceNode, node: TraceNode) -> str:
    """Symbol and number of d node / d x for a row that works entry by entry; else what the arrow
    makes of an adjoint: ``v ↦ W^T @ v``."""
    if x not in both.active or node not in both.active or is_whole(node):
        return ""
    symbols = Symbols(both.graph)
    wanted = [i for i, operand in enumerate(node.inputs) if operand is x]
    shape, ones = np.shape(payload(x.value)), np.ones_like(payload(node.value))[()]
    row = node.primitive
    entrywise = is_entrywise(node) and shape == np.shape(payload(node.value))
    variable = both.fresh("vuwz")
    given: Any = symbols.leaf("1" if entrywise else variable, ones)
    if entrywise and row is not None and row.kind == "elementwise":
        given = ONE
    roots = [r for r in pulled(node, wanted, given, symbols) if r is not ZERO]
    texts = [term_text(r, () if entrywise else shape, TEXT) for r in roots]
    if any(t is None for t in texts):
        return ""
    symbol = joined([t for t in texts if t is not None]).loose
    if not entrywise:
        fits = len(symbol) <= NAMED
        return "1" if symbol == variable else f"{variable} ↦ {symbol}" if fits else ""
    total: Any = 0.0
    for root in roots:
        total = total + (root.factor if root.__class__ is Structural else payload(root))
    number = brief(total)
    if len(symbol) > NAMED:
        return number if np.size(total) <= FEW else ""
    plain = not any(c.isalpha() for c in symbol)  # the symbol is the number
    return symbol if plain or np.size(total) > FEW else f"{symbol} = {number}"


def is_entrywise(node: TraceNode) -> bool:
    row = node.primitive
    return row is not None and (row.kind == "elementwise" or row.batch == "elementwise")


# -- the object interface --------------------------------------------------------------------------
def draw_tape(tensor: Any) -> str:
    """The picture, as SVG, of what a tensor made by the object interface was computed from.

    Names are those given to ``tensor(..., name=...)``, else the variables of the caller's frames.
    """
    graph = tape_graph(tensor)
    if all(known(n.value) for n in graph.nodes):
        picture = picture_of_both_modes(BothModes(graph))
    else:
        picture = plain_picture(graph)
    return render(dot_source(picture))


def tape_graph(tensor: Any) -> Graph:
    """The tape behind a tensor as a traced program. Only the operands are read, which a sweep that
    frees the tape leaves in place."""
    level = TraceLevel(0)
    found: dict[Any, TraceNode] = {}
    for node in operands_first(tensor.node):
        inputs = [found[x] if isinstance(x, GraphNode) else x for x in node.args]
        row = node.primitive
        found[node] = TraceNode(level, row, inputs, node.params or {}, node.value)
    found[tensor.node].value = tensor.value
    leaves = [n for n in found.values() if n.primitive is None]
    graph = Graph("tape", leaves, [found[tensor.node]], LEAF)
    recompute(graph)
    names = {found[node]: name for node, name in variables(set(found)).items()}
    names |= {found[node]: node.name for node in found if node.name}
    label(graph, [names.get(leaf) for leaf in leaves], names)
    return graph


def operands_first(root: Any) -> list[Any]:
    """All nodes behind `root`, each after its operands."""
    seen, stack = {root}, [root]
    while stack:
        for x in stack.pop().args:
            if isinstance(x, GraphNode) and x not in seen:
                seen.add(x)
                stack.append(x)
    return sorted(seen, key=ORDER)


def recompute(graph: Graph) -> None:
    """Values that were too large to keep, from the leaves; not if a constant is missing too."""
    constants = [x for n in graph.operations for x in n.inputs if not isinstance(x, TraceNode)]
    if all(map(known, constants)) and not all(known(n.value) for n in graph.operations):
        values: dict[TraceNode, Any] = {n: n.value for n in graph.inputs}
        with np.errstate(all="ignore"):
            graph.run(values)
        for node, value in values.items():
            node.value = value


def known(value: Any) -> bool:
    return not isinstance(value, Aval)


def plain_picture(graph: Graph) -> Picture:
    """Boxes and arrows without derivatives, where the tape no longer holds the values."""
    boxes = [
        Box(
            n,
            str(n.name),
            "",
            (),
            "input" if n.primitive is None else "output" if n in graph.outputs else "operation",
            "" if n.primitive is None else n.primitive.name,
        )
        for n in [*graph.inputs, *graph.shown()]
    ]
    arrows = [
        Arrow(x, n)
        for n in graph.shown()
        for x in dict.fromkeys(source_of(n).inputs)
        if isinstance(x, TraceNode)
    ]
    boxes = detailed(graph, boxes, lambda n: [Line("value", brief(n.value))])
    return collapsed(Picture(boxes, arrows, LET_GO))
