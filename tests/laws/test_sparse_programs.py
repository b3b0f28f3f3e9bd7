"""Random programs: their sparse derivatives are the dense ones, and patterns cover them."""

import numpy as np
from hypothesis import given
from laws.test_programs import programs

import autodiff as ad
from autodiff.base.trees import flatten


def variables(program):
    """All of its variables, each damped, in place of their sum."""

    def f(*inputs):
        found = list(inputs)
        for step in program.steps:
            found.append(step.run(found))
        return [np.tanh(v) for v in found[len(inputs) :]]

    return f


def equal(found, dense):
    for block, leaf in zip(flatten(found)[0], flatten(dense)[0], strict=True):
        leaf = np.reshape(leaf, block.shape)
        size = np.max(np.abs(leaf[np.isfinite(leaf)]), initial=1)
        np.testing.assert_allclose(block.toarray(), leaf, rtol=1e-8, atol=1e-8 * size)


@given(program=programs())
def test_sparse_jacobians_are_the_dense_ones(program):
    f, places = variables(program), tuple(range(len(program.inputs)))
    dense = ad.jacobian(f, places)(*program.inputs)
    equal(ad.jacobian(f, places, sparse=True)(*program.inputs), dense)
    at_point = ad.sparsity(f, *program.inputs, argnums=places, at=True)
    for pattern, leaf in zip(flatten(at_point)[0], flatten(dense)[0], strict=True):
        assert not np.any((np.reshape(leaf, pattern.shape) != 0) & ~pattern.dense())


@given(program=programs())
def test_sparse_hessians_are_the_dense_ones(program):
    places = tuple(range(len(program.inputs)))
    dense = ad.hessian(program, places)(*program.inputs)
    equal(ad.hessian(program, places, sparse=True)(*program.inputs), dense)
