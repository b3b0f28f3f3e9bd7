"""Activations and layers as functions: values, gradients at every shape, large inputs, dtypes."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autodiff as ad
from autodiff.engine.graph import TraceLevel, TraceNode
from autodiff.rules.primitive import new_level
from nn import functional as F  # noqa: N812 - everyone's name for it

FEW = settings(max_examples=max(1, settings.default.max_examples // 20))
ACTIVATIONS = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": lambda x: F.elu(x, 0.9),
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "softplus": F.softplus,
    "sigmoid": F.sigmoid,
    "tanh": F.tanh,
    "step": F.step,
}
ALONG_AN_AXIS = {"softmax": F.softmax, "log_softmax": F.log_softmax, "logsumexp": F.logsumexp}
everything = pytest.mark.parametrize("name", [*ACTIVATIONS, *ALONG_AN_AXIS])
activations = pytest.mark.parametrize("name", ACTIVATIONS)
shapes = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
seeds = st.integers(0, 2**32 - 1)

# PyTorch 2, float64, at these points.
POINTS = np.array([-1000.0, -3.0, -0.5, 0.25, 2.0, 1000.0])
PYTORCH = {
    "elu": [-0.9, -0.8551916385, -0.3541224063, 0.25, 2.0, 1000.0],
    "selu": [-1.758099341, -1.670568729, -0.6917581878, 0.2626752468, 2.101401975, 1050.700987],
    "gelu": [0.0, -0.004049694095, -0.1542687694, 0.1496765814, 1.954499736, 1000.0],
    "gelu_tanh": [0.0, -0.003637392082, -0.1542859902, 0.1496753507, 1.954597694, 1000.0],
    "silu": [0.0, -0.1422776195, -0.1887703344, 0.1405441252, 1.761594156, 1000.0],
    "softplus": [0.0, 0.04858735157, 0.4740769842, 0.8259394199, 2.126928011, 1000.0],
    "sigmoid": [0.0, 0.04742587318, 0.3775406688, 0.5621765009, 0.880797078, 1.0],
    "relu": [0.0, 0.0, 0.0, 0.25, 2.0, 1000.0],
    "leaky_relu": [-10.0, -0.03, -0.005, 0.25, 2.0, 1000.0],
    "step": [0.0, 0.0, 0.0, 1.0, 1.0, 1.0],
}


def function(name):
    return ACTIVATIONS.get(name) or ALONG_AN_AXIS[name]


def points(shape, seed):
    """Away from the kinks at 0, where a finite difference means nothing."""
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 2, shape) * rng.choice([-1, 1], shape)


@pytest.mark.parametrize("name", PYTORCH)
def test_values_are_those_of_pytorch(name):
    np.testing.assert_allclose(ACTIVATIONS[name](POINTS), PYTORCH[name], rtol=1e-9, atol=1e-12)


def test_gelu_by_tanh_keeps_its_digits_far_below_zero():
    """(1 + tanh(v)) / 2 cancels there; the numbers are mpmath's."""
    derivative = ACTIVATIONS["gelu_tanh"]
    for expected in (-8.4396467007622971e-11, -7.7099739309536955e-10, -6.8242472741571894e-9):
        np.testing.assert_allclose(derivative(-6.0), expected, rtol=1e-13)
        derivative = ad.grad(derivative)


def test_a_slope_or_an_alpha_may_be_learnt():
    x, sizes = points((4, 3), 0), np.array([0.1, 0.5, 2.0])
    for f in (F.leaky_relu, F.elu):
        np.testing.assert_allclose(f(x, sizes)[:, 1], f(x[:, 1], 0.5), rtol=1e-15)
        ad.check(f, x, sizes).raise_if_failed()


@everything
@FEW
@given(shape=shapes, seed=seeds)
def test_gradients(name, shape, seed):
    ad.check(function(name), points(shape, seed)).raise_if_failed()


