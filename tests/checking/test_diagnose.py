"""What `diagnose` finds, where it says it is, and what it leaves alone."""

import math
import time
from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import expit

import autodiff as ad
from autodiff import diagnose

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3))
W1, W2 = RNG.normal(size=(3, 5)), RNG.normal(size=(5, 1))
Y = RNG.normal(size=(20, 1))


def the(report, kind):
    """The one finding of a kind."""
    (finding,) = [f for f in report.findings if f.kind == kind]
    return finding


# -- inf and nan -----------------------------------------------------------------------------------
def length(x):
    s = np.sum(x**2)
    r = np.sqrt(s)
    return 3.0 * r


def test_the_length_of_zero():
    report = diagnose(length, np.zeros(3))
    assert not report.ok
    assert not report
    (finding,) = report.findings
    assert finding.kind == "non-finite tangent and adjoint"
    assert (finding.name, finding.operation) == ("r", "sqrt(s)")
    assert finding.line.startswith("test_diagnose.py:")
    assert finding.line.endswith(": r = np.sqrt(s)")
    assert finding.value == "tangent of r is nan; adjoint of s is inf"
    assert finding.cause == "the derivative of sqrt is not finite at s = 0"
    assert "np.linalg.norm" in finding.cure


def test_nothing_to_find():
    report = diagnose(length, np.ones(3))
    assert report.ok
    assert report
    assert report.findings == ()
    assert str(report) == "diagnosis of length (4 operations): nothing found"
    assert diagnose(lambda x: np.linalg.norm(x) ** 2 + np.std(x), np.array([1.0, 2.0])).ok
    assert diagnose(ad.special.softmax, np.arange(3.0)).ok
    assert diagnose(lambda x: np.sum(x**2), np.zeros(3)).ok  # a minimum is no dead end


# name: a function, its arguments, the kind of its first finding, words of the cause and the cure
# fmt: off - one trouble a line
KNOWN = {
    "softmax": (
        lambda x: -np.log(ad.special.softmax(x)[0]),
        (np.array([0.0, 800.0]),),
        ("non-finite value", "log of 0", "log_softmax"),
    ),
    "sigmoid": (
        lambda x: np.log(expit(x)),
        (-800.0,),
        ("non-finite value", "log of 0", "log_sigmoid"),
    ),
    "logsumexp": (
        lambda x: np.log(np.sum(np.exp(x))),
        (np.array([1.0, 1000.0]),),
        ("overflow", "reaches 1000, and float64 ends at exp(709.78)", "logsumexp"),
    ),
    "softplus": (lambda x: np.log(1 + np.exp(x)), (1000.0,), ("overflow", "1000", "logaddexp")),
    "logistic": (lambda x: 1 / (1 + np.exp(-x)), (-1000.0,), ("overflow", "1000", "sigmoid")),
    "exp alone": (np.exp, (1e4,), ("overflow", "10000", "logsumexp")),
    "single": (np.exp, (np.float32(100),), ("overflow", "float32 ends at exp(88.7", "logarithms")),
    "product": (
        lambda x: x * x,
        (1e200,),
        ("overflow", "larger than the largest float64", "scale"),
    ),
    "matrix product": (lambda x: x @ x, (np.full(3, 1e200),), ("overflow", "1.8e+308", "scale")),
    "quotient": (
        lambda x, y: y / x,
        (0.0, 1.0),
        ("non-finite value", "division by zero: x = 0", "where"),
    ),
    "0 / 0": (lambda x: np.sin(x) / x, (0.0,), ("non-finite value", "0 / 0", "np.sinc")),
    "0 * inf": (lambda x: x * np.inf, (0.0,), ("non-finite value", "0 * inf", "np.where")),
    "entropy": (lambda p: p * np.log(p), (0.0,), ("non-finite value", "log of 0", "xlogy")),
    "negative log": (np.log, (-2.0,), ("non-finite value", "a number below 0: x = -2", "above 0")),
    "log1p": (np.log1p, (-1.0,), ("non-finite value", "x = -1", "above")),
    "root": (
        np.sqrt,
        (np.array([1.0, -4.0]),),
        ("non-finite value", "x = -4 in one entry, at [1]", "maximum"),
    ),
    "power": (lambda x: x**0.5, (np.array([-4.0]),), ("non-finite value", "not an integer", "abs")),
    "pole": (lambda x: x**-2, (0.0,), ("non-finite value", "negative power: x = 0", "where")),
    "domain": (
        np.arcsin,
        (1.5,),
        ("non-finite value", "x = 1.5; arcsin is defined on (-1, 1)", "clip"),
    ),
    "root of 0": (np.sqrt, (0.0,), ("non-finite tangent and adjoint", "x = 0", "np.where(x > 0")),
    "root of a square": (
        lambda x: np.sqrt(x**2),
        (0.0,),
        ("non-finite tangent and adjoint", "= 0", "np.abs"),
    ),
    "root of a sum": (
        lambda x, y: np.sqrt(x * x + y * y),
        (0.0, 0.0),
        ("non-finite tangent and adjoint", "= 0", "np.hypot"),
    ),
    "angle": (np.arctan2, (0.0, 0.0), ("non-finite tangent and adjoint", "arctan2", "(0, 0)")),
    "end of the domain": (np.arcsin, (1.0,), ("non-finite tangent and adjoint", "= 1", "clip")),
    "small power": (lambda x: x**0.5, (0.0,), ("non-finite tangent and adjoint", "x = 0", "base")),
    "argument": (
        lambda x: x * 2,
        (np.array([1.0, np.nan]),),
        ("non-finite value", "itself", "data"),
    ),
}
# fmt: on


