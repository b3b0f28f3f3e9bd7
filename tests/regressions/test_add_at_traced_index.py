"""np.add.at at an index that vmap batches or jit traces broke inside NumPy."""

import numpy as np
import pytest

import autodiff as ad

X = np.random.default_rng(0).normal(size=(4, 3))
KEYS = np.array([[0, 1, 0, 2], [2, 2, 2, 2]])


def added(x, k):
    y = np.zeros_like(x, shape=(5, 3))
    np.add.at(y, k, x**2)
    np.subtract.at(y, (k[:2], 1), x[0, 0])
    return np.sum(y**3, axis=1)


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_the_index_is_an_argument_of_jit(backend):
    pytest.importorskip("llvmlite")
    for derivative in (added, ad.jacobian(added)):
        found = ad.jit(derivative, backend=backend)(X, KEYS[0])
        np.testing.assert_allclose(found, derivative(X, KEYS[0]), rtol=1e-12)


@pytest.mark.parametrize("derivative", [added, ad.jacfwd(added), ad.jacrev(added)])
def test_the_index_differs_from_example_to_example(derivative):
    found = ad.vmap(derivative)(np.stack((X, -X)), KEYS)
    each = [derivative(X, KEYS[0]), derivative(-X, KEYS[1])]
    np.testing.assert_allclose(found, each, rtol=1e-12)


def test_a_product_at_an_index_that_may_repeat_is_refused():
    def multiplied(x, k):
        np.multiply.at(x, k, 2.0)
        return x

    with pytest.raises(ad.NotDifferentiableError, match=r"multiply\.at: an index differs"):
        ad.vmap(multiplied)(np.stack((X, -X)), KEYS)
