"""Sparse Jacobians and Hessians are the dense ones, whatever changes between calls."""

import copy
import pickle
import sys

import numpy as np
import pytest

import autodiff as ad
from autodiff.base.trees import flatten
from autodiff.sparse.entries import Entries

scipy_sparse = pytest.importorskip("scipy.sparse")
RNG = np.random.default_rng(0)


def chained(x):
    return x[1:] * x[:-1] - np.sin(x[:-1])


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def agrees(found, dense):
    leaves, structure = flatten(dense)
    blocks, nest = flatten(found)
    assert nest == structure
    for block, leaf in zip(blocks, leaves, strict=True):
        assert isinstance(block, scipy_sparse.csr_array)
        np.testing.assert_allclose(
            block.toarray(), np.reshape(leaf, block.shape), rtol=1e-10, atol=1e-10
        )
    return blocks


@pytest.mark.parametrize("transform", [ad.jacobian, ad.jacfwd, ad.jacrev])
def test_the_sparse_jacobian_is_the_dense_one(transform):
    x = RNG.normal(size=9)
    slopes = transform(chained, sparse=True)
    agrees(slopes(x), transform(chained)(x))
    assert slopes.sweeps == 2
    assert slopes.pattern.nnz == 16


def test_the_sparse_hessian_is_the_dense_one():
    x = RNG.normal(size=9)
    curvature = ad.hessian(rosenbrock, sparse=True)
    agrees(curvature(x), ad.hessian(rosenbrock)(x))
    assert curvature.sweeps == 3


def test_nests_and_several_arguments_give_the_nest_of_blocks():
    def f(p, y):
        return {"a": p["u"] * y, "b": [np.outer(p["v"], y), p["v"][0] * 2.0]}

    def energy(p, y):
        return np.sum(p["u"] ** 2 * y) * p["v"][0] + np.sum(np.exp(p["v"]))

    args = {"u": RNG.normal(size=3), "v": RNG.normal(size=2)}, RNG.normal(size=3)
    for argnums in (0, 1, (0,), (1, 0)):
        agrees(ad.jacobian(f, argnums, sparse=True)(*args), ad.jacobian(f, argnums)(*args))
        agrees(ad.hessian(energy, argnums, sparse=True)(*args), ad.hessian(energy, argnums)(*args))


def test_numbers_and_constants():
    agrees(ad.jacobian(lambda x: x**2, sparse=True)(3.0), ad.jacobian(lambda x: x**2)(3.0))
    y = ad.jacobian(lambda x: (np.ones(3), x), sparse=True)(np.ones(2))
    assert [part.nnz for part in y] == [0, 2]
    assert ad.jacobian(lambda x: np.ones(3), sparse=True)(np.ones(2)).shape == (3, 2)
    assert ad.jacobian(chained, sparse=True)(np.zeros(0) + 0 * np.zeros(0)).shape == (0, 0)


def test_keywords_and_aux():
    def f(x, *, power):
        return x**power, {"power": power}

    jacobian, aux = ad.jacobian(f, has_aux=True, sparse=True)(np.array([1.0, 2.0]), power=3)
    np.testing.assert_array_equal(jacobian.toarray(), np.diag([3.0, 12.0]))
    assert aux == {"power": 3}
    curvature, aux = ad.hessian(lambda x: (np.sum(x**3), "seen"), has_aux=True, sparse=True)(
        np.array([1.0, 2.0])
    )
    np.testing.assert_array_equal(curvature.toarray(), np.diag([6.0, 12.0]))
    assert aux == "seen"


def test_an_arrow_takes_both_kinds_of_sweep():
    def arrow(x):
        return np.append(np.sum(x**2), x[0] * x[1:])

    x = RNG.normal(size=40)
    slopes = ad.jacobian(arrow, sparse=True)
    agrees(slopes(x), ad.jacobian(arrow)(x))
    assert slopes.sweeps == 3
    assert "2 sweeps forwards and 1 backwards" in slopes.report()


