"""The compiled elementary functions: their error, measured, and what they say of special values."""

import math
from functools import cache

import mpmath
import numpy as np
import pytest
from kernels import kernel

from autodiff.jit.vector_math import EXPANSIONS

WIDTHS = {"float64": 8, "float32": 16}
DTYPES = sorted(WIDTHS)
FUSED = pytest.mark.parametrize("fused", [True, False], ids=["fused", "separate"])
# What NumPy has to compare a format with in bulk: not every machine has a longer one than a double.
LONGER = {"float32": np.float64}
if np.finfo(np.longdouble).eps < 1e-18:
    LONGER["float64"] = np.longdouble

# The largest error, in units of the last place, that each function may show; where it is looked
# for; and what it is.
UNARY = {
    "exp": (1.5, "exponents", mpmath.exp),
    "exp2": (1.5, "binary exponents", lambda x: mpmath.power(2, x)),
    "expm1": (2.5, "exponents", mpmath.expm1),
    "sinh": (2, "exponents", mpmath.sinh),
    "cosh": (2, "exponents", mpmath.cosh),
    "tanh": (1.5, "near", mpmath.tanh),
    "log": (1, "positive", mpmath.log),
    "log2": (1, "positive", lambda x: mpmath.log(x, 2)),
    "log10": (1, "positive", mpmath.log10),
    "log1p": (1.5, "above -1", mpmath.log1p),
    "sin": (2, "angles", mpmath.sin),
    "cos": (2, "angles", mpmath.cos),
    "tan": (4, "angles", mpmath.tan),
}


@cache
def points(where, dtype, count):
    """Random arguments that visit every binade and every reduction of the functions."""
    rng = np.random.default_rng(len(where) * count)
    limits = np.finfo(dtype)
    top = math.log(float(limits.max))
    below = math.log2(float(limits.smallest_subnormal))
    above = math.log2(float(limits.max)) * 0.9999
    signs = rng.choice([-1.0, 1.0], count)
    small = signs * 10.0 ** rng.uniform(-20, 0, count)
    angle = rng.integers(-63600, 63600, count) * (math.pi / 2)
    drawn = {
        "exponents": [top * rng.uniform(-1.07, 1.01, count), 3 * small, rng.uniform(-1, 1, count)],
        "binary exponents": [above * rng.uniform(-1.05, 1.01, count), 3 * small],
        "near": [rng.uniform(-25, 25, count), rng.uniform(-1, 1, count), small],
        "positive": [
            2.0 ** rng.uniform(below, above, count),
            rng.uniform(0.5, 2, count),
            1 + small / 10,
        ],
        "above -1": [2.0 ** rng.uniform(below, above, count), rng.uniform(-1, 2, count), small],
        "angles": [
            rng.uniform(-1e5, 1e5, count),
            rng.uniform(-8, 8, count),
            small,
            angle,
            1e6 * small,
        ],
    }
    return np.concatenate(drawn[where]).astype(dtype)


def compute(name, dtype, fused, *arrays):
    return kernel(EXPANSIONS[name], dtype, WIDTHS[dtype], operands=len(arrays), fused=fused)(
        *arrays
    )


def worst(y, exact):
    """The largest distance of `y` from what is `exact`, in a longer format, in units of y's last
    place; infinite where only one of the two is infinite or nan."""
    with np.errstate(over="ignore", invalid="ignore"):
        rounded = exact.astype(y.dtype)
        distance = np.abs((y - exact) / np.spacing(np.abs(rounded)))
    same = (y == rounded) | (np.isnan(y) & np.isnan(rounded))
    distance[np.isnan(distance)] = np.inf
    return np.max(np.where(same, np.minimum(distance, 0.5), distance))


@FUSED
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_error_against_mpmath(name, dtype, fused):
    limit, where, function = UNARY[name]
    x = points(where, dtype, 300)
    y = compute(name, dtype, fused, x)
    largest = float(np.finfo(dtype).max)
    with mpmath.workdps(60):
        for a, b in zip(x.tolist(), y, strict=True):
            exact = function(mpmath.mpf(a))
            if abs(exact) > largest:
                assert b == math.copysign(math.inf, exact)
                continue
            place = np.spacing(np.abs(np.dtype(dtype).type(exact)))
            assert abs(exact - float(b)) <= limit * float(place), a


@FUSED
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", LONGER)
def test_error_in_bulk(name, dtype, fused):
    limit, where, _ = UNARY[name]
    x = points(where, dtype, 20_000)
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype(LONGER[dtype]))
    assert worst(compute(name, dtype, fused, x), exact) <= limit


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values_are_those_of_numpy(name, dtype):
    limits = np.finfo(dtype)
    sizes = [
        0.0,
        limits.smallest_subnormal,
        limits.tiny,
        1e-30,
        0.5,
        1,
        2,
        1e30,
        limits.max,
        np.inf,
    ]
    x = np.array([*sizes, *(-s for s in map(np.float64, sizes)), np.nan] * 3, dtype)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    for fused in (True, False):
        y = compute(name, dtype, fused, x)
        exact = ~np.isfinite(expected) | (expected == 0)
        np.testing.assert_array_equal(y[exact], expected[exact])
        np.testing.assert_array_equal(
            np.signbit(y[expected == 0]), np.signbit(expected[expected == 0])
        )
        np.testing.assert_array_max_ulp(y[~exact], expected[~exact], 4)


@pytest.mark.parametrize("name", sorted(UNARY))
def test_a_number_alone_is_what_it_is_in_a_vector(name):
    """Of every width; so where an element stands in an array does not change its value."""
    x = points(UNARY[name][1], "float64", 100)
    expected = compute(name, "float64", None, x)
    for width in (1, 2, 4, 16):
        y = kernel(EXPANSIONS[name], "float64", width)(x)
        np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("name", sorted(UNARY))
def test_a_machine_without_vector_units_computes_the_same(name):
    x = points(UNARY[name][1], "float64", 100)
    plain = kernel(EXPANSIONS[name], "float64", 4, fused=False, portable=True)(x)
    np.testing.assert_array_equal(plain, compute(name, "float64", False, x))
