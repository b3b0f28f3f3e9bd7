"""A number whose class is made of float, int or complex ended in an AttributeError."""

import enum

import numpy as np
import pytest

import autodiff as ad


class Real(float):
    pass


class Whole(int):
    pass


class Complex(complex):
    pass


class Level(enum.IntEnum):
    HIGH = 3


X = np.array([1.0, 2.0])


def cube(x):
    return x * x * x


@pytest.mark.parametrize("number", [Real(2.0), Whole(2), Level.HIGH])
@pytest.mark.parametrize(
    "transformed",
    [
        ad.grad(cube),
        ad.jacfwd(cube),
        ad.jacrev(cube),
        ad.hessian(cube),
        lambda v: ad.jvp(cube, (v,), (v,)),
        lambda v: ad.vjp(cube, v)[1](v),
        lambda v: ad.linearize(cube, v)[1](v),
        lambda v: ad.taylor(cube, v, v, 2),
        lambda v: ad.grad(lambda t: cube(t[0]))((v,)),
    ],
)
def test_differentiated_in_it_is_the_number_that_it_is(transformed, number):
    found, expected = transformed(number), transformed(float(number))
    for y, z in zip(ad.tree.flatten(found)[0], ad.tree.flatten(expected)[0], strict=True):
        assert y == z
        assert isinstance(y, (float, np.ndarray))


@pytest.mark.share(4)
@pytest.mark.parametrize("number", [Real(0.5), Whole(2), Complex(2j), Level.HIGH])
@pytest.mark.parametrize(
    "f",
    [
        lambda x, v: x * v,
        lambda x, v: v - x,
        lambda x, v: np.arctan(x) / v,
        lambda x, v: np.where(x > 1, x, v),
        lambda x, v: np.stack([x, [v, v]]),
        lambda x, v: x**v,
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_beside_a_tracked_value(f, number, dtype):
    x = X.astype(dtype)
    plain = f(x, number)
    for found in (
        ad.jvp(lambda x: f(x, number), (x,), (x,))[0],
        ad.vjp(lambda x: f(x, number), x)[0],
        ad.vmap(f, in_axes=(0, None))(x[None], number)[0],
        ad.jit(lambda x: f(x, number))(x),
        ad.jit(f)(x, number),
        ad.jit(f, backend="numpy")(x, number),
        ad.jit(lambda x: f(x, number), pure=False)(x),
    ):
        np.testing.assert_allclose(found, plain, rtol=1e-6)
        assert found.dtype == plain.dtype


def test_jit_takes_it_for_the_number_and_an_enumeration_for_a_part_of_the_program():
    f = ad.jit(lambda x, v: x * v if v is not Level.HIGH else x)
    for v in (2.0, Real(3.0), Real(4.0)):
        np.testing.assert_array_equal(f(X, v), X * v)
    np.testing.assert_array_equal(f(X, Level.HIGH), X)
    assert ad.trace(cube, Level.HIGH)(Level.HIGH) == 27
    assert ad.jit(lambda x: (x, Real(2.0)))(X)[1] == 2.0
    assert ad.check(cube, Real(2.0)).ok
    assert ad.diagnose(cube, Real(2.0)).ok


class Length(float):
    """A number with a unit."""


def length(x, unit):
    made = Length(x)
    if unit:
        made.unit = unit
    return made


def test_attributes_of_a_number_are_seen_under_jit():
    def f(x, k):
        return x * len(getattr(k, "unit", "")) + k

    compiled = ad.jit(f)
    for x, unit in [(3, "m"), (3, "km"), (4, "km"), (3, ""), (5, ""), (3, "m")]:
        k = length(x, unit)
        assert compiled(2.0, k) == f(2.0, k)
