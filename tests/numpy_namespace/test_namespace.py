"""The namespace: NumPy's outside of transforms; inside, arrays that take tracked values."""

import pickle
import threading

import numpy  # noqa: ICN001 - np is what is tested
import pytest

import autodiff as ad
import autodiff.numpy as np
from autodiff.numpy.creating import CREATING

X = numpy.array([0.5, 0.7, 0.9])


def test_all_other_names_are_numpys():
    for name in set(dir(numpy)) - {*CREATING, "random"}:
        if name[:2] != "__":
            assert getattr(np, name) is getattr(numpy, name), name


def test_outside_the_arrays_are_numpys():
    for y in (np.zeros(3), np.full(3, 1.0), np.array([1.0]), np.stack([X, X]), np.linspace(0, 1)):
        assert type(y) is numpy.ndarray


def fill_index(x):
    y = np.zeros(4)
    y[1] = x[0]
    y[[0, 2]] = x[:2] ** 2
    y[np.array([False, False, False, True])] = x[2]
    return np.sum(y**2)


def fill_views(x):
    y = np.ones((3, 3))
    row = y[1]
    part = row[1:]
    part[0] = x[0]
    y.T[0] += x
    y.ravel()[8] = x[1] * y[1, 1]
    return np.sum(y**3)


def fill_functions(x):
    y = np.zeros((3, 3))
    np.fill_diagonal(y, x[0])
    np.add.at(y, ([0, 0, 1], [0, 0, 2]), x)
    h = np.empty(3)
    np.multiply(x, 2, out=h)
    z = np.eye(3)
    np.copyto(z, x)
    return np.sum(y**2) + np.sum(np.sin(h)) + np.sum(z**3)


def nests(x):
    a = np.array([[x[0], 1.0], [2, x[1]]])
    b = np.asarray([x[0] * 1j, 2])
    c = np.stack([[x[0], 1], [x[1], 2]])
    return np.linalg.det(a) + np.sum(np.abs(b)) + np.sum(c**2) + np.sum(np.full(2, x[2]))


def complex_entries(x):
    c = np.zeros((2, 2), dtype=complex)
    c[0, 1] = x[0] * np.exp(1j * x[1])
    c[1, 0] = np.conj(c[0, 1])
    return np.sum(np.linalg.eigvalsh(c + np.diag([x[2], 2.0])) ** 3)


PROGRAMS = [fill_index, fill_views, fill_functions, nests, complex_entries]


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_derivatives_vmap_and_jit(f):
    assert ad.check(f, X).ok
    g = ad.grad(f)
    numpy.testing.assert_allclose(ad.jit(f)(X), f(X), rtol=1e-12)
    numpy.testing.assert_allclose(ad.jit(g)(X), g(X), rtol=1e-10, atol=1e-12)
    batch = ad.vmap(g)(numpy.stack([X, X + 0.5]))
    numpy.testing.assert_allclose(batch[1], g(X + 0.5), rtol=1e-10, atol=1e-12)
    numpy.testing.assert_allclose(ad.hessian(f)(X), ad.jacfwd(ad.jacfwd(f))(X), atol=1e-9)


def test_a_handle_leaves_as_a_plain_array():
    def f(x):
        return np.zeros(3)

    results = (
        *(ad.jit(f)(X), ad.vmap(f)(X), *ad.jvp(f, (X,), (X,)), ad.vjp(f, X)[0]),
        ad.grad(lambda x: (np.sum(x), np.ones(2)), has_aux=True)(X)[1],
    )
    assert {type(y) for y in results} == {numpy.ndarray}


def test_a_handle_with_nothing_tracked_behaves_as_its_array():
    def f(x):
        h = np.linspace(0.0, 1.0, 3)
        assert not isinstance(h, numpy.ndarray)
        assert type(numpy.asarray(h)) is numpy.ndarray
        assert type(h[1]) is numpy.float64
        assert type(np.arange(3)) is numpy.ndarray
        assert numpy.histogram(h)[0].sum() == 3
        assert h.tolist() == [0.0, 0.5, 1.0]
        assert type(pickle.loads(pickle.dumps(h))) is numpy.ndarray
        return np.sum(x * h)

    numpy.testing.assert_array_equal(ad.grad(f)(X), [0.0, 0.5, 1.0])


def test_an_array_that_shares_memory_stays_numpys():
    def f(x):
        a = numpy.zeros(2)
        np.asarray(a)[0] = 3.0
        return x * a[0]

    assert ad.grad(f)(1.0) == f(1.0) == 3.0


def test_threads_started_inside_get_plain_arrays():
    kinds = []

    def f(x):
        thread = threading.Thread(target=lambda: kinds.append(type(np.zeros(2))))
        thread.start()
        thread.join()
        return x * 1.0

    ad.grad(f)(1.0)
    assert kinds == [numpy.ndarray]


def test_nested_transforms():
    def outer(x):
        y = np.zeros(2)
        y[0] = x

        def inner(z):
            w = np.zeros(2)
            w[:] = y * z
            w[1] += z**3 * x
            return np.sum(w**2)

        return ad.grad(inner)(x)

    assert ad.check(outer, 0.7).ok


def test_the_cure_of_plain_numpy_works():
    def program(np):
        def f(x):
            y = np.zeros(3)
            y[1] = x
            return y[1] ** 2

        return f

    with pytest.raises(ad.NotDifferentiableError, match=r"import autodiff\.numpy as np"):
        ad.grad(program(numpy))(2.0)
    assert ad.grad(program(np))(2.0) == 4.0


FAMILIES = ("normal", "laplace", "logistic", "gumbel", "uniform", "lognormal")


@pytest.mark.parametrize("name", FAMILIES)
def test_random_numbers_by_reparameterisation(name):
    def f(p):
        np.random.seed(3)
        return np.sum(getattr(np.random, name)(p[0], p[1], size=4))

    p = numpy.array([0.3, 0.8])
    numpy.testing.assert_allclose(ad.value_and_grad(f)(p)[0], f(p), rtol=1e-12)
    assert ad.check(f, p).ok


def test_random_numbers_of_another_family_are_refused():
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.random\.gamma"):
        ad.grad(lambda x: np.random.gamma(x))(2.0)
