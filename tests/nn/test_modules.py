"""Modules: what is found in them, as objects and as pure functions."""

import gc
import subprocess
import sys
import threading
import weakref
from typing import NamedTuple

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import initialisers, losses
from nn.modules.module import Module


def rng(seed=0):
    return np.random.default_rng(seed)


LAYERS = {
    "Dense": (lambda: nn.Dense(4, 3, rng()), (4,)),
    "Dense without bias": (lambda: nn.Dense(4, 3, rng(), bias=False), (4,)),
    "Conv1d": (lambda: nn.Conv1d(4, 2, 2, rng(), stride=2, padding=1, dilation=2), (4, 5)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), (4,)),
    "BatchNorm1d, sequences": (lambda: nn.BatchNorm1d(4), (4, 3)),
    "Dropout": (lambda: nn.Dropout(0.5, rng()), (4,)),
    "Flatten": (lambda: nn.Flatten(), (4, 3)),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), (4, 5)),
    "AvgPool1d": (lambda: nn.AvgPool1d(2, 1), (4, 5)),
    "ReLU": (nn.ReLU, (4,)),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), (4,)),
    "ELU": (lambda: nn.ELU(0.9), (4,)),
    "SELU": (nn.SELU, (4,)),
    "GELU": (lambda: nn.GELU("tanh"), (4,)),
    "SiLU": (nn.SiLU, (4,)),
    "Softplus": (nn.Softplus, (4,)),
    "Sigmoid": (nn.Sigmoid, (4,)),
    "Tanh": (nn.Tanh, (4,)),
    "Softmax": (nn.Softmax, (4,)),
    "Function": (lambda: nn.Function(np.sin), (4,)),
    "Sequential": (
        lambda: nn.Sequential(
            nn.Dense(4, 3, rng(), bias=False), nn.BatchNorm1d(3), np.tanh, nn.Dense(3, 2, rng())
        ),
        (4,),
    ),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


# -- gradients -----------------------------------------------------------------------------------
WITH_TWO_MODES = [name for name in LAYERS if "Norm" in name or name == "Dropout"]
MODES = [(name, True) for name in LAYERS] + [(name, False) for name in WITH_TWO_MODES]


@pytest.mark.parametrize(("name", "training"), MODES)
@pytest.mark.parametrize("batch", [1, 3])
def test_gradients(name, batch, training):
    make, shape = LAYERS[name]
    model = make().train(training)
    parameters, x = dict(model.named_parameters()), rng(1).normal(size=(batch, *shape))

    def f(parameters, x):
        return nn.functional_call(model, parameters, {}, x, rng=rng(2))[0]

    ad.check(f, parameters, x, directions=1).raise_if_failed()


@every_layer
def test_float32_stays_float32(name):
    make, shape = LAYERS[name]
    model = make()
    single = {k: v.astype(np.float32) for k, v in model.state_dict().items()}
    buffers = {k: single[k] for k, _ in model.named_buffers()}
    parameters = {k: single[k] for k, _ in model.named_parameters()}
    x = rng(1).normal(size=(3, *shape)).astype(np.float32)
    y, state = nn.functional_call(model, parameters, buffers, x)
    assert y.dtype == np.float32
    assert all(array.dtype == np.float32 for array in state.values())


@every_layer
def test_as_an_object_and_as_a_function_it_computes_the_same(name):
    make, shape = LAYERS[name]
    x = rng(1).normal(size=(3, *shape))
    one, other = make(), make()
    y, state = nn.functional_call(one, dict(one.named_parameters()), dict(one.named_buffers()), x)
    np.testing.assert_array_equal(y, other(x))
    for key, array in other.named_buffers():
        np.testing.assert_array_equal(state[key], array)


# -- what is in a module -------------------------------------------------------------------------
class Pair(NamedTuple):
    first: object
    second: object


