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
from .layers import dropout, is_class, linear, one_hot

__all__ = [
    "dropout",
    "elu",
    "gelu",
    "is_class",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
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
