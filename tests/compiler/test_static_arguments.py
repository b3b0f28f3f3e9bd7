"""Static arguments of `jit` are part of the program; an object that may change is none."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import numpy as np
import pytest

import autodiff as ad

X = np.array([0.3, -1.2, 2.1])


def rounds(x: Any, n: int) -> Any:
    for _ in range(n):
        x = np.sin(x)
    return x


@pytest.mark.parametrize(
    "static",
    [
        {"static_argnums": 1},
        {"static_argnums": (1,)},
        {"static_argnums": -1},
        {"static_argnames": "n"},
        {"static_argnames": ["n"]},
    ],
)
def test_by_number_and_by_name(static: Any) -> None:
    f = ad.jit(rounds, **static)
    for n in (1, 3):
        np.testing.assert_allclose(f(X, n), rounds(X, n), rtol=1e-12)
        np.testing.assert_allclose(f(X, n=n), rounds(X, n), rtol=1e-12)
    assert "4 versions" in repr(f)


def test_values_of_another_type_are_other_programs() -> None:
    f = ad.jit(lambda x, c: x * c[0], static_argnums=1)
    x = np.ones(2, np.float32)
    assert [f(x, (c,)).dtype for c in (2, np.float64(2), 2)] == ["f4", "f8", "f4"]
    g = ad.jit(lambda x, c: x / c, static_argnums=1)
    with np.errstate(divide="ignore"):
        assert [g(1.0, c) for c in (np.float64(0.0), np.float64(-0.0))] == [np.inf, -np.inf]


def test_inside_other_transforms() -> None:
    f = ad.jit(rounds, static_argnums=1)
    expected = ad.grad(lambda x: np.sum(rounds(x, 3)))(X)
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(f(x, 3)))(X), expected)
    np.testing.assert_array_equal(ad.vmap(f, (0, None))(X, 2), rounds(X, 2))


def test_a_decorator_of_a_method() -> None:
    class Model:
        def __init__(self) -> None:
            self.k = 3.0

        @partial(ad.jit, static_argnums=0)
        def scaled(self, x: Any) -> Any:
            return self.k * x

        @ad.jit
        def watched(self, x: Any) -> Any:
            return self.k * x

        @partial(ad.jit, pure=True)
        def stale(self, x: Any) -> Any:
            return self.k * x

    model = Model()
    np.testing.assert_allclose(model.scaled(X), 3 * X)
    np.testing.assert_allclose(model.watched(X), 3 * X)
    model.k = 5.0
    np.testing.assert_allclose(model.watched(X), 5 * X)
    with pytest.raises(ad.AutodiffError, match=r"stale got a Model.*dataclass.*static_argnums"):
        Model().stale(X)


def test_a_dataclass_may_change() -> None:
    @dataclasses.dataclass
    class Model:
        k: float

        @ad.jit
        def scaled(self, x: Any) -> Any:
            return self.k * x

    model = Model(3.0)
    np.testing.assert_allclose(model.scaled(X), 3 * X)
    model.k = 5.0
    np.testing.assert_allclose(model.scaled(X), 5 * X)


def test_mistakes() -> None:
    with pytest.raises(ad.AutodiffError, match="static_argnums=2: rounds has 2 positional"):
        ad.jit(rounds, static_argnums=2)
    with pytest.raises(ad.AutodiffError, match="rounds has no argument 'm'"):
        ad.jit(rounds, static_argnames="m")
    with pytest.raises(ad.AutodiffError, match="neither numeric nor hashable"):
        ad.jit(rounds, static_argnums=1)(X, [1])
    with pytest.raises(ad.AutodiffError, match="got a Generator"):
        ad.jit(lambda rng, x: x + rng.normal(), pure=True)(np.random.default_rng(0), 1.0)


@pytest.mark.parametrize(
    "f",
    [
        rounds,
        lambda x, n: np.zeros(n),
        lambda x, n: np.ones((n, 2)),
        lambda x, n: x.reshape(n, 1),
        lambda x, n: np.sum(x, axis=n),
        lambda x, n: x[:n],
        lambda x, n: np.repeat(x, n),
    ],
)
def test_what_needs_a_fixed_number_says_so(f: Any) -> None:
    with pytest.raises(ad.NotDifferentiableError, match="static_argnums"):
        ad.jit(f)(X, 0)