@everything
@pytest.mark.parametrize("size", [1000.0, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_inputs_and_dtype(name, size, dtype):
    x = np.array([size, -size, 0.5, size], dtype)
    f = function(name)
    y = f(x)
    assert y.dtype == dtype
    assert np.all(np.isfinite(y))
    gradient = ad.grad(lambda x: np.sum(f(x)))(x)
    assert gradient.dtype == dtype
    assert np.all(np.isfinite(gradient))


@everything
def test_nan_stays_nan(name):
    with np.errstate(invalid="ignore"):
        assert np.isnan(function(name)(np.array([np.nan, 1.0]))).any()


@everything
def test_integers_are_numbers(name):
    x = np.array([-2, 1, 3])
    np.testing.assert_allclose(function(name)(x), function(name)(x.astype(float)))


@pytest.mark.parametrize(
    ("f", "slope"), [(F.relu, 0), (F.leaky_relu, 1), (F.elu, 1), (F.softplus, 0.5), (F.step, 0)]
)
def test_derivative_at_zero(f, slope):
    assert ad.grad(f)(0.0) == slope


def test_softmax_is_a_distribution_whose_jacobian_is_known():
    x = np.array([0.3, -1.0, 2.0])
    s = F.softmax(x)
    np.testing.assert_allclose(s, np.exp(x) / np.exp(x).sum(), rtol=1e-15)
    np.testing.assert_allclose(ad.jacobian(F.softmax)(x), np.diag(s) - np.outer(s, s), atol=1e-16)
    np.testing.assert_allclose(ad.grad(lambda x: F.logsumexp(x))(x), s, rtol=1e-15)


def test_softmax_takes_the_last_axis_unless_told():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(F.softmax(x).sum(axis=1), 1)
    np.testing.assert_allclose(F.softmax(x, axis=0).sum(axis=0), 1)
    assert F.logsumexp(x, keepdims=True).shape == (2, 1)


def test_gelu_refuses_another_approximation():
    with pytest.raises(ValueError, match="'none' or 'tanh'"):
        F.gelu(1.0, approximate="fast")


def test_gelu_without_scipy_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(ad.MissingExtraError, match="pip install scipy"):
        F.gelu(1.0)
    assert F.gelu(1.0, approximate="tanh") > 0.84


# -- linear, one_hot, dropout ------------------------------------------------------------------
@FEW
@given(batch=st.integers(1, 3), inputs=st.integers(1, 3), outputs=st.integers(1, 3), seed=seeds)
def test_linear(batch, inputs, outputs, seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=(batch, inputs)), rng.normal(size=(inputs, outputs)), rng.normal()
    b = np.full(outputs, b)
    np.testing.assert_allclose(
        F.linear(x, w, b), [[xi @ w[:, j] + b[j] for j in range(outputs)] for xi in x]
    )
    ad.check(F.linear, x, w, b).raise_if_failed()


def test_one_hot():
    labels = np.array([[2, 0], [1, 1]])
    np.testing.assert_array_equal(F.one_hot(labels, 3), np.eye(3)[labels])
    assert F.one_hot(labels, 3, np.float32).dtype == np.float32
    for wrong, message in (([3], "label 3"), ([-1], "label -1")):
        with pytest.raises(ValueError, match=message):
            F.one_hot(np.array(wrong), 3)
    with pytest.raises(TypeError, match="integers"):
        F.one_hot(np.array([0.0]), 3)
    with pytest.raises(ValueError, match="at least 1"):
        F.one_hot(np.array([0]), 0)


def test_dropout_keeps_the_mean_and_draws_from_the_generator_alone():
    x = np.ones(10_000, np.float32)
    y = F.dropout(x, 0.3, np.random.default_rng(0))
    np.testing.assert_array_equal(y, F.dropout(x, 0.3, np.random.default_rng(0)))
    assert y.dtype == np.float32
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert np.mean(y == 0) == pytest.approx(0.3, abs=0.02)
    np.testing.assert_array_equal(F.dropout(x, 0.0, np.random.default_rng(0)), x)


def test_what_is_dropped_has_no_derivative_even_where_it_is_infinite():
    x = np.zeros(50)
    gradient = ad.grad(lambda x: np.sum(F.dropout(np.sqrt(x), 0.5, np.random.default_rng(0))))(x)
    kept = F.dropout(np.ones(50), 0.5, np.random.default_rng(0)) > 0
    np.testing.assert_array_equal(gradient[~kept], 0)
    np.testing.assert_array_equal(gradient[kept], np.inf)


def test_dropout_refuses_to_be_compiled():
    """The mask that is drawn while jit traces would be dropped by every run of the program."""
    level = TraceLevel(new_level(), abstract=True)
    x = ad.Tensor(np.ones(3), TraceNode(level, None, (), {}, np.ones(3)))
    for inner in (x, ad.Tensor(x, TraceNode(TraceLevel(new_level()), None, (), {}, x))):
        with pytest.raises(ad.NotDifferentiableError, match="would draw only once"):
            F.dropout(inner, 0.5, np.random.default_rng(0))


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2, np.nan])
def test_dropout_refuses_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match="dropout: rate"):
        F.dropout(np.ones(3), rate, np.random.default_rng(0))


