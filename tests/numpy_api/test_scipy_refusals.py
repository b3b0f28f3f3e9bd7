"""A function of SciPy's that cannot take a tracked value is refused: which, where, what to write.

SciPy says of an array of objects whatever its innermost routine says of it; users are told in terms
of their own line. (scipy.linalg: test_namesakes.py; scipy.sparse: test_sparse.py.)
"""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import scipy.interpolate
import scipy.ndimage
import scipy.optimize
import scipy.signal
import scipy.sparse.linalg
import scipy.stats
from scipy.spatial import KDTree, distance

import autodiff as ad

X = np.array([0.3, 0.7, 0.2])
T = np.arange(3.0)
COVARIANCE = np.eye(3)
LU = scipy.sparse.linalg.splu(scipy.sparse.csc_array(COVARIANCE))
REFUSED = {
    "scipy.signal.lfilter(": (
        lambda x: scipy.signal.lfilter([1.0, 0.5], [1.0, 0.2], x),
        "use np.convolve, np.correlate or np.fft, or give it a derivative",
    ),
    "scipy.signal.upfirdn(": (
        lambda x: scipy.signal.upfirdn([1.0, 1.0], x),
        "use np.convolve",
    ),
    "scipy.signal.convolve2d(": (
        lambda x: scipy.signal.convolve2d(x[:, None], COVARIANCE),
        "use np.convolve",
    ),
    "scipy.signal.medfilt(": (lambda x: scipy.signal.medfilt(x), "use np.convolve"),
    "scipy.signal.fftconvolve(": (lambda x: scipy.signal.fftconvolve(x, T), "use np.convolve"),
    "scipy.ndimage.convolve(": (lambda x: scipy.ndimage.convolve(x, T), "use np.pad and slices"),
    "scipy.ndimage.label(": (lambda x: scipy.ndimage.label(x), "use np.pad and slices"),
    "scipy.ndimage.map_coordinates(": (
        lambda x: scipy.ndimage.map_coordinates(COVARIANCE, np.stack([x, x])),
        "use np.pad and slices",
    ),
    "scipy.spatial.distance.cdist ": (
        lambda x: distance.cdist(x[:, None], T[:, None]),
        "use np.linalg.norm(x[:, None] - y, axis=-1)",
    ),
    "scipy.spatial.distance.squareform ": (  # ended the process
        lambda x: distance.squareform(x),
        "use np.linalg.norm",
    ),
    "KDTree(T[:, None]).query(": (
        lambda x: KDTree(T[:, None]).query(x[:, None]),
        "use np.linalg.norm(x[:, None] - y, axis=-1) for distances",
    ),
    "scipy.stats.norm.logpdf(": (
        lambda x: scipy.stats.norm.logpdf(x, 0.1, 2.0),
        "use autodiff.stats.norm",
    ),
    "scipy.stats.norm(0, 1).cdf(": (
        lambda x: scipy.stats.norm(0, 1).cdf(x),
        "use autodiff.stats.norm",
    ),
    "scipy.stats.multivariate_normal.logpdf(": (
        lambda x: scipy.stats.multivariate_normal.logpdf(x, T, COVARIANCE),
        "use autodiff.stats.multivariate_normal",
    ),
    "scipy.stats.zscore(": (lambda x: scipy.stats.zscore(x), "or write the density"),
    "scipy.interpolate.CubicSpline(T, T**2)(": (
        lambda x: scipy.interpolate.CubicSpline(T, T**2)(x),
        "use np.interp, or give it a derivative",
    ),
    "scipy.integrate.quad(": (
        lambda x: scipy.integrate.quad(lambda t: t * x[0], 0, 1),
        "sum over fixed nodes",
    ),
    "scipy.sparse.linalg.spsolve(": (
        lambda x: scipy.sparse.linalg.spsolve(scipy.sparse.csc_array(COVARIANCE), x),
        "use autodiff.linear_solve",
    ),
    "LU.solve(": (lambda x: LU.solve(x), "a tracked value is not a plain array"),
    "scipy.optimize.linprog(": (lambda x: scipy.optimize.linprog(x), "wrap the solver with"),
}


@pytest.mark.parametrize("function", REFUSED)
def test_the_error_names_function_line_and_cure(function):
    f, cure = REFUSED[function]
    for derivative in (lambda: ad.vjp(f, X), lambda: ad.jvp(f, (X,), (X,))):
        with pytest.raises(ad.NotDifferentiableError) as caught:
            derivative()
        message = str(caught.value)
        assert message.startswith(function), message
        assert "(test_scipy_refusals.py:" in message
        assert cure in message.replace("\n", " "), message


def test_errors_about_plain_values_stay_scipys():
    """What is wrong with them is wrong without derivatives too."""
    with pytest.raises(TypeError, match="NoneType") as caught:
        ad.grad(lambda x: np.sum(x) * scipy.signal.butter(None, 0.1)[0][0])(X)
    assert not isinstance(caught.value, ad.NotDifferentiableError)
    with pytest.raises(ValueError, match="knots") as caught:
        ad.grad(lambda x: scipy.interpolate.BSpline(np.arange(7.0), x, 3)(3.5))(X)
    assert not isinstance(caught.value, ad.NotDifferentiableError)


@pytest.mark.filterwarnings("ignore:.*dtype=object:DeprecationWarning")  # from SciPy 1.18 on
def test_what_scipy_does_in_python_alone_is_tracked():
    for f, expected in (
        (scipy.integrate.trapezoid, np.array([0.5, 1.0, 0.5])),
        (lambda x: distance.euclidean(x, T), (X - T) / np.linalg.norm(X - T)),
        (lambda x: scipy.stats.gmean(x), scipy.stats.gmean(X) / (3 * X)),
    ):
        assert np.allclose(ad.grad(f)(X), expected, rtol=1e-13)
