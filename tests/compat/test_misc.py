"""check_grads, flatten and the optimizers."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.compat import autograd
from autodiff.compat.autograd import test_util as checks
from autodiff.compat.autograd.misc import flatten, optimizers
from autodiff.compat.autograd.misc.flatten import flatten_func

X = np.array([1.0, 2.0])
NEST = {"b": [1.0, X], "a": (2.0, np.arange(4.0).reshape(2, 2)), "none": None}


def test_check_grads_accepts_what_is_right():
    checks.check_grads(lambda x, y: np.sum(np.sin(x) * y))(X, X)
    checks.check_grads(lambda x, y: x * y, [0, 1], modes=["rev"], order=1)(X, X)
    checks.check_grads(lambda p: p["x"] ** 3, order=3)({"x": X})
    checks.combo_check(lambda x, y, k=1: x * y * k, [0, 1], order=1)([X, 2.0], [X], k=[1, 2])
    checks.check_grads(lambda z: z**2, order=2)(X + 1j)
    checks.check_grads(lambda x: [x * 1j, 2 * x], order=2)(2)
    checks.check_vjp(np.sin, X)
    checks.check_jvp(np.sin, X)


@pytest.mark.parametrize("order", [1, 2])
def test_check_grads_finds_what_is_wrong(order):
    wrong = autograd.primitive(lambda x: x**2)
    autograd.extend.defvjp(wrong, lambda ans, x: lambda g: g * x)
    with pytest.raises(AssertionError, match=r"mode rev gives .*, differences give"):
        checks.check_grads(wrong, modes=["rev"], order=order)(X)


def test_check_grads_of_the_third_order():
    """x^4, whose third derivative alone is wrong."""
    slope = autograd.primitive(lambda x: 12 * x**2)
    autograd.extend.defvjp(slope, lambda ans, x: lambda g: g * x)
    middle = autograd.primitive(lambda x: 4 * x**3)
    autograd.extend.defvjp(middle, lambda ans, x: lambda g: g * slope(x))
    quartic = autograd.primitive(lambda x: x**4)
    autograd.extend.defvjp(quartic, lambda ans, x: lambda g: g * middle(x))
    checks.check_grads(quartic, modes=["rev"], order=2)(X)
    with pytest.raises(AssertionError):
        checks.check_grads(quartic, modes=["rev"], order=3)(X)


def test_check_equivalent():
    checks.check_equivalent({"a": X}, {"a": X + 1e-9})
    with pytest.raises(AssertionError):
        checks.check_equivalent(X, X + 1e-3)
    with pytest.raises(AssertionError):
        checks.check_equivalent(X, X[None])


def test_flatten_goes_by_sorted_keys():
    vector, unflatten = flatten(NEST)
    np.testing.assert_array_equal(vector, [2, 0, 1, 2, 3, 1, 1, 2])
    back = unflatten(2 * vector)
    assert list(back) == ["b", "a", "none"]
    assert back["none"] is None
    assert isinstance(back["a"], tuple)
    np.testing.assert_array_equal(back["a"][1], 2 * NEST["a"][1])
    assert flatten([])[0].shape == (0,)


def test_flatten_keeps_reals_real():
    vector, unflatten = flatten([1j, 2.0])
    assert vector.dtype == complex
    assert [part.dtype for part in unflatten(vector)] == [complex, float]


def test_flatten_is_differentiated():
    def f(x):
        vector, unflatten = flatten({"q": x, "p": [2 * x]})
        return np.sum(unflatten(vector**2)["p"][0])

    np.testing.assert_allclose(autograd.grad(f)(X), 8 * X)


def test_flatten_func():
    f, unflatten, start = flatten_func(
        lambda d, k=1: {"q": d["a"] * k, "p": d["b"]}, {"b": X, "a": 3.0}
    )
    np.testing.assert_array_equal(start, [3, 1, 2])
    np.testing.assert_array_equal(f(start, 2), [1, 2, 6])
    np.testing.assert_array_equal(unflatten(start)["b"], X)


# Three steps by hand from (1, 2) with step size 0.1, of sum((x - 1)^2 (1, 3)): autograd 1.9.1's.
AFTER_THREE = {"sgd": 1.680464, "rmsprop": 1.41156191, "adam": 1.70158627}


@pytest.mark.parametrize("name", AFTER_THREE)
def test_an_optimizer(name):
    optimize, seen = getattr(optimizers, name), []
    gradient = autograd.grad(lambda x, i: np.sum((x - 1) ** 2 * np.array([1.0, 3.0])))
    end = optimize(gradient, X, lambda x, i, g: seen.append((x, i, g)), 3, 0.1)
    np.testing.assert_allclose(end, [1.0, AFTER_THREE[name]], rtol=1e-8)
    assert [i for _, i, _ in seen] == [0, 1, 2]
    np.testing.assert_array_equal(seen[0][2], [0.0, 6.0])
    np.testing.assert_array_equal(X, [1.0, 2.0])
    nest = optimize(lambda p, i: {"w": [2 * p["w"][0]]}, {"w": [X]}, step_size=0.01)
    assert np.all(nest["w"][0] < X)


def test_the_engine_agrees_about_a_flat_function():
    f, _, start = flatten_func(lambda d: {"y": np.sum(d["x"] ** 3)}, {"x": X})
    np.testing.assert_allclose(ad.jacobian(f)(start), [3 * X**2])
