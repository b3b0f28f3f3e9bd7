"""Models with scikit-learn's interface (fit, predict, score), trained with our derivatives.

They need scikit-learn, and work in its pipelines and searches.
"""

import autodiff as ad

try:
    import sklearn  # noqa: F401
except ImportError:
    raise ad.MissingExtraError(
        "the estimators need scikit-learn: pip install scikit-learn"
    ) from None

from .classification import LogisticRegression, SoftmaxRegression
from .mlp import MLPClassifier, MLPRegressor
from .regression import Lasso, LinearRegression, Ridge

__all__ = [
    "Lasso",
    "LinearRegression",
    "LogisticRegression",
    "MLPClassifier",
    "MLPRegressor",
    "Ridge",
    "SoftmaxRegression",
]
