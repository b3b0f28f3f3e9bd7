"""Neural networks as a thin layer on `autodiff`: it contains no derivative of its own."""

import importlib
from typing import Any

from . import datasets, functional, initialisers, losses, optim, plots, schedules
from .modules import (
    ELU,
    GELU,
    SELU,
    AvgPool1d,
    BatchNorm1d,
    Conv1d,
    Dense,
    Dropout,
    Flatten,
    Function,
    LeakyReLU,
    MaxPool1d,
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
from .summaries import summary
from .training import EarlyStopping, evaluate, fit, predict

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "AvgPool1d",
    "BatchNorm1d",
    "Conv1d",
    "Dense",
    "Dropout",
    "EarlyStopping",
    "Flatten",
    "Function",
    "LeakyReLU",
    "MaxPool1d",
    "Module",
    "ReLU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "datasets",
    "evaluate",
    "fit",
    "functional",
    "functional_call",
    "initialisers",
    "losses",
    "optim",
    "plots",
    "predict",
    "schedules",
    "summary",
]


def __getattr__(name: str) -> Any:
    """`nn.estimators`, when it is asked for: it alone needs scikit-learn to be loaded."""
    if name == "estimators":
        return importlib.import_module(".estimators", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
