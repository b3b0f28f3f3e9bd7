"""A picture of a program as data, its text in Graphviz's language, and the way to SVG.

    box     name = operation | value | tangent -> | <- adjoint
    arrow   from a value to what it is used in, with the local derivative

Graphviz comes with a Python package: nobody needs to install the program `dot`.
"""

from __future__ import annotations

import html
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ..base.errors import MissingExtraError
from ..base.forking import held_while_forking
from ..base.printable import printable

MOST, ENDS = 40, 8  # so many boxes are drawn one by one; of more, so many at either end
DEEP = 7  # steps from left to right; a deeper program is drawn from top to bottom
FONT = "Helvetica,Arial,sans-serif"
GREY, FORWARD, REVERSE, LINE = "#57606a", "#0f766e", "#b42318", "#b6bcc6"
FILL = {"input": "#dbeafe", "operation": "#eef1f4", "output": "#fde68a", "folded": "#f6f8fa"}
RENDERING = held_while_forking(threading.Lock())  # the layout library keeps state in globals


@dataclass(frozen=True)
class Line:
    """One line of a box: what it is, and the number."""

    label: str
    value: str
    color: str = GREY


@dataclass(frozen=True)
class Box:
    """One value of the program, or many operations folded into one box."""

    key: Any
    name: str
    expression: str
    lines: Sequence[Line] = ()
    kind: str = "operation"
    symbol: str = ""  # the name of the operation
    tip: str = ""  # shown when the mouse rests on the box


@dataclass(frozen=True)
class Arrow:
    """From a value to what it is used in; dashed where no derivative goes the same way."""

    tail: Any
    head: Any
    label: str = ""
    dashed: bool = False


@dataclass
class Picture:
    """Boxes in the order of the program, arrows between them, and a line underneath."""

    boxes: list[Box]
    arrows: list[Arrow]
    caption: str = ""


def collapsed(picture: Picture) -> Picture:
    """The picture with the middle of a long program folded into one box that says so."""
    boxes, arrows = picture.boxes, picture.arrows
    note = [picture.caption] if picture.caption else []
    for what in ("inputs", "operations"):
        hidden = to_fold([b for b in boxes if (b.kind == "input") == (what == "inputs")])
        if hidden:
            keys = {b.key for b in hidden}
            fold = folded_box(hidden, what)
            at = next(k for k, b in enumerate(boxes) if b.key in keys)
            boxes = [b for b in (*boxes[:at], fold, *boxes[at:]) if b.key not in keys]
            arrows = merged(arrows, keys, fold.key)
            note.append(f"one box stands for {len(hidden)} {what}")
    return Picture(boxes, arrows, "; ".join(note))


def to_fold(boxes: Sequence[Box]) -> list[Box]:
    """The middle of too many boxes; what is a result is always drawn."""
    if len(boxes) <= MOST:
        return []
    return [b for b in boxes[ENDS:-ENDS] if b.kind != "output"]


def folded_box(hidden: Sequence[Box], what: str) -> Box:
    """One box for many: how many, from which name to which, of which kinds."""
    lines = [Line("from", hidden[0].name), Line("to", hidden[-1].name)]
    kinds = Counter(b.symbol for b in hidden if b.symbol)
    lines += [Line(kind, f"× {n}") for kind, n in kinds.most_common(4)]
    return Box(("folded", what), f"{len(hidden)} {what}", "folded", lines, "folded")


def merged(arrows: Sequence[Arrow], keys: set[Any], fold: Any) -> list[Arrow]:
    """The arrows, with those into and out of the folded part joined, each pair once."""
    found: dict[tuple[Any, Any], Arrow] = {}
    kept = []
    for arrow in arrows:
        inside = (arrow.tail in keys, arrow.head in keys)
        if not any(inside):
            kept.append(arrow)
        elif not all(inside):
            tail = fold if inside[0] else arrow.tail
            head = fold if inside[1] else arrow.head
            found.setdefault((tail, head), replace(arrow, tail=tail, head=head, label=""))
    return [*kept, *found.values()]


