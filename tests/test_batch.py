"""vmap: a function of one example runs once for a whole stack."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.kinds import Special

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
        ad.ShapeError, match=r"argument 'y'\['a'\] of f has shape \(3,\), so 3 along axis 0"
    ):
        ad.vmap(f)(np.ones(2), y=y)


def test_it_keeps_the_name_and_the_document():
    def f(x):
        """What f does."""

    assert (ad.vmap(f).__name__, ad.vmap(f).__doc__) == ("f", "What f does.")
    assert ad.vmap(partial(np.add, 1))(np.arange(2)).tolist() == [1, 2]


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


def test_integers_booleans_and_precisions_stay_what_they_are():
    assert ad.vmap(lambda n: n + 1)(np.arange(3)).dtype == np.arange(3).dtype
    assert ad.vmap(lambda b: ~b)(np.array([True, False])).tolist() == [False, True]
    f = lambda x: x * 2.5 + np.float32(1)  # noqa: E731
    for dtype in (np.float16, np.float32, np.longdouble, np.complex64):
        assert ad.vmap(f)(np.ones(2, dtype)).dtype == f(np.ones(2, dtype)[0]).dtype


# -- what a program may do inside ------------------------------------------------------------------
def test_assignment_and_views():
    def f(x):
        y = np.zeros_like(x)
        row = y[1:]
        y[0] = x[1]
        y[2] += 3 * x[0]
        row *= 2
        x[0] = 9.0
        return y, row, x

    x = X.copy()
    found = ad.vmap(f)(x)
    expected = [f(example.copy()) for example in X]
    for k, stack in enumerate(found):
        assert stack.tolist() == [y[k].tolist() for y in expected]
    assert x.tolist() == X.tolist(), "the caller's array is left alone"


def test_indices_and_conditions_that_differ_from_example_to_example():
    def f(x):
        k = np.argmax(x)
        y = np.where(x > 0, x, -x)
        y[k] = 0.0
        y[x < -1] = 1.0
        return x[k], x[[0, k]], np.take(x, [k, 1]), y, np.sort(x)[-1], x[np.argsort(x)]

    found = ad.vmap(f)(X)
    expected = [f(x) for x in X]
    for k, stack in enumerate(found):
        assert stack.tolist() == [np.asarray(y[k]).tolist() for y in expected]


def test_loops_and_branches_over_what_is_the_same_for_all():
    def f(x):
        total = 0.0
        for k, entry in enumerate(x):
            if k % 2 and x.shape == (4,):
                total = total + entry * k
        return total

    assert ad.vmap(f)(X).tolist() == [f(x) for x in X]


def test_a_random_number_drawn_inside_is_the_same_for_all():
    rng = np.random.default_rng(3)
    noisy = ad.vmap(lambda x: x + rng.normal(size=x.shape))(np.zeros((2, 3)))
    assert noisy[0].tolist() == noisy[1].tolist() != [0.0] * 3
    with pytest.raises(ad.NotDifferentiableError, match="tracked value"):
        ad.vmap(lambda x: rng.normal(x[0]))(X)


# -- with other transforms -------------------------------------------------------------------------
def test_vmap_of_vmap_is_an_outer_product():
    outer = ad.vmap(lambda a: ad.vmap(lambda b: a * b)(np.arange(3.0)))(np.arange(2.0))
    assert outer.tolist() == np.outer(np.arange(2.0), np.arange(3.0)).tolist()
    product = ad.vmap(ad.vmap(np.dot, (None, 1)), (0, None))(W, X.T)
    np.testing.assert_allclose(product, W @ X.T)


@pytest.mark.parametrize("order", ["gradients of a batch", "batch of gradients"])
def test_per_example_gradients(order):
    loss = lambda w, x: np.sum(np.tanh(w @ x) ** 2)  # noqa: E731
    expected = np.stack([ad.grad(loss)(W, x) for x in X])
    if order == "batch of gradients":
        found = ad.vmap(ad.grad(loss), in_axes=(None, 0))(W, X)
    else:
        found = ad.jacrev(lambda w: ad.vmap(loss, in_axes=(None, 0))(w, X))(W)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def bent(x: Any) -> Any:
    return np.sum(x**3) * x[0] + np.max(x) ** 2


TRANSFORMS = {
    "grad": ad.grad(bent),
    "value_and_grad": ad.value_and_grad(bent),
    "jacfwd": ad.jacfwd(lambda x: np.cumprod(x)),
    "jacrev": ad.jacrev(lambda x: np.sort(x) * x[0]),
    "hessian": ad.hessian(bent),
    "hvp": lambda x: ad.hvp(bent, x, np.ones(4)),
    "jvp": lambda x: ad.jvp(bent, (x,), (x * x,)),
    "vjp": lambda x: ad.vjp(np.cumsum, x)[1](x)[0],
    "linearize": lambda x: ad.linearize(bent, x)[1](x),
    "grad of grad": ad.grad(lambda x: np.sum(ad.grad(bent)(x) ** 2)),
    "trace": lambda x: ad.trace(bent, x)(2 * x),
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_a_batch_of_a_transform(transform):
    found = ad.vmap(transform)(X)
    expected = [transform(x) for x in X]
    parts = found if isinstance(found, tuple) else (found,)
    for k, part in enumerate(parts):
        stack = np.stack([y[k] if isinstance(found, tuple) else y for y in expected])
        assert part.shape == stack.shape
        np.testing.assert_allclose(part, stack, rtol=1e-12, atol=1e-14)


def test_a_transform_of_a_batch():
    f = lambda x: np.sum(ad.vmap(bent)(x) * np.arange(1.0, 6.0))  # noqa: E731
    loop = lambda x: sum(k * bent(row) for k, row in zip(range(1, 6), x, strict=True))  # noqa: E731
    np.testing.assert_allclose(ad.grad(f)(X), ad.grad(loop)(X), rtol=1e-12)
    found = ad.jvp(f, (X,), (X,))
    np.testing.assert_allclose(found, ad.jvp(loop, (X,), (X,)), rtol=1e-12)
    np.testing.assert_allclose(ad.hvp(f, X, X), ad.hvp(loop, X, X), rtol=1e-12)
    np.testing.assert_allclose(ad.linearize(f, X)[1](X), found[1], rtol=1e-12)


def test_closures_over_tracked_values():
    def f(scale):
        return np.sum(ad.vmap(lambda x: np.sin(scale * x))(np.arange(3.0)))

    k = np.arange(3.0)
    assert ad.grad(f)(0.5) == pytest.approx(np.sum(k * np.cos(0.5 * k)))
    assert ad.jvp(f, (0.5,), (1.0,))[1] == pytest.approx(np.sum(k * np.cos(0.5 * k)))


def test_tensors_made_by_hand():
    w = ad.tensor(W)
    np.sum(ad.vmap(lambda x: w @ x)(X)).backward()
    np.testing.assert_allclose(w.grad, np.broadcast_to(X.sum(0), (3, 4)), rtol=1e-12)


def test_an_inner_value_that_escapes_is_refused():
    kept = []
    ad.vmap(lambda x: kept.append(x) or x)(X)
    with pytest.raises(ad.NotDifferentiableError, match="inner transform was tracking"):
        ad.vmap(lambda x: ad.vmap(lambda y: kept.append(y) or y)(x) * 0 + kept[-1])(X)


# -- what it refuses, and the loop in its place ----------------------------------------------------
REFUSED = {
    "if": (lambda x: x if x[0] > 0 else -x, r"bool\(x\).*np\.where"),
    "while": (lambda x: max(x[0], x[1]), r"bool\(x\).*fallback=\"loop\""),
    "mask": (lambda x: np.sum(x[x > 0]), r"x\[mask\] whose mask differs.*np\.where"),
    "range": (lambda x: sum(x[:k].sum() for k in range(int(abs(x[0])) + 1)), r"int\(x\)"),
    "index": (lambda x: [1.0, 2.0, 3.0, 4.0][np.argmax(x)], "x used as an index"),
    "unique": (lambda x: np.sum(np.unique(np.round(x))), r"np\.unique"),
}


@pytest.mark.parametrize(("f", "message"), REFUSED.values(), ids=REFUSED)
def test_what_differs_from_example_to_example_is_refused_by_name(f, message):
    with pytest.raises(ad.NotDifferentiableError, match=message):
        ad.vmap(f)(X)
    found = ad.vmap(f, fallback="loop")(X)
    np.testing.assert_array_equal(found, np.stack([f(x) for x in X]))
    gradients = ad.grad(lambda x: np.sum(ad.vmap(f, fallback="loop")(x)))(X)
    np.testing.assert_array_equal(gradients, [ad.grad(lambda x: np.sum(1.0 * f(x)))(x) for x in X])


def test_the_loop_stacks_nests_along_any_axis():
    f = lambda x, w: ({"a": x * 2 if x[0] > 0 else w}, np.sum(x))  # noqa: E731
    found = ad.vmap(f, (1, None), ({"a": -1}, 0), fallback="loop")(X.T, np.zeros(4))
    assert found[0]["a"].tolist() == np.where(X[:, :1] > 0, 2 * X, 0).T.tolist()
    assert found[1].tolist() == X.sum(1).tolist()


@pytest.mark.parametrize(
    ("f", "x", "message"),
    [
        (lambda x: x[x > 0], X, r"differs in shape from example to example: \(\d,\) and"),
        (lambda x: x if x[0] > 0 else {"a": x}, X, "differ in structure from example to example"),
        (lambda x: x if x[0] > 0 else -x, X[:0], "an empty batch has no example"),
    ],
)
def test_what_the_loop_cannot_stack(f, x, message):
    with pytest.raises(ad.ShapeError, match=message):
        ad.vmap(f, fallback="loop")(x)


def test_a_row_without_a_batch_rule_is_refused_by_name_and_can_be_looped():
    double = Special(
        "double", lambda a: 2 * a, forward=lambda tangents, primals, y: 2 * tangents[0]
    )
    with pytest.raises(
        ad.NotDifferentiableError, match=r'double has no batch rule.*fallback="loop"'
    ):
        ad.vmap(double)(np.ones(3))
    assert ad.vmap(double, fallback="loop")(np.ones(3)).tolist() == [2.0, 2.0, 2.0]
    with pytest.raises(ad.ShapeError, match="double has no batch rule and no example"):
        ad.vmap(double, fallback="loop")(np.ones(0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ad.vmap(np.add)(np.ones(2), np.ones((3, 1))),
            r"argument 0 of add has shape \(2,\), so 2 along axis 0; argument 1 .* so 3 ",
        ),
        (lambda: ad.vmap(np.add, (0,))(np.ones(2), np.ones(2)), "1 entries for 2 positional"),
        (lambda: ad.vmap(np.sin, None)(np.ones(2)), "no argument of sin has an axis to map over"),
        (lambda: ad.vmap(lambda: 1.0)(), "has an axis to map over"),
        (lambda: ad.vmap(np.sin, 3)(np.ones(2)), r"argument 0 of sin has shape \(2,\), so axis 3"),
        (lambda: ad.vmap(np.sin)(2.0), r"shape \(\), so axis 0 is out of bounds.*in_axes=None"),
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
        (lambda: ad.vmap(np.sum, "0"), "'0' is no axis"),
        (lambda: ad.vmap(np.sum, (1.0,)), "1.0 is no axis"),
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


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x + np.ones(3), r"add: shapes \(4,\) and \(3,\) do not broadcast"),
        (lambda x: np.ones((2, 3)) @ x, r"matmul: \(2, 3\) @ \(4,\): inner sizes 3 and 4 differ"),
        (lambda x: np.dot(x, np.ones((3, 2))), r"dot: \(4,\) @ \(3, 2\): inner sizes 4"),
        (lambda x: np.inner(x, np.ones(3)), r"inner: shapes \(4,\) and \(3,\)"),
        (lambda x: np.reshape(x, (3, 2)), r"size 4 into shape \(3, 2\)"),
    ],
)
def test_shapes_that_do_not_fit_inside_are_those_of_one_example(f, message):
    with pytest.raises(ad.ShapeError, match=message):
        ad.vmap(f)(X)
    with pytest.raises(IndexError, match="axis 0 with size 4"):
        ad.vmap(lambda x: x[9])(X)


def test_objects_and_strings_are_refused():
    for array in (np.array(["a", "b"]), np.array([{}, {}])):
        with pytest.raises(ad.NotDifferentiableError, match="numbers"):
            ad.vmap(lambda x: x)(array)
    with pytest.raises(ad.NotDifferentiableError, match="dtype"):
        ad.vmap(lambda x: "no number")(X)


def test_an_unknown_fallback():
    with pytest.raises(ValueError, match="neither None nor"):
        ad.vmap(np.sin, fallback="pmap")


def test_ordered_dicts_mirror_dicts():
    found = ad.vmap(lambda d: d["a"] + d["b"], ({"b": 0, "a": None},))(
        OrderedDict(a=1.0, b=np.arange(2.0))
    )
    assert found.tolist() == [1.0, 2.0]
