"""Compiled, functions that NumPy begins by making floats of integers did not: norm, nanmean, nanvar
and modf of integers wrapped around. einsum widened what NumPy lets wrap around, a float `initial`
stayed one, and a float was written into an integer `out`."""

import numpy as np
import pytest

import autodiff as ad

M = np.array([[100, -100, 77], [3, -128, 120]])
FUNCTIONS = {
    **{f"norm {p}": lambda m, p=p: np.linalg.norm(m[0], p) for p in (None, 0, 1, 2, np.inf)},
    **{f"matrix norm {p}": lambda m, p=p: np.linalg.norm(m, p) for p in ("fro", 1, -1, np.inf)},
    "nanmean": lambda m: np.nanmean(m, axis=0),
    "nanmean where": lambda m: np.nanmean(m, where=m > 0),
    "nanvar": lambda m: np.nanvar(m, axis=1, ddof=1),
    "nanvar mean": lambda m: np.nanvar(m, mean=np.mean(m, keepdims=True)),
    "nanstd": lambda m: np.nanstd(m),
    "nanquantile": lambda m: np.nanquantile(m, 0.5, axis=1, method="lower"),
    "modf": lambda m: np.modf(m),
    "einsum": lambda m: np.einsum("ij->j", m),
    "einsum of two": lambda m: np.einsum("ij,kl->i", m, m),
    "initial": lambda m: np.prod(m, initial=1.7),
    "tracked initial": lambda m: np.sum(m, axis=0, initial=np.sin(m[0, 0]) + 3),
}


@pytest.mark.share(3)
@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_plain(name, dtype, backend):
    pytest.importorskip("llvmlite")
    f, m = FUNCTIONS[name], M.astype(dtype)
    with np.errstate(all="ignore"):
        found, expected = ad.jit(f, backend=backend)(m), f(m)
    for a, b in zip(*(ad.tree.flatten(y)[0] for y in (found, expected)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3 if b.dtype == np.float16 else 1e-6)
        assert a.dtype == b.dtype


@pytest.mark.parametrize("f", [np.dot, np.outer])
def test_a_float_is_not_written_into_integers(f):
    def into(m):
        return f(
            m[0, :2], np.array([0.5, 1.5]), out=np.zeros_like(m, shape=np.shape(f([1, 2], [3, 4])))
        )

    with pytest.raises(ad.NotDifferentiableError, match="give it the dtype float64"):
        ad.jit(into)(M)
