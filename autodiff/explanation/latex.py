"""An explanation as LaTeX: ``align*`` environments for the program and for each sweep.

The fragment needs the package ``amsmath`` and nothing else. Names become mathematics where they
look like it (``f1`` is f with index 1, ``theta`` the Greek letter); all other text is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from ..base.shapes import Shape
from ..programs.numbers import summary
from ..programs.text import (
    LETTERS,
    MANY,
    Style,
    Text,
    called,
    chosen_template,
    escaped,
    from_the_front,
    param,
    told,
)
from ..rules.primitive import PRODUCT, Primitive
from .both_sweeps import BothModes
from .folding import lines_of
from .steps import Step
from .symbolic_rules import Derivative
from .tables import closing, filled

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}  # fmt: skip
# fmt: off
GREEK = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
         "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi",
         "omega"]
FUNCTIONS = ["exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos",
             "arctan", "max", "min", "det", "gcd"]
# fmt: on


def plain(text: str) -> str:
    """User text for LaTeX: nothing in it is read as a command."""
    return "".join(SPECIAL.get(c, c if c.isprintable() else "?") for c in text)


def letters(word: str) -> str:
    """A name without index: one letter, a Greek letter, or a word in upright type."""
    if len(word) == 1 and not word.isascii():  # θ, written as a letter
        name = unicodedata.name(word, "").rpartition(" ")[2].lower().replace("lamda", "lambda")
        capital = unicodedata.category(word) == "Lu"
        word = name if name in GREEK and not capital else word
    if word in GREEK:
        return f"\\{word}"
    if len(word) == 1 and word.isascii():
        return word
    return f"\\mathrm{{{plain(word)}}}"


def symbol(name: str) -> str:
    r"""A name as mathematics: ``f1``, ``w_out`` and ``h_2`` get an index.

    >>> print(symbol("f1"), symbol("w_out"), symbol("params['W']"))
    f_{1} w_{\mathrm{out}} \text{params['W']}
    """
    match = re.fullmatch(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)", name)
    if match is None:
        return f"\\text{{{plain(name)}}}"
    stem, digits, rest = match.groups()
    indices = [digits] if digits else []
    indices += [part if part.isdigit() else letters(part) for part in rest.split("_") if part]
    return letters(stem) + (f"_{{{','.join(indices)}}}" if indices else "")


class Latex(Style):
    """Rows by their LaTeX templates; a row without one as a named function."""

    times = ()

    def template(self, row: Primitive, params: dict[str, Any], shapes: Sequence[Shape]) -> str:
        params = from_the_front(params, shapes)
        given = chosen_template(row.latex, params, shapes)
        if given:
            return given
        if row.text is None:
            return self.call(row, params, len(shapes))
        return self.adapted(chosen_template(row.text, params, shapes))

    def call(self, row: Primitive, params: dict[str, Any], count: int) -> str:
        slots = [f"{{{c}}}" for c in LETTERS[:count]]
        if count > MANY:
            slots[MANY - 2 : -1] = [r"\ldots"]
        given = [
            escaped(f"\\text{{{plain(f'{k}={param(v)}')}}}") for k, v in params.items() if told(v)
        ]
        return f"{escaped(function(called(row)))}\\left({', '.join(slots + given)}\\right)"

    def adapted(self, template: str) -> str:
        """A text template for LaTeX: its words escaped, its slots kept."""
        pieces = re.split(r"(\{\{|\}\}|\{\w+\})", template)
        out = [p if re.fullmatch(r"\{\w+\}", p) else self._literal(p) for p in pieces]
        return "".join(out).replace("(", r"\left(").replace(")", r"\right)")

    def _literal(self, text: str) -> str:
        if text in ("{{", "}}"):
            return "\\" + text
        words = re.split(r"([^\W\d]\w+)", text)
        shown = [escaped(function(w)) if k % 2 else plain_math(w) for k, w in enumerate(words)]
        return "".join(shown)

    def bracket(self, text: str) -> str:
        return f"\\left({text}\\right)"

    def constant(self, value: Any) -> Text:
        shown = super().constant(value)
        if re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", shown.loose):
            return Text(scientific(shown.loose), shown.binds if "e" not in shown.loose else PRODUCT)
        return Text(f"\\text{{{plain(shown.loose)}}}", shown.binds)

    def parameter(self, value: Any) -> str:
        return plain(param(value))

    def name(self, name: str) -> Text:
        return Text(symbol(name))

    def leaf(self, name: str) -> Text:
        return Text(derivative(name) if isinstance(name, Derivative) else symbol(name))

    def by_jacobian(self, made: str, source: str, carried: str, backward: bool) -> Text:
        jacobian = fraction(made, source)
        transposed = f"\\left({jacobian}\\right)^T" if backward else jacobian
        return Text(f"{transposed} \\, {self.leaf(carried).loose}", PRODUCT)

    def outer(self, u: Text, v: Text) -> Text:
        return Text(f"{u.compact} \\otimes {v.compact}", PRODUCT)

    def omitted(self, count: int) -> Text:
        return Text(f"\\cdots\\text{{ {count} more terms }}\\cdots")

    def repeated(self, text: Text, shape: Shape) -> Text:
        if not shape:
            return text
        ones = "\\mathbf{1}_{" + r" \times ".join(map(str, shape)) + "}"
        return Text(ones if text.loose == "1" else f"{text.compact} \\, {ones}", PRODUCT)


LATEX = Latex()


def plain_math(text: str) -> str:
    """The signs of a template: what LaTeX would read otherwise is escaped."""
    return escaped("".join(SPECIAL[c] if c in "&#%$~\\" else c for c in text)).replace(
        "...", r"\ldots "
    )


def function(name: str) -> str:
    return f"\\{name}" if name in FUNCTIONS else f"\\operatorname{{{plain(name)}}}"


def fraction(over: str, under: str) -> str:
    return f"\\frac{{\\partial {symbol(over)}}}{{\\partial {symbol(under)}}}"


def derivative(name: Derivative) -> str:
    return fraction(name.over, name.under)


def scientific(number: str) -> str:
    """``2.5e-05`` as a power of ten."""
    mantissa, e, exponent = number.partition("e")
    if not e:
        return number
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else f"{mantissa} \\times {power}"


def value(x: Any) -> str:
    """A value: numbers and small arrays as mathematics, anything else in words."""
    shown = summary(x)
    if re.fullmatch(r"\[[^\[\]a-z]*\]", shown):
        return f"\\left({shown[1:-1]}\\right)"
    if re.fullmatch(r"-?[\d.]+(e[-+]?\d+)?", shown):
        return scientific(shown)
    return f"\\text{{{plain(shown)}}}"


def fragment(both: BothModes) -> str:
    """The program, both sweeps, and whether they agree."""
    graph = both.graph
    given = ", ".join(f"${symbol(str(n.name))} = {value(n.value)}$" for n in graph.inputs)
    nodes = graph.shown()
    lines = filled(
        lines_of(nodes, both.fold, graph.layers),
        lambda k: (
            symbol(str(nodes[k].name)),
            graph.expression(nodes[k], LATEX).loose,
            value(nodes[k].value),
            "",
        ),
    )
    parts = [
        "% Needs \\usepackage{amsmath}.",
        f"\\noindent The program \\texttt{{{plain(graph.name)}}} at {given}:",
        align(lines),
    ]
    for mode, sweeps in (
        ("Forward mode, from the input on", both.forward_sweeps),
        ("Reverse mode, from the output back", both.reverse_sweeps),
    ):
        for sweep in sweeps:
            steps = sweep.steps
            lines = [
                x if isinstance(x, str) else line(steps[x])
                for x in lines_of(steps.nodes, both.fold, graph.layers)
            ]
            parts += [f"\\noindent {mode} ({plain(sweep.seed)}):", align(lines)]
    parts += [f"\\noindent {plain(line.strip())}.\\\\" for line in closing(both).splitlines()]
    return "\n".join(parts) + "\n"


def line(s: Step) -> tuple[str, str, str, str]:
    return derivative(s.derivative), s.written(LATEX).loose, value(s.value), s.remark


def align(rows: Sequence[tuple[str, str, str, str] | str]) -> str:
    lines = []
    for row in rows:
        if isinstance(row, str):
            left_out = plain(row.removeprefix("... ").removesuffix(" ..."))
            lines.append(f"  &\\ldots && \\text{{{left_out}}}")
            continue
        name, rule, number, remark = row
        note = f" && \\text{{{plain(remark)}}}" if remark else ""
        lines.append(f"  {name} &= {rule} &&= {number}{note}")
    return "\n".join(["\\begin{align*}", " \\\\\n".join(lines), "\\end{align*}"])
