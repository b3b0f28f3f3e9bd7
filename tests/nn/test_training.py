"""Training: what is learnt, what is kept, how it ends, and that it goes on to the bit."""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from training_runs import blobs, network, rng, same, trained

import autodiff as ad
from nn import ELU, BatchNorm1d, Dense, Dropout, ReLU, Sequential, losses, optim
from nn.training import (
    Callback,
    DivergedError,
    EarlyStopping,
    History,
    accuracy,
    evaluate,
    fit,
    make_step,
    objective_of,
    predict,
)


# -- learning --------------------------------------------------------------------------------------
def test_three_clouds_are_learnt():
    X, y = blobs()
    model, history = trained(epochs=20, validation=blobs(40))
    assert history["loss"][-1] < history["loss"][0] / 3
    assert history["validation_accuracy"][-1] > 0.9
    assert history.epochs == 20
    assert history.stopped == "all 20 epochs done"
    assert accuracy(predict(model, X), y) > 0.9


def test_an_epoch_is_what_the_formulas_say():
    X, y = rng().normal(size=(6, 2)), rng(1).normal(size=(6, 1))
    model = Dense(2, 1, rng(2))
    W, b = model.weight.copy(), model.bias.copy()
    losses_seen = []
    for start in (0, 4):
        x, t = X[start : start + 4], y[start : start + 4]
        error = x @ W + b - t
        losses_seen.append((np.mean(error**2), len(x)))
        W = W - 0.1 * 2 * x.T @ error / len(x)
        b = b - 0.1 * 2 * np.sum(error, axis=0) / len(x)
    history = fit(
        model, losses.mse, X, y,
        optimizer=optim.SGD(0.1), batch_size=4, epochs=1, shuffle=False, progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(model.weight, W, rtol=1e-14)
    np.testing.assert_allclose(model.bias, b, rtol=1e-14)
    np.testing.assert_allclose(history["loss"], [sum(v * n for v, n in losses_seen) / 6])


def test_the_step_is_a_pure_function():
    X, y = blobs(8)
    model = network(dropout=0.3)
    before = model.state_dict()
    optimizer = optim.Adam()
    step = make_step(objective_of(model, losses.cross_entropy), optimizer)
    parameters = dict(model.named_parameters())
    state = optimizer.init(parameters)
    once, twice = (step(parameters, state, {}, X, y, rng(5)) for _ in range(2))
    assert all(once[0][k].tobytes() == twice[0][k].tobytes() for k in parameters)
    assert all(before[k].tobytes() == a.tobytes() for k, a in model.named_parameters())
    assert state["step"] == 0


def test_a_seed_decides_everything_and_another_gives_another_run():
    runs = [trained(network(0.3), seed=seed)[0] for seed in (1, 1, 2)]
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])


def test_the_penalty_and_the_largest_norm_are_obeyed():
    X, y = blobs()
    shrunk, _ = trained(penalty=lambda p: 10 * losses.l2_penalty(p), optimizer=optim.SGD(0.01))
    free, _ = trained(optimizer=optim.SGD(0.01))
    assert np.linalg.norm(shrunk[0].weight) < np.linalg.norm(free[0].weight) / 2
    model = network()
    before = model.state_dict()
    fit(
        model, losses.cross_entropy, X, y, optimizer=optim.SGD(1.0), batch_size=len(X),
        epochs=1, max_norm=1e-3, progress=False,
    )  # fmt: skip
    moved = sum(np.sum((a - before[k]) ** 2) for k, a in model.named_parameters())
    assert np.sqrt(moved) == pytest.approx(1e-3)


def test_single_precision_stays_single():
    model, _ = trained(network(dtype=np.float32))
    assert {a.dtype for a in model.parameters()} == {np.dtype(np.float32)}
    assert predict(model, blobs()[0]).dtype == np.float32


def test_a_model_is_left_in_evaluation_mode_and_validated_in_it():
    seen = []

    class Watch(Dropout):
        def forward(self, x):
            seen.append((self.training, len(x)))
            return super().forward(x)

    model = Sequential(Dense(2, 3, rng()), Watch(0.5, rng()))
    trained(model, epochs=1, batch_size=60, validation=blobs(30))
    assert seen == [(True, 60), (True, 60), (False, 30)]
    assert not any(module.training for _, module in model.named_modules())


