"""x**k for ever new k wrote a function for each k, which took eight times the power itself and was
kept for ever. Functions are for parameters that come again."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.engine.fused import operation


@pytest.fixture
def written(monkeypatch):
    """The names of the functions that are written, from the first one on."""
    monkeypatch.setattr(operation, "ROWS", {})
    monkeypatch.setattr(operation, "MET", {})
    names, function = [], operation.Source.function

    def counted(self, *args):
        names.append(self.name)
        return function(self, *args)

    monkeypatch.setattr(operation.Source, "function", counted)
    return names


def slope(k):
    return lambda x: ad.jvp(lambda x: x**k, (x,), (np.float64(1.0),))[1]


def test_functions_are_written_for_exponents_that_come_again(written):
    x = np.float64(1.5)
    slope(2)(x)  # what all exponents share, as the product of the rule, may be written here
    ad.grad(slope(2.5))(x)
    written.clear()
    for k in np.random.default_rng(0).random(300).tolist():
        assert slope(k)(x) == k * x ** (k - 1)
        assert ad.grad(slope(k))(x) == pytest.approx(k * (k - 1) * x ** (k - 2), rel=1e-14)
    assert not any("monomial" in name for name in written)
    assert len(operation.ROWS) < 300


def test_what_is_written_says_what_the_rules_say(written):
    x, k = np.float64(1.5), 0.123
    first = slope(k)(x)
    for _ in range(2 * operation.OFTEN):
        assert slope(k)(x) == first
    assert "monomial" in written


@pytest.mark.parametrize("x", [0.0, 1.5, np.float64(0.0), np.float64(-1.5), np.array([0.0, 2.0])])
@pytest.mark.parametrize("k", [0, 1, 2, 3, 0.0, 1.0, 2.0, 3.0, 5])
def test_all_orders_of_a_whole_exponent(x, k):
    """Also at zero, before a function is written and after."""
    one = x * 0 + 1.0
    for _ in range(operation.OFTEN):
        f, factor = lambda x: x**k, 1.0
        for order in range(5):
            expected = factor * x ** (k - order) if factor else 0 * one
            np.testing.assert_allclose(f(x), expected)
            factor *= k - order
            f = derivative(f, one)


def derivative(f, one):
    return lambda x: ad.jvp(f, (x,), (one,))[1]
