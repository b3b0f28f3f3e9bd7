"""`Tensor` has the face of an ndarray: every method and attribute is there, or refused by name."""

import inspect

import numpy as np
import pytest

import autodiff as ad
from autodiff.arrays.methods import METHODS, REFUSED_MEMORY, REFUSED_METHODS
from autodiff.arrays.tensor import Tensor

X = np.array([[0.3, -1.1, 2.5], [1.9, 0.8, -0.4]])
# What NumPy itself calls, and what only makes sense for memory or for classes.
INTERNAL = {
    *("__array_finalize__", "__array_interface__", "__array_struct__", "__array_wrap__"),
    *("__class_getitem__", "__dlpack__", "__dlpack_device__", "__setstate__", "__getstate__"),
    *("__reduce__", "__array__", "__buffer__", "_set_dtype", "_set_shape"),
}


def tracked(f, x=X):
    """What `f` sees of a tensor that holds `x`."""
    seen = []

    def g(x):
        seen.append(f(x))
        return np.sum(x)

    ad.grad(g)(x)
    return seen[0]


@pytest.mark.parametrize("name", sorted(set(dir(np.ndarray)) - INTERNAL))
def test_every_attribute_of_an_array_is_there_or_refused(name):
    if name in REFUSED_MEMORY:  # AttributeError would tell getattr(x, name, None) that it has none
        with pytest.raises(ad.NotDifferentiableError, match=rf"x\.{name} of a tracked x.*; "):
            tracked(lambda x: getattr(x, name, None))
        tracked(lambda x: getattr(ad.stop_gradient(x), name))  # the cure
    else:
        assert tracked(lambda x: hasattr(x, name)) == hasattr(X, name)  # NumPy 2.2 lists some more


@pytest.mark.parametrize("name", sorted(REFUSED_METHODS))
def test_refused_methods_name_themselves_and_the_cure(name):
    with pytest.raises(ad.NotDifferentiableError, match=rf"x\.{name}\(\) of a tracked x.*; "):
        tracked(lambda x: getattr(x, name)())


def test_an_unknown_attribute_says_what_a_tensor_is():
    with pytest.raises(AttributeError, match=r"no attribute 'detach'.*tracked value"):
        tracked(lambda x: x.detach())
    assert not tracked(lambda x: hasattr(x, "numpy"))


def test_methods_are_documented():
    for name, method in METHODS.items():
        assert name in REFUSED_METHODS or inspect.getdoc(method), name


@pytest.mark.parametrize(
    "name", ["shape", "ndim", "size", "dtype", "itemsize", "nbytes", "device", "__len__"]
)
@pytest.mark.parametrize("x", [X, X.astype(np.float32), X[0], np.zeros((0, 3))], ids=repr)
def test_what_an_array_knows_of_itself(name, x):
    found, expected = tracked(lambda a: getattr(a, name), x), getattr(x, name)
    assert (found() if callable(found) else found) == (
        expected() if callable(expected) else expected
    )


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.sum(axis=0, keepdims=True),
        lambda x: x.mean(1),
        lambda x: x.std(ddof=1),
        lambda x: x.max(axis=1, initial=0.0),
        lambda x: x.clip(0.0, 1.0),
        lambda x: x.clip(max=1.0),
        lambda x: x.round(1),
        lambda x: x.dot(x.T),
        lambda x: x.reshape(3, 2),
        lambda x: x.reshape((3, 2), order="F"),
        lambda x: x.transpose(1, 0),
        lambda x: x.transpose([1, 0]),
        lambda x: x.take([0, 0], axis=1),
        lambda x: x.compress([True, False], axis=0),
        lambda x: x.repeat([1, 2], axis=0),
        lambda x: x.cumsum(axis=1),
        lambda x: x.cumprod(),
        lambda x: x.prod(axis=0),
        lambda x: x.diagonal(1),
        lambda x: x.trace(),
        lambda x: x.flatten("F"),
        lambda x: x.argsort(axis=0) * x,
        lambda x: x.argmax(axis=1) * x[:, 0],
        lambda x: x.astype(np.float32),
        lambda x: x.astype(int) * x,
        lambda x: x.swapaxes(0, 1),
        lambda x: x.squeeze(),
        lambda x: x.var(axis=0, mean=x.mean(axis=0, keepdims=True)),
        lambda x: x.searchsorted if x.ndim == 1 else x.ravel(),
        lambda x: x.nonzero()[0] * x[0, 0],
        lambda x: x.conj() + x.real + x.imag,
        lambda x: x.T @ x.mT.T,
        lambda x: x.all(axis=1) * x.any() * x[:, 0],
        lambda x: np.array([v.min() for v in x]),
        lambda x: x.copy(order="F"),
    ],
)
def test_methods_are_numpys(f):
    y, pullback = ad.vjp(f, X)
    np.testing.assert_array_equal(y, f(X))
    along = ad.jvp(f, (X,), (X,))[1]
    if np.asarray(y).dtype.kind == "f":
        y_bar = np.cos(np.arange(np.size(y))).reshape(np.shape(y)).astype(y.dtype)
        np.testing.assert_allclose(
            np.sum(pullback(y_bar)[0] * X),
            np.sum(y_bar * along),
            rtol=1e-6 if y.dtype == "f4" else 1e-12,
        )


