"""Loops over matrices: few passes over memory, and the right sums whatever the sizes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad

CLOSE = {np.float32: 2e-5, np.float64: 1e-12}
SHAPES = [(512, 32), (301, 45), (64, 70), (7, 1003), (3, 9, 211)]


def agree(f: Any, args: list[Any], close: float, backend: str = "llvm") -> Any:
    """Compiled results are those of plain evaluation; returns the compiled function."""
    compiled = ad.jit(f, backend=backend)
    for _ in range(2):
        found, expected = compiled(*args), f(*args)
        for x, y in zip(found, expected, strict=True):
            x, y = np.asarray(x), np.asarray(y)
            assert (x.dtype, x.shape) == (y.dtype, y.shape)
            np.testing.assert_allclose(x, y, rtol=close, atol=close * np.abs(y).max())
    return compiled


def passes(compiled: Any, shape: Any) -> int:
    """How many loops go over arrays of this shape."""
    (version,) = compiled._versions.values()
    return sum(s.domain == shape for s in version.made.schedule.steps)


@pytest.mark.share(2)
@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("shape", SHAPES)
def test_sums_along_every_axis(shape: Any, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, w = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    row, other = (rng.normal(size=shape[-1]).astype(dtype) for _ in range(2))

    def f(x: Any, w: Any, row: Any, other: Any) -> Any:
        y = (x - row) * other + w
        return (
            y,
            np.sum(y, 0), np.max(y, -1), np.sum(y * y), np.min(y, 0), np.sum(np.exp(-y * y), -1),
            np.sum(y, -2), np.prod(1 + y / 1000, -1),
            np.sum(np.swapaxes(y, -1, -2) * row[:, None], 0),
        )  # fmt: skip

    agree(f, [x, w, row, other], CLOSE[dtype])
    agree(f, [x[::-1], np.asfortranarray(w), row, other[::-1]], CLOSE[dtype])


def test_whole_numbers_and_truth_values() -> None:
    rng = np.random.default_rng(1)
    n = rng.integers(-9, 9, (70, 37))
    agree(lambda n: (np.sum(n, 0), np.max(n, 1), np.sum(n > 0, 0), np.sum(n * n)), [n], 0.0)


def batch_norm(x: Any, gamma: Any, beta: Any, weight: Any) -> Any:
    centred = x - np.mean(x, 0)
    variance = np.mean(centred * centred, 0)
    return np.sum((centred / np.sqrt(variance + 1e-5) * gamma + beta) * weight)


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("shape", [(300, 33), (129, 64)])
def test_batch_normalisation_in_three_passes(shape: Any, dtype: Any, backend: str) -> None:
    rng = np.random.default_rng(2)
    x, weight = (rng.normal(size=shape).astype(dtype) + 1 for _ in range(2))
    gamma, beta = (rng.normal(size=shape[1]).astype(dtype) for _ in range(2))

    def f(*args: Any) -> Any:
        value, slopes = ad.value_and_grad(batch_norm, (0, 1, 2))(*args)
        return value, *slopes

    compiled = agree(f, [x, gamma, beta, weight], 10 * CLOSE[dtype], backend)
    if backend == "llvm":
        assert passes(compiled, shape) == 3


def test_a_sum_along_rows_leaves_its_factor_behind() -> None:
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(100, 60)), rng.normal(size=(100, 60))
    column = rng.normal(size=100)

    def f(x: Any, w: Any, column: Any) -> Any:
        size = np.sqrt(np.sum(x * x, 1, keepdims=True))
        unit = x / size
        return np.sum(unit * w, 1), np.sum(w * unit * 3 * column[:, None]), np.sum(-unit * w, 1)

    compiled = agree(f, [x, w, column], 1e-12)
    assert passes(compiled, (100, 60)) == 1


@pytest.mark.parametrize(
    "spread",
    [
        lambda x, mask: np.sum((x - np.mean(x, 0)) ** 2, 0),
        lambda x, mask: np.sum(mask * x - mask * np.mean(x, 0), 0),
        lambda x, mask: np.sum((mask * x - mask * np.mean(x, 0)) * x, 0),
        lambda x, mask: np.sum(x - np.mean(x, 0)),
    ],
)
def test_differences_that_cancel_are_taken_before_the_sum(spread: Any) -> None:
    rng = np.random.default_rng(4)
    x = np.round(rng.normal(size=(512, 16)) * 64) / 64 + 2.0**30
    mask = (rng.random((512, 16)) < 0.5).astype(float)
    found = ad.jit(spread, backend="llvm")(x, mask)
    exact = np.asarray(spread(x.astype(np.longdouble), mask.astype(np.longdouble)), float)
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-6 * (1 + np.abs(exact).max()))
