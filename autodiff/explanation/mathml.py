"""The LaTeX that rules are written in, as MathML: a tree of tags and texts, which is data.

It reads what `latex` writes, not any LaTeX. A text of the user's is a text in the tree: the page
makes elements of the tags below and of nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from .latex import GREEK

LETTERS = dict(
    zip(
        GREEK,
        "αβγδεζηθικλμνξπρστυφχψω",
        strict=True,
    )
)
SIGNS = {
    "cdot": "·", "times": "×", "partial": "∂", "infty": "∞", "otimes": "⊗", "odot": "⊙",
    "le": "≤", "ge": "≥", "leq": "≤", "geq": "≥", "ne": "≠", "neq": "≠", "sum": "∑", "prod": "∏",
    "int": "∫", "to": "→", "ldots": "…", "cdots": "⋯", "pm": "±", "top": "⊤", "land": "∧",
    "lor": "∨", "neg": "¬", "in": "∈", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉",
    "lVert": "‖", "rVert": "‖", "lvert": "|", "rvert": "|", "Gamma": "Γ", "{": "{", "}": "}",
    "|": "‖", "%": "%", "&": "&", "#": "#", "$": "$", "_": "_", "mid": "|", "circ": "∘", "ast": "∗",
}  # fmt: skip
TEXTS = {"textasciicircum": "^", "textasciitilde": "~", "textbackslash": "\\", "textless": "<",
         "textgreater": ">", "textbar": "|", "textquotedbl": '"'}  # fmt: skip
SPACES = frozenset([",", ";", "!", " ", "quad", ":"])
PIECE = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)

Tree = list[Any]  # ["mi", "x"], or a tag and trees


def mathml(latex: str) -> Tree:
    """The tree of a formula."""
    reader = Reader(PIECE.findall(latex))
    return ["mrow", *reader.row()]


class Reader:
    """A formula taken apart from left to right."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces, self.at = pieces, 0

    def peek(self) -> str | None:
        while self.at < len(self.pieces) and self.pieces[self.at].isspace():
            self.at += 1
        return self.pieces[self.at] if self.at < len(self.pieces) else None

    def row(self, end: str | None = None) -> list[Tree]:
        found: list[Tree] = []
        while (piece := self.peek()) is not None:
            if piece == end:
                self.at += 1
                break
            if piece in ("^", "_"):
                self.at += 1
                base = found.pop() if found else ["mrow"]
                found.append(self.scripts(base, piece))
            elif (tree := self.atom()) is not None:
                found.append(tree)
        return found

    def scripts(self, base: Tree, first: str) -> Tree:
        script = self.atom() or ["mrow"]
        other = self.peek()
        if other in ("^", "_") and other != first:
            self.at += 1
            second = self.atom() or ["mrow"]
            below, above = (script, second) if first == "_" else (second, script)
            return ["msubsup", base, below, above]
        return ["msub" if first == "_" else "msup", base, script]

    def atom(self) -> Tree | None:
        piece = self.peek()
        if piece is None:
            return None
        self.at += 1
        if piece == "{":
            return ["mrow", *self.row("}")]
        if piece[0].isdigit():
            return ["mn", piece]
        if piece.startswith("\\") and len(piece) > 1:
            return self.command(piece[1:])
        return ["mi", piece] if piece.isalpha() else ["mo", "−" if piece == "-" else piece]

    def command(self, name: str) -> Tree | None:
        if name in SPACES:
            return None
        if name == "left":  # a group, so that an exponent belongs to all of it
            return ["mrow", *self.fence(), *self.row("\\right"), *self.fence()]
        if name in ("frac", "tfrac", "dfrac"):
            return ["mfrac", self.atom() or ["mrow"], self.atom() or ["mrow"]]
        if name == "sqrt":
            if self.peek() == "[":
                self.at += 1
                degree = ["mrow", *self.row("]")]
                return ["mroot", self.atom() or ["mrow"], degree]
            return ["msqrt", self.atom() or ["mrow"]]
        if name in ("text", "mathrm", "operatorname", "mathbf", "mathit"):
            word = self.verbatim()
            return ["mi" if name == "operatorname" else "mtext", word]
        if name in LETTERS:
            return ["mi", LETTERS[name]]
        if name in SIGNS:
            return ["mo", SIGNS[name]]
        return ["mi", name]  # \exp, \log, ...

    def fence(self) -> list[Tree]:
        piece = (self.peek() or ".").removeprefix("\\")
        self.at += 1
        return [] if piece == "." else [["mo", SIGNS.get(piece, piece)]]

    def verbatim(self) -> str:
        """The text in braces, with what was escaped there as it was."""
        if self.peek() != "{":
            tree = self.atom()
            return str(tree[-1]) if tree else ""
        self.at += 1
        depth, word = 1, ""
        while self.at < len(self.pieces):
            piece = self.pieces[self.at]
            self.at += 1
            depth += (piece == "{") - (piece == "}")
            if depth == 0:
                break
            if piece.startswith("\\") and len(piece) > 1:
                word += TEXTS.get(piece[1:], piece[1:])
            elif piece not in "{}":
                word += piece
        return word
