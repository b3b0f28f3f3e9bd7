"""Normalisation: values brought to mean 0 and variance 1, along the batch or along the features."""

from __future__ import annotations

from typing import Any

import numpy as np

import autodiff as ad


def per_channel(array: Any, ndim: int) -> Any:
    """An array (features,) so that it broadcasts with (n, features) or (n, features, length)."""
    return array[:, None] if ndim == 3 else array


def batch_statistics(x: Any) -> tuple[Any, Any]:
    """Mean and (biased) variance of every feature of (n, features) or (n, features, length).

    >>> import numpy as np
    >>> batch_statistics(np.array([[1.0, 0.0], [3.0, 4.0]]))
    (array([2., 2.]), array([1., 4.]))
    """
    axes = (0,) if check_channels(x, "batch_statistics") == 2 else (0, 2)
    mean = np.mean(x, axis=axes)
    return mean, np.mean(np.square(x - per_channel(mean, np.ndim(x))), axis=axes)


def batch_norm(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    mean: Any = None,
    variance: Any = None,
    *,
    epsilon: float = 1e-5,
) -> Any:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, feature by feature.

    `x` is (n, features) or (n, features, length), the rest (features,). Without `mean` and
    `variance` those of the batch are used, and differentiated through; a batch of one is then
    `beta`. Source: Ioffe and Szegedy, Batch Normalization (2015).

    >>> import numpy as np
    >>> batch_norm(np.array([[1.0], [3.0]]), epsilon=0.0)
    array([[-1.], [ 1.]])
    """
    ndim = check_channels(x, "batch_norm")
    if (mean is None) != (variance is None):
        raise ValueError("batch_norm: give both mean and variance, or neither")
    if mean is None:
        mean, variance = batch_statistics(x)
    for name, value in (("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)):
        if value is not None and np.shape(value) != np.shape(x)[1:2]:
            raise ad.ShapeError(
                f"batch_norm: {name} has shape {np.shape(value)}, but an input of shape "
                f"{np.shape(x)} has {np.shape(x)[1]} features"
            )
    y = (x - per_channel(mean, ndim)) / per_channel(np.sqrt(variance + epsilon), ndim)
    return scaled(y, gamma, beta, ndim)


def layer_norm(x: Any, gamma: Any = None, beta: Any = None, *, epsilon: float = 1e-5) -> Any:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, each example along its last axis.

    Source: Ba, Kiros and Hinton, Layer Normalization (2016).

    >>> import numpy as np
    >>> layer_norm(np.array([1.0, 3.0]), epsilon=0.0)
    array([-1.,  1.])
    """
    if not np.ndim(x):
        raise ad.ShapeError("layer_norm: the input is a number; it needs an axis of features")
    centred = x - np.mean(x, axis=-1, keepdims=True)
    variance = np.mean(np.square(centred), axis=-1, keepdims=True)
    for name, value in (("gamma", gamma), ("beta", beta)):
        if value is not None and np.shape(value) != np.shape(x)[-1:]:
            raise ad.ShapeError(
                f"layer_norm: {name} has shape {np.shape(value)}, but an input of shape "
                f"{np.shape(x)} has {np.shape(x)[-1]} features"
            )
    return scaled(centred / np.sqrt(variance + epsilon), gamma, beta, 2)


def scaled(y: Any, gamma: Any, beta: Any, ndim: int) -> Any:
    y = y if gamma is None else y * per_channel(gamma, ndim)
    return y if beta is None else y + per_channel(beta, ndim)


def check_channels(x: Any, name: str) -> int:
    if np.ndim(x) not in (2, 3):
        raise ad.ShapeError(
            f"{name}: the input has shape {np.shape(x)}; it must be (n, features) or "
            "(n, features, length)"
        )
    return np.ndim(x)
