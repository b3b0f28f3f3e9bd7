"""Under vmap, np.digitize refused edges that end in nan, which NumPy takes for the largest."""

import numpy as np
import pytest

import autodiff as ad

NAN, X = np.nan, np.array([0.5, 2.0, -3.0, np.nan, np.inf])


@pytest.mark.parametrize(
    "edges",
    [[0, 1, NAN], [1, NAN], [NAN, 1], [3, 2, NAN], [NAN, 2, 1], [NAN, NAN], [1, 1, 1], [1], []],
)
def test_each_example_has_the_bins_of_numpy(edges):
    edges = np.array(edges, float)
    found = ad.vmap(np.digitize)(np.stack((X, X[::-1])), np.stack((edges, edges)))
    np.testing.assert_array_equal(found, [np.digitize(X, edges), np.digitize(X[::-1], edges)])


def test_edges_that_go_up_and_down_are_an_error():
    with pytest.raises(ValueError, match="monotonic"):
        ad.vmap(np.digitize)(X[None], np.array([[0.0, 2.0, 1.0]]))
