"""A program of one path does not answer for another: not after an error on the way either."""

import numpy as np
import pytest

import autodiff as ad


def test_an_index_out_of_bounds_on_the_other_path():
    table = np.arange(4.0)

    def f(x, k):
        if k < 4:
            return np.take(np.asarray(table, like=x), k) * x
        return x

    compiled = ad.jit(f)
    for k in (1, 7, 3, 4, 9):
        assert compiled(2.0, k) == (table[k] * 2.0 if k < 4 else 2.0)


def test_a_nested_decision_is_looked_at_only_on_its_path():
    def f(x):
        if x > 0 and 1 / x > 2:
            return x * 10
        return x

    compiled = ad.jit(ad.grad(f))
    for x in (0.1, 1.0, -1.0, 0.0, 0.2, -3.0, 2.0):
        assert compiled(x) == ad.grad(f)(x)


def test_an_error_on_one_path_leaves_the_others():
    def f(x):
        if x < 0:
            raise ValueError("below zero")
        return np.sqrt(x)

    compiled = ad.jit(f)
    for _ in range(2):
        assert compiled(4.0) == 2.0
        with pytest.raises(ValueError, match="below zero"):
            compiled(-1.0)
    first = ad.jit(f)
    with pytest.raises(ValueError, match="below zero"):
        first(-1.0)
    assert first(4.0) == 2.0
