"""In inner, kron and ufunc.outer, which make arrays first, a Python number was weak; in np.dot and
einsum an integer beyond 64 bits made the compiler recurse without end."""

import numpy as np
import pytest

import autodiff as ad

BIG = 2**70
PRODUCTS = {
    "dot": lambda x, c: np.dot(x, c),
    "dot, reversed": lambda x, c: np.dot(c, x),
    "dot as a method": lambda x, c: x.dot(c),
    "inner": lambda x, c: np.inner(x, c),
    "inner, reversed": lambda x, c: np.inner(c, x),
    "outer": lambda x, c: np.outer(x, c),
    "kron": lambda x, c: np.kron(x, c),
    "tensordot": lambda x, c: np.tensordot(x, c, 0),
    "vdot": lambda x, c: np.vdot(x[0], c),
    "einsum": lambda x, c: np.einsum("i,", x, c),
    "einsum by numbers": lambda x, c: np.einsum(x, [0], c, []),
    "multiply.outer": lambda x, c: np.multiply.outer(x, c),
    "add.outer": lambda x, c: np.add.outer(c, x),
}
WAYS = {
    "jvp": lambda f: lambda x: ad.jvp(f, (x,), (x,))[0],
    "vjp": lambda f: lambda x: ad.vjp(f, x)[0],
    "vmap": lambda f: lambda x: ad.vmap(f)(x[None])[0],
    "jit": ad.jit,
    "jit to NumPy": lambda f: ad.jit(f, backend="numpy"),
}


@pytest.mark.share(4)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex64])
@pytest.mark.parametrize("number", [2, 0.5, True])
def test_a_python_number_has_the_dtype_of_its_array(name, way, dtype, number):
    def f(x):
        return PRODUCTS[name](x, number)

    x = np.array([1, 2, 3], dtype)
    found, plain = np.asarray(WAYS[way](f)(x)), np.asarray(f(x))
    assert found.dtype == plain.dtype
    np.testing.assert_array_equal(found, plain)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PRODUCTS)
def test_an_integer_beyond_64_bits_is_a_double(name, way):
    def f(x):
        return PRODUCTS[name](x, BIG)

    x = np.array([1.0, 2.0, 3.0])
    found = np.asarray(WAYS[way](f)(x))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, np.asarray(f(x), float))
    slope = 1 if name == "add.outer" else float(BIG)
    gradient = ad.grad(lambda x: np.sum(f(x)))(x)
    np.testing.assert_array_equal(gradient, [slope, 0, 0] if name == "vdot" else [slope] * 3)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PRODUCTS)
def test_numpys_own_error_beyond_doubles(name, way):
    with pytest.raises(OverflowError, match="int too large to convert to float"):
        WAYS[way](lambda x: PRODUCTS[name](x, 2**2000))(np.ones(3))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "f", [lambda x: np.stack([x, [BIG, 1, 1]]), lambda x: np.dot(x, [BIG, 1, 1])]
)
def test_lists_of_them_are_refused(f, way):
    with pytest.raises(ad.NotDifferentiableError, match="an integer beyond 64 bits"):
        WAYS[way](f)(np.ones(3))


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
def test_arrays_of_them_are_refused_by_jit(backend):
    with pytest.raises(ad.NotDifferentiableError, match="an integer beyond 64 bits"):
        ad.jit(lambda x: np.append(x, BIG), backend=backend)(np.ones(3))
