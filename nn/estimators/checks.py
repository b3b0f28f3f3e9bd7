"""Arguments of the estimators, checked where scikit-learn wants them checked: when `fit` begins."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight

from .. import requirements


def name_of(owner: Any, argument: str) -> str:
    """How an error calls an argument: ``LogisticRegression: C``."""
    return f"{type(owner).__name__}: {argument}"


def positive(owner: Any, argument: str) -> float:
    """The argument of that name, which must be a finite number > 0."""
    return requirements.positive(getattr(owner, argument), name_of(owner, argument))


def flag(owner: Any, argument: str) -> bool:
    """The argument of that name, which must be True or False."""
    value = getattr(owner, argument)
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name_of(owner, argument)} must be True or False, not {value!r:.40}")
    return bool(value)


def sample_weights(owner: Any, weights: Any, X: Any) -> Any:
    """One weight >= 0 for each sample, not all zero; ones where none are given."""
    weights = _check_sample_weight(weights, X, dtype=np.float64)
    if np.any(weights < 0):
        raise ValueError(f"{name_of(owner, 'sample_weight')} has a negative entry")
    if not np.any(weights):  # scikit-learn asks since 1.8
        name = name_of(owner, "sample_weight")
        raise ValueError(f"{name} must contain at least one non-zero number")
    return weights


def classes_and_labels(owner: Any, y: Any) -> tuple[Any, Any]:
    """The classes in order, and the class of each sample as an integer."""
    check_classification_targets(y)
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(
            f"{type(owner).__name__} needs samples of at least 2 classes; "
            f"the data contains only one class: {classes.tolist()[0]!r}"
        )
    return classes, labels