# -- Graphviz ------------------------------------------------------------------------------------
def dot_source(picture: Picture) -> str:
    """The picture in Graphviz's language, written by the `graphviz` package."""
    import graphviz

    graph = graphviz.Digraph(
        "program",
        graph_attr={
            "rankdir": "LR" if depth(picture) <= DEEP else "TB",
            "nodesep": "0.3", "ranksep": "0.55", "bgcolor": "white",
            "fontname": FONT, "fontsize": "11", "fontcolor": GREY, "labelloc": "b", "pad": "0.15",
        },
        node_attr={"shape": "plain", "fontname": FONT, "fontsize": "11"},
        edge_attr={"fontname": FONT, "fontsize": "10", "fontcolor": GREY, "color": "#8b929c",
                   "arrowsize": "0.7"},
    )  # fmt: skip
    if picture.caption:
        cell = (
            f'<TABLE BORDER="0" CELLPADDING="6"><TR><TD>{shown(picture.caption)}</TD></TR></TABLE>'
        )
        graph.attr(label=f"<{cell}>")
    names = node_names(picture.boxes)
    for box in picture.boxes:
        tip = graphviz.escape(printable(box.tip or box.name))
        graph.node(names[box.key], label=box_label(box), tooltip=tip)
    for arrow in picture.arrows:
        label = f"< {shown(arrow.label)} >" if arrow.label else ""
        style = {"style": "dashed"} if arrow.dashed else {}
        graph.edge(names[arrow.tail], names[arrow.head], label=label, **style)
    return graph.source


def depth(picture: Picture) -> int:
    """The number of boxes along the longest way through the picture."""
    users: dict[Any, list[Any]] = {}
    for arrow in picture.arrows:
        users.setdefault(arrow.tail, []).append(arrow.head)
    found = {box.key: 1 for box in picture.boxes}
    for box in picture.boxes:  # operands come before what uses them
        for head in users.get(box.key, ()):
            found[head] = max(found[head], found[box.key] + 1)
    return max(found.values(), default=0)


def node_names(boxes: Sequence[Box]) -> dict[Any, str]:
    """Plain names stay what they are; any other is numbered, for Graphviz reads colons as ports."""
    return {
        b.key: b.name if b.name.isascii() and b.name.isidentifier() else f"node {k}"
        for k, b in enumerate(boxes)
    }


def shown(text: str) -> str:
    """Text for a label: what is special there is escaped, what cannot be printed replaced."""
    escaped = html.escape(printable(text)).replace("&#x27;", "&#39;")
    return escaped.replace("\\", "\\\\")  # Graphviz reads a backslash and N as the node's name


def box_label(box: Box) -> str:
    fill = FILL[box.kind]
    made = f" = {shown(box.expression)}" if box.expression else ""
    if box.kind in ("input", "folded"):
        made = f' <FONT COLOR="{GREY}">{shown(box.expression)}</FONT>'
    rows = [f'<TR><TD COLSPAN="2" BGCOLOR="{fill}"><B>{shown(box.name)}</B>{made}</TD></TR>']
    rows += [
        f'<TR><TD ALIGN="LEFT"><FONT COLOR="{line.color}">{shown(line.label)}</FONT></TD>'
        f'<TD ALIGN="RIGHT"><FONT COLOR="{line.color if line.color != GREY else "black"}">'
        f"{shown(line.value)}</FONT></TD></TR>"
        for line in box.lines
    ]
    border = 'BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="5"'
    return f'<<TABLE {border} COLOR="{LINE}" BGCOLOR="white">{"".join(rows)}</TABLE>>'


def render(source: str) -> str:
    """Graphviz's text as SVG: by the `dot` program where it is installed, else by pygraphviz."""
    if shutil.which("dot"):
        import graphviz

        return graphviz.Source(source).pipe(format="svg", encoding="utf-8")
    try:
        import pygraphviz
    except ImportError:
        raise MissingExtraError(
            "drawing needs Graphviz, which comes with: pip install 'pygraphviz>=2'"
        ) from None
    with RENDERING, without_font_warnings():
        drawn = pygraphviz.AGraph(string=source).draw(format="svg", prog="dot")
    return drawn.decode("utf-8")


@contextmanager
def without_font_warnings() -> Iterator[None]:
    """The wheel's font library complains on stderr, once, of settings that a newer system has. That
    is dropped; whatever else is printed there meanwhile comes out afterwards."""
    import tempfile

    try:
        stderr = os.dup(2)
    except OSError:  # a program without stderr
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not line.startswith(b"Fontconfig warning"):
                    os.write(2, line)
