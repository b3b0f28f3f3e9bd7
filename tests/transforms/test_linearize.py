"""linearize: equal to jvp in every direction, and nothing of the function runs again."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import autodiff as ad
from autodiff.rules.primitive import TABLE

RNG = np.random.default_rng(0)
W = RNG.normal(size=(3, 3))


def program(params: dict[str, Any], x: Any) -> tuple[Any, Any]:
    hidden = np.where(params["w"] @ x > 0, np.tanh(params["w"] @ x), 0) + params["b"]
    return np.sum(hidden**2), np.sort(hidden)[::-1]


@pytest.fixture
def primals() -> tuple[dict[str, Any], Any]:
    return {"w": W, "b": RNG.normal(size=3)}, RNG.normal(size=3)


def test_aux_goes_beside():
    y, f_dot, aux = ad.linearize(lambda x: (x**2, {"twice": 2 * x}), np.ones(2), has_aux=True)
    np.testing.assert_array_equal(y, np.ones(2))
    np.testing.assert_array_equal(f_dot(np.ones(2)), 2 * np.ones(2))
    assert type(aux["twice"]) is np.ndarray

    def slope(x):
        _, f_dot, aux = ad.linearize(lambda v: (v**3, v**2), x, has_aux=True)
        return f_dot(1.0) * aux  # 3 x^4

    assert ad.grad(slope)(2.0) == pytest.approx(96.0)


def test_equals_jvp(primals: Any) -> None:
    y, f_dot = ad.linearize(program, *primals)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        tangents = ({"w": rng.normal(size=(3, 3)), "b": rng.normal(size=3)}, rng.normal(size=3))
        expected_y, expected = ad.jvp(program, primals, tangents)
        assert y[0] == expected_y[0]
        for ours, theirs in zip(f_dot(*tangents), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-15)


def test_nothing_runs_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the function nor a step of it: no exp, no condition, no sort is evaluated again."""
    calls: list[str] = []

    def counted(name: str) -> None:
        value = TABLE[name].value
        count = lambda *args, **params: calls.append(name) or value(*args, **params)  # noqa: E731
        monkeypatch.setattr(TABLE[name], "value", count)

    for name in ("exp", "greater", "sort", "sqrt"):
        counted(name)

    def f(x: Any) -> Any:
        calls.append("f")
        return np.sum(np.where(x > 1, np.exp(x), np.sqrt(x)) * np.sort(x))

    x, t = np.array([2.0, 0.5, 3.0]), np.array([1.0, -1.0, 2.0])
    _, f_dot = ad.linearize(f, x)
    assert sorted(calls) == ["exp", "f", "greater", "sort", "sqrt"]
    found = [f_dot(s * t) for s in (1.0, 2.0, 3.0)]
    assert len(calls) == 5
    np.testing.assert_allclose(found, [s * ad.jvp(f, (x,), (t,))[1] for s in (1.0, 2.0, 3.0)])


def test_only_products_with_what_is_known_are_left() -> None:
    _, f_dot = ad.linearize(np.exp, 1.0)
    assert [float(f_dot(t)) for t in (1.0, 2.0)] == [np.e, 2 * np.e]
    assert {n.primitive.name for n in f_dot.graph.operations} == {"multiply"}


def test_is_linear_and_transforms_like_any_function() -> None:
    _, f_dot = ad.linearize(lambda x: np.prod(x) * np.sin(x), np.array([1.0, 2.0]))
    jacobian = ad.jacobian(f_dot)(np.array([5.0, 7.0]))  # of a linear map: the map itself
    expected = ad.jacobian(lambda x: np.prod(x) * np.sin(x))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(jacobian, expected, rtol=1e-14)


def test_transposed_and_batched(primals: Any) -> None:
    _, f_dot = ad.linearize(program, *primals)
    zeros = ({"w": np.zeros((3, 3)), "b": np.zeros(3)}, np.zeros(3))
    cotangent = (1.0, np.arange(3.0))
    ours, theirs = (ad.vjp(f, *at)[1](cotangent) for f, at in ((f_dot, zeros), (program, primals)))
    np.testing.assert_allclose(ours[0]["w"], theirs[0]["w"], rtol=1e-12)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12)
    stacks = {"w": RNG.normal(size=(4, 3, 3)), "b": np.zeros((4, 3))}, RNG.normal(size=(4, 3))
    slopes = ad.vmap(f_dot)(*stacks)
    for k in range(4):
        alone = f_dot({"w": stacks[0]["w"][k], "b": np.zeros(3)}, stacks[1][k])
        np.testing.assert_allclose(slopes[0][k], alone[0], rtol=1e-12)
        np.testing.assert_allclose(slopes[1][k], alone[1], rtol=1e-12)


class State(NamedTuple):
    position: Any
    momentum: Any


def test_any_nest_in_and_out() -> None:
    def step(state: State, options: list[Any]) -> dict[str, Any]:
        dt, nothing = options
        assert nothing is None
        moved = state.position + dt * state.momentum
        return {"next": State(moved, (state.momentum, None)), "known": 1.0, "dt": [dt]}

    at = (State(np.ones(2), np.arange(2.0)), [0.5, None])
    along = (State(np.zeros(2), np.ones(2)), [2.0, None])
    y, f_dot = ad.linearize(step, *at)
    y_dot = f_dot(*along)
    assert isinstance(y["next"], State)
    assert isinstance(y_dot["next"], State)
    assert y_dot["next"].position.tolist() == [0.5, 2.5]
    assert y_dot["next"].momentum[0].tolist() == [1.0, 1.0]
    assert y_dot["next"].momentum[1] is None
    assert (y_dot["known"], y_dot["dt"]) == (0.0, [2.0])


def test_it_stays_where_it_was_taken() -> None:
    x = np.array([2.0, 3.0])
    _, f_dot = ad.linearize(lambda x: x * x, x)
    x[...] = 0.0
    assert f_dot(np.ones(2)).tolist() == [4.0, 6.0]


def test_precisions_and_complex_numbers() -> None:
    x = np.array([0.5, 1.5], np.float32)
    y, f_dot = ad.linearize(lambda x: np.sin(x) * 2.0, x)
    assert (y.dtype, f_dot(np.ones(2)).dtype) == (np.float32, np.float32)
    _, f_dot = ad.linearize(lambda n: n**2, np.array([3, 4]))
    assert f_dot(np.ones(2)).tolist() == [6.0, 8.0]
    _, f_dot = ad.linearize(lambda z: z * np.conj(z), 1 + 2j)
    assert f_dot(1j) == pytest.approx(4.0)


def test_inside_another_transform() -> None:
    def second(x: Any) -> Any:
        return ad.linearize(lambda t: t**3, x)[1](1.0)

    assert ad.grad(second)(2.0) == 12.0


def test_untaken_branches_stay_exactly_zero() -> None:
    _, f_dot = ad.linearize(lambda x: np.sqrt(np.where(x > 0, x, 0)), np.array([0.0, 4.0]))
    assert f_dot(np.ones(2)).tolist() == [0.0, 0.25]


def test_a_wrong_tangent_is_named() -> None:
    _, f_dot = ad.linearize(lambda x: x, np.zeros(3))
    with pytest.raises(ad.ShapeError, match=r"tangent of argument 0.*shape \(2,\)"):
        f_dot(np.zeros(2))
    with pytest.raises(ad.ShapeError, match="structure"):
        f_dot([np.zeros(3)])
