"""np.transpose(x, 0) of a vector raised a TypeError, and x.shape = ... an AttributeError."""

import numpy as np
import pytest

import autodiff as ad

X, M = np.arange(1.0, 4.0), np.arange(6.0).reshape(2, 3)
TRANSPOSES = [
    (lambda z: np.transpose(z, 0), X),
    (lambda z: np.permute_dims(z, np.int64(-1)), X),
    (lambda z: z.transpose(0), X),
    (lambda z: z.transpose((0,)), X),
    (lambda z: z.transpose([1, 0]), M),
    (lambda z: z.transpose(np.array([1, 0])), M),
    (lambda z: z.transpose(None), M),
    (lambda z: z.transpose(()), np.ones(())),
]


def shaped(shape):
    def f(z):
        y = z * 1
        y.shape = shape
        return y * z.size

    return f


SHAPES = [(shaped(s), M) for s in ((3, 2), -1, (2, -1), (1, 2, 3))] + [(shaped((3, 1)), X)]


@pytest.mark.filterwarnings("ignore:Setting the shape:DeprecationWarning")
@pytest.mark.parametrize(("f", "z"), TRANSPOSES + SHAPES)
def test_axes(f, z):
    y, pullback = ad.vjp(f, z)
    np.testing.assert_array_equal(y, f(z))
    assert y.shape == f(z).shape
    factor = np.sum(f(np.ones_like(z))) / z.size
    np.testing.assert_array_equal(pullback(y)[0], factor**2 * z)
    np.testing.assert_array_equal(ad.jvp(f, (z,), (z,))[1], f(z))
    np.testing.assert_array_equal(ad.vmap(f)(np.stack([z, z]))[1], f(z))
    np.testing.assert_array_equal(ad.jit(f)(z), f(z))


def test_wrong_axes_and_shapes():
    with pytest.raises(ad.ShapeError):
        ad.jvp(lambda z: z.transpose(0), (M,), (M,))
    with pytest.raises(ad.ShapeError):
        ad.jvp(shaped((4,)), (M,), (M,))
    for view in (lambda y: y[0], lambda y: y.T):

        def f(z, view=view):
            y = z * 1
            kept = view(y)
            y.shape = (6,)
            return kept

        with pytest.raises(ad.NotDifferentiableError, match="reshape"):
            ad.jvp(f, (M,), (M,))
    with pytest.raises(ad.NotDifferentiableError, match="copy"):
        ad.tensor(M).shape = (6,)