# -- where the examples come from ------------------------------------------------------------------
def test_a_list_of_batches_is_the_same_as_the_arrays_it_was_cut_from():
    X, y = blobs()
    whole, _ = trained(X=X, y=y, batch_size=50, shuffle=False)
    cut = [(X[k : k + 50], y[k : k + 50]) for k in range(0, 120, 50)]
    made, history = trained(X=cut, y=None, validation=cut)
    assert same(whole, made)
    assert history["validation_loss"][-1] < history["validation_loss"][0]


def test_a_memory_mapped_file_is_the_same_as_an_array(tmp_path):
    X, y = blobs()
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert same(trained(X=X, y=y)[0], trained(X=mapped, y=y)[0])


def test_what_is_wider_than_memory_is_read_batch_by_batch(tmp_path):
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float64, (10_000, 100))
    X[:] = rng().normal(size=(10_000, 1))
    y = (X[:, 0] > 0).astype(int)
    model = Dense(100, 2, rng())
    trained(epochs=1, jit="numpy")  # imports the compiler, which is not the data
    tracemalloc.start()
    trained(model, X=X, y=y, batch_size=100, epochs=1, validation=(X, y))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < X.nbytes / 4


def test_a_generator_that_runs_out_is_refused():
    X, y = blobs()
    with pytest.raises(ValueError, match="runs out after the first"):
        trained(X=((X, y) for _ in range(1)), y=None)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda X, y: (X[:-1], y), ad.ShapeError, "119 examples but 120 targets"),
        (lambda X, y: (X[:0], y[:0]), ad.ShapeError, "x and y have no examples"),
        (lambda X, y: (X * np.where(X > 3, np.nan, 1), y), ValueError, "entries nan or infinite"),
        (lambda X, y: (X, np.where(y, np.inf, 0.0)), ValueError, "fit: y has .* infinite"),
        (lambda X, y: (X[:, :1], y), ad.ShapeError, r"Dense\(2, 8\) got an input of width 1"),
        (lambda X, y: (X, y + 1), ValueError, "label 3 is not among the classes"),
        (lambda X, y: (X.astype(str), y), TypeError, "not numbers"),
        (lambda X, y: (X, np.array(list("abc"))[y]), TypeError, "np.unique.* numbers the classes"),
        (lambda X, y: (X, [None, *y[1:]]), TypeError, "is an entry missing"),
        (lambda X, y: (X, y * 1.0), TypeError, "labels.astype"),
        (lambda X, y: (X, y[:, None]), ad.ShapeError, "take labels"),
        (lambda X, y: ([[1.0], *X[1:].tolist()], y), ad.ShapeError, "rows of the same length"),
        (lambda X, y: (X[:, 0], y), ad.ShapeError, r"input of width 32, of shape \(32,\)"),
        (lambda X, y: (X, None), TypeError, "y is missing"),
    ],
)
def test_bad_data_is_refused_by_name(change, error, message):
    X, y = change(*blobs())
    with pytest.raises(error, match=message):
        fit(network(), losses.cross_entropy, X, y, optimizer=optim.SGD(0.1), progress=False)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"epochs": -1}, ValueError, "epochs must be at least 1"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        ({"batch_size": 1.5}, TypeError, "batch_size must be an integer"),
        ({"max_norm": -1.0}, ValueError, "max_norm"),
        ({"metric": 3}, TypeError, "metric=3 must be"),
        ({"resume": True}, ValueError, "needs the path of a checkpoint"),
        ({"validation": (np.ones((3, 2)), np.ones(4, int))}, ad.ShapeError, "validation: 3 exam"),
        ({"validation": 0.1}, TypeError, "validation must be a pair"),
        ({"model": np.tanh}, TypeError, "model must be a Module"),
        ({"optimizer": "adam"}, TypeError, r"one of nn.optim, such as Adam\(0.001\), not 'adam'"),
        ({"optimizer": optim.Adam}, TypeError, "optimizer must be one of nn.optim"),
        ({"callbacks": EarlyStopping(2)}, TypeError, "callbacks must be a list"),
        ({"checkpoint": "nowhere/run.npz"}, FileNotFoundError, "no directory for the checkpoint"),
        ({"callbacks": [EarlyStopping(2)]}, KeyError, "'validation_loss' is not among the curves"),
    ],
)
def test_bad_options_are_refused_by_name(options, error, message):
    with pytest.raises(error, match=message):
        trained(**options)


