"""Forward mode: tangents ride along, and levels never mix."""

import numpy as np

import autodiff as ad
from autodiff.arrays.tensor import Tensor
from autodiff.engine.forward_mode import Dual, tangent_of
from autodiff.rules.primitive import ZERO, new_level


def test_a_tangent_that_is_structurally_zero_costs_nothing():
    """What does not depend on the input carries no tangent; it stays a handle to assign into."""
    level = new_level()
    x = Tensor(np.ones(3), Dual(level, ZERO))
    y = np.sin(x) + 2.0
    assert y.node.tangent is ZERO
    assert tangent_of(y, level)[1] is ZERO


def test_flat_results_are_plain():
    seen = []

    def f(x):
        seen.extend((x > 0, np.floor(x), np.argmax(x)))
        return x

    ad.jvp(f, (np.ones(2),), (np.ones(2),))
    assert not any(isinstance(y, Tensor) for y in seen)


def test_a_chain_of_100_000_operations():
    def f(x):
        for _ in range(50_000):
            x = np.sin(x) + 0.1
        return x

    y, y_dot = ad.jvp(f, (0.5,), (1.0,))
    assert abs(y - np.sin(y) - 0.1) < 1e-12  # the fixed point
    assert 0 <= y_dot < 1e-300


def test_forward_mode_keeps_no_tape():
    """The memory of a forward sweep does not grow with the number of operations."""
    import tracemalloc

    def f(x):
        for _ in range(2_000):
            x = np.sin(x)
        return x

    x = np.ones(1_000)
    tracemalloc.start()
    ad.jvp(f, (x,), (x,))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * x.nbytes + 100_000


def test_an_exception_in_the_middle_leaves_nothing_behind():
    def f(x):
        y = np.sin(x)
        raise RuntimeError(y)

    for _ in range(3):
        try:
            ad.jvp(f, (1.0,), (1.0,))
        except RuntimeError as error:
            (y,) = error.args
    assert y.value == np.sin(1.0)
    assert ad.jvp(np.sin, (1.0,), (1.0,)) == (np.sin(1.0), np.cos(1.0))
    assert ad.grad(lambda x: x * y.value)(1.0) == np.sin(1.0)
