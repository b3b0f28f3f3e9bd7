"""Each transform with autograd's argument conventions, against derivatives worked out by hand."""

import inspect

import numpy as np
import pytest

from autodiff import NotDifferentiableError
from autodiff.base.trees import flatten
from autodiff.compat import autograd

X, Y, V = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([1.0, -1.0])
Z = X + 1j


def f(x, y):
    """A number: its gradient is (2 x y, x^2), its Hessian in x is diag(2 y)."""
    return np.sum(x**2 * y)


def g(x, y):
    """An array: its Jacobian in x is diag(2 x y)."""
    return x**2 * y


def both(x, y):
    return {"x": x * 1.0}["x"] @ y, {"twice": 2 * x}


def named(a, b=2.0, *rest, **more):
    return np.sum(a) * b + sum(rest) + more["c"] ** 2


HESSIAN = np.diag(2 * Y)
CASES = {
    "grad": (autograd.grad(f)(X, Y), 2 * X * Y),
    "grad argnum": (autograd.grad(f, 1)(X, Y), X**2),
    "grad last argnum": (autograd.grad(f, -1)(X, Y), X**2),
    "grad list": (autograd.grad(f, [1, 0])(X, Y), (X**2, 2 * X * Y)),
    "grad tuple": (autograd.grad(f, (0,))(X, Y), (2 * X * Y,)),
    "grad keyword": (autograd.grad(f)(X, y=Y), 2 * X * Y),
    "grad one entry": (autograd.grad(lambda x: x[:1] ** 2)(X), np.array([2.0, 0.0])),
    "grad one row": (autograd.grad(lambda x: (x @ x)[None, None])(X), 2 * X),
    "grad nest": (autograd.grad(lambda p: f(p["x"], p["y"][0]))({"x": X, "y": [Y]}),
                  {"x": 2 * X * Y, "y": [X**2]}),
    "grad complex": (autograd.grad(lambda z: np.real(z**2))(3 + 1j), 6 + 2j),
    "value_and_grad": (autograd.value_and_grad(f)(X, Y), (19.0, 2 * X * Y)),
    "value_and_grad list": (autograd.value_and_grad(f, [1])(X, Y), (19.0, (X**2,))),
    "grad_and_aux": (autograd.grad_and_aux(both)(X, Y), (Y, {"twice": 2 * X})),
    "grad_named": (autograd.grad_named(f, "y")(X, Y), X**2),
    "multigrad_dict": (autograd.multigrad_dict(named)(X, 3.0, 1.0, c=5.0),
                       {"a": 0 * X + 3, "b": 3.0, "rest": (1.0,), "more": {"c": 10.0}}),
    "multigrad_dict default": (autograd.multigrad_dict(lambda a, b=2.0: np.sum(a) * b)(X),
                               {"a": 0 * X + 2, "b": 3.0}),
    "elementwise_grad": (autograd.elementwise_grad(g)(X, Y), 2 * X * Y),
    "elementwise_grad sums columns": (autograd.elementwise_grad(lambda x: np.outer(x, Y))(X),
                                      0 * X + 7),
    "deriv": (autograd.deriv(g)(X, Y), 2 * X * Y),
    "holomorphic_grad": (autograd.holomorphic_grad(lambda z: z**3)(Z), 3 * Z**2),
    "jacobian": (autograd.jacobian(g)(X, Y), np.diag(2 * X * Y)),
    "jacobian argnum": (autograd.jacobian(g, 1)(X, Y), np.diag(X**2)),
    "jacobian of a number": (autograd.jacobian(f)(X, Y), 2 * X * Y),
    "jacobian of a nest": (autograd.jacobian(lambda x: {"y": x, "z": x @ x})(X),
                           {"y": np.eye(2), "z": 2 * X}),
    "hessian": (autograd.hessian(f)(X, Y), HESSIAN),
    "hessian of an array": (autograd.hessian(lambda x: np.sum(x**2)[None])(X), 2 * np.eye(2)[None]),
    "make_vjp": (autograd.make_vjp(g)(X, Y)[0](V), 2 * X * Y * V),
    "make_vjp value": (autograd.make_vjp(g, [0])(X, Y)[1], g(X, Y)),
    "make_vjp list": (autograd.make_vjp(g, [0, 1])(X, Y)[0](V), (2 * X * Y * V, X**2 * V)),
    "make_vjp one for a row": (autograd.make_vjp(lambda x: x @ x)(X)[0](np.ones((1, 1))), 2 * X),
    "make_jvp": (autograd.make_jvp(g)(X, Y)(V), (g(X, Y), 2 * X * Y * V)),
    "make_jvp list": (autograd.make_jvp(g, [0, 1])(X, Y)((V, V)),
                      (g(X, Y), 2 * X * Y * V + X**2 * V)),
    "make_jvp_reversemode": (autograd.make_jvp_reversemode(g)(X, Y)(V), 2 * X * Y * V),
    "make_hvp": (autograd.make_hvp(f)(X, Y)[0](V), HESSIAN @ V),
    "make_hvp gradient": (autograd.make_hvp(f)(X, Y)[1], 2 * X * Y),
    "make_ggnvp": (autograd.make_ggnvp(g)(X, Y)(V), (2 * X * Y) ** 2 * V),
    "make_ggnvp f_argnum": (autograd.make_ggnvp(g, f_argnum=1)(X, Y)(V), X**4 * V),
    "make_ggnvp g": (autograd.make_ggnvp(g, lambda y: np.sum(y**3) / 6)(X, Y)(V),
                     (2 * X * Y) ** 2 * g(X, Y) * V),
    "hessian_tensor_product": (autograd.hessian_tensor_product(f)(X, Y, V), HESSIAN @ V),
    "hessian_vector_product": (autograd.hessian_vector_product(f, 1)(X, Y, V), 0 * X),
    "tensor_jacobian_product": (autograd.tensor_jacobian_product(g)(X, Y, V), 2 * X * Y * V),
    "vector_jacobian_product": (autograd.vector_jacobian_product(g, 1)(X, Y, V), X**2 * V),
    "checkpoint": (autograd.grad(autograd.checkpoint(f), [0, 1])(X, Y), (2 * X * Y, X**2)),
    "nested": (autograd.grad(lambda x: np.sum(autograd.grad(f)(x, Y) ** 2))(X), 8 * X * Y**2),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_transform_gives(name):
    found, expected = CASES[name]
    (leaves, structure), (wanted, like) = flatten(found), flatten(expected)
    assert structure == like
    for a, b in zip(leaves, wanted, strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-12)


REFUSED = {
    "an array": (lambda: autograd.grad(g)(X, Y), "returned an array of shape"),
    "a nest": (lambda: autograd.value_and_grad(lambda x: [x, x])(2.0), "one real number"),
    "a complex number": (lambda: autograd.grad(lambda x: x * 1j)(2.0), "holomorphic_grad"),
    "complex entries": (lambda: autograd.elementwise_grad(lambda x: x * 1j)(X), "holomorphic"),
    "complex results": (lambda: autograd.jacobian(lambda x: x * 1j)(X), "holomorphic_grad"),
    "no such argument": (lambda: autograd.grad(f, 2)(X, Y), "argnums=2"),
    "by keyword": (lambda: autograd.grad(f)(x=X, y=Y), "by position"),
    "not a function": (lambda: autograd.grad(3.0), "not a function"),
    "not a position": (lambda: autograd.grad(f, "x"), "must be an int"),
    "a word": (lambda: autograd.grad(np.sum)("x"), "not a number"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_transform_refuses(name):
    call, message = REFUSED[name]
    with pytest.raises(NotDifferentiableError, match=message) as refused:
        call()
    assert isinstance(refused.value, TypeError)  # as autograd's own


def test_a_vjp_and_an_hvp_may_be_called_again():
    pull, _ = autograd.make_vjp(g)(X, Y)
    product, _ = autograd.make_hvp(f)(X, Y)
    for _ in range(2):
        np.testing.assert_allclose(pull(V), 2 * X * Y * V)
        np.testing.assert_allclose(product(V), HESSIAN @ V)


def test_names_say_what_was_made():
    assert autograd.grad(f).__name__ == "grad_of_f_wrt_argnum_0"
    assert list(inspect.signature(autograd.grad).parameters)[:2] == ["fun", "argnum"]
    assert list(inspect.signature(autograd.grad(f)).parameters) == ["x", "y"]
    assert autograd.jacobian(f, [0, 1]).__name__ == "jacobian_of_f_wrt_argnum_[0, 1]"


def test_holomorphic_grad_warns_of_a_real_argument():
    with pytest.warns(UserWarning, match="not complex"):
        autograd.holomorphic_grad(np.sin)(X)


def test_transforms_of_ones_own():
    from autodiff.compat.autograd.wrap_util import unary_to_nary

    @unary_to_nary
    def slope(fun, x, step, power=1):
        return ((fun(x + step) - fun(x)) / step) ** power

    assert slope(lambda a, b, c=0.0: a * b + c, 1, 0.5, power=2)(3.0, 1.0, c=7.0) == 9.0
    both = unary_to_nary(lambda fun, x: fun(tuple(2 * part for part in x)[::-1]))
    assert both(lambda a, b, c: (a, b, c), [0, 2])(1, 2, 3) == (6, 2, 2)
