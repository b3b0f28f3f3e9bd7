"""Losses: how far predictions are from targets, composed of rows, with no derivative of their own.

Each takes ``(prediction, target)`` and gives the mean; ``reduction="sum"`` gives the sum and
``"none"`` every term. Where a loss takes logits or scores it is exact for large ones too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autodiff as ad

from .functional import log_softmax, one_hot, relu
from .requirements import fraction, one_of

__all__ = [
    "binary_cross_entropy",
    "cross_entropy",
    "exponential",
    "gaussian_nll",
    "hinge",
    "l1_penalty",
    "l2_penalty",
    "mse",
]

LOG_TWO_PI = math.log(2 * math.pi)


def reduced(terms: Any, reduction: str) -> Any:
    """The mean or the sum of the terms, or the terms themselves."""
    if one_of(reduction, "reduction", ("mean", "sum", "none")) == "mean":
        return np.mean(terms)
    return np.sum(terms) if reduction == "sum" else terms


def same_shape(prediction: Any, target: Any, name: str) -> None:
    """Broadcasting (n, 1) against (n,) would compare every example with every other."""
    found, expected = np.shape(target), np.shape(prediction)
    if found != expected:
        column = (": take y[:, np.newaxis]", ": take y[:, 0]", "")
        which = 0 if expected == (*found, 1) else 1 if found == (*expected, 1) else 2
        raise ad.ShapeError(
            f"{name}: the targets have shape {found}, but the predictions {expected}; "
            f"they must be the same{column[which]}"
        )


def floats(x: Any, prediction: Any) -> Any:
    """Integers, booleans and Python numbers in the dtype of the prediction: they would make doubles
    of it."""
    dtype = getattr(prediction, "dtype", np.dtype(float))
    if type(x) in (bool, int, float):
        return dtype.type(x)
    x = x if hasattr(x, "dtype") else np.asarray(x)
    return x.astype(dtype) if x.dtype.kind in "biu" and dtype.kind == "f" else x


# -- numbers -----------------------------------------------------------------------------------
def mse(prediction: Any, target: Any, *, reduction: str = "mean") -> Any:
    """(prediction - target)^2: the mean squared error.

    >>> import numpy as np
    >>> mse(np.array([1.0, 2.0]), np.array([0.0, 4.0]))
    np.float64(2.5)
    """
    same_shape(prediction, target, "mse")
    return reduced(np.square(prediction - floats(target, prediction)), reduction)


def gaussian_nll(mean: Any, target: Any, std: Any, *, reduction: str = "mean") -> Any:
    """-log of the normal density: log(2 pi std^2) / 2 + (target - mean)^2 / (2 std^2).

    `std` is positive and broadcasts with `mean`: one number, or one for each prediction.

    >>> import numpy as np
    >>> float(gaussian_nll(np.array([1.0, 2.0]), np.array([1.0, 4.0]), 1.0).round(4))
    1.9189
    """
    same_shape(mean, target, "gaussian_nll")
    message = "gaussian_nll: std must be above 0; predict its log and take np.exp of it"
    ad.require(np.greater(std, 0), ValueError(message))
    if np.broadcast_shapes(np.shape(std), np.shape(mean)) != np.shape(mean):
        raise ad.ShapeError(
            f"gaussian_nll: std has shape {np.shape(std)}, but the predictions {np.shape(mean)}"
        )
    std = floats(std, mean)
    squares = np.square((floats(target, mean) - mean) / std)
    return reduced(squares / 2 + np.log(std) + LOG_TWO_PI / 2, reduction)


# -- two classes ---------------------------------------------------------------------------------
def binary_cross_entropy(
    logits: Any, labels: Any, *, negative: int = 0, reduction: str = "mean"
) -> Any:
    """-log P(label), where P(label 1) = sigmoid(logit). It takes logits, and never overflows.

    Labels are 0 or 1, or a probability of 1; with ``negative=-1`` they are -1 or 1.

    >>> import numpy as np
    >>> logits = np.array([1000.0, -1000.0])
    >>> binary_cross_entropy(logits, np.array([1, 1]), reduction="none")
    array([   0., 1000.])
    """
    soft = negative == 0
    labels = binary_labels(logits, labels, negative, "binary_cross_entropy", soft)
    share = labels if negative == 0 else (labels + 1) / 2
    # log(1 + exp(z)) - share z cancels where share is 1 and z is large: start at the nearer end.
    nearer = np.where(np.greater_equal(share, 0.5), np.array(-1, share.dtype), 1)
    terms = ad.special.softplus(nearer * logits)
    beyond = np.where(nearer < 0, 1 - share, -share)
    if isinstance(beyond, ad.Tensor) or beyond.any():  # not labels 0 and 1 alone
        terms = terms + beyond * logits
    return reduced(terms, reduction)


def hinge(scores: Any, labels: Any, *, negative: int = -1, reduction: str = "mean") -> Any:
    """max(0, 1 - label * score), for labels -1 or 1 (0 or 1 with ``negative=0``); slope 0 at 1.

    >>> import numpy as np
    >>> hinge(np.array([2.0, 0.5, -1.0]), np.array([1, 1, 1]), reduction="none")
    array([0. , 0.5, 2. ])
    """
    signs = signs_of(scores, labels, negative, "hinge")
    return reduced(relu(1 - signs * scores), reduction)


def exponential(scores: Any, labels: Any, *, negative: int = -1, reduction: str = "mean") -> Any:
    """exp(-label * score), for labels -1 or 1 (0 or 1 with ``negative=0``): the loss of AdaBoost.

    It is inf, without a warning, where it is too large: in doubles below label * score = -709.

    >>> import numpy as np
    >>> exponential(np.array([0.0, 1.0]), np.array([1, -1]), reduction="none").round(4)
    array([1.    , 2.7183])
    """
    signs = signs_of(scores, labels, negative, "exponential")
    with np.errstate(over="ignore"):
        return reduced(np.exp(-(signs * scores)), reduction)


def signs_of(scores: Any, labels: Any, negative: int, name: str) -> Any:
    labels = binary_labels(scores, labels, negative, name)
    return 2 * labels - 1 if negative == 0 else labels


def binary_labels(scores: Any, labels: Any, negative: int, name: str, soft: bool = False) -> Any:
    """Labels in the dtype of the scores, checked: the two classes, or `soft` anything between."""
    if negative not in (0, -1):
        raise ValueError(f"{name}: negative={negative!r} must be 0 or -1")
    same_shape(scores, labels, name)
    labels = labels if hasattr(labels, "dtype") else np.asarray(labels)
    fits = (labels == negative) | (labels == 1)
    if soft:
        fits = fits | ((labels > 0) & (labels < 1))
    if labels.size:
        message, other = f"{name}: labels must be {negative} or 1, found", -1 - negative
        cure = f"for labels {other} or 1 say negative={other}"
        ad.require(labels != other, ValueError(f"{message} {other}; {cure}"))
        ad.require(fits, ValueError(f"{message} {{}}"), np.take(labels, np.argmin(fits)))
    return floats(labels, scores)


# -- many classes --------------------------------------------------------------------------------
def cross_entropy(
    logits: Any, labels: Any, *, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any:
    """-log softmax(logits)[label]: logits (..., classes), and labels of one of two kinds.

    Integers (...) name the class; an array of the logits' shape holds the class probabilities.
    With `label_smoothing` s the target is (1 - s) of that and s / classes of every class.
    Source: Szegedy et al., Rethinking the Inception architecture (2016), for the smoothing.

    >>> import numpy as np
    >>> logits = np.array([[1000.0, 0.0], [0.0, 0.0]])
    >>> cross_entropy(logits, np.array([1, 0]), reduction="none")
    array([1.00000000e+03, 6.93147181e-01])
    """
    fraction(label_smoothing, "cross_entropy: label_smoothing")
    shape, given = np.shape(logits), np.shape(labels)
    if not shape:
        raise ad.ShapeError("cross_entropy: the logits are a number; they need an axis of classes")
    if given == shape:
        check_probabilities(labels)
        targets = floats(labels, logits)
        if label_smoothing:
            targets = (1 - label_smoothing) * targets + label_smoothing / shape[-1]
        terms = -np.sum(targets * log_softmax(logits), axis=-1)
    elif given == shape[:-1]:
        terms = ad.special.softmax_cross_entropy(logits, labels)
        if label_smoothing:  # by how much -log softmax is more than that in the mean of all classes
            named = one_hot(labels, shape[-1], bool)
            picked = np.sum(np.where(named, logits, 0), axis=-1)
            terms = terms + label_smoothing * (picked - np.mean(logits, axis=-1))
    else:
        column = given == (*shape[:-1], 1)
        raise ad.ShapeError(
            f"cross_entropy: the labels have shape {given}; for logits of shape {shape} they must "
            f"be integers of shape {shape[:-1]} or probabilities of shape {shape}"
            + (": take labels[..., 0]" if column else "")
        )
    return reduced(terms, reduction)


def check_probabilities(labels: Any) -> None:
    error = ValueError(
        "cross_entropy: labels of the logits' shape must be probabilities: not negative, "
        "with sum 1 over the classes"
    )
    ad.require(np.greater_equal(labels, 0), error)
    ad.require(np.less(np.abs(np.sum(labels, axis=-1) - 1), 1.01e-3), error)


# -- penalties -----------------------------------------------------------------------------------
def l1_penalty(parameters: Any) -> Any:
    """The sum of |p| over all entries of a nest of arrays; slope 0 at 0.

    >>> import numpy as np
    >>> l1_penalty({"weight": np.array([1.0, -2.0]), "bias": np.array([2.0])})
    np.float64(5.0)
    """
    return sum((np.sum(np.abs(p)) for p in ad.tree.flatten(parameters)[0]), 0.0)


def l2_penalty(parameters: Any) -> Any:
    """The sum of p^2 over all entries of a nest of arrays.

    >>> import numpy as np
    >>> l2_penalty({"weight": np.array([1.0, 2.0]), "bias": np.array([2.0])})
    np.float64(9.0)
    """
    return sum((np.sum(np.square(p)) for p in ad.tree.flatten(parameters)[0]), 0.0)
