"""Training: `fit`, and what goes with it."""

from .divergence import DivergedError
from .history import History
from .loop import evaluate, fit, predict
from .run import Callback, EarlyStopping, Run
from .step import accuracy, make_step, objective_of

__all__ = [
    "Callback",
    "DivergedError",
    "EarlyStopping",
    "History",
    "Run",
    "accuracy",
    "evaluate",
    "fit",
    "make_step",
    "objective_of",
    "predict",
]
