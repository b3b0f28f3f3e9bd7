"""Saved programs: every row of the table runs and differentiates again, with the same bits."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from laws.statements import constant, same_bits
from programs import SAMPLES as X, SCALED as PARAMS, WEIGHTS, nested as loss, scalar_loss
from scipy import optimize
from strategies import ROWS, cases

import autodiff as ad

FEW = settings(max_examples=max(1, settings.default.max_examples // 50))


def again(graph, folder, names=None):
    graph.save(folder / "program.npz")
    return ad.load(folder / "program.npz", names)


# -- what is saved runs again ----------------------------------------------------------------------
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@FEW
@given(data=st.data())
def test_every_row_is_saved(row, data, tmp_path_factory):
    case = data.draw(cases(row))
    places = [k for k, a in enumerate(case.args) if a is not None]

    def program(*args):
        full = list(case.args)
        for k, a in zip(places, args, strict=True):
            full[k] = a
        return row(*full, **case.params)

    args = [case.args[k] for k in places]
    graph = ad.trace(program, *args)
    loaded = again(graph, tmp_path_factory.mktemp("saved"))
    with np.errstate(all="ignore"):
        same_bits(loaded(*args), graph(*args), "the value")
        assert str(loaded) == str(graph)
        wanted = tuple(k for k, place in enumerate(places) if place in case.wanted)
        if row.flat or not wanted:
            return

        def chosen(f):
            def g(*inputs):
                full = list(args)
                for k, x in zip(wanted, inputs, strict=True):
                    full[k] = x
                return f(*full)

            return g

        inputs = [args[k] for k in wanted]
        y, pullback = ad.vjp(chosen(loaded), *inputs)
        expected = ad.vjp(chosen(graph), *inputs)[1]
        same_bits(pullback(constant(y, 0.5)), expected(constant(y, 0.5)), "reverse mode")
        ones = constant(tuple(inputs), 1.0)
        found = ad.jvp(chosen(loaded), tuple(inputs), ones)
        same_bits(found, ad.jvp(chosen(graph), tuple(inputs), ones), "forward mode")


def test_a_program_with_nests_constants_and_names(tmp_path):
    graph = ad.trace(loss, PARAMS, X)
    loaded = again(graph, tmp_path)
    same_bits(loaded(PARAMS, X), graph(PARAMS, X), "value")
    assert str(loaded) == str(graph)
    assert "WEIGHTS" in str(loaded)
    twice = again(loaded, tmp_path)
    same_bits(twice(PARAMS, X), graph(PARAMS, X), "value")
    gradient = again(ad.trace(ad.grad(scalar_loss), PARAMS, X), tmp_path)
    same_bits(gradient(PARAMS, X), ad.grad(ad.trace(scalar_loss, PARAMS, X))(PARAMS, X), "gradient")
    stack = np.stack([X, 2 * X])
    batched = ad.vmap(lambda x: loaded(PARAMS, x)[0])(stack)
    same_bits(batched, np.stack([loss(PARAMS, x)[0] for x in stack]), "vmap")
    with pytest.raises(ad.ShapeError, match="traced with x of shape"):
        loaded(PARAMS, X[:2])


@pytest.mark.parametrize(
    "value",
    [
        *(np.inf, -np.inf, np.nan, -0.0, 1e-320, 2**40, True, 1 + 2j, np.float32(0.1), np.int8(3)),
        *(np.array([np.nan, -0.0]), np.array(7, np.uint16), np.asfortranarray(WEIGHTS)),
        *(np.longdouble(1), np.zeros((0, 3)), np.array([True, False])),
    ],
)
def test_constants_keep_their_bits_and_types(value, tmp_path):
    graph = ad.trace(lambda x: (x, value), 1.0)
    found, expected = again(graph, tmp_path)(1.0)[1], value
    assert type(found) is type(expected)
    assert significant_bytes(found) == significant_bytes(expected)


def significant_bytes(x):
    """The bytes of an array, without the padding of a long double, which is whatever was there."""
    x = np.asarray(x)
    used = 10 if x.dtype == np.longdouble and np.finfo(x.dtype).nmant == 63 else x.itemsize
    return np.frombuffer(x.tobytes(), np.uint8).reshape(-1, x.itemsize)[:, :used].tobytes()


Point = namedtuple("Point", "x y")


@dataclass
class State:
    mean: object
    count: int


def test_containers_of_the_user_are_given_again(tmp_path):
    args = Point(1.0, [2.0, {"a": 3.0, 5: None}]), State(np.ones(2), 4), OrderedDict(b=1.0)
    graph = ad.trace(lambda p, s, d: State(p.x * s.mean, d["b"] * s.count), *args)
    loaded = again(graph, tmp_path, {"Point": Point, "State": State})
    assert repr(loaded(*args)) == repr(graph(*args))
    with pytest.raises(
        ad.AutodiffError, match=r"uses 'State'.*load\(path, names=\{'State': \.\.\.\}"
    ):
        ad.load(tmp_path / "program.npz", {"Point": Point})


def test_custom_rules_are_given_again(tmp_path):
    def cube(x, p, *, scale):
        return {"y": scale * x**3 * p["w"]}

    rule = ad.custom_rule(
        cube, jvp=lambda x, y, t, *, scale: {"y": 3 * scale * x[0] ** 2 * x[1]["w"] * t[0]}
    )

    def program(x):
        return np.sum(rule(x, {"w": 2.0, "note": "kept"}, scale=0.5)["y"])

    graph = ad.trace(program, X)
    loaded = again(graph, tmp_path, {"cube": rule})
    same_bits(loaded(X), graph(X), "value")
    same_bits(ad.grad(loaded)(X), ad.grad(graph)(X), "gradient")
    with pytest.raises(ad.AutodiffError, match="'cube'"):
        ad.load(tmp_path / "program.npz")
    with pytest.raises(ad.AutodiffError, match="custom_rule"):
        ad.load(tmp_path / "program.npz", {"cube": cube})


@pytest.mark.parametrize("solver", [None, optimize.fsolve])
def test_solutions_of_equations(solver, tmp_path):
    root = ad.root(lambda x, a: x**3 + x - a, solver)
    graph = ad.trace(lambda a: np.sum(root(np.ones(2), a)), np.array([2.0, 10.0]))
    loaded = again(graph, tmp_path, {"fsolve": optimize.fsolve})
    a = np.array([3.0, 4.0])
    same_bits(loaded(a), graph(a), "value")
    same_bits(ad.grad(loaded)(a), ad.grad(graph)(a), "gradient")
    slope = ad.trace(ad.grad(lambda a: np.sum(root(np.ones(2), a))), a)
    same_bits(
        again(slope, tmp_path, {"fsolve": optimize.fsolve})(a), slope(a), "gradient's program"
    )
    if solver is not None:
        with pytest.raises(ad.AutodiffError, match="'fsolve'"):
            ad.load(tmp_path / "program.npz")


def test_linear_systems(tmp_path):
    graph = ad.trace(lambda k, b: ad.linear_solve(lambda x: k * x + x[::-1], b), 3.0, np.ones(2))
    loaded = again(graph, tmp_path)
    same_bits(loaded(4.0, np.ones(2)), graph(4.0, np.ones(2)), "value")
    same_bits(ad.jacobian(loaded)(4.0, np.ones(2)), ad.jacobian(graph)(4.0, np.ones(2)), "Jacobian")


# -- writing ---------------------------------------------------------------------------------------
def test_what_cannot_be_saved_is_refused_and_leaves_no_file(tmp_path):
    with pytest.raises(ad.AutodiffError, match="an argument is of type object"):
        ad.trace(lambda x, o: x, 1.0, object()).save(tmp_path / "a.npz")

    def inner(x):
        with pytest.raises(ad.AutodiffError, match="a transform is tracking"):
            ad.trace(lambda y: x * y, 1.0).save(tmp_path / "b.npz")
        return x

    ad.grad(inner)(1.0)
    with pytest.raises(OSError, match="nowhere"):
        ad.trace(np.exp, 1.0).save(tmp_path / "nowhere" / "c.npz")
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "program.npz"
    ad.trace(np.exp, 1.0).save(path)
    before = path.read_bytes()
    with pytest.raises(ad.AutodiffError):
        ad.trace(lambda x, o: x, 1.0, object()).save(path)
    assert path.read_bytes() == before


def test_numpy_reads_the_constants(tmp_path):
    ad.trace(lambda x: x @ WEIGHTS, X).save(tmp_path / "f.npz")
    with np.load(tmp_path / "f.npz", allow_pickle=False) as archive:
        assert np.array_equal(archive["0"], WEIGHTS)
