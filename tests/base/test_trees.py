"""Nests: taken apart, put back, and named as a person would name their parts."""

import collections
import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, strategies as st

import autodiff as ad
from autodiff.base.containers import register_container
from autodiff.base.trees import describe, flatten, flatten_like, paths, unflatten


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


def test_a_list_put_back_is_not_the_list_of_leaves():
    leaves, structure = flatten([1.0, 2.0])
    assert unflatten(structure, leaves) == leaves
    assert unflatten(structure, leaves) is not leaves


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
    assert describe(structure) == (
        "{'W': [*, Point(x=*, y=*)], 'line': Line(start=*, end=None, label=None)}"
    )
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


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: object
    y: object


@dataclasses.dataclass(slots=True)
class Slotted:
    x: object
    y: object
    cache: object = dataclasses.field(default=None, init=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What holds of the values holds of no gradient: y - x > 0."""

    x: object
    y: object
    unit: str = dataclasses.field(default="m", metadata={"static": True})

    def __post_init__(self):
        if np.any(self.y <= self.x):
            raise ValueError("y must be above x")


class Registered:
    def __init__(self, x, y, unit):
        self.x, self.y, self.unit = x, y, unit


register_container(
    Registered, lambda r: ((r.x, r.y), r.unit), lambda unit, xy: Registered(*xy, unit)
)


class Named(dict):
    """Nothing but a dict of its own name."""


X, Y = np.array([1.0, 2.0]), np.array([3.0, 5.0])


def defaults(**items):
    return collections.defaultdict(float, items)


CONTAINERS = {
    "list": lambda x, y: [x, y],
    "tuple": lambda x, y: (x, y),
    "named tuple": Point,
    "dict": lambda x, y: {"x": x, "y": y},
    "dict in another order": lambda x, y: {"y": y, "x": x},
    "dict of tuples and numbers": lambda x, y: {(0, "x"): x, 7: y},
    "ordered dict": lambda x, y: collections.OrderedDict(y=y, x=x),
    "default dict": lambda x, y: defaults(x=x, y=y),
    "subclass of dict": lambda x, y: Named(x=x, y=y),
    "dataclass": lambda x, y: Line(x, y),
    "frozen dataclass": Frozen,
    "dataclass with slots": Slotted,
    "dataclass that checks itself": lambda x, y: Checked(x=x, y=y, unit="km"),
    "registered": lambda x, y: Registered(x, y, "km"),
    "None beside them": lambda x, y: [None, {"a": None, "b": (x, None)}, y],
    "nested": lambda x, y: {"layers": [Point(x, None), (Frozen(None, [y]),)]},
}


def parts(tree):
    """x and y, whatever holds them."""
    leaves, _ = flatten(tree)
    return leaves if next(iter(getattr(tree, "keys", list)()), "x") != "y" else leaves[::-1]


def loss(tree):
    x, y = parts(tree)
    return np.sum(np.sin(x) * y)


def both(tree):
    """A result in the same container."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [np.sin(leaf) for leaf in leaves])


@pytest.mark.parametrize("make", CONTAINERS.values(), ids=CONTAINERS)
class TestEveryTransform:
    def same(self, found, make, x, y):
        """`found` is a container as `make` makes it, of x and y."""
        expected = make(0.0, 1.0)
        assert type(found) is type(expected)
        assert flatten(found)[1] == flatten(expected)[1]
        for a, b in zip(parts(found), (x, y), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)
            assert type(a) is type(b)

    def test_grad(self, make):
        self.same(ad.grad(loss)(make(X, Y)), make, np.cos(X) * Y, np.sin(X))

    def test_value_and_grad_with_aux(self, make):
        (_, aux), g = ad.value_and_grad(lambda t: (loss(t), both(t)), has_aux=True)(make(X, Y))
        self.same(g, make, np.cos(X) * Y, np.sin(X))
        self.same(aux, make, np.sin(X), np.sin(Y))

    def test_jvp(self, make):
        y, y_dot = ad.jvp(both, (make(X, Y),), (make(X, Y),))
        self.same(y, make, np.sin(X), np.sin(Y))
        self.same(y_dot, make, np.cos(X) * X, np.cos(Y) * Y)

    def test_vjp(self, make):
        y, pullback = ad.vjp(both, make(X, Y))
        self.same(y, make, np.sin(X), np.sin(Y))
        (bar,) = pullback(make(X, Y))
        self.same(bar, make, np.cos(X) * X, np.cos(Y) * Y)

    def test_linearize(self, make):
        y, f_dot = ad.linearize(both, make(X, Y))
        self.same(y, make, np.sin(X), np.sin(Y))
        self.same(f_dot(make(X, Y)), make, np.cos(X) * X, np.cos(Y) * Y)

    def test_vmap(self, make):
        self.same(ad.vmap(both)(make(X, Y)), make, np.sin(X), np.sin(Y))

    def test_jacobians(self, make):
        for jacobian in (ad.jacfwd, ad.jacrev, ad.jacobian):
            self.same(jacobian(loss)(make(X, Y)), make, np.cos(X) * Y, np.sin(X))

    def test_hessian(self, make):
        blocks, structure = flatten(ad.hessian(loss)(make(X, Y)))
        cross = np.diag(np.cos(X))
        if parts(make(0.0, 1.0)) == flatten(make(0.0, 1.0))[0]:
            expected = [np.diag(-np.sin(X) * Y), cross, cross, 0 * cross]
        else:
            expected = [0 * cross, cross, cross, np.diag(-np.sin(X) * Y)]
        np.testing.assert_allclose(blocks, expected, rtol=1e-14)
        once = flatten(make(0.0, 1.0))[1]
        assert structure.kind is once.kind
        assert structure.size == 4

    def test_hvp(self, make):
        found = ad.hvp(loss, make(X, Y), make(X, Y))
        self.same(found, make, -np.sin(X) * Y * X + np.cos(X) * Y, np.cos(X) * X)

    def test_stop_gradient(self, make):
        g = ad.grad(lambda t: loss(ad.stop_gradient(t)))(make(X, Y))
        self.same(g, make, 0 * X, 0 * Y)

    def test_trace_and_check(self, make):
        graph = ad.trace(both, make(X, Y))
        self.same(graph(make(X, Y)), make, np.sin(X), np.sin(Y))
        assert ad.check(loss, make(X, Y)).ok


def test_a_default_dict_keeps_its_factory():
    g = ad.grad(lambda d: d["x"] * d["nothing"] + d["x"])(defaults(x=2.0))
    assert g == {"x": 1.0}
    assert g["another"] == 0.0


def test_a_counter_is_not_counted_again():
    g = ad.grad(lambda c: 3.0 * c["a"] + c["b"])(collections.Counter(a=2, b=5))
    assert type(g) is collections.Counter
    assert g == {"a": 3.0, "b": 1.0}


def test_keys_may_come_in_another_order():
    f = lambda d: d["x"] * np.sin(d["y"])  # noqa: E731
    primals, tangents = {"x": 2.0, "y": 0.5}, {"y": 1.0, "x": 0.0}
    assert ad.jvp(f, (primals,), (tangents,))[1] == 2.0 * np.cos(0.5)
    assert ad.trace(f, primals)({"y": 0.5, "x": 3.0}) == 3.0 * np.sin(0.5)


def test_static_fields_are_data():
    p = Checked(x=X, y=Y, unit="km")
    assert ad.grad(loss)(p).unit == "km"
    with pytest.raises(ad.ShapeError, match=r"unit='m'.*expected .*unit='km'"):
        ad.jvp(loss, (p,), (Checked(x=X, y=Y, unit="m"),))


def test_a_derived_field_is_derived_again():
    @dataclasses.dataclass
    class Box:
        w: object
        h: object
        area: object = dataclasses.field(init=False)

        def __post_init__(self):
            self.area = self.w * self.h

    g = ad.grad(lambda box: box.area**2)(Box(2.0, 3.0))
    assert (g.w, g.h) == (36.0, 24.0)


def test_a_field_that_is_not_an_argument_is_a_part():
    line = Line(1.0, 2.0)
    line.label = 3.0
    g = ad.grad(lambda p: p.start * p.label)(line)
    assert (g.start, g.end, g.label) == (3.0, 0.0, 1.0)


class Sized(dict):
    def __init__(self, size=0, **items):
        super().__init__(**items)
        self.size = size


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ad.grad(lambda p: p["a"]["b"][1])({"a": {"b": [1.0, "text"]}}),
            r"argument 0\['a'\]\['b'\]\[1\] of <lambda> is a str .*; convert it, or leave",
        ),
        (
            lambda: ad.grad(lambda p: p["p"].x)({"p": Frozen(1.0, "m")}),
            r"argument 0\['p'\]\.y of <lambda> is a str .*make the field static with .*metadata=",
        ),
        (
            lambda: ad.grad(lambda p: p.x)(Point(1.0, object())),
            r"argument 0\.y of <lambda> is a object",
        ),
        (
            lambda: ad.grad(lambda p: p)([collections.UserDict(a=1.0)]),
            r"argument 0\[0\] .* is a UserDict .*register_container\(UserDict, \.\.\.\)",
        ),
        (
            lambda: ad.jvp(loss, ({"x": X, "y": Y},), ({"x": X, "z": Y},)),
            r"jvp: tangents has structure \({'x': \*, 'z': \*},\), "
            r"expected \({'x': \*, 'y': \*},\) "
            r"\(it differs at tangents\[0\]\)",
        ),
        (
            lambda: ad.vjp(both, {"x": X, "y": [Y]})[1]({"x": X, "y": (Y,)}),
            r"the cotangent has structure .*\(it differs at the cotangent\['y'\]\)",
        ),
        (
            lambda: ad.vjp(both, [X, None])[1]([None, None]),
            r"the cotangent has structure \[None, None\], expected \[\*, None\]",
        ),
        (lambda: ad.jvp(loss, (Point(X, Y),), (Point(X, X[:1]),)), r"argument 0\.y .*shape \(1,\)"),
        (
            lambda: ad.grad(lambda p: p["x"])(Sized(x=1.0)),
            r"Sized could not be put back .*register_container\(Sized, flatten, unflatten\)",
        ),
        (lambda: register_container(Point, 1, 2), "takes a class and two functions"),
    ],
)
def test_errors_name_the_place(call, message):
    with pytest.raises((ad.AutodiffError, TypeError), match=message):
        call()


def test_what_flatten_returns_is_checked():
    class Wrong:
        pass

    register_container(Wrong, lambda w: 1.0, lambda metadata, children: Wrong())
    with pytest.raises(TypeError, match=r"flatten must return \(children, metadata\).*1\.0"):
        ad.grad(lambda w: 1.0)(Wrong())


def test_metadata_that_cannot_be_compared_is_named():
    class Noted:
        def __init__(self, x, note):
            self.x, self.note = x, note

    register_container(Noted, lambda n: ((n.x,), n.note), lambda note, xs: Noted(*xs, note))
    first, second = Noted(1.0, np.ones(3)), Noted(1.0, np.ones(3))
    with pytest.raises(ad.ShapeError, match="metadata of Noted cannot be compared with =="):
        ad.jvp(lambda n: n.x, (first,), (second,))