def test_methods_of_ufunc_names_serve_object_arrays():
    """NumPy looks them up on the elements of an array of objects."""
    found = ad.jacrev(lambda x: np.sqrt(np.arctan(np.array([x[0, 0], x[1, 0]]))))(X)
    np.testing.assert_allclose(found, ad.jacrev(lambda x: np.sqrt(np.arctan(x[:, 0])))(X))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: x / 2 / x,
        lambda x: 2**x,
        lambda x: x**2,
        lambda x: (x * x) ** x[0],
        lambda x: 7 % x,
        lambda x: 7 // x * x,
        lambda x: divmod(7.0, x)[1],
        lambda x: np.float64(2) * x,
        lambda x: np.ones((3, 2)) @ x,
        lambda x: x.T @ np.ones((2, 2)),
        lambda x: abs(-x) + +x,
        lambda x: [1.0, 2.0, 3.0] * x,
        lambda x: x * (1, 2, 3),
        lambda x: (x > 0) * x + (x <= 1) * x + (x == x) * x + (x != 1) * x,
        lambda x: ((x > 0) & (x < 2) | (x < -1)) * x,
        lambda x: np.array([1, 2, 3]) - x,
    ],
)
def test_operators_with_every_kind_of_operand(f):
    y, y_dot = ad.jvp(f, (X,), (np.ones_like(X),))
    np.testing.assert_array_equal(y, f(X))
    h = 1e-6
    np.testing.assert_allclose(y_dot, (f(X + h) - f(X - h)) / (2 * h), rtol=1e-7, atol=1e-7)
    J, columns = ad.jacrev(f)(X), ad.jacfwd(f)(X)
    np.testing.assert_allclose(J, columns, rtol=1e-12, atol=1e-12)


def test_pow_with_a_modulus_is_refused():
    with pytest.raises(ad.NotDifferentiableError, match="modulus"):
        tracked(lambda x: pow(x, 2, 3))


def test_membership():
    assert tracked(lambda x: (2.5 in x, 9.0 in x)) == (True, False)


def test_comparison_with_none_is_elementwise_as_in_numpy():
    assert not tracked(lambda x: x is None)
    assert not np.any(tracked(lambda x: x == None))  # noqa: E711
    assert np.all(tracked(lambda x: x != None))  # noqa: E711


def test_tensors_do_not_hash():
    with pytest.raises(TypeError, match="unhashable"):
        tracked(hash)


def test_entries_cannot_be_deleted():
    def f(x):
        del x[0]

    with pytest.raises(ValueError, match=r"np\.delete"):
        tracked(f)


def test_flat_is_read_and_written():
    def f(x):
        y = x * 1.0
        y.flat[1] = x[1, 1] ** 2
        y.flat[[2, 3]] *= 3
        z = np.zeros_like(x)
        z.flat = y.flat[::-1]
        return z * list(y.flat)[1]

    np.testing.assert_array_equal(ad.vjp(f, X)[0], f(X))
    np.testing.assert_allclose(ad.jacrev(f)(X), ad.jacfwd(f)(X))


def test_a_tensor_is_a_handle():
    x = ad.tensor(X)
    assert isinstance(x, Tensor)
    y = x.view()
    assert y is not x
    assert y.shape == x.shape
