"""An expression is read, never run: what is not arithmetic on known names is refused in a line."""

import math
import time

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autodiff
from autodiff.command.expression import (
    MAX_DEPTH,
    MAX_LENGTH,
    Expression,
    ExpressionError,
    assignments,
    callables,
)
from autodiff.rules.primitive import TABLE, Primitive


def value(source, **values):
    return Expression(source, list(values))(*map(np.float64, values.values()))


def complaint(source, *names):
    with pytest.raises(ExpressionError) as caught:
        Expression(source, names)
    return str(caught.value)


# -- what is read ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x", 0.7),
        ("-x**2", -(0.7**2)),
        ("(-x)**2", 0.7**2),
        ("2**-x", 2**-0.7),
        ("2*x + 3/x - x%0.5", 2 * 0.7 + 3 / 0.7 - 0.7 % 0.5),
        ("2**3**2*x", 2**3**2 * 0.7),
        ("x - 1 - 1", 0.7 - 1 - 1),
        ("pi*x + e", math.pi * 0.7 + math.e),
        ("exp(exp(x)+exp(x)**2)", math.exp(math.exp(0.7) + math.exp(0.7) ** 2)),
        ("abs(-x) + ln(x) + atan2(x, 2)", 0.7 + math.log(0.7) + math.atan2(0.7, 2)),
        ("max(x, 0.1, 0.9) - min(x, 1)", 0.9 - 0.7),
        ("where(less(x, 1), x, 5)", 0.7),
        ("clip(x, 0, 0.5)", 0.5),
        ("pow(x, 2)", 0.7**2),
        (" x\t+\n 1_000 ", 1000.7),
    ],
)
def test_an_expression_means_what_python_would_mean(source, expected):
    np.testing.assert_allclose(value(source, x=0.7), expected, rtol=1e-15)


def test_variables_hide_constants_and_may_be_greek():
    assert value("e*θ", e=2.0, θ=3.0) == 6.0
    assert value("e*x", x=1.0) == math.e


def test_an_expression_differentiates():
    f = Expression("x**2*y + exp(x)", ["x", "y"])
    dx, dy = autodiff.grad(f, argnums=(0, 1))(0.5, 3.0)
    np.testing.assert_allclose([dx, dy], [2 * 0.5 * 3 + math.exp(0.5), 0.25], rtol=1e-15)


def test_equal_subexpressions_are_one_step():
    chain = Expression("exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)", ["x"])
    assert len(chain.steps) == 6
    assert len(Expression("abs(x) + absolute(x)", ["x"]).steps) == 2
    assert len(Expression("x**2 + x**2.0", ["x"]).steps) == 3  # 2 and 2.0 print differently


def test_constants_are_computed_at_once_and_stay_whole():
    (step,) = Expression("2**10*x", ["x"]).steps
    assert step.operands[0] == 1024
    assert isinstance(step.operands[0], int)


ROWS = {name: row for name, (row, *_) in callables().items() if isinstance(row, Primitive)}


@pytest.mark.parametrize("name", ROWS)
def test_every_function_does_what_its_row_does(name):
    arity = callables()[name].fewest
    names, points = ["x", "y", "z", "w"][:arity], list(map(np.float64, (0.3, 0.6, 0.2, 0.4)))
    if ROWS[name].name.startswith("scipy"):
        pytest.importorskip("scipy")
        loops = [types.split("->")[0] for types in ROWS[name].numpy.types]
        points = [2 if any(loop[k] == "l" for loop in loops) else points[k] for k in range(arity)]
    points = points[:arity]
    with np.errstate(all="ignore"):
        y = Expression(f"{name}({', '.join(names)})", names)(*points)
        np.testing.assert_array_equal(y, ROWS[name](*points))


def test_numpys_names_go_before_scipys():
    assert ROWS["log1p"] is TABLE["log1p"]
    assert ROWS["erf"] is TABLE["scipy.special.erf"]


