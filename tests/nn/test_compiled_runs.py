"""Compiled by default: the same curves as plain steps, the same refusals, and what stays plain."""

import re

import numpy as np
import pytest
from training_runs import blobs, network, rng, same, trained

import autodiff as ad
import nn
from nn import ELU, BatchNorm1d, Dense, Dropout, Sequential, losses, optim
from nn.training import draws, tiers

RTOL = {np.float64: 1e-8, np.float32: 1e-4}  # of curves and weights, after a few epochs


class Noise(nn.Module):
    """A user's own random layer."""

    def __init__(self):
        self.rng = rng(5)

    def forward(self, x):
        return x + 0.1 * self.rng.normal(size=np.shape(x)).astype(x.dtype) if self.training else x


def everything(dtype=np.float64):
    """Every kind of layer that keeps or draws something. In front of a batch normalisation a bias
    has no gradient but rounding, which Adam would make a walk of."""
    r = rng(3)
    return Sequential(
        Dense(2, 6, r, bias=False, dtype=dtype),
        BatchNorm1d(6, dtype=dtype),
        ELU(0.9),
        Dropout(0.3, r),
        Noise(),
        Dense(6, 3, r, dtype=dtype),
    )


def agree(one, other, dtype=np.float64):
    """Two runs `(model, history)` that differ by rounding alone."""
    (model, history), (twin, found) = one, other
    for name, array in model.state_dict().items():
        other_array = twin.state_dict()[name]
        assert other_array.dtype == array.dtype
        np.testing.assert_allclose(other_array, array, rtol=RTOL[dtype], atol=RTOL[dtype])
    assert found.curves.keys() == history.curves.keys()
    for name in history.curves.keys() - {"seconds"}:
        np.testing.assert_allclose(found[name], history[name], rtol=RTOL[dtype], err_msg=name)


def both(jit, make=network, **options):
    runs = (trained(make(), jit=how, **options) for how in (False, jit))
    return tuple(runs)


OPTIMISERS = {
    "sgd": lambda: optim.SGD(0.1, weight_decay=0.01),
    "nesterov": lambda: optim.SGD(optim.StepDecay(0.1, 0.5, 5), momentum=0.9, nesterov=True),
    "adam": lambda: optim.Adam(optim.Cosine(0.05, 20)),
    "adamw": lambda: optim.AdamW(optim.Warmup(4, optim.ExponentialDecay(0.05, 0.9))),
    "rmsprop": lambda: optim.RMSprop(0.01),
    "a schedule that branches": lambda: optim.SGD(lambda step: 0.1 if step < 5 else 0.01),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_and_schedule_in_both_precisions(name, dtype):
    X, y = blobs(75)  # batches of 32, 32 and 11
    one, other = (
        trained(
            everything(dtype), X, y, optimizer=OPTIMISERS[name](), validation=blobs(20),
            max_norm=1.0, jit=jit,
        )
        for jit in (False, "numpy")
    )  # fmt: skip
    agree(one, other, dtype)
    assert (one[1].steps, other[1].steps) == ("plain", "compiled (numpy)")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_machine_code(dtype):
    X, y = blobs(44)
    options = {"validation": blobs(20), "optimizer": optim.Adam(0.02), "epochs": 3}
    one, other = (trained(everything(dtype), X, y, jit=how, **options) for how in (False, "llvm"))
    agree(one, other, dtype)
    assert other[1].steps == "compiled (llvm)"


def soft(y):
    return (np.eye(3)[y] + 0.1) / 1.3


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (losses.cross_entropy, soft),
        (lambda p, y: losses.cross_entropy(p, y, label_smoothing=0.1), lambda y: y),
        (losses.mse, lambda y: np.eye(3)[y] * 5),
        (losses.binary_cross_entropy, lambda y: np.eye(3, dtype=int)[y]),
        (losses.binary_cross_entropy, lambda y: np.eye(3)[y]),
        (losses.hinge, lambda y: 2 * np.eye(3, dtype=int)[y] - 1),
        (lambda p, y: losses.gaussian_nll(p, y, np.exp(0.1 * p)), lambda y: np.eye(3)[y]),
    ],
)
def test_every_loss(loss, target):
    X, y = blobs(75)
    y, runs = target(y), []
    for jit in (False, "numpy"):
        model = everything()
        history = nn.fit(
            model, loss, X, y, optimizer=optim.SGD(0.05), epochs=3, validation=(X, y),
            penalty=lambda p: 1e-3 * losses.l2_penalty(p), metric=None, jit=jit, progress=False,
        )  # fmt: skip
        runs.append((model, history))
    agree(*runs)


