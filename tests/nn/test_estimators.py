"""Estimators: scikit-learn's own checks, its numbers, its pipelines, and what bad data is told."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import sklearn.linear_model as reference
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    make_circles,
    make_moons,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from nn.estimators import (
    Lasso,
    LinearRegression,
    LogisticRegression,
    MLPClassifier,
    MLPRegressor,
    Ridge,
    SoftmaxRegression,
)

EVERY = [
    LinearRegression(),
    LinearRegression(solver="gradient"),
    *(Ridge(), Ridge(solver="gradient")),
    Lasso(),
    LogisticRegression(),
    LogisticRegression(penalty="l1"),
    SoftmaxRegression(),
    *(MLPClassifier(), MLPRegressor()),
]
CLASSIFIERS = [LogisticRegression(), SoftmaxRegression(), MLPClassifier(max_epochs=3)]
REGRESSORS = [LinearRegression(), Ridge(), Lasso(), MLPRegressor(max_epochs=3)]


@pytest.mark.share(3)
@parametrize_with_checks(EVERY)
def test_scikit_learns_own_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke warnings, and look at those they want
        check(estimator)


# -- the same numbers as scikit-learn --------------------------------------------------------------
def standardised(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
@pytest.mark.parametrize("C", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_logistic_coefficients_are_scikit_learns(load, C, fit_intercept):
    X, y = load(return_X_y=True)  # as they come: scales from 1e-3 to 1e3
    ours = LogisticRegression(C=C, fit_intercept=fit_intercept).fit(X, y)
    theirs = reference.LogisticRegression(
        C=C, fit_intercept=fit_intercept, solver="newton-cg", tol=1e-10, max_iter=1000
    ).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-4 / 10)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_both_solvers_agree(load):
    X, y = standardised(load)
    newton, lbfgs = (LogisticRegression(solver=s).fit(X, y) for s in ("newton", "lbfgs"))
    np.testing.assert_allclose(newton.coef_, lbfgs.coef_, atol=1e-6)


def test_class_weights_and_sample_weights_are_scikit_learns():
    X, y = standardised(load_iris)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    for class_weight in ("balanced", {0: 1.0, 1: 2.0, 2: 0.5}):
        ours = LogisticRegression(class_weight=class_weight).fit(X, y, weights)
        theirs = reference.LogisticRegression(
            class_weight=class_weight, solver="newton-cg", tol=1e-10
        ).fit(X, y, weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)


@pytest.mark.parametrize("C", [0.05, 1.0])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_an_l1_penalty_meets_the_conditions_of_its_minimum(load, C):
    X, y = standardised(load)
    model = LogisticRegression(penalty="l1", C=C).fit(X, y)
    if len(model.classes_) == 2:
        residual = (model.predict_proba(X)[:, 1:] - y[:, np.newaxis]) * C
    else:
        residual = (model.predict_proba(X) - np.eye(3)[y]) * C
    slope = residual.T @ X  # of the smooth part; the penalty adds sign(w), or [-1, 1] where w = 0
    zero = model.coef_ == 0
    assert np.any(zero)
    np.testing.assert_allclose(slope[~zero], -np.sign(model.coef_[~zero]), atol=1e-5)
    assert np.all(np.abs(slope[zero]) <= 1 + 1e-5)
    np.testing.assert_allclose(residual.sum(axis=0), 0, atol=1e-5)


def test_softmax_of_two_classes_is_logistic_in_the_difference():
    X, y = standardised(load_breast_cancer)
    softmax = SoftmaxRegression(C=1.0).fit(X, y)
    # |w/2|^2 + |-w/2|^2 is half of |w|^2: the same model at half the penalty.
    logistic = LogisticRegression(C=2.0).fit(X, y)
    np.testing.assert_allclose(softmax.coef_[1:] - softmax.coef_[:1], logistic.coef_, atol=1e-6)
    np.testing.assert_allclose(softmax.predict_proba(X), logistic.predict_proba(X), atol=1e-7)


@pytest.mark.parametrize("solver", ["lstsq", "gradient"])
def test_least_squares_is_scikit_learns(solver):
    X, y = load_diabetes(return_X_y=True)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    both = np.column_stack([y, 3 * y + X[:, 0]])
    for targets in (y, both):
        ours = LinearRegression(solver=solver).fit(X, targets, weights)
        theirs = reference.LinearRegression().fit(X, targets, weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-4)
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-7)
        ours = Ridge(alpha=0.3, solver=solver).fit(X, targets, weights)
        theirs = reference.Ridge(alpha=0.3).fit(X, targets, weights)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-6, atol=1e-4)


@pytest.mark.parametrize("solver", ["newton", "lbfgs"])
def test_lasso_is_scikit_learns(solver):
    X, y = load_diabetes(return_X_y=True)
    for alpha in (0.1, 1.0):
        ours = Lasso(alpha=alpha, solver=solver).fit(X, y)
        theirs = reference.Lasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(X, y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(ours.coef_ == 0, theirs.coef_ == 0)


def test_a_large_l1_penalty_leaves_nothing():
    X, y = standardised(load_breast_cancer)
    for fit_intercept in (True, False):
        lasso = Lasso(alpha=1e9, fit_intercept=fit_intercept).fit(X, y)
        logistic = LogisticRegression(penalty="l1", C=1e-9, fit_intercept=fit_intercept).fit(X, y)
        assert not np.any(lasso.coef_)
        assert not np.any(logistic.coef_)
    assert Lasso(alpha=1e9).fit(X, y).intercept_ == pytest.approx(np.mean(y))


def test_least_squares_of_dependent_columns_has_least_norm():
    x = np.random.default_rng(0).normal(size=(20, 1))
    model = LinearRegression().fit(np.hstack([x, x]), 4 * x[:, 0] + 1)
    np.testing.assert_allclose(model.coef_, [2, 2])
    assert model.intercept_ == pytest.approx(1)


# -- no finite optimum -----------------------------------------------------------------------------
LINE = np.arange(6.0)[:, np.newaxis]


@pytest.mark.parametrize("model", [LogisticRegression, SoftmaxRegression])
@pytest.mark.parametrize(
    "y",
    [
        [0, 0, 0, 1, 1, 1],  # a threshold separates them
        [0, 0, 1, 1, 2, 2],
        [0, 0, 0, 0, 1, 1],
    ],
)
def test_separable_data_without_a_penalty_is_warned_of(model, y):
    with pytest.warns(ConvergenceWarning, match="the classes are separable and there is no pen"):
        model(penalty=None).fit(LINE, y)
    model().fit(LINE, y)  # a penalty makes the optimum finite


@pytest.mark.parametrize("model", [LogisticRegression, SoftmaxRegression])
def test_nearly_separable_data_is_warned_of(model):
    X = np.array([0.0, 1.0, 2.0, 2.0, 3.0, 4.0])[:, np.newaxis]
    with pytest.warns(ConvergenceWarning, match="separable"):  # ties at 2 alone
        model(penalty=None).fit(X, [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("model", [LogisticRegression, SoftmaxRegression])
def test_data_with_an_optimum_are_not_warned_of(model):
    found = model(penalty=None).fit(LINE, [0, 1, 0, 1, 0, 1])
    assert np.all(np.abs(found.coef_) < 1)
    X, y = load_iris(return_X_y=True)
    found = model(penalty=None).fit(X[50:], y[50:])  # 1 and 2 overlap
    assert np.all(np.isfinite(found.coef_))


def test_a_search_that_was_cut_short_is_warned_of():
    X, y = load_breast_cancer(return_X_y=True)
    for model in (LogisticRegression(max_iter=2), LogisticRegression(max_iter=2, solver="lbfgs")):
        with pytest.warns(ConvergenceWarning, match="LogisticRegression stopped after max_iter=2"):
            model.fit(X, y)


# -- networks --------------------------------------------------------------------------------------
def test_digits_are_read():
    X, y = load_digits(return_X_y=True)
    model = MLPClassifier(max_epochs=20, random_state=0).fit(X[:1400] / 16, y[:1400])
    assert model.score(X[1400:] / 16, y[1400:]) > 0.9
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 5
    assert [w.shape for w in model.coefs_] == [(64, 100), (100, 10)]
    assert [b.shape for b in model.intercepts_] == [(100,), (10,)]


@pytest.mark.share(3)
@pytest.mark.parametrize(
    "activation", "relu leaky_relu elu selu gelu silu softplus sigmoid tanh".split()
)
def test_every_activation_closes_a_border_around_a_disc(activation):
    X, y = make_circles(200, noise=0.05, factor=0.4, random_state=0)
    options = {"learning_rate": 0.05, "batch_size": 40, "max_epochs": 60, "patience": 60}
    options["random_state"] = 0
    assert MLPClassifier((32,), activation, **options).fit(X, y).score(X, y) > 0.9
    assert MLPClassifier((32,), "identity", **options).fit(X, y).score(X, y) < 0.8


@pytest.mark.parametrize("optimizer", "adam adamw rmsprop sgd momentum".split())
def test_every_optimizer_learns(optimizer):
    X, y = standardised(load_iris)
    options = {"learning_rate": 0.05, "batch_size": 32, "max_epochs": 80, "random_state": 0}
    assert MLPClassifier(optimizer=optimizer, **options).fit(X, y).score(X, y) > 0.9


def test_targets_of_any_size_are_learnt():
    X, y = make_regression(200, 4, n_informative=4, random_state=0)
    options = {"batch_size": 20, "max_epochs": 60, "random_state": 0}
    small = MLPRegressor(**options).fit(X, y)
    large = MLPRegressor(**options).fit(X, 1e6 * y + 1e9)
    assert small.score(X, y) > 0.99
    np.testing.assert_allclose(large.predict(X), 1e6 * small.predict(X) + 1e9, rtol=1e-6)
    both = MLPRegressor(**options).fit(X, np.column_stack([y, -y]))
    assert both.predict(X).shape == (200, 2)
    assert both.score(X, np.column_stack([y, -y])) > 0.99


def test_early_stopping_keeps_the_best_epoch_and_its_curve():
    X, y = make_moons(300, noise=0.35, random_state=0)
    model = MLPClassifier(
        (64,), early_stopping=True, batch_size=16, patience=4, max_epochs=500, random_state=0
    ).fit(X, y)
    curve = model.validation_loss_curve_
    assert len(curve) == len(model.loss_curve_) == model.n_iter_ < 500
    assert model.history_.stopped == "validation_loss did not improve for 4 epochs"
    assert {"accuracy", "validation_accuracy"} <= model.history_.curves.keys()


def test_a_validation_set_is_followed():
    X, y = standardised(load_iris)
    model = MLPClassifier(max_epochs=5, random_state=0)
    model.fit(X[::2], y[::2], validation=(X[1::2], y[1::2]))
    assert len(model.validation_loss_curve_) == 5
    regressor = MLPRegressor(max_epochs=5, random_state=0)
    regressor.fit(X[::2], X[::2, 0], validation=(X[1::2], X[1::2, 0]))
    assert len(regressor.validation_loss_curve_) == 5


def test_a_penalty_shrinks_the_weights():
    X, y = standardised(load_iris)
    free, shrunk = (
        MLPClassifier(alpha=a, max_epochs=50, random_state=0).fit(X, y) for a in (0.0, 100.0)
    )
    assert np.linalg.norm(shrunk.coefs_[0]) < np.linalg.norm(free.coefs_[0]) / 2


def test_a_random_state_decides_everything():
    X, y = standardised(load_iris)
    first, again, other = (
        MLPClassifier(max_epochs=2, random_state=r).fit(X, y).predict_proba(X) for r in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_single_precision_is_kept():
    X, y = standardised(load_iris)
    model = MLPClassifier(max_epochs=2).fit(X.astype(np.float32), y)
    assert model.predict_proba(X.astype(np.float32)).dtype == np.float32


# -- in scikit-learn's company ---------------------------------------------------------------------
@pytest.mark.parametrize("model", CLASSIFIERS + REGRESSORS, ids=lambda m: type(m).__name__)
def test_pipelines_searches_clones_and_pickles(model):
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), clone(model))
    assert cross_val_score(pipeline, X, y, cv=3).shape == (3,)
    fitted = pipeline.fit(X, y)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


def test_a_grid_is_searched():
    X, y = standardised(load_iris)
    search = GridSearchCV(LogisticRegression(), {"C": [1e-4, 1.0]}, cv=3).fit(X, y)
    assert search.best_params_ == {"C": 1.0}
    grid = {"hidden_layer_sizes": [(4,), (8, 8)], "activation": ["relu", "elu"]}
    search = GridSearchCV(MLPClassifier(max_epochs=10, random_state=0), grid, cv=2).fit(X, y)
    assert search.best_score_ > 0.7


# -- bad input -------------------------------------------------------------------------------------
@pytest.mark.parametrize("model", CLASSIFIERS + REGRESSORS, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (np.where(X > 7, np.nan, X), y), "NaN"),
        (lambda X, y: (np.where(X > 7, np.inf, X), y), "infinity"),
        (lambda X, y: (X[:-1], y), "inconsistent numbers of samples"),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
        (lambda X, y: (X[:, 0], y), "Expected 2D array"),
    ],
)
def test_bad_data_is_refused(model, change, message):
    with pytest.raises(ValueError, match=message):
        clone(model).fit(*change(*load_iris(return_X_y=True)))


@pytest.mark.parametrize("model", CLASSIFIERS, ids=lambda m: type(m).__name__)
def test_classes_are_checked(model):
    X, y = load_iris(return_X_y=True)
    name = type(model).__name__
    with pytest.raises(ValueError, match=f"{name} needs samples of at least 2 classes.*one class"):
        clone(model).fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="Unknown label type"):
        clone(model).fit(X, X[:, 0])
    with pytest.raises(NotFittedError):
        clone(model).predict(X)
    fitted = clone(model).fit(X, y)
    with pytest.raises(ValueError, match=r"X has 3 features, but .* is expecting 4"):
        fitted.predict(X[:, :3])


def test_labels_that_were_never_seen_are_refused():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match=r"labels that the training set lacks: \[2\]"):
        MLPClassifier().fit(X[y < 2], y[y < 2], validation=(X, y))
    with pytest.raises(ValueError, match="are not in class_weight"):
        LogisticRegression(class_weight={3: 1.0}).fit(X, y)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LinearRegression(solver="magic"), "LinearRegression: solver='magic' must be one of"),
        (LinearRegression(fit_intercept=2), "fit_intercept must be True or False"),
        (LinearRegression(max_iter=0), "max_iter must be at least 1"),
        (Ridge(alpha=-1.0), "Ridge: alpha must be at least 0"),
        (Lasso(alpha=np.nan), "Lasso: alpha"),
        (LogisticRegression(C=0.0), "LogisticRegression: C must be above 0"),
        (LogisticRegression(penalty="l3"), "penalty='l3' must be one of 'l1', 'l2'"),
        (SoftmaxRegression(tol=-1.0), "SoftmaxRegression: tol must be above 0"),
        (MLPClassifier(hidden_layer_sizes=(-3,)), "hidden_layer_sizes must be at least 1, not -3"),
        (MLPClassifier(hidden_layer_sizes="x"), "hidden_layer_sizes must be an integer"),
        (MLPClassifier(activation="rel"), "activation='rel' must be one of 'identity', 'relu'"),
        (MLPClassifier(batch_size=0), "batch_size must be at least 1"),
        (MLPClassifier(max_epochs=1.5), "max_epochs must be an integer"),
        (MLPClassifier(learning_rate=0), "learning_rate must be above 0"),
        (MLPClassifier(optimizer="best"), "optimizer='best' must be one of 'adam'"),
        (MLPClassifier(validation_fraction=0.0), "validation_fraction must be greater than 0"),
        (MLPRegressor(early_stopping="yes"), "early_stopping must be True or False"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused_by_name(model, message):
    with pytest.raises((TypeError, ValueError), match=message):
        model.fit(*load_iris(return_X_y=True))


@pytest.mark.parametrize("model", [LinearRegression(), LogisticRegression()])
def test_weights_of_samples_are_checked(model):
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="sample_weight has a negative entry"):
        model.fit(X, y, -np.ones(len(y)))
    with pytest.raises(ValueError, match="must contain at least one non-zero"):
        model.fit(X, y, np.zeros(len(y)))
    with pytest.raises(ValueError, match="shape"):
        model.fit(X, y, np.ones(3))


def test_without_scikit_learn_the_error_says_how_to_get_it():
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import autodiff\n"
        "try: import nn.estimators\n"
        "except autodiff.MissingExtraError as error: print(error)\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "the estimators need scikit-learn: pip install scikit-learn\n"
