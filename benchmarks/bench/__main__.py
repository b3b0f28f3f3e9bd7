"""Every workload with every contestant, in turn, on one core: the table of ratios, and JSON.

    python benchmarks/bench [--only NAME ...] [--quick] [--json FILE] [--peers PYTHON]

Each contestant lives in a process of its own and is timed in rounds: all of them once, then all of
them again, so that a machine whose speed drifts slows them all. First calls, which compile, are not
in the times; they are reported. Results are compared before anything is timed, and a wrong one is
said, not ranked. The ratio of a workload is the best peer's median over ours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
os.environ.update({f"{name}_NUM_THREADS": "1" for name in THREADS})
os.environ.setdefault(
    "XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

import machine  # noqa: E402 - after the thread counts
import numpy as np  # noqa: E402
import report  # noqa: E402
from contestant import CONTESTANTS, PEERS  # noqa: E402
from workloads import WORKLOADS, Workload  # noqa: E402


class Process:
    """A worker and the two pipes to it."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        command = [python, str(HERE / "worker.py"), name]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.greeting = self.answer()

    def answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"missing": "its process ended"}

    def ask(self, **order: Any) -> dict[str, Any]:
        assert self.process.stdin
        try:
            print(json.dumps(order), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return {"failed": "its process ended"}
        return self.answer()

    def close(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(timeout=60)


def loaded(path: Path) -> list[np.ndarray[Any, Any]]:
    with np.load(path) as file:
        return [file[f"arr_{i}"] for i in range(len(file.files))]


def difference(found: Any, expected: Any) -> float:
    """The largest error of any result, relative to the largest entry of it."""
    if len(found) != len(expected):
        return float("inf")
    worst = 0.0
    for y, e in zip(found, expected, strict=True):
        if y.shape != e.shape:
            return float("inf")
        scale = float(np.max(np.abs(e), initial=0)) or 1.0
        error = float(np.max(np.abs(y - e), initial=0)) / scale
        worst = max(worst, error if error == error else float("inf"))
    return worst


def prepared(work: Workload, processes: list[Process]) -> dict[str, dict[str, Any]]:
    """Every contestant's first call, and whether its results are those of the first in line."""
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        results = {}
        for p in processes:
            path = Path(folder) / f"{len(results)}.npz"
            found[p.name] = p.ask(do="prepare", workload=work.name, results=str(path))
            if "first" in found[p.name]:
                results[p.name] = loaded(path)
        order = ["NumPy by hand", "eager", *results]
        judge = next((name for name in order if name in results), None)
        for name, result in results.items():
            error = difference(result, results[judge])
            found[name]["error"] = error
            if error > work.tolerance:
                found[name]["wrong"] = f"differs from {judge} by {error:.1e}"
    return found


def timed(
    work: Workload, processes: list[Process], rounds: int, seconds: float
) -> dict[str, dict[str, Any]]:
    found = prepared(work, processes)
    running = [p for p in processes if "first" in found[p.name] and "wrong" not in found[p.name]]
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for p in running:
            for part in found[p.name]["parts"]:
                answer = p.ask(do="run", part=part, seconds=seconds)
                times.setdefault((p.name, part), []).extend(answer.get("times", []))
    for (name, part), series in times.items():
        if series:
            found[name][part] = statistics.median(series)
            found[name][f"{part} range"] = [min(series), max(series)]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python benchmarks/bench", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    names = [w.name for w in WORKLOADS]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--with", nargs="+", choices=CONTESTANTS, metavar="WHO", dest="who",
                        help=", ".join(CONTESTANTS))  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="few and short rounds")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=float, help="for one contestant in one round")
    parser.add_argument("--json", type=Path, help="where to write every figure")
    parser.add_argument("--peers", default=sys.executable, metavar="PYTHON",
                        help="the interpreter that has the peers, if another")  # fmt: skip
    options = parser.parse_args()
    rounds = options.rounds or (3 if options.quick else 9)
    seconds = options.seconds or (0.05 if options.quick else 0.3)

    core = machine.pin()
    about = machine.described(core)
    about["repetition"] = f"{rounds} rounds of at least {seconds} s for each contestant"
    processes, missing = [], {}
    for name in options.who or CONTESTANTS:
        p = Process(name, options.peers if name in PEERS else sys.executable)
        if "ready" in p.greeting:
            about.setdefault("versions", {})[name] = p.greeting["ready"]
            processes.append(p)
        else:
            missing[name] = p.greeting["missing"]
    report.heading(about, missing)
    figures = {}
    try:
        for work in WORKLOADS:
            if options.only and work.name not in options.only:
                continue
            figures[work.name] = timed(work, processes, rounds, seconds)
            report.workload(work, figures[work.name])
    finally:
        for p in processes:
            p.close()
    summary = report.summary(figures)
    if options.json:
        whole = {"machine": about, "missing": missing, "figures": figures, "summary": summary}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(whole, indent=1) + "\n")


if __name__ == "__main__":
    main()
