"""`check` agrees where derivatives are right, and says where and by how much where they are not."""

import numpy as np
import pytest

import autodiff as ad
from autodiff.checking.check import Report
from autodiff.checking.comparisons import ADJOINT, FORWARD, HESSIAN, LIKE, REVERSE, SYMMETRY, VALUE
from autodiff.checking.finite_differences import slope_at_zero
from autodiff.rules.kinds import Elementwise
from autodiff.special import logsumexp, softmax

RNG = np.random.default_rng(0)


def wrong(rule_of_y=lambda a: 1.01 * np.cos(a)):
    """A sine whose derivative is 1 % too large."""
    return Elementwise("sine", np.sin, rule_of_y)


def network(params, x):
    hidden = np.tanh(x @ params["W"] + params["b"])
    return np.sum(hidden @ params["layers"][0])


PARAMS = {
    "W": RNG.normal(size=(3, 4)),
    "b": RNG.normal(size=4),
    "layers": [RNG.normal(size=(4, 2))],
}


# -- what is right passes --------------------------------------------------------------------------
def test_a_right_function_passes_every_law():
    report = ad.check(network, PARAMS, RNG.normal(size=(5, 3)))
    assert report.ok
    assert bool(report)
    assert report.raise_if_failed() is report
    assert {c.law for c in report.comparisons} == {
        *(VALUE, LIKE, FORWARD, REVERSE, ADJOINT, HESSIAN, SYMMETRY),
    }
    assert {c.verdict for c in report.comparisons} == {"ok"}


def test_every_input_is_named_as_a_person_would():
    report = ad.check(network, PARAMS, RNG.normal(size=(5, 3)))
    assert {c.where for c in report.comparisons if c.law == FORWARD} == {
        *("argument 0['W']", "argument 0['b']", "argument 0['layers'][0]", "argument 1"),
        "all inputs together",
    }


@pytest.mark.parametrize(
    "f",
    [
        np.exp,
        lambda x: np.sum(x**3),
        lambda x: {"double": 2 * x, "size": np.linalg.norm(x)},
        lambda x: np.sin(1000 * x),
        lambda x: 1e6 + np.cumprod(x),
        lambda x: np.where(x > 0.5, x**2, np.cos(x)),
        lambda x: 3.0,
        lambda x: x * ad.grad(lambda t: t**3)(0.5),
    ],
)
def test_right_functions_of_many_kinds_pass(f):
    ad.check(f, np.array([0.3, 0.7, 1.1])).raise_if_failed()


@pytest.mark.parametrize("x", [1e-6, 1e-3, 1.0, 1e3, 1e6, np.array([1e-6, 1.0, 1e3])])
def test_steps_fit_the_size_of_the_input(x):
    for f in (np.log, np.sqrt, lambda x: 1 / x, lambda x: x * np.log(x)):
        report = ad.check(f, x)
        report.raise_if_failed()
        assert all(c.verdict == "ok" for c in report.comparisons), str(report)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_tolerances_fit_the_dtype(dtype):
    x = np.array([0.3, 0.7, 1.1], dtype)
    report = ad.check(lambda x: np.sum(np.tanh(x) * x), x).raise_if_failed()
    allowed = next(c.allowed for c in report.comparisons if c.law == FORWARD)
    assert allowed < 0.2 if dtype is np.float16 else allowed < 1e-3
    assert allowed < 1e-8 or np.finfo(dtype).eps > 1e-10


def test_complex_arguments():
    ad.check(lambda z: np.abs(z) ** 2 + np.real(np.exp(z)), np.array([0.3 + 0.4j, -1j]))


