"""Patterns of programs: exact where the structure is, for every value or at a point."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.sparse import Pattern
from autodiff.sparse.sets import MOST


def rows(text):
    return np.array([[c == "1" for c in row] for row in text.split()])


PLACES = np.array([2, 0, 2])
CONSTANT = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 3.0, 0.0]])

EXACT = {
    "elementwise": (np.sin, 3, "100 010 001"),
    "differences": (np.diff, 4, "1100 0110 0011"),
    "zero factor": (lambda x: np.array([0.0, 1.0, 2.0]) * x, 3, "000 010 001"),
    "a constant matrix": (lambda x: CONSTANT @ x, 3, "101 000 010"),
    "behind a vector": (lambda x: x @ CONSTANT, 3, "100 001 100"),
    "indices": (lambda x: x[PLACES], 3, "001 100 001"),
    "scattered": (lambda x: ad.vjp(lambda y: y[PLACES], x)[1](x)[0], 3, "010 000 101"),
    "written over": (lambda x: np.concatenate((x[:1], 0 * x[1:2], x[2:])), 3, "100 000 001"),
    "cumsum": (np.cumsum, 3, "100 110 111"),
    "reversed cumsum": (lambda x: np.cumsum(x[::-1])[::-1], 3, "111 011 001"),
    "sort": (np.sort, 3, "111 111 111"),
    "both branches": (lambda x: np.where(x > 0, x, x[::-1]), 3, "101 010 101"),
    "convolve": (lambda x: np.convolve(x, [1.0, 0.0, 1.0]), 2, "10 01 10 01"),
    "einsum": (lambda x: np.einsum("ij,j->i", CONSTANT, x), 3, "101 000 010"),
    "sums": (lambda x: np.sum(np.reshape(x, (2, 2)), axis=0), 4, "1010 0101"),
    "products of stacks": (
        lambda x: (np.reshape(x, (2, 1, 2)) @ np.ones((2, 1)))[:, 0, 0], 4, "1100 0011",
    ),
    "dot of itself": (lambda x: np.dot(x, x), 3, "111"),
    "constant": (lambda x: np.ones(2), 3, "000 000"),
    "flat": (np.floor, 2, "00 00"),
    "stopped": (lambda x: x * ad.stop_gradient(x[::-1]), 2, "10 01"),
    "scan": (lambda x: ad.scan(lambda c, b: (c + b, c * b), x[0], x)[1], 3, "100 110 111"),
    "counted": (lambda x: ad.fori_loop(0, 1, lambda i, x: x * x[::-1], x), 3, "101 010 101"),
    "cond": (lambda x: ad.cond(x[0] > 0, lambda: x, lambda: x[::-1]), 3, "101 010 101"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_a_pattern_is_exact(name):
    f, n, expected = EXACT[name]
    np.testing.assert_array_equal(ad.sparsity(f, np.arange(1.0, n + 1)).dense(), rows(expected))


def test_a_while_loop_runs_any_number_of_rounds():
    def f(x):
        return ad.while_loop(lambda x: x[0] < 1, lambda x: np.append(x[1:], x[-1]), x)

    np.testing.assert_array_equal(ad.sparsity(f, np.ones(3)).dense(), np.triu(np.ones((3, 3))))


AT = {
    "where": (lambda x: np.where(x > 0, x, x[::-1]), [1.0, 2.0, -1.0], "100 010 100"),
    "max": (np.max, [1.0, 3.0, 2.0], "010"),
    "max of ties": (np.max, [3.0, 3.0, 2.0], "110"),
    "max of one": (lambda x: np.max(x[:, None], axis=1), [3.0, 1.0], "10 01"),
    "sort": (np.sort, [2.0, 3.0, 1.0], "001 100 010"),
    "maximum": (lambda x: np.maximum(x, x[::-1]), [1.0, 5.0, 2.0], "001 010 001"),
    "argsort": (lambda x: x[np.argsort(x)], [2.0, 3.0, 1.0], "001 100 010"),
    "clip": (lambda x: np.clip(x, 0, 1), [2.0, 0.5, -1.0], "000 010 000"),
    "if": (lambda x: x if x[0] > 0 else x[::-1], [-1.0, 1.0, 1.0], "001 010 100"),
}


@pytest.mark.parametrize("name", AT)
def test_the_pattern_at_a_point(name):
    f, x, expected = AT[name]
    found = ad.sparsity(f, np.array(x), at=True)
    np.testing.assert_array_equal(found.dense(), rows(expected))


def test_a_branch_on_a_value_is_refused_with_a_cure_that_works():
    def f(x):
        return x if x[0] > 0 else x[::-1]

    with pytest.raises(ad.NotDifferentiableError, match=r"sparsity: .* at=True"):
        ad.sparsity(f, np.ones(3))
    assert ad.sparsity(f, np.ones(3), at=True).nnz == 3


def test_other_float_arguments_may_be_anything_and_integers_are_as_they_are():
    mask = np.array([True, False])
    assert ad.sparsity(lambda x, a: a * x, np.ones(2), np.zeros(2)).nnz == 2
    assert ad.sparsity(lambda x, a: a * x, np.ones(2), mask).nnz == 1
    assert ad.sparsity(lambda x, k: x[k], np.ones(2), 1).cols.tolist() == [1]


def test_nests_and_several_arguments():
    def f(p, y):
        return {"a": p[0] * y, "b": p[1]}

    found = ad.sparsity(f, (np.ones(2), 1.0), np.ones(2), argnums=(0, 1))
    (a_p0, a_p1), a_y = found["a"]
    np.testing.assert_array_equal(a_p0.dense(), np.eye(2))
    assert (a_p1.shape, a_p1.nnz, a_y.nnz) == ((2, 1), 0, 2)
    (b_p0, b_p1), b_y = found["b"]
    assert (b_p0.nnz, b_p1.nnz, b_y.shape) == (0, 1, (1, 2))


HESSIANS = {
    "linear": (lambda x: np.sum(CONSTANT @ x), "000 000 000"),
    "separable": (lambda x: np.sum(x**3), "100 010 001"),
    "product": (lambda x: x[0] * x[1] + np.sin(x[2]), "010 100 001"),
    "square of a sum": (lambda x: np.sum(x) ** 2, "111 111 111"),
    "bilinear": (lambda x: x[:2] @ CONSTANT[:2, :2] @ x[:2], "100 000 000"),
    "quotient": (lambda x: x[0] / x[1], "010 110 000"),
    "chain": (lambda x: np.sum(x[1:] * x[:-1]), "010 101 010"),
}


@pytest.mark.parametrize("name", HESSIANS)
def test_hessians(name):
    f, expected = HESSIANS[name]
    found = ad.hessian_sparsity(f, np.arange(1.0, 4.0))
    np.testing.assert_array_equal(found.dense(), rows(expected))


def test_a_dense_matrix_of_100_000_is_refused():
    n = 100_000
    with pytest.raises(ad.ShapeError, match=f"more than {MOST} entries"):
        ad.sparsity(lambda x: np.sum(x) * x, np.ones(n))


def test_sets_of_everything_are_one_set():
    def f(x):
        for _ in range(10):
            x = np.sum(x) * x + np.mean(x)
        return np.sum(x)

    assert ad.sparsity(f, np.ones(100_000)).nnz == 100_000


def test_a_stencil():
    def f(u):
        u = np.pad(np.reshape(u, (300, 300)), 1)
        return u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] * u[1:-1, :-2]

    found = ad.sparsity(f, np.zeros(90_000))
    assert found.nnz == 4 * 90_000 - 4 * 300


# -- the object --------------------------------------------------------------------------------
def test_patterns_are_compared_drawn_and_made():
    pattern = ad.sparsity(lambda x: x[1:] - x[:-1], np.ones(3))
    assert pattern == Pattern.at([1, 0, 1, 0], [2, 0, 1, 1], (2, 3))
    assert pattern == Pattern.of(np.array([[1, 1, 0], [0, 1, 1]]))
    assert pattern != Pattern.of(np.ones((2, 3)))
    assert hash(pattern) == hash(Pattern.of(pattern.dense()))
    assert repr(pattern) == "<Pattern of shape (2, 3): 4 entries, 66.7 %>"
    svg = pattern._repr_svg_()
    assert svg.startswith("<svg")
    assert svg.count("M") == 4
    assert "2 x 3, 4 entries" in svg
    with pytest.raises(ValueError, match="read-only"):
        pattern.cols[0] = 1
    with pytest.raises(ad.ShapeError, match="a pattern is a matrix"):
        Pattern.of(np.ones(3))


def test_a_pattern_is_an_array_of_scipy():
    pytest.importorskip("scipy")
    pattern = ad.sparsity(np.cumsum, np.ones(3))
    assert pattern.tocsr().dtype == bool
    np.testing.assert_array_equal(pattern.tocsr().toarray(), np.tri(3))
    assert Pattern.of(pattern.tocsr()) == pattern


def test_a_picture_of_many_entries_folds_them():
    svg = ad.sparsity(np.sin, np.ones(10_000))._repr_svg_()
    assert len(svg) < 20_000
    assert "10000 entries" in svg
