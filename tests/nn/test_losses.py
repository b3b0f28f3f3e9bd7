"""Losses: their formulas and PyTorch's numbers, gradients at every shape, exact at large logits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autodiff as ad
from nn import losses

FEW = settings(max_examples=max(1, settings.default.max_examples // 20))
shapes = st.lists(st.integers(1, 3), min_size=1, max_size=2).map(tuple)
seeds = st.integers(0, 2**32 - 1)
REDUCTIONS = {"mean": np.mean, "sum": np.sum, "none": lambda terms: terms}


def numbers(seed, shape):
    return np.random.default_rng(seed).normal(size=shape)


# Every loss as a function of predictions and a seed for the targets.
def targets_of(name, shape, seed):
    rng = np.random.default_rng(seed)
    if name == "cross_entropy":
        return rng.integers(0, shape[-1], shape[:-1])
    if name == "binary_cross_entropy":
        return rng.integers(0, 2, shape)
    if name in ("hinge", "exponential"):
        return rng.choice([-1, 1], shape)
    return rng.normal(size=shape)


def gaussian(prediction, target, **how):
    return losses.gaussian_nll(prediction, target, 0.7, **how)


LOSSES = {
    "mse": losses.mse,
    "gaussian_nll": gaussian,
    "binary_cross_entropy": losses.binary_cross_entropy,
    "hinge": losses.hinge,
    "exponential": losses.exponential,
    "cross_entropy": losses.cross_entropy,
}
every_loss = pytest.mark.parametrize("name", LOSSES)


@every_loss
@FEW
@given(shape=shapes, seed=seeds)
def test_gradients(name, shape, seed):
    target = targets_of(name, shape, seed)
    ad.check(lambda p: LOSSES[name](p, target), numbers(seed, shape)).raise_if_failed()


@every_loss
@pytest.mark.parametrize("batch", [1, 4])
def test_reductions(name, batch):
    shape = (batch, 3)
    prediction, target = numbers(0, shape), targets_of(name, shape, 0)
    terms = LOSSES[name](prediction, target, reduction="none")
    assert terms.shape == (shape[:1] if name == "cross_entropy" else shape)
    for reduction, reduce in REDUCTIONS.items():
        found = LOSSES[name](prediction, target, reduction=reduction)
        np.testing.assert_allclose(found, reduce(terms), rtol=1e-15)
    assert LOSSES[name](prediction, target) == LOSSES[name](prediction, target, reduction="mean")
    with pytest.raises(ValueError, match="'mean', 'sum', 'none'"):
        LOSSES[name](prediction, target, reduction="average")


@every_loss
def test_float32_stays_float32(name):
    prediction = numbers(0, (4, 3)).astype(np.float32)
    target = targets_of(name, (4, 3), 0)
    target = target.astype(np.float32) if target.dtype.kind == "f" else target
    value, gradient = ad.value_and_grad(LOSSES[name])(prediction, target)
    assert value.dtype == gradient.dtype == np.float32


@every_loss
def test_shapes_that_would_broadcast_are_refused(name):
    prediction, target = numbers(0, (4, 1)), targets_of(name, (4,), 0)
    if name == "cross_entropy":
        prediction = numbers(0, (4, 3))
        target = np.zeros((3, 4), int)
    with pytest.raises(ad.ShapeError, match="shape"):
        LOSSES[name](prediction, target)


@every_loss
def test_one_example_at_a_time_under_vmap(name):
    prediction, target = numbers(0, (4, 3)), targets_of(name, (4, 3), 0)
    found = ad.vmap(ad.grad(LOSSES[name]))(prediction, target)
    expected = [ad.grad(LOSSES[name])(p, t) for p, t in zip(prediction, target, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


# -- values --------------------------------------------------------------------------------------
LOGITS = np.array([[2.0, -1.0, 0.5], [-0.3, 0.1, 1.2]])
LABELS = np.array([0, 1])


@pytest.mark.parametrize(
    ("labels", "smoothing", "value", "gradient"),
    [
        (
            LABELS,
            0.0,
            0.8917152609,
            [
                [-0.1072014827, 0.01955628664, 0.08764519607],
                [0.07169986561, -0.3930363697, 0.3213365041],
            ],
        ),
        (
            LABELS,
            0.1,
            0.9550485942,
            [
                [-0.07386814937, 0.002889619969, 0.0709785294],
                [0.05503319894, -0.3597030363, 0.3046698374],
            ],
        ),
        (
            np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]),
            0.1,
            1.891048594,
            [
                [0.2861318506, -0.22211038, -0.0640214706],
                [-0.2149668011, -0.04470303633, 0.2596698374],
            ],
        ),
    ],
)
def test_cross_entropy_is_that_of_pytorch(labels, smoothing, value, gradient):
    found = ad.value_and_grad(losses.cross_entropy)(LOGITS, labels, label_smoothing=smoothing)
    np.testing.assert_allclose(found[0], value, rtol=1e-9)
    np.testing.assert_allclose(found[1], gradient, rtol=1e-8)


def test_cross_entropy_of_one_hot_labels_is_that_of_their_integers():
    hot = np.eye(3)[LABELS]
    for how in ({}, {"label_smoothing": 0.2}):
        integer = ad.value_and_grad(losses.cross_entropy)(LOGITS, LABELS, **how)
        for same in (hot, hot.astype(int), hot.astype(bool)):
            one_hot = ad.value_and_grad(losses.cross_entropy)(LOGITS, same, **how)
            np.testing.assert_allclose(one_hot[0], integer[0], rtol=1e-15)
            np.testing.assert_allclose(one_hot[1], integer[1], rtol=1e-14)


def test_cross_entropy_gradient_is_p_minus_y():
    p = ad.special.softmax(LOGITS, axis=-1)
    gradient = ad.grad(losses.cross_entropy)(LOGITS, LABELS, reduction="sum")
    np.testing.assert_allclose(gradient, p - np.eye(3)[LABELS], atol=1e-15)


def test_binary_cross_entropy_is_that_of_pytorch_and_of_two_classes():
    logits, labels = np.array([2.0, -1.0, 0.5, -0.3]), np.array([1.0, 0.0, 0.0, 0.7])
    value, gradient = ad.value_and_grad(losses.binary_cross_entropy)(logits, labels)
    np.testing.assert_allclose(value, 0.5446554818, rtol=1e-9)
    expected = [-0.02980073051, 0.06723535534, 0.1556148328, -0.0686106292]
    np.testing.assert_allclose(gradient, expected, rtol=1e-8)

    binary = losses.binary_cross_entropy(logits, labels > 0.5, reduction="none")
    both = np.stack([np.zeros(4), logits], axis=1)
    many = losses.cross_entropy(both, (labels > 0.5).astype(int), reduction="none")
    np.testing.assert_allclose(binary, many, rtol=1e-14)


def test_gaussian_nll_is_that_of_pytorch_and_has_the_known_slopes():
    mean, x, s = np.array([1.0, 2.0, -1.0]), np.array([0.5, 2.5, 1.0]), np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(losses.gaussian_nll(mean, x, s), 1.293938533, rtol=1e-9)
    # Problem E: d/dmu = sum (mu - x) / s^2, d/ds = N / s - sum (x - mu)^2 / s^3.

    def total(mu, s):
        return losses.gaussian_nll(np.full(3, mu), x, s, reduction="sum")

    mu_bar, s_bar = ad.grad(lambda mu, s: total(np.ones(3) * mu, s), (0, 1))(0.3, 0.8)
    np.testing.assert_allclose(mu_bar, np.sum(0.3 - x) / 0.8**2, rtol=1e-14)
    np.testing.assert_allclose(s_bar, 3 / 0.8 - np.sum((x - 0.3) ** 2) / 0.8**3, rtol=1e-14)
    for wrong in (0.0, -1.0, np.array([1.0, 0.0, 1.0]), np.nan):
        with pytest.raises(ValueError, match="std must be above 0"):
            losses.gaussian_nll(mean, x, wrong)


# -- labels --------------------------------------------------------------------------------------
def test_the_two_conventions_for_labels_agree():
    scores, labels = np.array([2.0, -1.0, 0.5]), np.array([1, 0, 0])
    signs = 2 * labels - 1
    for loss in (losses.binary_cross_entropy, losses.hinge, losses.exponential):
        zero_one = ad.value_and_grad(loss)(scores, labels, negative=0)
        plus_minus = ad.value_and_grad(loss)(scores, signs, negative=-1)
        np.testing.assert_array_equal(zero_one[0], plus_minus[0])
        np.testing.assert_array_equal(zero_one[1], plus_minus[1])
    np.testing.assert_allclose(
        losses.binary_cross_entropy(scores, signs, negative=-1, reduction="none"),
        np.log1p(np.exp(-signs * scores)),
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda z: losses.binary_cross_entropy(z, np.array([1, -1])),
            "-1 or 1 say negative=-1",
        ),
        (lambda z: losses.binary_cross_entropy(z, np.array([1, 2])), "found 2"),
        (lambda z: losses.binary_cross_entropy(z, np.array([1, 0]), negative=-1), "negative=0"),
        (lambda z: losses.hinge(z, np.array([1, 0])), "labels must be -1 or 1, found 0"),
        (lambda z: losses.exponential(z, np.array([0.5, 1])), "found 0.5"),
        (lambda z: losses.hinge(z, np.array([1, -1]), negative=0), "say negative=-1"),
        (lambda z: losses.hinge(z, np.array([1, 1]), negative=2), "negative=2"),
        (lambda z: losses.binary_cross_entropy(z, np.array([1, np.nan])), "found nan"),
        (lambda z: losses.cross_entropy(z[None], np.array([2])), "label 2"),
        (lambda z: losses.cross_entropy(z[None], np.array([-1])), "label -1"),
        (lambda z: losses.cross_entropy(z[None], np.array([0]), label_smoothing=1.0), "smoothing"),
        (lambda z: losses.cross_entropy(1.0, np.array([0])), "axis of classes"),
        (lambda z: losses.cross_entropy(z, np.array([1.0, 1.0])), "must be probabilities"),
        (lambda z: losses.cross_entropy(z, np.array([2.0, -1.0])), "must be probabilities"),
        (lambda z: losses.gaussian_nll(z, z, np.ones((3, 1))), "std has shape .3, 1."),
    ],
)
def test_wrong_labels_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.array([0.5, -0.5]))


def test_labels_of_floats_do_not_name_classes():
    with pytest.raises(TypeError, match="integers"):
        losses.cross_entropy(LOGITS, np.array([0.0, 1.0]))


# -- large logits ----------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1000, 1e30])
def test_large_logits(dtype, size):
    z = np.array([size, -size, size, -size], dtype)
    value, gradient = ad.value_and_grad(losses.binary_cross_entropy)(
        z, np.array([1, 0, 0, 1]), reduction="sum"
    )
    assert value == dtype(2 * dtype(size))
    np.testing.assert_array_equal(gradient, [0, 0, 1, -1])

    logits, labels = np.array([[size, -size], [size, -size]], dtype), np.array([0, 1])
    value, gradient = ad.value_and_grad(losses.cross_entropy)(logits, labels, reduction="sum")
    assert value == dtype(2 * dtype(size))
    np.testing.assert_array_equal(gradient, [[0, 0], [1, -1]])

    value, gradient = ad.value_and_grad(losses.hinge)(z, np.array([1, -1, -1, 1]), reduction="sum")
    np.testing.assert_allclose(value, 2 * (1 + size), rtol=1e-6)
    np.testing.assert_array_equal(gradient, [0, 0, 1, -1])


def test_a_small_loss_is_not_rounded_away():
    """A confident and right prediction: log(1 + e^-50) = e^-50, and not 50 - 50 = 0."""
    tiny = math.exp(-50)
    found = losses.binary_cross_entropy(np.array([50.0, -50.0]), np.array([1, 0]), reduction="none")
    np.testing.assert_allclose(found, tiny, rtol=1e-14)
    logits = np.array([[50.0, 0.0], [0.0, 50.0]])
    found = losses.cross_entropy(logits, np.array([0, 1]), reduction="none")
    np.testing.assert_allclose(found, tiny, rtol=1e-14)
    gradient = ad.grad(losses.binary_cross_entropy)(np.array([50.0]), np.array([1]))
    np.testing.assert_allclose(gradient, -tiny, rtol=1e-14)


def test_exponential_loss_at_large_scores_is_inf_and_zero_without_a_warning():
    value, gradient = ad.value_and_grad(losses.exponential)(np.array([-1000.0]), np.array([1]))
    assert (value, gradient[0]) == (np.inf, -np.inf)
    value, gradient = ad.value_and_grad(losses.exponential)(np.array([1000.0]), np.array([1]))
    assert (value, gradient[0]) == (0, 0)


def test_a_class_that_is_ruled_out_costs_nothing():
    logits = np.array([[1.0, -np.inf, 2.0]])
    value, gradient = ad.value_and_grad(losses.cross_entropy)(logits, np.array([0]))
    expected, slopes = ad.value_and_grad(losses.cross_entropy)(logits[:, ::2], np.array([0]))
    assert value == expected
    np.testing.assert_array_equal(gradient[:, ::2], slopes)
    assert gradient[0, 1] == 0


def test_hinge_has_slope_zero_at_its_corner():
    assert ad.grad(losses.hinge)(np.array([1.0]), np.array([1])) == 0


# -- penalties -------------------------------------------------------------------------------------
def test_penalties():
    parameters = {"weight": np.array([[1.0, -2.0]]), "bias": [np.array([0.0, 3.0])]}
    assert losses.l1_penalty(parameters) == 6
    assert losses.l2_penalty(parameters) == 14
    slopes = ad.grad(losses.l1_penalty)(parameters)
    np.testing.assert_array_equal(slopes["weight"], [[1, -1]])
    np.testing.assert_array_equal(slopes["bias"][0], [0, 1])
    np.testing.assert_array_equal(ad.grad(losses.l2_penalty)(parameters)["weight"], [[2, -4]])
    assert losses.l2_penalty([np.ones(2, np.float32)]).dtype == np.float32
    assert losses.l1_penalty({}) == 0
