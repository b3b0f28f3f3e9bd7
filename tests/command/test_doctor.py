"""`autodiff doctor` reports what is there, and is not upset by what is missing."""

import os
import platform
import re
import subprocess
import sys

import numpy as np
import pytest

from autodiff import __version__
from autodiff.command import doctor
from autodiff.command.cli import main

OPENBLAS = doctor.loaded_openblas() is not None
needs_openblas = pytest.mark.skipif(not OPENBLAS, reason="NumPy multiplies with another library")


def test_the_report_names_versions_renderer_and_blas(capsys):
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert f"autodiff      {__version__}" in text
    assert f"python        {platform.python_version()}" in text
    assert f"numpy         {np.__version__}" in text
    assert "drawn by " in text
    assert "matrix products" in text


def test_what_is_missing_comes_with_the_line_that_mends_it(monkeypatch):
    monkeypatch.setattr(doctor, "version_of", lambda package: "")
    monkeypatch.setattr(doctor.shutil, "which", lambda program: None)
    text = doctor.report()
    assert re.search("llvmlite +not installed .compiled derivatives.: pip install llvmlite\n", text)
    assert re.search("pygraphviz +not installed .pictures.: pip install 'pygraphviz>=2'\n", text)
    assert "drawn by nothing: pip install 'pygraphviz>=2'" in text


def test_a_dot_program_is_preferred(monkeypatch):
    monkeypatch.setattr(doctor.shutil, "which", lambda program: f"/usr/bin/{program}")
    assert "/usr/bin/dot" in doctor.renderer()


@needs_openblas
def test_openblas_names_its_kernel_and_threads():
    blas = doctor.find_blas()
    assert blas.name.startswith("OpenBLAS")
    assert blas.kernel
    assert blas.threads >= 1


@needs_openblas
@pytest.mark.skipif(doctor.vector_bits() < 256, reason="needs a CPU with AVX2")
def test_a_narrow_kernel_on_a_wide_cpu_is_noticed():
    """Ask OpenBLAS for an old kernel, and see whether the report says so."""
    program = "from autodiff.command.doctor import report; print(report())"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"OPENBLAS_CORETYPE": "Nehalem"},
        capture_output=True,
        text=True,
        check=True,
    )
    if "kernel Nehalem" not in done.stdout:
        pytest.skip("this OpenBLAS was built for one kernel")
    assert "OPENBLAS_CORETYPE=Nehalem is set" in done.stdout
    assert "may be faster: `autodiff doctor --measure`" in done.stdout


@pytest.mark.parametrize(
    ("kernel", "bits", "words"),
    [
        ("Zen", 512, "OPENBLAS_CORETYPE=SkylakeX"),
        ("Haswell", 512, "OPENBLAS_CORETYPE=SkylakeX"),
        ("Nehalem", 256, "OPENBLAS_CORETYPE=Haswell"),
        ("SkylakeX", 512, "widest vectors of this CPU (AVX-512)"),
        ("Zen", 256, "widest vectors of this CPU (AVX2)"),
        ("SkylakeX", 256, "widest vectors"),
        ("neoversen1", 0, "no faster kernel is known"),
        ("", 512, "no faster kernel is known"),
    ],
)
def test_advice_compares_the_kernel_with_the_cpu(kernel, bits, words):
    assert words in doctor.advice(kernel, bits)


def test_another_library_than_openblas_is_named(monkeypatch):
    monkeypatch.setattr(doctor, "loaded_openblas", lambda: None)
    assert doctor.find_blas().kernel == ""
    assert list(doctor.blas_lines(measure=True))[-1].startswith("only the kernels of OpenBLAS")


def test_measuring_recommends_what_was_faster(monkeypatch):
    speeds = {"": ("Zen", 40.0), "Haswell": ("Haswell", 41.0), "SkylakeX": ("SkylakeX", 80.0)}
    monkeypatch.setattr(doctor, "measured", speeds.__getitem__)
    lines = list(doctor.measurements(512))
    assert "80.0 GFlop/s with OPENBLAS_CORETYPE=SkylakeX" in lines[2]
    assert "put OPENBLAS_CORETYPE=SkylakeX" in lines[-1]
    monkeypatch.setitem(speeds, "SkylakeX", ("SkylakeX", 40.5))
    assert list(doctor.measurements(512))[-1] == "no other kernel is faster here"


@needs_openblas
def test_a_kernel_is_timed_in_a_process_of_its_own():
    kernel, speed = doctor.measured("")
    assert kernel == doctor.find_blas().kernel
    assert speed > 0
