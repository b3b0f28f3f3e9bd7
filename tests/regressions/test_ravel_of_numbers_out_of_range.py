"""tree.ravel and unravel wrapped around where an integer leaf could not hold a number."""

import numpy as np
import pytest

import autodiff as ad


@pytest.mark.parametrize("nest", [[2**63], [2**64], [np.int8(1), 300], [np.uint8(1), -1]])
def test_a_python_integer_that_the_dtype_cannot_hold(nest):
    with pytest.raises(ad.ShapeError, match=r"tree\.ravel: tree\[\d\]: .*too large|out of bounds"):
        ad.tree.ravel(nest)


@pytest.mark.parametrize(
    ("nest", "vector"),
    [
        ([np.int8(1), 2.0], [300.0, 2.0]),
        ([np.uint8(3), 2.0], [-1.0, 2.0]),
        ([1, 2.0], [1e30, 2.0]),
        ([1, 2.0], [np.nan, 2.0]),
        ([True, 2.0], [2.0, 2.0]),
        ([np.uint8(1), np.int64(2)], [300, 2]),
        ([np.int32(1), 2.0], [0.5, 2.0]),
        ([1.0, 2j], [1j, 2.0]),
    ],
)
@pytest.mark.parametrize("run", [lambda f: f, ad.jit], ids=["plain", "jit"])
def test_a_vector_that_a_leaf_cannot_hold(nest, vector, run):
    _, unravel = ad.tree.ravel(nest)
    with pytest.raises(ad.ShapeError, match=r"unravel: tree\[0\] is of"):
        run(unravel)(np.array(vector))


def test_what_promotion_rounds_is_not_put_back_as_another_number():
    """NumPy promotes uint64 beside int64 to float64, which rounds the largest."""
    vector, unravel = ad.tree.ravel([np.uint64(2**64 - 1), np.int64(-1)])
    with pytest.raises(ad.ShapeError, match=r"tree\[0\] is of uint64"):
        unravel(vector)


def test_what_fits_is_put_back():
    nest = [np.int8(-128), np.uint8(255), True, 7, 2.5]
    vector, unravel = ad.tree.ravel(nest)
    back = unravel(vector)
    assert back == nest
    assert [type(x) for x in back] == [type(x) for x in nest]
