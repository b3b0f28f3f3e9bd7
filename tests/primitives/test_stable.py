"""Stable building blocks: value and three orders of derivative, against mpmath and at infinities.

Where exp overflows, in single and double precision, in both modes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import autodiff as ad

special = ad.special
INF = np.inf
POINTS = (
    -1e3,
    -700.0,
    -90.0,
    -40.0,
    -3.0,
    -1e-3,
    -1e-9,
    0.0,
    1e-9,
    0.2,
    1.5,
    37.0,
    88.0,
    700.0,
    1e3,
)
EXACT: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "log_sigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "log1mexp": lambda x: mp.log(1 - mp.exp(-x)),
}
# At -inf and inf: the value and three derivatives.
LIMITS = {
    "sigmoid": ((0, 0, 0, 0), (1, 0, 0, 0)),
    "log_sigmoid": ((-INF, 1, 0, 0), (0, 0, 0, 0)),
    "softplus": ((0, 0, 0, 0), (INF, 1, 0, 0)),
}


def forward(f: Any) -> Any:
    return lambda x: ad.jvp(f, (x,), (np.ones_like(x),))[1]


def orders(f: Any, x: Any, derivative: Any, count: int = 3) -> list[Any]:
    """f, f', f'', ... at x."""
    found = [f(x)]
    for _ in range(count):
        f = derivative(f)
        found.append(f(x))
    return found


def exact_orders(f: Any, x: float, count: int = 3) -> list[Any]:
    with mp.workdps(500):  # exp(-1000) beside 1 is at the 434th digit
        return [mp.diff(f, mp.mpf(x), n) if n else f(mp.mpf(x)) for n in range(count + 1)]


both_modes = pytest.mark.parametrize("derivative", [ad.grad, forward], ids=["reverse", "forward"])
both_precisions = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.mark.share(8)
@both_modes
@both_precisions
@pytest.mark.parametrize("name", EXACT)
def test_entry_by_entry(name: str, dtype: Any, derivative: Any) -> None:
    tiny, eps = float(np.finfo(dtype).smallest_normal), float(np.finfo(dtype).eps)
    for point in POINTS if name != "log1mexp" else POINTS[8:]:
        x = dtype(point)
        found = orders(getattr(special, name), x, derivative)
        exact = exact_orders(EXACT[name], float(x))
        for n, (a, b) in enumerate(zip(found, exact, strict=True)):
            assert np.asarray(a).dtype == dtype
            if abs(b) > float(np.finfo(dtype).max):
                assert abs(a) == INF, f"{name}, order {n} at {x}: {a}"
                continue
            near_zero = 4 * eps * max(abs(e) for e in exact) if n == 3 else 0  # it changes sign
            allowed = 40 * eps * abs(b) + 2 * tiny + near_zero
            assert abs(float(a) - b) <= allowed, f"{name}, order {n} at {x}: {a}, {mp.nstr(b)}"


@both_modes
@both_precisions
@pytest.mark.parametrize("name", LIMITS)
def test_at_infinities(name: str, dtype: Any, derivative: Any) -> None:
    for x, limits in zip((-INF, INF), LIMITS[name], strict=True):
        found = orders(getattr(special, name), dtype(x), derivative)
        assert [float(a) for a in found] == list(limits), f"{name} at {x}"


def test_log1mexp_at_the_ends() -> None:
    with np.errstate(divide="ignore"):
        assert orders(special.log1mexp, 0.0, ad.grad) == [-INF, INF, -INF, INF]
    assert orders(special.log1mexp, INF, ad.grad) == [0, 0, 0, 0]


# -- sums of exponentials, along a line a + t v ----------------------------------------------------
def exact_logsumexp(a: Any) -> Any:
    return mp.log(sum(map(mp.exp, a)))


def exact_softmax(k: int, a: Any) -> Any:
    return mp.exp(a[k]) / sum(map(mp.exp, a))


def exact_log_softmax(k: int, a: Any) -> Any:
    return a[k] - exact_logsumexp(a)


