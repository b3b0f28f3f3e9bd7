"""Modules on disk and on paper, and the mistakes that they name."""

import contextlib
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import autodiff as ad
import nn
from nn import initialisers
from nn.modules.module import Module


def rng(seed=0):
    return np.random.default_rng(seed)


def small_model():
    return nn.Sequential(
        nn.Dense(4, 3, rng(), bias=False), nn.BatchNorm1d(3), np.tanh, nn.Dense(3, 2, rng())
    )


# -- on disk -------------------------------------------------------------------------------------
def test_save_and_load(tmp_path):
    model, other = small_model(), small_model()
    model(rng(1).normal(size=(5, 4)))  # so that its running statistics differ
    for array in model.parameters():
        array += 1
    path = tmp_path / "model.npz"
    model.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]
    assert other.load(path) is other
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], array)
    with np.load(path) as archive:
        assert sorted(archive.files) == sorted(model.state_dict())


def test_any_name_may_be_saved(tmp_path):
    class Odd(Module):
        def __init__(self):
            self.file = np.ones(2)
            self.allow_pickle = np.zeros(1)

    Odd().save(tmp_path / "odd.npz")
    assert Odd().load(tmp_path / "odd.npz").file.tolist() == [1, 1]


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    model, path = nn.Dense(2, 2, rng()), tmp_path / "model.npz"
    model.save(path)
    before = path.read_bytes()

    def full_disk(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(np.lib.format, "write_array", full_disk)
    with pytest.raises(OSError, match="no space"):
        model.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_a_small_file_cannot_fill_the_memory(tmp_path):
    model, path = nn.Dense(2, 2, rng()), tmp_path / "model.npz"
    np.savez_compressed(path, weight=np.zeros((1000, 1000)), bias=np.zeros(2))
    assert path.stat().st_size < 20_000
    with pytest.raises(
        ValueError, match=r"model\.npz holds 8,000,272 bytes of arrays, more than the"
    ):
        model.load(path)
    np.savez_compressed(path, weight=np.ones((2, 2)), bias=np.zeros(2))
    assert model.load(path).weight.sum() == 4


def test_damaged_files_are_refused(tmp_path):
    model, path = nn.Dense(20, 20, rng()), tmp_path / "model.npz"
    before, flips = model.state_dict(), rng(5)
    model.save(path)
    content = path.read_bytes()
    middle = len(content) // 2
    damaged = {
        "truncated": content[:middle],
        "empty": b"",
        "text": b"not a model",
        "flipped": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
    }
    for name, wrong in damaged.items():
        path.write_bytes(wrong)
        with pytest.raises(ValueError, match=r"model\.npz"):
            model.load(path)
        assert all(np.array_equal(model.state_dict()[k], before[k]) for k in before), name
    for _ in range(300):  # a few wrong bytes anywhere: the same model, or one clear error
        wrong = bytearray(content)
        for place in flips.integers(0, len(wrong), 3):
            wrong[place] = flips.integers(256)
        path.write_bytes(wrong)
        with contextlib.suppress(ValueError):
            model.load(path)
        assert all(np.array_equal(model.state_dict()[k], before[k]) for k in before)
    for shape in ("(20, 20)", f"({2**70},)"):  # a header that never ends, a size that no int has
        with zipfile.ZipFile(path, "w") as archive:
            header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}"
            header = (header + "}" * (shape[-2] == ",")).ljust(117) + "\n"
            archive.writestr("weight.npy", b"\x93NUMPY\x01\x00\x76\x00" + header.encode())
        with pytest.raises(ValueError, match="damaged"):
            model.load(path)
    np.savez(path, weight=np.array([object()]), bias=np.zeros(20))
    with pytest.raises(ValueError, match="damaged"):
        model.load(path)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        model.load(tmp_path / "nowhere.npz")
    with pytest.raises(FileNotFoundError, match="no directory"):
        model.save(tmp_path / "nowhere" / "model.npz")
    with pytest.raises(IsADirectoryError):
        model.save(tmp_path)


def test_a_state_that_does_not_fit_changes_nothing():
    model = nn.Dense(2, 3, rng())
    before = model.state_dict()
    good = {"weight": np.ones((2, 3)), "bias": np.ones(3)}
    wrong = [
        ({"weight": good["weight"]}, ValueError, "bias missing"),
        ({**good, "scale": np.ones(1)}, ValueError, "scale unknown"),
        ({**good, "bias": np.ones(2)}, ad.ShapeError, "bias has shape .2,., but"),
        ({**good, "bias": np.array(["a", "b", "c"])}, TypeError, "not numbers"),
        ({**good, "bias": np.ones(3) * 1j}, TypeError, "not numbers"),
    ]
    for state, error, message in wrong:
        with pytest.raises(error, match=message):
            model.load_state_dict(state)
        assert all(np.array_equal(model.state_dict()[k], before[k]) for k in before)
    model.load_state_dict(good)
    good["weight"][0, 0] = 9
    assert model.weight[0, 0] == 1  # a copy


# -- printed -------------------------------------------------------------------------------------
def test_a_printed_model_shows_shapes_and_counts():
    model = nn.Sequential(
        nn.Conv1d(1, 4, 3, rng(), padding=1),
        nn.BatchNorm1d(4),
        nn.ELU(0.9),
        nn.Flatten(),
        np.tanh,
        nn.Dense(40, 10, rng(), bias=False),
    )
    lines = repr(model).splitlines()
    assert lines[0].split() == ["Sequential", "424", "parameters"]
    assert repr(nn.ELU(0.9)) == "ELU(0.9)"
    assert [line.split()[0] for line in lines[1:]] == [f"{k}:" for k in range(6)]
    assert "Conv1d(1, 4, 3, padding=1)" in lines[1]
    assert "weight (4, 1, 3), bias (4,)" in lines[1]
    assert "ELU(0.9)" in lines[3]
    assert "Function(tanh)" in lines[5]