@pytest.mark.parametrize("name", KNOWN)
def test_known_troubles_have_known_cures(name):
    f, args, (kind, cause, cure) = KNOWN[name]
    finding = diagnose(f, *args).findings[0]
    assert finding.kind == kind
    assert cause in finding.cause
    assert cure in finding.cure


def test_only_the_first_place_is_reported():
    """What follows from an inf is no finding of its own, however far it spreads."""

    def f(x):
        e = np.exp(x)
        d = e - e
        return np.sum(np.sin(d) * e)

    report = diagnose(f, np.array([1.0, 1e4]))
    assert [x.name for x in report.findings] == ["e"]


def test_troubles_in_different_places_are_all_reported():
    report = diagnose(lambda x, y: np.sqrt(x) + np.log(y), 0.0, 0.0)
    assert {f.cause.split(" ")[0] for f in report.findings} == {"log", "the"}


def test_an_infinite_constant_is_meant():
    mask = np.array([True, False])
    assert diagnose(lambda x: ad.special.softmax(np.where(mask, x, -np.inf)), np.ones(2)).ok


def test_a_branch_that_is_left_out_is_said_to_be():
    def f(x):
        return np.sum(np.where(x == 0, 1, np.sin(x) / x))

    (finding,) = diagnose(f, np.array([0.0, 1.0])).findings
    assert "no result contains it" in finding.value


def test_a_forward_sweep_alone():
    """The tangent of x^1.5 - x^1.5 is nan where both slopes are inf; so is the adjoint."""
    finding = diagnose(lambda x: np.cbrt(x) * 0.0, 0.0).findings[0]
    assert "cbrt" in finding.cause


def test_rows_with_several_results():
    def f(a):
        w, v = np.linalg.eigh(a)
        return np.log(w[0]) + v[0, 0] ** 2

    finding = the(diagnose(f, np.array([[1.0, 0.5], [0.5, 0.25]])), "non-finite value")
    assert "log" in finding.operation


def test_what_is_refused_on_the_way_is_a_finding():
    finding = the(diagnose(lambda x: math.sin(x), 1.0), "refused")
    assert "math.sin(x)" in finding.cause
    assert "np.sin" in finding.cure


def test_what_is_refused_is_a_finding():
    finding = the(diagnose(lambda a: np.linalg.eigh(a)[1], np.eye(2)), "refused")
    assert "coincide" in finding.cause
    assert "norm" in finding.cure


# -- dead units ------------------------------------------------------------------------------------
def network(w1, b1, w2, x, y):
    h = x @ w1 + b1
    a = np.maximum(h, 0)
    return np.mean((a @ w2 - y) ** 2)


def test_dead_units_are_named():
    b1 = np.array([0.0, 0.0, -100.0, 0.0, -100.0])
    finding = the(diagnose(network, W1, b1, W2, X, Y), "dead")
    assert (finding.name, finding.operation) == ("a", "maximum(h, 0)")
    assert "columns 2, 4 (2 of 5), for all 20 rows" in finding.value
    assert "leaky_relu" in finding.cure
    assert "np.maximum(h, 0)" in finding.line


def test_a_dead_layer():
    findings = diagnose(network, W1, np.full(5, -100.0), W2, X, Y).findings
    assert "adjoint of h is exactly 0 in every entry" in [f.value for f in findings]


def test_a_unit_that_one_example_moves_is_alive():
    x = np.vstack([X, [[50.0, 0.0, 0.0]]])
    w1 = np.abs(W1)
    assert diagnose(network, w1, np.full(5, -10.0), W2, x, np.zeros((21, 1))).ok


def test_one_example_alone_says_nothing_of_units():
    assert diagnose(network, W1, np.zeros(5), W2, X[:1], Y[:1]).ok


@pytest.mark.parametrize(
    ("activation", "dead"),
    [
        (lambda h: h * (h > 0), True),
        (lambda h: np.where(h <= 0, 0, h), True),
        (lambda h: np.clip(h, 0, 6), True),
        (lambda h: np.tanh(9 * h), True),  # so far out that its slope is below every double
        (lambda h: np.where(h > 0, h, 0.01 * h), False),
        (lambda h: np.where(h > 0, h, np.expm1(np.minimum(h, 0))), False),
    ],
)
def test_activations_that_die_and_others(activation, dead):
    def f(b, w):
        return np.sum(activation(X @ W1 + b) * w)

    b = np.array([0.0, -100.0, 0.0, -100.0, 0.0])
    assert ("dead" in [x.kind for x in diagnose(f, b, W2[:, 0]).findings]) == dead


