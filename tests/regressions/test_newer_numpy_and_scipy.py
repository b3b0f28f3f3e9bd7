"""What NumPy 2.5 and SciPy 1.18 do otherwise is done otherwise on tracked values too."""

import warnings

import numpy as np
import pytest
import scipy
import scipy.linalg

import autodiff as ad

NUMPY_2_5 = np.lib.NumpyVersion(np.__version__) >= "2.5.0"
SCIPY_1_18 = np.lib.NumpyVersion(scipy.__version__) >= "1.18.0"


def outcome(f, *args):
    """The value, or the error in words, and the warnings, each with its line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            y = f(*args)
        except ValueError as error:
            y = " ".join(str(error).split())
    return y, [(w.category, w.filename) for w in caught]


@pytest.mark.parametrize("sizes", [(2, 2), (2, 3), (3, 2), (3, 3), (4, 3)])
def test_cross_takes_the_vectors_that_numpy_takes(sizes):
    a, b = (np.arange(1.0, n + 1) for n in sizes)
    plain, found = outcome(np.cross, a, b), outcome(lambda a: ad.vjp(np.cross, a, b)[0], a)
    assert np.array_equal(plain[0], found[0])
    assert [kind for kind, _ in plain[1]] == [kind for kind, _ in found[1]]


@pytest.mark.skipif(NUMPY_2_5, reason="NumPy 2.5 refuses vectors of two")
@pytest.mark.filterwarnings("ignore:Arrays of 2-dimensional vectors:DeprecationWarning")
@pytest.mark.parametrize("shapes", [[(2,), (2,)], [(2,), (3,)], [(3,), (2,)], [(4, 2), (2,)]])
def test_cross_of_vectors_of_two(shapes):
    a, b = (np.linspace(-1.0, 2.0, np.prod(shape)).reshape(shape) for shape in shapes)
    assert ad.check(np.cross, a, b).ok


def test_fix_is_deprecated_where_it_is_in_numpy():
    found = outcome(ad.grad(lambda x: x * np.fix(x)), 1.5)
    assert found == (1.0, [(DeprecationWarning, __file__)] * NUMPY_2_5)


@pytest.mark.parametrize("f", [np.linalg.eig, np.linalg.eigvals])
def test_eigenvalues_have_numpys_dtype(f):
    a = np.array([[2.0, 1.0], [0.0, 3.0]])
    y, dy = ad.jvp(f, (a,), (a,))
    w, w_dot = (y[0], dy[0]) if f is np.linalg.eig else (y, dy)
    assert w.dtype == w_dot.dtype == (complex if NUMPY_2_5 else float)
    assert np.allclose(w_dot, w)


def test_a_matrix_that_is_not_positive_definite_is_named():
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        ad.jvp(ad.linalg.cholesky, (-np.eye(2),), (np.eye(2),))


@pytest.mark.skipif(not SCIPY_1_18, reason="SciPy 1.18 deprecates arrays of objects")
def test_what_scipy_says_of_arrays_of_objects_ends_in_our_cure():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ad.NotDifferentiableError) as caught:
            ad.jacobian(lambda x: scipy.linalg.toeplitz(x) @ x)(np.ones(2))
    assert "Please cast" not in str(caught.value)
    assert "use autodiff.linalg or np.linalg" in str(caught.value)
