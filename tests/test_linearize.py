"""linearize: equal to jvp in every direction, and nothing of the function runs again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autodiff as ad

RNG = np.random.default_rng(0)
W = RNG.normal(size=(3, 3))


def program(params: dict[str, Any], x: Any) -> tuple[Any, Any]:
    hidden = np.where(params["w"] @ x > 0, np.tanh(params["w"] @ x), 0) + params["b"]
    return np.sum(hidden**2), np.sort(hidden)[::-1]


@pytest.fixture
def primals() -> tuple[dict[str, Any], Any]:
    return {"w": W, "b": RNG.normal(size=3)}, RNG.normal(size=3)


def test_equals_jvp(primals: Any) -> None:
    y, f_dot = ad.linearize(program, *primals)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        tangents = ({"w": rng.normal(size=(3, 3)), "b": rng.normal(size=3)}, rng.normal(size=3))
        expected_y, expected = ad.jvp(program, primals, tangents)
        assert y[0] == expected_y[0]
        for ours, theirs in zip(f_dot(*tangents), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-14, atol=1e-15)


def test_nothing_runs_again() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(x)
        return np.exp(x)

    _, f_dot = ad.linearize(f, 1.0)
    assert [float(f_dot(t)) for t in (1.0, 2.0)] == [np.e, 2 * np.e]
    assert len(calls) == 1
    assert {n.primitive.name for n in f_dot.graph.operations} == {"multiply"}


def test_is_linear_and_transforms_like_any_function() -> None:
    _, f_dot = ad.linearize(lambda x: np.prod(x) * np.sin(x), np.array([1.0, 2.0]))
    jacobian = ad.jacobian(f_dot)(np.array([5.0, 7.0]))  # of a linear map: the map itself
    expected = ad.jacobian(lambda x: np.prod(x) * np.sin(x))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(jacobian, expected, rtol=1e-14)


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
