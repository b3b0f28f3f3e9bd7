"""The command line: right answers on stdout; a mistake is one line on stderr and exit code 2."""

import math
import os
import re
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from autodiff import __version__
from autodiff.command.cli import main
from autodiff.explanation import graphviz_text

ROOT = Path(__file__).parents[2]
CHAIN = "exp(exp(x)+exp(x)**2)+sin(exp(x)+exp(x)**2)"


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in an empty directory: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def command(*argv):
        code = main(argv)
        done = capsys.readouterr()
        return code, done.out, done.err

    return command


def mistake(run, *argv):
    """The one line that answers a mistake; nothing else happened."""
    code, out, err = run(*argv)
    assert code == 2
    assert out == ""
    assert err.startswith("autodiff: ")
    assert err.endswith("\n")
    assert err[:-1].isprintable()
    assert list(Path().iterdir()) == []
    return err


# -- explain -----------------------------------------------------------------------------------
def test_the_chain_is_explained_in_both_modes_in_the_order_of_hand_computation(run):
    code, out, err = run("explain", CHAIN, "x=0.1")
    assert (code, err) == (0, "")
    reverse = out.partition("reverse mode")[2]
    assert re.findall(r"^ *d(?:y)/d(\w+) +=", reverse, re.MULTILINE) == "v5 v4 v3 v2 v1 x".split()
    forward = out.partition("forward mode")[2].partition("reverse mode")[0]
    assert re.findall(r"^ *d(\w+)/dx +=", forward, re.MULTILINE) == "v1 v2 v3 v4 v5 y".split()
    f1 = math.exp(0.1)
    f3 = f1 + f1**2
    slope = f1 * (1 + 2 * f1) * (math.exp(f3) + math.cos(f3))
    assert f"dy/dx = {slope:.6g} by forward" in out


def test_equal_subexpressions_are_one_box_of_the_picture(run):
    assert run("explain", CHAIN, "x=0.1", "--svg", "out.svg")[0] == 0
    boxes = ET.parse("out.svg").getroot().iterfind(".//*[@class='node']")
    assert len(list(boxes)) == 7  # x, v1 .. v5, y


def test_files_are_written_and_named(run):
    files = ["--svg", "a.svg", "--html", "a.html", "--latex", "a.tex"]
    code, out, _ = run("explain", CHAIN, *files, "x=0.1")
    assert code == 0
    assert out.endswith("wrote a.svg\nwrote a.html\nwrote a.tex\n")
    assert sorted(map(str, Path().iterdir())) == ["a.html", "a.svg", "a.tex"]
    assert "<svg" in Path("a.svg").read_text("utf-8")
    assert "<html" in Path("a.html").read_text("utf-8")
    assert r"\frac" in Path("a.tex").read_text("utf-8")


def test_values_may_stand_anywhere_and_be_arithmetic(run):
    expected = run("explain", "x**2*z", "x=0.5", "z=-0.25")[1]
    assert run("explain", "x**2*z", "x=1/2", "--latex", "a.tex", "z=-pi/4/pi")[1] == (
        expected + "wrote a.tex\n"
    )


@pytest.mark.parametrize("expression", ["-x**2", "-x", "- x", "-2*x"])
def test_an_expression_may_begin_with_a_minus(run, expression):
    code, out, err = run("explain", expression, "x=3", "--latex", "a.tex")
    assert (code, err) == (0, "")
    assert "both modes agree" in out


def test_a_derivative_that_is_infinite_is_an_answer(run):
    code, out, err = run("explain", "sqrt(x)", "x=0")
    assert (code, err) == (0, "")
    assert "inf" in out


def test_a_function_of_scipy_may_be_called(run):
    pytest.importorskip("scipy")
    assert f"{2 / math.sqrt(math.pi):.6g}" in run("explain", "erf(x)", "x=0")[1]


# -- mistakes in the expression: more in test_expression.py --------------------------------------
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["x^2", "x=1"], "write ** for a power"),
        (["sinn(x)", "x=1"], "did you mean sin?"),
        (["x.real", "x=1"], "dot"),
        (["__import__('os').system('touch hacked')", "x=1"], "not supported"),
        (["__import__('os')", "x=1"], "unknown function __import__"),
        (["10**10**10"], "10**10**10"),
        (["x+10**10**10", "x=1"], "10**10**10"),
        (["1 + 1"], "no variable"),
        (["x*y", "x=1"], "add y=..."),
        (["x", "x=1", "y=2"], "y has a value but is not in the expression"),
        (["x", "x=one"], "one is not a number"),
        (["x", "x"], "NAME=VALUE"),
        (["exp(x", "x=1"], "never closed"),
        (["(" * 5000, "x=1"], "characters"),
        (["-" * 3000 + "x", "x=1"], "nested"),
        (["", "x=1"], "empty"),
        (["x\ny", "x=1"], "invalid syntax"),
        (["x\udc80", "x=1"], "not text"),
    ],
)
def test_a_mistake_in_the_expression_is_one_line(run, argv, words):
    assert words in mistake(run, "explain", *argv, "--svg", "out.svg")


