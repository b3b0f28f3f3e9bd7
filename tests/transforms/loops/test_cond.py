"""`cond` is Python's if, in every mode; the branch that is not taken contributes exactly zero."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from laws_of_loops import MODES, TRANSFORMS, same

import autodiff as ad


def branches(a):
    return ad.cond(a > 1, lambda b: (np.sqrt(a - 1) * b, b), lambda b: (a * b, b * 2), np.sin(a))


def python_branches(a):
    b = np.sin(a)
    return (np.sqrt(a - 1) * b, b) if a > 1 else (a * b, b * 2)


@pytest.mark.parametrize("transform", [t for t in TRANSFORMS if "vmap" not in t])
@pytest.mark.parametrize("mode", MODES)
def test_it_is_pythons_if(mode, transform):
    f, plain = map(TRANSFORMS[transform], (branches, python_branches))
    compiled = MODES[mode](f, (1.3,))
    for a in (1.3, 0.7, 3.0, -1.0):
        same(compiled(a), plain(a))


@pytest.mark.parametrize("mode", MODES)
def test_under_vmap_each_example_has_its_branch(mode):
    stack = np.array([0.3, 1.2, 5.0])
    f = MODES[mode](ad.vmap(branches), (stack,))
    same(f(stack), tuple(map(np.stack, zip(*map(python_branches, stack), strict=True))))


ROOT = [
    lambda a: ad.cond(a > 0, lambda: np.sqrt(a), lambda: 0.0 * a),
    lambda a: ad.cond(a > 0, np.sqrt, lambda a: 0.0 * a, a),
    lambda a: ad.cond(a > 0, functools.partial(np.sqrt, a), lambda: 0.0 * a),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("root", ROOT)
def test_the_other_branch_contributes_exactly_zero(root, mode):
    """Though its slope is infinite, and though it uses nothing but what it closes over."""
    stack = np.array([0.0, 4.0])
    for made in (ad.grad, ad.jacfwd):
        assert MODES[mode](made(root), (0.0,))(0.0) == 0.0
    for g in (ad.vmap(ad.grad(root)), ad.grad(lambda s: np.sum(ad.vmap(root)(s)))):
        np.testing.assert_array_equal(MODES[mode](g, (stack,))(stack), [0.0, 0.25])


def test_a_predicate_that_is_known_leaves_one_branch():
    graph = ad.trace(lambda a: ad.cond(True, np.sin, np.cos, a), 0.5)
    assert [node.primitive.name for node in graph.operations] == ["sin"]


def test_one_branch_runs():
    """The other one would not come to an end."""
    ran = []
    assert ad.cond(True, lambda: 1.0, lambda: ran.append(1)) == 1.0
    assert not ran

    def f(a):
        return ad.cond(a > 0, lambda: a, lambda: ad.while_loop(lambda v: v < 9, lambda v: v * 1, a))

    assert ad.jit(f)(2.0) == 2.0


def test_results_that_differ_are_refused():
    for mode in ("traced", "llvm", "numpy"):
        with pytest.raises(ad.ShapeError, match="dtype int64, but the result of true_fun has"):
            MODES[mode](lambda a: ad.cond(a > 0, lambda: a, lambda: 1), (0.5,))(0.5)
        with pytest.raises(ad.ShapeError, match="structure"):
            MODES[mode](lambda a: ad.cond(a > 0, lambda: a, lambda: (a, a)), (0.5,))(0.5)


class Holder:
    def __init__(self, value):
        self.value = value

    def twice(self):
        return self.value * 2

    def same(self):
        return self.value


def test_a_value_that_a_branch_reaches_through_an_object_is_refused():
    def f(a):
        h = Holder(a)
        return ad.cond(a > 0, h.twice, h.same)

    assert f(1.5) == 3.0
    with pytest.raises(ad.NotDifferentiableError, match="pass the value as an operand"):
        ad.trace(f, 1.5)
