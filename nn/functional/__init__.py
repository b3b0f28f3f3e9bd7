"""Activations and layers as pure functions of NumPy arrays and tracked values."""

from .activations import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    logsumexp,
    relu,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    step,
    tanh,
)
from .layers import dropout, linear, one_hot
from .normalisation import batch_norm, batch_statistics, layer_norm
from .sliding import avg_pool1d, conv1d, max_pool1d

__all__ = [
    "avg_pool1d",
    "batch_norm",
    "batch_statistics",
    "conv1d",
    "dropout",
    "elu",
    "gelu",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "max_pool1d",
    "one_hot",
    "relu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "step",
    "tanh",
]
