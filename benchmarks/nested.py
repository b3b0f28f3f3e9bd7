"""Derivatives inside derivatives: minimisations that contain another derivative, in every pairing
of forward and reverse mode, beside HIPS autograd.

    python benchmarks/nested.py [--json FILE] [--rounds N] [--peers PYTHON] [--only P] [--pairing P]

saddle    min over (x1, y1) of max over (x2, y2) of (x1^2 + y1^2) - (x2^2 + y2^2), by two nested
          gradient descents
particle  a charged particle is launched between two charges, one of which is to be placed so that
          it lands at the origin: the force is the gradient of a potential, and the landing place is
          minimised by gradient descent through the simulation
launch    one gradient of that landing place, the step that `particle` takes again and again

The letters FR name the mode of the outer derivative, then of the inner one. `--peers` is the
interpreter that has HIPS autograd, if this one has not; contestants run in turn, on one core. "by
hand" is the saddle in plain NumPy, whose functions run as often as for a derivative and whose
derivatives are written down: about the least that an engine takes which leaves them to NumPy.
Source: Pearlmutter and Siskind, Using Programming Language Theory to Make Automatic Differentiation
Sound and Efficient (2008), section 6.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

Gradient = Callable[[Callable[[Any], Any]], Callable[[Any], Any]]
PAIRINGS = ("FF", "FR", "RF", "RR")


# -- the programs, in the words that both engines share -------------------------------------------
def descend(np: Any, gradient: Gradient, f: Callable[[Any], Any], x: Any) -> Any:
    """The minimum of `f` by gradient descent, whose step grows and shrinks as it goes."""
    slope = gradient(f)
    value, g, step, steps = f(x), slope(x), 1e-5, 0
    while True:
        if np.sqrt(np.sum(g * g)) <= 1e-5:
            return x
        if steps == 10:
            step, steps = 2 * step, 0
            continue
        new = x - step * g
        if np.sqrt(np.sum((new - x) ** 2)) <= 1e-5:
            return x
        new_value = f(new)
        if new_value < value:
            x, value, g, steps = new, new_value, slope(new), steps + 1
        else:
            step, steps = step / 2, 0


def saddle(np: Any, outer: Gradient, inner: Gradient) -> Any:
    start = np.array([1.0, 1.0])

    def highest(p: Any) -> Any:
        q = descend(np, inner, lambda q: np.sum(q**2) - np.sum(p**2), start)
        return np.sum(p**2) - np.sum(q**2)

    p = descend(np, outer, highest, start)
    q = descend(np, inner, lambda q: np.sum(q**2) - np.sum(p**2), start)
    return np.concatenate([p, q])


def landing_place(np: Any, inner: Gradient) -> Callable[[Any], Any]:
    dt = 0.1

    def landing(w: Any) -> Any:
        def potential(x: Any) -> Any:
            first = np.sqrt((x[0] - 10.0) ** 2 + (x[1] - 10.0 + w[0]) ** 2)
            second = np.sqrt((x[0] - 10.0) ** 2 + x[1] ** 2)
            return 1.0 / first + 1.0 / second

        force = inner(potential)
        x, v = np.array([0.0, 8.0]), np.array([0.75, 0.0])
        while True:
            a = -force(x)
            new = x + dt * v
            if new[1] <= 0:
                break
            x, v = new, v + dt * a
        x = x - x[1] / v[1] * v
        return x[0] ** 2

    return landing


def particle(np: Any, outer: Gradient, inner: Gradient) -> Any:
    return descend(np, outer, landing_place(np, inner), np.array([0.0]))


def launch(np: Any, outer: Gradient, inner: Gradient) -> Any:
    return outer(landing_place(np, inner))(np.array([0.1]))


PROGRAMS = {"saddle": saddle, "particle": particle, "launch": launch}


# -- the engines ----------------------------------------------------------------------------------
def ours() -> SimpleNamespace:
    import numpy as np

    import autodiff as ad

    def forward(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def gradient(x: Any) -> Any:
            return np.stack([ad.jvp(f, (x,), (unit,))[1] for unit in np.eye(len(x))])

        return gradient

    return SimpleNamespace(name="autodiff", np=np, R=ad.grad, F=forward)


def hips() -> SimpleNamespace:
    np = importlib.import_module("autograd.numpy")
    operators = importlib.import_module("autograd.differential_operators")

    def forward(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        push = operators.make_jvp(f)

        def gradient(x: Any) -> Any:
            return np.stack([push(x)(unit)[1] for unit in np.eye(len(x))])

        return gradient

    return SimpleNamespace(name="HIPS autograd", np=np, R=operators.grad, F=forward)


def by_hand() -> SimpleNamespace:
    import numpy as np

    def reverse(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def gradient(x: Any) -> Any:
            f(x)
            return 2 * x  # of both: of x1^2 + y1^2, and of x2^2 + y2^2

        return gradient

    def forward(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        gradient = reverse(f)
        return lambda x: np.stack([gradient(x) @ unit for unit in np.eye(len(x))])

    return SimpleNamespace(name="by hand", np=np, R=reverse, F=forward)


ENGINES = {"autodiff": ours, "HIPS autograd": hips, "by hand": by_hand}


def run(engine: SimpleNamespace, program: str, pairing: str) -> tuple[float, list[float]]:
    """Seconds of this process, which other programs on the machine do not lengthen; the answer."""
    outer, inner = (getattr(engine, mode) for mode in pairing)
    start = time.process_time()
    answer = PROGRAMS[program](engine.np, outer, inner)
    return time.process_time() - start, [float(x) for x in answer]


class Worker:
    """An engine in an interpreter of its own: a line with what to run in, a line of JSON out."""

    def __init__(self, python: str, engine: str) -> None:
        command = [python, __file__, "--serve", engine]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.name = engine

    def run(self, program: str, pairing: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(program, pairing, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def stop(self) -> None:
        self.process.communicate()


def serve(name: str) -> None:
    engine = ENGINES[name]()
    for line in sys.stdin:
        print(json.dumps(run(engine, *line.split())), flush=True)


def has_autograd(python: str) -> bool:
    found = subprocess.run([python, "-c", "import autograd"], capture_output=True, check=False)
    return found.returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers", default=sys.executable, help="the interpreter with autograd")
    parser.add_argument("--only", choices=sorted(PROGRAMS), action="append")
    parser.add_argument("--pairing", choices=PAIRINGS, action="append")
    parser.add_argument("--serve", choices=sorted(ENGINES), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if options.serve:
        serve(options.serve)
        return
    workers = [Worker(sys.executable, "autodiff"), Worker(sys.executable, "by hand")]
    if has_autograd(options.peers):
        workers.append(Worker(options.peers, "HIPS autograd"))
    else:
        print("HIPS autograd is not installed, left out; --peers names an interpreter that has it")
    report: dict[str, Any] = {}
    for program in options.only or PROGRAMS:
        print(program)
        for pairing in options.pairing or PAIRINGS:
            able = [w for w in workers if program == "saddle" or w.name != "by hand"]
            times: dict[str, list[float]] = {w.name: [] for w in able}
            answers = {}
            for _ in range(options.rounds):
                for worker in able:
                    seconds, answers[worker.name] = worker.run(program, pairing)
                    times[worker.name].append(seconds)
            for name, series in times.items():
                ratios = [b / a for a, b in zip(times["autodiff"], series, strict=True)]
                row = {
                    "median_s": statistics.median(series),
                    "ratio_to_autodiff": statistics.median(ratios),
                    "answer": answers[name],
                }
                report.setdefault(program, {}).setdefault(pairing, {})[name] = row
                print(
                    f"  {pairing}  {name:15s} {row['median_s']:8.3f} s  "
                    f"{row['ratio_to_autodiff']:6.2f} x autodiff   "
                    + " ".join(f"{x:.15g}" for x in answers[name])
                )
    for worker in workers:
        worker.stop()
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
