"""Colours: every entry is found in its sweep, and the sweeps are as few as are known to do."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from autodiff.sparse.coloring import (
    Coloring,
    color_hessian,
    color_jacobian,
    count,
    hessian_orders,
    orders,
    read_from,
    star_colors,
)
from autodiff.sparse.pattern import Pattern

SEEDS = st.integers(0, 2**32 - 1)
WAYS = ("jacobian", "jacfwd", "jacrev", "hessian")


def matrix(pattern, rng, symmetric):
    values = rng.normal(size=pattern.shape)
    return (values + values.T if symmetric else values) * pattern.dense()


def recovered(coloring, values):
    """Each entry as the sweeps have it."""
    sweeps = [values @ (coloring.columns == k) for k in range(coloring.forward)]
    sweeps += [(coloring.rows == k) @ values for k in range(coloring.backward)]
    places = zip(coloring.sweep, coloring.place, strict=True)
    return np.array([sweeps[k][place] for k, place in places])


def random_pattern(rng, symmetric):
    n, m = rng.integers(1, 20, 2)
    there = rng.random((n, n if symmetric else m)) < 0.5 * rng.random()
    return Pattern.of(there | there.T if symmetric else there)


def colored(pattern, way):
    return color_hessian(pattern) if way == "hessian" else color_jacobian(pattern, way)


@pytest.mark.parametrize("way", WAYS)
@given(seed=SEEDS)
def test_every_entry_is_found_in_its_sweep(way, seed):
    rng = np.random.default_rng(seed)
    pattern = random_pattern(rng, way == "hessian")
    values = matrix(pattern, rng, way == "hessian")
    found = recovered(colored(pattern, way), values)
    np.testing.assert_allclose(found, values[pattern.rows, pattern.cols], atol=1e-12)


@given(seed=SEEDS)
def test_star_colourings_in_any_order(seed):
    rng = np.random.default_rng(seed)
    pattern = random_pattern(rng, True)
    off = pattern.rows != pattern.cols
    graph = Pattern.at(pattern.rows[off], pattern.cols[off], pattern.shape)
    for order in (*hessian_orders(graph), rng.permutation(pattern.shape[0])):
        colors = star_colors(graph, order)
        assert np.all(read_from(pattern, colors, count(colors))[1])


@given(seed=SEEDS)
def test_orders_have_every_column_once(seed):
    pattern = random_pattern(np.random.default_rng(seed), False)
    for order in orders(pattern, pattern.turned[0]):
        assert sorted(order.tolist()) == list(range(pattern.shape[1]))


@given(seed=SEEDS)
def test_a_colour_for_two_that_meet_is_noticed(seed):
    """The law can fail: with one colour less, some entry is wrong."""
    rng = np.random.default_rng(seed)
    pattern = Pattern.of(np.tri(6, dtype=bool))
    c = color_jacobian(pattern, "jacfwd")
    columns = np.where(c.columns == c.forward - 1, 0, c.columns)
    wrong = Coloring(columns, c.rows, c.forward - 1, 0, columns[pattern.cols], c.place)
    values = matrix(pattern, rng, False)
    assert not np.allclose(recovered(wrong, values), values[pattern.rows, pattern.cols])


def arrow(n):
    there = np.eye(n, dtype=bool)
    there[0] = there[:, 0] = True
    return Pattern.of(there)


def band(n, below, above):
    return Pattern.of(np.tri(n, k=above, dtype=bool) & ~np.tri(n, k=-below - 1, dtype=bool))


@pytest.mark.parametrize(
    ("pattern", "jacobian", "hessian"),
    [
        (Pattern.of(np.eye(30)), 1, 1),
        (arrow(30), 3, 2),
        (band(30, 1, 1), 3, 3),
        (band(30, 2, 2), 5, 5),
        (Pattern.of(np.kron(np.eye(8), np.ones((4, 4)))), 4, 4),
        (Pattern.of(np.ones((5, 5))), 5, 5),
        (Pattern.of(np.zeros((4, 4))), 0, 0),
    ],
    ids=["diagonal", "arrow", "tridiagonal", "pentadiagonal", "blocks", "dense", "empty"],
)
def test_known_patterns_take_the_fewest_sweeps(pattern, jacobian, hessian):
    assert color_jacobian(pattern).sweeps == jacobian
    assert color_hessian(pattern).sweeps <= hessian


@pytest.mark.parametrize(("side", "dims", "most"), [(10, 2, 5), (3, 3, 4), (4, 3, 7), (6, 3, 9)])
def test_stencils_take_no_more_sweeps_than_casadis(side, dims, most):
    """What `casadi.Sparsity.star_coloring` takes, or less."""
    number = np.arange(side**dims).reshape((side,) * dims)
    there = np.eye(side**dims, dtype=bool)
    for axis in range(dims):
        last, first = (np.delete(number, end, axis).ravel() for end in (0, -1))
        there[last, first] = there[first, last] = True
    assert color_hessian(Pattern.of(there)).sweeps <= most


def test_a_border_below_a_band():
    there = band(40, 0, 1).dense()
    there[-1] = True
    coloring = color_jacobian(Pattern.of(there))
    assert coloring.sweeps == 3
