"""A small network, data for it, and a short training run, for the tests of training."""

import numpy as np

from nn import ELU, Dense, Dropout, Sequential, losses, optim
from nn.training import fit


def rng(seed=0):
    return np.random.default_rng(seed)


def blobs(n=120):
    """Three well separated clouds of points in the plane, and which cloud each is from."""
    y = rng().integers(0, 3, n)
    return np.array([[0.0, 3.0], [3.0, -2.0], [-3.0, -2.0]])[y] + rng(1).normal(size=(n, 2)), y


def network(dropout=0.0, dtype=np.float64):
    r = rng(3)
    layers = [Dense(2, 8, r, dtype=dtype), ELU(0.9), Dense(8, 3, r, dtype=dtype)]
    if dropout:
        layers.insert(2, Dropout(dropout, rng(4)))
    return Sequential(*layers)


def trained(model=None, X=None, y=None, **options):
    model = network() if model is None else model
    X, y = blobs() if X is None else (X, y)
    options = {"optimizer": optim.SGD(0.1), "epochs": 4, "progress": False, **options}
    return model, fit(model, losses.cross_entropy, X, y, **options)


def same(one, other):
    """Bit for bit the same arrays under the same names."""
    a, b = one.state_dict(), other.state_dict()
    return a.keys() == b.keys() and all(a[k].tobytes() == b[k].tobytes() for k in a)