class Everything(Module):
    """Parameters and modules in every place where they are found."""

    buffers = ("seen",)

    def __init__(self):
        self.scale = np.array(2.0)
        self.seen = np.zeros(2)
        self.table = np.arange(3)  # integers are constants
        self.rate = 0.5
        self.blocks = [nn.Dense(2, 2, rng(1)), {"inner": nn.Dense(2, 2, rng(2))}]
        self.pair = Pair(np.ones(2), (np.ones(1),))
        self.again = self.blocks[0]
        self.same = self.pair.first

    def forward(self, x):
        self.seen = self.seen + np.sum(x, axis=0)
        x = self.again(self.blocks[0](x)) + self.blocks[1]["inner"](x)
        return self.scale * x * self.same + self.pair.first + self.pair.second[0]


def test_attributes_are_found_by_themselves_each_once():
    assert [name for name, _ in Everything().named_parameters()] == [
        "scale",
        "blocks.0.weight",
        "blocks.0.bias",
        "blocks.1.inner.weight",
        "blocks.1.inner.bias",
        "pair.first",
        "pair.second.0",
    ]
    assert [name for name, _ in Everything().named_buffers()] == ["seen"]
    assert [name for name, _ in Everything().named_modules()] == ["", "blocks.0", "blocks.1.inner"]


def test_what_stands_in_two_places_stays_one():
    model = Everything()
    parameters, x = dict(model.named_parameters()), rng().normal(size=(3, 2))

    def f(parameters):
        return np.sum(nn.functional_call(model, parameters, {}, x)[0] ** 2)

    ad.check(f, parameters, directions=1).raise_if_failed()
    doubled = {name: 2 * array for name, array in parameters.items()}
    expected, _ = nn.functional_call(model, doubled, {}, x)
    model.load_state_dict({**doubled, "seen": np.zeros(2)})
    assert model.same is model.pair.first
    np.testing.assert_array_equal(model(x), expected)


def test_a_module_of_ones_own_is_ten_lines():
    class Residual(nn.Module):
        def __init__(self, width, generator):
            self.inner = nn.Dense(width, width, generator)
            self.scale = np.zeros(width)

        def forward(self, x):
            return x + self.scale * np.tanh(self.inner(x))

    model = nn.Sequential(Residual(3, rng()), nn.Dense(3, 1, rng()))
    names = ["0.inner.weight", "0.inner.bias", "0.scale", "1.weight", "1.bias"]
    assert [name for name, _ in model.named_parameters()] == names
    assert [array.size for array in model.parameters()] == [9, 3, 3, 3, 1]
    x, y = rng(1).normal(size=(20, 3)), rng(2).normal(size=(20, 1))

    def loss(parameters):
        return losses.mse(nn.functional_call(model, parameters, {}, x)[0], y)

    parameters = dict(model.named_parameters())
    before = loss(parameters)
    for _ in range(20):
        nn.optim.SGD(0.1).step(parameters, ad.grad(loss)(parameters))
    assert losses.mse(model(x), y) < 0.9 * before


# -- as a pure function --------------------------------------------------------------------------
def test_functional_call_touches_nothing():
    model = LAYERS["Sequential"][0]()
    before, x = model.state_dict(), rng(1).normal(size=(5, 4))
    flags = [module.training for _, module in model.named_modules()]

    def loss(parameters, state):
        y, state = nn.functional_call(model, parameters, state, x)
        return np.sum(y**2), state

    parameters, state = dict(model.named_parameters()), dict(model.named_buffers())
    (_, new), gradient = ad.value_and_grad(loss, has_aux=True)(parameters, state)
    after = model.state_dict()
    assert all(np.array_equal(after[name], before[name]) for name in before)
    assert flags == [module.training for _, module in model.named_modules()]
    assert list(gradient) == list(parameters)
    assert all(type(array) is np.ndarray for array in new.values())
    assert not np.array_equal(new["1.running_mean"], state["1.running_mean"])