# -- what is wrong fails ---------------------------------------------------------------------------
def test_one_percent_fails_and_says_where_and_by_how_much():
    sine = wrong()
    report = ad.check(lambda p, q: p["W"] + sine(q["b"]), {"W": np.ones(2)}, {"b": np.ones(2)})
    assert not report
    assert {c.where for c in report.failures} == {"argument 1['b']", "all inputs together"}
    assert {FORWARD, REVERSE} <= {c.law for c in report.failures}
    (failure,) = (
        c for c in report.failures if c.where != "all inputs together" and c.law == FORWARD
    )
    assert failure.measured == pytest.approx(0.01 * np.cos(1.0) * 0.75, rel=0.4)
    assert failure.allowed < 1e-6
    with pytest.raises(ad.AutodiffError, match=r"(?s)FAILED.*argument 1\['b'\].* instead of "):
        report.raise_if_failed()


def test_modes_that_disagree_break_the_adjoint_identity():
    sine = wrong(lambda a: np.cos(a))
    right = sine.vjp
    sine.vjp = lambda *args: lambda y_bar: [1.01 * bar for bar in right(*args)(y_bar)]
    report = ad.check(sine, 0.5, order=1)
    assert {c.law for c in report.failures} == {ADJOINT, REVERSE}


def test_wrong_second_order():
    """A right first derivative whose own derivative is cut off."""
    sine = Elementwise("sine", np.sin, lambda a: np.cos(ad.stop_gradient(a)))
    assert ad.check(sine, 0.5, order=1).ok
    report = ad.check(sine, 0.5)
    assert {c.law for c in report.failures} == {HESSIAN}


def test_hessian_that_is_not_symmetric():
    product = Elementwise("product", np.multiply, lambda b: b, lambda a: ad.stop_gradient(a))
    report = ad.check(lambda x: np.sum(product(x[0], x[1])), np.array([0.5, 2.0]))
    assert {SYMMETRY, HESSIAN} <= {c.law for c in report.failures}


def test_gradient_of_another_dtype(monkeypatch):
    monkeypatch.setattr(
        "autodiff.engine.arguments.finished", lambda bar, x: np.zeros(2, np.float32)
    )
    report = ad.check(np.sin, np.zeros((2, 1)), order=1)
    assert LIKE in {c.law for c in report.failures}
    assert "float32 of shape (2,), but the input is float64 of shape (2, 1)" in str(report)


def test_a_dropped_derivative():
    report = ad.check(lambda x: x * ad.stop_gradient(x), 2.0)
    assert {FORWARD, REVERSE, HESSIAN} == {c.law for c in report.failures}


def test_one_wrong_entry_among_many():
    def f(x):
        return np.sum(x) + 0.01 * ad.stop_gradient(x[7])

    report = ad.check(f, np.ones(50))
    assert FORWARD in {c.law for c in report.failures}


# -- terms that cancel -----------------------------------------------------------------------------
X = RNG.normal(size=(6, 4))


def normalised(z):
    return (z - np.mean(z, axis=0)) / np.sqrt(np.var(z, axis=0) + 1e-5)


CANCELLING = {
    "softmax sums to 1": (lambda x: np.sum(softmax(x)), X[0]),
    "softmax of a shift": (lambda c: softmax(X[0] + c), 0.3),
    "logsumexp of a shift": (lambda c: logsumexp(X[0] + c) - c, 0.3),
    "sin^2 + cos^2": (lambda x: np.sin(x) ** 2 + np.cos(x) ** 2, X[0]),
    "exp(x) exp(-x)": (lambda x: np.exp(x) * np.exp(-x), 5 * X[0]),
    "log(exp x) - x": (lambda x: np.log(np.exp(x)) - x, 0.7),
    "0 in two ways": (lambda x: x - np.mean(x) + (np.mean(x) - x), X[0]),
    "a sum of deviations": (lambda x: np.sum(x - np.mean(x)), X[0]),
    "a bias before a normalisation": (lambda b: np.sum(np.tanh(normalised(X + b)) ** 2), X[1]),
    "a scale before a norm": (lambda s: s * X[0] / np.linalg.norm(s * X[0]), 1.7),
    "A^-1 A": (lambda A: np.linalg.solve(A, A), X[:4]),
    "a minimum": (lambda x: np.sum((x - X[0]) ** 2), X[0]),
    "a flat minimum": (lambda x: np.sum((x - X[0]) ** 4), X[0]),
    "a keys' bias in attention": (lambda b: np.tanh(softmax(X @ (X[::-1] + b).T) @ X), X[2]),
}


