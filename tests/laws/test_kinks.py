"""The points where engines disagree: what the conventions say there, in both modes.

The rule: ties share evenly; otherwise the minimal-norm subgradient; where smooth pieces meet, the
common limit; where no finite derivative exists, the IEEE value; an untaken branch contributes
exactly zero.
"""

import numpy as np
import pytest

import autodiff as ad

INF, NAN = np.inf, np.nan
ZEROS = np.zeros(3)

# what happens, the function, where, the derivative there (a matrix for vector functions)
KINKS = [
    ("abs at 0", np.abs, 0.0, 0.0),
    ("fabs at 0", np.fabs, 0.0, 0.0),
    ("norm at 0", np.linalg.norm, ZEROS, ZEROS),
    ("norm along an axis at 0", lambda x: np.linalg.norm(x, axis=0), ZEROS, ZEROS),
    ("maximum at a tie", lambda x: np.maximum(x, 2.0), 2.0, 0.5),
    ("minimum at a tie", lambda x: np.minimum(2.0, x), 2.0, 0.5),
    ("fmax at a tie", lambda x: np.fmax(x, 2.0), 2.0, 0.5),
    ("fmin at a tie", lambda x: np.fmin(x, 2.0), 2.0, 0.5),
    ("maximum of x and x", lambda x: np.maximum(x, x), 2.0, 1.0),
    ("max with ties", np.max, np.array([1.0, 3.0, 3.0]), np.array([0.0, 0.5, 0.5])),
    ("min with ties", np.min, np.array([1.0, 1.0, 1.0, 2.0]), np.array([1, 1, 1, 0]) / 3),
    ("sort with ties", np.sort, np.array([2.0, 1.0, 1.0]), np.eye(3)[[1, 2, 0]]),
    ("clip at its low bound", lambda x: np.clip(x, 1.0, 2.0), 1.0, 1.0),
    ("clip at its high bound", lambda x: np.clip(x, 1.0, 2.0), 2.0, 1.0),
    ("clip outside", lambda x: np.clip(x, 1.0, 2.0), 3.0, 0.0),
    ("where: untaken sqrt", lambda x: np.where(x < 1, x, np.sqrt(x)), 0.0, 1.0),
    ("where: untaken quotient", lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0, 0.0),
    ("where: untaken log", lambda x: np.where(x > 0, np.log(x), x), -1.0, 1.0),
    ("sqrt at 0", np.sqrt, 0.0, INF),
    ("root of a sum of squares at 0", lambda x: np.sqrt(np.sum(x**2)), ZEROS, ZEROS + NAN),
    ("x**0 at 0", lambda x: x**0, 0.0, 0.0),
    ("x**1 at 0", lambda x: x**1, 0.0, 1.0),
    ("x**2 at 0", lambda x: x**2, 0.0, 0.0),
    ("x**0. at 0", lambda x: np.power(x, 0.0), 0.0, 0.0),
    ("x**1. at 0", lambda x: np.power(x, 1.0), 0.0, 1.0),
    ("x**2. at 0", lambda x: np.power(x, 2.0), 0.0, 0.0),
    ("0**y", lambda y: np.power(0.0, y), 2.0, 0.0),
    ("std of a constant", np.std, ZEROS + 4.0, ZEROS),
    ("var of a constant", np.var, ZEROS + 4.0, ZEROS),
    ("hypot(0, 0)", lambda x: np.hypot(x[0], x[1]), np.zeros(2), np.zeros(2)),
    ("hypot at 1e200", lambda x: np.hypot(x[0], x[1]), np.array([3e200, 4e200]), [0.6, 0.8]),
    ("arctan2(0, 0)", lambda x: np.arctan2(x[0], x[1]), np.zeros(2), [NAN, NAN]),
    ("arctan2 at 1e200", lambda x: np.arctan2(x, 4e200), 3e200, 1.6e-201),
    ("prod with a zero", np.prod, np.array([0.0, 2.0, 3.0]), [6.0, 0.0, 0.0]),
    ("prod with two zeros", np.prod, np.array([0.0, 0.0, 3.0]), [0.0, 0.0, 0.0]),
    ("cumprod with a zero", np.cumprod, np.array([0.0, 2.0]), [[1.0, 0.0], [2.0, 0.0]]),
    ("logaddexp of -inf", lambda x: np.logaddexp(x[0], x[1]), np.array([-INF, -INF]), [0.0, 0.0]),
    ("initial that wins", lambda x: np.max(x, initial=9.0), np.array([1.0, 2.0]), [0.0, 0.0]),
    ("repeated index", lambda x: np.sum(x[[0, 0, 1]]), np.array([1.0, 2.0]), [2.0, 1.0]),
    *((f.__name__, f, 2.0, 0.0) for f in (np.floor, np.ceil, np.rint, np.trunc, np.sign)),
    ("floor division", lambda x: x // 2.0, 4.0, 0.0),
    ("heaviside", lambda x: np.heaviside(x, 0.5), 0.0, 0.0),
    ("a comparison", lambda x: (x > 1.0) * 1.0, 1.0, 0.0),
    ("argmax", lambda x: x[np.argmax(x)], np.array([1.0, 3.0, 3.0]), [0.0, 1.0, 0.0]),
]  # fmt: skip

every_kink = pytest.mark.parametrize(
    ("f", "x", "expected"), [k[1:] for k in KINKS], ids=[k[0] for k in KINKS]
)


@every_kink
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # an untaken branch may divide by zero
@pytest.mark.parametrize("transform", [ad.jacrev, ad.jacfwd])
def test_derivative_at_the_kink(transform, f, x, expected):
    np.testing.assert_allclose(transform(f)(x), expected, rtol=1e-15)


@every_kink
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("transform", [ad.jacrev, ad.jacfwd])
def test_the_same_inside_a_larger_function(transform, f, x, expected):
    """3 f(x / 2 + x / 2) has three times the derivative of f."""
    larger = transform(lambda x: 3.0 * f(x / 2 + x / 2))(x)
    np.testing.assert_allclose(larger, 3.0 * np.asarray(expected), rtol=1e-14)


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_tie_in_forward_mode_is_the_mean_of_the_tangents(f):
    assert ad.jvp(f, (2.0, 2.0), (1.0, 5.0)) == (2.0, 3.0)


def test_untaken_branch_is_zero_at_every_order():
    f = lambda x: np.where(x == 0, 1.0, np.sin(x) / np.where(x == 0, 1.0, x)) * x  # noqa: E731
    orders = [f]
    for _ in range(3):
        orders.append(ad.grad(orders[-1]))
    assert [float(g(0.0)) for g in orders] == [0.0, 1.0, 0.0, 0.0]


def test_zero_that_merely_happened_still_meets_infinity():
    """The derivative 0 of x^2 at 0 is no branch left out: 0 * inf is nan, in both modes."""
    f = lambda x: np.sqrt(x**2)  # noqa: E731
    with np.errstate(all="ignore"):
        assert np.isnan(ad.grad(f)(0.0))
        assert np.isnan(ad.jvp(f, (0.0,), (1.0,))[1])