# -- convolution and pooling -------------------------------------------------------------------
def conv1d_by_loops(x, weight, bias, stride, padding, dilation):
    outputs, channels, size = weight.shape
    x = np.pad(x, ((0, 0), (padding, padding)))
    places = range(0, x.shape[1] - dilation * (size - 1), stride)
    return np.array(
        [
            [
                bias[o]
                + sum(
                    weight[o, c, k] * x[c, t + k * dilation]
                    for c in range(channels)
                    for k in range(size)
                )
                for t in places
            ]
            for o in range(outputs)
        ]
    )


@FEW
@given(
    batch=st.integers(1, 2),
    channels=st.integers(1, 2),
    outputs=st.integers(1, 2),
    size=st.integers(1, 3),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    seed=seeds,
)
def test_conv1d(batch, channels, outputs, size, stride, padding, dilation, seed):
    rng = np.random.default_rng(seed)
    x, bias = rng.normal(size=(batch, channels, 6)), rng.normal(size=outputs)
    weight = rng.normal(size=(outputs, channels, size))
    how = {"stride": stride, "padding": padding, "dilation": dilation}

    def f(x, weight, bias):
        return F.conv1d(x, weight, bias, **how)

    expected = [conv1d_by_loops(example, weight, bias, **how) for example in x]
    np.testing.assert_allclose(f(x, weight, bias), expected, atol=1e-13)
    ad.check(f, x, weight, bias).raise_if_failed()
    np.testing.assert_allclose(ad.vmap(f, (0, None, None))(x, weight, bias), expected, atol=1e-13)


def test_conv1d_and_pooling_are_those_of_pytorch():
    x = np.arange(12.0).reshape(1, 2, 6) ** 2 / 10
    weight = np.sin(np.arange(12.0)).reshape(2, 2, 3)
    y = F.conv1d(x, weight, np.array([0.5, -0.5]), stride=2, padding=1, dilation=2)
    expected = [-10.07310407, -13.51102844, -10.30950303, -11.95032991]
    np.testing.assert_allclose(y.ravel(), expected, rtol=1e-8)
    expected = [0.3894183423, 0.999573603, 0.1165492049, 0.9698898108]
    np.testing.assert_allclose(F.max_pool1d(np.sin(x), 3, 2).ravel(), expected, rtol=1e-8)
    expected = [0.04991670832, 0.586372626, 0.7990228736, -0.712486528, 0.5432195078, -0.4968342877]
    np.testing.assert_allclose(F.avg_pool1d(np.sin(x), 2).ravel(), expected, rtol=1e-8)


@pytest.mark.parametrize("batch", [1, 3])
def test_pooling_gradients_and_ties(batch):
    x = np.random.default_rng(0).normal(size=(batch, 2, 7))
    for f in (lambda x: F.max_pool1d(x, 3, 2), lambda x: F.avg_pool1d(x, 3)):
        ad.check(f, x).raise_if_failed()
        assert f(x.astype(np.float32)).dtype == np.float32
    tied = ad.grad(lambda x: np.sum(F.max_pool1d(x, 2)))(np.array([1.0, 1.0, 0.0, 2.0, 9.0]))
    np.testing.assert_array_equal(tied, [0.5, 0.5, 0, 1, 0])  # the remainder fills no window


@pytest.mark.parametrize(
    ("layers", "width"),
    [
        ([(3, 1, 1)] * 3, 7),
        ([(7, 1, 1)] * 3, 19),
        ([(5, 2, 1)], 5),
        ([(5, 2, 1), (3, 1, 1)], 9),
        ([(5, 2, 1), (3, 1, 1), (5, 1, 2)], 25),
    ],
)
def test_receptive_field_is_the_band_of_the_derivative(layers, width):
    """Problem J: kernel size, stride and dilation of each layer."""

    def unit(x):
        for size, stride, dilation in layers:
            x = F.conv1d(x, np.ones((1, 1, size)), stride=stride, dilation=dilation)
        return x[0, x.shape[-1] // 2]

    seen = np.flatnonzero(ad.grad(unit)(np.ones((1, 101))))
    assert seen[-1] - seen[0] + 1 == width


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, w: F.conv1d(x, w[0]), "must be .outputs, channels, size"),
        (lambda x, w: F.conv1d(x[:, :1], w), "for 2 channels"),
        (lambda x, w: F.conv1d(x[..., :2], w), "spans 3 places, but the input has 2"),
        (lambda x, w: F.conv1d(x, w, np.ones(5)), "the bias has shape"),
        (lambda x, w: F.conv1d(x, w, stride=0), "stride must be at least 1"),
        (lambda x, w: F.conv1d(x, w, padding=-1), "padding must be at least 0"),
        (lambda x, w: F.max_pool1d(x, 0), "size must be at least 1"),
        (lambda x, w: F.avg_pool1d(x, 9), "spans 9 places"),
        (lambda x, w: F.max_pool1d(1.0, 1), "is a number"),
        (lambda x, w: F.batch_norm(x, np.ones(5)), "gamma has shape"),
        (lambda x, w: F.batch_norm(x, mean=np.ones(2)), "both mean and variance"),
        (lambda x, w: F.batch_norm(x[0, 0]), "must be .n, features"),
        (lambda x, w: F.layer_norm(x, np.ones(5)), "gamma has shape"),
        (lambda x, w: F.layer_norm(1.0), "is a number"),
    ],
)
def test_wrong_shapes_and_sizes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones((1, 2, 6)), np.ones((4, 2, 3)))


