"""LaTeX, and every row of the table in all the forms that an explanation has."""

import re

import pytest
from strategies import SMOOTH, cases, tried

import autodiff as ad
from autodiff.explanation.graphviz_text import dot_source
from autodiff.explanation.latex import symbol
from autodiff.explanation.pictures import picture_of_both_modes


def balanced(latex):
    r"""Every brace, \\left and environment closed."""
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", latex.replace(r"\\", "")):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    pairs = [(r"\left", r"\right"), (r"\begin", r"\end")]
    count = {
        word: len(re.findall(re.escape(word) + r"(?![a-z])", latex)) for p in pairs for word in p
    }
    return depth == 0 and all(count[a] == count[b] for a, b in pairs)


@tried(SMOOTH, examples=1)
def test_every_row_can_be_explained(row, data):
    case = data.draw(cases(row, "ties"))
    if not case.inputs:
        return
    e = ad.explain(case, *case.inputs)
    assert "DISAGREE" not in str(e)
    assert balanced(e.latex())
    assert str(e.graph)
    assert dot_source(picture_of_both_modes(e)).startswith("digraph")


def test_latex_escapes_what_the_user_wrote():
    latex = ad.explain(lambda p: p[r"\input{x}$&%#_^~"] * 2, {r"\input{x}$&%#_^~": 1.0}).latex()
    assert r"\input" not in latex
    assert balanced(latex)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("f1", "f_{1}"),
        ("x", "x"),
        ("theta", r"\theta"),
        ("σ", r"\sigma"),
        ("loss", r"\mathrm{loss}"),
        ("w_out", r"w_{\mathrm{out}}"),
        ("x1_2", "x_{1,2}"),
        ("p['W']", r"\text{p['W']}"),
        ("_private", r"\text{\_private}"),
    ],
)
def test_names_in_latex(name, shown):
    assert symbol(name) == shown
