"""Runs the tests on every claimed Python of this machine, and with the oldest versions claimed.

    python tools/pythons.py --page                  # all of them: docs/pythons.md keeps the result
    python tools/pythons.py --others --sample 1/12  # a share, on all but the Python that runs this

Each Python gets an environment of its own through the Makefile, .venv-3.12 and so on; the oldest
versions that pyproject.toml claims are tried on the oldest Python, in .venv-oldest.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "pythons.md"
CLAIMED = [f"3.{minor}" for minor in range(11, 15)]
OLDEST = "oldest"
SHOWN = ["numpy", "scipy", "llvmlite", "scikit-learn", "matplotlib", "graphviz", "pygraphviz"]
COUNTED = ["passed", "failed", "error", "skipped", "xfailed"]
ASK = "import sys; print('%d.%d %d' % sys.version_info[:3])"
VERSIONS = f"""
import platform
from importlib.metadata import version
print(platform.python_version(), *map(version, {SHOWN}))
"""


class Result(NamedTuple):
    """How the tests went on one Python."""

    name: str
    versions: list[str]
    counts: dict[str, int]
    good: bool


# -- which Pythons ---------------------------------------------------------------------------------
def candidates() -> Iterator[str]:
    """This Python, those on the path, and those that pyenv keeps."""
    yield sys.executable
    yield from filter(None, (shutil.which(f"python{version}") for version in CLAIMED))
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(pyenv.glob("versions/*/bin/python")))


def found() -> dict[str, str]:
    """Of each claimed version the newest Python that starts, as {"3.11": path}."""
    newest: dict[str, tuple[int, str]] = {}
    for path in candidates():
        asked = subprocess.run([path, "-c", ASK], capture_output=True, text=True, check=False)
        if asked.returncode == 0:  # a shim of pyenv may stand for a Python that is not chosen
            version, patch = asked.stdout.split()
            newest[version] = max(newest.get(version, (-1, "")), (int(patch), path))
    return {version: newest[version][1] for version in CLAIMED if version in newest}


# -- environments ----------------------------------------------------------------------------------
def environment(name: str, python: str) -> Path:
    """The Python of an environment that has all that the tests need; the Makefile makes it."""
    folder = f".venv-{name}"
    ready = f"{folder}/bin/python" if name == OLDEST else f"{folder}/.test"
    make = ["make", "--no-print-directory", f"VENV={folder}", f"PYTHON={python}", ready]
    subprocess.run(make, cwd=ROOT, check=True)
    own = ROOT / folder / "bin" / "python"
    if name == OLDEST:
        constraints = ROOT / folder / "oldest.txt"
        constraints.write_text("".join(f"{line}\n" for line in oldest()), encoding="utf-8")
        pip = [own, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "-c", constraints, "--editable", ".[test]"], cwd=ROOT, check=True)
    return own


def oldest() -> list[str]:
    """`numpy==2.3` for the claim numpy>=2.3, and so on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    claims = [
        *project["dependencies"],
        *(c for e in ("draw", "jit", "nn", "test") for c in extras[e]),
    ]
    return sorted({claim.replace(">=", "==") for claim in claims if ">=" in claim})


# -- runs ------------------------------------------------------------------------------------------
def run(name: str, python: Path, sample: str) -> Result:
    """The tests on one Python, printed as they go."""
    told = subprocess.run([python, "-c", VERSIONS], capture_output=True, text=True, check=True)
    versions = told.stdout.split()
    print(f"\n{name}:", ", ".join(map(" ".join, zip(["Python", *SHOWN], versions, strict=True))))
    command = [python, "-m", "pytest", "-n", "auto", "-q", "--sample", sample]
    environ = os.environ | {"HYPOTHESIS_PROFILE": "ci"}
    lines = []
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    counts = {
        what: int(n) for n, what in re.findall(r"(\d+) (\w+?)s?\b", lines[-1] if lines else "")
    }
    return Result(name, versions, counts, process.returncode == 0)


def page(results: list[Result], missing: list[str], sample: str) -> str:
    """docs/pythons.md."""
    share = "every test" if sample == "1/1" else f"the share {sample} of the tests"
    heads = ["", "Python", *SHOWN, *COUNTED]
    rows = [
        [r.name, *r.versions, *(str(r.counts.get(what, 0)) for what in COUNTED)] for r in results
    ]
    lines = [
        "# The versions on which the tests pass",
        "",
        f"`make pythons` wrote this page: {share}, on each Python from {CLAIMED[0]} on that the",
        "machine had, with the newest versions of everything there; and on the oldest of them with",
        "the oldest versions that `pyproject.toml` claims.",
        "",
        *(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows]),
        "",
    ]
    if missing:
        lines += [f"Could not be had on that machine: Python {', '.join(missing)}.", ""]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", default="1/1", help="the share of the tests that is run")
    parser.add_argument(
        "--others", action="store_true", help="leave out this Python, and the oldest"
    )
    parser.add_argument("--page", action="store_true", help="write docs/pythons.md")
    options = parser.parse_args()
    pythons = found()
    missing = [version for version in CLAIMED if version not in pythons]
    if options.others:
        pythons.pop("%d.%d" % sys.version_info[:2], None)  # noqa: UP031 - the shortest there is
    else:
        pythons[OLDEST] = pythons[min(pythons, key=CLAIMED.index)]
    print("to be tried:", ", ".join(pythons) or "there is not another Python >= 3.11 here")
    print("not on this machine:", ", ".join(missing) or "none")
    results = [run(name, environment(name, path), options.sample) for name, path in pythons.items()]
    if options.page:
        PAGE.write_text(page(results, missing, options.sample), encoding="utf-8")
    for result in results:
        print(f"{result.name}:", "passed" if result.good else "FAILED", result.counts)
    return not all(result.good for result in results)


if __name__ == "__main__":
    sys.exit(main())
