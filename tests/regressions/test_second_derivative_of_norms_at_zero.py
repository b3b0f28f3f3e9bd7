"""The second derivative of norm, hypot and std was 0 at the origin, where none exists, and that of
a complex abs and of hypot.reduce was 1."""

import numpy as np
import pytest

import autodiff as ad

ROUND = {
    "norm": np.linalg.norm,
    "squared": lambda x: np.linalg.norm(x) ** 2,
    "order 3": lambda x: np.linalg.norm(x, 3),
    "order 1.5": lambda x: np.linalg.norm(x, 1.5),
    "Frobenius": lambda x: np.linalg.norm(np.stack([x, x])),
    "hypot": lambda x: np.hypot(x[0], x[1]),
    "hypot.reduce": np.hypot.reduce,
    "std": np.std,
    "nanstd": np.nanstd,
    "spectral": lambda x: np.linalg.norm(x[None], 2),
    "nuclear": lambda x: np.linalg.norm(x[:, None], "nuc"),
    "complex abs": lambda x: np.abs(np.sum(x) * (1 + 1j)),
}
FLAT = {
    "abs": lambda x: np.sum(np.abs(x)),
    "order 1": lambda x: np.linalg.norm(x, 1),
    "largest": lambda x: np.linalg.norm(x, np.inf),
    "maximum": lambda x: np.sum(np.maximum(x, 0)),
    "clip": lambda x: np.sum(np.clip(x, 0, 1)),
    "left out": lambda x: np.where(np.sum(x) > 0, np.linalg.norm(x), 0.0),
}
HESSIANS = {
    "hessian": ad.hessian,
    "forward twice": lambda f: ad.jacfwd(ad.jacfwd(f)),
    "reverse twice": lambda f: ad.jacrev(ad.jacrev(f)),
    "reverse of forward": lambda f: ad.jacrev(ad.jacfwd(f)),
    "compiled": lambda f: ad.jit(ad.hessian(f)),
    "compiled to NumPy": lambda f: ad.jit(ad.hessian(f), backend="numpy"),
    "batched": lambda f: lambda x: ad.vmap(ad.hessian(f))(x[None])[0],
}


@pytest.mark.share(4)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("way", HESSIANS)
@pytest.mark.parametrize("name", ROUND)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_at_a_round_tip(name, way, dtype):
    f, x = ROUND[name], np.zeros(2, dtype)
    hessian = HESSIANS[way](f)(x)
    assert np.isnan(hessian).all()
    assert hessian.dtype == dtype
    np.testing.assert_array_equal(ad.grad(f)(x), [0, 0])
    np.testing.assert_array_equal(ad.jacfwd(f)(x), [0, 0])


@pytest.mark.parametrize("way", HESSIANS)
@pytest.mark.parametrize("name", FLAT)
def test_that_of_the_pieces_elsewhere(name, way):
    np.testing.assert_array_equal(HESSIANS[way](FLAT[name])(np.zeros(2)), np.zeros((2, 2)))


@pytest.mark.parametrize("way", HESSIANS)
@pytest.mark.parametrize("order", [2, "nuc"])
def test_of_a_zero_matrix_the_vectors_are_not_chosen_either(order, way):
    """Forward mode over forward mode gave 0."""
    with pytest.raises(ad.NotDifferentiableError, match="singular values number 0 and 1"):
        HESSIANS[way](lambda x: np.linalg.norm(x, order))(np.zeros((2, 2)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("way", HESSIANS)
def test_a_row_of_zeros_does_not_touch_the_others(way):
    x = np.array([[0.0, 0.0], [3.0, 4.0]])
    hessian = HESSIANS[way](lambda x: np.sum(np.linalg.norm(x, axis=1)))(x)
    assert np.isnan(hessian[0, :, 0]).all()
    np.testing.assert_array_equal(hessian[0, :, 1], 0)
    np.testing.assert_array_equal(hessian[1, :, 0], 0)
    np.testing.assert_allclose(hessian[1, :, 1], np.array([[16, -12], [-12, 9]]) / 125, atol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_taylor():
    for f in ROUND.values():
        value, first, second = ad.taylor(f, np.zeros(2), np.array([1.0, 0.0]), 2)
        assert (value, first) == (0, 0)
        assert np.isnan(second)
