"""Eigenvalues and singular values that coincide: right for what does not depend on the choice of
vectors, in both modes, and refused for what does, naming the values.

Expected are the derivatives of the same functions written without vectors, and finite differences.
"""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.checking.finite_differences import slope_at_zero

la = np.linalg
rng = np.random.default_rng(11)
C = rng.normal(size=(3, 3))
B = rng.normal(size=(5, 5))


def unitary(n, is_complex=False):
    return la.qr(rng.normal(size=(n, n)) + (1j * rng.normal(size=(n, n)) if is_complex else 0))[0]


def with_values(values, q):
    a = (q * np.array(values, float)) @ np.conj(q.T)
    return (a + np.conj(a.T)) / 2


Q = unitary(3)
TWICE = with_values([1, 1, 2], Q)  # equal but for rounding
REPEATED = pytest.mark.parametrize(
    "a", [np.eye(3), np.diag([1.0, 1.0, 2.0]), TWICE], ids="I D Q".split()
)


def direction(a):
    v = rng.normal(size=a.shape) + (1j * rng.normal(size=a.shape) if a.dtype.kind == "c" else 0)
    return (v + np.conj(np.swapaxes(v, -1, -2))) / 2


def both_modes(f, a, v):
    """The derivative along v, which must be one number."""
    forward, reverse = ad.jvp(f, (a,), (v,))[1], np.real(np.sum(ad.grad(f)(a) * v))
    assert np.isclose(forward, reverse, rtol=1e-9, atol=1e-11)
    return reverse


def finite_difference(f, a, v):
    return slope_at_zero(lambda h: np.asarray(f(a + h * v)))[0]


# -- functions of the values -----------------------------------------------------------------------
FUNCTIONS_OF_VALUES = {
    "sum of eigvalsh": (lambda a: np.sum(la.eigvalsh(a)), lambda a, v: np.trace(v)),
    "log det by eigh": (
        lambda a: np.sum(np.log(la.eigh(a)[0])),
        lambda a, v: np.trace(la.solve(a, v)),
    ),
    "sum of squares": (lambda a: np.sum(la.svdvals(a) ** 2), lambda a, v: 2 * np.sum(a * v)),
    "svd, sum of cubes": (
        lambda a: np.sum(la.svd(a)[1] ** 3),
        lambda a, v: 3 * np.trace(a @ a @ v),
    ),
    "eigvals": (lambda a: np.real(np.sum(la.eigvals(a) ** 2)), lambda a, v: 2 * np.trace(a @ v)),
    "eig": (
        lambda a: np.real(np.prod(la.eig(a)[0])),
        lambda a, v: la.det(a) * np.trace(la.solve(a, v)),
    ),
    "nuclear norm": (lambda a: la.norm(a, "nuc"), lambda a, v: np.trace(v)),
}


@REPEATED
@pytest.mark.parametrize("name", FUNCTIONS_OF_VALUES)
def test_symmetric_functions_of_repeated_values(name, a):
    f, expected = FUNCTIONS_OF_VALUES[name]
    v = direction(a)
    assert np.isclose(both_modes(f, a, v), expected(a, v), rtol=1e-10)
    assert np.isclose(np.sum(ad.jacfwd(f)(a) * v), expected(a, v), rtol=1e-10)


@REPEATED
def test_second_derivatives_of_functions_of_repeated_values(a):
    """Of tr a^3 it is 6 tr(a v v), of log det a it is -tr((a^-1 v)^2)."""
    v = direction(a)
    x = la.solve(a, v)
    for f, expected in (
        (lambda a: np.sum(la.eigvalsh(a) ** 3), 6 * np.trace(a @ v @ v)),
        (lambda a: np.sum(np.log(la.eigh(a)[0])), -np.trace(x @ x)),
        (lambda a: np.sum(la.svdvals(a) ** 3), 6 * np.trace(a @ v @ v)),
    ):
        slope = lambda x, f=f: ad.jvp(f, (x,), (v,))[1]  # noqa: E731
        product = lambda x, f=f: np.sum(ad.grad(f)(x) * v)  # noqa: E731
        for g in (slope, product):
            assert np.isclose(both_modes(g, a, v), expected, rtol=1e-8)
        assert np.isclose(np.sum(ad.hvp(f, a, v) * v), expected, rtol=1e-8)


def test_a_tied_extreme_value_shares_as_max_does():
    """The subgradient of least norm, whatever vectors LAPACK chose."""
    assert np.allclose(ad.grad(lambda a: la.eigvalsh(a)[-1])(np.eye(3)), np.eye(3) / 3)
    assert np.allclose(ad.grad(lambda a: la.norm(a, 2))(np.eye(2)), np.eye(2) / 2)
    assert np.allclose(ad.grad(lambda a: la.norm(a, -2))(np.eye(2)), np.eye(2) / 2)


