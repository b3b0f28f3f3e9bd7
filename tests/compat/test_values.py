"""What is inside a tracked value: getval, isbox, isinstance and type."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.compat import autograd
from autodiff.compat.autograd import builtins, tracer
from autodiff.compat.autograd.numpy.numpy_boxes import ArrayBox

X = np.array([1.0, 2.0])


def seen(question, x=X):
    """The answer to a question about a tracked value, once and twice tracked."""
    answers = []

    def f(x):
        answers.append(question(x))
        return np.sum(x * 1.0)

    autograd.grad(f)(x)
    autograd.grad(autograd.grad(f))(1.0) if np.ndim(x) == 0 else autograd.hessian(f)(x)
    return answers


def test_getval_gives_the_plain_value():
    for value in seen(tracer.getval):
        assert type(value) is np.ndarray
        np.testing.assert_array_equal(value, X)
    assert tracer.getval(3) == 3
    assert autograd.grad(lambda x: x * x._value)(3.0) == 3.0


def test_isbox():
    assert all(seen(tracer.isbox))
    assert all(seen(lambda x: isinstance(x, ArrayBox) and isinstance(x, tracer.Box)))
    assert all(seen(lambda x: tracer.isbox(np.array([x[0], 1.0]))))
    assert not tracer.isbox(X)


def test_isinstance_and_type_see_the_value():
    assert all(seen(lambda x: builtins.isinstance(x, np.ndarray)))
    assert all(seen(lambda x: builtins.isinstance(x, ArrayBox)))
    assert all(seen(lambda x: builtins.isinstance(x, float), 2.0))
    assert set(seen(builtins.type)) == {np.ndarray}
    assert builtins.isinstance(X, (list, np.ndarray))
    ad.vmap(lambda x: seen(lambda _: builtins.isinstance(x, float)))
    assert builtins.type([]) is list
    assert builtins.type("T", (), {}).__name__ == "T"


def test_containers_are_pythons():
    assert autograd.grad(lambda x: autograd.tuple((x, 2 * x))[1])(3.0) == 2.0
    assert (autograd.dict(a=1), autograd.list([1])) == ({"a": 1}, [1])


@pytest.mark.parametrize("transform", [ad.jit, ad.vmap])
def test_a_value_that_is_not_known_is_refused(transform):
    with pytest.raises(ad.NotDifferentiableError, match="getval"):
        transform(lambda x: x * tracer.getval(x))(X)
