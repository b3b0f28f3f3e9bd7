"""The derivatives agreed where engines disagree: both modes, alone and inside larger functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conventions import CONVENTIONS, Case

import autodiff as ad

CASES = [pytest.param(c, id=c.text) for group in CONVENTIONS for c in group.cases]


def value_of(parameter: Any) -> Any:
    case = parameter.values[0]
    with np.errstate(all="ignore"):
        return case.f(case.x)


def total(f: Any) -> Any:
    return lambda x: np.sum(f(x))


def both_modes(f: Any, x: Any) -> tuple[Any, Any]:
    """The gradient by a reverse sweep, and by one forward sweep per entry."""
    reverse = ad.grad(f)(x)
    if isinstance(x, float):
        return reverse, ad.jvp(f, (x,), (1.0,))[1]
    return reverse, ad.jacfwd(f)(x)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # the values themselves may be inf or nan
@pytest.mark.parametrize("case", CASES)
def test_alone(case: Case) -> None:
    for derivative in both_modes(total(case.f), case.x):
        np.testing.assert_allclose(derivative, case.expected, rtol=1e-12, atol=0)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", [c for c in CASES if np.isfinite(np.sum(value_of(c)))])
def test_inside_a_larger_function(case: Case) -> None:
    """sin(3 f(2 x / 2)) plus a part that does not know of f: the chain rule around it."""
    value = float(np.sum(case.f(case.x)))

    def larger(x: Any) -> Any:
        return np.sin(3 * np.sum(case.f(2 * x / 2))) + np.sum(np.tanh(np.where(x == x, x, 0)))

    inside = 3 * np.cos(3 * value) * np.asarray(case.expected)
    expected = inside + 1 / np.cosh(np.minimum(np.abs(case.x), 300)) ** 2
    for derivative in both_modes(larger, case.x):
        np.testing.assert_allclose(derivative, expected, rtol=1e-10, atol=1e-250)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("case", [c for c in CASES if isinstance(c.values[0].x, float)])
def test_in_an_array_beside_ordinary_points(case: Case) -> None:
    """The point keeps its derivative in an array, in every row of the Jacobian, in both modes."""
    x = np.array([case.x, 0.7, case.x])
    for jacobian in (ad.jacfwd(case.f)(x), ad.jacrev(case.f)(x)):
        np.testing.assert_allclose(np.diag(jacobian)[[0, 2]], [case.expected] * 2, rtol=1e-12)
        assert not jacobian[~np.eye(3, dtype=bool)].any()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("f", "x", "second"),
    [
        (lambda x: np.where(x == 0, 1, np.sin(x) / x), 0.0, 0.0),
        (lambda x: np.where(x < 1, x, np.sqrt(x)), 0.0, 0.0),
        (lambda x: np.where(x > 0.5, x**1.5, x * x), 0.0, 2.0),
        (lambda x: np.sqrt(np.where(x > 0, x, 0)), -1.0, 0.0),
        (lambda x: np.clip(x, 0.0, 1.0) ** 2, 1.0, 2.0),
        (lambda x: np.maximum(x, 0.0) ** 3, -1.0, 0.0),
    ],
)
def test_untaken_branches_at_second_order(f: Any, x: float, second: float) -> None:
    vector = np.array([x, x])
    for outer in (ad.jacfwd, ad.jacrev):
        for inner in (ad.jacfwd, ad.jacrev):
            np.testing.assert_allclose(outer(inner(f))(x), second, rtol=1e-12)
            hessian = outer(inner(total(f)))(vector)
            np.testing.assert_allclose(hessian, second * np.eye(2), rtol=1e-12)


def test_forward_mode_shares_ties_as_the_mean_of_the_tied_tangents() -> None:
    x, x_dot = np.array([3.0, 3.0, 1.0]), np.array([1.0, 5.0, 100.0])
    assert ad.jvp(np.max, (x,), (x_dot,))[1] == 3.0


def test_a_zero_that_merely_happened_is_not_a_strong_zero() -> None:
    """0 * sqrt(x) at 0 is nan in both modes: they agree."""
    with np.errstate(all="ignore"):
        assert np.isnan(ad.grad(lambda x: 0 * np.sqrt(x))(0.0))
        assert np.isnan(ad.jvp(lambda x: 0 * np.sqrt(x), (0.0,), (1.0,))[1])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_the_gradient_has_the_dtype_of_its_input(dtype: Any) -> None:
    x = np.array([0.5, 0.25], dtype)
    wide = np.array([2.0, 4.0])
    assert ad.grad(lambda x: np.sum(x * wide))(x).dtype == dtype
    assert ad.jvp(np.sin, (x,), (x,))[1].dtype == dtype
    assert ad.grad(lambda x: np.sum(np.sin(x) * 2.5))(x).dtype == dtype


def test_integers_differentiate_as_doubles_and_python_numbers_are_weak() -> None:
    assert ad.grad(lambda x: np.sum(x**2))(np.array([1, 2])).dtype == np.float64
    value, slope = ad.value_and_grad(lambda x: np.sum(x * np.ones(2, np.float32)))(0.5)
    assert value.dtype == np.float32
    assert slope == 2.0