ROWS = (
    (0.3, -1.2, 2.0, 0.7),
    (1e3, 1e3 - 2, -1e3, 0.0),
    (-1e3, -1e3, -1e3, -1e3),
    (0.0, -40.0, -50.0, -60.0),
    (0.0, 0.0, 0.0, 0.0),
)
DIRECTION = (0.5, -1.0, 0.25, 0.75)
SUMS = {
    "logsumexp": (special.logsumexp, exact_logsumexp),
    "softmax[1]": (lambda a: special.softmax(a)[1], partial(exact_softmax, 1)),
    "log_softmax[0]": (lambda a: special.log_softmax(a)[0], partial(exact_log_softmax, 0)),
    "log_softmax[2]": (lambda a: special.log_softmax(a)[2], partial(exact_log_softmax, 2)),
    "logsumexp, weights": (
        lambda a: special.logsumexp(a, b=np.array([1, 2, 3, 0.5], a.dtype)),
        lambda a: mp.log(sum(w * mp.exp(x) for w, x in zip((1, 2, 3, 0.5), a, strict=True))),
    ),
}


@pytest.mark.share(4)
@both_modes
@both_precisions
@pytest.mark.parametrize("a", ROWS, ids=str)
@pytest.mark.parametrize("name", SUMS)
def test_sums_of_exponentials(name: str, a: Any, dtype: Any, derivative: Any) -> None:
    f, exact = SUMS[name]
    row, v = np.array(a, dtype), np.array(DIRECTION, dtype)
    found = orders(lambda t: f(row + t * v), dtype(0), derivative)
    expected = exact_orders(
        lambda t: exact(
            [mp.mpf(float(x)) + t * mp.mpf(d) for x, d in zip(row, DIRECTION, strict=True)]
        ),
        0.0,
    )
    size = max(
        1, *map(abs, expected[1:])
    )  # a derivative is a sum of parts as large as the direction
    for n, (y, b) in enumerate(zip(found, expected, strict=True)):
        allowed = 40 * np.finfo(dtype).eps * float(abs(b) if n == 0 else size) + 1e-37
        assert abs(float(y) - float(b)) <= allowed, (
            f"{name}, order {n}: {y}, exact {mp.nstr(b, 12)}"
        )


def test_a_sum_that_is_almost_its_largest_term() -> None:
    assert special.logsumexp(np.array([0.0, -50.0])) == pytest.approx(np.exp(-50.0), rel=1e-15)
    assert special.log_softmax(np.array([0.0, -50.0]))[0] == pytest.approx(
        -np.exp(-50.0), rel=1e-15
    )


@both_precisions
@pytest.mark.parametrize(
    ("a", "value", "gradient"),
    [
        ([-INF, -INF, -INF], -INF, [0, 0, 0]),
        ([-INF, 0, 0], np.log(2.0), [0, 0.5, 0.5]),
        ([INF, 0, 1e3], INF, [1, 0, 0]),
        ([INF, -INF, 5], INF, [1, 0, 0]),
        ([INF, INF, 0], INF, [0.5, 0.5, 0]),
    ],
    ids=str,
)
def test_logsumexp_at_infinities(a: Any, value: float, gradient: Any, dtype: Any) -> None:
    a = np.array(a, dtype)
    assert special.logsumexp(a) == pytest.approx(dtype(value))
    for derivative in (ad.grad, ad.jacfwd):
        found = derivative(special.logsumexp)(a)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, gradient)
    second = ad.hessian(special.logsumexp)(a)
    np.testing.assert_array_equal(second, np.diag(gradient) - np.outer(gradient, gradient))
    third = ad.jacfwd(ad.hessian(special.logsumexp))(a)
    assert np.all(np.isfinite(third))