# -- functions of values and vectors that do not depend on the choice ------------------------------
def of_matrix(f):
    """V f(W) V^H."""

    def function(a):
        w, v = la.eigh(a)
        return (v * f(w)[..., None, :]) @ np.conj(np.swapaxes(v, -1, -2))

    return function


def rebuilt_in_pieces(a):
    """Values and vectors from calls of their own: no sweep through one of them sees the others."""
    return (la.eigh(a)[1] * la.eigvalsh(a)) @ la.eigh(a)[1].T


def by_inverse(a):
    w, v = la.eigh(a)
    return v @ np.diag(w) @ la.inv(v)


def by_outer_products(a):
    w, v = la.eigh(a)
    return sum(w[k] ** 2 * np.outer(v[:, k], v[:, k]) for k in range(len(a)))


def span_of_two(a):
    v = la.eigh(a)[1]
    return v[:, :2] @ v[:, :2].T


def polar(a):
    u, _, vh = la.svd(a, full_matrices=False)
    return u @ vh


def root_of_singular_values(a):
    u, s, vh = la.svd(a, full_matrices=False)
    return (u * np.sqrt(s)) @ vh


CASES = {
    "A itself": (of_matrix(lambda w: w), np.eye(3)),
    "square root at I": (of_matrix(np.sqrt), np.eye(3)),
    "logarithm at I": (of_matrix(np.log), np.eye(3)),
    "exponential": (of_matrix(np.exp), TWICE),
    "square root of 3 + 2": (of_matrix(np.sqrt), with_values([1, 1, 1, 4, 4], unitary(5))),
    "square root, complex": (of_matrix(np.sqrt), with_values([2, 2, 3, 3], unitary(4, True))),
    "square roots of a stack": (
        of_matrix(np.sqrt),
        np.stack([np.eye(3), TWICE, np.diag([1.0, 2.0, 3.0])]),
    ),
    "by several calls": (rebuilt_in_pieces, TWICE),
    "by the inverse": (by_inverse, TWICE),
    "by outer products": (by_outer_products, TWICE),
    "a span": (span_of_two, TWICE),
    "a span times a value": (lambda a: span_of_two(a) * la.eigh(a)[0][2], TWICE),
    "polar factor": (polar, np.eye(3)),
    "polar factor, tall": (polar, 2 * unitary(5)[:, :3]),
    "polar factor, complex": (polar, unitary(3, True)),
    "svd, square root": (root_of_singular_values, 3 * unitary(5)[:3]),
    "whitened": (lambda a: of_matrix(lambda w: w**-0.5)(a.T @ a) @ a.T, unitary(5)[:, :3]),
}


@pytest.mark.parametrize("name", CASES)
def test_both_modes_are_right_where_the_choice_does_not_matter(name):
    f, a = CASES[name]
    v = direction(a) if a.shape[-1] == a.shape[-2] else rng.normal(size=a.shape)
    expected = finite_difference(f, a, v)
    size = max(1.0, np.max(np.abs(expected)))
    assert np.allclose(ad.jvp(f, (a,), (v,))[1], expected, rtol=1e-8, atol=1e-8 * size)
    weights = rng.normal(size=expected.shape)
    slope = both_modes(lambda a: np.sum(weights * np.real(f(a))), a, v)
    assert np.isclose(slope, np.sum(weights * np.real(expected)), rtol=1e-8, atol=1e-8 * size)


def test_every_transform_of_first_order():
    """d sqrt(A) = dA / 2 at the unit matrix, where dA is the symmetric matrix that is read."""
    root, eye = of_matrix(np.sqrt), np.eye(2)
    expected = np.array([[0.5, 0, 0, 0], [0, 0, 0.5, 0], [0, 0, 0.5, 0], [0, 0, 0, 0.5]])
    for jacobian in (ad.jacobian, ad.jacrev, ad.jacfwd):
        assert np.allclose(jacobian(root)(eye).reshape(4, 4), expected, atol=1e-14)
    y, pullback = ad.vjp(root, eye)
    assert np.array_equal(y, eye)
    for _ in range(2):
        assert np.allclose(pullback(np.ones((2, 2)))[0], [[0.5, 0], [1, 0.5]])
    value, gradient = ad.value_and_grad(lambda a: np.sum(root(a)))(eye)
    assert value == 2
    assert np.allclose(gradient, [[0.5, 0], [1, 0.5]])
    single = ad.grad(lambda a: np.sum(root(a)))(np.eye(2, dtype=np.float32))
    assert single.dtype == np.float32


def test_the_value_is_that_of_lapacks_vectors():
    a = TWICE
    f = of_matrix(np.sin)
    assert np.array_equal(ad.vjp(f, a)[0], f(a))
    assert np.array_equal(ad.jvp(f, (a,), (a,))[0], f(a))


