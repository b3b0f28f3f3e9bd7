"""Pictures and pages: what they show, how they are made, that no markup in them is the user's."""

import builtins
import html.parser
import re
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from programs import NETWORK, PARAMS, chain, logistic, loop, network

import autodiff as ad
from autodiff.base import files
from autodiff.base.printable import printable
from autodiff.explanation import graphviz_text
from autodiff.explanation.pictures import draw_tape, picture_of_both_modes, pretty

NASTY = """<script>alert(1)</script> & "quotes" 'single' {brace} |bar| \\N \\l %>"""


def words(svg):
    """All text in an SVG, which must be well-formed XML."""
    root = ET.fromstring(svg[svg.index("<svg") :])
    return ["".join(t.itertext()).strip() for t in root.iter("{http://www.w3.org/2000/svg}text")]


def boxes(f, *args):
    return {b.name: b for b in picture_of_both_modes(ad.explain(f, *args)).boxes}


def arrows(f, *args):
    drawn = picture_of_both_modes(ad.explain(f, *args))
    names = {b.key: b.name for b in drawn.boxes}
    return {(names[a.tail], names[a.head]): a.label for a in drawn.arrows}


# -- what is shown ---------------------------------------------------------------------------------
def test_boxes_show_value_tangent_and_adjoint():
    found = boxes(chain, 0.1)
    assert list(found) == ["x", "f1", "f2", "f3", "f4", "f5", "y"]
    assert [b.kind for b in found.values()] == ["input", *["operation"] * 5, "output"]
    assert found["f2"].expression == "f1²"
    assert [(line.label, line.value) for line in found["f3"].lines] == [
        ("value", "2.327"),
        ("∂f3/∂x →", "3.548"),
        ("← ∂y/∂f3", "9.557"),
    ]
    assert [line.value for line in found["y"].lines] == ["10.97", "33.91", "1"]


def test_long_names_are_shown_whole_once():
    def f(initial_temperature_of_the_room, heat_transferred_through_the_wall):
        return initial_temperature_of_the_room * heat_transferred_through_the_wall

    first, second, product = boxes(f, 2.0, 3.0).values()
    assert first.name == "initial_temperature_of_the_room"
    assert [line.label for line in first.lines[1:]] == [
        "∂initial_te…e_room/∂initial_te…e_room →",
        "← ∂y/∂initial_te…e_room",
    ]
    assert len(product.expression) == 34
    assert arrows(f, 2.0, 3.0)[(second.name, "y")] == "initial_temperature_of_the_room = 2"

    def g(quotient_of_the_temperatures_before_and_after):
        return np.exp(quotient_of_the_temperatures_before_and_after**2)

    assert list(arrows(g, 0.0).values()) == ["0", "y = 1"]


def test_an_arrow_along_which_no_derivative_flows_is_dashed():
    def f(x):
        m = x > 1
        return np.where(m, x, 0.0)

    drawn = picture_of_both_modes(ad.explain(f, 2.0))
    names = {b.key: b.name for b in drawn.boxes}
    assert {(names[a.tail], names[a.head]): a.dashed for a in drawn.arrows} == {
        ("x", "m"): True,
        ("m", "y"): True,
        ("x", "y"): False,
    }
    assert graphviz_text.dot_source(drawn).count("style=dashed") == 2


def test_what_an_arrow_is_given_takes_no_name_of_the_users():
    W, x = np.ones((2, 3)), np.ones(3)
    assert arrows(lambda x: np.sum(W @ x), x)[("x", "v1")] == "v ↦ Wᵀ @ v"

    def f(x):
        v = W @ x
        return np.sum(v)

    assert arrows(f, x)[("x", "v")] == "u ↦ Wᵀ @ u"


def test_arrows_show_the_local_derivative_as_symbol_and_number():
    assert arrows(chain, 0.1) == {
        ("x", "f1"): "f1 = 1.105",
        ("f1", "f2"): "2·f1 = 2.21",
        ("f1", "f3"): "1",
        ("f2", "f3"): "1",
        ("f3", "f4"): "f4 = 10.24",
        ("f3", "f5"): "cos(f3) = -0.6859",
        ("f4", "y"): "1",
        ("f5", "y"): "1",
    }


