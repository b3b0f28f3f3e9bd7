"""Neural networks as a thin layer on `autodiff`: it contains no derivative of its own."""

from . import functional
from .modules import (
    ELU,
    GELU,
    SELU,
    Dense,
    Dropout,
    Flatten,
    Function,
    LeakyReLU,
    Module,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
    functional_call,
)

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "Dense",
    "Dropout",
    "Flatten",
    "Function",
    "LeakyReLU",
    "Module",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "functional",
    "functional_call",
]