@pytest.mark.parametrize("rows", [3, 6])
def test_leading_vectors_beside_a_null_space(rows):
    """Principal components of few observations: the vectors of the zeros are never looked at."""
    x = rng.normal(size=(2, 6))
    weights = rng.normal(size=(6, 6))

    def leading(a):
        w, v = la.eigh(a)
        return np.sum(weights * ((v[:, -2:] * w[-2:]) @ v[:, -2:].T))

    def leading_singular(a):
        u, s, vh = la.svd(a)
        return np.sum(weights[: a.shape[0]] * ((u[:, :2] * s[:2]) @ vh[:2]))

    v = direction(np.eye(6))
    assert np.isfinite(both_modes(leading, x.T @ x, v))
    low_rank = rng.normal(size=(rows, 2)) @ x
    # Along matrices of rank 2 the two leading terms are the whole matrix.
    step = rng.normal(size=(rows, 2)) @ x
    expected = np.sum(weights[:rows] * step)
    assert np.isclose(both_modes(leading_singular, low_rank, step), expected)


# -- what depends on the choice --------------------------------------------------------------------
def summed(f):
    return lambda a: np.sum(C * f(a))


def unequally_weighted(a):
    v = la.eigh(a)[1]
    return v @ np.diag([1.0, 2.0, 3.0]) @ v.T


CHOOSING = {
    "an entry of a vector": lambda a: la.eigh(a)[1][0, 0],
    "all vectors": lambda a: np.sum(C * la.eigh(a)[1]),
    "absolute values of vectors": lambda a: np.sum(np.abs(la.eigh(a)[1])),
    "their trace": lambda a: np.trace(la.eigh(a)[1]),
    "one of two vectors": summed(lambda a: la.eigh(a)[1][:, :1] @ la.eigh(a)[1][:, :1].T),
    "unequal weights": summed(unequally_weighted),
    "a tied value beside vectors": lambda a: (
        la.eigh(a)[0][0] * np.sum(summed(of_matrix(np.exp))(a))
    ),
    "a singular vector": lambda a: la.svd(a)[0][1, 1],
    "eig, rebuilt": lambda a: np.real(np.sum((la.eig(a)[1] * la.eig(a)[0]) @ la.inv(la.eig(a)[1]))),
}


@REPEATED
@pytest.mark.parametrize("name", CHOOSING)
def test_what_hangs_on_a_choice_names_the_values(name, a):
    """In both modes, also where its slopes vanish by accident, as for the unit vectors of I."""
    f, v = CHOOSING[name], direction(a)
    for derivative in (
        lambda: ad.grad(f)(a),
        lambda: ad.jvp(f, (a,), (v,)),
        lambda: ad.jacfwd(f)(a),
        lambda: ad.vjp(f, a)[1](1.0),
    ):
        with pytest.raises(ad.NotDifferentiableError, match=r"values number \d and \d.*coincide"):
            derivative()


SECOND = {
    "a span": lambda a: np.sum(C * span_of_two(a)),
    "A itself": lambda a: np.sum(C * of_matrix(lambda w: w)(a)),
    "by svd": lambda a: np.sum(C * polar(a)),
    "eigvals": lambda a: np.real(np.sum(la.eigvals(a) ** 3)),
}


@REPEATED
@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives_through_repeated_vectors_are_refused(name, a):
    f, v = SECOND[name], C + C.T
    if name == "a span" and np.allclose(a, np.eye(3)):
        return  # two of three vectors: first derivatives are refused already
    for derivative in (
        lambda: ad.hvp(f, a, v),
        lambda: ad.grad(lambda x: ad.jvp(f, (x,), (v,))[1])(a),
        lambda: ad.grad(lambda x: np.sum(ad.grad(f)(x) * v))(a),
        lambda: ad.jvp(lambda x: ad.jvp(f, (x,), (v,))[1], (a,), (v,)),
        lambda: ad.hessian(f)(a),
    ):
        with pytest.raises(ad.NotDifferentiableError, match="coincide"):
            derivative()


def test_where_the_function_cannot_be_run_again_it_is_refused():
    root = of_matrix(np.sqrt)
    tensor = ad.tensor(np.eye(2))
    y = np.sum(root(tensor))
    _, f_dot = ad.linearize(root, np.eye(2))
    for derivative in (
        y.backward,
        lambda: f_dot(np.array([[1.0, 2.0], [2.0, 0.0]])),
        lambda: ad.vmap(ad.grad(lambda a: np.sum(root(a))))(np.stack([np.eye(2)] * 2)),
    ):
        with pytest.raises(ad.NotDifferentiableError, match="coincide"):
            derivative()


def test_vanishing_singular_values_turn_on_either_side():
    rank_one = np.outer([1.0, 2.0, 3.0], [1.0, 0.0, 1.0])

    def rebuilt(a):
        u, s, vh = la.svd(a)
        return np.sum(C * ((u * s) @ vh))

    for derivative in (
        lambda: ad.grad(rebuilt)(rank_one),
        lambda: ad.jvp(rebuilt, (rank_one,), (C,)),
    ):
        with pytest.raises(ad.NotDifferentiableError, match="singular values number 1 and 2"):
            derivative()
