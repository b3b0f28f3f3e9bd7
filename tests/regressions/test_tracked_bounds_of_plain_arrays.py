"""Plain arrays whose methods and functions got a tracked bound, fill or tolerance: `a.clip(-s, s)`
was refused as unknown, `np.isclose(a, b, atol=s)` recursed without end, and `np.full_like(a, s)`
spoke of np.copyto."""

import numpy as np
import pytest

import autodiff as ad

A = np.array([0.3, -1.2, 2.1])


def test_clip_of_a_plain_array():
    np.testing.assert_array_equal(ad.jacobian(lambda s: A.clip(-s, s))(0.7), [0.0, -1.0, 1.0])
    np.testing.assert_array_equal(ad.jacobian(lambda s: A.clip(min=s))(0.7), [1.0, 1.0, 0.0])
    np.testing.assert_array_equal(ad.jit(lambda s: A.clip(-s, s))(0.7), A.clip(-0.7, 0.7))


def test_isclose_with_tracked_tolerances():
    assert ad.grad(lambda s: s * np.all(np.isclose(A, A + 0.1, atol=s)))(0.5) == 1.0
    assert ad.grad(lambda s: s * np.all(np.isclose(A, A + 0.1, rtol=s)))(0.5) == 1.0


def test_fills_are_named():
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.full_like\(A, s\) .* np\.full\("):
        ad.grad(lambda s: np.sum(np.full_like(A, s)))(1.0)
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.nan_to_num\(A, nan=s\) .* np\.where"):
        ad.grad(lambda s: np.sum(np.nan_to_num(A, nan=s)))(1.0)


def test_emath_is_named():
    with pytest.raises(ad.NotDifferentiableError, match=r"np\.emath.sqrt has no"):
        ad.grad(np.emath.sqrt)(1.0)