# -- mistakes in the command ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], "COMMAND"),
        (["explian", "x", "x=1"], "invalid choice: 'explian'"),
        (["explain"], "EXPR"),
        (["explain", "x", "x=1", "--sgv", "a.svg"], "--sgv"),
        (["explain", "x", "x=1", "--svg"], "--svg: expected one argument"),
        (["explain", "x", "x=1", "--svg", "a", "--html", "./a"], "two files"),
        (["doctor", "now"], "now"),
        (["doctor", "--mesure"], "--mesure"),
    ],
)
def test_a_mistake_in_the_command_is_one_line(run, argv, words):
    assert words in mistake(run, *argv)


@pytest.mark.parametrize(
    "path", ["no/such/folder/out.svg", ".", "", "a" * 300, "/proc/no-such-file"]
)
def test_a_file_that_cannot_be_written_is_one_line(run, path):
    assert "cannot write" in mistake(run, "explain", "x**2", "x=1", "--svg", path)


def test_one_file_that_cannot_be_written_keeps_the_others_from_being_written(run):
    Path("old.svg").write_text("old")
    code, out, err = run(
        "explain", "x**2", "x=1", "--svg", "old.svg", "--html", "new.html", "--latex", "no/a.tex"
    )
    assert (code, out) == (2, "")
    folder = Path("no").resolve()
    assert err == f"autodiff: cannot write no/a.tex: there is no directory {folder}\n"
    assert list(Path().iterdir()) == [Path("old.svg")]
    assert Path("old.svg").read_text() == "old"


@pytest.mark.skipif(os.name != "posix", reason="permissions and devices of POSIX")
def test_links_devices_and_permissions_are_respected(run):
    Path("real.svg").touch(mode=0o640)
    Path("link.svg").symlink_to("real.svg")
    assert run("explain", "x**2", "x=1", "--svg", "link.svg", "--html", "/dev/null")[0] == 0
    assert Path("link.svg").is_symlink()
    assert "<svg" in Path("real.svg").read_text("utf-8")
    assert stat.S_IMODE(Path("real.svg").stat().st_mode) == 0o640
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_missing_renderer_is_one_line_with_the_cure(run, monkeypatch):
    monkeypatch.setattr(graphviz_text.shutil, "which", lambda program: None)
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    assert "pip install" in mistake(run, "explain", "x**2", "x=1", "--svg", "out.svg")
    assert run("explain", "x**2", "x=1")[0] == 0  # the tables need none


# -- as a program ----------------------------------------------------------------------------------
def program(*argv, **environment):
    return subprocess.run(
        [sys.executable, "-m", "autodiff", *argv],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
    )


def test_help_and_version():
    assert program("--version").stdout == f"autodiff {__version__}\n"
    text = program("explain", "--help")
    assert text.returncode == 0
    assert "logaddexp" in text.stdout


def test_a_mistake_leaves_no_traceback():
    done = program("explain", "x^2", "x=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "autodiff: x^2: ^ is exclusive or in Python; write ** for a power\n"


def test_a_terminal_without_the_letters_gets_question_marks():
    done = program("explain", "θ**2", "θ=1", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "?**2" in done.stdout or "?^2" in done.stdout


def test_drawing_prints_nothing_but_its_result(tmp_path):
    done = program("explain", "x**2", "x=1", "--svg", str(tmp_path / "out.svg"))
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_printed_while_drawing_is_not_lost(capfd):
    with graphviz_text.without_font_warnings():
        os.write(2, b"Fontconfig warning: of no concern\nsomething else\n")
    assert capfd.readouterr().err == "something else\n"


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m autodiff explain '{CHAIN}' x=0.1 | true"
    done = subprocess.run(
        command, shell=True, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_to_itself_is_one_line(run):
    Path("loop.svg").symlink_to("loop.svg")
    code, out, err = run("explain", "x**2", "x=1", "--svg", "loop.svg")
    assert (code, out) == (2, "")
    assert err.startswith("autodiff: cannot write loop.svg: ")
    assert err.count("\n") == 1


def test_open_shows_the_page_that_was_written(run, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    code, _, _ = run("explain", "x**2", "x=3", "--html", "f.html", "--open")
    assert (code, opened) == (0, [Path("f.html").resolve().as_uri()])
    assert Path("f.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_open_without_a_page_is_refused(run):
    assert "--html FILE" in mistake(run, "explain", "x**2", "x=3", "--open")
