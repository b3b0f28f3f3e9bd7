"""What NumPy raises for unfit data a compiled program raises: it was checked at tracing alone."""

from typing import Any

import numpy as np
import pytest

import autodiff as ad

x = np.array([0.3, -1.2, 0.7, 2.0])
A = np.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.2], [1.0, 1.0]])
FLAT = np.ones((4, 2))  # of rank one
EVEN = np.ones(4)
ODD = np.array([1.0, -1.0, 1.0, -1.0])


def residuals(a: Any) -> Any:
    return np.linalg.lstsq(a, x)[1]


CASES = {
    "average": (lambda w: np.average(x, weights=w), EVEN, ODD, "sum to zero"),
    "cov, negative": (lambda w: np.cov(x, aweights=w), EVEN, ODD, "cannot be negative"),
    "cov, no counts": (lambda w: np.cov(x, fweights=w), EVEN, EVEN / 2, "must be integers"),
    "quantile": (lambda q: np.quantile(x, q), 0.5, 1.5, "must be in the range"),
    "multigammaln": (lambda a: ad.special.multigammaln(a, 2), 1.0, 0.4, "must be greater than"),
    "lstsq, residuals": (residuals, A, FLAT, "depends on the data"),
    "lstsq, no residuals": (residuals, FLAT, A, "depends on the data"),
    "digitize, batched": (
        ad.vmap(lambda bins: np.digitize(x, bins)),
        np.array([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]),
        np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 1.0]]),
        "monotonically",
    ),
    "lstsq, batched": (ad.vmap(residuals), np.stack([A, A + 1]), np.stack([A, FLAT]), "full rank"),
}
ERRORS = (ValueError, TypeError, ZeroDivisionError)


@pytest.mark.parametrize("backend", ["llvm", "numpy"])
@pytest.mark.parametrize("name", CASES)
def test_unfit_data_raise(name: str, backend: str) -> None:
    f, fit, unfit, message = CASES[name]
    compiled = ad.jit(f, backend=backend)
    np.testing.assert_allclose(compiled(fit), f(fit), rtol=1e-12)
    if name.startswith("lstsq, ") and not name.endswith("batched") and backend == "numpy":
        assert np.shape(compiled(unfit)) == np.shape(f(unfit))  # NumPy's own call, of any shape
        return
    with pytest.raises(ERRORS, match=message):
        compiled(unfit)
    np.testing.assert_allclose(compiled(fit), f(fit), rtol=1e-12)


def test_gradients_check_too() -> None:
    slope = ad.jit(ad.grad(lambda w: np.average(x, weights=w)))
    slope(EVEN)
    with pytest.raises(ZeroDivisionError, match="sum to zero"):
        slope(ODD)


def test_segments_must_be_known() -> None:
    """The starts of np.add.reduceat were those of the example that was traced."""
    with pytest.raises(ad.NotDifferentiableError, match="indices"):
        ad.jit(lambda a, i: np.add.reduceat(a, i))(x, np.array([0, 2]))
