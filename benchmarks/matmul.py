"""Matrix products of the compiled tier against NumPy's, in alternation on one pinned core.

    python benchmarks/matmul.py [--rounds N] [--json FILE]

`own` is the product that the compiled tier writes itself, `blas` is a compiled call of NumPy's
OpenBLAS, `numpy` is ``a @ b`` in Python; each row says which of the first two `jit` chooses. Times
are CPU seconds of this thread, the least of each round and then the median; ratios are to `own`,
so that more than 1 means that `own` is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402 - after the thread counts

import autodiff as ad  # noqa: E402
from autodiff.base.openblas import loaded_openblas, openblas_text  # noqa: E402
from autodiff.compiler.llvm.products import blas  # noqa: E402


class Case(NamedTuple):
    """`stack` products of (n, k) and (k, m); a letter in `turned` is given as a transpose."""

    n: int
    k: int
    m: int
    dtype: str = "f4"
    turned: str = ""
    stack: int = 1

    def __str__(self) -> str:
        stack = f"{self.stack} x " if self.stack > 1 else ""
        a, b = ("^T" if x in self.turned else "" for x in "ab")
        return f"{stack}{self.n} x {self.k}{a}, {self.k} x {self.m}{b} {self.dtype}"


CASES = [
    Case(512, 784, 256),  # the first layer of a small network, forward
    Case(784, 512, 256, turned="a"),  # its weight gradient
    Case(512, 256, 784, turned="b"),  # its input gradient
    Case(32, 784, 256),
    Case(784, 32, 256, turned="a"),
    Case(32, 256, 784, turned="b"),
    Case(32, 128, 10),
    Case(100, 10_000, 100, "f8", turned="a"),  # a Hessian: X^T X
    Case(512, 512, 512, "f8"),
    Case(64, 64, 64, "f8"),
    Case(10_000, 100, 1, "f8"),
    Case(100, 10_000, 1, "f8", turned="a"),
    *(Case(n, n, n, "f8", stack=1000) for n in (3, 4, 8, 16)),
    *(Case(n, n, n, "f8") for n in (3, 16, 32)),
]


def arguments(case: Case) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    shapes = ((case.n, case.k), (case.k, case.m))
    return tuple(  # type: ignore[return-value]
        rng.normal(size=(case.stack, *(s[::-1] if x in case.turned else s))).astype(case.dtype)
        for x, s in zip("ab", shapes, strict=True)
    )


def contestants(case: Case, a: Any, b: Any) -> dict[str, Callable[[], Any]]:
    def product(a: Any, b: Any) -> Any:
        a, b = (
            np.swapaxes(x, 1, 2) if letter in case.turned else x
            for letter, x in zip("ab", (a, b), strict=True)
        )
        return np.matmul(a, b)

    chosen = blas.prefers_own
    found: dict[str, Callable[[], Any]] = {"numpy": lambda: product(a, b)}
    for name in ("own", "blas"):
        if name == "own" or loaded_openblas() is not None:
            blas.prefers_own = lambda n, k, m, own=name == "own": own  # type: ignore[misc]
            compiled = ad.jit(product)
            compiled(a, b)
            found[name] = lambda compiled=compiled: compiled(a, b)  # type: ignore[misc]
    blas.prefers_own = chosen
    return found


def seconds(run: Callable[[], Any], least: float = 0.02) -> float:
    """The least CPU time of one call, over calls that take `least` seconds together."""
    best, spent = float("inf"), 0.0
    repeats = 1
    while spent < least:
        start = time.thread_time()
        for _ in range(repeats):
            run()
        took = time.thread_time() - start
        spent += took
        if took < 1e-4:  # the clock's own cost would show
            repeats *= 4
        else:
            best = min(best, took / repeats)
    return best


def measure(case: Case, rounds: int) -> dict[str, Any]:
    a, b = arguments(case)
    runs = contestants(case, a, b)
    expected = runs["numpy"]()
    scale = float(np.abs(expected).max())
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run))
    own = statistics.median(times["own"])
    row = {
        "case": str(case),
        "microseconds": 1e6 * own,
        "gflops": 2e-9 * case.stack * case.n * case.k * case.m / own,
        "chosen": "own" if blas.prefers_own(case.n, case.k, case.m) else "blas",
        "difference": float(np.abs(runs["own"]() - expected).max()) / scale,
    }
    for name in sorted(set(runs) - {"own"}):
        pairs = zip(times[name], times["own"], strict=True)
        row[f"{name}/own"] = statistics.median(t / o for t, o in pairs)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    path = loaded_openblas()
    kernel = openblas_text(path, "get_corename") if path else "not OpenBLAS"
    print(f"NumPy {np.__version__}, kernel {kernel}, one thread")
    print(f"{'product':36}{'us':>10}{'GFlop/s':>9}{'blas/own':>10}{'numpy/own':>11}  chosen")
    table = []
    for case in CASES:
        row = measure(case, options.rounds)
        table.append(row)
        library = f"{row['blas/own']:.2f}" if "blas/own" in row else "-"
        print(
            f"{row['case']:36}{row['microseconds']:10.2f}{row['gflops']:9.1f}"
            f"{library:>10}{row['numpy/own']:11.2f}  {row['chosen']}",
            flush=True,
        )
    if options.json:
        options.json.write_text(json.dumps({"kernel": kernel, "rows": table}, indent=2) + "\n")


if __name__ == "__main__":
    main()
