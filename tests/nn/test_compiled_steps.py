"""A whole training step, from the batch to the next parameters, compiles as it stands."""

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import losses, optim


def rng(seed=0):
    return np.random.default_rng(seed)


def dense():
    return nn.Sequential(nn.Dense(6, 5, rng()), nn.ELU(0.9), nn.Dense(5, 3, rng())), (6,)


def normalised():
    layers = nn.Dense(6, 5, rng()), nn.BatchNorm1d(5), nn.ReLU(), nn.Dense(5, 3, rng())
    return nn.Sequential(*layers), (6,)


def convolved():
    layers = nn.Conv1d(2, 4, 3, rng(), padding=1, stride=2), nn.ReLU(), nn.MaxPool1d(2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Dense(8, 3, rng())), (2, 8)


def train(optimizer, model, shape, compiled, pure=False):
    """Three steps: parameters, buffers and losses."""

    def loss(parameters, buffers, x, y):
        logits, buffers = nn.functional_call(model, parameters, buffers, x)
        return losses.cross_entropy(logits, y), buffers

    def step(parameters, state, buffers, x, y):
        differentiated = ad.value_and_grad(loss, has_aux=True)
        (value, buffers), gradient = differentiated(parameters, buffers, x, y)
        parameters, state = optimizer.update(parameters, gradient, state)
        return parameters, state, buffers, value

    step = ad.jit(step, pure=pure) if compiled else step
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    state, seen, draw = optimizer.init(parameters), [], rng(1)
    for _ in range(3):
        x, y = draw.normal(size=(4, *shape)), draw.integers(0, 3, 4)
        parameters, state, buffers, value = step(parameters, state, buffers, x, y)
        seen.append(value)
    return parameters, buffers, seen


@pytest.mark.share(2)
@pytest.mark.parametrize("make", [dense, normalised, convolved])
@pytest.mark.parametrize(
    "optimizer",
    [
        optim.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
        optim.AdamW(optim.Warmup(2, optim.Cosine(0.01, 10))),
        optim.RMSprop(0.01),
    ],
    ids=["sgd", "adamw", "rmsprop"],
)
def test_compiled_and_eager_steps_agree(make, optimizer):
    model, shape = make()
    eager, compiled = (train(optimizer, model, shape, flag) for flag in (False, True))
    for one, other in zip(eager[:2], compiled[:2], strict=True):
        for name, array in one.items():
            np.testing.assert_allclose(other[name], array, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(compiled[2], eager[2], rtol=1e-10)


def dropout():
    return nn.Sequential(nn.Dropout(0.5, rng()), nn.Dense(6, 3, rng()))


def test_dropout_draws_what_a_plain_run_draws():
    eager, compiled = (train(optim.SGD(0.1), dropout(), (6,), flag) for flag in (False, True))
    for name, array in eager[0].items():
        np.testing.assert_allclose(compiled[0][name], array, rtol=1e-12)
    np.testing.assert_allclose(compiled[2], eager[2], rtol=1e-12)


def test_dropout_is_refused_where_the_world_is_promised_not_to_change():
    with pytest.raises(ad.NotDifferentiableError, match="would draw only once"):
        train(optim.SGD(0.1), dropout(), (6,), compiled=True, pure=True)