def test_softmax_at_infinities() -> None:
    a = np.array([INF, 3.0, -INF])
    np.testing.assert_array_equal(special.softmax(a), [1, 0, 0])
    np.testing.assert_array_equal(special.log_softmax(a), [0, -INF, -INF])
    np.testing.assert_array_equal(ad.jacrev(special.softmax)(a), np.zeros((3, 3)))
    np.testing.assert_array_equal(ad.jacfwd(special.log_softmax)(a)[1], [-1, 1, 0])
    a = np.array([-INF, 1.0, 1.0])
    np.testing.assert_array_equal(special.softmax(a), [0, 0.5, 0.5])
    np.testing.assert_array_equal(ad.jacrev(special.softmax)(a)[0], np.zeros(3))


def test_logsumexp_is_scipys() -> None:
    scipy_special = pytest.importorskip("scipy.special")
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    b[0, 1] = 0
    for axis in (None, 0, -1, (0, 1)):
        for keepdims in (False, True):
            more = {"axis": axis, "keepdims": keepdims}
            for given in ({}, {"b": np.abs(b)}, {"b": b[:, :1] ** 2}):
                found = special.logsumexp(a, **more, **given)
                np.testing.assert_allclose(
                    found, scipy_special.logsumexp(a, **more, **given), rtol=1e-14
                )
            for given in ({}, {"b": b}):
                found = special.logsumexp(a, return_sign=True, **more, **given)
                expected = scipy_special.logsumexp(a, return_sign=True, **more, **given)
                for y, z in zip(found, expected, strict=True):
                    np.testing.assert_allclose(y, z, rtol=1e-13)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(special.logsumexp(a, b=-np.ones(4), axis=1), [np.nan] * 3)


def test_weight_zero_hides_an_infinite_entry() -> None:
    a, b = np.array([INF, 1.0, np.nan]), np.array([0.0, 2.0, 0.0])
    assert special.logsumexp(a, b=b) == 1 + np.log(2.0)
    np.testing.assert_array_equal(ad.grad(lambda a: special.logsumexp(a, b=b))(a), [0, 1, 0])
    assert special.logsumexp(np.full(2, -INF), b=np.array([1.0, 2.0])) == -INF
    np.testing.assert_array_equal(
        ad.grad(lambda a: special.logsumexp(a, b=np.array([1.0, 2.0])))(np.full(2, -INF)), [0, 0]
    )


def test_a_tracked_weight_of_zero_has_a_gradient() -> None:
    found = ad.grad(lambda b: special.logsumexp(np.array([1.0, 2.0]), b=b))(np.array([0.0, 1.0]))
    np.testing.assert_allclose(found, [np.exp(-1.0), 1.0], rtol=1e-15)


# -- x log y ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("derivative", [ad.grad, ad.jacfwd])
def test_xlogy_at_zero(derivative: Any) -> None:
    """0 log y is 0 for every y, so its derivative in y is 0; in x it is log y."""
    for x, y, in_x, in_y in [
        (0.0, 0.0, -INF, 0.0),
        (0.0, 2.0, np.log(2.0), 0.0),
        (0.0, INF, INF, 0.0),
        (3.0, 0.0, -INF, INF),
    ]:
        with np.errstate(divide="ignore"):
            assert special.xlogy(x, y) == (0 if x == 0 else -INF)
        assert derivative(special.xlogy, 0)(x, y) == in_x
        assert derivative(special.xlogy, 1)(x, y) == in_y
    assert derivative(derivative(special.xlogy, 0), 1)(0.0, 4.0) == 0.25
    assert derivative(derivative(special.xlogy, 1), 0)(0.0, 4.0) == 0.25
    assert derivative(special.xlog1py, 1)(0.0, -1.0) == 0
    assert derivative(special.xlog1py, 0)(2.0, 1e-20) == 1e-20


def test_nan_is_not_hidden() -> None:
    assert np.isnan(special.xlogy(0.0, np.nan))
    assert np.isnan(special.xlog1py(0.0, np.nan))
    assert np.isnan(special.logsumexp(np.array([0.0, np.nan])))
    assert np.all(np.isnan(special.softmax(np.array([0.0, np.nan]))))
    assert np.isnan(special.sigmoid(np.nan))


