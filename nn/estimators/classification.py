"""Classification by linear scores with scikit-learn's interface: logistic and softmax
regression."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.validation import check_is_fitted, validate_data

import autodiff as ad

from ..requirements import one_of, whole
from .checks import classes_and_labels, flag, name_of, positive, sample_weights
from .convex import SOLVERS, Scaling, Search, fit_scores
from .scores import SampleWise
from .separable import separable


def cross_entropy(Z: Any, labels: Any) -> Any:
    """-log(softmax(Z)) of each sample's own class: `Z` (..., classes, samples)."""
    return ad.special.logsumexp(Z, axis=-2) - Z[..., labels, np.arange(len(labels))]


def logistic(Z: Any, signs: Any) -> Any:
    """-log(sigmoid) of scores (..., 1, samples), of the sign that each sample should have."""
    return ad.special.softplus(-signs * Z[..., 0, :])


class SoftmaxRegression(ClassifierMixin, BaseEstimator):
    """Linear scores, one row of weights per class, and their softmax as probabilities.

    Minimises ``C * sum cross-entropy + penalty``, with `penalty` "l2" (|W|^2 / 2), "l1" (|W|_1) or
    None; intercepts are not penalised. `solver`: "newton" (Hessians, or their products) or
    "lbfgs", until the norm of the gradient of the mean loss, in standardised features, is below
    `tol`. `class_weight`: None, "balanced", or a dict from class to weight. Without a penalty the
    minimum may not exist: separable classes are noticed, with a `ConvergenceWarning`.

    After `fit`: ``classes_``, ``coef_`` (classes, features), ``intercept_`` (classes,), and
    ``n_iter_``.

    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> SoftmaxRegression(C=10.0).fit(X, ["a", "b", "b", "b"]).predict([[-1.0], [3.0]])
    array(['a', 'b'], dtype='<U1')
    """

    def __init__(
        self,
        *,
        penalty: str | None = "l2",
        C: float = 1.0,
        fit_intercept: bool = True,
        class_weight: Any = None,
        solver: str = "newton",
        tol: float = 1e-12,
        max_iter: int = 1000,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> SoftmaxRegression:
        """X: (samples, features); y: (samples,), numbers or strings. Returns the estimator."""
        flag(self, "fit_intercept")
        one_of(self.penalty, name_of(self, "penalty"), ("l1", "l2", None))
        search = Search(
            one_of(self.solver, name_of(self, "solver"), SOLVERS),
            positive(self, "tol"),
            whole(self.max_iter, name_of(self, "max_iter")),
            type(self).__name__,
        )
        X, y = validate_data(self, X, y, dtype=np.float64)
        weights = sample_weights(self, sample_weight, X)
        X, y, weights = X[weights > 0], y[weights > 0], weights[weights > 0]
        self.classes_, labels = classes_and_labels(self, y)
        weights = weights * self._class_weights(y, labels, weights)[labels]
        strength = 1 / (positive(self, "C") * np.sum(weights))
        W, b, self.n_iter_ = fit_scores(
            *self._loss(labels),
            X,
            self._outputs(),
            weights,
            fit_intercept=self.fit_intercept,
            search=search,
            l1=strength if self.penalty == "l1" else 0.0,
            l2=strength if self.penalty == "l2" else 0.0,
            symmetric=self._outputs() > 1,
        )
        self.coef_, self.intercept_ = W, b
        if self.penalty is None:
            self._warn_if_separable(X, labels, weights / np.sum(weights))
        return self

    def _class_weights(self, y: Any, labels: Any, weights: Any) -> Any:
        """One weight per class; "balanced" gives all classes the same total weight."""
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            totals = np.bincount(labels, weights)
            return np.sum(weights) / (len(totals) * totals)
        if self.class_weight is None:
            return np.ones(len(self.classes_))
        return compute_class_weight(self.class_weight, classes=self.classes_, y=y)

    def _outputs(self) -> int:
        """How many rows of weights there are."""
        return len(self.classes_)

    def _loss(self, labels: Any) -> tuple[SampleWise, Any]:
        """The loss as a function of the scores and the targets, and the targets."""
        return cross_entropy, labels

    def _scores(self, X: Any) -> Any:
        """One score per class: shape (samples, classes)."""
        return X @ self.coef_.T + self.intercept_

    def _warn_if_separable(self, X: Any, labels: Any, weights: Any) -> None:
        centre, scale = Scaling.of(X, weights, self.fit_intercept)
        features = (X - centre) / scale
        if self.fit_intercept:
            features = np.column_stack([features, np.ones(len(X))])
        if separable(features, labels, self._scores(X)):
            warnings.warn(
                f"{type(self).__name__}: the classes are separable and there is no penalty, so no "
                "finite weights are optimal: larger ones always fit better. These weights are "
                'where the search stopped; use penalty="l2"',
                ConvergenceWarning,
                stacklevel=3,
            )

    def decision_function(self, X: Any) -> Any:
        """Scores (samples, classes); with two classes (samples,), that of the second over the
        first."""
        check_is_fitted(self)
        scores = self._scores(validate_data(self, X, dtype=np.float64, reset=False))
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_log_proba(self, X: Any) -> Any:
        """Logarithms of the probabilities: (samples, classes)."""
        check_is_fitted(self)
        scores = self._scores(validate_data(self, X, dtype=np.float64, reset=False))
        return ad.special.log_softmax(scores, axis=1)

    def predict_proba(self, X: Any) -> Any:
        """Probabilities: (samples, classes), each row with sum 1."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: Any) -> Any:
        """The likeliest class of each sample."""
        check_is_fitted(self)
        scores = self._scores(validate_data(self, X, dtype=np.float64, reset=False))
        return self.classes_[np.argmax(scores, axis=1)]


class LogisticRegression(SoftmaxRegression):
    """Linear scores and the logistic function: for two classes one row of weights.

    P(second class | x) = sigmoid(coef_ x + intercept_). For more classes it is
    :class:`SoftmaxRegression`, whose arguments it takes.

    After `fit`: ``classes_``, ``coef_`` (1, features), ``intercept_`` (1,), ``n_iter_``.

    >>> import numpy as np
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> model = LogisticRegression().fit(X, [0, 1, 0, 1])
    >>> model.predict_proba([[0.0]])
    array([[0.5, 0.5]])
    """

    def _outputs(self) -> int:
        return 1 if len(self.classes_) == 2 else len(self.classes_)

    def _loss(self, labels: Any) -> tuple[SampleWise, Any]:
        return super()._loss(labels) if len(self.classes_) > 2 else (logistic, 2.0 * labels - 1)

    def _scores(self, X: Any) -> Any:
        scores = super()._scores(X)
        return scores if len(self.classes_) > 2 else np.hstack([np.zeros_like(scores), scores])