# -- what changes between calls ----------------------------------------------------------------
def test_other_shapes_and_types_have_their_own_pattern():
    slopes = ad.jacobian(chained, sparse=True)
    for x in (np.ones(4), np.ones(7), np.ones(4, np.float32), [1.0, 2.0]):
        if isinstance(x, list):
            continue
        y = slopes(x)
        agrees(y, ad.jacobian(chained)(x))
        assert y.dtype == x.dtype


def test_other_indices_are_another_pattern():
    slopes = ad.jacobian(lambda x, places: x[places] ** 2, sparse=True)
    x = RNG.normal(size=5)
    for places in ([0, 1], [3, 3], [4, 0]):
        agrees(slopes(x, np.array(places)), np.diag(2 * x)[places])


def test_an_array_outside_changes():
    places, matrix = np.array([0, 1]), np.eye(4)

    def f(x):
        return (matrix @ x)[places] * np.exp(x[0])

    x = RNG.normal(size=4)
    slopes = ad.jacobian(f, sparse=True)
    agrees(slopes(x), ad.jacobian(f)(x))
    places[:] = 3, 2
    agrees(slopes(x), ad.jacobian(f)(x))
    matrix[3, 1] = 5.0
    agrees(slopes(x), ad.jacobian(f)(x))
    matrix = np.ones((4, 4))
    agrees(slopes(x), ad.jacobian(f)(x))


def test_a_branch_on_a_value_is_the_branch_that_is_taken():
    def f(x):
        return x**2 if x[0] > 0 else x[::-1] * x[0]

    slopes = ad.jacobian(f, sparse=True)
    for x in (np.array([1.0, 2.0]), np.array([-1.0, 2.0]), np.array([1.0, -2.0])):
        agrees(slopes(x), ad.jacobian(f)(x))


def test_random_numbers_are_those_of_one_run():
    rng = np.random.default_rng(0)
    seen = []

    def f(x):
        seen.append(rng.random(6) > 0.5)
        return np.where(seen[-1], x, 0.0)

    slopes = ad.jacobian(f, sparse=True)
    for _ in range(10):
        found = slopes(np.ones(6))
        np.testing.assert_array_equal(found.toarray(), np.diag(seen[-1] * 1.0))


def test_a_pattern_is_found_once():
    runs = []

    def f(x):
        runs.append(None)
        return x**2

    slopes = ad.jacobian(lambda x: x * np.sin(x), sparse=True)
    slopes(np.ones(3))
    plan = slopes._kept.plan
    slopes(np.zeros(3))
    assert slopes._kept.plan is plan
    slopes = ad.jacobian(f, sparse=True)  # it changes what is outside
    slopes(np.ones(3))
    agrees(slopes(np.zeros(3)), np.zeros((3, 3)))


# -- patterns given by hand --------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["pattern", "dense", "csc"])
def test_a_pattern_by_hand(kind):
    x = RNG.normal(size=6)
    dense = np.abs(ad.jacobian(chained)(x)) > 0
    given = {
        "pattern": ad.sparsity(chained, x),
        "dense": dense,
        "csc": scipy_sparse.csc_array(dense),
    }[kind]
    slopes = ad.sparse_jacobian(chained, pattern=given)
    agrees(slopes(x), ad.jacobian(chained)(x))
    slopes.check(x)


def test_a_wrong_pattern_is_noticed_on_request():
    slopes = ad.sparse_jacobian(chained, pattern=np.eye(5, 6))
    with pytest.raises(ad.AutodiffError, match="lacks an entry: row 0"):
        slopes.check(RNG.normal(size=6))
    with pytest.raises(ad.ShapeError, match=r"shape \(5, 6\); the derivative .* \(3, 4\)"):
        slopes(np.ones(4))


