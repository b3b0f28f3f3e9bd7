"""`make notebooks`: each script in notebooks/src becomes a notebook, run in a clean kernel.

A long script is a folder of files, which follow each other in the order of their names. A script is
a sequence of cells, each under a line of its own:

    # %% [markdown]    text, commented out
    # %%               Python

The .ipynb holds the outputs, and nothing that differs between two runs: no times, no random ids.
"""

from __future__ import annotations

import argparse
import os
import re
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
MARK = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)
TIMEOUT = 600  # seconds for one cell: to end a cell that hangs, not to judge a slow machine


def scripts() -> dict[str, str]:
    """The text of every script, by the name of its notebook."""
    found = {}
    for path in sorted((FOLDER / "src").iterdir()):
        parts = sorted(path.glob("*.py")) if path.is_dir() else [path]
        if parts:
            found[path.stem] = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    return found


def cells(script: str) -> list[Any]:
    """The cells of a script, numbered for their ids."""
    before, *parts = MARK.split(script)
    if before.strip() or not parts:
        raise ValueError('a script begins with a line "# %%" or "# %% [markdown]"')
    found = []
    for kind, text in zip(parts[::2], parts[1::2], strict=True):
        new, source = nbformat.v4.new_code_cell, text.strip()
        if kind:
            new, source = nbformat.v4.new_markdown_cell, uncommented(source)
        found.append(new(source, id=f"cell-{len(found) + 1:02}"))
    return found


def uncommented(text: str) -> str:
    lines = text.split("\n")
    for line in lines:
        if line != "#" and not line.startswith("# "):
            raise ValueError(f"a line of a markdown cell begins with '# ': {line!r}")
    return "\n".join(line[2:] for line in lines)


def built(script: str) -> Any:
    """The notebook of a script, not yet run."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells(script), metadata=metadata)


def run(notebook: Any, **environment: str) -> Any:
    """The notebook with its outputs, computed by a new kernel that stands in notebooks/.

    Raises `nbclient.exceptions.CellExecutionError` at the first error, and RuntimeError where a
    cell wrote to stderr, as every warning does. `environment` is added to the kernel's own.
    """
    metadata = dict(notebook.metadata)  # the kernel adds its version
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), **environment}
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,  # what is printed comes in pieces that differ from run to run
        resources={"metadata": {"path": str(FOLDER)}},
    )
    client.execute(env=environment)
    notebook.metadata = nbformat.from_dict(metadata)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise RuntimeError(f"{cell.source}\n\nwrote to stderr:\n\n{output.text}")
    return notebook


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="such as 01_graphs; every notebook if none")
    wanted = parser.parse_args().names
    found = scripts()
    unknown = set(wanted) - set(found)
    if unknown:
        parser.error(f"no script notebooks/src/{min(unknown)}")
    for name in wanted or found:
        start = time.perf_counter()
        nbformat.write(run(built(found[name])), FOLDER / f"{name}.ipynb")
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
