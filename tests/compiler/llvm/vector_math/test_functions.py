"""The compiled elementary functions: their error, measured, and what they say of special values."""

import math
from functools import cache

import mpmath
import numpy as np
import pytest
from kernels import kernel

from autodiff.compiler.llvm.vector_math import EXPANSIONS
from autodiff.rules.primitive import TABLE

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
    "log2": (2, "positive", lambda x: mpmath.log(x, 2)),
    "log10": (2, "positive", mpmath.log10),
    "log1p": (1.5, "above -1", mpmath.log1p),
    "sin": (2, "angles", mpmath.sin),
    "cos": (2, "angles", mpmath.cos),
    "tan": (4, "angles", mpmath.tan),
    "arcsin": (2.5, "inside 1", mpmath.asin),
    "arccos": (2, "inside 1", mpmath.acos),
    "arctan": (2, "any", mpmath.atan),
    "arcsinh": (3, "any", mpmath.asinh),
    "arccosh": (3, "above 1", mpmath.acosh),
    "arctanh": (3, "inside 1", mpmath.atanh),
    "cbrt": (1, "any", lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x))),
    "sqrt": (0.5, "positive", mpmath.sqrt),
    "scipy.special.erf": (2, "near", mpmath.erf),
    "scipy.special.erfc": (4, "near", mpmath.erfc),
    "scipy.special.erfcx": (6, "small", lambda x: mpmath.exp(x * x) * mpmath.erfc(x)),
    "scipy.special.ndtr": (4, "small", mpmath.ncdf),
    "scipy.special.gammaln": (8, "positive", mpmath.loggamma),
    "scipy.special.gamma": (8, "above 1", mpmath.gamma),
    "sigmoid": (3, "exponents", lambda x: 1 / (1 + mpmath.exp(-x))),
    "softplus": (2, "exponents", lambda x: mpmath.log1p(mpmath.exp(x))),
}
BINARY = {
    "power": (1, mpmath.power),
    "hypot": (1.5, mpmath.hypot),
    "arctan2": (2, mpmath.atan2),
    "logaddexp": (3, lambda a, b: mpmath.log(mpmath.exp(a) + mpmath.exp(b))),
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
        "inside 1": [rng.uniform(-1, 1, count), small, signs * (1 - abs(small) / 10)],
        "above 1": [1 + abs(small), 2.0 ** rng.uniform(0, above, count), rng.uniform(1, 30, count)],
        "any": [signs * 2.0 ** rng.uniform(below, above, count), rng.uniform(-5, 5, count)],
        "small": [rng.uniform(-8, 8, count), small],
        "angles": [
            rng.uniform(-1e5, 1e5, count),
            rng.uniform(-8, 8, count),
            small,
            angle,
            1e6 * small,
            signs * 2.0 ** rng.uniform(16, above, count),
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


@cache
def exact_values(name, dtype):
    _, where, function = UNARY[name]
    with mpmath.workdps(60):
        return [function(mpmath.mpf(a)) for a in points(where, dtype, 200).tolist()]


@pytest.mark.share(4)
@FUSED
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_error_against_mpmath(name, dtype, fused):
    limit, where, _ = UNARY[name]
    x = points(where, dtype, 200)
    y = compute(name, dtype, fused, x)
    largest = float(np.finfo(dtype).max)
    for a, b, exact in zip(x.tolist(), y, exact_values(name, dtype), strict=True):
        if abs(exact) > largest:
            assert b == math.copysign(math.inf, exact)
            continue
        place = np.spacing(np.abs(np.dtype(dtype).type(exact)))
        assert abs(exact - float(b)) <= limit * float(place), a


@pytest.mark.share(4)
@FUSED
@pytest.mark.parametrize("name", [name for name in UNARY if hasattr(np, name)])
@pytest.mark.parametrize("dtype", LONGER)
def test_error_in_bulk(name, dtype, fused):
    limit, where, _ = UNARY[name]
    x = points(where, dtype, 20_000)
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype(LONGER[dtype]))
    assert worst(compute(name, dtype, fused, x), exact) <= limit


def special_numbers(dtype):
    limits = np.finfo(dtype)
    sizes = [
        0.0,
        limits.smallest_subnormal,
        limits.tiny,
        1e-30,
        0.5,
        1,
        2,
        3,
        1e30,
        limits.max,
        np.inf,
    ]
    return np.array([*sizes, *(-s for s in map(np.float64, sizes)), np.nan], dtype)


def assert_same(y, expected, units):
    """Zeros with their signs, infinities and nan exactly; the rest to so many last places."""
    exact = ~np.isfinite(expected) | (expected == 0)
    np.testing.assert_array_equal(y[exact], expected[exact])
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(y[zero]), np.signbit(expected[zero]))
    np.testing.assert_array_max_ulp(y[~exact], expected[~exact], units)


def eager(name, *arrays):
    with np.errstate(all="ignore"):
        return TABLE[name].value(*arrays)


