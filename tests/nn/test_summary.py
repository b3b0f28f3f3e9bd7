"""The table of a model: its shapes, its parameters, and which of its units are dead."""

import numpy as np
import pytest

import autodiff as ad
from nn import Dense, Dropout, LeakyReLU, ReLU, Sequential, Softmax, losses, optim, summary
from nn.training import fit


def rng(seed=0):
    return np.random.default_rng(seed)


X = rng().normal(size=(40, 2))
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def test_a_summary_lists_shapes_parameters_and_dead_units():
    model = Sequential(Dense(2, 3, rng()), ReLU(), Dense(3, 2, rng(1)), Softmax())
    model[0].bias[:] = [0.0, -1e3, -1e3]
    found = summary(model, X)
    assert [row.parameters for row in found.rows] == [9, 0, 8, 0]
    assert found.parameters == 17
    assert [row.outputs for row in found.rows] == [(40, 3), (40, 3), (40, 2), (40, 2)]
    assert found.dead == {"1": (1, 2)}
    assert str(found).splitlines()[2].split() == "1 ReLU (40, 3) (40, 3) 2 of 3".split()


def test_dead_units_do_not_learn_and_leaky_ones_do_not_die():
    model = Sequential(Dense(2, 3, rng()), ReLU(), Dense(3, 2, rng(1)))
    model[0].bias[1] = -1e3
    (dead,) = summary(model, X).dead.values()
    before = model[0].weight.copy()
    fit(model, losses.cross_entropy, X, Y, optimizer=optim.SGD(0.1), epochs=3, progress=False)
    moved = np.any(model[0].weight != before, axis=0)
    assert dead == (1,)
    assert moved.tolist() == [True, False, True]
    leaky = Sequential(Dense(2, 3, rng()), LeakyReLU(), Dense(3, 2, rng(1)))
    leaky[0].bias[1] = -1e3
    assert summary(leaky, X).dead == {}


def test_a_summary_leaves_the_model_as_it_was():
    model = Sequential(Dense(2, 3, rng()), Dropout(0.5, rng()), Dense(3, 2, rng())).train()
    attributes = [set(vars(part)) for _, part in model.named_modules()]
    summary(model, X)
    assert model.training
    assert [set(vars(part)) for _, part in model.named_modules()] == attributes
    with pytest.raises(ad.ShapeError, match="got an input of width 3"):
        summary(model, np.ones((5, 3)))
    assert [set(vars(part)) for _, part in model.named_modules()] == attributes
    with pytest.raises(ad.ShapeError, match="not empty"):
        summary(model, X[:0])
