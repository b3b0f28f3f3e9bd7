"""Our own matrix product agrees with NumPy's in float64, for every size and stride."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

import autodiff as ad
from autodiff.base import openblas
from autodiff.compiler.llvm.products import blas, blocking

EPSILON = {np.dtype("f4"): 2.0**-24, np.dtype("f8"): 2.0**-53}


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every product by our own code."""
    monkeypatch.setattr(blas, "prefers_own", lambda n, k, m: True)


def view(x: Any, shape: tuple[int, int], how: str) -> Any:
    """A matrix of this shape inside `x`, which has three times as many rows and columns."""
    n, m = shape
    if how == "rows":
        return x[:n, :m]
    if how == "columns":
        return np.transpose(x[:m, :n])
    if how == "neither":
        return x[1 : 2 * n : 2, 2 : 3 * m : 3]
    return np.broadcast_to(x[:1, :m], shape)  # the same row again


STRIDES = ("rows", "columns", "neither", "one row")


def check(n: int, k: int, m: int, dtype: Any, how_a: str, how_b: str, rng: Any) -> None:
    dtype = np.dtype(dtype)
    wholes = [rng.normal(size=[3 * max(s) + 1] * 2).astype(dtype) for s in ((n, k), (k, m))]

    def product(a: Any, b: Any) -> Any:
        return np.matmul(view(a, (n, k), how_a), view(b, (k, m), how_b))

    found = ad.jit(product)(*wholes)
    a, b = (x.astype("f8") for x in wholes)
    expected = product(a, b)
    room = product(abs(a), abs(b)) * (k + 2) * EPSILON[dtype] * 2
    assert found.dtype == dtype
    assert np.all(np.abs(found - expected) <= room), (n, k, m, how_a, how_b)


@pytest.mark.share(3)
@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("how_a", STRIDES)
@pytest.mark.parametrize("how_b", STRIDES)
def test_sizes_and_strides(dtype: str, how_a: str, how_b: str) -> None:
    rng = np.random.default_rng([STRIDES.index(how_a), STRIDES.index(how_b), len(dtype)])
    for _ in range(2):
        n, k, m = (int(x) for x in rng.integers(1, 71, size=3))
        check(n, k, m, dtype, how_a, how_b, rng)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("width", [16, 32])
def test_narrower_vectors(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code for another CPU, as far as this one can run it."""
    monkeypatch.setattr(blocking, "vector_bytes", lambda: width)
    rng = np.random.default_rng(width)
    for dtype in ("f4", "f8"):
        n, k, m = (int(x) for x in rng.integers(2, 71, size=3))
        check(n, k, m, dtype, "rows", "columns", rng)
        check(n, k, m, dtype, "columns", "rows", rng)


@pytest.mark.usefixtures("own")
def test_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Caches so small that every loop goes round more than once, with something left over."""
    monkeypatch.setattr(blocking, "FIRST_CACHE", 1000)
    monkeypatch.setattr(blocking, "SECOND_CACHE", 4000)
    monkeypatch.setattr(blocking, "ALIASED", 8)  # copy the first operand too
    rng = np.random.default_rng(0)
    for dtype in ("f4", "f8"):
        for how_a, how_b in (("rows", "rows"), ("rows", "columns"), ("neither", "neither")):
            check(67, 70, 203, dtype, how_a, how_b, rng)


@pytest.mark.usefixtures("own")
def test_nothing_is_written_outside() -> None:
    """The parts of one result written by several products stand side by side."""
    a, b = np.arange(15.0).reshape(3, 5), np.arange(35.0).reshape(5, 7)
    found = ad.jit(lambda a, b: np.matmul(np.stack([a, a + 1]), np.stack([b, b - 1])))(a, b)
    np.testing.assert_array_equal(found, [a @ b, (a + 1) @ (b - 1)])


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_one_row_or_one_column(dtype: str) -> None:
    rng = np.random.default_rng(0)
    for n, k, m in ((1, 67, 70), (1, 3, 5), (9, 40, 1), (1, 50, 1), (1, 7, 1)):
        for how_a, how_b in (("rows", "rows"), ("columns", "columns"), ("neither", "columns")):
            check(n, k, m, dtype, how_a, how_b, rng)


def test_large_products_choose_what_can_read_them() -> None:
    """Strides that no leading dimension describes are read by our own code."""
    rng = np.random.default_rng(0)
    check(70, 71, 72, "f8", "neither", "rows", rng)
    check(70, 71, 72, "f8", "rows", "columns", rng)


@pytest.mark.parametrize(
    ("kernel", "bits", "narrow"),
    [
        ("Haswell", 512, True),
        ("Zen", 256, False),
        ("SkylakeX", 512, False),
        ("neoversen1", 0, False),
    ],
)
def test_a_narrow_kernel_is_known(
    kernel: str, bits: int, narrow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openblas, "openblas_text", lambda path, name: kernel)
    monkeypatch.setattr(openblas, "vector_bits", lambda: bits)
    assert openblas.has_narrow_kernel(Path()) is narrow


def test_who_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skinny products: our own code; large ones: BLAS, if it is there and fits the CPU."""
    monkeypatch.setattr(blas, "blas_is_fast", lambda: False)
    assert blas.prefers_own(1000, 1000, 1000)
    monkeypatch.setattr(blas, "blas_is_fast", lambda: True)
    monkeypatch.setattr(blas, "thread_count", lambda: lambda: 2)
    assert blas.prefers_own(32, 784, 256)
    assert not blas.prefers_own(512, 784, 256)
    monkeypatch.setattr(blas, "thread_count", lambda: lambda: 1)
    assert blas.prefers_own(512, 784, 256)
    assert not blas.prefers_own(1000, 1000, 1000)
