"""A recursive closure in `flatten` was a reference cycle, which kept every tape alive."""

import gc

import autodiff as ad
from autodiff.base.trees import flatten, unflatten


def test_no_cycle_is_left():
    gc.collect()
    gc.disable()
    try:
        leaves, structure = flatten({"a": [1.0, (2.0, None)]})
        unflatten(structure, leaves)
        ad.grad(lambda p: p["a"] ** 2)({"a": 3.0})
        assert gc.collect() == 0
    finally:
        gc.enable()
