"""Packages that use autograd, under autograd itself and under `autodiff.compat.autograd.install()`.

    make downstream
    make downstream DOWNSTREAM="--only lifelines surpyval --share 1/20"

pymanopt, lifelines and SurPyval run the tests of their source archives; autograd-gamma, pyerrors
and ceviche run five problems each of `problems/`, which print numbers that must agree to 1e-10.
Times are of the processor. Exit code 1: fewer tests pass than with autograd, or digits differ.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PATHS = os.pathsep.join(map(str, (HERE, HERE.parents[1])))  # the plugin, and this autodiff
ARCHIVES = Path(sys.prefix) / "archives"
ENGINES = {"autograd": [], "autodiff": ["-m", "autodiff.compat.autograd"]}
PINS = dict(
    line.split("==") for line in (HERE / "requirements.txt").read_text().split() if "==" in line
)
BACKENDS = ("jax", "pytorch", "tensorflow")  # of pymanopt: packages that are not here
SUITES = {
    "pymanopt": [
        "tests",
        "--noconftest",  # it imports the other backends
        *(f"--ignore=tests/backends/test_{name}.py" for name in BACKENDS),
        *(f"--ignore=tests/test_{name}.py" for name in ("examples", "problem")),
    ],
    "lifelines": ["lifelines/tests"],
    "surpyval": ["surpyval/tests"],
}
PROBLEMS = {
    "autograd-gamma": "gamma_problems.py",
    "pyerrors": "error_problems.py",
    "ceviche": "optics_problems.py",
}


class Run(NamedTuple):
    """What one engine did with a suite: each test's outcome, and the seconds of all of them."""

    outcomes: dict[str, str]
    seconds: float
    output: str

    def passed(self) -> set[str]:
        return {name for name, outcome in self.outcomes.items() if outcome == "passed"}


def timed(command: list[str], cwd: Path, **environment: str) -> tuple[str, float]:
    """What a command prints, and the seconds that the processor spent on it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    settings = {"OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
    settings["PYTHONPATH"] = PATHS
    settings["PYTHONDONTWRITEBYTECODE"] = ""  # pip compiled the packages; what is here, nobody
    done = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | settings | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def archive_of(package: str) -> Path:
    """The unpacked source archive, from the package index."""
    folder = ARCHIVES / f"{package}-{PINS[package]}"
    if not folder.exists():
        wanted = ["--no-deps", "--no-binary", package, "-d", str(ARCHIVES)]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", *wanted]
        subprocess.run([*pip, f"{package}=={PINS[package]}"], check=True)
        with tarfile.open(f"{folder}.tar.gz") as archive:
            archive.extractall(ARCHIVES, filter="data")
    return folder


def suite(package: str, engine: str, share: str) -> Run:
    """The package's own tests with one engine."""
    folder, report = archive_of(package), ARCHIVES / f"{package}-{engine}.xml"
    report.unlink(missing_ok=True)
    alone = ["-c", os.devnull, "--rootdir=.", "--confcutdir=."]  # not with the settings of ours
    plain = [*alone, "-q", "-pplugin", "-pno:cacheprovider", "--tb=short", f"--junitxml={report}"]
    command = [sys.executable, *ENGINES[engine], "-m", "pytest", *plain, *SUITES[package]]
    output, seconds = timed(command, folder, SHARE=share)
    (ARCHIVES / f"{package}-{engine}.log").write_text(output)
    if not report.exists():
        return Run({}, seconds, output)
    outcomes = {}
    for case in ET.parse(report).iter("testcase"):
        worst = [e.tag for e in case if e.tag in ("failure", "error", "skipped")]
        outcomes[f"{case.get('classname')}::{case.get('name')}"] = worst[0] if worst else "passed"
    return Run(outcomes, seconds, output)


def compare_suites(package: str, share: str) -> tuple[bool, float, float]:
    theirs, ours = (suite(package, engine, share) for engine in ENGINES)
    for engine, run in zip(ENGINES, (theirs, ours), strict=True):
        n, ran = len(run.passed()), sum(x != "skipped" for x in run.outcomes.values())
        print(f"{package:15} {engine:9} {n:6} of {ran} pass  {run.seconds:8.1f} s", flush=True)
        if not run.outcomes:
            print(run.output[-2000:])
    lost = sorted(theirs.passed() - ours.passed())
    show("fails with autograd too", set(theirs.outcomes) - theirs.passed() - ours.passed(), theirs)
    show("passes with autodiff alone", ours.passed() - theirs.passed(), theirs)
    show("PASSES WITH AUTOGRAD ALONE", set(lost), ours)
    enough = bool(ours.outcomes) and len(ours.passed()) >= len(theirs.passed())
    return enough, theirs.seconds, ours.seconds


def show(what: str, names: set[str], run: Run) -> None:
    for name in sorted(names):
        if run.outcomes.get(name) != "skipped":
            print(f"    {what}: {name}")


NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf)")


def compare_problems(package: str) -> tuple[bool, float, float]:
    """Five problems: equal words, and numbers that are equal to 1e-10 relative to the largest."""
    outputs, times = [], []
    for prefix in ENGINES.values():
        command = [sys.executable, *prefix, str(HERE / "problems" / PROBLEMS[package])]
        output, seconds = timed(command, HERE, PYTHONWARNINGS="ignore")
        outputs.append(output.splitlines())
        times.append(seconds)
    same = [agree(a, b) for a, b in zip(*outputs, strict=False)]
    ok = len(outputs[0]) == len(outputs[1]) == 5 and all(same)
    for engine, seconds in zip(ENGINES, times, strict=True):
        print(f"{package:15} {engine:9} {sum(same):6} of 5 agree {seconds:8.1f} s", flush=True)
    if not ok:
        print(*outputs[0], "---", *outputs[1], sep="\n    ")
    return ok, times[0], times[1]


def agree(a: str, b: str) -> bool:
    if NUMBER.sub("#", a) != NUMBER.sub("#", b):
        return False
    pairs = list(zip(NUMBER.findall(a), NUMBER.findall(b), strict=True))
    scale = max((abs(float(x)) for x, _ in pairs), default=1.0)
    return all(x == y or abs(float(x) - float(y)) <= 1e-10 * scale for x, y in pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    packages = [*SUITES, *PROBLEMS]
    parser.add_argument("--only", nargs="+", choices=packages, default=packages)
    parser.add_argument(
        "--share", default="1/1", metavar="K/N", help="the K-th of N shares of tests"
    )
    options = parser.parse_args()
    ARCHIVES.mkdir(exist_ok=True)
    results = [
        compare_suites(name, options.share) if name in SUITES else compare_problems(name)
        for name in options.only
    ]
    oks, theirs, ours = zip(*results, strict=True)
    print(f"total: autograd {sum(theirs):.1f} s, autodiff {sum(ours):.1f} s")
    sys.exit(not all(oks))


if __name__ == "__main__":
    main()
