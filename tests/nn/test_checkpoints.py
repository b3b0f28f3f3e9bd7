"""A run goes on from its checkpoint to the same bits; a file that does not fit is refused."""

import json

import numpy as np
import pytest
from training_runs import blobs, network, rng, same, trained

from autodiff.extend import read_npz, write_npz
from nn import Dense, Sequential, optim
from nn.training import EarlyStopping

OPTIMISERS = {
    "sgd": lambda: optim.SGD(optim.ExponentialDecay(0.1, 0.9), momentum=0.9),
    "adam": lambda: optim.Adam(0.01),
    "rmsprop": lambda: optim.RMSprop(0.01),
}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_resumed_run_ends_in_the_same_bits(tmp_path, name):
    path = tmp_path / "run.npz"
    options = {"validation": blobs(30), "callbacks": [EarlyStopping(50)]}
    straight, full = trained(network(0.3), epochs=6, optimizer=OPTIMISERS[name](), **options)
    trained(network(0.3), epochs=2, optimizer=OPTIMISERS[name](), checkpoint=path, **options)
    resumed, history = trained(
        Sequential(*network(0.3)), epochs=6, optimizer=OPTIMISERS[name](), checkpoint=path,
        resume=True, **options,
    )  # fmt: skip
    assert same(straight, resumed)
    assert history.epochs == 6
    for curve in ("loss", "accuracy", "validation_loss", "validation_accuracy"):
        assert history[curve] == full[curve]


def test_a_run_that_stopped_stays_stopped(tmp_path):
    path = tmp_path / "run.npz"
    X, y = blobs(30)
    options = {
        "X": X, "y": y, "epochs": 200, "validation": (X, rng(7).integers(0, 3, 30)),
        "checkpoint": path,
    }  # fmt: skip
    one, first = trained(callbacks=[EarlyStopping(3)], **options)
    two, second = trained(callbacks=[EarlyStopping(3)], resume=True, **options)
    assert first.curves == second.curves
    assert same(one, two)


def test_every_kind_of_generator_is_kept(tmp_path):
    for kind in (np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64):
        path = tmp_path / f"{kind.__name__}.npz"
        seeds = [np.random.Generator(kind(1)) for _ in range(3)]
        straight, _ = trained(network(0.3), seed=seeds[0])
        trained(network(0.3), epochs=2, seed=seeds[1], checkpoint=path)
        resumed, _ = trained(network(0.3), seed=seeds[2], checkpoint=path, resume=True)
        assert same(straight, resumed)


def test_resume_begins_where_there_is_no_file_yet(tmp_path):
    path = tmp_path / "run.npz"
    model, history = trained(checkpoint=path, resume=True)
    assert same(model, trained()[0])
    assert history.epochs == 4
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_a_failing_write_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    trained(checkpoint=path, epochs=1)
    kept = path.read_bytes()
    writes = []

    def full(file, array, **options):
        writes.append(array)
        if len(writes) > 3:
            raise OSError("No space left on device")
        real(file, array, **options)

    real = np.lib.format.write_array
    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="No space"):
        trained(checkpoint=path, epochs=2)
    assert path.read_bytes() == kept
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_nothing_in_a_checkpoint_is_pickled(tmp_path):
    path = tmp_path / "run.npz"
    trained(checkpoint=path, validation=blobs(30), callbacks=[EarlyStopping(3)])
    arrays = read_npz(path)  # allow_pickle=False
    assert json.loads(str(arrays["generator"]))["bit_generator"] == "PCG64"
    assert {"parameters/0.weight", "optimizer/0", "history/loss"} <= arrays.keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 16}, "a run with batch_size=32, but this run has 16"),
        ({"optimizer": optim.Adam()}, "a run with optimizer='SGD', but this run has 'Adam'"),
        ({"optimizer": optim.SGD(0.1, momentum=0.9)}, "another optimiser"),
        ({"seed": np.random.Generator(np.random.MT19937(0))}, "a run with a PCG64, not a MT19937"),
        ({"model": Sequential(Dense(2, 3, rng()))}, "does not fit Sequential|another optimiser"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change, message):
    path = tmp_path / "run.npz"
    trained(checkpoint=path, epochs=1)
    with pytest.raises(ValueError, match=message):
        trained(**{"checkpoint": path, "resume": True, **change})


def test_what_is_no_checkpoint_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    network().save(path)
    with pytest.raises(ValueError, match="not a checkpoint of a training run"):
        trained(checkpoint=path, resume=True)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"truncated|damaged"):
        trained(checkpoint=path, resume=True)
    trained(checkpoint=path, epochs=1)
    write_npz(path, {**read_npz(path), "format": np.int64(9)})
    with pytest.raises(ValueError, match="format 9, not 1"):
        trained(checkpoint=path, resume=True)
