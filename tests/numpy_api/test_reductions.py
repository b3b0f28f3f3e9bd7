"""Reductions: NumPy's bits on large arrays, ties and other conventions, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from forms import Form, assert_same_bits, check_value

import autodiff as ad

NAN, INF = np.nan, np.inf


def gradients(f: Any, x: Any) -> tuple[Any, Any]:
    """The gradient of a scalar function by reverse mode, and by forward mode column by column."""
    x = np.asarray(x, float)
    with np.errstate(all="ignore"):
        reverse = ad.vjp(f, x)[1](1.0)[0]
        units = np.eye(x.size).reshape(x.size, *x.shape)
        forward = np.array([ad.jvp(f, (x,), (unit,))[1] for unit in units]).reshape(x.shape)
    return forward, reverse


# -- the value has NumPy's bits --------------------------------------------------------------------
# Long enough for NumPy's pairwise sums to split, and for its buffers of 8192 entries to run full.
RNG = np.random.default_rng(7)
LONG = RNG.normal(size=20_011)
SINGLE = LONG.astype(np.float32)
WIDE = RNG.normal(size=(37, 411))
FEW = RNG.random(LONG.shape) < 0.7
HOLES = np.where(RNG.random(WIDE.shape) < 0.1, NAN, WIDE)
BOX = RNG.normal(size=(5, 6, 7, 8))
WEIGHTS = RNG.random(LONG.shape)

LARGE = [
    ("sum", np.sum, LONG),
    ("sum f4", np.sum, SINGLE),
    ("sum where", lambda x: np.sum(x, where=FEW), LONG),
    ("sum f4 where", lambda x: np.sum(x, where=FEW, initial=1.1), SINGLE),
    ("sum where reversed", lambda x: np.sum(x[::-1], where=FEW), SINGLE),
    ("sum where F order", lambda x: np.sum(x, where=x > -1), np.asfortranarray(BOX)),
    ("sum where axes", lambda x: np.sum(x, (0, 2), where=x > -1), np.asfortranarray(BOX)),
    ("sum dtype=f4", lambda x: np.sum(x, dtype=np.float32), LONG),
    ("sum f4 dtype=f8", lambda x: np.sum(x, dtype=np.float64), SINGLE),
    ("sum f2", np.sum, LONG.astype(np.float16)),
    ("sum axes", lambda x: np.sum(x, axis=(0, 2)), BOX),
    ("sum of transposed", lambda x: np.sum(np.transpose(x, (2, 0, 3, 1)), axis=(1, 3)), BOX),
    ("sum of all of transposed", lambda x: np.sum(np.transpose(x)), WIDE),
    ("sum of every second", lambda x: np.sum(x[::2]), LONG),
    ("sum of reversed", lambda x: np.sum(x[::-1]), SINGLE),
    ("sum F order", np.sum, np.asfortranarray(BOX)),
    ("sum axis F order", lambda x: np.sum(x, axis=(1, 2)), np.asfortranarray(BOX)),
    ("prod", lambda x: np.prod(1 + x / 100), LONG),
    ("prod dtype", lambda x: np.prod(1 + x / 100, dtype=np.float32), LONG),
    ("mean f4", np.mean, SINGLE),
    ("mean f2", np.mean, LONG.astype(np.float16)),
    ("mean f4 where", lambda x: np.mean(x, where=FEW), SINGLE),
    ("mean axis 0", lambda x: np.mean(x, axis=0), WIDE),
    ("mean axis 1 F", lambda x: np.mean(x, axis=1), np.asfortranarray(WIDE)),
    ("var", np.var, LONG),
    ("var f4", np.var, SINGLE),
    ("var f4 ddof", lambda x: np.var(x, ddof=1.5), SINGLE),
    ("var f4 fractional ddof", lambda x: np.var(x, ddof=0.1), SINGLE),
    ("var f2 fractional ddof", lambda x: np.var(x, ddof=1.5), LONG.astype(np.float16)),
    ("var f2", np.var, LONG[:500].astype(np.float16)),
    ("var where", lambda x: np.var(x, where=FEW, ddof=1), LONG),
    ("std axis", lambda x: np.std(x, axis=0), WIDE),
    ("std f4 axis", lambda x: np.std(x, axis=1), WIDE.astype(np.float32)),
    ("std complex64", np.std, (LONG + 1j * LONG[::-1]).astype(np.complex64)),
    ("average", lambda x: np.average(x, weights=WEIGHTS), LONG),
    ("average f4", lambda x: np.average(x, weights=WEIGHTS), SINGLE),
    ("cov", np.cov, WIDE),
    ("corrcoef", np.corrcoef, WIDE),
    ("corrcoef f4", lambda x: np.corrcoef(x, dtype=np.float32), WIDE.astype(np.float32)),
    ("nansum", np.nansum, HOLES),
    ("nansum F order", np.nansum, np.asfortranarray(HOLES)),
    ("nanmean of reversed", lambda x: np.nanmean(x[::-1, ::-2]), HOLES),
    ("nanvar of swapped", lambda x: np.nanvar(np.swapaxes(x, 0, 2)), BOX),
    ("var of swapped", lambda x: np.var(np.swapaxes(x, 0, 2), axis=(0, 1)), BOX),
    ("nanmean f4", lambda x: np.nanmean(x, axis=1), HOLES.astype(np.float32)),
    ("nanvar", lambda x: np.nanvar(x, axis=0, ddof=1), HOLES),
    ("nanstd f4", np.nanstd, HOLES.astype(np.float32)),
    ("nanmedian", lambda x: np.nanmedian(x, axis=0), HOLES),
    ("nanquantile", lambda x: np.nanquantile(x, [0.1, 0.77], axis=1), HOLES),
    ("median f2", np.median, LONG.astype(np.float16)),
    ("quantile f4", lambda x: np.quantile(x, [0.123, 0.9], axis=0), WIDE.astype(np.float32)),
    ("quantile f4 weak", lambda x: np.quantile(x, 0.123, axis=0), WIDE.astype(np.float32)),
    ("percentile", lambda x: np.percentile(x, 12.3, method="hazen"), LONG),
    ("cumsum f4", lambda x: np.cumsum(x, axis=0), WIDE.astype(np.float32)),
    ("cumsum dtype", lambda x: np.cumsum(x, dtype=np.float32), LONG),
    (
        "logaddexp.reduce axes",
        lambda x: np.logaddexp.reduce(x, axis=(0, 2)),
        np.asfortranarray(BOX),
    ),
    ("hypot.reduce", lambda x: np.hypot.reduce(x, axis=None), BOX),
    ("add.reduceat", lambda x: np.add.reduceat(x, [0, 9000, 40]), LONG),
    ("convolve", lambda x: np.convolve(x, WEIGHTS[:300], "same"), LONG),
    ("correlate", lambda x: np.correlate(WEIGHTS[:50], x[:3000], "full"), LONG),
    ("interp", lambda x: np.interp(x, np.sort(WEIGHTS), LONG), LONG),
    ("gradient", lambda x: np.gradient(x, np.cumsum(WEIGHTS)), LONG),
    ("gradient f4", lambda x: np.gradient(x, 0.1, edge_order=2), WIDE.astype(np.float32)),
    ("trapezoid", lambda x: np.trapezoid(x, np.cumsum(WEIGHTS)), LONG),
    ("unwrap", np.unwrap, np.cumsum(LONG)),
]


@pytest.mark.parametrize(("f", "x"), [c[1:] for c in LARGE], ids=[c[0] for c in LARGE])
def test_large_values_have_numpys_bits(f: Any, x: Any) -> None:
    check_value(Form("large", f, x))


# -- conventions -----------------------------------------------------------------------------------
CONVENTIONS = [
    ("max with ties", np.max, [1.0, 3.0, 3.0, 2.0], [0, 0.5, 0.5, 0]),
    ("min with ties", np.min, [1.0, 3.0, 1.0, 1.0], [1 / 3, 0, 1 / 3, 1 / 3]),
    ("max of equals", np.max, [2.0] * 4, [0.25] * 4),
    ("max with nan", np.max, [2.0, NAN, 5.0], [0, 1, 0]),
    ("nanmax with ties", np.nanmax, [NAN, 2.0, 2.0], [0, 0.5, 0.5]),
    ("nanmax of nan", np.nanmax, [NAN, NAN], [0.5, 0.5]),
    ("max, initial loses", lambda x: np.max(x, initial=0.0), [1.0, 3.0], [0, 1]),
    ("max, initial wins", lambda x: np.max(x, initial=9.0), [1.0, 3.0], [0, 0]),
    ("max, initial ties", lambda x: np.max(x, initial=3.0), [3.0, 3.0], [1 / 3, 1 / 3]),
    ("min, initial wins", lambda x: np.min(x, initial=0.0), [1.0, 3.0], [0, 0]),
    (
        "max, masked out",
        lambda x: np.max(x, initial=-9, where=np.array([True, False, True])),
        [1.0, 7.0, 1.0],
        [0.5, 0, 0.5],
    ),
    ("ptp of a constant", np.ptp, [2.0, 2.0], [0, 0]),
    ("fmax.reduce", np.fmax.reduce, [NAN, 4.0, 4.0], [0, 0.5, 0.5]),
    ("running max", lambda x: np.maximum.accumulate(x)[-1], [1.0, 3.0, 2.0, 3.0], [0, 0.5, 0, 0.5]),
    ("running min before", lambda x: np.minimum.accumulate(x)[1], [3.0, 3.0, 3.0], [0.5, 0.5, 0]),
    ("running max, nan", lambda x: np.maximum.accumulate(x)[2], [1.0, NAN, 3.0], [0, 1, 0]),
    ("prod with a zero", np.prod, [0.0, 2.0, 3.0], [6, 0, 0]),
    ("prod with two zeros", np.prod, [0.0, 2.0, 0.0], [0, 0, 0]),
    ("cumprod with a zero", lambda x: np.cumprod(x)[2], [0.0, 2.0, 3.0], [6, 0, 0]),
    ("median, even", np.median, [4.0, 1.0, 3.0, 2.0], [0, 0, 0.5, 0.5]),
    ("median, odd", np.median, [4.0, 1.0, 3.0], [0, 0, 1]),
    ("quantile at an entry", lambda x: np.quantile(x, 0.5), [4.0, 1.0, 3.0], [0, 0, 1]),
    ("sort with ties", lambda x: np.sort(x)[0], [1.0, 1.0, 2.0], [1, 0, 0]),
    ("std of a constant", np.std, [2.0] * 3, [0, 0, 0]),
    ("var of a constant", np.var, [2.0] * 3, [0, 0, 0]),
    ("nanstd of a constant", np.nanstd, [2.0, NAN, 2.0], [0, 0, 0]),
    ("hypot.reduce of zeros", np.hypot.reduce, [0.0, 0.0, 0.0], [0, 0, 0]),
    ("logaddexp.reduce of -inf", np.logaddexp.reduce, [-INF, -INF], [0, 0]),
    ("logaddexp.reduce with inf", np.logaddexp.reduce, [0.0, INF], [0, 1]),
    ("nansum", np.nansum, [1.0, NAN], [1, 0]),
    ("nanprod", np.nanprod, [3.0, NAN, 0.0], [0, 0, 3]),
    ("unique of repeated", lambda x: np.sum(np.unique(x)), [2.0, 1.0, 2.0], [1, 1, 0]),
    ("clip in corrcoef", lambda x: np.corrcoef(x, x)[0, 1], [1.0, 2.0, 4.0], [0, 0, 0]),
    ("interp at a knot", lambda x: np.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 5.0])[0], [1.0], [4]),
    ("interp at the last knot", lambda x: np.interp(x, [0.0, 1.0], [0.0, 3.0])[0], [1.0], [3]),
    ("argmax", lambda x: 2.0 * np.argmax(x) + 0 * x[0], [1.0, 2.0], [0, 0]),
]


@pytest.mark.parametrize(
    ("f", "x", "expected"), [c[1:] for c in CONVENTIONS], ids=[c[0] for c in CONVENTIONS]
)
def test_convention(f: Any, x: Any, expected: Any) -> None:
    forward, reverse = gradients(f, x)
    assert np.allclose(forward, expected, atol=1e-15), f"forward: {forward}"
    assert np.allclose(reverse, expected, atol=1e-15), f"reverse: {reverse}"
    if np.all(np.isfinite(x)):  # inside a larger function, where the point is an intermediate value
        forward, reverse = gradients(lambda x: np.sin(0.5 * f(2 * x)) * 2, np.divide(x, 2))
        with np.errstate(all="ignore"):
            slope = 2 * np.cos(0.5 * f(np.array(x)))
        assert np.allclose(forward, slope * np.array(expected), atol=1e-12)
        assert np.allclose(reverse, slope * np.array(expected), atol=1e-12)


def test_ties_along_an_axis_are_shared_within_each_slice() -> None:
    x = np.array([[1.0, 2.0, 2.0], [5.0, 5.0, 5.0]])
    expected = [[0, 0.5, 0.5], [1 / 3] * 3]
    assert np.allclose(ad.grad(lambda x: np.sum(np.max(x, axis=1)))(x), expected)
    _, y_dot = ad.jvp(lambda x: np.max(x, axis=1), (x,), (np.arange(6.0).reshape(2, 3),))
    assert np.allclose(y_dot, [1.5, 4.0])


def test_a_tracked_initial_shares_a_tie() -> None:
    def f(x: Any, start: Any) -> Any:
        return np.max(x, initial=start)

    bars = ad.grad(f, (0, 1))(np.array([3.0, 1.0]), 3.0)
    assert np.allclose(bars[0], [0.5, 0])
    assert bars[1] == 0.5


# -- what is left out contributes exactly zero -----------------------------------------------------
POSITIVE = np.array([0.5, 0.0, -1.0, 2.0])
LEFT_OUT = [
    ("sum where", lambda x: np.sum(np.log(x), where=x > 0)),
    ("mean where", lambda x: np.mean(np.log(x), where=x > 0)),
    ("prod where", lambda x: np.prod(np.log(x), where=x > 0)),
    ("var where", lambda x: np.var(np.log(x), where=x > 0)),
    ("std where", lambda x: np.std(np.log(x), where=x > 0)),
    ("max where", lambda x: np.max(np.log(x), where=x > 0, initial=-9)),
    ("logaddexp.reduce where", lambda x: np.logaddexp.reduce(np.log(x), where=x > 0)),
    ("nansum of log", lambda x: np.nansum(np.where(x > 0, np.log(x), NAN))),
    ("nanmean of log", lambda x: np.nanmean(np.where(x > 0, np.log(x), NAN))),
    ("nanvar of log", lambda x: np.nanvar(np.where(x > 0, np.log(x), NAN))),
    ("nanmedian of log", lambda x: np.nanmedian(np.where(x > 0, np.log(x), NAN))),
    ("nanmax of log", lambda x: np.nanmax(np.log(np.where(x > 0, x, NAN)))),
    ("nan_to_num of 1/x", lambda x: np.sum(np.nan_to_num(1 / np.maximum(x, 0), posinf=0.0))),
]


@pytest.mark.parametrize("f", [c[1] for c in LEFT_OUT], ids=[c[0] for c in LEFT_OUT])
def test_what_is_left_out_contributes_nothing(f: Any) -> None:
    """The gradient and Hessian are those of the entries that are kept, and zero elsewhere."""
    kept = POSITIVE > 0
    with np.errstate(all="ignore"):
        forward, reverse = gradients(f, POSITIVE)
        alone = ad.grad(f)(POSITIVE[kept])
        curvature, of_kept = ad.hessian(f)(POSITIVE), ad.hessian(f)(POSITIVE[kept])
    for gradient in (forward, reverse):
        assert np.allclose(gradient[kept], alone)
        assert np.array_equal(gradient[~kept], np.zeros(2))
    assert np.allclose(curvature[np.ix_(kept, kept)], of_kept)
    curvature[np.ix_(kept, kept)] = 0
    assert np.array_equal(curvature, np.zeros((4, 4)))


def test_a_knot_that_is_not_used_contributes_nothing() -> None:
    def f(heights: Any) -> Any:
        return np.interp(0.5, [0.0, 1.0, 2.0], np.log(heights))

    heights = np.array([2.0, 4.0, 0.0])
    forward, reverse = gradients(f, heights)
    assert np.array_equal(forward, [0.25, 0.125, 0])
    assert np.array_equal(reverse, [0.25, 0.125, 0])


# -- shapes and arguments --------------------------------------------------------------------------
@pytest.mark.parametrize("f", [np.sum, np.prod, np.mean, np.max, np.var, np.median, np.cumsum])
@pytest.mark.parametrize("axis", [3, -3, (0, 0), 1.5])
def test_a_wrong_axis_is_refused(f: Any, axis: Any) -> None:
    with pytest.raises((ad.ShapeError, TypeError), match=r"ax(i|e)s|ax"):
        ad.grad(lambda x: np.sum(f(x, axis=axis)))(np.ones((2, 3)))


@pytest.mark.parametrize(
    ("f", "error"),
    [
        (lambda x: np.max(x[:0]), ValueError),
        (lambda x: np.quantile(x, 1.5), ValueError),
        (lambda x: np.quantile(x, 0.5, method="best"), ValueError),
        (lambda x: np.quantile(x, 0.5, weights=x), ValueError),
        (lambda x: np.average(x, weights=np.zeros(3)), ZeroDivisionError),
        (lambda x: np.average(x, weights=np.ones(2), axis=0), ValueError),
        (lambda x: np.average(np.ones((2, 3)), weights=x), TypeError),
        (lambda x: np.sum(x, where=np.array([1, 0, 1])), TypeError),
        (lambda x: np.var(x, ddof=1, correction=1), ValueError),
        (lambda x: np.diff(x, n=-1), ValueError),
        (lambda x: np.gradient(x, edge_order=3), ValueError),
        (lambda x: np.gradient(x, np.ones(4)), ValueError),
        (lambda x: np.convolve(x, np.ones((2, 2))), ValueError),
        (lambda x: np.convolve(x, x, mode="most"), ValueError),
        (lambda x: np.interp(x, x, x[:2]), ValueError),
        (lambda x: np.add.reduceat(x, [0, 5]), IndexError),
        (lambda x: np.subtract.reduce(np.outer(x, x), axis=(0, 1)), ValueError),
        (lambda x: np.subtract.reduce(x, where=x > 0), ValueError),
        (lambda x: np.sum(x, out=np.zeros_like(x)), ValueError),
        (lambda x: np.cumulative_sum(np.outer(x, x)), ValueError),
    ],
)
def test_what_numpy_refuses_is_refused(f: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        f(np.array([1.0, 2.0, 4.0]))
    with pytest.raises(error):
        ad.vjp(f, np.array([1.0, 2.0, 4.0]))


def test_partition_carries_the_tangents_of_its_own_arrangement() -> None:
    """Entries within a part may lie in any order: value and tangent must lie in the same."""
    x = np.random.default_rng(3).permutation(500) / 7.0
    y, y_dot = ad.jvp(lambda x: np.partition(x, (100, 400)), (x,), (x**2,))
    assert_same_bits(y, np.partition(x, (100, 400)), "partition")
    assert np.array_equal(y_dot, y**2)