# -- what is refused ---------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x^2", "write **"),
        ("2x", "2*x"),
        ("2(x)", r"write a product with *"),
        ("x(2)", r"write a product with *"),
        ("sinn(x)", "did you mean sin?"),
        ("foo_bar(x)", "unknown function foo_bar"),
        ("np.sin(x)", "write sin(x)"),
        ("x.__class__", "dot"),
        ("__import__('os').system('ls')", "dot"),
        ("__import__('os')", "unknown function __import__"),
        ("eval('x')", "unknown function eval"),
        ("().__class__.__base__", "dot"),
        ("(lambda: x)()", "only functions can be called"),
        ("[x for x in x]", "not arithmetic"),
        ("x[0]", "not arithmetic"),
        ("f'{x}'", "not arithmetic"),
        ("'x'", "not arithmetic"),
        ("x + 1j", "not arithmetic"),
        ("x + True", "not a number"),
        ("x and x", "not arithmetic"),
        ("not x", "not supported"),
        ("x < 1", "less(a, b)"),
        ("x if x else 1", "where("),
        ("x // 2", "floor("),
        ("x @ x", "numbers"),
        ("x, x", "decimals"),
        ("exp(*x)", "one by one"),
        ("exp(**x)", "without names"),
        ("exp(x=x)", "without names"),
        ("exp", "write exp(...)"),
        ("exp()", "takes 1 argument, not 0"),
        ("hypot(x)", "takes 2 arguments, not 1"),
        ("max(x)", "at least 2"),
        ("x + y", "add y="),
        ("xx", "did you mean x?"),
        ("2", "x has a value but is not in the expression"),
        ("x = 1", "="),
        ("(x := 1)", "not arithmetic"),
        ("x; x", ";"),
        ("import os", "import os"),
        ("exp(x", "never closed"),
        ("x +", "the end"),
        ("", "empty"),
        ("  ", "empty"),
        ("x\0", "null"),
        ("x # + 1", "comment"),
        ("\udc80 + x", "text"),
        ("x + 1e999", "fits a double"),
        ("x + 1/0", "finite"),
        ("x + log(-1)", "finite"),
        ("x + (-8)**(1/3)", "finite"),
        ("x + 10**10**10", "10**10**10"),
        ("x**10**10**10", "10**10**10"),
        ("x + " + "9" * 1000, "fits a double"),
    ],
)
def test_what_is_not_arithmetic_is_refused_with_the_cure(source, words):
    message = complaint(source, "x")
    assert words in message
    assert message.isprintable()


@pytest.mark.parametrize(
    "source",
    [
        "+".join("x" * (MAX_DEPTH + 50)),
        "-" * 1500 + "x",
        "**".join("x" * 1200),
        "(" * 1000 + "x" + ")" * 1000,
        "exp(" * 150 + "x" + ")" * 150,
        "sin(" * 600 + "x" + ")" * 600,
        "x" * (MAX_LENGTH + 1),
        "9" * MAX_LENGTH,
        "(" * 199,
    ],
    ids=range(9),
)
def test_size_and_depth_are_bounded(source):
    start = time.perf_counter()
    try:
        Expression(source, ["x"])
    except ExpressionError as error:
        assert len(str(error)) < 200
    assert time.perf_counter() - start < 5  # nothing hangs: a few milliseconds each


def test_a_function_is_not_a_variable():
    assert "another name" in complaint("sin(sin)", "sin")


tokens = st.sampled_from(
    "x y 2 0.5 1e3 ( ) [ ] { } , . : ; + - * / ** ^ % @ < == = := ' \" \\ # \n \0 é lambda if else "
    "and not in exp sin max e pi 10**9 j _ __class__ import f' for".split(" ")
)


@given(st.lists(tokens, max_size=12).map(" ".join) | st.lists(tokens, max_size=12).map("".join))
def test_any_text_is_read_or_refused_in_one_line(source):
    try:
        Expression(source, ["x"])
    except ExpressionError as error:
        assert str(error).isprintable()


# -- values ------------------------------------------------------------------------------------
def test_values_are_numbers_or_arithmetic_on_numbers():
    assert assignments(["x=0.1", "y=-pi/4", " z = 1e-3 "]) == {
        "x": 0.1,
        "y": -math.pi / 4,
        "z": 1e-3,
    }


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["x"], "NAME=VALUE"),
        (["x="], "empty"),
        (["=1"], "name of a variable"),
        (["2x=1"], "name of a variable"),
        (["lambda=1"], "name of a variable"),
        (["x=1", "x=2"], "twice"),
        (["x=abc"], "abc is not a number"),
        (["x=nan"], "nan is not a number"),
        (["x=y", "y=1"], "y is not a number"),
        (["x=1e999"], "finite"),
        (["x=1,5"], "write decimals with a point"),
        (["x=[1, 2]"], "not arithmetic"),
        (["x=__import__('os')"], "unknown function"),
    ],
)
def test_other_values_are_refused(texts, words):
    with pytest.raises(ExpressionError) as caught:
        assignments(texts)
    assert words in str(caught.value)
