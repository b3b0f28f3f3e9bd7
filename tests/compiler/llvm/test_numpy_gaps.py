"""Rows without code are computed by NumPy, on arrays that one call hands to the next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import autodiff as ad


def f(a: Any, x: Any) -> Any:
    """Gaps that read arguments, views, numbers and the workspace, and one with several results."""
    values, vectors = np.linalg.eigh(a + a.T)
    turned = np.sort(np.tanh(x[::-1]) + values, axis=0)
    return np.sum(np.sort(x) * turned) * 2.0, np.abs(vectors), np.sort(a[:, ::-1], axis=1).T, x


def agree(found: Any, expected: Any) -> None:
    for y, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(y, e, rtol=1e-12, atol=1e-13)


def data(k: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(k)
    return rng.normal(size=(5, 5)), rng.normal(size=5)


def test_results_of_one_call_are_not_those_of_the_next() -> None:
    compiled = ad.jit(f, backend="llvm")
    found = [compiled(*data(k)) for k in range(4)]
    for k, results in enumerate(found):
        agree(results, f(*data(k)))
    assert "left to NumPy" in compiled.report()


def test_several_threads_at_once() -> None:
    compiled = ad.jit(f, backend="llvm")
    compiled(*data(0))
    with ThreadPoolExecutor(4) as pool:
        for k, results in enumerate(pool.map(lambda k: compiled(*data(k)), range(60))):
            agree(results, f(*data(k)))


def test_a_call_that_fails_leaves_the_next_one_whole() -> None:
    compiled = ad.jit(lambda a, x: np.sort(np.linalg.solve(a, np.sort(x))), backend="llvm")
    a, x = data(1)
    expected = compiled(a, x)
    with pytest.raises(np.linalg.LinAlgError, match=r"np\.linalg\.solve: Singular matrix"):
        compiled(np.zeros((5, 5)), x)
    np.testing.assert_array_equal(compiled(a, x), expected)


def test_gradients_through_gaps() -> None:
    slope = ad.grad(lambda a, x: f(a, x)[0], (0, 1))
    agree(ad.jit(slope, backend="llvm")(*data(2)), slope(*data(2)))
