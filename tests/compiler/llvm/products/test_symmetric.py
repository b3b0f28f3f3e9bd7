"""X^T D X is found in Hessians of sums of row-wise terms, and computed by halves, rightly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler.llvm.products.symmetric import is_symmetric


def logistic(w: Any, x: Any, y: Any) -> Any:
    z = x @ w
    return np.sum(np.logaddexp(0, z) - y * z)


def products(f: Any) -> list[Any]:
    return [v for v in f.program.values if v.op == "product" and v.shape[1] == v.shape[2]]


@pytest.mark.parametrize("n", [48, 50, 97, 400])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_hessian_of_logistic_regression(n: int, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, n)).astype(dtype)
    y = (rng.random(200) < 0.5).astype(dtype)
    w = (rng.normal(size=n) / 10).astype(dtype)
    f = ad.jit(ad.hessian(logistic), backend="llvm")
    found, expected = f(w, x, y), ad.hessian(logistic)(w, x, y)
    close = 1e-5 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(found, expected, atol=close * np.abs(expected).max())
    assert [is_symmetric(v) for v in products(f)] == [True]
    assert (found == found.T).all()


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: x.T @ (x * np.sin(x)),  # scaled entry by entry
        lambda x, y: x.T @ (x * y[:64]),  # columns scaled
        lambda x, y: x.T @ (y[:200, None] * (x + 1.0)),
        lambda x, y: x.T @ np.where(x > 0, x, 0.0),
    ],
)
def test_what_is_not_symmetric_is_not_taken_for_it(f: Any) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(200, 64)), rng.normal(size=200)
    compiled = ad.jit(f, backend="llvm")
    np.testing.assert_allclose(compiled(x, y), f(x, y), rtol=1e-10, atol=1e-10)
    assert not any(is_symmetric(v) for v in products(compiled))
