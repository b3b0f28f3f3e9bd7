"""Running sums and products are loops: along any axis, of any view, with NumPy's own bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad

SHAPES = [(5,), (1,), (4, 7), (3, 20, 5), (2, 3, 33), (6, 1, 4)]


@pytest.mark.share(2)
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("running", [np.cumsum, np.cumprod])
def test_along_every_axis(running: Any, dtype: Any, backend: str) -> None:
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        a = rng.normal(size=shape).astype(dtype)

        def f(a: Any) -> Any:
            axes = range(-a.ndim, a.ndim)
            return tuple(running(view, axis=k) for view in (a, a.T, a[::-1]) for k in axes)

        compiled = ad.jit(f, backend=backend)
        for found, expected in zip(compiled(a), f(a), strict=True):
            np.testing.assert_array_equal(found, expected, strict=True)
        assert "left to NumPy" not in compiled.report()


@pytest.mark.parametrize("running", [np.cumsum, np.cumprod])
def test_gradients(running: Any) -> None:
    a = np.random.default_rng(1).normal(size=(4, 9))
    for axis in (0, 1, None):
        slope = ad.grad(lambda a, axis=axis: np.sum(np.sin(running(a, axis=axis))))
        np.testing.assert_allclose(ad.jit(slope)(a), slope(a), rtol=1e-12, atol=1e-14)


def test_whole_numbers_are_added_in_their_own_type() -> None:
    for a in (np.arange(4, dtype=np.int8), np.array([True, True])):
        np.testing.assert_array_equal(ad.jit(lambda a: np.cumsum(a))(a), np.cumsum(a), strict=True)
