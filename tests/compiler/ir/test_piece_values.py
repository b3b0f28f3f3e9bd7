"""Arrays that are known piece by piece give what the whole arrays give, to the bit, and are not
written as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from autodiff.compiler.ir.program import Value

BACKENDS = ["llvm", "numpy"]
VALUES = np.array([0.0, -0.0, 1.5, -2.0, 3.25, np.inf, -np.inf, np.nan, 0.1])


def same_bits(x: Any, y: Any) -> None:
    assert x.shape == y.shape
    assert np.array_equal(x, y, equal_nan=True)
    assert np.array_equal(np.signbit(x) & ~np.isnan(x), np.signbit(y) & ~np.isnan(y))


def key(rng: Any, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Slices that leave two thirds of every axis, or every other entry."""
    keys = []
    for n in shape:
        start = int(rng.integers(0, n // 3))
        keys.append([slice(start, start + 2 * n // 3), slice(start % 2, None, 2)])
    stepped = rng.random() < 0.2
    return tuple(k[stepped] for k in keys)


def random_program(rng: Any, shape: tuple[int, ...]) -> Callable[[Any], Any]:
    """Slices of x, shifted, scaled, added, joined, turned and put back: only sums and products."""
    keys = [key(rng, shape) for _ in range(6)]
    choice = [int(k) for k in rng.integers(0, 6, 4)]

    def f(x: Any) -> Any:
        parts = [x[k] for k in keys]
        total = x * 2
        for k, part in zip(keys, parts, strict=True):
            y = np.zeros_like(x)
            y[k] = part * 0.5 if choice[0] else part - parts[0].sum() * 0
            total = total + y
        if choice[1] == 0:
            total = total[::-1] - x
        elif choice[1] == 1:
            total = np.concatenate([total[1:], total[:1]]) * x
        elif choice[1] == 2:
            total = np.pad(total, 2)[tuple(slice(1, n + 1) for n in shape)] + x
        elif choice[1] == 3:
            total = total.T
        return total

    return f


@pytest.mark.share(2)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shape", [(17,), (9, 11), (3, 6, 7)])
@pytest.mark.parametrize("seed", range(8))
def test_slices_and_their_transposes(seed: int, shape: tuple[int, ...], backend: str) -> None:
    rng = np.random.default_rng(seed)
    f = random_program(rng, shape)
    x = rng.choice(VALUES[:5], shape)
    bar = rng.choice(VALUES, np.shape(f(x)))

    def pulled(x: Any, bar: Any) -> Any:
        y, pullback = ad.vjp(f, x)
        return y, pullback(bar)[0]

    for found, expected in zip(
        ad.jit(pulled, backend=backend)(x, bar), pulled(x, bar), strict=True
    ):
        same_bits(found, expected)


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def laplacian_energy(u: Any) -> Any:
    inner = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]
    return np.sum(inner**2)


def periodic(x: Any) -> Any:
    return np.sum((np.roll(x, 1) - 2 * x + np.roll(x, -1)) ** 2)


def pooled(u: Any) -> Any:
    return np.sum(np.maximum(u[::2, ::2], u[1::2, 1::2]) * u[::2, 1::2] + u[1::2, ::2] ** 2)


def steps_of_heat(x: Any) -> Any:
    for _ in range(6):
        x = np.concatenate([x[:1], x[1:-1] + 0.1 * (x[2:] - 2 * x[1:-1] + x[:-2]), x[-1:]])
    return np.sum(x**3)


def convolved(x: Any) -> Any:
    return np.sum(np.tanh(sum(0.1 * k * x[k : len(x) - 20 + k] for k in range(20))))


def chained(x: Any) -> Any:
    return np.sum((1 - np.cos(x[1:] - x[:-1])) * x[1:]) + np.sum(x**4)


def on_a_grid(x: Any) -> Any:
    u = x.reshape(5, 6)
    return np.sum((u[1:] - u[:-1]) ** 4) + np.sum((u[:, 1:] - u[:, :-1]) ** 4)


def three_neighbours(x: Any) -> Any:
    return np.sum(np.abs((3 - 2 * x[1:-1]) * x[1:-1] - x[:-2] - 2 * x[2:] + 1) ** 3)


STENCILS = [
    (chained, (40,)),
    (on_a_grid, (30,)),
    (three_neighbours, (40,)),
    (rosenbrock, (60,)),
    (laplacian_energy, (12, 14)),
    (periodic, (50,)),
    (pooled, (8, 10)),
    (steps_of_heat, (40,)),
    (convolved, (64,)),
]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("f", "shape"), STENCILS, ids=[f.__name__ for f, _ in STENCILS])
def test_gradients_and_hessians_of_stencils(f: Any, shape: Any, backend: str) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    for transform in (ad.value_and_grad, ad.hessian):
        found, expected = ad.jit(transform(f), backend=backend)(x), transform(f)(x)
        pairs = zip(found, expected, strict=True) if type(found) is tuple else [(found, expected)]
        for a, b in pairs:
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def computed(f: Any) -> list[Value]:
    """What a compiled program computes or writes."""
    return [v for v in f.program.values if v.op not in ("input", "constant", "view")]


@pytest.mark.parametrize("f", [rosenbrock, laplacian_energy, periodic, pooled])
def test_a_gradient_by_slices_is_written_once(f: Any) -> None:
    gradient = ad.jit(ad.grad(f))
    gradient(np.random.default_rng(0).normal(size=dict(STENCILS)[f]))
    (place,) = [v for v in computed(gradient) if v.op == "place"]
    assert place is gradient.program.outputs[0]


@pytest.mark.parametrize("f", [rosenbrock, chained, three_neighbours])
def test_a_hessian_of_few_diagonals_is_never_dense_before_it_is_written(f: Any) -> None:
    hessian = ad.jit(ad.hessian(f))
    hessian(np.ones(60))
    *rest, last = computed(hessian)
    assert last.op == "place"
    assert max(v.size for v in rest) <= 60


def test_infinite_derivatives_stay_in_their_diagonal() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.sqrt(x[1:]) * x[:-1])

    x = np.array([1.0, 0.0, 2.0, 3.0] + [1.0] * 12)
    with np.errstate(all="ignore"):
        expected = ad.hessian(f)(x)
    found = ad.jit(ad.hessian(f))(x)
    assert np.isinf(expected).any()
    np.testing.assert_array_equal(found, expected)


def test_a_long_recurrence_is_not_computed_again_and_again() -> None:
    """Each step reads three shifted copies of the one before: 3^30 terms, if all were expanded."""

    def f(x: Any) -> Any:
        for _ in range(30):
            x = x[1:-1] + 0.1 * (x[2:] - 2 * x[1:-1] + x[:-2])
        return np.sum(x**2)

    x = np.random.default_rng(0).normal(size=400)
    gradient = ad.jit(ad.grad(f))
    np.testing.assert_allclose(gradient(x), ad.grad(f)(x), rtol=1e-12, atol=1e-12)
    assert len(computed(gradient)) < 4000
