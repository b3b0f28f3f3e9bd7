"""Comparisons of a tracked Python number gave NumPy's truth values, which are or-ed where Python's
are added: ((x > 0) + (x > -1)) * x was x."""

import pytest

import autodiff as ad

PROGRAMS = {
    "sum": lambda x: ((x > 0) + (x > -1)) * x,
    "count": lambda x: sum([x > 0, x != 1, x >= 5]) * x,
    "product": lambda x: ((x < 5) * (x <= 7) - (x == 2)) * x,
    "difference": lambda x: ((x > 0) - (x < 0)) * x,
}


@pytest.mark.parametrize("f", PROGRAMS.values(), ids=PROGRAMS)
def test_value_and_slope(f):
    for x in (2.5, -0.5):
        value, slope = ad.value_and_grad(f)(x)
        assert value == f(x)
        assert slope == f(x) / x
        assert ad.jvp(f, (x,), (1.0,)) == (value, slope)