def test_zero_weights_stop_the_sweep():
    finding = the(diagnose(network, W1, np.zeros(5), W2 * 0, X, Y), "dead")
    assert "multiplied by w2, which is 0" in finding.cause
    assert "small random numbers" in finding.cure


def test_arguments_without_a_derivative():
    assert "does not depend" in the(diagnose(lambda x, y: x * 2, 1.0, 2.0), "dead").cause
    finding = the(diagnose(lambda x: np.round(x) * 2.0, 1.3), "dead")
    assert "round" in finding.cause
    assert diagnose(lambda x, y: np.sum(np.where(y > 0.5, x, 2 * x)), X, X + 0.1).ok


# -- cancellation ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("f", "x", "cure"),
    [
        (lambda x: np.exp(x) - 1, 1e-9, "expm1"),
        (lambda x: 1 - np.cos(x), 1e-5, "sin(x / 2)"),
        (lambda x: np.log(1 + x), 1e-10, "log1p"),
        (lambda x: np.sqrt(x + 1) - np.sqrt(x), 1e12, "np.sqrt(a) + np.sqrt(b)"),
        (lambda x: np.mean(x**2) - np.mean(x) ** 2, 1e9 + np.arange(3.0), "np.var"),
        (lambda x: np.log(x + 1e-9) - np.log(x), 3.0, "log1p"),
        (lambda x: 1 - expit(x), 30.0, "expit(-x)"),
        (lambda x: (x + 1e-9) ** 2 - x**2, 1.0, "(a - b) * (a + b)"),
    ],
)
def test_cancellation(f, x, cure):
    finding = the(diagnose(f, x), "cancellation")
    assert cure in finding.cure
    assert "condition number" in finding.value
    assert "digits are lost" in finding.value


def test_exact_differences_lose_nothing():
    assert diagnose(lambda x, y: x - y, 1.0, 1.0 + 1e-15).ok
    assert diagnose(lambda x: (z := np.exp(x)) - np.max(z), np.array([1.0, 2.0])).ok
    assert diagnose(lambda x: np.exp(x) - 1, 1.0).ok


def test_the_logit_of_a_label_loses_nothing():
    """A sum of one entry and zeros, as in a cross-entropy; a sum of two entries does round."""

    def above(x, picked):
        z = np.tanh(x)
        return z - np.sum(np.where(picked, z, 0), axis=-1, keepdims=True)

    x = np.array([[0.3, 1e-17, 0.5], [0.1, 0.2, 0.7]])
    assert diagnose(lambda x: above(x, np.eye(3, dtype=bool)[[0, 2]]), x).ok
    two = np.array([[True, True, False], [True, False, False]])
    assert diagnose(lambda x: above(x, two), x).findings


# -- the report ------------------------------------------------------------------------------------
class Parameters(NamedTuple):
    scale: float
    shift: dict


def test_nests_and_several_results():
    def f(p, x):
        z = p.scale * x + p.shift["b"]
        return {"root": np.sqrt(z), "log": (np.log1p(z), None)}

    report = diagnose(f, Parameters(0.0, {"b": np.zeros(2)}), np.ones(2))
    finding = the(report, "non-finite tangent and adjoint")
    assert "z = 0 in every entry" in finding.cause


def test_integers_are_data_beside_floats_and_numbers_alone():
    labels = np.array([0, 1, 1])
    logits = RNG.normal(size=(3, 2))
    f = lambda z, k: np.mean(ad.special.log_softmax(z, axis=1)[np.arange(3), k])  # noqa: E731
    assert diagnose(f, logits, labels).ok
    assert "root" not in str(diagnose(lambda n: n * 2, 3))
    assert diagnose(np.sqrt, 0).findings


def test_the_report_reads_well():
    text = str(diagnose(length, np.zeros(3)))
    line = next(x for x in text.splitlines() if x.startswith("    at "))
    assert text.splitlines()[0] == "diagnosis of length (4 operations): 1 finding"
    assert text.splitlines()[2] == "non-finite tangent and adjoint: r = sqrt(s)"
    assert ": r = np.sqrt(s)" in line


def test_in_a_notebook_everything_is_escaped():
    report = diagnose(lambda x: np.where(x < 0, 0, x), np.zeros(2))
    page = report._repr_html_()
    assert "x &lt; 0" in page
    assert "x < 0" not in page
    assert "<td>kink</td>" in page
    assert "nothing found" in diagnose(np.sin, 1.0)._repr_html_()


def test_no_arguments_to_differentiate_in():
    with pytest.raises(
        ad.NotDifferentiableError, match=r"pass what to differentiate in: diagnose\(f, 0.1\)"
    ):
        diagnose(lambda name: name, "x")


def test_the_users_own_errors_pass():
    with pytest.raises(KeyError):
        diagnose(lambda x: {}["missing"], 1.0)


def test_thousands_of_operations():
    def shared(w):
        s = 0.0
        for k in range(2500):
            s = s + np.sum(w * k)
        return np.sqrt(s * 0.0)

    start = time.perf_counter()
    report = diagnose(shared, np.ones(3))
    assert "non-finite" in str(report)
    assert time.perf_counter() - start < 20