# -- normalisation -----------------------------------------------------------------------------
@pytest.mark.share(2)
@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (5, 3), (1, 3, 4), (2, 3, 2)])
def test_batch_norm_gradients(shape):
    rng = np.random.default_rng(0)
    x, gamma, beta = rng.normal(size=shape), rng.normal(size=3), rng.normal(size=3)
    ad.check(F.batch_norm, x, gamma, beta).raise_if_failed()
    ad.check(F.batch_norm, x, gamma, beta, beta + 1, gamma**2).raise_if_failed()
    assert F.batch_norm(*(a.astype(np.float32) for a in (x, gamma, beta))).dtype == np.float32


def test_a_batch_of_one_is_beta_and_sends_nothing_back():
    beta = np.array([1.0, -2.0])
    x = np.array([[3.0, 1e3]])
    np.testing.assert_array_equal(F.batch_norm(x, np.ones(2), beta), [beta])
    np.testing.assert_array_equal(ad.grad(lambda x: np.sum(F.batch_norm(x) ** 2))(x), 0)


def test_batch_norm_has_the_six_gradients_of_the_closed_forms():
    """Problem I: beta, gamma, x-hat, v, mu and x, by the adjoints of the steps in between."""
    rng = np.random.default_rng(1)
    m, epsilon = 7, 1e-3
    x, gamma, beta = rng.normal(size=(m, 3)), rng.normal(size=3), rng.normal(size=3)
    target = rng.normal(size=(m, 3))

    def after_normalising(x_hat, gamma, beta):
        return np.sum(np.sin(x_hat * gamma + beta) * target)

    def after_statistics(x, mean, variance):
        return after_normalising((x - mean) / np.sqrt(variance + epsilon), gamma, beta)

    def loss(x, gamma, beta):
        return np.sum(np.sin(F.batch_norm(x, gamma, beta, epsilon=epsilon)) * target)

    mean, variance = F.batch_statistics(x)
    v = variance + epsilon
    x_hat = (x - mean) / np.sqrt(v)
    y_bar = np.cos(x_hat * gamma + beta) * target
    x_hat_bar = y_bar * gamma
    v_bar = -0.5 * np.sum(x_hat_bar * (x - mean), axis=0) * v**-1.5
    mean_bar = -np.sum(x_hat_bar, axis=0) / np.sqrt(v)
    x_bar = x_hat_bar / np.sqrt(v) + 2 * (x - mean) / m * v_bar + mean_bar / m

    def same(found, expected):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)

    x_found, gamma_found, beta_found = ad.grad(loss, (0, 1, 2))(x, gamma, beta)
    same(beta_found, np.sum(y_bar, axis=0))
    same(gamma_found, np.sum(y_bar * x_hat, axis=0))
    same(ad.grad(after_normalising)(x_hat, gamma, beta), x_hat_bar)
    same(ad.grad(after_statistics, 2)(x, mean, variance), v_bar)
    same(ad.grad(after_statistics, 1)(x, mean, variance), mean_bar)
    same(x_found, x_bar)
    # With the statistics as constants the gradient would be another one.
    assert not np.allclose(ad.grad(after_statistics)(x, mean, variance), x_bar)


def test_layer_norm():
    x = np.sin(np.arange(12.0).reshape(1, 2, 6) ** 2 / 10)
    pytorch = [-1.345021851, -1.06436209, -0.2502575689, 0.8571299959, 1.465060158, 0.3374513557]
    np.testing.assert_allclose(F.layer_norm(x)[0, 0], pytorch, rtol=1e-8)
    gamma = np.linspace(0.5, 1, 6)
    ad.check(F.layer_norm, x, gamma, gamma - 1).raise_if_failed()
    assert F.layer_norm(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", ["elu", "selu", "leaky_relu", "gelu_tanh"])
def test_a_number_gives_a_number(name):
    assert type(ACTIVATIONS[name](np.float32(-1.5))) is np.float32
    assert type(ACTIVATIONS[name](-1.5)) in (float, np.float64)
