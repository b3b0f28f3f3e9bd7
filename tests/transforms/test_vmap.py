"""vmap: where examples lie in arguments and results, in nests of any kind; axes that do not fit."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest

import autodiff as ad

RNG = np.random.default_rng(0)
W, X = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))
Point = namedtuple("Point", "x y")


@dataclass
class Layer:
    weight: Any
    bias: Any


# -- where the examples lie ------------------------------------------------------------------------
def test_examples_lie_along_in_axes_and_results_along_out_axes():
    f = lambda w, x: np.tanh(w @ x)  # noqa: E731
    expected = np.tanh(X @ W.T)
    np.testing.assert_allclose(ad.vmap(f, in_axes=(None, 0))(W, X), expected)
    np.testing.assert_allclose(ad.vmap(f, in_axes=(None, 1))(W, X.T), expected)
    np.testing.assert_allclose(ad.vmap(f, in_axes=(None, -2))(W, X), expected)
    np.testing.assert_allclose(ad.vmap(f, in_axes=[None, np.int64(0)])(W, X), expected)
    for out_axes in (1, -1):
        found = ad.vmap(f, in_axes=(None, 0), out_axes=out_axes)(W, X)
        np.testing.assert_allclose(found, expected.T)


@pytest.mark.parametrize("axis", range(-3, 3))
@pytest.mark.parametrize("out", range(-3, 3))
def test_any_axis_in_and_out(axis, out):
    stack = RNG.normal(size=(2, 3, 4))
    examples = np.moveaxis(stack, axis, 0)
    expected = np.stack([np.outer(x[0], x[1]) for x in examples], axis=out)
    found = ad.vmap(lambda x: np.outer(x[0], x[1]), axis, out)(stack)
    assert found.tolist() == expected.tolist()


def test_the_function_runs_once_and_sees_one_example():
    shapes = []

    def f(x):
        shapes.append((x.shape, x.ndim, x.size, len(x), np.shape(x), np.size(x)))
        assert len(list(x)) == 4
        return np.sum(x)

    ad.vmap(f)(X)
    assert shapes == [((4,), 1, 4, 4, (4,), 4)]


@pytest.mark.parametrize("size", [0, 1, 2])
def test_any_number_of_examples(size):
    found = ad.vmap(lambda x: (np.max(x), np.concatenate((x, [1.0])), x.T @ x))(X[:size])
    assert [y.shape for y in found] == [(size,), (size, 5), (size,)]
    assert found[0].tolist() == [np.max(x) for x in X[:size]]
    gradient = ad.vmap(ad.grad(lambda x: np.sum(np.sort(x) ** 2)))(X[:size])
    np.testing.assert_allclose(gradient, 2 * X[:size])


# -- nests -----------------------------------------------------------------------------------------
def test_axes_mirror_nests_as_far_down_as_they_differ():
    f = lambda p, x: {"y": p["w"] * x + p["b"]}  # noqa: E731
    y = ad.vmap(f, in_axes=({"w": 0, "b": None}, 0))({"w": np.arange(5.0), "b": 1.0}, np.ones(5))
    assert y["y"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    y = ad.vmap(f, in_axes=({"b": None, "w": 0}, None))({"w": np.arange(2.0), "b": 1.0}, 2.0)
    assert y["y"].tolist() == [1.0, 3.0], "keys in another order"

    deep = [(np.ones((2, 3)), {"k": np.arange(6.0).reshape(3, 2)}), None, Point(5.0, np.arange(2))]
    axes = [(0, 1), None, Point(None, 0)]
    found = ad.vmap(lambda d: np.sum(d[0][0]) + np.sum(d[0][1]["k"]) * d[2].x + d[2].y, (axes,))(
        deep
    )
    assert found.tolist() == [3 + 5 * (0 + 2 + 4), 3 + 5 * (1 + 3 + 5) + 1]


def test_dataclasses_and_registered_containers():
    layer = Layer(RNG.normal(size=(5, 2, 4)), np.ones(2))
    forward = lambda p, x: Layer(p.weight @ x + p.bias, None)  # noqa: E731
    found = ad.vmap(forward, in_axes=(Layer(0, None), 0))(layer, X)
    assert isinstance(found, Layer)
    assert found.bias is None
    np.testing.assert_allclose(
        found.weight, [w @ x + 1 for w, x in zip(layer.weight, X, strict=True)]
    )
    gradient = ad.vmap(ad.grad(lambda p, x: np.sum(forward(p, x).weight ** 2)), (Layer(0, None), 0))
    assert gradient(layer, X).bias.shape == (5, 2), "shared, with a gradient for each example"


def test_out_axes_mirror_the_result():
    def f(x):
        return {"a": x, "b": (x[0], np.outer(x, x))}, np.float64(7.0)

    a, b = ad.vmap(f, out_axes=({"a": 1, "b": (0, -1)}, None))(X)
    assert a["a"].shape == (4, 5)
    assert a["b"][0].shape == (5,)
    assert a["b"][1].shape == (4, 4, 5)
    assert b == 7.0
    assert np.shape(b) == ()


def test_keyword_arguments_hold_examples_along_axis_0():
    def f(x, *, y, power=1, name="", options=None):
        assert isinstance(name, str)
        return x * y["a"] ** power + (0 if options is None else options["shift"])

    y = {"a": np.arange(3.0)}
    found = ad.vmap(f)(np.ones(3), y=y, power=2, name="n", options={"shift": 1.0})
    assert found.tolist() == [1.0, 2.0, 5.0]
    assert ad.vmap(f, in_axes=None)(2.0, y=y).tolist() == [0.0, 2.0, 4.0]
    assert ad.vmap(np.sum)(X, axis=0).tolist() == [np.sum(x) for x in X]
    with pytest.raises(
        ad.ShapeError, match=r"argument 'y'\['a'\] of f has shape \(3,\), with 3 along axis 0"
    ):
        ad.vmap(f)(np.ones(2), y=y)


def test_it_keeps_the_name_and_the_document():
    def f(x):
        """What f does."""

    assert (ad.vmap(f).__name__, ad.vmap(f).__doc__) == ("f", "What f does.")
    assert ad.vmap(partial(np.add, 1))(np.arange(2)).tolist() == [1, 2]


def test_ordered_dicts_mirror_dicts():
    found = ad.vmap(lambda d: d["a"] + d["b"], ({"b": 0, "a": None},))(
        OrderedDict(a=1.0, b=np.arange(2.0))
    )
    assert found.tolist() == [1.0, 2.0]


# -- results ---------------------------------------------------------------------------------------
def test_a_result_that_is_the_same_for_all_is_repeated():
    assert ad.vmap(lambda x: 3.0)(np.ones(2)).tolist() == [3.0, 3.0]
    y, none = ad.vmap(lambda x: (W, None))(X)
    assert none is None
    assert y.shape == (5, 3, 4)
    assert ad.vmap(lambda x: W, out_axes=None)(X) is W
    assert ad.vmap(lambda x: W, out_axes=-1)(X).shape == (3, 4, 5)


@pytest.mark.parametrize(
    "f", [lambda x: x, lambda x: x[::-1], lambda x: W, lambda x: x.T, lambda x: 1.0 * x]
)
def test_results_have_memory_of_their_own(f):
    x = X.copy()
    y = ad.vmap(f)(x)
    y[...] = 0.0
    assert x.tolist() == X.tolist()
    assert W.any()
    first, second = ad.vmap(lambda x: (f(x), f(x)))(x)
    first[...] = 0.0
    assert second.any()


def test_integers_booleans_and_precisions_stay_what_they_are():
    assert ad.vmap(lambda n: n + 1)(np.arange(3)).dtype == np.arange(3).dtype
    assert ad.vmap(lambda b: ~b)(np.array([True, False])).tolist() == [False, True]
    f = lambda x: x * 2.5 + np.float32(1)  # noqa: E731
    for dtype in (np.float16, np.float32, np.longdouble, np.complex64):
        assert ad.vmap(f)(np.ones(2, dtype)).dtype == f(np.ones(2, dtype)[0]).dtype


# -- axes that do not fit --------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ad.vmap(np.add)(np.ones(2), np.ones((3, 1))),
            r"argument 0 of add has shape \(2,\), with 2 along axis 0; argument 1 .* with 3 ",
        ),
        (lambda: ad.vmap(np.add, (0,))(np.ones(2), np.ones(2)), "1 entry for 2 positional"),
        (lambda: ad.vmap(np.sin, None)(np.ones(2)), "no argument of sin has an axis to map over"),
        (lambda: ad.vmap(lambda: 1.0)(), "has an axis to map over"),
        (lambda: ad.vmap(np.sin, 3)(np.ones(2)), r"argument 0 of sin has shape \(2,\), so axis 3"),
        (lambda: ad.vmap(np.sin)(2.0), r"shape \(\), so axis 0 is out of bounds.*None in in_axes"),
        (lambda: ad.vmap(np.sum)([1.0, 2.0]), r"argument 0\[0\] of sum .* one array of a list"),
        (lambda: ad.vmap(np.add)(np.ones(2), 2.0), r"argument 1 of add has shape \(\)"),
        (lambda: ad.vmap(len)("abc"), r"argument 0 of len is a str \('abc'\), not an array"),
        (
            lambda: ad.vmap(np.sum, ([0, 0],))([np.ones(2)]),
            r"in_axes\[0\] .* \[\*, \*\] and \[\*\]",
        ),
        (lambda: ad.vmap(np.sum, ((0,),))([np.ones(2)]), "does not mirror"),
        (lambda: ad.vmap(np.sum, ({"a": 0},))({"b": np.ones(2)}), r"\{'a': \*\} and \{'b': \*\}"),
        (lambda: ad.vmap(np.sum, ((0,),))(np.ones(2)), r"structure of argument 0: \(\*,\) and \*"),
        (lambda: ad.vmap(np.sum, {"a": 0})(np.ones(2)), "neither an int, None, nor a tuple"),
        (lambda: ad.vmap(np.sum, "0"), "'0' is not an axis"),
        (lambda: ad.vmap(np.sum, (1.0,)), "1.0 is not an axis"),
        (lambda: ad.vmap(np.sum, out_axes=True), "out_axes=True"),
        (
            lambda: ad.vmap(np.sum, 0, 1)(X),
            r"the result has shape \(\) for one example.*out_axes=1",
        ),
        (lambda: ad.vmap(lambda x: {"a": x}, 0, -3)(X), r"the result\['a'\] has shape \(4,\)"),
        (lambda: ad.vmap(lambda x: (x, x), 0, (0,))(X), "out_axes does not mirror .* the result"),
        (lambda: ad.vmap(lambda x: x, 0, None)(X), "out_axes=None for the result, which was"),
    ],
)
def test_axes_that_do_not_fit(call, message):
    with pytest.raises(ad.ShapeError, match=message):
        call()


def test_objects_and_strings_are_refused():
    for array in (np.array(["a", "b"]), np.array([{}, {}])):
        with pytest.raises(ad.NotDifferentiableError, match="numbers"):
            ad.vmap(lambda x: x)(array)
    with pytest.raises(ad.NotDifferentiableError, match="dtype"):
        ad.vmap(lambda x: "no number")(X)


def test_an_unknown_fallback():
    with pytest.raises(ValueError, match="neither None nor"):
        ad.vmap(np.sin, fallback="pmap")


class TestAxisSize:
    def test_where_nothing_is_mapped(self):
        for fallback in (None, "loop"):
            f = ad.vmap(lambda x: 2 * x, in_axes=None, axis_size=3, fallback=fallback)
            np.testing.assert_array_equal(f(np.ones(2)), 2 * np.ones((3, 2)))

    def test_where_arguments_are_mapped(self):
        np.testing.assert_array_equal(ad.vmap(np.sin, axis_size=2)(np.zeros(2)), np.zeros(2))
        with pytest.raises(ad.ShapeError, match=r"axis_size=3, but argument 0 of sin .* 2 along"):
            ad.vmap(np.sin, axis_size=3)(np.zeros(2))

    @pytest.mark.parametrize("size", [-1, 2.5])
    def test_what_is_no_number_of_examples(self, size):
        with pytest.raises(ad.ShapeError, match="is not a number of examples"):
            ad.vmap(np.sin, in_axes=None, axis_size=size)
