"""What it costs to state one rule of a row and to derive the other by transposing it.

    python benchmarks/transposed.py [--rounds N]

For some special rows that state both, at a small size and at a larger one: the time of a gradient
by the stated VJP and by the transposed JVP, and of a tangent by the stated JVP and by the
transposed VJP. The rules take turns; the figures are the least processor times, on one core.
"""

from __future__ import annotations

import argparse
import copy
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402

import autodiff as ad  # noqa: E402
from autodiff.rules.primitive import TABLE  # noqa: E402


def programs(n: int) -> dict[str, tuple[tuple[Any, ...], dict[str, Any]]]:
    """Arguments and parameters for each row, of matrices or vectors of size `n`."""
    rng = np.random.default_rng(0)
    a, v = rng.normal(size=(n, n)) + n * np.eye(n), rng.random(n) + 0.5
    everywhere: dict[str, Any] = {"axis": (-1,), "keepdims": False}
    return {
        "prod": ((v,), everywhere),
        "logsumexp": ((v,), everywhere),
        "log_softmax": ((a,), {"axis": (-1,)}),
        "norm": ((a,), {"ord": None, "axis": (-2, -1), "keepdims": False}),
        "inv": ((a,), {}),
        "solve": ((a, rng.normal(size=(n, 2))), {}),
        "det": ((a / n,), {}),
        "slogdet": ((a,), {}),
        "cholesky": ((a @ a.T,), {"upper": False}),
        "scipy.linalg.expm": ((a / n,), {}),
    }


def squares(y: Any) -> Any:
    return sum(np.sum(part * part) for part in (y if isinstance(y, tuple) else (y,)))


def seconds(contestants: list[Callable[[], Any]], rounds: int) -> list[float]:
    best = [float("inf")] * len(contestants)
    for _ in range(rounds):
        for k, f in enumerate(contestants):
            start, runs = time.process_time(), 0
            while (passed := time.process_time() - start) < 0.02:
                f()
                runs += 1
            best[k] = min(best[k], passed / runs)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(f"{'row':18} {'n':>4} {'VJP':>10} {'transposed':>11} {'JVP':>12} {'transposed':>11}")
    for n in (3, 100):
        for name, (args, params) in programs(n).items():
            row: Any = TABLE[name]
            forwards, backwards = copy.copy(row), copy.copy(row)
            forwards.forward_only = backwards.backward_only = True
            places = tuple(range(len(args)))

            def gradient(
                rule: Any, args: Any = args, params: Any = params, at: Any = places
            ) -> Any:
                return lambda: ad.grad(lambda *x: squares(rule(*x, **params)), at)(*args)

            def tangent(rule: Any, args: Any = args, params: Any = params) -> Any:
                return lambda: ad.jvp(lambda *x: rule(*x, **params), args, args)

            vjp, by_jvp = seconds([gradient(row), gradient(forwards)], rounds)
            jvp, by_vjp = seconds([tangent(row), tangent(backwards)], rounds)
            times = f"{vjp * 1e6:7.0f} us {by_jvp / vjp:10.2f}x {jvp * 1e6:9.0f} us"
            print(f"{name:18} {n:4} {times} {by_vjp / jvp:10.2f}x", flush=True)


if __name__ == "__main__":
    main()
