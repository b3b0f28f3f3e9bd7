"""Steps that go down the same rows run together, a band at a time, and give the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad

CLOSE = {np.float32: 2e-5, np.float64: 1e-12}


def agree(f: Any, args: list[Any], dtype: Any) -> list[Any]:
    """Compiled and plain results are the same; returns the steps that were joined."""
    compiled = ad.jit(f, backend="llvm")
    for _ in range(2):
        for x, y in zip(compiled(*args), f(*args), strict=True):
            x, y = np.asarray(x), np.asarray(y)
            assert (x.dtype, x.shape) == (y.dtype, y.shape)
            scale = CLOSE[dtype] * np.abs(y).max(initial=0.0)
            np.testing.assert_allclose(x, y, rtol=CLOSE[dtype], atol=scale)
    (version,) = compiled._versions.values()
    return [s.bands for s in version.made.schedule.steps if s.kind == "bands"]


def logistic(w: Any, x: Any, y: Any) -> Any:
    z = x @ w
    return np.sum(np.logaddexp(0, z) - y * z)


def columns(w: Any, x: Any, y: Any) -> Any:
    return logistic(w, x.T, y)


def part(w: Any, x: Any, y: Any) -> Any:
    return logistic(w, x[::-1, 3 : 3 + w.shape[0]], y)


def data(n: int, k: int, dtype: Any, wider: int = 0) -> list[Any]:
    rng = np.random.default_rng(0)
    w = (rng.normal(size=k) / 10).astype(dtype)
    x = rng.normal(size=(n, k + wider)).astype(dtype)
    return [w, x, (rng.random(n) < 0.5).astype(dtype)]


@pytest.mark.share(2)
@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize(("n", "k"), [(1600, 100), (1003, 97), (4001, 18), (40, 2500)])
def test_logistic_regression_reads_its_matrix_once(n: int, k: int, dtype: Any) -> None:
    args = data(n, k, dtype)
    for f, x in ((logistic, args[1]), (columns, np.ascontiguousarray(args[1].T))):
        joined = agree(ad.value_and_grad(f), [args[0], x, args[2]], dtype)
        if f is logistic:
            (bands,) = joined
            assert [m.step.kind for m in bands.members] == ["product", "loops", "product"]
    wide = data(n, k, dtype, wider=5)
    assert len(agree(ad.value_and_grad(part), wide, dtype)) == 1


def softmax(z: Any, y: Any) -> Any:
    s = z - np.max(z, 1, keepdims=True)
    return np.mean(np.sum(y * (np.log(np.sum(np.exp(s), 1, keepdims=True)) - s), 1))


def layer_norm(x: Any, weight: Any, gamma: Any, beta: Any) -> Any:
    centred = x - np.mean(x, 1, keepdims=True)
    variance = np.mean(centred * centred, 1, keepdims=True)
    return np.sum((centred / np.sqrt(variance + 1e-5) * gamma + beta) * weight)


@pytest.mark.share(2)
@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("shape", [(512, 256), (301, 257), (64, 3, 1024)])
def test_patterns_along_rows(shape: Any, dtype: Any) -> None:
    rng = np.random.default_rng(1)
    x, y = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    gamma, beta = (rng.normal(size=shape[-1]).astype(dtype) for _ in range(2))

    def both(x: Any, y: Any, gamma: Any, beta: Any) -> Any:
        value, slope = ad.value_and_grad(softmax)(x, y)
        other, slopes = ad.value_and_grad(layer_norm, (0, 2, 3))(x, y, gamma, beta)
        return value, slope, other, *slopes

    assert agree(both, [x, y, gamma, beta], dtype)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: ((x - np.mean(x, 0)).sum(1), np.sum(x)),  # waits for all rows
        lambda x: (x.sum(1)[::-1, None] * x, np.max(x, 0)),  # reads another row
        lambda x: (x.sum(1)[:, None] + x.sum(0)[None, :256] + x, x.sum(1)),
        lambda x: (x * x.sum(1) + x.T * x.sum(0)[:, None], x.sum(0) @ x),  # square: rows or columns
        lambda x: (np.concatenate([x * x.sum(1)[:, None], x]).sum(1), x.sum(1) @ x, x @ x.sum(1)),
        lambda x: (np.cumsum(x.sum(1))[:, None] * x, x.sum(1)),
    ],
)
def test_what_reads_other_rows_waits(f: Any) -> None:
    agree(f, [np.random.default_rng(2).normal(size=(256, 256))], np.float64)