# -- mistakes ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.Dense(0, 3, rng()), ValueError, "Dense: inputs must be at least 1, not 0"),
        (lambda: nn.Dense(3, -1, rng()), ValueError, "Dense: outputs must be at least 1, not -1"),
        (lambda: nn.Dense(3, 2.5, rng()), TypeError, "outputs must be an integer, not 2.5"),
        (lambda: nn.Dense(3, True, rng()), TypeError, "must be an integer"),
        (lambda: nn.Dense(3, 2, 0), TypeError, r"pass np.random.default_rng\(seed\)"),
        (lambda: nn.Dense(3, 2, rng(), dtype=int), TypeError, "must be a float dtype"),
        (lambda: nn.Conv1d(1, 1, 0, rng()), ValueError, "Conv1d: size must be at least 1"),
        (lambda: nn.Conv1d(1, 1, 1, rng(), stride=0), ValueError, "Conv1d: stride"),
        (lambda: nn.Conv1d(1, 1, 1, rng(), padding=-1), ValueError, "Conv1d: padding"),
        (lambda: nn.BatchNorm1d(0), ValueError, "BatchNorm1d: features"),
        (lambda: nn.BatchNorm1d(3, momentum=2), ValueError, "momentum must be in .0, 1., not 2"),
        (lambda: nn.BatchNorm1d(3, epsilon=0), ValueError, "epsilon must be above 0"),
        (lambda: nn.Dropout(1.0, rng()), ValueError, "rate must be below 1"),
        (lambda: nn.Dropout(0.5, None), TypeError, "rng must be"),
        (lambda: nn.AvgPool1d(0), ValueError, "AvgPool1d: size"),
        (lambda: nn.ELU("big"), TypeError, "ELU: alpha must be a number"),
        (lambda: nn.GELU("fast"), ValueError, "'none', 'tanh'"),
        (lambda: nn.Sequential(nn.ReLU(), 3), TypeError, "3 is not a module or a function"),
        (lambda: nn.Module()(1.0), NotImplementedError, "Module does not define forward"),
        (lambda: initialisers.he((3,), rng()), ValueError, "has no fan-in"),
        (lambda: initialisers.he((3, -2), rng()), ValueError, "at least 1"),
    ],
)
def test_wrong_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


WIDTHS = {
    "Dense": lambda: nn.Dense(4, 3, rng()),
    "Conv1d": lambda: nn.Conv1d(4, 2, 2, rng(), stride=2, padding=1, dilation=2),
    "BatchNorm1d": lambda: nn.BatchNorm1d(4),
    "Flatten": nn.Flatten,
    "MaxPool1d": lambda: nn.MaxPool1d(2),
}


@pytest.mark.parametrize(
    ("name", "x", "message"),
    [
        ("Dense", np.ones((2, 10)), r"Dense\(4, 3\) got an input of width 10"),
        ("Dense", np.array(1.0), r"without a width: array\(1\.\)"),
        ("Conv1d", np.ones((2, 3, 9)), r"Conv1d\(4, 2, 2, .*\) got an input of shape \(2, 3, 9\)"),
        ("Conv1d", np.ones((2, 4, 0)), "spans 3 places, but the input has 2"),
        ("BatchNorm1d", np.ones((2, 3)), r"must be \(n, 4\)"),
        ("BatchNorm1d", np.ones(4), r"must be \(n, 4\)"),
        ("Flatten", np.array(1.0), "array of examples"),
        ("MaxPool1d", np.ones((2, 1)), "spans 2 places"),
    ],
)
def test_wrong_widths_are_named(name, x, message):
    with pytest.raises(ad.ShapeError, match=message):
        WIDTHS[name]()(x)


def test_functional_call_names_what_does_not_fit():
    model = nn.Dense(2, 3, rng())
    with pytest.raises(ValueError, match=r"Dense has no array named 0\.weight"):
        nn.functional_call(model, {"0.weight": np.ones((2, 3))}, {}, np.ones((1, 2)))
    with pytest.raises(ad.ShapeError, match=r"weight has shape \(3, 2\), but"):
        nn.functional_call(model, {"weight": np.ones((3, 2))}, {}, np.ones((1, 2)))
    with pytest.raises(TypeError, match="rng must be"):
        nn.functional_call(model, {}, {}, np.ones((1, 2)), rng=3)
    with pytest.raises(TypeError, match="parameters must be a dict of arrays by name, not list"):
        nn.functional_call(model, model.parameters(), {}, np.ones((1, 2)))
    with pytest.raises(TypeError, match="state must be a dict of arrays by name, not ndarray"):
        nn.functional_call(model, {}, np.ones((1, 2)))


def test_no_examples_are_no_trouble():
    model = nn.Sequential(nn.Flatten(), nn.Dense(6, 2, rng()), nn.ReLU())
    assert model(np.ones((0, 2, 3))).shape == (0, 2)


def test_importing_nn_loads_nothing_heavy():
    program = "import sys, nn; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = set(
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(nn.__file__).parent.parent,
        ).stdout.split()
    )
    assert "numpy" in loaded
    assert not loaded & {"sklearn", "matplotlib", "tqdm", "scipy", "llvmlite"}
