"""Worked problems whose answers are known: the exp/sin chain, a small network, a real fit."""

import csv
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad

E = np.exp(1.0)


# -- A: y = exp(e + e^2) + sin(e + e^2), e = exp x -------------------------------------------------
def chain(x, taps=None):
    """The chain; a tap added to each intermediate value asks for the derivative in it."""
    moved = iter(taps) if taps is not None else iter([0.0] * 5)
    f1 = np.exp(x) + next(moved)
    f2 = f1**2 + next(moved)
    f3 = f1 + f2 + next(moved)
    f4 = np.exp(f3) + next(moved)
    f5 = np.sin(f3) + next(moved)
    return f4 + f5, (f1, f2, f3, f4, f5)


@pytest.fixture
def forms():
    """The closed forms at x = 0.1."""
    f1 = np.exp(0.1)
    f2, f3 = f1**2, f1 + f1**2
    f4, f5 = np.exp(f3), np.sin(f3)
    slope = f4 + np.cos(f3)
    by_chain = slope * (1 + 2 * f1)
    return {
        "values": (f1, f2, f3, f4, f5),
        "adjoints": (by_chain, slope, slope, 1.0, 1.0),  # dy/df1 .. dy/df5
        "tangents": (f1, 2 * f2, f1 + 2 * f2, f4 * (f1 + 2 * f2), np.cos(f3) * (f1 + 2 * f2)),
        "slope": f1 * by_chain,
    }


def test_chain_in_reverse_mode(forms):
    zeros = [0.0] * 5
    slope, adjoints = ad.grad(lambda x, taps: chain(x, taps)[0], (0, 1))(0.1, zeros)
    assert slope == pytest.approx(forms["slope"], rel=1e-12)
    np.testing.assert_allclose(adjoints, forms["adjoints"], rtol=1e-12)


def test_chain_in_forward_mode(forms):
    (y, values), (y_dot, tangents) = ad.jvp(chain, (0.1,), (1.0,))
    np.testing.assert_allclose(values, forms["values"], rtol=1e-12)
    np.testing.assert_allclose(tangents, forms["tangents"], rtol=1e-12)
    assert y == pytest.approx(forms["values"][3] + forms["values"][4], rel=1e-12)
    assert y_dot == pytest.approx(forms["slope"], rel=1e-12)


def test_chain_to_second_order():
    """y'' = f1 (1 + 4 f1) s + (f1 + 2 f1^2)^2 (f4 - sin f3), in all four nestings."""
    f = lambda x: chain(x)[0]  # noqa: E731
    forward = lambda f: lambda x: ad.jvp(f, (x,), (1.0,))[1]  # noqa: E731
    f1 = np.exp(0.1)
    f3 = f1 + f1**2
    curve = f1 * (1 + 4 * f1) * (np.exp(f3) + np.cos(f3))
    curve += (f1 + 2 * f1**2) ** 2 * (np.exp(f3) - np.sin(f3))
    for inner in (ad.grad, forward):
        for outer in (ad.grad, forward):
            assert outer(inner(f))(0.1) == pytest.approx(curve, rel=1e-12)


def test_chain_is_checked():
    ad.check(lambda x: chain(x)[0], 0.1).raise_if_failed()


# -- B: a small network by hand --------------------------------------------------------------------
# h = W x;  r = relu(h);  s1 = max(r2, r3);  y = softmax(r1, s1);  z = y1 + y2
WEIGHTS = np.array([[6.0, 2.0], [4.0, 7.0], [5.0, 1.0]])
INPUT = np.array([1.0, -2.0])


def relu(h):
    return np.where(h > 0, h, 0)


def hidden(w, x):
    return w @ x


def largest(r):
    return np.maximum(r[1], r[2])


def shares(r1, s1):
    total = np.exp(r1) + np.exp(s1)
    return np.stack([np.exp(r1) / total, np.exp(s1) / total])


def network(w, x):
    r = relu(hidden(w, x))
    return np.sum(shares(r[0], largest(r)))


H, R, S1 = np.array([2.0, -10.0, 3.0]), np.array([2.0, 0.0, 3.0]), 3.0
Y = np.array([1 / (1 + E), E / (1 + E)])


def test_network_values():
    assert hidden(WEIGHTS, INPUT).tolist() == H.tolist()
    assert relu(H).tolist() == R.tolist()
    assert largest(R) == S1
    np.testing.assert_allclose(shares(R[0], S1), Y, rtol=1e-15)
    assert network(WEIGHTS, INPUT) == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("jacobian", [ad.jacfwd, ad.jacrev])
