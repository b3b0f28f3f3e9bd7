"""Running sums of types without machine code had no way to NumPy, and a constant longdouble had a
text that was no number, or shared its name with an array of the program."""

import numpy as np
import pytest

import autodiff as ad

X = np.array([[0.5, 1.5, 2.0], [1.0, -0.25, 3.0]])
PROGRAMS = {
    "cumsum": np.cumsum,
    "cumsum along 0": lambda x: np.cumsum(x, axis=0),
    "cumprod": lambda x: np.cumprod(x, axis=1),
    "std": np.std,
    "logaddexp": lambda x: np.logaddexp(x, -np.inf),
    "max": lambda x: np.max(x, initial=-np.inf),
    "min where": lambda x: np.min(x, axis=0, where=x > 0, initial=np.inf),
    "nan": lambda x: np.where(x > 0, x, np.nan),
    "infinity": lambda x: np.maximum(x, x.dtype.type(-np.inf)),
    "digits": lambda x: x / x.dtype.type(3) + x.dtype.type(np.pi) ** x.dtype.type(0.3),
    "nan_to_num": lambda x: np.nan_to_num(np.where(x > 0, x, np.inf)),
    "nancumsum": lambda x: np.nancumsum(np.where(x > 0, x, np.nan)),
    "pad": lambda x: np.pad(x, 1, constant_values=-np.inf),
    "gradient of cumsum": ad.grad(lambda x: np.sum(np.cumsum(x, axis=0) ** 2)),
    "gradient of std": ad.grad(lambda x: np.std(x) + np.sum(np.logaddexp(x, -np.inf))),
    "Hessian of cumprod": ad.hessian(lambda x: np.sum(np.cumprod(x))),
    "stack of cumsum": ad.vmap(np.cumsum),
}


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
@pytest.mark.parametrize("program", PROGRAMS)
def test_as_plain(program, dtype, backend):
    pytest.importorskip("llvmlite")
    f, x = PROGRAMS[program], X.astype(dtype)
    with np.errstate(all="ignore"):
        plain = f(x)
    found = ad.jit(f, backend=backend)(x)
    assert found.dtype == plain.dtype
    eps = float(np.finfo(plain.dtype).eps)
    np.testing.assert_allclose(found, plain, rtol=30 * eps, atol=30 * eps)


@pytest.mark.parametrize("dtype", [np.clongdouble, np.complex64])
def test_complex_infinities_in_numpy_source(dtype):
    x = X.astype(dtype) + 1j

    def f(x):
        return np.where(np.real(x) > 0, x * np.arange(3), x.dtype.type(complex(0, np.inf)))

    np.testing.assert_array_equal(ad.jit(f, backend="numpy")(x), f(x))
