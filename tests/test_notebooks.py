"""Every notebook is what its script makes, and runs in a clean kernel without error or warning."""

import re
import runpy
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
TOOL = runpy.run_path(str(ROOT / "tools" / "notebooks.py"))
SCRIPTS = sorted((ROOT / "notebooks" / "src").glob("*.py"))


def kept(script):
    return nbformat.read(ROOT / "notebooks" / f"{script.stem}.ipynb", as_version=4)


def contents(notebook):
    return [(cell.id, cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_is_what_its_script_makes(script):
    notebook = kept(script)
    nbformat.validate(notebook)
    assert contents(notebook) == contents(TOOL["built"](script)), "run `make notebooks`"
    ran = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert ran == list(range(1, len(ran) + 1)), "run `make notebooks`"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_runs(script):
    TOOL["run"](kept(script))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_problem_is_asserted_at_least_three_times(script):
    """A problem's section begins with its letter: `## A. Graphs`."""
    sections = re.split(r"^# ## ([A-M])\. ", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(sections) > 1
    for letter, text in zip(sections[1::2], sections[2::2], strict=True):
        assert len(re.findall("^ *assert ", text, re.MULTILINE)) >= 3, letter


@pytest.mark.parametrize(
    ("source", "complaint"),
    [("1 / 0", "ZeroDivisionError"), ("import warnings; warnings.warn('so')", "so")],
)
def test_an_error_or_a_warning_fails(tmp_path, source, complaint):
    script = tmp_path / "bad.py"
    script.write_text(f"# %%\n{source}\n")
    with pytest.raises(Exception, match=complaint):
        TOOL["run"](TOOL["built"](script))


@pytest.mark.parametrize("script", ["x = 1\n", "x = 1\n# %%\n", "# %% [markdown]\ntext\n"])
def test_what_is_no_sequence_of_cells_is_refused(script):
    with pytest.raises(ValueError, match="begins with"):
        TOOL["cells"](script)


def test_every_problem_is_in_the_readme():
    readme = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-M])\. [^|]+ \| \[(\w+)\]\(\2\.ipynb\) \|", readme, re.MULTILINE)
    assert [letter for letter, _ in rows] == list("ABCDEFGHIJKLM")
    found = {
        (line[len("# ## ")], script.stem)
        for script in SCRIPTS
        for line in script.read_text(encoding="utf-8").splitlines()
        if re.match(r"# ## [A-M]\. ", line)
    }
    assert set(rows) == found


def test_without_files_a_notebook_makes_its_data(tmp_path):
    notebook = kept(ROOT / "notebooks" / "src" / "04_logistic_regression.py")
    TOOL["run"](notebook, AUTODIFF_DATA=str(tmp_path))
    printed = [o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", ())]
    assert "no files: made here\n" in printed
