"""Losses of linear scores: their pieces add up to the plain derivative, and every search agrees."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import autodiff as ad
from nn.estimators import Lasso, LogisticRegression, SoftmaxRegression, convex, scores


def rng(seed=0):
    return np.random.default_rng(seed)


def squared(Z):
    return np.sum((Z - 1) ** 2, axis=1) / 2


def logistic(Z):
    return np.sum(ad.special.softplus(Z) - 0.3 * Z, axis=1)


def cross_entropy(Z):
    return ad.special.logsumexp(Z, axis=1) - Z[:, 0]


def quadratic(columns):
    return 0.3 * np.sum(columns**2, axis=1) + np.sum(columns, axis=1) ** 2


@pytest.mark.parametrize("kept", [scores.KEPT, 0])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", [squared, logistic, cross_entropy])
def test_gradient_and_hessian_are_those_of_the_whole_function(loss, outputs, kept, monkeypatch):
    monkeypatch.setattr(scores, "KEPT", kept)
    weights = rng().dirichlet(np.ones(7))
    A, theta, v = rng(1).normal(size=(7, 4)), *rng(2).normal(size=(2, 4 * outputs))

    def whole(theta):
        columns = np.reshape(theta, (outputs, 4)).T
        return weights @ loss(A @ columns) + np.sum(quadratic(columns))

    f = scores.LinearScores(loss, weights, A, outputs, quadratic)
    value, gradient = f.value_and_gradient(theta)
    H = ad.hessian(whole)(theta)
    np.testing.assert_allclose(value, whole(theta), rtol=1e-12)
    np.testing.assert_allclose(gradient, ad.grad(whole)(theta), rtol=1e-10, atol=1e-12)
    same, hessian = f.gradient_and_hessian(theta)
    np.testing.assert_allclose(same, gradient, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(hessian(), H, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(f.hessian_product(theta, v), H @ v, rtol=1e-10, atol=1e-12)


def clouds():
    y = rng().integers(0, 3, 150)
    return rng(1).normal(size=(150, 4)) * [1, 10, 0.1, 1] + y[:, None] * [1, 5, 0.1, 0], y


@pytest.mark.parametrize(
    "model",
    [
        SoftmaxRegression(),
        LogisticRegression(C=100.0),
        LogisticRegression(penalty="l1", C=0.3),
        LogisticRegression(penalty=None),
        Lasso(alpha=0.05),
    ],
)
def test_a_factored_hessian_and_products_with_it_lead_to_the_same_minimum(model, monkeypatch):
    X, y = clouds()
    factored = model.fit(X, y).coef_
    assert model.n_iter_ < 200
    monkeypatch.setattr(convex, "FACTORED", 0)
    np.testing.assert_allclose(model.fit(X, y).coef_, factored, rtol=1e-8, atol=1e-9)


def test_a_start_far_from_the_minimum_and_equal_features_are_no_trouble():
    X, y = clouds()
    twice = np.hstack([X, X, np.full((len(X), 1), 3.0)])  # a singular Hessian
    for C in (1e-6, 1.0, 1e6):
        model = LogisticRegression(C=C, max_iter=100).fit(twice, y)
        np.testing.assert_allclose(model.coef_[:, :4], model.coef_[:, 4:8], atol=1e-4)
        assert np.all(np.isfinite(model.coef_))
    X = np.array([[-1e6], [-1.0], [1.0], [1e6]])
    assert LogisticRegression().fit(X, [0, 1, 0, 1]).predict([[2e6]]) == 1


def test_too_few_iterations_are_warned_of():
    with pytest.warns(ConvergenceWarning, match="stopped after max_iter=2 iterations"):
        assert LogisticRegression(max_iter=2).fit(*clouds()).n_iter_ == 2
