"""Nests: taken apart, put back, and named as a person would name their parts."""

import collections
import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autodiff as ad
from autodiff.containers import (
    describe,
    flatten,
    flatten_like,
    paths,
    register_container,
    unflatten,
)


class Point(NamedTuple):
    x: object
    y: object


@dataclasses.dataclass
class Line:
    start: object
    end: object
    label: object = dataclasses.field(default=None, init=False)


trees = st.recursive(
    st.floats(allow_nan=False) | st.none(),
    lambda parts: (
        st.lists(parts, max_size=3)
        | st.tuples(parts, parts)
        | st.dictionaries(st.sampled_from("abc"), parts, max_size=3)
        | st.builds(Point, parts, parts)
        | st.builds(Line, parts, parts)
    ),
    max_leaves=8,
)


@given(trees)
def test_taken_apart_and_put_back(tree):
    leaves, structure = flatten(tree)
    assert unflatten(structure, leaves) == tree
    assert type(unflatten(structure, leaves)) is type(tree)
    assert len(leaves) == structure.size == len(list(paths(structure, "x")))


@given(trees)
def test_a_path_leads_to_its_leaf(tree):
    leaves, structure = flatten(tree)
    for path, leaf in zip(paths(structure, "tree"), leaves, strict=True):
        found = tree
        for step in path.removeprefix("tree").replace("]", "").replace(".", "[").split("[")[1:]:
            step = step.strip("'")
            if isinstance(found, dict):
                found = found[step]
            elif step.isdigit():
                found = found[int(step)]
            else:
                found = getattr(found, step)
        assert found is leaf


def test_what_a_person_would_write():
    tree = {"W": [1.0, Point(2.0, 3.0)], "line": Line(4.0, None)}
    _, structure = flatten(tree)
    assert list(paths(structure, "p")) == [
        "p['W'][0]",
        "p['W'][1].x",
        "p['W'][1].y",
        "p['line'].start",
    ]
    assert describe(structure) == "{'W': [*, Point(x=*, y=*)], 'line': Line(start=*, end=None)}"
    assert describe(flatten((1.0,))[1]) == "(*,)"


def test_dictionaries_keep_their_kind_and_order():
    tree = collections.OrderedDict(b=1.0, a=2.0)
    g = ad.grad(lambda p: p["a"] * p["b"])(tree)
    assert type(g) is collections.OrderedDict
    assert list(g.items()) == [("b", 2.0), ("a", 1.0)]


def test_a_registered_class():
    class Box:
        def __init__(self, inside, note):
            self.inside, self.note = inside, note

    register_container(
        Box, lambda b: ((b.inside,), b.note), lambda note, inside: Box(*inside, note)
    )
    g = ad.grad(lambda b: np.sum(b.inside**2))(Box(np.array([1.0, 2.0]), "kept"))
    assert g.inside.tolist() == [2.0, 4.0]
    assert g.note == "kept"


def test_structures_that_differ_are_shown():
    _, structure = flatten({"a": 1.0, "b": (2.0, 3.0)})
    with pytest.raises(
        ad.ShapeError, match=r"the cotangent has structure \[\*\], expected \{'a': \*"
    ):
        flatten_like([1.0], structure, "the cotangent")
