"""A function that caught a refusal went on with its other branch, and its derivative or compiled
program was that of the other branch, without a word."""

import contextlib
import math

import numpy as np
import pytest

import autodiff as ad

X = np.arange(1.0, 4.0)


def of_float(x):
    try:
        return x * float(np.sum(x))
    except Exception:  # noqa: BLE001 - as people write it
        return x * 0


def of_math(x):
    try:
        return x * math.sin(x[0])
    except TypeError:
        return x * 0


def of_if(x):
    with contextlib.suppress(Exception):
        if np.sum(x) > 0:
            return x * 2
    return x * 3


def of_mask(x):
    try:
        return np.sum(x[x > 1.5]) * x
    except Exception:  # noqa: BLE001
        return x * 0


def inside(x):
    try:
        return ad.grad(lambda y: np.sum(of_float(y)))(x)
    except ad.NotDifferentiableError:
        return x * 0


TRANSFORMS = {
    "grad": lambda f: ad.grad(lambda x: np.sum(f(x))),
    "jvp": lambda f: lambda x: ad.jvp(f, (x,), (x,))[1],
    "vmap": lambda f: lambda x: ad.vmap(f)(np.stack([x, x])),
    "jit": ad.jit,
    "jit of grad": lambda f: ad.jit(ad.grad(lambda x: np.sum(f(x)))),
    "trace": lambda f: lambda x: ad.trace(f, x)(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("f", [of_float, of_math, inside])
def test_a_number_that_is_not_to_be_had(f, transform):
    with pytest.raises(ad.NotDifferentiableError, match=r"of a (tracked value|value that differs)"):
        TRANSFORMS[transform](f)(X)


@pytest.mark.parametrize(
    ("f", "transform"),
    [(of_if, "vmap"), (of_mask, "vmap"), (of_mask, "jit"), (of_mask, "jit of grad")],
)
def test_a_value_that_is_not_known(f, transform):
    with pytest.raises(ad.NotDifferentiableError, match=r"depends on|differs") as caught:
        TRANSFORMS[transform](f)(X)
    assert "caught this error" in caught.value.__notes__[0]


@pytest.mark.parametrize("transform", [ad.jit, lambda f: f])
def test_an_if_that_jit_notes_is_that_of_the_plain_call(transform):
    for x in (X, -X):
        np.testing.assert_array_equal(transform(of_if)(x), of_if(x))


@pytest.mark.parametrize("f", [of_if, of_mask])
def test_where_it_is_known_nothing_is_refused(f):
    value, slope = ad.value_and_grad(lambda x: np.sum(f(x)))(X)
    assert value == np.sum(f(X))
    assert np.any(slope)


def regular_or_not(x):
    try:
        return np.sum(np.linalg.inv(x))
    except np.linalg.LinAlgError:
        return np.sum(x) * 7


def test_an_error_of_the_data_is_not_caught_for_all_data():
    singular, regular = np.ones((2, 2)), np.eye(2)
    with pytest.raises(ad.NotDifferentiableError, match=r"catches LinAlgError .*Singular matrix"):
        ad.jit(regular_or_not)(singular)
    compiled = ad.jit(regular_or_not)
    assert compiled(regular) == regular_or_not(regular)
    with pytest.raises(np.linalg.LinAlgError):
        compiled(singular)
    for x in (singular, regular):  # plain transforms see the data
        assert ad.value_and_grad(regular_or_not)(x)[0] == regular_or_not(x)


def test_a_check_is_not_caught_either():
    def f(x):
        try:
            ad.require(np.all(x > 2), ValueError("too small"))
        except ValueError:
            return x * 0
        return x

    with pytest.raises(ad.NotDifferentiableError, match="catches ValueError"):
        ad.jit(f)(X)


def test_errors_of_shapes_may_be_caught():
    def f(x):
        try:
            return np.sum(np.reshape(x, (2, 2)))
        except ValueError:
            return np.sum(x)

    assert ad.jit(f)(X) == f(X)
    assert ad.jit(f)(np.ones(4)) == 4


def test_what_is_caught_outside_the_function_is_forgotten():
    for _ in range(3):
        with contextlib.suppress(ad.NotDifferentiableError):
            ad.grad(of_float)(X)
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(x * x))(X), 2 * X)


def test_a_refusal_of_a_transform_inside_may_be_caught_outside_of_it():
    def one(v):
        return v * v if v > 0 else -v

    def either(x):
        try:
            return np.sum(ad.vmap(one)(x))
        except ad.NotDifferentiableError:
            return np.sum(ad.vmap(one, fallback="loop")(x))

    np.testing.assert_array_equal(ad.grad(either)(np.array([2.0, -3.0])), [4.0, -1.0])
    assert either(np.array([2.0, -3.0])) == 7.0
