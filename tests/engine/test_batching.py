"""Batched values: what a program may do with them, under every transform, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.rules.kinds import Special

RNG = np.random.default_rng(0)
W, X = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))


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
    with pytest.raises(ad.NotDifferentiableError, match="under vmap"):
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
    with pytest.raises(ad.NotDifferentiableError, match="tracked by an inner transform"):
        ad.vmap(lambda x: ad.vmap(lambda y: kept.append(y) or y)(x) * 0 + kept[-1])(X)


# -- what it refuses, and the loop in its place ----------------------------------------------------
REFUSED = {
    "if": (lambda x: x if x[0] > 0 else -x, r"bool\(x\).*np\.where"),
    "while": (
        lambda x: max(x[0], x[1]),
        r"`while x:`.*use vmap\(.*fallback=\"loop\"\), which runs",
    ),
    "mask": (lambda x: np.sum(x[x > 0]), r"x\[mask\].* differs.*np\.where"),
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


@pytest.mark.parametrize("f", [math.exp, lambda x: np.array([0.0, float(x)])])
def test_python_functions_of_an_example_are_refused_and_can_be_looped(f):
    with pytest.raises(ad.NotDifferentiableError, match=r"float\(x\).* under vmap.*math\.sin"):
        ad.vmap(f)(X[0])
    assert ad.vmap(f, fallback="loop")(X[0]).tolist() == [np.asarray(f(x)).tolist() for x in X[0]]


def test_the_loop_leaves_arguments_alone():
    def f(x):
        x[0] = 9.0
        return x if x[1] > 0 else -x

    x = X.copy()
    assert ad.vmap(f, fallback="loop")(x)[0, 0] == 9.0 * np.sign(X[0, 1])
    assert x.tolist() == X.tolist()


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
    with pytest.raises(
        ad.ShapeError, match="double has no batch rule, and an empty batch has no example"
    ):
        ad.vmap(double, fallback="loop")(np.ones(0))


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
