"""vmap: a function of one example runs once for a whole stack."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.kinds import Special

RNG = np.random.default_rng(0)
W, X = RNG.normal(size=(3, 4)), RNG.normal(size=(5, 4))


def test_examples_lie_along_in_axes_and_results_along_out_axes():
    f = lambda w, x: np.tanh(w @ x)  # noqa: E731
    expected = np.tanh(X @ W.T)
    np.testing.assert_allclose(ad.vmap(f, in_axes=(None, 0))(W, X), expected)
    np.testing.assert_allclose(ad.vmap(f, in_axes=(None, 1))(W, X.T), expected)
    np.testing.assert_allclose(ad.vmap(f, in_axes=(None, -2))(W, X), expected)
    np.testing.assert_allclose(ad.vmap(f, in_axes=(None, 0), out_axes=1)(W, X), expected.T)


def test_the_function_runs_once_and_sees_one_example():
    shapes = []

    def f(x):
        shapes.append((x.shape, x.ndim, x.size, len(x)))
        return np.sum(x)

    ad.vmap(f)(X)
    assert shapes == [((4,), 1, 4, 4)]


def test_nests_and_mirrored_axes():
    f = lambda p, x: {"y": p["w"] * x + p["b"]}  # noqa: E731
    y = ad.vmap(f, in_axes=({"w": 0, "b": None}, 0))({"w": np.arange(5.0), "b": 1.0}, np.ones(5))
    assert y["y"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_result_that_is_the_same_for_all_is_repeated():
    assert ad.vmap(lambda x: 3.0)(np.ones(2)).tolist() == [3.0, 3.0]


def test_vmap_of_vmap_is_an_outer_product():
    outer = ad.vmap(lambda a: ad.vmap(lambda b: a * b)(np.arange(3.0)))(np.arange(2.0))
    assert outer.tolist() == np.outer(np.arange(2.0), np.arange(3.0)).tolist()


@pytest.mark.parametrize("order", ["gradients of a batch", "batch of gradients"])
def test_per_example_gradients(order):
    loss = lambda w, x: np.sum(np.tanh(w @ x) ** 2)  # noqa: E731
    expected = np.stack([ad.grad(loss)(W, x) for x in X])
    if order == "batch of gradients":
        found = ad.vmap(ad.grad(loss), in_axes=(None, 0))(W, X)
    else:
        found = ad.jacrev(lambda w: ad.vmap(loss, in_axes=(None, 0))(w, X))(W)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_batched_second_order():
    f = lambda x: np.sum(x**3) * x[0]  # noqa: E731
    found = ad.vmap(ad.hessian(f))(X)
    np.testing.assert_allclose(found, np.stack([ad.hessian(f)(x) for x in X]), rtol=1e-12)
    found = ad.vmap(lambda x, v: ad.hvp(f, x, v))(X, X)
    np.testing.assert_allclose(found, np.stack([ad.hvp(f, x, x) for x in X]), rtol=1e-12)


def test_closures_over_tracked_values():
    def f(scale):
        return np.sum(ad.vmap(lambda x: np.sin(scale * x))(np.arange(3.0)))

    k = np.arange(3.0)
    assert ad.grad(f)(0.5) == pytest.approx(np.sum(k * np.cos(0.5 * k)))
    assert ad.jvp(f, (0.5,), (1.0,))[1] == pytest.approx(np.sum(k * np.cos(0.5 * k)))


# -- what it refuses -------------------------------------------------------------------------------
def test_a_row_without_a_batch_rule_is_refused_by_name_and_can_be_looped():
    double = Special(
        "double", lambda a: 2 * a, forward=lambda tangents, primals, y: 2 * tangents[0]
    )
    with pytest.raises(
        ad.NotDifferentiableError, match=r'double has no batch rule.*fallback="loop"'
    ):
        ad.vmap(double)(np.ones(3))
    assert ad.vmap(double, fallback="loop")(np.ones(3)).tolist() == [2.0, 2.0, 2.0]


def test_a_branch_on_an_example_is_refused():
    with pytest.raises(
        ad.NotDifferentiableError, match=r"differs from example to example.*np\.where"
    ):
        ad.vmap(lambda x: x if x > 0 else -x)(np.ones(3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ad.vmap(np.add)(np.ones(2), np.ones(3)), r"batch sizes \[2, 3\]; they must agree"),
        (
            lambda: ad.vmap(np.add, in_axes=(0,))(np.ones(2), np.ones(2)),
            "1 entries for 2 arguments",
        ),
        (lambda: ad.vmap(np.sin, in_axes=None)(np.ones(2)), "at least one argument must have"),
        (lambda: ad.vmap(np.sin, in_axes=3)(np.ones(2)), "out of bounds"),
        (lambda: ad.vmap(np.sum, in_axes=([0, 0],))([np.ones(2)]), "does not mirror the structure"),
    ],
)
def test_axes_that_do_not_fit(call, message):
    with pytest.raises(ad.ShapeError, match=message):
        call()


def test_an_unknown_fallback():
    with pytest.raises(ValueError, match="neither None nor"):
        ad.vmap(np.sin, fallback="pmap")
