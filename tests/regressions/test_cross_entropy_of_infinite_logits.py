"""Cross-entropy of infinite logits was nan, with slope 0: inf - inf. A logit that is inf has all of
the probability, or an even share of it, and one that is -inf has none."""

import numpy as np

import autodiff as ad
from nn import losses


def test_cross_entropy_of_infinite_logits():
    inf = np.inf
    logits = np.array([[inf, 0.0], [inf, inf], [-inf, 0.0], [-inf, 0.0]])
    labels = np.array([0, 1, 1, 0])
    terms = losses.cross_entropy(logits, labels, reduction="none")
    np.testing.assert_allclose(terms, [0, np.log(2), 0, inf])
    slopes = ad.grad(lambda z: losses.cross_entropy(z, labels, reduction="sum"))(logits)
    np.testing.assert_array_equal(slopes, [[0, 0], [0.5, -0.5], [0, 0], [-1, 1]])
