"""The gradient of ``2 * x`` was the int 2, and of ``True * x`` the bool True: the coefficient as it
was written. A derivative that is zero for good was a 0-d array where others are numbers."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad

NUMBERS = (2.0, np.float64(2.0), np.float32(2.0))
FUNCTIONS = {
    "2 x": (lambda x: 2 * x, 2.0),
    "True x": (lambda x: True * x, 1.0),
    "0 x": (lambda x: 0 * x, 0.0),
    "2.0 x": (lambda x: 2.0 * x, 2.0),
    "a constant": (lambda x: 3, 0.0),
    "zeros_like": (lambda x: np.zeros_like(x) * 1.0, 0.0),
    "floor": (np.floor, 0.0),
}


@pytest.mark.parametrize("x", NUMBERS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_gradient_is_a_number_of_the_inputs_kind(name: str, x: float) -> None:
    f, slope = FUNCTIONS[name]
    found = [ad.grad(f)(x), ad.vjp(f, x)[1](1.0)[0], ad.value_and_grad(f)(x)[1]]
    assert found == [slope] * 3
    assert {type(g) for g in found} == {type(x)}


@pytest.mark.parametrize("x", NUMBERS, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_tangent_is_a_number_too(name: str, x: float) -> None:
    f, slope = FUNCTIONS[name]
    y_dot = ad.jvp(f, (x,), (x,))[1]
    assert y_dot == 2.0 * slope
    assert isinstance(y_dot, float | np.float32)


def test_a_jacobian_of_a_constant_is_of_floats() -> None:
    assert [j.dtype.kind for j in ad.jacobian(lambda x: [2 * x, 3])(2.0)] == ["f", "f"]
