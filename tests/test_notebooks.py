"""Every notebook is what its script makes, and runs in a clean kernel without error or warning."""

import re
import runpy
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
TOOL = runpy.run_path(str(ROOT / "tools" / "notebooks.py"))
SCRIPTS = TOOL["scripts"]()


def kept(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def contents(notebook):
    return [(cell.id, cell.cell_type, cell.source) for cell in notebook.cells]


def test_every_notebook_has_a_script():
    assert [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))] == list(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_notebook_is_what_its_script_makes(name):
    notebook = kept(name)
    nbformat.validate(notebook)
    assert contents(notebook) == contents(TOOL["built"](SCRIPTS[name])), "run `make notebooks`"
    ran = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert ran == list(range(1, len(ran) + 1)), "run `make notebooks`"


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_notebook_runs(name):
    TOOL["run"](kept(name))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_problem_is_asserted_at_least_three_times(name):
    """A problem's section begins with its letter: `## A. Graphs`."""
    sections = re.split(r"^# ## ([A-M])\. ", SCRIPTS[name], flags=re.MULTILINE)
    assert len(sections) > 1
    for letter, text in zip(sections[1::2], sections[2::2], strict=True):
        assert len(re.findall("^ *assert ", text, re.MULTILINE)) >= 3, letter


@pytest.mark.parametrize(
    ("source", "complaint"),
    [("1 / 0", "ZeroDivisionError"), ("import warnings; warnings.warn('so')", "so")],
)
def test_an_error_or_a_warning_fails(source, complaint):
    with pytest.raises(Exception, match=complaint):
        TOOL["run"](TOOL["built"](f"# %%\n{source}\n"))


@pytest.mark.parametrize("script", ["x = 1\n", "x = 1\n# %%\n", "# %% [markdown]\ntext\n"])
def test_what_is_no_sequence_of_cells_is_refused(script):
    with pytest.raises(ValueError, match="begins with"):
        TOOL["cells"](script)


def test_every_problem_is_in_the_readme():
    readme = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-M])\. [^|]+ \| \[(\w+)\]\(\2\.ipynb\) \|", readme, re.MULTILINE)
    assert [letter for letter, _ in rows] == list("ABCDEFGHIJKLM")
    found = {
        (line[len("# ## ")], name)
        for name, script in SCRIPTS.items()
        for line in script.splitlines()
        if re.match(r"# ## [A-M]\. ", line)
    }
    assert set(rows) == found


def test_without_files_a_notebook_makes_its_data(tmp_path):
    notebook = kept("04_logistic_regression")
    TOOL["run"](notebook, AUTODIFF_DATA=str(tmp_path))
    printed = [o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", ())]
    assert "no files: made here\n" in printed