# -- other transforms --------------------------------------------------------------------------
@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_compiled(backend):
    if backend == "llvm":
        pytest.importorskip("llvmlite")
    matrix = np.diag([1.0, 0.0, 2.0])
    f = lambda x: matrix @ x**2  # noqa: E731
    x = RNG.normal(size=3)
    for function in (chained, f):
        slopes = ad.jit(ad.jacobian(function, sparse=True), backend=backend)
        for point in (x, 2 * x):
            agrees(slopes(point), ad.jacobian(function)(point))
    assert slopes(x).nnz == 2
    constant = ad.jit(ad.jacobian(np.diff, sparse=True), backend=backend)
    agrees(constant(x), ad.jacobian(np.diff)(x))
    matrix[0, 1] = 3.0
    agrees(slopes(x), ad.jacobian(f)(x))
    curvature = ad.jit(ad.hessian(rosenbrock, sparse=True), backend=backend)
    agrees(curvature(x), ad.hessian(rosenbrock)(x))


def test_an_index_that_jit_traces_is_taken_as_any():
    slopes = ad.jit(ad.jacobian(lambda x, k: x[k] * 2, sparse=True))
    x = RNG.normal(size=4)
    for places in ([0, 1], [3, 3]):
        agrees(slopes(x, np.array(places)), 2 * np.eye(4)[places])


def test_vmap_over_parameters_has_a_row_of_entries_for_each():
    x, scales = RNG.normal(size=5), np.array([1.0, 2.0])
    found = ad.vmap(lambda a: ad.jacobian(lambda x: a * chained(x), sparse=True)(x))(scales)
    assert isinstance(found, Entries)
    assert found.shape == (2, 4, 5)
    dense = ad.jacobian(chained)(x)
    for a, part in zip(scales, found.tocsr(), strict=True):
        np.testing.assert_allclose(part.toarray(), a * dense)
    np.testing.assert_allclose(found.toarray()[1], 2 * dense)


def test_entries_can_be_differentiated():
    x = RNG.normal(size=5)
    slope = ad.grad(lambda x: np.sum(ad.jacobian(chained, sparse=True)(x).toarray() ** 2))(x)
    np.testing.assert_allclose(slope, ad.grad(lambda x: np.sum(ad.jacobian(chained)(x) ** 2))(x))


def test_an_infinite_slope_keeps_to_its_row():
    x = np.array([0.0, 4.0, 9.0])
    agrees(ad.jacobian(np.sqrt, sparse=True)(x), np.diag([np.inf, 0.25, 1 / 6]))


def test_copies_and_pickles():
    slopes = ad.jacobian(chained, sparse=True)
    for again in (copy.copy(slopes), pickle.loads(pickle.dumps(slopes))):
        agrees(again(np.ones(3)), ad.jacobian(chained)(np.ones(3)))


# -- refusals ----------------------------------------------------------------------------------
def test_complex_numbers_are_refused():
    for f, x in ((chained, np.ones(3) + 0j), (lambda x: x * 1j, np.ones(3))):
        with pytest.raises(ad.NotDifferentiableError, match="real arguments and results"):
            ad.jacobian(f, sparse=True)(x)
    with pytest.raises(ad.NotDifferentiableError, match="leave holomorphic or sparse out"):
        ad.hessian(rosenbrock, holomorphic=True, sparse=True)


def test_a_hessian_is_of_a_scalar_function():
    with pytest.raises(ad.ShapeError, match="returned an array of shape"):
        ad.hessian(chained, sparse=True)(np.ones(3))


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    assert ad.sparsity(chained, np.ones(3)).nnz == 4
    with pytest.raises(ad.MissingExtraError, match="pip install scipy"):
        ad.jacobian(chained, sparse=True)(np.ones(3))


def test_before_the_first_call():
    slopes = ad.jacobian(chained, sparse=True)
    for name in ("pattern", "colors", "sweeps"):
        with pytest.raises(ad.AutodiffError, match="does not exist before the first call"):
            getattr(slopes, name)
    assert repr(slopes) == "<sparse Jacobian of chained>"
    slopes(np.ones(4))
    columns, rows = slopes.colors
    assert columns.tolist() == [0, 1, 0, 1]
    assert rows.tolist() == [-1] * 3
    assert "2 sweeps" in slopes._repr_svg_()
