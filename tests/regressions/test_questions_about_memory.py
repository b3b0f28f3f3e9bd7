"""What a function asks about the memory of its arrays was answered for the first call, or as if it
had none: flags, strides, base, np.shares_memory, and the order of np.asarray under jit."""

import numpy as np
import pytest

import autodiff as ad

X = np.arange(6.0).reshape(2, 3)
TRANSFORMS = {
    "grad": lambda f, x: ad.grad(lambda z: np.sum(z) * f(z))(x),
    "vmap": lambda f, x: ad.vmap(lambda z: z * f(z))(x),
    "jit": lambda f, x: ad.jit(f)(x),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", ["flags", "strides", "base", "data", "ctypes"])
def test_an_attribute_is_not_said_to_be_missing(name, transform):
    with pytest.raises(ad.NotDifferentiableError, match=rf"x\.{name} of a tracked x"):
        TRANSFORMS[transform](lambda x: float(getattr(x, name, None) is not None), X)


@pytest.mark.parametrize("asks", [np.shares_memory, np.may_share_memory])
def test_sharing_is_not_known_while_jit_traces(asks):
    assert ad.grad(lambda x: np.sum(x) * asks(x, x[0]))(X).sum() == 6
    with pytest.raises(ad.NotDifferentiableError, match=f"np.{asks.__name__} depends on"):
        ad.jit(lambda x, y: x * asks(x, y))(X, X)


@pytest.mark.parametrize("x", [X, np.asfortranarray(X), X.T, np.arange(12.0).reshape(2, 6)[:, ::2]])
def test_asarray_keeps_the_memory_order(x):
    for f in (
        lambda z: np.asarray(z).ravel("K")[1],
        lambda z: float(np.asarray(z).flags.f_contiguous),
        lambda z: float(np.asarray(z).flags.c_contiguous),
    ):
        compiled = ad.jit(f)
        for again in (x, X, x):
            assert compiled(again) == f(again)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64, np.float32])
def test_an_array_of_objects_that_would_not_keep_the_dtype_is_refused(dtype):
    x = X.astype(dtype)
    for f in (np.asarray, lambda z: np.array([z[0, 0], z[1, 1]])):
        with pytest.raises(ad.NotDifferentiableError, match="would not have that dtype"):
            ad.jit(lambda z, f=f: f(z) * 2)(x)
    for cure in (lambda z: np.array([z[0, 0], z[1, 1]], like=z), lambda z: np.stack([z[0], z[1]])):
        assert ad.jit(lambda z, cure=cure: cure(z) * 2)(x).dtype == (cure(x) * 2).dtype


@pytest.mark.parametrize("dtype", [">f8", "<f8", ">i8", np.longdouble, np.longlong])
def test_one_that_would_is_taken_in_either_byte_order(dtype):
    x = X.astype(dtype)
    np.testing.assert_array_equal(ad.jit(lambda z: np.asarray(z) * 2)(x), x * 2)
    if np.dtype(dtype).kind == "f":
        slope = ad.grad(lambda z: np.sum(np.asarray(z) * np.array([z[0], z[1]])))(x)
        np.testing.assert_array_equal(slope, 2 * x)
