"""x[i] refused an object with __index__, which NumPy takes for an integer."""

import numpy as np

import autodiff as ad


class Place:
    def __init__(self, k):
        self.k = k

    def __index__(self):
        return self.k


def test_an_object_with_index_is_an_integer():
    x, place = np.arange(6.0).reshape(2, 3), Place(1)
    for f in (
        lambda x: x[place][place],
        lambda x: x[place, -1] * x[0, place],
        lambda x: np.sum(x[:, place:]),
    ):
        expected = ad.value_and_grad(f)
        assert expected(x)[0] == f(x)
        compiled = ad.jit(expected)
        for k in (1, 0, 2, 1):
            place.k = min(k, 1)
            for found, plain in zip(compiled(x), expected(x), strict=True):
                np.testing.assert_array_equal(found, plain)
