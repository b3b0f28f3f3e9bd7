"""Arrays with a side of 0 lost their shape and dtype in np.array, and had no compiled gradient."""

import numpy as np
import pytest

import autodiff as ad

MAKERS = {
    "array": np.array,
    "asarray": np.asarray,
    "ascontiguousarray": np.ascontiguousarray,
    "asfortranarray": np.asfortranarray,
    "two": lambda v: np.array([v, v]),
    "nested": lambda v: np.array([[v], [v]]),
    "beside": lambda v: np.array([v, v]) * 2,
    "of its rows": lambda v: np.array(list(v)),
    "take": lambda v: np.take(v, [0, 1], -1),
}
EIGEN = (np.linalg.eig, np.linalg.eigvals, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.svd)


def like(y):
    return [(np.shape(leaf), np.asarray(leaf).dtype) for leaf in ad.tree.flatten(y)[0]]


@pytest.mark.share(3)
@pytest.mark.parametrize("dtype", [float, np.float32, complex])
@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (1, 0, 2)])
@pytest.mark.parametrize("name", MAKERS)
def test_arrays(name, shape, dtype):
    f, v = MAKERS[name], np.ones(shape, dtype)
    y, pullback = ad.vjp(f, v)
    assert like(y) == like(f(v))
    assert like(pullback(y)) == like(v)
    assert like(ad.jvp(f, (v,), (v,))[1]) == like(f(v))
    assert like(ad.vmap(f)(np.stack([v, v]))[0]) == like(f(v))
    assert like(ad.jit(f)(v)) == like(f(v))


@pytest.mark.parametrize("dtype", [float, np.float32, complex])
@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 2, 2)])
@pytest.mark.parametrize("f", EIGEN)
def test_stacks_of_matrices(f, shape, dtype):
    a = np.zeros(shape, dtype)
    assert like(ad.jvp(f, (a,), (a,))[1]) == like(f(a))
    y, pullback = ad.vjp(f, a)
    assert like(pullback(y)) == like(a)
    assert like(ad.jit(f)(a)) == like(f(a))
    assert like(ad.vmap(f)(np.stack([a, a]))) == like(f(np.stack([a, a])))


def distances(x):
    i, j = np.triu_indices(len(x), 1)
    return np.sum(np.sqrt(np.sum((x[:, None] - x)[i, j] ** 2, -1)))


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_pairs_of_few_points(backend, count):
    x = np.arange(2.0 * count).reshape(count, 2)
    found = ad.jit(ad.grad(distances), backend=backend)(x)
    np.testing.assert_allclose(found, ad.grad(distances)(x))
    assert found.shape == x.shape


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_sum_of_picked_entries_of_which_there_are_none(backend):
    none, x = np.zeros(0, int), np.ones(3)
    gradient = ad.grad(lambda x: np.sum((x + np.sum(x[none])) ** 2))
    np.testing.assert_array_equal(ad.jit(gradient, backend=backend)(x), gradient(x))
