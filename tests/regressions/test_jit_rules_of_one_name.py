"""As NumPy source, a program with two custom rules of one name called the second in both places."""

import math

import pytest

import autodiff as ad


def scaled_erf(factor):
    def f(x):  # nothing that jit could look into
        return math.erf(x) * factor

    return ad.custom_rule(f, jvp=lambda primals, y, tangents: tangents[0] * factor)


@pytest.mark.parametrize("backend", ["numpy", None])
def test_two_rules_of_one_name(backend):
    two, ten = scaled_erf(2.0), scaled_erf(10.0)

    def program(x):
        return two(x) + ten(x) ** 2

    assert ad.jit(program, backend=backend)(0.5) == pytest.approx(program(0.5), rel=1e-15)
    slope = ad.grad(program)
    assert ad.jit(slope, backend=backend)(0.5) == pytest.approx(slope(0.5), rel=1e-15)
