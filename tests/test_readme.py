"""Every code block of the README, and of the pages it leads to, prints what it says.

Python blocks are sessions with >>>, one after the other in one namespace; a `console` block is a
command with what it prints.
"""

import doctest
import re
import runpy
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from laws import statements as laws
from strategies import cases

import autodiff
from autodiff.rules.primitive import TABLE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def blocks(language):
    return [text for name, text in BLOCKS if name == language]


def session(page):
    """Run the Python blocks of a page; the names that they leave behind."""
    text = (ROOT / page).read_text(encoding="utf-8")
    source = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    assert source
    test = doctest.DocTestParser().get_doctest(source, {}, page, page, 0)
    assert len(test.examples) == len(re.findall("^>>> ", source, re.MULTILINE))
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)
    return test.globs


def test_sessions_print_what_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session("README.md")


def test_the_row_that_contributing_adds_obeys_the_laws():
    before = set(TABLE)
    try:
        row = session("CONTRIBUTING.md")["gudermannian"]
    finally:
        for name in set(TABLE) - before:
            del TABLE[name]
    rng = np.random.default_rng(0)

    @settings(max_examples=5)
    @given(cases(row))
    def obeys(case):
        laws.forward_mode_is_finite_difference(case, rng)
        laws.reverse_mode_is_transpose_of_forward_mode(case, rng)
        laws.second_order_in_all_four_nestings(case, rng)

    obeys()


@pytest.mark.parametrize("block", blocks("console"))
def test_commands_print_what_they_say(block, tmp_path):
    command, printed = block.removeprefix("$ ").split("\n", 1)
    program, *arguments = shlex.split(command)
    assert program == "autodiff"
    done = subprocess.run(
        [sys.executable, "-m", "autodiff", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONIOENCODING": "utf-8"},
    )
    assert done.stdout + done.stderr == printed


def test_blocks_have_a_language_and_shell_blocks_are_make_targets():
    assert {name for name, _ in BLOCKS} <= {"python", "console", "sh"}
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in "\n".join(blocks("sh")).splitlines():
        match shlex.split(line, comments=True):
            case ["make", target]:
                assert target in targets
            case ["pip", "install", _] | ["pip", "install", "-e", _] | [".", _]:
                pass
            case other:
                assert not other, line


def test_the_table_of_names_is_that_of_the_package():
    section = README.partition("## Names")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)", row.split("|")[1])}
    assert named == set(autodiff.__all__)


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "CONTRIBUTING.md",
        *(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")),
    ],
)
def test_links_lead_somewhere(page):
    path = ROOT / page
    text = re.sub(r"`[^`\n]+`(?!\])", "", path.read_text(encoding="utf-8"))  # f(x)[0](v) is code
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


def test_contributing_names_files_that_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for place in re.findall(r"`([\w/]+(?:/|\.py))`", text):
        assert any((folder / place).exists() for folder in (ROOT, ROOT / "autodiff")), place


def test_the_picture_shows_what_explain_draws_today():
    demo = runpy.run_path(str(ROOT / "tools" / "demo.py"))
    drawn = ET.fromstring(autodiff.explain(demo["f"], demo["AT"]).svg())
    kept = ET.parse(ROOT / "docs" / "exp_sin.svg").getroot()
    assert words(drawn) == words(kept), "run `make picture`"


def words(picture):
    """What stands in a picture; where it stands depends on the version of Graphviz."""
    return sorted("".join(text.itertext()) for text in picture.iter() if text.tag.endswith("text"))
