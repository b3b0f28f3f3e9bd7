"""Losses of linear scores: their pieces add up to the plain derivative, and every search agrees."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import autodiff as ad
from nn.estimators import Lasso, LogisticRegression, SoftmaxRegression, convex, scores


def rng(seed=0):
    return np.random.default_rng(seed)


def squared(Z, targets):
    return np.sum((Z - targets) ** 2, axis=-2) / 2


def logistic(Z, targets):
    return np.sum(ad.special.softplus(Z) - targets * Z, axis=-2)


def cross_entropy(Z, targets):
    return ad.special.logsumexp(Z, axis=-2) - targets * Z[..., 0, :]


@pytest.mark.parametrize("recorded", [scores.RECORDED, 0])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("loss", [squared, logistic, cross_entropy])
def test_gradient_and_hessian_are_those_of_the_whole_function(loss, outputs, recorded, monkeypatch):
    monkeypatch.setattr(scores, "RECORDED", recorded)
    weights, targets = rng().dirichlet(np.ones(7)), rng(3).random(7)
    A, theta, v = rng(1).normal(size=(7, 4)), *rng(2).normal(size=(2, 4 * outputs))
    stiffness = 0.6 * np.eye(outputs) + 2 * np.ones((4, outputs, outputs))
    stiffness[1] = 0

    def whole(theta):
        rows = np.reshape(theta, (outputs, 4))
        form = np.einsum("jmn,mj,nj->", stiffness, rows, rows) / 2
        return loss(rows @ A.T, targets) @ weights + form

    f = scores.LinearScores(loss, targets, weights, A, stiffness)
    value, gradient = f.value_and_gradient(theta)
    H = ad.hessian(whole)(theta)
    np.testing.assert_allclose(value, whole(theta), rtol=1e-12)
    np.testing.assert_allclose(gradient, ad.grad(whole)(theta), rtol=1e-10, atol=1e-12)
    same, hessian = f.gradient_and_hessian(theta)
    np.testing.assert_allclose(same, gradient, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(hessian(np.float64), H, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(f.products(theta)(v), H @ v, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(f.hessian(theta, np.float64), H, rtol=1e-10, atol=1e-12)
    rough = f.hessian(theta, np.float32)
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, H, rtol=1e-5, atol=1e-5)


def test_a_program_is_recorded_once_for_all_fits_to_as_many_samples():
    X, y = clouds()
    LogisticRegression().fit(X, y)
    known = scores.recorded.cache_info().misses
    other = LogisticRegression(C=3.0, class_weight="balanced").fit(X[::-1], (y[::-1] + 1) % 3)
    assert scores.recorded.cache_info().misses == known
    np.testing.assert_allclose(other.coef_.sum(axis=0), 0, atol=1e-9)  # of its own data


def clouds():
    y = rng().integers(0, 3, 150)
    return rng(1).normal(size=(150, 4)) * [1, 10, 0.1, 1] + y[:, None] * [1, 5, 0.1, 0], y


@pytest.mark.share(3)
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
@pytest.mark.parametrize("products", [1, 3, None])
def test_a_factored_hessian_and_products_with_it_lead_to_the_same_minimum(
    model, products, monkeypatch
):
    X, y = clouds()
    factored = model.fit(X, y).coef_
    assert model.n_iter_ < 200
    monkeypatch.setattr(convex, "DIRECT", 0)
    if products is None:
        monkeypatch.setattr(convex, "FACTORED", 0)
    else:
        monkeypatch.setattr(convex, "PRODUCTS", products)
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
