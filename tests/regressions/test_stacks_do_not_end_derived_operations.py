"""An operation that was first met under vmap was tried on the whole stack, whose shape no other
operand had: it counted as one that cannot be derived, in every later program."""

import numpy as np

from autodiff.arrays.tensor import Tensor
from autodiff.engine.batching import Batched
from autodiff.engine.fused.forward import FusedDual
from autodiff.engine.fused.operation import Row
from autodiff.rules.primitive import TABLE, new_level


def test_what_vmap_met_first_can_be_derived():
    product = Row(TABLE["multiply"], {})
    batch, dual = Batched(new_level(), 5, False), new_level()
    stack = Tensor(np.ones((5, 2)), batch)  # what its examples meet has another shape
    x = Tensor(stack, FusedDual(dual, stack))
    (y,) = product(x, np.full((3, 2), 2.0))
    assert not product.hopeless
    np.testing.assert_array_equal(y.value.value, np.full((5, 3, 2), 2.0))
    np.testing.assert_array_equal(y.node.tangent.value, np.full((5, 3, 2), 2.0))