def test_what_is_not_given_is_a_constant():
    model = LAYERS["Sequential"][0]().eval()
    x = rng(1).normal(size=(5, 4))
    last = {k: v for k, v in model.named_parameters() if k.startswith("3.")}

    def loss(parameters):
        return np.sum(nn.functional_call(model, parameters, {}, x)[0] ** 2)

    partial = ad.grad(loss)(last)
    whole = ad.grad(loss)(dict(model.named_parameters()))
    assert list(partial) == ["3.weight", "3.bias"]
    np.testing.assert_array_equal(partial["3.weight"], whole["3.weight"])


def test_per_example_gradients_and_hessian_products():
    model = nn.Sequential(nn.Dense(3, 4, rng()), nn.Tanh(), nn.Dense(4, 2, rng()))
    parameters = dict(model.named_parameters())
    x, y = rng(1).normal(size=(5, 3)), np.array([0, 1, 1, 0, 1])

    def loss(parameters, x, y):
        return losses.cross_entropy(nn.functional_call(model, parameters, {}, x)[0], y)

    each = ad.vmap(ad.grad(loss), (None, 0, 0))(parameters, x, y)
    expected = [ad.grad(loss)(parameters, x[k], y[k])["0.weight"] for k in range(5)]
    np.testing.assert_allclose(each["0.weight"], expected, atol=1e-15)
    whole = ad.grad(loss)(parameters, x, y)
    np.testing.assert_allclose(each["0.weight"].mean(axis=0), whole["0.weight"], atol=1e-15)
    curved = ad.hvp(lambda p: loss(p, x, y), parameters, whole)
    assert curved["2.bias"].shape == (2,)


def test_many_threads_may_call_one_model():
    model = LAYERS["Sequential"][0]()
    parameters = dict(model.named_parameters())
    results = {}

    def work(k):
        x = rng(k).normal(size=(5, 4))
        results[k] = [
            ad.grad(lambda p: np.sum(nn.functional_call(model, p, {}, x)[0] ** 2))(parameters)
            for _ in range(20)
        ]

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k in range(4):
        work_again = results[k][0]
        assert all(np.array_equal(g["0.weight"], work_again["0.weight"]) for g in results[k])


def test_a_finished_call_leaves_no_reference_cycle():
    model = LAYERS["Sequential"][0]()
    x, parameters = rng(1).normal(size=(5, 4)), dict(model.named_parameters())
    seen = []

    class Watched(nn.Module):
        def forward(self, x):
            seen.append(weakref.ref(self))
            return model(x)

    gc.collect()
    gc.disable()
    try:
        watched = Watched()
        watched.model = model
        named = {f"model.{name}": array for name, array in parameters.items()}
        ad.grad(lambda p: np.sum(nn.functional_call(watched, p, {}, x)[0]))(named)
        assert seen
        assert seen[0]() is None  # the copy that was called
    finally:
        gc.enable()


class Counter(nn.Module):
    """A buffer without axes, which NumPy's arithmetic makes a scalar."""

    buffers = ("calls",)

    def __init__(self):
        self.calls = np.array(0.0)

    def forward(self, x):
        self.calls = self.calls + 1
        return x * self.calls


def test_a_buffer_may_be_a_number():
    model = Counter()
    model(1.0)
    state = dict(model.named_buffers())
    for _ in range(3):
        y, state = nn.functional_call(model, {}, state, 1.0)
    assert (y, state, model.calls) == (4, {"calls": 4}, 1)
    model.load_state_dict(state)
    assert model(1.0) == 5


def test_buffers_that_are_not_there_are_named():
    model = Counter()
    model.buffers = "calls"  # not a tuple: letters
    with pytest.raises(AttributeError, match=r"Counter\.buffers names 'c'"):
        model.state_dict()


