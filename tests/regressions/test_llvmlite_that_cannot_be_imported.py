"""An llvmlite that is found, but whose library is missing or too old, ended in its own error."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import numpy as np, autodiff as ad
try:
    ad.jit(np.sin)(1.0)
except ad.MissingExtraError as error:
    print(error)
print(ad.jit(np.sin, backend="numpy")(0.0))
"""


@pytest.mark.parametrize("error", ["ImportError", "OSError", "RuntimeError"])
def test_the_reason_and_the_cure(error, tmp_path):
    package = tmp_path / "llvmlite"
    package.mkdir()
    (package / "__init__.py").write_text(f"raise {error}('no such library: libLLVM')")
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), root])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "cannot be imported (no such library: libLLVM)" in done.stdout
    assert "pip install" in done.stdout
    assert done.stdout.endswith("0.0\n")
