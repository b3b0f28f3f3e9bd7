"""Two functions of one name in a saved program: load gave both places the one that it was given."""

import math

import pytest

import autodiff as ad


def scaled_sine(factor):
    def f(x):
        return math.sin(x) * factor

    return ad.custom_rule(f, jvp=lambda primals, y, tangents: tangents[0] * factor)


def solved(value):
    return ad.root(lambda x, a: x - value * a, solver=lambda g, x0: value)


@pytest.mark.parametrize("make", [scaled_sine, lambda value: lambda a: solved(value)(1.0, a)])
def test_two_functions_of_one_name_are_refused(make, tmp_path):
    two, ten = make(2.0), make(10.0)
    with pytest.raises(ad.AutodiffError, match="two functions or classes in the program are calle"):
        ad.trace(lambda x: two(x) + ten(x), 1.0).save(tmp_path / "f.npz")
    assert not list(tmp_path.iterdir())
    ad.trace(lambda x: two(x) + two(x), 1.0).save(tmp_path / "f.npz")
