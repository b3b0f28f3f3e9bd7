"""Modules: networks as objects, and as pure functions of their arrays.

A module of your own sets attributes and defines `forward`:

    class Residual(Module):
        def __init__(self, width, rng):
            self.inner = Dense(width, width, rng)
            self.scale = np.zeros(width)                     # an array of floats: a parameter

        def forward(self, x):
            return x + self.scale * np.tanh(self.inner(x))

As an object, ``model(x)`` runs it and ``named_parameters()`` lists ``(dotted name, array)``. For
the transforms it is a pure function of dicts of arrays, by the same names:

    parameters = dict(model.named_parameters())              # what is trained
    state = dict(model.named_buffers())                      # what is kept: running statistics

    def loss(parameters, state, x, y):
        prediction, state = functional_call(model, parameters, state, x, rng=rng)
        return losses.mse(prediction, y), state

    (value, state), gradient = ad.value_and_grad(loss, has_aux=True)(parameters, state, x, y)
    model.load_state_dict({**parameters, **state})           # back into the object, in place

`functional_call` touches no module, so it may run in many threads and inside any transform. Buffers
come back as plain values that carry no derivative. Whether the model trains or evaluates is its own
flag: ``model.train()``, ``model.eval()``. Weights of a `Dense` are (inputs, outputs).
"""

from .activations import (
    ELU,
    GELU,
    SELU,
    Function,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from .layers import AvgPool1d, Conv1d, Dense, Dropout, Flatten, MaxPool1d, Sequential
from .module import Module, functional_call
from .normalisation import BatchNorm1d

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "AvgPool1d",
    "BatchNorm1d",
    "Conv1d",
    "Dense",
    "Dropout",
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
    "functional_call",
]
