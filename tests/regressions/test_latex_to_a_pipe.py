"""`--latex /dev/stdout` into a pipe was refused: No such file or directory. Into a file it put
another file in its place, and the tables were lost."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-m", "autodiff", "explain", "x*2", "x=1", "--latex", "/dev/stdout"]


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="no such thing here")
def test_streams_are_written_into(tmp_path):
    piped = subprocess.run(COMMAND, capture_output=True, text=True, check=True).stdout
    with (tmp_path / "out.txt").open("w") as file:
        subprocess.run(COMMAND, stdout=file, check=True)
    for text in (piped, (tmp_path / "out.txt").read_text()):
        assert "both modes agree" in text
        assert r"\begin{align*}" in text