# -- batch normalisation and dropout -------------------------------------------------------------
def test_running_statistics_are_those_of_pytorch():
    layer = nn.BatchNorm1d(2)
    x = np.array([[1.0, 4.0], [3.0, -2.0], [8.0, 1.0]])
    expected = [-1.019048743, 1.224743851, -0.3396829143, -1.224743851, 1.358731657, 0.0]
    np.testing.assert_allclose(layer(x).ravel(), expected, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(layer.running_mean, [0.4, 0.1], rtol=1e-14)
    np.testing.assert_allclose(layer.running_variance, [2.2, 1.8], rtol=1e-14)
    expected = [0.4045189981, 2.906880296, 1.752915659, -1.565243236, 5.123907309, 0.6708185299]
    np.testing.assert_allclose(layer.eval()(x).ravel(), expected, rtol=1e-8)
    np.testing.assert_allclose(layer.running_mean, [0.4, 0.1], rtol=1e-14)  # not in evaluation


def test_one_example_tells_nothing_of_a_variance():
    layer = nn.BatchNorm1d(2)
    np.testing.assert_array_equal(layer(np.array([[3.0, 1.0]])), [[0, 0]])
    np.testing.assert_allclose(layer.running_mean, [0.3, 0.1])
    np.testing.assert_array_equal(layer.running_variance, [1, 1])


def test_tracked_inputs_leave_plain_statistics():
    layer = nn.BatchNorm1d(2)
    ad.grad(lambda x: np.sum(layer(x) ** 3))(rng().normal(size=(4, 2)))
    assert type(layer.running_mean) is np.ndarray


def test_dropout_drops_in_training_alone():
    layer, x = nn.Dropout(0.5, rng()), np.ones((4, 50))
    assert 0 in layer(x)
    np.testing.assert_array_equal(layer.eval()(x), x)
    first, _ = nn.functional_call(layer.train(), {}, {}, x, rng=rng(3))
    again, _ = nn.functional_call(layer, {}, {}, x, rng=rng(3))
    np.testing.assert_array_equal(first, again)
    other, _ = nn.functional_call(layer, {}, {}, x, rng=rng(4))
    assert not np.array_equal(first, other)


def test_train_and_eval_reach_every_module():
    model = nn.Sequential(nn.Dropout(0.5, rng()), nn.Sequential(nn.Dropout(0.5, rng())))
    assert model.eval() is model
    assert not any(module.training for _, module in model.named_modules())
    model.train()
    assert all(module.training for _, module in model.named_modules())


# -- initialisers --------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(300, 200), (50, 30, 20)])
def test_initialisers_have_the_variance_they_promise(shape):
    fan_in, fan_out = shape if len(shape) == 2 else (shape[1] * shape[2], shape[0] * shape[2])
    expected = {
        initialisers.glorot_uniform: 2 / (fan_in + fan_out),
        initialisers.glorot_normal: 2 / (fan_in + fan_out),
        initialisers.he: 2 / fan_in,
    }
    for init, variance in expected.items():
        drawn = init(shape, rng(), np.float32)
        assert drawn.dtype == np.float32
        assert drawn.shape == shape
        assert drawn.var() == pytest.approx(variance, rel=0.03)
        assert drawn.mean() == pytest.approx(0, abs=0.01 * variance**0.5 * 3)
    bound = (6 / (fan_in + fan_out)) ** 0.5
    assert np.abs(initialisers.glorot_uniform(shape, rng())).max() <= bound
    assert not initialisers.zeros(shape).any()
    layer = nn.Dense(3, 2, rng(), init=initialisers.zeros)
    assert not layer.weight.any()


# -- the package ---------------------------------------------------------------------------------
def test_the_parts_of_nn_are_there_and_load_nothing_heavy():
    program = (
        "import sys, nn\n"
        "nn.plots.plot_history, nn.schedules.Constant\n"
        "assert not {'sklearn', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "nn.estimators.Ridge\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert all(hasattr(nn, name) for name in nn.__all__)
    with pytest.raises(AttributeError, match="'nn' has no attribute 'layers'"):
        _ = nn.layers