def test_network_derivatives(jacobian):
    by_weights, by_input = jacobian(hidden, (0, 1))(WEIGHTS, INPUT)
    assert by_weights[0, 0, 1] == INPUT[1]  # dh1/dw12 = x2
    assert by_input[0, 0] == WEIGHTS[0, 0]  # dh1/dx1 = w11
    assert jacobian(relu)(H).tolist() == np.diag([1.0, 0.0, 1.0]).tolist()  # [h > 0]
    by_r1, by_s1 = jacobian(shares, (0, 1))(R[0], S1)
    np.testing.assert_allclose(by_r1, [Y[0] * (1 - Y[0]), -Y[0] * Y[1]], rtol=1e-14)
    np.testing.assert_allclose(by_s1, [-Y[0] * Y[1], Y[1] * (1 - Y[1])], rtol=1e-14)
    assert jacobian(largest)(R).tolist() == [0.0, 0.0, 1.0]  # ds1/dr2 = [r2 > r3]
    assert jacobian(np.sum)(Y).tolist() == [1.0, 1.0]  # dz/dy = 1
    np.testing.assert_allclose(jacobian(network, 1)(WEIGHTS, INPUT), 0.0, atol=1e-15)  # dz/dx = 0
    np.testing.assert_allclose(jacobian(network, 0)(WEIGHTS, INPUT), 0.0, atol=1e-15)


# -- logistic regression ---------------------------------------------------------------------------
DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "cs229" / "ds1_a.csv"


@pytest.fixture(scope="module")
def points():
    """Features with a column of ones, and labels: the CS229 set, or made ones if it is absent."""
    if DATA.exists():
        with DATA.open(newline="") as file:
            rows = [[float(v) for v in row.values()] for row in csv.DictReader(file)]
        y, x = np.array(rows)[:, 0], np.array(rows)[:, 1:]
    else:
        print(f"{DATA} is absent: fitting to made points")  # noqa: T201
        rng = np.random.default_rng(0)
        x = rng.normal(size=(100, 2))
        y = (x @ [2.0, -1.0] + rng.logistic(size=100) > 0).astype(float)
    return np.column_stack([np.ones(len(x)), x]), y


def logistic_loss(theta, x, y):
    """The mean of -log P(y | x); log(1 + exp z) never overflows."""
    z = x @ theta
    return np.mean(np.logaddexp(0.0, z) - y * z)


def test_gradient_and_hessian_are_the_closed_forms(points):
    x, y = points
    theta = np.array([0.5, -1.0, 2.0])
    p = 1 / (1 + np.exp(-x @ theta))
    gradient, curvature = x.T @ (p - y) / len(y), x.T @ (x * (p * (1 - p))[:, None]) / len(y)
    np.testing.assert_allclose(ad.grad(logistic_loss)(theta, x, y), gradient, rtol=1e-12)
    np.testing.assert_allclose(ad.hessian(logistic_loss)(theta, x, y), curvature, rtol=1e-12)


def newton(x, y):
    theta = np.zeros(x.shape[1])
    for _ in range(20):
        slope = ad.grad(logistic_loss)(theta, x, y)
        theta = theta - np.linalg.solve(ad.hessian(logistic_loss)(theta, x, y), slope)
    return theta


def test_newton_ends_where_the_gradient_is_zero(points):
    theta = newton(*points)
    assert np.max(np.abs(ad.grad(logistic_loss)(theta, *points))) < 1e-14
    assert np.all(np.linalg.eigvalsh(ad.hessian(logistic_loss)(theta, *points)) > 0)


def test_gradient_descent_goes_to_the_same_place(points):
    """On standardised features, at the rate 1/L, where L bounds the curvature."""
    x, y = points
    scaled = np.column_stack([x[:, 0], (x[:, 1:] - x[:, 1:].mean(0)) / x[:, 1:].std(0)])
    rate = 4 * len(y) / np.linalg.norm(scaled, 2) ** 2
    step = ad.value_and_grad(logistic_loss)
    theta, losses = np.zeros(scaled.shape[1]), []
    for _ in range(3_000):
        loss, slope = step(theta, scaled, y)
        theta = theta - rate * slope
        losses.append(loss)
    assert np.all(np.diff(losses) <= 1e-15)
    assert np.max(np.abs(slope)) < 1e-10
    np.testing.assert_allclose(theta, newton(scaled, y), rtol=1e-6)
