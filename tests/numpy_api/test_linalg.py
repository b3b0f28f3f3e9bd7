"""Linear algebra where it is singular: no inverse, free phases, triangles, norms at zero.

Smooth cases are in forms_linalg.py and inputs/linalg.py, coinciding values in
engine/test_repeated_eigenvalues.py, accuracy in test_linalg_accuracy.py.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.checking.finite_differences import slope_at_zero

la = np.linalg
rng = np.random.default_rng(11)
C = rng.normal(size=(3, 3))


def finite_difference(f, a, v):
    return slope_at_zero(lambda h: np.asarray(f(a + h * v)))[0]


# -- determinants of singular matrices -------------------------------------------------------------
def adjugate_transposed(a):
    """The cofactors by their definition."""
    n = len(a)
    minors = [[la.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)] for i in range(n)]
    return np.array(minors) * (-1.0) ** np.add.outer(range(n), range(n))


@pytest.mark.parametrize("rank", [0, 1, 2, 3, 4])
def test_det_has_exact_derivatives_at_every_rank(rank):
    a = rng.normal(size=(4, rank)) @ rng.normal(size=(rank, 4))
    v = rng.normal(size=(4, 4))
    assert np.allclose(ad.grad(la.det)(a), adjugate_transposed(a), rtol=1e-10, atol=1e-12)
    expected = finite_difference(lambda x: adjugate_transposed(x), a, v)
    for found in (
        ad.jvp(ad.grad(la.det), (a,), (v,))[1],
        ad.grad(lambda x: ad.jvp(la.det, (x,), (v,))[1])(a),
        ad.vjp(ad.grad(la.det), a)[1](v)[0],
    ):
        assert np.allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_third_derivatives_of_det():
    a, v = rng.normal(size=(2, 3, 3))

    def slope(f):
        return lambda x: ad.jvp(f, (x,), (v,))[1]

    # det(A + t v) is a cubic whose leading coefficient is det v.
    assert np.isclose(slope(slope(slope(la.det)))(a), 6 * la.det(v))
    singular = np.outer([1.0, 2.0, 3.0], [1.0, 0.0, 1.0])
    with pytest.raises(la.LinAlgError, match="det of order three"):
        slope(slope(slope(la.det)))(singular)


def test_slogdet_at_a_singular_matrix_is_refused():
    singular = np.zeros((2, 2))
    with pytest.raises(la.LinAlgError, match="slogdet is infinite at a singular matrix"):
        ad.grad(lambda a: la.slogdet(a)[1])(singular)


# -- phases, defective matrices --------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_forward_mode_keeps_the_phases_that_lapack_keeps(shape):
    z, v = rng.normal(size=(2, *shape)) + 1j * rng.normal(size=(2, *shape))
    functions = [lambda a: la.svd(a, full_matrices=False)]
    if shape == (3, 3):
        functions += [la.eig, la.eigh, lambda a: la.eigh(a, "U")]
        z = z + np.diag([0, 3, 6])
    for f in functions:
        for part, part_dot in zip(*ad.jvp(lambda a, f=f: tuple(f(a)), (z,), (v,)), strict=True):
            k = next(k for k, y in enumerate(f(z)) if y is part or np.array_equal(y, part))
            expected = finite_difference(lambda a, k=k, f=f: f(a)[k], z, v)
            assert np.allclose(part_dot, expected, rtol=1e-6, atol=1e-8)


def test_a_free_phase_is_refused():
    z = rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))
    for f in (lambda a: np.real(la.eigh(a)[1][1, 0]), lambda a: np.imag(la.svd(a)[0][1, 0])):
        with pytest.raises(ad.NotDifferentiableError, match="free phase"):
            ad.grad(f)(z + np.conj(z.T))


def test_a_defective_matrix_is_refused():
    for f in (lambda a: np.sum(la.eigvals(a)), lambda a: np.sum(la.eig(a)[0])):
        for derivative in (
            lambda f=f: ad.grad(f)(JORDAN),
            lambda f=f: ad.jvp(f, (JORDAN,), (JORDAN,)),
        ):
            with pytest.raises(ad.NotDifferentiableError, match="defective"):
                derivative()


JORDAN = np.array([[1.0, 1.0], [0.0, 1.0]])


def test_columns_of_a_full_u_beyond_the_rank():
    tall = rng.normal(size=(5, 2))
    with pytest.raises(ad.NotDifferentiableError, match="svd"):
        ad.grad(lambda a: la.svd(a)[0][0, 4])(tall)


# -- what is read ----------------------------------------------------------------------------------
@pytest.mark.parametrize("lower", [True, False])
def test_only_the_triangle_that_numpy_reads_has_a_derivative(lower):
    a = C @ C.T + np.eye(3)
    unread = np.triu(np.ones((3, 3)), 1) if lower else np.tril(np.ones((3, 3)), -1)
    for f in (
        lambda a: np.sum(la.cholesky(a, upper=not lower)),
        lambda a: np.sum(la.eigvalsh(a, UPLO="L" if lower else "U") ** 2),
        lambda a: np.sum(la.eigh(a, UPLO="L" if lower else "u")[1][:, 0]),
    ):
        gradient = ad.grad(f)(a)
        assert not np.any(gradient[unread > 0])
        v = rng.normal(size=(3, 3))
        assert np.isclose(np.sum(gradient * v), finite_difference(f, a, v), rtol=1e-6)
        assert np.isfinite(f(a + np.where(unread, np.nan, 0)))


# -- ranks -----------------------------------------------------------------------------------------
def test_pinv_and_lstsq_along_matrices_of_one_rank():
    left, right = rng.normal(size=(5, 2)), rng.normal(size=(2, 3))
    b, turn = rng.normal(size=5), rng.normal(size=(5, 2))

    def solved(left):
        return la.pinv(left @ right, rcond=1e-10) @ b, la.lstsq(left @ right, b, rcond=1e-10)[0]

    expected = finite_difference(lambda left: solved(left)[0], left, turn)
    for x_dot in ad.jvp(solved, (left,), (turn,))[1]:
        assert np.allclose(x_dot, expected, rtol=1e-7, atol=1e-9)
    for k in range(2):
        gradient = ad.grad(lambda left, k=k: np.sum(C[0] * solved(left)[k]))(left)
        assert np.isclose(np.sum(gradient * turn), np.sum(C[0] * expected), rtol=1e-7)


def test_lstsq_returns_what_numpy_returns():
    a, b = rng.normal(size=(4, 2)), rng.normal(size=(4, 3))
    plain = la.lstsq(a, b)
    tracked, _ = ad.vjp(lambda a: la.lstsq(a, b), a)
    for found, expected in zip(tracked, plain, strict=True):
        assert np.array_equal(found, expected)
    assert ad.grad(lambda a: la.lstsq(a, b)[2] * np.sum(a))(a).tolist() == [[2.0, 2.0]] * 4
    wide, pullback = ad.vjp(lambda a: la.lstsq(a, b[:2])[1], a[:2])
    assert wide.shape == (0,)
    assert not np.any(pullback(wide)[0])


def test_matrix_rank_is_flat():
    a = rng.normal(size=(2, 4, 3))
    assert la.matrix_rank(ad.tensor(a)).tolist() == [3, 3]
    assert not np.any(ad.grad(lambda a: np.sum(1.0 * la.matrix_rank(a)))(a))


# -- norms -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("p", [None, 1, 1.5, 2, 3, np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_norm_of_zero_is_flat(p, dtype):
    zero = np.zeros(3, dtype)
    gradient = ad.grad(lambda x: la.norm(x, p))
    assert gradient(zero).dtype == dtype
    assert not np.any(gradient(zero))
    with np.errstate(all="ignore"):
        curvature = ad.jacobian(gradient)(zero)
    assert not np.any(curvature) if p in (1, np.inf) else np.isnan(curvature).all()
    assert not np.any(ad.jvp(lambda x: la.norm(x, p), (zero,), (zero + 1,))[1])


@pytest.mark.parametrize("p", ["fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf])
def test_the_norm_of_a_zero_matrix_is_flat(p):
    assert not np.any(ad.grad(lambda x: la.norm(x, p))(np.zeros((2, 3))))


def test_norms_at_large_and_small_scale():
    x = np.array([3.0, -4.0])
    for scale in (1e-150, 1e3, 1e150):
        assert np.allclose(ad.grad(la.norm)(scale * x), [0.6, -0.8], rtol=1e-14)
    cubes = (27.0 + 64.0) ** (-2 / 3) * np.array([9.0, -16.0])
    assert np.allclose(ad.grad(lambda x: la.norm(x, 3))(1e-90 * x), cubes, rtol=1e-13)


# -- errors ----------------------------------------------------------------------------------------
REFUSED = {
    "solve": (lambda a: la.solve(a, np.ones(2)), "Singular matrix"),
    "inv": (la.inv, "Singular matrix"),
    "cholesky": (lambda a: la.cholesky(-a), "not positive definite"),
    "svd": (lambda a: la.svd(a * np.nan), "did not converge"),
    "eig": (lambda a: la.eig(a * np.inf), "infs or NaNs"),
    "det": (lambda a: la.det(a[0]), "1-dimensional array given"),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_numpys_errors_name_the_function(name):
    f, message = REFUSED[name]
    with pytest.raises(la.LinAlgError, match=message) as caught:
        ad.vjp(f, np.ones((2, 2)))
    assert f"np.linalg.{name}: " in str(caught.value)


def test_vmap_does_not_take_vectors_for_a_matrix():
    with pytest.raises(la.LinAlgError, match=r"np\.linalg\.det: 1-dimensional"):
        ad.vmap(la.det)(np.eye(2))


def test_settings_cannot_be_tracked():
    for f in (
        lambda x: la.pinv(x * C, rcond=x),
        lambda x: la.lstsq(x * C, C, rcond=x)[0],
        lambda x: la.matrix_rank(x * C, tol=x),
        lambda x: la.cond(x * C, x),
        lambda x: la.norm(x * C[0], x),
    ):
        with pytest.raises(ad.NotDifferentiableError, match="is not supported on a tracked value"):
            ad.jvp(f, (2.0,), (1.0,))


def test_explanations_show_each_of_several_results():
    shown = str(ad.explain(lambda a: la.slogdet(a)[1] + la.eigh(a)[0][0], np.eye(2) + 1.0))
    assert "slogdet(a)[1]" in shown
    assert "both modes agree" in shown
