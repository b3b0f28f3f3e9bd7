"""The slope of tanh has all of its digits, however small it is: 1 - tanh^2 is 0 from 19 on."""

from typing import Any

import mpmath
import numpy as np
import pytest

import autodiff as ad

X = np.array(
    [-300.0, -19.0, -9.0, -0.626, -0.624, -1e-5, 0.0, 0.3, 0.7, 2.0, 5.0, 19.0, 25.0, 350.0]
)
slope = ad.elementwise_grad(np.tanh)
WAYS: dict[str, Any] = {
    "reverse": slope,
    "forward": lambda x: ad.jvp(np.tanh, (x,), (np.ones_like(x),))[1],
    "vmap": ad.vmap(ad.grad(np.tanh)),
    "numpy": ad.jit(slope, backend="numpy"),
    "llvm": ad.jit(slope, backend="llvm"),
    "with its function": ad.jit(lambda x: ad.vjp(np.tanh, x)[1](np.ones_like(x))[0]),
}


def sech_squared(x: Any) -> Any:
    with mpmath.workdps(60):
        return 1 / mpmath.cosh(mpmath.mpmathify(x)) ** 2


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_relative_to_itself(way: str, dtype: str) -> None:
    if way not in ("reverse", "forward", "vmap", "numpy"):
        pytest.importorskip("llvmlite")
    x = X[np.abs(X) < 40].astype(dtype) if dtype == "f4" else X
    expected = np.array([float(sech_squared(float(v))) for v in x])
    found = WAYS[way](x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_second_order(backend: str) -> None:
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    curvature = ad.elementwise_grad(slope)
    with mpmath.workdps(60):
        expected = [float(-2 * mpmath.tanh(v) * sech_squared(v)) for v in map(float, X)]
    for f in (curvature, ad.jit(curvature, backend=backend)):
        np.testing.assert_allclose(f(X), expected, rtol=2e-15)


def test_complex_numbers() -> None:
    z = np.array([19 + 1j, -19 + 0.3j, 0.5 - 0.2j, -30 - 2j])
    found = ad.grad(lambda z: np.sum(np.tanh(z)), holomorphic=True)(z)
    np.testing.assert_allclose(found, [complex(sech_squared(complex(v))) for v in z], rtol=1e-15)


def test_at_the_ends() -> None:
    ends = np.array([np.inf, -np.inf, 400.0, np.nan])
    for f in (slope, ad.jit(slope)):
        np.testing.assert_array_equal(f(ends), [0.0, 0.0, 0.0, np.nan])
