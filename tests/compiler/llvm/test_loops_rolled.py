"""An unrolled loop of Python is a loop again in compiled code, and computes the same."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autodiff as ad

pytest.importorskip("llvmlite")
STEPS = 120


def sines(x: Any) -> Any:
    for _ in range(STEPS):
        x = x * 1.0001 + np.sin(x)
    return x


def every_state(x: Any) -> Any:
    """Each state is a result, or part of one."""
    states = []
    for _ in range(STEPS):
        x = x + 0.01 * np.cos(x)
        states.append(x)
    return states[3], np.stack(states), states[-1] * states[7]


def two_back(x: Any) -> Any:
    a, b = x, x * 0.5
    for _ in range(STEPS):
        a, b = 0.5 * a + np.tanh(b), a
    return a + b


def delayed(x: Any) -> Any:
    line = [x * (0.1 * k) for k in range(9)]
    for _ in range(STEPS):
        line.append(0.9 * line[-9] + 0.1 * np.sin(line[-1]))
    return line[-1]


def other_numbers(x: Any) -> Any:
    for t in range(STEPS):
        x = x * np.cos(0.01 * t) + np.exp(-x * x) / (1.0 + t)
    return x


def inputs(x: Any, series: Any) -> Any:
    total = 0.0
    for t in range(STEPS):
        x = np.tanh(x + series[t])
        total = total + (x - series[STEPS - 1 - t]) ** 2
    return total


def inner_loops(x: Any) -> Any:
    for _ in range(20):
        y = x
        for _ in range(5):
            y = y - (y * y - x) / (2.0 * y)
        x = 1.0 + 0.5 * np.log(y + 2.0)
    return x


def choices(x: Any) -> Any:
    count = 0
    for _ in range(STEPS):
        above = x > 0.5
        x = np.where(above, x - 0.4, 1.5 * x + 0.01)
        count = count + above
    return x * 1.0, count


def runge_kutta(x: Any) -> Any:
    def slope(x: Any, t: float) -> Any:
        return np.sin(x) - 0.3 * x + np.cos(t)

    h = 0.01
    for k in range(STEPS):
        a = slope(x, k * h)
        b = slope(x + 0.5 * h * a, k * h + 0.5 * h)
        c = slope(x + 0.5 * h * b, k * h + 0.5 * h)
        d = slope(x + h * c, k * h + h)
        x = x + h / 6 * (a + 2 * b + 2 * c + d)
    return x


def mixed_types(x: Any) -> Any:
    y = np.float32(0.3) * x
    for _ in range(STEPS):
        y = np.float32(0.5) * np.sin(y) + np.float32(0.1)
        x = x + 0.01 * y
    return x


def no_period(x: Any) -> Any:
    rng = np.random.default_rng(0)
    for _ in range(STEPS):
        x = [np.sin, np.cos, np.tanh, lambda y: y * 0.7][rng.integers(4)](x) + 0.1
    return x


def network(x: Any, weight: Any, series: Any) -> Any:
    """Products, whose operands stand one after the other in one array."""
    h = x
    for t in range(STEPS):
        h = np.tanh(weight @ h + series[t])
    return np.sum(h * h)


def lorenz(x: Any) -> Any:
    for _ in range(STEPS):
        slope = np.stack([10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 3 * x[2]])
        x = x + 0.001 * slope
    return x


def picked(x: Any, places: Any) -> Any:
    """Gathers, scatters and inverses, which NumPy computes, in between."""
    for t in range(STEPS // 4):
        x = np.sin(x[places]) + 0.1 * x
        if t == 5:
            x = np.linalg.inv(np.eye(len(x)) + 0.01 * x) @ x
    return np.sum(x**2)


SERIES = np.random.default_rng(1).normal(size=STEPS)
VECTOR = np.linspace(0.1, 1.3, 11)
LOOPS = [sines, every_state, two_back, delayed, other_numbers, inner_loops, choices, runge_kutta]
CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    *((f, (0.4,)) for f in (*LOOPS, mixed_types, no_period)),
    *((f, (VECTOR,)) for f in (*LOOPS, no_period)),
    *((f, (VECTOR.astype(np.float32),)) for f in (sines, runge_kutta)),
    (inputs, (0.4, SERIES)),
    (inputs, (VECTOR, np.stack([SERIES] * 11, axis=1))),
    (inputs, (np.ones((2, 1)), np.stack([SERIES] * 3, axis=1))),
    (network, (np.ones(5), np.cos(np.arange(25.0)).reshape(5, 5), np.stack([SERIES] * 5, axis=1))),
    (lorenz, (np.array([1.0, 2.0, 3.0]),)),
    (picked, (np.linspace(0.1, 0.7, 6), np.array([3, 1, -1, 0, 0, 2]))),
]


def number(f: Callable[..., Any]) -> Callable[..., Any]:
    """One number that every result moves."""

    def total(*args: Any) -> Any:
        results = f(*args)
        leaves = results if isinstance(results, tuple) else (results,)
        return sum(np.sum(np.cos(k + y)) for k, y in enumerate(leaves))

    return total


def agree(found: Any, expected: Any, dtype: Any) -> None:
    if isinstance(expected, tuple):
        for x, y in zip(found, expected, strict=True):
            agree(x, y, dtype)
        return
    assert type(found) is type(expected)
    tolerance = 1e-11 if np.dtype(dtype) == np.float64 else 1e-4
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.share(4)
@pytest.mark.parametrize(
    ("f", "args"), CASES, ids=[f"{f.__name__} {np.shape(args[0])}" for f, args in CASES]
)
def test_the_same_as_plain_evaluation(f: Any, args: Any) -> None:
    argnums = tuple(k for k, x in enumerate(args) if np.asarray(x).dtype.kind == "f")
    for g in (f, ad.value_and_grad(number(f), argnums)):
        compiled = ad.jit(g, backend="llvm")
        dtype = np.float32 if f is mixed_types else np.asarray(args[0]).dtype
        agree(compiled(*args), g(*args), dtype)
        agree(compiled(*args), g(*args), dtype)


def test_an_index_out_of_bounds_raises_in_a_long_program() -> None:
    f = ad.jit(picked, backend="llvm")
    x = np.linspace(0.1, 0.7, 6)
    f(x, np.arange(6))
    with pytest.raises(IndexError, match="out of bounds"):
        f(x, np.arange(1, 7))


def test_a_long_program_keeps_what_it_needs() -> None:
    """The lists that it goes through, and its constants, live as long as its native function."""
    weight = np.cos(np.arange(25.0)).reshape(5, 5)
    f = ad.jit(lambda x: network(x, weight, np.stack([SERIES] * 5, axis=1)), backend="llvm")
    expected = f(np.ones(5))
    run = f.func
    del f
    gc.collect()
    [np.ones(5000) for _ in range(100)]
    assert run(np.ones(5)) == expected


def test_a_long_loop_costs_llvm_no_more_than_a_short_one() -> None:
    """4 200 instructions are written out as the same few maps as 1 400."""

    def written(steps: int) -> int:
        def f(x: Any) -> Any:
            for _ in range(steps):
                x = x * 1.0001 + np.sin(x)
            return x

        compiled = ad.jit(ad.value_and_grad(f), backend="llvm")
        agree(compiled(0.4), ad.value_and_grad(f)(0.4), np.float64)
        return sum(len(s.loops.emitted) for s in compiled._latest("").made.schedule.steps)

    assert written(600) == written(200) < 50


def test_the_report_says_what_became_of_arrays_of_tracked_numbers() -> None:
    table = np.random.default_rng(0).normal(size=(45, 45))

    def f(x: Any) -> Any:
        return np.sum(table @ np.array([[x[0] * k, np.sin(x[0])] for k in range(45)]))

    compiled = ad.jit(f, backend="numpy", pure=True)
    compiled(np.ones(1))
    assert "on single numbers" in compiled.report()
    assert "np.stack" in compiled.report()
