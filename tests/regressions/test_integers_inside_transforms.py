"""Under vmap and jit an integer argument of a derivative stayed one, and its gradient was cut off
after the point: the slope of 1.5 x was 1."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.base.trees import flatten

X = np.array([1, 2, 3])
DERIVATIVES = {
    "grad": ad.grad,
    "value_and_grad": ad.value_and_grad,
    "hessian": ad.hessian,
    "jacfwd": ad.jacfwd,
    "jvp": lambda f: lambda x: ad.jvp(f, (x,), (x,)),
    "hvp": lambda f: lambda x: ad.hvp(f, x, x),
    "linearize": lambda f: lambda x: ad.linearize(f, x)[1](x),
    "taylor": lambda f: lambda x: ad.taylor(f, x, x, 2),
}


def f(x):
    return np.sum(x * 1.5) ** 2 / 7


@pytest.mark.share(3)
@pytest.mark.parametrize("derivative", DERIVATIVES.values(), ids=DERIVATIVES)
@pytest.mark.parametrize("x", [X, X.astype(np.int8), X.astype(np.uint16), np.int64(2), 2], ids=repr)
def test_an_integer_is_a_float(derivative, x):
    expected, found = (flatten(d(x))[0] for d in (derivative(f), ad.jit(derivative(f))))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)
    if np.ndim(x):
        batched = ad.vmap(ad.grad(f))(x)
        np.testing.assert_allclose(batched, [ad.grad(f)(n) for n in x])
        assert batched.dtype == float


def test_a_python_integer_stays_weak():
    w = np.ones(3, np.float32)
    gradient = ad.jit(lambda n: ad.grad(lambda w, n: np.sum(w * n), 1)(w, n))
    assert gradient(2) == 3.0
    value = ad.jit(lambda n: ad.value_and_grad(lambda n: np.sum(w * n))(n)[0])(2)
    assert value.dtype == np.float32


@pytest.mark.parametrize("transform", [ad.jit, ad.vmap])
def test_truth_values_are_refused(transform):
    with pytest.raises(ad.NotDifferentiableError, match="bool"):
        transform(ad.grad(lambda x: np.sum(x * 1.5)))(np.array([True, False]))
