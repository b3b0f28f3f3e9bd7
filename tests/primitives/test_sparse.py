"""Products with SciPy's sparse matrices are those with the dense ones, in every transform."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

import autodiff as ad
from autodiff.programs.encoding import DamagedError, Reader

rng = np.random.default_rng(4)
DENSE = rng.normal(size=(4, 3)) * (rng.random((4, 3)) < 0.6)
V, M = rng.normal(size=3), rng.normal(size=(3, 2))
W, N = rng.normal(size=4), rng.normal(size=(2, 4))
KINDS = ["csr_array", "csc_array", "coo_array", "bsr_array", "dia_array", "dok_array", "lil_array"]
KINDS += ["csr_matrix", "coo_matrix"]
FORMS = {
    "A @ x": (lambda a: lambda x: a @ x, V),
    "A @ X": (lambda a: lambda x: a @ x, M),
    "x @ A": (lambda a: lambda x: x @ a, W),
    "X @ A": (lambda a: lambda x: x @ a, N),
    "A.T @ x": (lambda a: lambda x: a.T @ x, W),
    "A.dot(x)": (lambda a: lambda x: a.dot(x), V),
    "A @ x, complex": (lambda a: lambda x: (a * 1j) @ x, V),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMS)
def test_a_product_is_that_of_the_dense_matrix(name, kind):
    form, x = FORMS[name]
    sparse, dense = form(getattr(scipy.sparse, kind)(DENSE)), form(DENSE)
    y = ad.vjp(sparse, x)[0]
    assert np.array_equal(y, sparse(x))
    assert y.dtype == sparse(x).dtype
    stack = np.stack([x, 2 * x])
    pairs = (
        [(f(sparse), f(dense)) for f in (ad.jacfwd, ad.jacobian)] if not np.iscomplexobj(y) else []
    )
    pairs += [(f(bent(sparse)), f(bent(dense))) for f in (ad.grad, ad.hessian)]
    if kind == "csr_array":
        pairs += [(ad.jit(ad.grad(bent(sparse))), ad.grad(bent(dense)))]
    for found, expected in pairs:
        assert np.allclose(found(x), expected(x), rtol=1e-12, atol=1e-12)
    for f in (lambda f: f, lambda f: ad.grad(bent(f))):
        found, expected = ad.vmap(f(sparse))(stack), ad.vmap(f(dense))(stack)
        assert np.allclose(found, expected, rtol=1e-12, atol=1e-12)


def bent(f):
    return lambda x: np.sum(np.abs(f(np.sin(x))) ** 2)


def test_dtypes():
    a = scipy.sparse.csr_array(DENSE.astype(np.float32))
    for dtype in (np.float32, np.float64):
        gradient = ad.grad(lambda x: np.sum((a @ x) ** 2))(V.astype(dtype))
        assert gradient.dtype == dtype
        assert np.allclose(gradient, 2 * DENSE.T @ (DENSE @ V), rtol=1e-5)


def test_explained():
    a = scipy.sparse.csr_array(DENSE)
    shown = ad.explain(lambda x: np.sum(a @ x), V)
    assert "csr_array(4, 3) @ x" in str(shown)
    assert "csc_array(3, 4) @ " in str(shown)
    assert r"\mathtt{csr\_array} \, x" in shown.latex()


A = scipy.sparse.csr_array(DENSE)
SQUARE = scipy.sparse.csr_matrix(np.eye(3))
ENTRY_BY_ENTRY = {
    "x * A": lambda a: lambda x: x * a,
    "sum(A * x)": lambda a: lambda x: (a * x).sum(),
    "A + x": lambda a: lambda x: a + x,
    "x - A": lambda a: lambda x: x - a,
    "A * x[0]": lambda a: lambda x: (a * x[0]) @ V,
    "np.dot(A, x)": lambda a: lambda x: np.dot(a, x),
}


@pytest.mark.parametrize("name", ENTRY_BY_ENTRY)
def test_what_is_no_product_is_done_on_all_entries(name):
    sparse, dense = map(ENTRY_BY_ENTRY[name], (A, DENSE))
    for f in (
        lambda f: ad.vjp(f, V)[0],
        lambda f: ad.jacobian(f)(V),
        lambda f: ad.hessian(bent(f))(V),
    ):
        assert np.allclose(f(sparse), f(dense), rtol=1e-12, atol=1e-12)


REFUSED = {
    "M * x": lambda x: SQUARE * x,
    "x * M": lambda x: x * SQUARE,
    "a product with a number": lambda x: A @ x[0],
    "a product with a stack": lambda x: A @ np.stack([x, x])[:, :, None],
    "csr_array(x)": lambda x: scipy.sparse.csr_array(np.outer(x, x)) @ V,
    "csr_array((x, ...))": lambda x: scipy.sparse.csr_array((x, ([0, 1, 2], [0, 1, 2]))) @ V,
    "diags(x)": lambda x: scipy.sparse.diags(x) @ V,
}


@pytest.mark.parametrize("name", REFUSED)
def test_all_else_is_refused_with_what_works(name):
    for derivative in (lambda: ad.vjp(REFUSED[name], V), lambda: ad.jvp(REFUSED[name], (V,), (V,))):
        with pytest.raises(ad.NotDifferentiableError, match=r"test_sparse.py:.*A\.toarray\(\)"):
            derivative()


def test_a_sparse_result_is_refused():
    with pytest.raises(ad.NotDifferentiableError, match=r"a sparse matrix; return an array"):
        ad.vjp(lambda x: A * x, V)


def test_a_program_with_a_sparse_matrix_is_saved(tmp_path):
    for matrix in (A, SQUARE, A.T):
        x = np.arange(1.0, matrix.shape[1] + 1)
        ad.trace(lambda x, matrix=matrix: np.sum(matrix @ x), x).save(tmp_path / "p.npz")
        loaded = ad.load(tmp_path / "p.npz")
        assert loaded(x) == np.sum(matrix @ x)
        assert np.array_equal(ad.grad(loaded)(x), matrix.T @ np.ones(matrix.shape[0]))
    with pytest.raises(
        ad.AutodiffError, match=r"save: a coo_array cannot be saved; use A\.tocsr\(\)"
    ):
        ad.trace(lambda x: A.tocoo() @ x, V).save(tmp_path / "p.npz")


@pytest.mark.parametrize(
    "parts",
    [
        ["csr_array", [2, 2], [0, 1, 2]],  # an index beyond the columns
        ["csr_array", [3, 9], [0, 1, 2]],  # too few rows
        ["csr_array", [10**15, 9], [0, 1, 2]],
        ["csr_array", [-2, 9], [0, 1, 2]],
        ["dia_array", [2, 9], [0, 1, 2]],
        ["csr_array", [2, 9], [0, 0, 0]],
        ["csr_array", [2, 9], [0, 1]],
        ["csr_array", [2, 9], [0, 1, 7]],
    ],
    ids=str,
)
def test_a_damaged_sparse_matrix_is_refused(parts):
    arrays = [np.ones(3), np.array([0, 8, 1], np.int32), np.array([0, 2, 3], np.int32)]
    reader = Reader(arrays, {})
    assert reader.value({"sparse": ["csr_array", [2, 9], [0, 1, 2]]}).matrix.shape == (2, 9)
    with pytest.raises(DamagedError):
        reader.value({"sparse": parts})


def test_sizes_that_do_not_fit_are_named():
    with pytest.raises(ad.ShapeError, match=r"sparse_product: shape \(4,\)"):
        ad.vjp(lambda x: A @ x, W)