# -- arguments -------------------------------------------------------------------------------------
def test_plain_arguments_give_plain_results() -> None:
    assert isinstance(special.softmax([1, 2, 3]), np.ndarray)
    assert special.sigmoid(0) == 0.5
    assert special.softplus(np.array([0, 1])).dtype == np.float64
    assert special.logsumexp(np.zeros((0,))) == -INF
    assert special.softmax(np.zeros((0, 3)), axis=1).shape == (0, 3)


def test_what_is_refused() -> None:
    with pytest.raises(ad.NotDifferentiableError, match="softmax of a complex number"):
        special.softmax(np.array([1j]))
    with pytest.raises(ad.NotDifferentiableError, match="order n"):
        ad.grad(lambda n: special.polygamma(n, 1.0))(2.0)
    with pytest.raises(ValueError, match="order n=-1"):
        special.polygamma(-1, 1.0)
    with pytest.raises(ValueError, match=r"greater than \(d - 1\) / 2 = 1.5"):
        special.multigammaln(1.5, 4)
    with pytest.raises(ad.ShapeError, match="axis 2 is out of bounds"):
        special.softmax(np.zeros((2, 3)), axis=2)


def test_names_are_sorted_and_documented() -> None:
    assert special.__all__ == sorted(special.__all__)
    assert all(getattr(special, name).__doc__ for name in special.__all__)


def test_scipy_is_not_needed() -> None:
    program = """
import sys
sys.modules["scipy"] = None  # as if it were not installed
import numpy as np, autodiff as ad
a = np.array([1.0, 2.0])
for name in "sigmoid log_sigmoid softplus log1mexp softmax log_softmax logsumexp".split():
    ad.hessian(lambda x: np.sum(getattr(ad.special, name)(x)))(a)
try:
    ad.special.polygamma(1, 2.0)
except ad.MissingExtraError as error:
    print(error)
"""
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "pip install scipy" in result.stdout


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_softmax_cross_entropy(dtype):
    logits, labels = np.array([[1e3, 0, -1e3], [50, 0, 1]], dtype), np.array([2, 0])
    loss = lambda z: special.softmax_cross_entropy(z, labels)  # noqa: E731
    expected = [2e3, np.log1p(np.exp(-50.0) + np.exp(-49.0))]
    np.testing.assert_allclose(loss(logits), expected, rtol=1e-6 if dtype == np.float32 else 1e-15)
    assert loss(logits).dtype == dtype
    total = lambda z: np.sum(loss(z))  # noqa: E731
    slope = special.softmax(logits, axis=-1) - special.one_hot(labels, 3)
    np.testing.assert_allclose(ad.grad(total)(logits), slope, atol=1e-7)
    small = logits / 50
    assert ad.check(total, small.astype(float)).ok
    np.testing.assert_array_equal(
        ad.vmap(special.softmax_cross_entropy)(small, labels), loss(small)
    )
    np.testing.assert_allclose(ad.jit(loss)(small), loss(small), rtol=1e-6)


@pytest.mark.parametrize(
    ("logits", "labels", "error", "message"),
    [
        (np.zeros((2, 3)), [0, 3], ValueError, r"label 3 is not among the classes 0 \.\. 2"),
        (np.zeros((2, 3)), [0, -1], ValueError, "label -1 is not among"),
        (np.zeros((2, 3)), [0.0, 1.0], TypeError, r"must be integers, not float64.*astype\(int\)"),
        (np.zeros((2, 3)), [[0], [1]], ad.ShapeError, r"labels of shape \(2, 1\) for logits of"),
        (1.0, 0, ad.ShapeError, "labels do not have it"),
        (np.zeros((2, 3), complex), [0, 1], TypeError, "softmax_cross_entropy of a complex number"),
    ],
)
def test_what_softmax_cross_entropy_refuses(logits, labels, error, message):
    with pytest.raises(error, match=message):
        special.softmax_cross_entropy(logits, np.array(labels))
