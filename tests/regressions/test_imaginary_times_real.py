"""1j * x with a real scalar x is a Python complex: x still gets a real cotangent."""

import numpy as np
import pytest

import autodiff as ad


@pytest.mark.parametrize("z", [np.array(0.3 + 0.4j), 0.3 + 0.4j], ids=["array", "complex"])
def test_the_cotangent_of_a_real_part_is_real(z):
    y, y_dot = ad.jvp(lambda z: 1j * np.real(z * z), (z,), (z,))
    z_bar = ad.vjp(lambda z: 1j * np.real(z * z), z)[1](y)[0]
    assert np.isclose(np.real(y * y_dot), np.real(z_bar * z))