def test_a_loss_must_be_a_function_of_one_value():
    X, y = blobs()
    with pytest.raises(TypeError, match=r"loss must be a function of \(prediction, y\)"):
        fit(network(), "mse", X, y, optimizer=optim.SGD(0.1), progress=False)

    def each(prediction, y):
        return losses.cross_entropy(prediction, y, reduction="none")

    with pytest.raises(ad.ShapeError, match="one scalar"):
        fit(network(), each, X, y, optimizer=optim.SGD(0.1), progress=False)


def test_a_validation_set_may_be_a_list_of_two_arrays():
    assert "validation_loss" in trained(validation=list(blobs(20)))[1]


def test_batches_of_ones_own_take_no_batch_size():
    with pytest.raises(ValueError, match="batch_size and shuffle are for arrays"):
        trained(X=[blobs()], y=None, batch_size=3)


# -- how it ends -----------------------------------------------------------------------------------
def test_early_stopping_ends_with_the_best_weights():
    X, y = blobs(30)
    wrong = rng(7).integers(0, 3, 30)  # what cannot be learnt gets worse with time
    weights = []
    model, history = trained(
        X=X,
        y=y,
        epochs=200,
        validation=(X, wrong),
        callbacks=[lambda run: weights.append(run.model.state_dict()), EarlyStopping(3)],
    )
    curve = history["validation_loss"]
    best = int(np.argmin(curve))
    assert len(curve) == best + 4 < 200
    assert history.stopped == "validation_loss did not improve for 3 epochs"
    assert all(weights[best][k].tobytes() == a.tobytes() for k, a in model.named_parameters())


def test_a_callback_ends_the_run():
    class Third(Callback):
        def __call__(self, run):
            if run.history.epochs == 3:
                run.stop = "enough"

    _, history = trained(epochs=9, callbacks=[Third()])
    assert (history.epochs, history.stopped) == (3, "enough")


def test_ctrl_c_leaves_a_usable_model():
    X, y = blobs()

    class Interrupted:
        def __init__(self):
            self.epoch = 0

        def __iter__(self):
            self.epoch += 1
            for k in range(0, 120, 30):
                if self.epoch == 3 and k == 60:
                    raise KeyboardInterrupt
                yield X[k : k + 30], y[k : k + 30]

    model, history = trained(X=Interrupted(), y=None, epochs=9)
    assert (history.epochs, history.stopped) == (2, "interrupted")
    assert not model.training
    # Two epochs and two steps of the third.
    cut = [(X[k : k + 30], y[k : k + 30]) for k in range(0, 120, 30)]
    twin, _ = trained(X=cut, y=None, epochs=2)
    trained(twin, X=cut[:2], y=None, epochs=1)
    assert same(model, twin)


def test_a_loss_that_is_nan_stops_with_a_diagnosis():
    X, y = rng().normal(size=(40, 2)), rng(1).normal(size=(40, 1))
    model = Sequential(Dense(2, 4, rng(2)), ReLU(), Dense(4, 1, rng(3)))
    with pytest.raises(DivergedError, match=r"the loss became (nan|inf) in epoch \d+, batch") as at:
        fit(
            model, losses.mse, X, y,
            optimizer=optim.SGD(1e3), batch_size=8, epochs=50, progress=False,
        )  # fmt: skip
    assert isinstance(at.value.history, History)
    assert at.value.diagnosis.findings
    assert str(at.value.diagnosis) in str(at.value)
    assert all(np.all(np.isfinite(a)) for a in model.parameters())
    assert not model.training


