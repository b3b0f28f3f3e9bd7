"""`autodiff.tree`: nests as a whole, in insertion order, with None as an empty nest."""

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

import autodiff as ad
from nn import Dense


class Point(NamedTuple):
    x: object
    y: object


@dataclasses.dataclass
class Line:
    start: object
    end: object


class Box:
    def __init__(self, inside):
        self.inside = inside


ad.register_container(Box, lambda b: ((b.inside,), None), lambda _, inside: Box(*inside))

X, Y = np.array([[1.0, 2.0]]), np.array([3.0, 5.0])
NEST = {"p": Point(X, None), "line": Line(Y, [2.0]), "a": ()}


def test_flatten_keeps_the_order_and_passes_over_none():
    leaves, structure = ad.tree.flatten(NEST)
    assert leaves == [X, Y, 2.0] or [id(leaf) for leaf in leaves[:2]] == [id(X), id(Y)]
    assert structure == ad.tree.flatten(NEST)[1]
    assert structure.size == 3
    back = ad.tree.unflatten(structure, leaves)
    assert list(back) == ["p", "line", "a"]
    assert back["p"] == Point(X, None)
    assert back["a"] == ()


def test_another_order_of_keys():
    one, two = {"b": 1.0, "a": 2.0}, {"a": 20.0, "b": 10.0}
    assert ad.tree.flatten(one)[0] == [1.0, 2.0]
    assert ad.tree.map(lambda x, y: x + y, one, two) == {"b": 11.0, "a": 22.0}


def test_map_of_a_registered_class_and_a_module():
    assert ad.tree.map(lambda x: 2 * x, Box([1.0, None])).inside == [2.0, None]
    model = Dense(2, 3, np.random.default_rng(0))
    doubled = ad.tree.map(lambda p: 2 * p, dict(model.named_parameters()))
    assert list(doubled) == [name for name, _ in model.named_parameters()]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ad.tree.map(np.add, {"a": [1.0]}, {"a": (1.0,)}),
            r"tree\.map: nest 1 .*differs at nest 1\['a'\]",
        ),
        (
            lambda: ad.tree.map(max, [1.0], [2.0], [None]),
            r"tree\.map: nest 2 has structure \[None\], expected \[\*\]",
        ),
        (
            lambda: ad.tree.unflatten(ad.tree.flatten(NEST)[1], [1.0]),
            "takes 3 leaves, not 1: ",
        ),
        (
            lambda: ad.tree.unflatten(ad.tree.flatten([])[1], iter([1.0])),
            r"takes 0 leaves, not 1: \[\]",
        ),
        (lambda: ad.tree.ravel({"a": "text"}), r"tree\['a'\] is a str, neither a number"),
        (lambda: ad.tree.ravel([np.array([None])]), r"tree\[0\] is a ndarray, neither"),
        (lambda: ad.tree.ravel(NEST)[1](np.zeros(4)), r"of shape \(5,\), not one of shape \(4,\)"),
        (lambda: ad.tree.ravel(NEST)[1](np.zeros((5, 1))), r"not one of shape \(5, 1\)"),
        (lambda: ad.tree.ravel([1.0])[1](np.array([1j])), r"tree\[0\] is of float64, which cannot"),
        (lambda: ad.tree.ravel({"n": 3})[1]([0.5]), r"tree\['n'\] is of int64, which cannot hold"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(call, message):
    with pytest.raises(ad.ShapeError, match=message):
        call()


def test_swapped_arguments_are_refused_by_name():
    leaves, structure = ad.tree.flatten(NEST)
    with pytest.raises(
        TypeError, match=r"is not a structure; write unflatten\(structure, leaves\)"
    ):
        ad.tree.unflatten(leaves, structure)
    with pytest.raises(TypeError, match=r"is not a function; write map\(f, tree\)"):
        ad.tree.map(NEST, np.sin)


def test_a_structure_shows_itself():
    assert repr(ad.tree.flatten({"a": 1.0, "b": [1.0, 2.0]})[1]) == "{'a': *, 'b': [*, *]}"


def test_what_unravel_refuses_a_compiled_one_refuses():
    _, unravel = ad.tree.ravel({"n": 3})
    compiled = ad.jit(unravel)
    assert compiled(np.array([4.0])) == {"n": 4}
    with pytest.raises(ad.ShapeError, match="cannot hold"):
        compiled(np.array([4.5]))


@pytest.mark.parametrize(
    ("tree", "dtype"),
    [
        ([np.float32(1), 2.0, 3], np.float32),  # Python's numbers are weak
        ([np.float32(1), np.float64(2)], np.float64),
        ([np.ones(2, np.int16), 1.5], np.float64),
        ([True, 2], np.int64),
        ([1.0, 2j], np.complex128),
        ([np.ones((0, 3))], np.float64),
        (None, np.float64),
    ],
)
def test_ravel_promotes_by_numpys_rule_and_unravel_restores(tree, dtype):
    vector, unravel = ad.tree.ravel(tree)
    assert vector.dtype == dtype
    assert vector.ndim == 1
    before, after = ad.tree.flatten(tree)[0], ad.tree.flatten(unravel(vector))[0]
    for a, b in zip(before, after, strict=True):
        assert type(a) is type(b)
        assert getattr(a, "dtype", None) == getattr(b, "dtype", None)
        np.testing.assert_array_equal(a, b)


def test_vector_and_nest_share_no_memory():
    vector, unravel = ad.tree.ravel([Y])
    (again,) = unravel(vector)
    again[0] = 7.0
    assert vector.tolist() == Y.tolist() == [3.0, 5.0]


def energy(tree):
    return np.sum(ad.tree.ravel(tree)[0] ** 3) * tree["line"].end[0]


def test_inside_transforms():
    vector, unravel = ad.tree.ravel(NEST)
    flat = lambda v: energy(unravel(v))  # noqa: E731
    g = 3 * vector**2 * vector[-1]
    g[-1] += np.sum(vector**3)
    np.testing.assert_allclose(ad.tree.ravel(ad.grad(energy)(NEST))[0], g)
    np.testing.assert_allclose(ad.grad(flat)(vector), g)
    np.testing.assert_allclose(ad.jit(ad.grad(flat))(vector), g)
    np.testing.assert_allclose(ad.tree.ravel(ad.jit(ad.grad(energy))(NEST))[0], g)
    stack = np.stack([vector, 2 * vector])
    np.testing.assert_allclose(ad.vmap(ad.grad(flat))(stack), [g, 8 * g])
    np.testing.assert_allclose(ad.jacfwd(ad.grad(flat))(vector), ad.hessian(flat)(vector))
    batch = ad.tree.map(lambda x: np.stack([x, x]), NEST)
    assert ad.vmap(lambda t: ad.tree.ravel(t)[0])(batch).shape == (2, 5)
    assert ad.check(flat, vector).ok
