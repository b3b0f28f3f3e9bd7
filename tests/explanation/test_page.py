"""The page as a file: what it holds, and that it holds nothing that a user wrote as markup."""

import base64
import hashlib
import json
import re
from importlib import resources

import numpy as np
import pytest
from programs import chain, loop

import autodiff as ad
from autodiff.explanation.mathml import mathml

NASTY = "</script><img src=x onerror=alert(1)><!--"


def parts(page):
    data = re.search(r'id="autodiff-data">(.*?)</script>', page, re.DOTALL)[1]
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    return json.loads(data), script


def test_a_policy_names_the_one_script_and_forbids_the_rest():
    page = ad.explain(chain, 0.1).html()
    _, script = parts(page)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'" in page
    assert not re.search(r'(src|href)="|url\((?!#)|@import|import\s*\(', page)


def test_no_script_of_the_page_makes_code_or_markup_of_a_text():
    for name in ("page.js", "page_rows.js", "page_picture.js"):
        script = resources.files("autodiff.explanation").joinpath(name).read_text("utf-8")
        words = (
            r"\beval\b|Function\(|innerHTML|outerHTML|insertAdjacent|document\.write|fetch|XMLHttp"
        )
        assert not re.search(words, script), name


def test_texts_of_the_user_are_data():
    def f(p):
        return p[NASTY] * 2

    f.__name__ = NASTY
    page = ad.explain(f, {NASTY: 1.0}).html()
    assert "<img" not in page
    assert page.count("<script") == page.count("</script>") == 2
    data, _ = parts(page)
    assert data["nodes"][0]["n"] == f"p[{NASTY!r}]"
    assert NASTY in data["title"]


def test_the_numbers_are_those_of_explain():
    e = ad.explain(chain, 0.1)
    data, _ = parts(e.html())
    steps = {s["d"]: data["slots"][s["s"]]["d"][0] for w in data["sweeps"] for s in w["steps"]}
    for step in (*e.forward, *e.reverse):
        assert steps[str(step.derivative)] == pytest.approx(step.value, rel=1e-13)
    assert data["why"] == ""


@pytest.mark.parametrize(
    ("f", "args", "why"),
    [
        (lambda x: x if x > 0 else -x, (1.0,), "depends on the numbers"),
        (lambda x: np.linalg.det(x), (np.eye(2),), "the row det"),
        (lambda x: x * 2, (np.float32(1.0),), "values of type float32"),
        (lambda x: np.sum(x * x), (np.ones(20_000),), "numbers in all"),
        (loop, (0.1,), "2001 operations"),
    ],
)
def test_what_is_not_computed_in_the_page_says_why(f, args, why):
    data, _ = parts(ad.explain(f, *args).html())
    assert why in data["why"]
    assert data["ops"] == []


def test_a_long_program_costs_what_is_shown():
    data, _ = parts(ad.explain(loop, 0.1).html())
    assert len(data["nodes"]) < 20
    assert data["folds"] == ["665 more rounds of 3 lines"]
    folded = next(k for k, n in enumerate(data["nodes"]) if n["k"] == "folded")
    assert {folded} < {e["a"] for e in data["edges"]} & {e["b"] for e in data["edges"]} | {
        folded,
        0,
    }


@pytest.mark.parametrize(
    ("latex", "tree"),
    [
        ("x_{1}", ["mrow", ["msub", ["mi", "x"], ["mrow", ["mn", "1"]]]]),
        (r"\theta^2", ["mrow", ["msup", ["mi", "θ"], ["mn", "2"]]]),
        (r"\frac{a}{b}", ["mrow", ["mfrac", ["mrow", ["mi", "a"]], ["mrow", ["mi", "b"]]]]),
        (r"\text{a\_<b>}", ["mrow", ["mtext", "a_<b>"]]),
        (r"\sqrt{x}", ["mrow", ["msqrt", ["mrow", ["mi", "x"]]]]),
        (
            r"\left(a\right)^T",
            [
                "mrow",
                ["msup", ["mrow", ["mo", "("], ["mi", "a"], ["mo", ")"]], ["mi", "T"]],
            ],
        ),
    ],
)
def test_formulas_become_trees(latex, tree):
    assert mathml(latex) == tree


@pytest.mark.parametrize("latex", ["{", "}", "\\frac", "^", "_", "\\left", "\\text{a", "a^", "\\"])
def test_any_text_becomes_some_tree(latex):
    assert mathml(latex)[0] == "mrow"


def test_the_packages_files_travel_with_it():
    for name in ("page.css", "page.js", "page_rows.js", "page_picture.js"):
        assert resources.files("autodiff.explanation").joinpath(name).is_file()
