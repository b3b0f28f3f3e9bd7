"""What a rule makes of ones may be smaller than the value that it belongs to, and then so was the
mark of its strong zeros: a sum along an axis failed on it, in an interpolation of one knot."""

import numpy as np
import pytest

import autodiff as ad


def test_hessian_product_of_an_interpolation_with_one_knot() -> None:
    def f(v):  # type: ignore[no-untyped-def]
        scale = 1 + 0.1 * np.tanh(np.mean(v))
        x, xp, fp = np.array(-0.92), np.array([-0.93]), np.array([-1.8])
        y = np.interp(*(np.multiply(a, scale) for a in (x, xp, fp, -1.9, 1.25)))
        return np.tanh(np.sum(y)) + np.sum(np.tanh(v))

    h = 1e-5
    slope, curvature = ad.jvp(ad.grad(f), (0.27,), (1.0,))
    assert slope == pytest.approx((f(0.27 + h) - f(0.27 - h)) / (2 * h), rel=1e-8)
    expected = (ad.grad(f)(0.27 + h) - ad.grad(f)(0.27 - h)) / (2 * h)
    assert curvature == pytest.approx(expected, rel=1e-8)