def test_arrows_between_arrays_show_what_they_make_of_an_adjoint():
    found = arrows(network, *NETWORK)
    assert found["x", "h"] == "v ↦ Wᵀ @ v"
    assert found["W", "h"] == "v ↦ outer(v, x)"
    assert found["h", "r"] == "where(h > 0, 1, 0) = [1, 0, 1]"
    assert found["r2", "s1"] == "0"
    assert found["r3", "s1"] == "1"


def test_the_svg_holds_all_of_it():
    found = words(ad.explain(chain, 0.1).svg())
    for word in ("f3", "= f1 + f2", "∂f3/∂x →", "← ∂y/∂f3", "9.557", "cos(f3) = -0.6859"):
        assert word in found, word


def test_a_source_line_stands_behind_each_box():
    svg = ad.explain(chain, 0.1).svg()
    assert re.search(r'title="programs\.py:\d+: f3 = f1 \+ f2"', svg)


def test_the_caption_says_which_direction():
    drawn = picture_of_both_modes(ad.explain(logistic, PARAMS))
    assert "moves at rate 1" in drawn.caption
    assert picture_of_both_modes(ad.explain(chain, 0.1)).caption == ""


def test_a_deep_program_is_drawn_from_top_to_bottom():
    assert "rankdir=LR" in ad.explain(chain, 0.1).dot()
    assert "rankdir=TB" in ad.explain(network, *NETWORK).dot()


def test_mathematics_is_written_with_its_signs():
    assert pretty("2 * x^2 + A^T @ b - x^-1") == "2·x² + Aᵀ @ b - x⁻¹"
    assert pretty("x^0.5") == "x^0.5"


# -- size ------------------------------------------------------------------------------------------
def test_a_long_program_is_folded_and_says_so():
    e = ad.explain(loop, 0.001)
    drawn = picture_of_both_modes(e)
    assert len(drawn.boxes) == 1 + 2 * graphviz_text.ENDS + 1
    fold = next(b for b in drawn.boxes if b.kind == "folded")
    assert fold.name == "1985 operations"
    kinds = {line.label: line.value for line in fold.lines}
    assert {kind: kinds[kind] for kind in ("add", "multiply", "sin")} == {
        "add": "× 662",
        "multiply": "× 662",
        "sin": "× 661",
    }
    assert "one box stands for 1985 operations" in words(e.svg())


def test_every_arrow_of_a_folded_picture_has_both_ends():
    def f(*xs):
        total = sum(x * x for x in xs)
        return total, total * xs[500]

    drawn = picture_of_both_modes(ad.explain(f, *np.arange(1000.0)))
    keys = {b.key for b in drawn.boxes}
    assert all(a.tail in keys and a.head in keys for a in drawn.arrows)
    assert len({(a.tail, a.head) for a in drawn.arrows}) == len(drawn.arrows)
    folded = {b.name for b in drawn.boxes if b.kind == "folded"}
    assert folded == {"984 inputs", "1986 operations"}