# -- by default ------------------------------------------------------------------------------------
@pytest.fixture
def early(monkeypatch):
    """The tiers as they are, but after a few batches."""
    monkeypatch.setattr(tiers, "AUTO", ((3, "numpy"), (7, "llvm")))


def test_a_long_run_is_compiled_and_a_short_one_is_not(early):
    X, y = blobs(64)
    agree(both("auto", everything, X=X, y=y)[0], trained(everything(), X, y))
    assert trained(network(), X, y, epochs=4)[1].steps == "compiled (numpy, llvm)"
    assert trained(network(), X, y, epochs=3)[1].steps == "compiled (numpy)"
    assert trained(network(), X, y, epochs=1)[1].steps == "plain"
    assert "; steps compiled (numpy)" in repr(trained(network(), X, y, epochs=3)[1])


def test_without_llvmlite_numpy_source_is_the_last_tier(early, monkeypatch):
    monkeypatch.setattr(tiers, "find_spec", lambda name: None)
    X, y = blobs(64)
    assert trained(network(), X, y, epochs=6)[1].steps == "compiled (numpy)"
    assert trained(network(), X, y, epochs=1, jit=True)[1].steps == "compiled (numpy)"


@pytest.mark.share(3)
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_run_goes_on_to_the_bit_whatever_its_tier(early, tmp_path, cut):
    X, y = blobs(75)  # two shapes of batch
    path = tmp_path / "run.npz"
    options = {"X": X, "y": y, "optimizer": optim.Adam(0.01)}
    straight, _ = trained(everything(), epochs=4, **options)
    trained(everything(), epochs=cut, checkpoint=path, **options)
    resumed, history = trained(everything(), epochs=4, checkpoint=path, resume=True, **options)
    assert same(straight, resumed)
    assert "compiled" in history.steps


def test_a_setting_that_was_turned_goes_on_to_the_bit(early, tmp_path):
    X, y = blobs(192)
    path = tmp_path / "run.npz"

    def drier(run):
        run.model[2].rate = 0.3 / 2**run.history.epochs

    def go(epochs, start=0.3, **options):
        return trained(network(start), X, y, epochs=epochs, callbacks=[drier], **options)[0]

    straight = go(3)
    go(2, checkpoint=path)
    assert same(straight, go(3, start=0.3 / 4, checkpoint=path, resume=True))


def branching(prediction, y):
    value = losses.cross_entropy(prediction, y)
    return value if value > 0.5 else 2 * value


def noisy():
    own = rng(9)
    return lambda p, y: losses.cross_entropy(p + 0.1 * own.normal(size=np.shape(p)), y)


def counting():
    calls = []

    def loss(prediction, y):
        calls.append(1)
        return losses.cross_entropy(prediction, y) * (1 + 1e-6 * len(calls))

    return loss


class OwnDraws(nn.Module):
    """Random numbers whose size depends on what was computed."""

    def __init__(self):
        self.layer, self.rng = Dense(2, 3, rng()), rng(1)

    def forward(self, x):
        return self.layer(x) * self.rng.normal(loc=np.ones(3), scale=0.1)


@pytest.mark.parametrize(
    ("model", "loss", "reason"),
    [
        (OwnDraws, lambda: losses.cross_entropy, "rng.normal of an array"),
        (network, noisy, "one batch has two losses"),
        (network, counting, "one batch has two losses"),
    ],
)
def test_what_cannot_be_compiled_stays_plain_and_says_why(early, model, loss, reason):
    X, y = blobs(64)

    def run(jit):
        kept, options = model(), {"optimizer": optim.SGD(0.1), "epochs": 4, "progress": False}
        return kept, nn.fit(kept, loss(), X, y, jit=jit, **options)

    found, history = run("auto")
    assert history.steps.startswith("plain, because NotDifferentiableError: ")
    assert reason in history.steps
    assert "\n" not in history.steps
    with pytest.raises(ad.NotDifferentiableError, match=re.escape(reason)):
        run(True)
    if loss not in (noisy, counting):  # their own state saw the loss that was tried
        assert same(run(False)[0], found)


