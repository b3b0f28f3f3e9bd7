"""jit refused functions for a derivative that nobody asked for, and took a masked array or a matrix
for the plain array in it."""

import numpy as np
import pytest
import scipy.special

import autodiff as ad

X = np.array([1.0, 2.0, 3.0])
BACKENDS = ["llvm", "numpy"]
PROGRAMS = {
    "nextafter": lambda x: np.nextafter(x, 0.0) * 2,
    "spacing": lambda x: np.sum(np.spacing(x)),
    "kolmogi": lambda x: scipy.special.kolmogi(x / 10),
    "gcd": lambda x: np.gcd(x.astype(int), 2),
    "bitwise_count": lambda x: np.bitwise_count(x.astype(int)),
    "a constant beside a gradient": lambda x: ad.grad(lambda y: np.sum(y * np.nextafter(x, 9.0)))(
        x
    ),
    "a stack": ad.vmap(lambda x: np.nextafter(x, 2.0)),
    "a dtype": lambda x: np.nextafter(x, 0.0, dtype=np.float32, casting="unsafe"),
    "a stack of a dtype": ad.vmap(lambda x: np.nextafter(x, 2.0, dtype=float)),
    "a mask": lambda x: np.nextafter(x, 9.0, where=x > 1, out=np.zeros_like(x)),
    "outer": lambda x: np.nextafter.outer(x, x),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_as_plain(name, backend):
    pytest.importorskip("llvmlite")
    f = PROGRAMS[name]
    found, plain = ad.jit(f, backend=backend)(X), f(X)
    np.testing.assert_array_equal(found, plain)
    assert found.dtype == plain.dtype


@pytest.mark.parametrize(
    "derivative",
    [
        ad.grad(lambda x: np.sum(np.nextafter(x, 0.0))),
        ad.jacfwd(lambda x: np.nextafter(x, 0.0)),
        ad.grad(lambda x: np.sum(ad.vmap(np.nextafter)(x, x))),
        lambda x: ad.grad(ad.trace(lambda x: np.sum(np.nextafter(x, 0.0)), x))(x),
        lambda x: ad.taylor(lambda x: np.nextafter(x, 0.0), x, x, 2),
    ],
)
def test_a_derivative_is_refused_by_name(derivative):
    for f in (derivative, ad.jit(derivative, backend="numpy")):
        with pytest.raises(
            ad.NotDifferentiableError, match=r"np\.nextafter has no derivative rule"
        ):
            f(X)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    "make", [lambda: np.ma.array([1.0, 2.0], mask=[0, 1]), lambda: np.matrix([[1.0, 2.0]])]
)
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_arrays_of_their_own_mind_are_refused(make, backend):
    pytest.importorskip("llvmlite")
    x = make()
    double = ad.jit(lambda x: x * 2, backend=backend)
    double(np.asarray(x))  # a program for such an array is there
    with pytest.raises(ad.AutodiffError, match=f"{type(x).__name__}, which does not compute as"):
        double(x)


@pytest.mark.parametrize("backend", BACKENDS)
def test_memory_maps_are_arrays(backend, tmp_path):
    pytest.importorskip("llvmlite")
    x = np.memmap(tmp_path / "x", dtype=float, shape=(3,), mode="w+")
    x[:] = X
    found = ad.jit(lambda x: x * 2, backend=backend)(x)
    np.testing.assert_array_equal(found, 2 * X)
    assert type(found) is np.ndarray