# -- what the user wrote ---------------------------------------------------------------------------
@pytest.mark.parametrize("key", [NASTY, "naïve ключ 鍵", "a:b;c", "\x00\x1b", "", "node 1"])
def test_names_of_any_kind_are_shown_as_they_are(key):
    e = ad.explain(lambda p: p[key] * p["other"], {key: 2.0, "other": 3.0})
    shown = " ".join(words(e.svg()))
    assert " ".join(f"p[{key!r}]".split()) in " ".join(shown.split())


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag not in ("meta", "input", "polygon", "polyline", "path", "ellipse"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("input", "polygon", "polyline", "path", "ellipse"):
            assert self.open.pop() == tag


def tags_of(page):
    parser = Tags()
    parser.feed(page)
    assert parser.open == []
    return parser.seen


def test_a_page_is_whole_and_holds_no_markup_of_the_users():
    page = ad.explain(lambda p: p[NASTY] * 2, {NASTY: 1.0}).html()
    assert page.startswith("<!DOCTYPE html>")
    assert tags_of(page) == tags_of(ad.explain(lambda p: p * 2, 1.0).html())
    assert "http" not in page.replace("http-equiv", ""), "a page fetches nothing"
    assert "script" not in tags_of(ad.explain(lambda p: p[NASTY] * 2, {NASTY: 1.0})._repr_html_())


@pytest.mark.parametrize("name", ["\x1b[31m", "\x00", NASTY, "{", "}", "a{0}"])
def test_any_name_is_drawn(name):
    found = words(draw_tape(np.sin(ad.tensor(0.5, name=name))))
    assert any(graphviz_text.printable(name) in word for word in found)

    def named(x):
        return 2 * x

    named.__name__ = name
    rule = ad.custom_rule(named, jvp=lambda primals, y, tangents: 2 * tangents[0])
    e = ad.explain(lambda x: rule(x) ** 2, 0.5)
    words(e.svg())
    assert printable(name) in str(e)


def test_a_page_shows_the_picture_and_the_tables():
    page = ad.explain(chain, 0.1)._repr_html_()
    assert {"svg", "table", "h1"} <= tags_of(page)
    for text in ("dy/df4 * f4 + dy/df5 * cos(f3)", "9.55693", "both modes agree"):
        assert text in page


def test_notebooks_get_both_forms():
    e = ad.explain(chain, 0.1)
    assert e._repr_svg_() == e.svg()
    assert e._repr_html_().startswith('<div class="autodiff">')


# -- how it is made --------------------------------------------------------------------------------
def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    e = ad.explain(chain, 0.1)
    for suffix in ("svg", "html", "tex", "dot"):
        path = tmp_path / f"out.{suffix}"
        text = getattr(e, "latex" if suffix == "tex" else suffix)(path)
        assert path.read_text(encoding="utf-8") == text
    assert len(list(tmp_path.iterdir())) == 4

    def full_disk(*_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(files.os, "fdopen", full_disk)
    old = (tmp_path / "out.svg").read_text(encoding="utf-8")
    with pytest.raises(OSError, match="no space"):
        e.svg(tmp_path / "out.svg")
    assert (tmp_path / "out.svg").read_text(encoding="utf-8") == old
    assert len(list(tmp_path.iterdir())) == 4


def test_without_a_renderer_the_cure_is_named(monkeypatch):
    monkeypatch.setattr(graphviz_text.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    e = ad.explain(chain, 0.1)
    with pytest.raises(ad.MissingExtraError, match="pip install 'pygraphviz>=2'"):
        e.svg()
    assert e.dot().startswith("digraph")
    assert e._repr_svg_() is None
    assert "pip install &#x27;pygraphviz&gt;=2&#x27;" in e._repr_html_()


def test_the_program_dot_is_used_where_it_is(monkeypatch):
    monkeypatch.setattr(graphviz_text.shutil, "which", lambda name: "/usr/bin/dot")
    asked = []

    class Source:
        def __init__(self, text):
            self.text = text

        def pipe(self, **how):
            asked.append((self.text, how))
            return "<svg/>"

    import graphviz

    monkeypatch.setattr(graphviz, "Source", Source)
    e = ad.explain(chain, 0.1)
    assert e.svg() == "<svg/>"
    assert asked == [(e.dot(), {"format": "svg", "encoding": "utf-8"})]


def test_nothing_is_imported_before_a_picture_is_asked_for(monkeypatch):
    real = builtins.__import__

    def watched(name, *args, **kwargs):
        assert "graphviz" not in name, name
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", watched)
    e = ad.explain(chain, 0.1)
    assert str(e)
    assert e.latex()


# -- the object interface --------------------------------------------------------------------------
def test_a_tape_is_drawn_with_the_callers_names():
    x = ad.tensor(0.1, name="x")
    f1 = np.exp(x)
    y = np.sin(f1) * f1
    found = words(draw_tape(y))
    for word in ("x", "f1", "= exp(x)", "y", "← ∂y/∂x", "∂y/∂x →"):
        assert word in found, word


def test_a_tape_is_drawn_after_backward_too():
    x = ad.tensor(0.5, name="x")
    loss = x * x
    before = draw_tape(loss)
    loss.backward()
    assert draw_tape(loss) == before


def test_large_values_of_a_tape_are_computed_again():
    x = ad.tensor(np.ones(500), name="x")
    y = np.sum(np.tanh(x) * 2)
    found = words(draw_tape(y))
    assert "← ∂y/∂x" in found
    assert f"(500,): {2 * (1 - np.tanh(1.0) ** 2):.4g}" in found


def test_a_tape_that_let_go_of_a_large_constant_is_drawn_without_derivatives():
    x = ad.tensor(np.ones(500), name="x")
    y = np.sum(x * np.ones(500))
    found = words(draw_tape(y))
    assert "= x·<(500,) array>" in found
    assert "the tape no longer holds its large values" in found


def test_a_long_tape():
    x = ad.tensor(0.001, name="x")
    y = x
    for _ in range(3000):
        y = y * 1.0001
    assert "2984 operations" in words(draw_tape(y))