def test_a_loss_that_decides_by_its_value_is_compiled():
    X, y = blobs(64)

    def run(jit):
        kept, options = network(), {"optimizer": optim.SGD(0.1), "epochs": 6, "progress": False}
        nn.fit(kept, branching, X, y, jit=jit, **options)
        return kept

    pairs = zip(run("numpy").state_dict().items(), run(False).state_dict().items(), strict=True)
    for (name, found), (other, expected) in pairs:
        assert name == other
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_an_error_of_the_data_is_not_hidden_by_the_one_of_compiling():
    X, y = blobs(64)
    for jit in (True, "auto", "numpy"):
        with pytest.raises(ad.ShapeError, match="labels have shape"):
            trained(network(), X, y[:, None], jit=jit)
        with pytest.raises(ValueError, match="label 3 is not among the classes"):
            trained(network(), X, y + 1, jit=jit)


def test_a_wrong_target_in_a_later_batch_is_refused(early):
    X, y = blobs(320)
    for bad, y_bad in ((2, y == 1), (2.5, (y == 1) * 1.0)):
        wrong = y_bad.astype(type(bad))
        wrong[-1] = bad
        model = Sequential(Dense(2, 1, rng()), np.ravel)
        with pytest.raises(ValueError, match="labels must be 0 or 1, found 2"):
            nn.fit(
                model, losses.binary_cross_entropy, X, wrong, optimizer=optim.SGD(0.1),
                shuffle=False, progress=False, epochs=1,
            )  # fmt: skip


@pytest.mark.parametrize("jit", ["auto", True, "numpy", False])
def test_a_wrong_target_between_the_right_ones_is_refused(early, jit):
    """It reaches no further than they do."""
    X, y = blobs(320)
    signs = np.where(y == 1, 1, -1)
    signs[-1] = 0
    model = Sequential(Dense(2, 1, rng()), np.ravel)
    options = {"optimizer": optim.SGD(0.1), "shuffle": False, "progress": False, "epochs": 1}
    with pytest.raises(ValueError, match="labels must be -1 or 1, found 0; for labels 0 or 1 say"):
        nn.fit(model, losses.hinge, X, signs, jit=jit, **options)


# -- what changes between two epochs ---------------------------------------------------------------
def test_what_callbacks_turn_is_obeyed(early):
    X, y = blobs(192)
    weight = {"beta": 1.0}

    def annealed(prediction, y):
        return weight["beta"] * losses.cross_entropy(prediction, y)

    def run(jit, change):
        weight["beta"] = 1.0
        model, optimizer = network(0.3), optim.SGD(0.1, momentum=0.9)
        return model, nn.fit(
            model, annealed, X, y, optimizer=optimizer, epochs=4, jit=jit, progress=False,
            callbacks=[lambda run: change(run, optimizer)],
        )  # fmt: skip

    def slower(run, optimizer):
        optimizer.learning_rate *= 0.5

    def heavier(run, optimizer):
        optimizer.momentum *= 0.5

    def drier(run, optimizer):
        run.model[2].rate *= 0.5

    def less(run, optimizer):
        weight["beta"] *= 0.5

    for change in (slower, heavier, drier, less):
        plain = run(False, change)
        for jit in ("auto", "numpy"):
            found = run(jit, change)
            agree(plain, found)
            assert "compiled" in found[1].steps


# -- random numbers --------------------------------------------------------------------------------
def test_draws_are_noted_and_given_in_order():
    noted = draws.Noted(rng(1))
    first = noted.random((2, 3)), noted.normal(1.0, 2.0, size=4), noted.permutation(5)
    again = draws.drawn(rng(1), noted.draws)
    given = draws.Given(noted.draws, again)
    assert given.random((2, 3)) is again[0]
    with pytest.raises(ad.NotDifferentiableError, match=r"rng.normal what it drew before"):
        given.normal(1.0, 3.0, size=4)
    with pytest.raises(ad.NotDifferentiableError, match=r"a step no longer draws with rng.normal"):
        given.all_used()
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    "draw",
    [
        lambda r: r.shuffle([1, 2]),
        lambda r: r.spawn(1),
        lambda r: r.normal(np.zeros(2)),
        lambda r: r.random(out=np.zeros(2)),
    ],
)
def test_what_cannot_be_drawn_before_is_refused(draw):
    with pytest.raises(ad.NotDifferentiableError, match="cannot be drawn before the step runs"):
        draw(draws.Noted(rng()))
