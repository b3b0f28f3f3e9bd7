"""install, uninstall, the context manager, and programs run by ``python -m``."""

import importlib
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from autodiff.compat import autograd as ours
from autodiff.compat.autograd.installing import MODULES, InstallError

ROOT = Path(__file__).parents[2]
PROGRAM = "import autograd.numpy as np\nfrom autograd import grad\nprint(grad(np.tanh)(0.0))\n"


@pytest.fixture(autouse=True)
def no_autograd(monkeypatch):
    """Without the real autograd, whether or not it is there."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "autograd"]:
        monkeypatch.delitem(sys.modules, name)
    yield
    ours.uninstall()


def test_inside_install_every_module_is_ours():
    with ours.install():
        assert importlib.import_module("autograd") is ours
        for name in MODULES:
            found = importlib.import_module(f"autograd.{name}")
            assert found is importlib.import_module(f"autodiff.compat.autograd.{name}")
    assert not any(name.partition(".")[0] == "autograd" for name in sys.modules)


def test_names_are_imported_as_programs_write_it():
    with ours.install():
        import autograd.numpy as anp
        from autograd import grad, numpy
        from autograd.numpy.linalg import inv
        from autograd.numpy.random import randn
        from autograd.scipy.special import gammaln

        assert numpy is anp
        assert anp.linalg.inv is inv
        assert randn(2).shape == (2,)
        assert grad(lambda x: gammaln(anp.sum(x)))(2.0) == pytest.approx(0.4227843350984671)


def test_a_second_install_does_nothing():
    with ours.install():
        with ours.install():
            pass
        assert sys.modules["autograd"] is ours
    assert "autograd" not in sys.modules


def test_uninstall_undoes_install_and_nothing_else(monkeypatch):
    ours.install()
    ours.uninstall()
    assert "autograd" not in sys.modules
    real = types.ModuleType("autograd")
    monkeypatch.setitem(sys.modules, "autograd", real)
    ours.uninstall()
    assert sys.modules["autograd"] is real


@pytest.mark.parametrize("name", ["autograd", "autograd.numpy"])
def test_the_real_autograd_must_not_be_there_yet(monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    with pytest.raises(InstallError, match=r"already imported.*call .*install\(\) before"):
        ours.install()


def run(*arguments, cwd):
    command = [sys.executable, "-m", "autodiff.compat.autograd", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_a_program_and_a_module_run_so(tmp_path):
    (tmp_path / "program.py").write_text("import beside, sys\nprint(sys.argv)\n" + PROGRAM)
    (tmp_path / "beside.py").write_text("")
    done = run(str(tmp_path / "program.py"), "-x", "1", cwd=ROOT)
    assert done.stdout.splitlines() == [
        str([str(tmp_path / "program.py"), "-x", "1"]),
        "1.0",
    ], done.stderr
    assert run("-m", "program", cwd=tmp_path).stdout.splitlines()[-1] == "1.0"


def test_a_suite_of_tests_runs_so(tmp_path):
    test = "from autograd import grad\ndef test_it():\n    assert grad(lambda x: x**2)(3.0) == 6\n"
    (tmp_path / "test_it.py").write_text(test)
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [[], ["-m"], ["-c", "print()"]])
def test_other_arguments_show_the_usage(tmp_path, arguments):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode
    assert done.stderr.startswith("python -m autodiff.compat.autograd program.py")
