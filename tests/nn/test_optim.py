"""Optimisers: each update against its formula written out here, and against PyTorch's numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autodiff as ad
from nn import optim
from nn.losses import l2_penalty

RATE = 0.1
BEGIN, CURVATURE = np.array([1.0, -2.0, 3.0]), np.array([1.0, 0.1, 4.0])


def objective(p):
    return 0.5 * np.sum(CURVATURE * p * p) + np.sum(np.sin(p))


def gradient(p):
    return CURVATURE * p + np.cos(p)


def trained(optimizer, steps=5, begin=BEGIN, f=objective):
    p, state = begin, optimizer.init(begin)
    for _ in range(steps):
        p, state = optimizer.update(p, ad.grad(f)(p), state)
    return p


# -- the formulas, one entry at a time -----------------------------------------------------------
def sgd(steps, momentum=0.0, nesterov=False, weight_decay=0.0):
    p, v = BEGIN, 0
    for _ in range(steps):
        g = gradient(p)
        v = momentum * v + g
        p = (1 - weight_decay) * p - RATE * (g + momentum * v if nesterov else v)
    return p


def adam(steps, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.0):
    p, m, v = BEGIN, 0, 0
    for t in range(1, steps + 1):
        g = gradient(p)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        p = p - RATE * weight_decay * p
        p = p - RATE * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + epsilon)
    return p


def rmsprop(steps, decay=0.99, epsilon=1e-8):
    p, v = BEGIN, 0
    for _ in range(steps):
        g = gradient(p)
        v = decay * v + (1 - decay) * g**2
        p = p - RATE * g / (np.sqrt(v) + epsilon)
    return p


# PyTorch 2, float64, five steps from BEGIN at rate 0.1; its SGD calls weight_decay what ours calls
# weight_decay / rate.
CASES = {
    "sgd": (
        optim.SGD(RATE),
        lambda n: sgd(n),
        [0.2759448186, -1.749646906, 0.09690163161],
    ),
    "momentum": (
        optim.SGD(RATE, momentum=0.9),
        lambda n: sgd(n, 0.9),
        [-0.8107610509, -1.374667045, -2.244929089],
    ),
    "nesterov": (
        optim.SGD(RATE, momentum=0.9, nesterov=True),
        lambda n: sgd(n, 0.9, True),
        [-1.010626717, -1.338187147, -0.6384753704],
    ),
    "weight decay": (
        optim.SGD(RATE, weight_decay=0.005),
        lambda n: sgd(n, weight_decay=0.005),
        [0.2605702126, -1.712112174, 0.08522948165],
    ),
    "adam": (
        optim.Adam(RATE),
        lambda n: adam(n),
        [0.5008164061, -1.520527611, 2.501799245],
    ),
    "adam, other settings": (
        optim.Adam(RATE, beta1=0.8, beta2=0.95, epsilon=1e-3),
        lambda n: adam(n, 0.8, 0.95, 1e-3),
        None,
    ),
    "adamw": (
        optim.AdamW(RATE, weight_decay=0.2),
        lambda n: adam(n, weight_decay=0.2),
        [0.4245713785, -1.3674486, 2.234394287],
    ),
    "rmsprop": (
        optim.RMSprop(RATE),
        lambda n: rmsprop(n),
        None,
    ),
}
every_optimizer = pytest.mark.parametrize("name", CASES)


@every_optimizer
@pytest.mark.parametrize("steps", [1, 5, 40])
def test_updates_follow_the_formula(name, steps):
    optimizer, formula, _ = CASES[name]
    np.testing.assert_allclose(trained(optimizer, steps), formula(steps), rtol=1e-12)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case[2]])
def test_updates_are_those_of_pytorch(name):
    optimizer, _, expected = CASES[name]
    np.testing.assert_allclose(trained(optimizer), expected, rtol=1e-6)


def test_other_settings_are_those_of_pytorch():
    adam_ = optim.Adam(0.05, beta1=0.8, beta2=0.95, epsilon=1e-3)
    np.testing.assert_allclose(trained(adam_), [0.7504062571, -1.754798642, 2.750674072], rtol=1e-6)
    rms = optim.RMSprop(0.05, decay=0.9)
    np.testing.assert_allclose(trained(rms), [0.476943517, -1.577600978, 2.484464259], rtol=1e-6)


def test_the_first_step_of_adam_has_the_size_of_its_rate():
    """With the bias correction in its place: m_hat / sqrt(v_hat) is the sign of the gradient."""
    p = trained(optim.Adam(RATE, epsilon=0.0), steps=1)
    np.testing.assert_allclose(p - BEGIN, -RATE * np.sign(gradient(BEGIN)), rtol=1e-12)


def test_weight_decay_is_an_l2_penalty_for_sgd_and_not_for_adam():
    """Problem F: (1 - lambda) p - alpha g is a penalty lambda / (2 alpha) |p|^2, step for step."""
    decay = 0.02

    def penalised(p):
        return objective(p) + decay / (2 * RATE) * l2_penalty(p)

    decayed = trained(optim.SGD(RATE, weight_decay=decay))
    np.testing.assert_allclose(decayed, trained(optim.SGD(RATE), f=penalised), rtol=1e-13)
    decayed = trained(optim.AdamW(RATE, weight_decay=decay / RATE))
    assert not np.allclose(decayed, trained(optim.Adam(RATE), f=penalised), rtol=1e-3)


# -- over nests, in place, in single precision ---------------------------------------------------
@every_optimizer
def test_nests_are_updated_leaf_by_leaf_and_nothing_given_is_changed(name):
    optimizer = CASES[name][0]
    nest = {"a": BEGIN[:1].copy(), "b": [BEGIN[1:].copy(), None], "c": ()}
    before = {"a": BEGIN[:1].copy(), "b": BEGIN[1:].copy()}
    state = optimizer.init(nest)
    kept = {k: v for k, v in state.items() if k == "step"}
    slopes = ad.grad(lambda n: objective(np.concatenate([n["a"], n["b"][0]])))(nest)
    updated, state2 = optimizer.update(nest, slopes, state)
    found = np.concatenate([updated["a"], updated["b"][0]])
    np.testing.assert_allclose(found, trained(optimizer, 1), rtol=1e-14)
    np.testing.assert_array_equal(nest["a"], before["a"])
    np.testing.assert_array_equal(nest["b"][0], before["b"])
    assert {k: v for k, v in state.items() if k == "step"} == kept
    assert (state["step"], state2["step"]) == (0, 1)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop])
@pytest.mark.parametrize("rate", [0.1, optim.Cosine(0.1, 10)])
def test_float32_stays_float32(make, rate):
    optimizer = make(rate)
    p = BEGIN.astype(np.float32)
    updated, state = optimizer.update(p, p, optimizer.init(p))
    assert updated.dtype == np.float32
    assert all(memory.dtype == np.float32 for k, memory in state.items() if k != "step")


@every_optimizer
def test_a_step_in_place_is_the_update(name):
    optimizer = CASES[name][0]
    optimizer.state = None
    p = [BEGIN.copy()]
    for _ in range(5):
        optimizer.step(p, [ad.grad(objective)(p[0])])
    np.testing.assert_array_equal(p[0], trained(optimizer))
    assert optimizer.state["step"] == 5


def test_a_step_in_place_does_not_cut_integers_down():
    whole = [np.array([1, 2])]
    with pytest.raises(TypeError, match="Cannot cast"):
        optim.SGD(0.1).step(whole, [np.ones(2)])
    assert whole[0].tolist() == [1, 2]


def test_an_update_differentiates():
    """The whole step is composed of rows: d(loss after five steps) / d(rate)."""

    def after(rate):
        p, optimizer = BEGIN, optim.SGD(0.1, momentum=0.9)
        state = optimizer.init(p)
        for _ in range(5):
            optimizer.learning_rate = lambda step: rate
            p, state = optimizer.update(p, gradient(p), state)
        return objective(p)

    ad.check(after, 0.05).raise_if_failed()


def test_no_parameters_are_no_trouble():
    optimizer = optim.Adam()
    assert optimizer.update({}, {}, optimizer.init({}))[0] == {}


# -- schedules -----------------------------------------------------------------------------------
def rates(schedule, steps):
    return [float(schedule(np.int64(k))) for k in steps]


def test_schedules():
    assert rates(optim.Constant(0.1), [0, 9]) == [0.1, 0.1]
    assert rates(optim.StepDecay(1.0, 0.5, 3), range(7)) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert rates(optim.ExponentialDecay(1.0, 0.5), range(3)) == [1, 0.5, 0.25]
    halves = [(1 + math.cos(math.pi * k / 4)) / 2 for k in range(5)]
    np.testing.assert_allclose(rates(optim.Cosine(1.0, 4), range(5)), halves, atol=1e-16)
    np.testing.assert_allclose(
        rates(optim.Cosine(1.0, 4, final=0.2), [0, 2, 4, 99]), [1, 0.6, 0.2, 0.2]
    )
    np.testing.assert_allclose(rates(optim.Warmup(4, 1.0), range(6)), [0.25, 0.5, 0.75, 1, 1, 1])
    after = optim.Warmup(2, optim.StepDecay(1.0, 0.5, 2))
    np.testing.assert_allclose(rates(after, range(6)), [0.5, 1, 1, 1, 0.5, 0.5])


def test_an_optimizer_follows_its_schedule():
    optimizer = optim.SGD(optim.StepDecay(1.0, 0.5, every=2))
    p, state = 0.0, optimizer.init(0.0)
    seen = []
    for _ in range(5):
        q, state = optimizer.update(p, 1.0, state)
        seen.append(p - q)
        p = q
    assert seen == [1, 1, 0.5, 0.5, 0.25]


# -- clipping ------------------------------------------------------------------------------------
@settings(max_examples=30)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=6),
    st.floats(1e-3, 1e3),
)
def test_clipping_by_norm_keeps_the_direction(entries, limit):
    nest = {"a": np.array(entries[:1]), "b": np.array(entries[1:])}
    norm = optim.global_norm(nest)
    np.testing.assert_allclose(norm, math.hypot(*entries), rtol=1e-12)
    clipped = optim.clip_by_norm(nest, limit)
    together = np.concatenate([clipped["a"], clipped["b"]])
    assert np.linalg.norm(together) <= limit * (1 + 1e-12)
    scale = min(1.0, limit / norm) if norm else 1.0
    np.testing.assert_allclose(together, np.array(entries) * scale, rtol=1e-12, atol=1e-300)


def test_clipping():
    small = {"w": np.array([0.3, 0.4], np.float32)}
    clipped = optim.clip_by_norm(small, 1.0)
    np.testing.assert_array_equal(clipped["w"], small["w"])
    assert clipped["w"].dtype == np.float32
    huge = np.array([3e30, 4e30], np.float32)  # whose squares overflow in single precision
    np.testing.assert_allclose(optim.clip_by_norm([huge], 1.0)[0], [0.6, 0.8], rtol=1e-6)
    np.testing.assert_array_equal(optim.clip_by_norm([np.zeros(2)], 1.0)[0], 0)
    assert np.isnan(optim.clip_by_norm([np.array([np.nan, 1.0])], 1.0)[0]).all()
    np.testing.assert_array_equal(
        optim.clip_by_value([np.array([-5.0, 0.5, 5.0])], 1.0)[0], [-1, 0.5, 1]
    )


# -- mistakes ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: optim.SGD(-0.1), "SGD: learning_rate must be at least 0, not -0.1"),
        (lambda: optim.SGD(np.nan), "learning_rate must be finite, not nan"),
        (lambda: optim.Adam(np.inf), "learning_rate must be finite, not inf"),
        (lambda: optim.Adam().update([BEGIN], [BEGIN], {"step": 0}), "begin with optimizer.init"),
        (lambda: optim.SGD(0.1).update([BEGIN], [BEGIN], None), "begin with optimizer.init"),
        (lambda: optim.SGD(0.1, momentum=1.0), "momentum must be below 1"),
        (lambda: optim.SGD(0.1, nesterov=True), "needs a momentum above 0"),
        (lambda: optim.SGD(0.1, weight_decay=-1), "weight_decay"),
        (lambda: optim.Adam(beta1=1.5), "Adam: beta1"),
        (lambda: optim.AdamW(epsilon=-1), "AdamW: epsilon"),
        (lambda: optim.RMSprop(decay=-0.1), "RMSprop: decay"),
        (lambda: optim.clip_by_norm([BEGIN], 0), "max_norm must be above 0"),
        (lambda: optim.clip_by_value([BEGIN], -1), "limit must be above 0"),
        (lambda: optim.Cosine(0.1, 0), "steps must be at least 1"),
        (lambda: optim.Warmup(2, -0.1), "after"),
        (lambda: optim.StepDecay(0.1, 0.5, 0), "every must be at least 1"),
        (lambda: optim.ExponentialDecay(0.1, -0.5), "factor"),
        (lambda: optim.SGD(0.1).update([BEGIN], [BEGIN[:2]], {"step": 0}), "shape .2,., but its"),
        (lambda: optim.SGD(0.1).update({"a": BEGIN}, {"b": BEGIN}, {"step": 0}), "structure"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_rate_that_is_no_number():
    with pytest.raises(TypeError, match="must be a number, not 'fast'"):
        optim.SGD("fast")


def test_a_class_is_no_schedule():
    with pytest.raises(TypeError, match="learning_rate is the class Cosine; make a schedule"):
        optim.SGD(optim.Cosine)


@pytest.mark.parametrize(
    ("rate", "error", "message"),
    [
        (lambda step: -0.1, ValueError, "SGD: the learning rate at step 0 must be at least 0"),
        (lambda step: None, TypeError, "at step 0 must be a number, not None"),
        (lambda step: np.array([0.1, 0.2]), TypeError, "at step 0 must be a number"),
        (lambda step: np.nan, ValueError, "at step 0 must be finite"),
    ],
)
def test_a_schedule_must_give_a_rate(rate, error, message):
    with pytest.raises(error, match=message):
        optim.SGD(rate).step([np.ones(2)], [np.ones(2)])


def test_a_schedule_may_give_an_array_without_axes():
    w = [np.ones(2)]
    optim.SGD(lambda step: np.where(step < 10, 0.5, 0.1)).step(w, [np.ones(2)])
    np.testing.assert_array_equal(w[0], [0.5, 0.5])


def test_a_number_cannot_be_changed_in_place():
    with pytest.raises(TypeError, match=r"SGD\.step changes arrays in place, not 0\.0: write"):
        optim.SGD(0.1).step({"b": 0.0}, {"b": 1.0})