@pytest.mark.share(3)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", CANCELLING)
def test_a_derivative_that_is_zero_by_cancellation_passes(name, dtype):
    """Rounding is relative to the terms, which are larger than their sum."""
    f, x = CANCELLING[name]
    for seed in range(4):
        report = ad.check(f, np.asarray(x, dtype)[()], seed=seed)
        assert report.ok, str(report)


@pytest.mark.parametrize("share", [1.0, 1e-3, 1e-6])
def test_a_wrong_rule_among_terms_that_cancel_fails(share):
    """1 % of a term that is a small part of the sum, beside a derivative that is zero."""
    sine = wrong()

    def f(x):
        return np.sum(softmax(x)) + share * (sine(x[0]) ** 2 + np.cos(x[0]) ** 2)

    for seed in range(4):
        report = ad.check(f, X[0], seed=seed)
        assert {FORWARD, REVERSE, HESSIAN} <= {c.law for c in report.failures}, str(report)


def test_modes_that_disagree_on_a_derivative_of_zero_fail():
    sine = wrong(lambda a: np.cos(a))
    right = sine.vjp
    sine.vjp = lambda *args: lambda y_bar: [(1 + 1e-6) * bar for bar in right(*args)(y_bar)]
    report = ad.check(lambda x: sine(x) ** 2 + np.cos(x) ** 2, X[0], order=1)
    assert {ADJOINT, REVERSE} == {c.law for c in report.failures}, str(report)


def test_modes_that_disagree_at_a_kink_fail():
    """Beside it both modes agree, so a move of the input tells nothing of rounding."""
    above = Elementwise("above", np.maximum, lambda a, b: a >= b, lambda a, b: np.less(a, b))
    right = above.vjp
    above.vjp = lambda *args: lambda y_bar: [0.5 * bar for bar in right(*args)(y_bar)]
    assert ADJOINT in {c.law for c in ad.check(lambda x: above(x, 0.0), 0.0, order=1).failures}


# -- kinks -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x: np.sum(np.maximum(x, 0)), np.array([1e-9, 1.0, -1e-12])),
        (np.abs, 0.0),
        (np.linalg.norm, np.zeros(3)),
        (np.floor, 2.0),
        (np.sqrt, 0.0),
        (np.cbrt, 0.0),
    ],
)
def test_beside_a_kink_the_difference_is_called_unreliable(f, x):
    report = ad.check(f, x)
    assert report.ok, str(report)
    assert any(c.verdict == "unreliable" for c in report.comparisons), str(report)
    assert "unreliable (a kink or a pole within reach" in str(report)


@pytest.mark.parametrize("x", [1e-13, -1e-30, 1e3])
def test_steps_in_proportion_stay_on_one_side_of_a_kink(x):
    report = ad.check(np.abs, x)
    assert {c.verdict for c in report.comparisons} == {"ok"}, str(report)


def test_a_kink_does_not_excuse_everything():
    """Beside the kink of |x| any slope between -1 and 1 may be right; 20 is not."""
    steep = Elementwise("steep", np.abs, lambda a: 20 * np.sign(a))
    assert not ad.check(steep, 1e-9, order=1)


def test_a_kink_at_some_distance_is_no_trouble():
    report = ad.check(lambda x: np.maximum(x, 0.0), np.array([1e-3, 0.5, -1e-3]))
    assert {c.verdict for c in report.comparisons} == {"ok"}, str(report)


