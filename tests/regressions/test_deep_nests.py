"""Nests 900 deep, and nests that contain themselves, ended in a RecursionError."""

import dataclasses

import numpy as np
import pytest

import autodiff as ad
from autodiff.base.trees import describe, flatten, flatten_like, paths, unflatten


@dataclasses.dataclass
class Box:
    inside: object


LAYERS = {
    "list": lambda x: [x],
    "tuple": lambda x: (x, None),
    "dict": lambda x: {"a": x},
    "dataclass": Box,
}


def nest(layer, x, depth=3000):
    for _ in range(depth):
        x = layer(x)
    return x


def inside(x):
    while not isinstance(x, (float, np.ndarray, ad.Tensor)):
        x = x.inside if isinstance(x, Box) else x["a"] if isinstance(x, dict) else x[0]
    return x


def loss(tree):
    return np.sum(np.sin(inside(tree)))


X = np.array([0.5, 1.0])


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
class TestDeep:
    def test_taken_apart_and_put_back(self, layer):
        leaves, structure = flatten(nest(layer, X))
        assert structure.depth == 3000
        assert structure.size == 1
        assert inside(unflatten(structure, leaves)) is X
        assert flatten_like(nest(layer, X), structure, "x") == leaves
        assert hash(structure) == hash(flatten(nest(layer, X))[1])
        assert len(list(paths(structure, "x"))) == 1
        assert "*" in describe(structure)

    def test_every_transform(self, layer):
        tree, cos = nest(layer, X), np.cos(X)
        np.testing.assert_allclose(inside(ad.grad(loss)(tree)), cos)
        np.testing.assert_allclose(inside(ad.jacfwd(loss)(tree)), cos)
        np.testing.assert_allclose(ad.jvp(loss, (tree,), (tree,))[1], cos @ X)
        y, pullback = ad.vjp(lambda t: nest(layer, np.sin(inside(t))), tree)
        np.testing.assert_allclose(inside(y), np.sin(X))
        np.testing.assert_allclose(inside(pullback(tree)[0]), cos * X)
        np.testing.assert_allclose(inside(ad.vmap(ad.grad(loss))(tree)), cos)
        np.testing.assert_allclose(ad.trace(loss, tree)(tree), loss(tree))

    @pytest.mark.parametrize("backend", ["llvm", "numpy"])
    def test_compiled(self, layer, backend):
        if backend == "llvm":
            pytest.importorskip("llvmlite")
        compiled = ad.jit(ad.value_and_grad(loss), backend=backend)
        for x in (X, 2 * X):
            value, g = compiled(nest(layer, x))
            np.testing.assert_allclose(value, np.sum(np.sin(x)))
            np.testing.assert_allclose(inside(g), np.cos(x))


def cycles():
    direct: list = [X]
    direct.append(direct)
    params = {"w": X, "layers": [X, (X, {})]}
    params["layers"][1][1]["up"] = params
    box = Box(None)
    box.inside = [X, box]
    return [
        (direct, r"a list x holds itself as x\[1\]"),
        (params, r"a dict x holds itself as x\['layers'\]\[1\]\[1\]\['up'\]"),
        (Box(box), r"a Box x holds itself as x\.inside\[1\]"),
    ]


@pytest.mark.parametrize(("tree", "message"), cycles())
@pytest.mark.parametrize(
    "transform",
    [
        lambda t: ad.grad(lambda t: 0.0)(t),
        lambda t: ad.jit(lambda t: 0.0)(t),
        lambda t: ad.vmap(lambda t: 0.0)(t),
        lambda t: ad.jvp(lambda x: t, (1.0,), (1.0,)),
        lambda t: ad.jvp(lambda t: 0.0, (t,), (1.0,)),
    ],
)
def test_a_nest_that_contains_itself_is_refused(tree, message, transform):
    with pytest.raises(ad.ShapeError, match=message):
        transform(tree)


def test_what_stands_twice_contains_itself_nowhere():
    shared = [[X]]
    g = ad.grad(lambda t: np.sum(t[0][0][0] * t[1][0][0]))([shared, shared])
    np.testing.assert_allclose(g[0][0][0], X)


def test_a_deep_nest_is_not_saved(tmp_path):
    graph = ad.trace(loss, nest(LAYERS["list"], X))
    with pytest.raises(ad.AutodiffError, match="containers nested 3001 deep cannot be saved"):
        graph.save(tmp_path / "deep.json")
    ad.trace(loss, nest(LAYERS["list"], X, 99)).save(tmp_path / "shallow.json")
    assert ad.load(tmp_path / "shallow.json")(nest(LAYERS["list"], X, 99)) == np.sum(np.sin(X))
