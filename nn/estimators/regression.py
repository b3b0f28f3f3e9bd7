"""Least squares with scikit-learn's interface: plain, with an L2 penalty (ridge), with an L1
penalty (lasso)."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..requirements import number, one_of, whole
from .checks import flag, name_of, positive, sample_weights
from .convex import SOLVERS, Search, fit_scores


def squared_error(Z: Any, targets: Any) -> Any:
    """|Z - targets|^2 / 2 of each sample, for `Z` and `targets` (..., outputs, samples)."""
    return np.sum((Z - targets) ** 2, axis=-2) / 2


class LeastSquares(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """What the three regressions share: checks, both ways to the minimum, and prediction."""

    fit_intercept: bool
    solver: str
    tol: float
    max_iter: int

    def _checked(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
        flag(self, "fit_intercept")
        X, y = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=1
        )
        return X, np.asarray(y, np.float64), sample_weights(self, sample_weight, X)

    def _search(self, solvers: tuple[str, ...]) -> Search:
        solver = one_of(self.solver, name_of(self, "solver"), solvers)
        max_iter = whole(self.max_iter, name_of(self, "max_iter"))
        return Search(solver, positive(self, "tol"), max_iter, type(self).__name__)

    def _by_gradient(
        self, X: Any, y: Any, weights: Any, search: Search, l1: float = 0.0, l2: float = 0.0
    ) -> None:
        """Minimise mean (y - Xw - b)^2 / 2 + l2 |w|^2 / 2 + l1 |w|_1.

        The search sees targets of size about 1, so that `tol` means the same for all.
        """
        unit = float(np.std(y)) or 1.0
        targets = y.reshape(len(y), -1).T / unit
        W, b, self.n_iter_ = fit_scores(
            squared_error,
            targets,
            X,
            len(targets),
            weights,
            fit_intercept=self.fit_intercept,
            search=search,
            l1=l1 / unit,
            l2=l2,
        )
        self._keep(unit * W, unit * b, y)

    def _in_closed_form(self, X: Any, y: Any, weights: Any, alpha: float) -> None:
        """Least squares with the rows sqrt(alpha) I below X: their residuals are the penalty.

        Of several solutions it takes the one of least norm.
        """
        targets = y.reshape(len(y), -1)
        total = np.sum(weights)
        x_mean, y_mean = np.zeros(X.shape[1]), np.zeros(targets.shape[1])
        if self.fit_intercept:
            x_mean, y_mean = weights @ X / total, weights @ targets / total
        root = np.sqrt(weights)[:, np.newaxis]
        rows, right = root * (X - x_mean), root * (targets - y_mean)
        if alpha:
            rows = np.vstack([rows, np.sqrt(alpha) * np.eye(X.shape[1])])
            right = np.vstack([right, np.zeros((X.shape[1], targets.shape[1]))])
        W = np.linalg.lstsq(rows, right, rcond=None)[0].T
        self.n_iter_ = 1
        self._keep(W, y_mean - W @ x_mean, y)

    def _keep(self, W: Any, b: Any, y: Any) -> None:
        """One target: coef_ (features,), intercept_ a number; several: one row for each."""
        self.coef_ = W if y.ndim > 1 else W[0]
        self.intercept_ = b if y.ndim > 1 else float(b[0])

    def predict(self, X: Any) -> Any:
        """``X @ coef_.T + intercept_``: shape (samples,), or (samples, targets)."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return X @ self.coef_.T + self.intercept_


class LinearRegression(LeastSquares):
    """Ordinary least squares: minimise sum (y - X w - b)^2.

    `solver`: "lstsq", the closed form by singular values, right at any rank; or "gradient", L-BFGS
    with our gradient, until its largest entry is below `tol` or `max_iter` iterations are done.
    After `fit`: ``coef_``, ``intercept_``, ``n_iter_``.

    >>> import numpy as np
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> LinearRegression().fit(X, 3 * X[:, 0] + 1).predict([[10.0]]).round(6)
    array([31.])
    """

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        solver: str = "lstsq",
        tol: float = 1e-12,
        max_iter: int = 1000,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LinearRegression:
        """X: (samples, features); y: (samples,) or (samples, targets). Returns the estimator."""
        X, y, weights = self._checked(X, y, sample_weight)
        search = self._search(("lstsq", "gradient"))
        if search.solver == "lstsq":
            self._in_closed_form(X, y, weights, 0.0)
        else:
            self._by_gradient(X, y, weights, search)
        return self


class Ridge(LeastSquares):
    """Least squares with an L2 penalty: minimise sum (y - X w - b)^2 + alpha |w|^2.

    A Gaussian prior on w, seen as a penalty. `solver` as for :class:`LinearRegression`.

    >>> import numpy as np
    >>> X = np.array([[-1.0], [1.0]])
    >>> Ridge(alpha=2.0).fit(X, X[:, 0]).coef_  # 2 / (2 + alpha)
    array([0.5])
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "lstsq",
        tol: float = 1e-12,
        max_iter: int = 1000,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Ridge:
        """X: (samples, features); y: (samples,) or (samples, targets). Returns the estimator."""
        X, y, weights = self._checked(X, y, sample_weight)
        alpha = number(self.alpha, name_of(self, "alpha"), 0)
        search = self._search(("lstsq", "gradient"))
        if search.solver == "lstsq":
            self._in_closed_form(X, y, weights, alpha)
        else:
            self._by_gradient(X, y, weights, search, l2=alpha / np.sum(weights))
        return self


class Lasso(LeastSquares):
    """Least squares with an L1 penalty: minimise mean (y - X w - b)^2 / 2 + alpha |w|_1.

    A Laplace prior on w, seen as a penalty; many coefficients are exactly zero. `solver`: "lbfgs"
    with our gradient finds them; "newton" then sharpens the others with our Hessian products.

    >>> import numpy as np
    >>> X = np.array([[-1.0, 0.1], [1.0, 0.1], [-1.0, -0.1], [1.0, -0.1]])
    >>> Lasso(alpha=0.25).fit(X, X[:, 0]).coef_
    array([0.75, 0.  ])
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "newton",
        tol: float = 1e-12,
        max_iter: int = 1000,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Lasso:
        """X: (samples, features); y: (samples,) or (samples, targets). Returns the estimator."""
        X, y, weights = self._checked(X, y, sample_weight)
        alpha = number(self.alpha, name_of(self, "alpha"), 0)
        search = self._search(SOLVERS)
        self._by_gradient(X, y, weights, search, l1=alpha)
        return self