# -- arguments and refusals ------------------------------------------------------------------------
def test_integers_are_constants_unless_named():
    f = lambda x, k: x**k  # noqa: E731
    by_default = ad.check(f, 2.0, 3)
    assert {c.where for c in by_default.comparisons if c.law == LIKE} == {"argument 0"}
    named = ad.check(f, 2.0, 3, argnums=(0, 1)).raise_if_failed()
    assert {c.where for c in named.comparisons if c.law == LIKE} == {"argument 0", "argument 1"}


def test_masks_and_labels_pass_through():
    def loss(x, labels, mask):
        return np.sum(np.where(mask, x[np.arange(3), labels], 0.0))

    ad.check(loss, RNG.normal(size=(3, 2)), np.array([0, 1, 1]), np.array([True, False, True]))


def test_nothing_to_differentiate_in():
    with pytest.raises(
        ad.NotDifferentiableError, match=r"has no number and no array among its arguments"
    ):
        ad.check(lambda x: x, "3")
    with pytest.raises(
        ad.NotDifferentiableError, match=r"check: sin has no number.*check\(f, 0\.1\)"
    ):
        ad.check(np.sin)


def test_integers_alone_count_as_floats():
    report = ad.check(lambda x, k: x**2 * k[0], 3, np.array([2, 5])).raise_if_failed()
    assert {"argument 0", "argument 1"} < {c.where for c in report.comparisons}


def test_a_function_that_is_not_one():
    rng = np.random.default_rng(0)
    with pytest.raises(ad.AutodiffError, match=r"different results.*seeded inside"):
        ad.check(lambda x: x * rng.normal(), 1.0)


def test_results_must_be_floats():
    with pytest.raises(ad.ShapeError, match="must return floats"):
        ad.check(lambda x: np.argmax(x), np.ones(3))


@pytest.mark.parametrize("options", [{"order": 3}, {"directions": 0}])
def test_options_are_checked(options):
    (name,) = options
    with pytest.raises(ValueError, match=f"check: {name}="):
        ad.check(np.sin, 1.0, **options)


def test_the_arguments_stay_as_they_are():
    x = np.array([1.0, 2.0])

    def writes(x):
        x[0] = 3.0
        return np.sum(x**2)

    ad.check(writes, x).raise_if_failed()
    assert x.tolist() == [1.0, 2.0]


def test_the_report_is_a_table_and_repeatable():
    first, second = (ad.check(np.tanh, np.array([0.5])) for _ in range(2))
    assert isinstance(first, Report)
    assert str(first) == str(second)
    head, *lines = str(first).splitlines()
    assert head == "check of tanh: ok, 7 comparisons"
    assert [line.index("ok") for line in lines[1:]] == [lines[0].index("verdict")] * 7


# -- finite differences ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("phi", "slope"),
    [
        (np.exp, 1.0),
        (lambda t: np.sin(1000 * t), 1000.0),
        (lambda t: np.log(0.01 + t), 100.0),
        (lambda t: 3.0 + 0 * t, 0.0),
        (lambda t: 1e8 + np.sin(t), 1.0),
        (lambda t: np.maximum(t + 1e-3, 0), 1.0),
        (lambda t: np.exp((2 + 1j) * t), 2 + 1j),
        (lambda t: t * abs(t), 0.0),
    ],
)
def test_slope_is_within_its_error(phi, slope):
    found, error, _ = slope_at_zero(phi)
    assert abs(found - slope) <= 10 * error
    assert error <= max(1e-3 * abs(slope), 1e-4)


@pytest.mark.parametrize("phi", [np.cbrt, np.sqrt, np.floor, lambda t: np.nan])
def test_slope_that_is_not_there_has_infinite_error(phi):
    assert slope_at_zero(phi)[1] == np.inf


@pytest.mark.parametrize("phi", [abs, lambda t: np.maximum(t, 0), lambda t: abs(t - 1e-9)])
def test_slope_at_a_kink_is_off_by_the_jump(phi):
    assert slope_at_zero(phi)[1] > 0.4
