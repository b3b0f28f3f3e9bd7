"""The gradient in a Python complex number was real where the function had taken its real part."""

import numpy as np

import autodiff as ad


def test_the_gradient_of_the_real_part_is_complex() -> None:
    gradient = ad.grad(lambda z: np.sum(np.real(z)))(1.0j)
    assert gradient == 1
    assert np.iscomplexobj(gradient)
    assert not np.iscomplexobj(ad.grad(lambda x: np.sum(np.real(x)))(2.0))
