"""The benchmark harness: contestants agree; one that is missing, slow or wrong is said."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
BENCH = ROOT / "benchmarks" / "bench"


def bench(*options, json_file=None):
    command = [sys.executable, str(BENCH), *options, "--rounds", "1", "--seconds", "0.001"]
    command += ["--json", str(json_file)] if json_file else []
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return done.stdout


def test_ours_agree_with_what_is_written_by_hand(tmp_path):
    file = tmp_path / "figures.json"
    names = ["exp_sin_chain", "logistic", "rosenbrock_hessian"]
    who = ["jit", "eager", "NumPy by hand"]
    printed = bench("--with", *who, "--only", *names, json_file=file)
    kept = json.loads(file.read_text())
    assert list(kept["figures"]) == names
    for name, figures in kept["figures"].items():
        assert name in printed
        for contestant in who:
            found = figures[contestant]
            assert "wrong" not in found
            assert found["whole"] > 0
            assert found["first"] > 0
    for what in ("processor", "blas", "versions", "repetition"):
        assert kept["machine"][what]


def test_a_contestant_without_an_answer_is_said():
    printed = bench("--with", "eager", "--only", "exp_sin_chain", "--patience", "0.001")
    assert "not here: eager (no answer in 0.001 s)" in printed


def test_a_wrong_result_is_seen(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    contest = importlib.import_module("contest")
    a = [np.array([1.0, 2.0]), np.array(3.0)]
    assert contest.difference(a, a) == 0
    assert contest.difference([a[0] * (1 + 1e-6), a[1]], a) == pytest.approx(1e-6)
    assert contest.difference([a[0] * np.nan, a[1]], a) == np.inf
    assert contest.difference([a[0][:1], a[1]], a) == np.inf
    assert contest.difference(a[:1], a) == np.inf
