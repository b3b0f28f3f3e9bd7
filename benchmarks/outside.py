"""What it costs that jit sees what a function reads outside its arguments.

    python benchmarks/outside.py [--rounds N]

A function of one number, of which `rate` is a global, and value and gradient of logistic
regression: with everything passed as an argument, with the rest read outside, and with the promise
that it never changes (`pure=True`). The contestants take turns on one core; medians.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402
from rounds import Contestants, measure  # noqa: E402

import autodiff as ad  # noqa: E402

RATE = 0.5
CALLS = 20_000


def scalar() -> tuple[int, Contestants]:
    def f(x: Any) -> Any:
        return np.sin(x) * RATE

    passed = ad.jit(lambda x, rate: np.sin(x) * rate, pure=True)
    watched, promised = ad.jit(f), ad.jit(f, pure=True)
    return CALLS, {
        "passed, pure=True": repeated(lambda: passed(0.3, RATE), CALLS),
        "a global": repeated(lambda: watched(0.3), CALLS),
        "a global, pure=True": repeated(lambda: promised(0.3), CALLS),
    }


def logistic() -> tuple[int, Contestants]:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(10_000, 100)), rng.normal(size=100)
    y = np.sign(x @ w)

    def loss(w: Any, x: Any, y: Any) -> Any:
        return np.mean(np.logaddexp(0.0, -y * (x @ w)))

    def closed(w: Any) -> Any:
        return loss(w, x, y)

    passed, watched = ad.jit(ad.value_and_grad(loss)), ad.jit(ad.value_and_grad(closed))
    return 20, {
        "passed": repeated(lambda: passed(w, x, y), 20),
        "closed over": repeated(lambda: watched(w), 20),
    }


def repeated(f: Callable[[], Any], times: int) -> Callable[[], None]:
    def run() -> None:
        for _ in range(times):
            f()

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for program in (scalar, logistic):
        calls, contestants = program()
        print(program.__name__)
        for name, series in measure(contestants, rounds).items():
            print(f"  {name:20s} {1e6 * statistics.median(series) / calls:9.3f} us a call")


if __name__ == "__main__":
    main()