@FUSED
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values_are_those_of_numpy(name, dtype, fused):
    x = np.tile(special_numbers(dtype), 3)
    if name == "scipy.special.gammaln":
        x = x[np.abs(x) != np.finfo(dtype).smallest_subnormal]  # SciPy says inf, which it is not
    assert_same(compute(name, dtype, fused, x), eager(name, x), 6)


@FUSED
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_special_pairs_are_those_of_numpy(name, dtype, fused):
    a, b = (x.ravel() for x in np.meshgrid(special_numbers(dtype), special_numbers(dtype)))
    assert_same(compute(name, dtype, fused, a, b), eager(name, a, b), 4)


@FUSED
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", DTYPES)
def test_error_of_two_arguments(name, dtype, fused):
    limit, function = BINARY[name]
    rng = np.random.default_rng(7)
    a = np.exp(rng.normal(size=1000) * 3).astype(dtype)
    b = (rng.normal(size=1000) * 10).astype(dtype)
    y = compute(name, dtype, fused, a, b)
    with mpmath.workdps(60):
        for p, q, r in zip(a.tolist(), b.tolist(), y, strict=True):
            exact = function(mpmath.mpf(p), mpmath.mpf(q))
            if np.isinf(r) and exact > float(np.finfo(dtype).max):
                continue
            assert abs(exact - float(r)) <= limit * float(np.spacing(np.abs(r))), (p, q)


# What NumPy computes exactly, and so does the code.
EXACT = {
    1: "floor ceil trunc rint sign absolute negative square isnan isinf isfinite signbit "
    "logical_not modf_fraction deg2rad rad2deg reciprocal",
    2: "maximum minimum fmax fmin copysign fmod remainder floor_divide heaviside equal not_equal "
    "less less_equal greater greater_equal logical_and logical_or logical_xor add divide shifted",
}


@pytest.mark.parametrize(
    ("count", "name"), [(count, name) for count, names in EXACT.items() for name in names.split()]
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_same_bits_as_numpy(count, name, dtype):
    rng = np.random.default_rng(5)
    drawn = [(rng.normal(size=200) * 4).astype(dtype), rng.integers(-3, 3, 200).astype(dtype)]
    numbers = np.concatenate([special_numbers(dtype), *drawn])
    arrays = [numbers] if count == 1 else [x.ravel() for x in np.meshgrid(numbers, numbers[:60])]
    y, expected = compute(name, dtype, None, *arrays), eager(name, *arrays).astype(dtype)
    np.testing.assert_array_equal(y, expected)
    known = ~np.isnan(expected)
    if name in ("maximum", "minimum", "fmax", "fmin"):  # which of 0.0 and -0.0, NumPy leaves open
        known &= expected != 0
    np.testing.assert_array_equal(np.signbit(y[known]), np.signbit(expected[known]))


@pytest.mark.parametrize("exponent", [-3, -2, -1, 0, 0.5, 1, 2, 3, 4, 7, 2.5, -0.75])
@pytest.mark.parametrize("dtype", DTYPES)
def test_constant_powers(exponent, dtype):
    x = np.abs(np.concatenate([points("small", dtype, 200), special_numbers(dtype)]))
    x = x[(x == 0) | (x > 1e-6)]

    def emit(lanes, a):
        return EXPANSIONS["monomial"](lanes, a, exponent=exponent)

    with np.errstate(all="ignore"):
        assert_same(kernel(emit, dtype, WIDTHS[dtype])(x), x**exponent, 4)


@pytest.mark.share(4)
@FUSED
@pytest.mark.parametrize("name", sorted(UNARY))
def test_a_number_alone_is_what_it_is_in_a_vector(name, fused):
    """So where an element stands in an array does not change its value."""
    x = points(UNARY[name][1], "float64", 100)
    expected = compute(name, "float64", fused, x)
    alone = [compute(name, "float64", fused, x[i : i + 1])[0] for i in range(x.size)]
    np.testing.assert_array_equal(alone, expected)


@pytest.mark.parametrize("name", ["exp", "log", "sin", "tanh", "power"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_width_and_every_machine_compute_the_same(name, dtype):
    x = np.abs(points("near", dtype, 101))
    arrays = [x, x] if name in BINARY else [x]
    expected = compute(name, dtype, False, *arrays)
    for width in (1, 2, 4, 32):
        run = kernel(EXPANSIONS[name], dtype, width, len(arrays), fused=False, portable=width == 4)
        np.testing.assert_array_equal(run(*arrays), expected)


@FUSED
def test_the_angle_nearest_to_a_quarter_turn(fused):
    """Of all doubles this one is the hardest to reduce (Muller, Elementary Functions, 11.3.2)."""
    x = np.array([6381956970095103.0 * 2.0**797, -6381956970095103.0 * 2.0**797])
    with mpmath.workdps(400):
        expected = [float(mpmath.cos(mpmath.mpf(a))) for a in x.tolist()]
    np.testing.assert_allclose(compute("cos", "float64", fused, x), expected, rtol=4e-16)
    assert abs(expected[0]) < 1e-18
