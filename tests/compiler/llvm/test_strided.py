"""Entries that lie some places apart are read and written like any others, in every type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad

STEPS = [-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]
DTYPES = [np.float64, np.float32, np.int64, np.bool_]


def data(n: int, dtype: Any) -> Any:
    return (np.random.default_rng(n).integers(0, 100, n) - 50).astype(dtype)


@pytest.mark.share(3)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("step", STEPS)
def test_reading(step: int, dtype: Any) -> None:
    def f(x: Any) -> Any:
        return np.where(x[::step] == x[::step][::-1], x[::step], x[: len(x[::step])])

    for n in (7, 37, 101):
        x = data(n, dtype)
        found = ad.jit(f, backend="llvm")(x)
        assert found.dtype == dtype
        assert np.array_equal(found, f(x))


@pytest.mark.share(3)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("step", STEPS)
def test_writing(step: int, dtype: Any) -> None:
    """All entries in turn, and with one of every `step` left out."""

    def f(*parts: Any) -> Any:
        n = sum(map(len, parts))
        y, z = (np.zeros_like(parts[0], shape=n) for _ in range(2))
        for k, part in enumerate(parts):
            key = slice(k, None, step) if step > 0 else slice(-1 - k, None, step)
            y[key] = part
            if k:
                z[key] = part
        return y, z

    for n in (3, 33):
        parts = [data(n + k, dtype)[:n] for k in range(abs(step))]
        for found, expected in zip(ad.jit(f, backend="llvm")(*parts), f(*parts), strict=True):
            assert found.dtype == dtype
            assert np.array_equal(found, expected)
