"""The laws over the complex numbers, for every row that NumPy lets in; the others refuse.

Entries lie away from branch cuts, and real arguments stand beside complex ones. A derivative along
a complex direction is that of the value along it, so the laws of `statements` are the same; what a
holomorphic row has beside them is that its derivative commutes with i, in both modes.
"""

import warnings

import numpy as np
import pytest
from hypothesis import find, strategies as st
from laws import statements as laws
from laws.test_mutations import SEARCH
from strategies import FEW, SMOOTH, cases, is_float, tried

import autodiff as ad
from autodiff.base.trees import flatten, unflatten

SEEDS = st.integers(0, 2**32 - 1)

# Linear over the real numbers alone: they conjugate, or take a part or a size.
NOT_HOLOMORPHIC = {
    *("real", "imag", "conj", "complex_sign", "absolute", "irfft"),
    *("hermitian", "triangle", "cholesky", "qr", "eigvalsh", "eig", "pinv", "lstsq"),
    *("svdvals", "norm", "slogdet", "correlate"),
    *("scipy.linalg.solve", "scipy.linalg.cholesky", "scipy.linalg.polar"),
    *("scipy.linalg.solve_continuous_lyapunov", "scipy.linalg.solve_discrete_lyapunov"),
    *("scipy.linalg.solve_continuous_are", "scipy.linalg.solve_discrete_are"),
}
LEFT_OUT = {
    # Reached through functions that refuse complex numbers by name: ad.special.sigmoid, np.i0,
    # nn.functional.gelu.
    *("sigmoid", "sigmoid_slope", "softplus", "bessel_i", "gelu_tanh"),
    # Their vectors have a free phase, which a reverse sweep refuses: numpy_api/test_linalg.py.
    *("eigh", "svd"),
}
ROWS = [row for row in SMOOTH if row.name not in LEFT_OUT]


def name_of(row):
    return row.name


every_row = tried(ROWS)


def is_complex(a):
    return is_float(a) and np.asarray(a).dtype.kind == "c"


def is_answered(case):
    """Whether there is something complex in the case, and NumPy has such a function and the row
    such a derivative. If not, both modes raise a TypeError too, NumPy's or one that names the row.
    (What NumPy would cast to real numbers, with a warning, is left out.)"""
    if not any(map(is_complex, case.inputs)):
        return False
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            y = case.row(*case.args, **case.params)
            ad.vjp(case, *case.inputs)[1](laws.constant(y, 1.0))
            return True
        except np.exceptions.ComplexWarning:
            return False
        except ad.NotDifferentiableError as refused:
            assert "complex" in str(refused)
        except TypeError:
            pass
    with pytest.raises(TypeError):
        ad.vjp(case, *case.inputs)[1](laws.constant(case(*case.inputs), 1.0))
    with pytest.raises(TypeError):
        ad.jvp(case, case.inputs, laws.constant(case.inputs, 1.0))
    return False


@tried(ROWS, 2 * FEW)  # some of what is drawn is real, or is not answered
def test_both_modes_to_second_order(row, data):
    case, rng = data.draw(cases(row, "complex")), np.random.default_rng(data.draw(SEEDS))
    if is_answered(case):
        laws.forward_mode_is_finite_difference(case, rng)
        laws.reverse_mode_is_transpose_of_forward_mode(case, rng)
        laws.second_order_in_all_four_nestings(case, rng)


@every_row
def test_dtypes_and_values(row, data):
    """complex64 stays complex64, and the gradient of a real input beside complex ones is real."""
    case, rng = data.draw(cases(row, "complex")), np.random.default_rng(data.draw(SEEDS))
    if not is_answered(case):
        return
    dtypes = [data.draw(st.sampled_from((np.float32, np.float64))) for _ in case.inputs]
    laws.gradients_have_the_inputs_dtype_and_shape(case, dtypes)
    laws.single_precision_agrees_with_double(case, rng)
    expected = case.row(*case.args, **case.params)
    laws.same_bits(ad.vjp(case, *case.inputs)[0], expected, "taped")
    ones = laws.constant(case.inputs, 1.0)
    laws.same_bits(ad.jvp(case, case.inputs, ones)[0], expected, "dual")
    laws.same_bits(laws.traced(case), expected, "traced")


# -- holomorphic or not ----------------------------------------------------------------------------
def turned(tree):
    leaves, structure = flatten(tree)
    return unflatten(structure, [1j * a for a in leaves])


def commutes_with_i(case):
    """J (i t) = i J t, and the same for the transpose; nothing is said of a case that is real."""
    if not is_answered(case):
        return
    rng = np.random.default_rng(0)
    t = laws.directions(case.inputs, rng)
    y, y_dot = ad.jvp(case, case.inputs, t)
    if all(map(is_complex, case.inputs)):
        laws.close(ad.jvp(case, case.inputs, turned(t))[1], turned(y_dot), 0.0, "forward mode")
    if all(map(is_complex, (*case.inputs, *flatten(y)[0]))):
        g, pullback = laws.directions(y, rng), ad.vjp(case, *case.inputs)[1]
        laws.close(pullback(turned(g)), turned(pullback(g)), 0.0, "reverse mode")


@tried([row for row in ROWS if row.name not in NOT_HOLOMORPHIC])
def test_derivatives_of_holomorphic_rows_commute_with_i(row, data):
    commutes_with_i(data.draw(cases(row, "complex")))


@pytest.mark.parametrize("row", [r for r in ROWS if r.name in NOT_HOLOMORPHIC], ids=name_of)
def test_derivatives_of_the_others_do_not(row):
    def caught(case):
        try:
            commutes_with_i(case)
        except AssertionError:
            return True
        return False

    find(cases(row, "complex"), caught, settings=SEARCH)
