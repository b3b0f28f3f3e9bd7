"""Explanations: the steps a person would write down, with the numbers of the engine."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from programs import NETWORK, PARAMS, chain, logistic, loop, network

import autodiff as ad
from autodiff.explanation.pictures import picture_of_both_modes
from autodiff.primitives import reductions
from autodiff.rules.kinds import Special

GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name, text):
    """What the file says, which a person has read; to write it anew, delete it and run twice."""
    path = GOLDEN / name
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        pytest.fail(f"{path} was missing and is written now: read it")
    assert text == path.read_text(encoding="utf-8")


def rules(steps):
    return {str(s.derivative): s.rule for s in steps}


def values(steps):
    return {str(s.derivative): s.value for s in steps}


# -- the exp/sin chain -----------------------------------------------------------------------------
def test_the_steps_come_in_the_order_of_a_person():
    e = ad.explain(chain, 0.1)
    assert [s.name for s in e.forward] == ["f1", "f2", "f3", "f4", "f5", "y"]
    assert [s.name for s in e.reverse] == ["f5", "f4", "f3", "f2", "f1", "x"]
    assert [s.expression for s in e.forward] == [
        *("exp(x)", "f1^2", "f1 + f2", "exp(f3)", "sin(f3)", "f4 + f5"),
    ]


def test_every_value_is_the_closed_form():
    x = 0.1
    f1 = math.exp(x)
    f2 = f1**2
    f3 = f1 + f2
    f4, f5 = math.exp(f3), math.sin(f3)
    df1, df2 = f1, 2 * f1**2
    df3 = df1 + df2
    df4, df5 = f4 * df3, math.cos(f3) * df3
    y3 = f4 + math.cos(f3)
    e = ad.explain(chain, x)
    close = {"rel": 1e-12}
    assert [s.primal for s in e.forward] == pytest.approx([f1, f2, f3, f4, f5, f4 + f5], **close)
    assert [s.value for s in e.forward] == pytest.approx(
        [df1, df2, df3, df4, df5, df4 + df5], **close
    )
    assert [s.value for s in e.reverse] == pytest.approx(
        [1, 1, y3, y3, y3 * (1 + 2 * f1), y3 * (1 + 2 * f1) * f1], **close
    )


def test_the_rules_are_the_chain_rule_in_symbols():
    e = ad.explain(chain, 0.1)
    assert rules(e.forward) == {
        "df1/dx": "f1 * dx/dx",
        "df2/dx": "2*f1 * df1/dx",
        "df3/dx": "df1/dx + df2/dx",
        "df4/dx": "f4 * df3/dx",
        "df5/dx": "cos(f3) * df3/dx",
        "dy/dx": "df4/dx + df5/dx",
    }
    assert rules(e.reverse) == {
        "dy/df5": "1",
        "dy/df4": "1",
        "dy/df3": "dy/df4 * f4 + dy/df5 * cos(f3)",
        "dy/df2": "dy/df3",
        "dy/df1": "dy/df3 + dy/df2 * 2*f1",
        "dy/dx": "dy/df1 * f1",
    }


def test_where_a_value_feeds_two_the_contributions_add():
    remarks = {s.name: s.remark for s in ad.explain(chain, 0.1).reverse}
    assert remarks["f3"] == "f3 feeds f4 and f5: their contributions add"
    assert remarks["f1"] == "f1 feeds f3 and f2: their contributions add"
    assert remarks["f4"] == ""


@pytest.mark.parametrize("x", [0.1, -0.8, 0.55])
def test_the_numbers_are_the_engines_own(x):
    e = ad.explain(chain, x)
    assert e.reverse[-1].value == ad.grad(chain)(x)
    assert e.forward[-1].value == ad.jvp(chain, (x,), (1.0,))[1]


def test_the_rules_evaluate_to_the_values():
    e = ad.explain(chain, 0.3)
    known = {str(n.name): n.value for n in e.graph.nodes} | {"dx/dx": 1.0, "dy/dy": 1.0}
    known |= values(e.forward) | values(e.reverse)
    for step in (*e.forward, *e.reverse):
        rule = re.sub(r"d\w+/d\w+", lambda m: repr(float(known[m[0]])), step.rule)
        rule = re.sub(r"\bf\d", lambda m: repr(float(known[m[0]])), rule)
        rule = rule.replace("cos", "math.cos")
        assert arithmetic(rule) == pytest.approx(float(step.value), rel=1e-13), step


def arithmetic(rule):
    """A sum of products of numbers and cosines."""
    total = 0.0
    for term in rule.split(" + "):
        product = 1.0
        for factor in term.replace(" * ", "*").split("*"):
            inner = re.fullmatch(r"math\.cos\((.*)\)", factor)
            product *= math.cos(float(inner[1])) if inner else float(factor)
        total += product
    return total


@pytest.mark.parametrize(
    ("name", "f", "args"),
    [
        ("chain", chain, (0.1,)),
        ("logistic", logistic, (PARAMS,)),
    ],
)
def test_tables_and_latex_read_as_agreed(name, f, args):
    e = ad.explain(f, *args)
    golden(f"{name}.txt", str(e) + "\n")
    golden(f"{name}.tex", e.latex())


# -- problem B -------------------------------------------------------------------------------------
def test_the_network_of_problem_b():
    e = ad.explain(network, *NETWORK)
    primals = {s.name: s.primal for s in e.forward}
    np.testing.assert_array_equal(primals["h"], [2, -10, 3])
    np.testing.assert_array_equal(primals["r"], [2, 0, 3])
    assert primals["s1"] == 3
    assert primals["y1"] == pytest.approx(1 / (1 + math.e), rel=1e-14)
    assert primals["y2"] == pytest.approx(math.e / (1 + math.e), rel=1e-14)
    assert primals["z"] == pytest.approx(1)
    found = values(e.reverse)
    assert found["dz/dy1"] == 1
    np.testing.assert_allclose(found["dz/dx"], 0, atol=1e-15)
    assert rules(e.reverse)["dz/dh"] == "where(h > 0, dz/dr, 0)"
    assert rules(e.reverse)["dz/dx"] == "W^T @ dz/dh"
    assert rules(e.reverse)["dz/dW"] == "outer(dz/dh, x)"


def test_a_choice_says_why():
    steps = {str(s.derivative): s for s in ad.explain(network, *NETWORK).reverse}
    assert steps["dz/dr3"].rule == "dz/ds1"
    assert steps["dz/dr3"].remark == "r2 > r3 is false"


def test_a_constant_says_so():
    text = str(ad.explain(lambda x, y: 3.0, 1.0, 2.0))
    assert text.endswith("y does not depend on x, y: dy/dx = 0, dy/dy = 0")
    assert "y does not depend smoothly on x: dy/dx = 0" in str(ad.explain(np.floor, 1.5))


def test_a_picture_is_svg(tmp_path):
    with pytest.raises(ValueError, match=r"writes SVG, not png: name the file \.svg"):
        ad.explain(np.sin, 1.0).svg(tmp_path / "x.png")


def test_a_tie_says_so():
    (step,) = ad.explain(lambda a: np.maximum(a, 2.0), 2.0).reverse
    assert (step.value, step.remark) == (0.5, "a == 2 is true")


# -- several inputs and outputs, arrays ------------------------------------------------------------
def test_one_sweep_per_input_and_one_per_output():
    def f(a, b):
        u = a * b
        return u, np.sin(a)

    e = ad.explain(f, 2.0, 3.0)
    assert values(e.forward) == {
        "du/da": 3.0,
        "dy2/da": math.cos(2.0),
        "du/db": 2.0,
        "dy2/db": 0.0,
    }
    assert values(e.reverse) == {
        "du/da": 3.0,
        "du/db": 2.0,
        "dy2/da": math.cos(2.0),
        "dy2/db": 0.0,
    }
    assert "on all 4 of du/da, du/db, dy2/da, dy2/db" in str(e)


def test_arrays_move_along_a_stated_direction():
    e = ad.explain(lambda x: np.sum(x**2), np.array([1.0, 2.0, 3.0]))
    assert "every entry of x moves at rate 1: dx/dt is all ones" in str(e)
    assert values(e.forward)["dy/dt"] == 12.0
    np.testing.assert_array_equal(values(e.reverse)["dy/dx"], [2.0, 4.0, 6.0])
    assert rules(e.reverse) == {"dy/dv1": "ones(3)", "dy/dx": "dy/dv1 * 2*x"}


def test_a_variable_named_t_moves_the_direction_aside():
    e = ad.explain(lambda t: np.sum(t), np.ones(2))
    assert [str(s.derivative) for s in e.forward] == ["dy/ds"]


def test_a_result_that_is_an_array_is_seeded_with_ones():
    e = ad.explain(lambda x: np.sin(x) * x, np.array([[1.0, 2.0]]))
    assert "seed: ones of shape (1, 2), so what is differentiated is sum(y)" in str(e)
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(e.reverse[-1].value, [np.cos(x) * x + np.sin(x)], rtol=1e-14)


def test_axes_count_from_the_front_as_people_do():
    e = ad.explain(lambda x, b: np.sum(x, axis=0) * b, np.ones((3, 2)), np.ones(2), seed=np.ones(2))
    assert e.forward[0].expression == "sum(x, axis=0)"
    assert rules(e.reverse)["ds/dx"] == "ds/dv1[None, :] * ones(3, 2)"


def test_broadcasting_is_summed_over():
    e = ad.explain(lambda x, b: x + b, np.ones((3, 2)), np.zeros(2))
    assert rules(e.reverse) == {"dy/dx": "ones(3, 2)", "dy/db": "sum(ones(3, 2), axis=0)"}


def test_many_results_are_summed():
    e = ad.explain(lambda x: [x**k for k in range(1, 7)], 1.0)
    assert "s is the sum of all entries of 6 results" in str(e)
    assert e.reverse[-1].value == 21.0


def test_many_inputs_share_one_direction():
    e = ad.explain(lambda *xs: sum(x * x for x in xs), *range(1, 9))
    assert len(e.forward_sweeps) == 1
    assert "every entry of xs[0], xs[1], xs[2] and 5 more inputs moves at rate 1" in str(e)
    assert e.forward[-1].value == 2 * sum(range(1, 9))


def test_nests_are_named_as_one_writes_them():
    found = values(ad.explain(logistic, PARAMS).reverse)
    np.testing.assert_array_equal(found["dy/d(params['w'])"], ad.grad(logistic)(PARAMS)["w"])
    assert found["dy/d(params['b'])"] == ad.grad(logistic)(PARAMS)["b"]


def test_what_is_no_number_is_held():
    def f(x, how, mask):
        return np.sum(np.where(mask, x, 0)) if how == "sum" else x

    e = ad.explain(f, np.ones(2), "sum", np.array([True, False]))
    np.testing.assert_array_equal(e.reverse[-1].value, [1.0, 0.0])
    with pytest.raises(ad.NotDifferentiableError, match="no number and no array"):
        ad.explain(lambda how: 1.0, "sum")
    with pytest.raises(ad.NotDifferentiableError, match=r"x of <lambda> has dtype object"):
        ad.explain(lambda x: x, np.array([None, 1.0]))


def test_a_result_that_is_an_input_or_a_constant():
    e = ad.explain(lambda x: (x, 3.0), 2.0)
    assert [(s.name, s.rule, s.value) for s in e.reverse] == [("x", "1", 1.0)]
    nothing = ad.explain(lambda x: 3.0, 2.0)
    assert nothing.reverse == nothing.forward == []
    assert "3 = <lambda>(x) at x = 2" in str(nothing)


def test_an_input_that_the_result_ignores():
    e = ad.explain(lambda a, b: a * 2, 1.0, 5.0)
    assert [(s.name, s.rule, s.value) for s in e.reverse] == [("a", "2", 2.0), ("b", "0", 0.0)]


def test_a_row_with_several_results():
    both = Special(
        "both",
        lambda a: (np.sin(a), np.cos(a)),
        forward=lambda tangents, primals, y: (y[1] * tangents[0], -y[0] * tangents[0]),
        backward=lambda y_bar, primals, y: [y[1] * y_bar[0] - y[0] * y_bar[1]],
    )
    both.multiple = True

    def f(x):
        s, c = both(x)
        return s * c**2

    e = ad.explain(f, 0.3)
    assert [s.name for s in e.forward] == ["s", "c", "v1", "y"]
    assert [s.expression for s in e.forward[:2]] == ["both(x)[0]", "both(x)[1]"]
    assert rules(e.forward)["dc/dx"] == "-s * dx/dx"
    assert rules(e.reverse)["dy/dx"] == "c * dy/ds - s * dy/dc"
    assert e.reverse[-1].value == pytest.approx(
        math.cos(0.3) ** 3 - 2 * math.sin(0.3) ** 2 * math.cos(0.3), rel=1e-14
    )
    one = ad.explain(lambda x: both(x)[0] * 2, 0.3)
    assert rules(one.reverse)["dy/dx"] == "both(x)[1] * dy/dv1"
    assert {b.name for b in picture_of_both_modes(e).boxes} == {"x", "s", "c", "v1", "y"}


def test_a_value_that_feeds_thousands():
    def f(x):
        total = 0.0
        for k in range(2000):
            total = total + x * k
        return total

    step = ad.explain(f, 1.0).reverse[-1]
    assert step.value == sum(range(2000))
    assert step.rule.count("+") == 8
    assert "... 1992 more terms ..." in step.rule
    assert step.remark == "x feeds 2000 operations: their contributions add"


def test_an_untaken_branch_contributes_nothing():
    with np.errstate(all="ignore"):
        e = ad.explain(lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0)
    assert e.reverse[-1].value == 0.0
    assert e.forward[-1].value == 0.0
    assert all(a.holds for a in e.agreements)


def test_the_derivative_of_a_gradient_is_explained_too():
    e = ad.explain(ad.grad(lambda x: np.sin(x) * x), 0.5)
    assert e.reverse[-1].value == pytest.approx(2 * np.cos(0.5) - 0.5 * np.sin(0.5), rel=1e-14)


def test_float32_stays_float32():
    e = ad.explain(lambda x: np.sum(np.tanh(x)), np.ones(2, np.float32))
    assert {np.asarray(s.value).dtype for s in (*e.forward, *e.reverse)} == {np.dtype("float32")}


def test_a_rule_too_long_to_read_is_a_product_with_its_jacobian():
    e = ad.explain(lambda x: np.sum(np.cumprod(x)), np.arange(1.0, 9.0))
    assert rules(e.forward)["dv1/dt"] == "dv1/d(x) . dx/dt"
    assert rules(e.reverse)["dy/dx"] == "(dv1/d(x))^T . dy/dv1"


# -- do the modes agree? ---------------------------------------------------------------------------
def test_agreement_is_compared():
    e = ad.explain(chain, 0.1)
    assert str(e).splitlines()[-2:] == [
        "  both modes agree: dy/dx = 33.9078 by forward, 33.9078 by reverse",
        "  forward costs one sweep per input, reverse one per output",
    ]


def test_a_wrong_transpose_is_noticed(monkeypatch):
    right = reductions.sum.transpose
    wrong = lambda y_bar, a, **params: 1.01 * right(y_bar, a, **params)  # noqa: E731
    monkeypatch.setattr(reductions.sum, "transpose", wrong)
    monkeypatch.setattr(reductions.sum, "spreads", False)
    text = str(ad.explain(lambda x: np.sum(np.sin(x)), np.ones(3)))
    assert "DISAGREE" in text
    assert "relative difference 0.0099" in text


def test_what_is_not_finite_cannot_be_compared():
    with np.errstate(all="ignore"):
        assert "cannot be compared" in str(ad.explain(np.sqrt, 0.0))
    both_signs = np.array([np.inf, -np.inf])
    assert "cannot be compared" in str(ad.explain(lambda x: x * both_signs, np.ones(2)))


def test_huge_values_are_summed_up_without_a_warning():
    assert "from 1e+308 to 1.5e+308" in str(ad.explain(np.sin, np.linspace(1e308, 1.5e308, 20)))


# -- size ------------------------------------------------------------------------------------------
def test_a_long_program_shows_its_two_ends():
    e = ad.explain(loop, 0.001)
    assert len(e.forward) == len(e.reverse) == 2001
    lines = str(e).splitlines()
    assert len(lines) < 200
    assert len(lines) < 40
    assert lines.count("  ... 665 more rounds of 3 lines ...") == 2
    assert len(str(ad.explain(loop, 0.001, fold=False)).splitlines()) > 180
    assert e.reverse[-1].value == ad.grad(loop)(0.001)