def test_a_gradient_that_is_nan_is_traced_to_the_step_that_made_it():
    X = np.array([[1.0], [0.0]])
    model = Dense(1, 1, rng(), bias=False)

    def root(prediction, y):
        return np.mean(np.sqrt(prediction**2) - y)  # its slope at 0 is 0 * inf

    with pytest.raises(DivergedError, match="the update before it made weight nan") as at:
        fit(
            model, root, X, X, optimizer=optim.SGD(0.1), epochs=3, shuffle=False,
            metric=None, progress=False,
        )  # fmt: skip
    assert "sqrt" in str(at.value.diagnosis)


# -- what is shown ---------------------------------------------------------------------------------
def test_the_bar_shows_epoch_loss_accuracy_and_what_is_left(capsys):
    trained(epochs=2, validation=blobs(30), progress=True)
    shown = capsys.readouterr().err
    assert "epoch 2/2: 100%" in shown
    for name in ("loss", "accuracy", "validation loss", "validation accuracy", "step/s"):
        assert name in shown


def test_without_tqdm_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ad.MissingExtraError, match="pip install tqdm"):
        trained(progress=True)
    trained(progress=False)


def test_a_history_says_what_it_holds():
    _, history = trained(epochs=2)
    assert repr(history).startswith("History of 2 epochs: loss ")
    assert "loss" in history
    with pytest.raises(KeyError, match="'los' is not among the curves: loss, accuracy, seconds"):
        history["los"]


def test_accuracy_of_classes_and_of_signs():
    assert accuracy(np.array([1.0, -1.0, 2.0]), np.array([1, 0, 0])) == pytest.approx(2 / 3)
    assert accuracy(np.array([[1.0], [-1.0]]), np.array([[1], [-1]])) == 1.0
    logits, codes = np.array([[-3.0, -1.0], [2.0, 1.0]]), np.array([[0, 1], [0, 1]])
    assert accuracy(logits, codes) == 0.5  # one-hot: the largest counts, not the sign
    assert accuracy(logits, np.array([[0, 1], [1, 1]])) == 0.75  # several labels at once
    with pytest.raises(ad.ShapeError, match="predictions of shape"):
        accuracy(np.ones((3, 1)), np.ones(4))


def test_evaluate_is_the_mean_over_examples_in_evaluation_mode():
    X, y = blobs(50)
    model = network(0.5).train()
    found = evaluate(model, losses.cross_entropy, X, y, batch_size=7)
    assert model.training
    assert found["loss"] == pytest.approx(losses.cross_entropy(model.eval()(X), y))
    assert found["accuracy"] == accuracy(model(X), y)


def test_training_does_not_load_what_it_does_not_use():
    program = "import sys, nn.training; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not {"tqdm", "sklearn", "matplotlib", "scipy"} & set(loaded)


# -- compiled --------------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_a_compiled_run_ends_where_a_plain_one_does(backend):
    def run(jit):
        model = Sequential(Dense(2, 8, rng(3)), BatchNorm1d(8), ELU(0.9), Dense(8, 3, rng(4)))
        optimizer = optim.Adam(optim.ExponentialDecay(0.05, 0.9))
        return trained(model, optimizer=optimizer, max_norm=1.0, jit=jit)

    (plain, history), (compiled, found) = run(False), run(backend)
    for name, array in plain.state_dict().items():
        np.testing.assert_allclose(compiled.state_dict()[name], array, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found["loss"], history["loss"], rtol=1e-10)


def test_a_compiled_run_still_refuses_what_a_plain_one_does():
    X, y = blobs()
    with pytest.raises(ValueError, match="label 3 is not among the classes"):
        trained(X=X, y=y + (y == 2), jit="numpy")
    with pytest.raises(ValueError, match="label -1 is not among the classes"):
        trained(X=[(X[:60], y[:60]), (X[60:], y[60:] - 1)], y=None, jit="numpy")
    with pytest.raises(ValueError, match="fit: jit='fast' must be one of 'auto', 'llvm', 'numpy'"):
        trained(jit="fast")


def test_a_compiled_loss_that_is_nan_is_diagnosed():
    with pytest.raises(DivergedError) as at:
        trained(optimizer=optim.SGD(1e308), jit="numpy", epochs=20)
    assert at.value.diagnosis.findings
